"""The sealed event on the wire: JWE General JSON (RFC 7516 §7.2.1), ECDH-ES+A256KW on P-256, A256GCM.

Its authenticated data is a small `Header`, all the server learns; inside is one ES256 JWS, padded with spaces. The signed
inside wins over the header. Nothing here encrypts: see `protocol.jose` (CPython) and the browser's WebCrypto code.
"""

from dataclasses import dataclass
from typing import Any

from protocol import PROTOCOL_VERSION, limits
from protocol.encoding import b64url, compact_json, parse_json, unb64url
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import is_digest, is_id
from protocol.jws import is_public_p256
from protocol.kinds import ACTS, Act, Coarse
from protocol.times import is_seconds
from protocol.version import check_version

PROTECTED = {"enc": "A256GCM", "typ": "tu-event+jwe"}
KEY_ALGORITHM = "ECDH-ES+A256KW"
_PROTECTED_TEXT = b64url(compact_json(PROTECTED).encode())


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


_HEADER_MEMBERS = frozenset(
    {"v", "server", "unit", "id", "kind", "case", "act", "drill", "duration", "grace"}
)


def parse_header(text: str) -> Header:
    """Read the authenticated data of an envelope.

    Raises ProtocolError: envelope_invalid, or update_needed for a newer version.
    """
    try:
        raw = parse_json(text)
    except ValueError as error:
        raise _invalid("header is not JSON") from error
    if not isinstance(raw, dict):
        raise _invalid("header is not an object")
    check_version(raw, ErrorCode.ENVELOPE_INVALID, "envelope")
    if not set(raw) <= _HEADER_MEMBERS or not all(is_id(raw.get(name)) for name in ("server", "unit", "id")):
        raise _invalid("header members")
    kind, act, case, drill = raw.get("kind"), raw.get("act"), raw.get("case"), raw.get("drill", False)
    if kind not in tuple(Coarse) or not isinstance(drill, bool):
        raise _invalid("kind or drill")
    if kind == Coarse.OTHER:
        if act is not None or case is not None:
            raise _invalid("an event of kind other tells neither case nor act")
    elif act not in tuple(ACTS[Coarse(kind)]) or not is_id(case):
        raise _invalid("case or act")
    duration, grace = raw.get("duration"), raw.get("grace")
    timed = act in (Act.ARM, Act.EXTEND)
    if timed != (duration is not None) or (grace is not None and not timed):
        raise _invalid("duration or grace without a visit, or a visit without duration")
    if not all(value is None or is_seconds(value) for value in (duration, grace)):
        raise _invalid("duration or grace")
    known_act = Act(act) if act else None
    ids = raw["server"], raw["unit"], raw["id"]
    return Header(*ids, Coarse(kind), case, known_act, drill, duration, grace)


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
    # Characters first: cheap, and never more than bytes. JSON of this shape is ASCII, so the two are the same in honest input.
    if len(text) > limits.ENVELOPE_BYTES:
        raise ProtocolError(ErrorCode.TOO_LARGE, "envelope")
    if not text.isascii():
        raise _invalid("not ASCII")
    try:
        raw = parse_json(text)
    except ValueError as error:
        raise _invalid("not JSON") from error
    if not isinstance(raw, dict) or set(raw) != {"protected", "aad", "recipients", "iv", "ciphertext", "tag"}:
        raise _invalid("members")
    # Its one spelling, not only its one meaning: it is authenticated as spelled, and libraries spell it anew when opening.
    if raw["protected"] != _PROTECTED_TEXT:
        raise _invalid("protected header")
    try:
        aad = _bytes(raw["aad"]).decode()
    except UnicodeDecodeError as error:
        raise _invalid("header is not UTF-8") from error
    header = parse_header(aad)
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
