"""The sealed event on the wire: JWE General JSON (RFC 7516 §7.2.1), ECDH-ES+A256KW on P-256, A256GCM.

Its authenticated data is a small `Header`, all the server learns; inside is one ES256 JWS, padded with spaces. The signed
inside wins over the header. Nothing here encrypts: see `protocol.jose` (CPython) and the browser's WebCrypto code.
"""

import json
from dataclasses import dataclass
from typing import Any

from protocol import PROTOCOL_VERSION, limits
from protocol.encoding import compact_json, unb64url
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import is_digest, is_id
from protocol.jws import is_public_p256
from protocol.kinds import ACTS, Act, Coarse

PROTECTED = {"enc": "A256GCM", "typ": "tu-event+jwe"}
KEY_ALGORITHM = "ECDH-ES+A256KW"


@dataclass(frozen=True)
class Header:
    """What the server sees of an event, bound into the ciphertext as authenticated data.

    `case` and `act` are set for urgent and deadline events only; `duration` and `grace` (seconds) with the acts arm and
    extend; `drill` marks an exercise.
    """

    server: str
    unit: str
    id: str
    kind: Coarse
    case: str | None = None
    act: Act | None = None
    drill: bool = False
    duration: int | None = None
    grace: int | None = None
    v: int = PROTOCOL_VERSION

    def text(self) -> str:
        """The bytes (as text) that are authenticated."""
        fields = {
            name: value for name, value in vars(self).items() if value is not None and value is not False
        }
        return compact_json(fields)


@dataclass(frozen=True)
class Envelope:
    """A wire envelope that has the one allowed shape: its header, reader key ids in order, and its exact text."""

    header: Header
    readers: tuple[str, ...]
    text: str


def _invalid(detail: str) -> ProtocolError:
    return ProtocolError(ErrorCode.ENVELOPE_INVALID, detail)


def _seconds(value: object) -> bool:
    return value is None or (
        isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 7 * 86_400
    )


def parse_header(text: str) -> Header:
    """Read the authenticated data of an envelope. Raises ProtocolError(envelope_invalid), or (update_needed) for a newer version."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid("header is not JSON") from error
    if not isinstance(raw, dict):
        raise _invalid("header is not an object")
    version = raw.get("v")
    if isinstance(version, int) and not isinstance(version, bool) and version > PROTOCOL_VERSION:
        raise ProtocolError(ErrorCode.UPDATE_NEEDED, f"envelope version {version}")
    known = {"v", "server", "unit", "id", "kind", "case", "act", "drill", "duration", "grace"}
    if version != PROTOCOL_VERSION or not set(raw) <= known:
        raise _invalid("header members")
    if not all(is_id(raw.get(name)) for name in ("server", "unit", "id")) or raw.get("kind") not in set(
        Coarse
    ):
        raise _invalid("header ids or kind")
    kind = Coarse(raw["kind"])
    act, case = raw.get("act"), raw.get("case")
    if kind is Coarse.OTHER:
        if act is not None or case is not None:
            raise _invalid("an event of kind other tells neither case nor act")
    elif act not in ACTS[kind] or not is_id(case):
        raise _invalid("case or act")
    if not isinstance(raw.get("drill", False), bool):
        raise _invalid("drill")
    timed = act in (Act.ARM, Act.EXTEND)
    duration, grace = raw.get("duration"), raw.get("grace")
    if (
        not (_seconds(duration) and _seconds(grace))
        or timed != (duration is not None)
        or (grace is not None and not timed)
    ):
        raise _invalid("duration or grace")
    return Header(
        raw["server"],
        raw["unit"],
        raw["id"],
        kind,
        case,
        Act(act) if act else None,
        raw.get("drill", False),
        duration,
        grace,
    )


def _parse_reader(raw: Any) -> str:
    if (
        not isinstance(raw, dict)
        or set(raw) != {"header", "encrypted_key"}
        or not isinstance(raw["header"], dict)
    ):
        raise _invalid("recipient members")
    head = raw["header"]
    if set(head) != {"alg", "kid", "epk"} or head["alg"] != KEY_ALGORITHM or not is_digest(head["kid"]):
        raise _invalid("recipient header")
    if not is_public_p256(head["epk"]) or len(_bytes(raw["encrypted_key"])) != 40:
        raise _invalid("recipient key")
    return str(head["kid"])


def _bytes(value: Any) -> bytes:
    if not isinstance(value, str):
        raise _invalid("not base64url text")
    try:
        return unb64url(value)
    except ValueError as error:
        raise _invalid("not base64url") from error


def parse_envelope(text: str) -> Envelope:
    """Check the shape of a wire envelope and read its header; decrypts nothing.

    Raises ProtocolError with too_large, envelope_invalid or update_needed.
    """
    if len(text.encode()) > limits.ENVELOPE_BYTES:
        raise ProtocolError(ErrorCode.TOO_LARGE, "envelope")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid("not JSON") from error
    if not isinstance(raw, dict) or set(raw) != {"protected", "aad", "recipients", "iv", "ciphertext", "tag"}:
        raise _invalid("members")
    try:
        header = parse_header(_bytes(raw["aad"]).decode())
        protected = json.loads(_bytes(raw["protected"]))
    except (UnicodeDecodeError, ValueError) as error:
        raise _invalid("protected header") from error
    if protected != PROTECTED:
        raise _invalid("protected header")
    if len(_bytes(raw["iv"])) != 12 or len(_bytes(raw["tag"])) != 16:
        raise _invalid("iv or tag")
    if len(_bytes(raw["ciphertext"])) not in limits.PADDING_STEPS:
        raise _invalid("ciphertext is not of a padded size")
    recipients = raw["recipients"]
    if not isinstance(recipients, list) or not 1 <= len(recipients) <= limits.READERS:
        raise _invalid("number of recipients")
    readers = tuple(_parse_reader(entry) for entry in recipients)
    if len(set(readers)) != len(readers):
        raise _invalid("a recipient twice")
    return Envelope(header, readers, text)


def pad(jws: str) -> bytes:
    """Pad a compact JWS with spaces to the next step. Raises ProtocolError(too_large) above the largest."""
    data = jws.encode("ascii")
    for step in limits.PADDING_STEPS:
        if len(data) <= step:
            return data.ljust(step, b" ")
    raise ProtocolError(ErrorCode.TOO_LARGE, "event")


def unpad(plaintext: bytes) -> str:
    """Inverse of `pad`. Raises ProtocolError(event_invalid) when it is not ASCII."""
    try:
        return plaintext.decode("ascii").rstrip(" ")
    except UnicodeDecodeError as error:
        raise ProtocolError(ErrorCode.EVENT_INVALID, "not ASCII") from error
