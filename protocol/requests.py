"""The signature on a request: `Authorization: Trygg <compact JWS>` by the device's field key.

It never expires, so nothing stands between an old draft and the server; a replay is a no-op because every write is
idempotent by id. The device's clock travels here (`created`, `sent`), outside the bodies, so that a retry has the same body.
"""

from dataclasses import dataclass
from typing import Any

from protocol import PROTOCOL_VERSION, limits
from protocol.encoding import compact_json, digest
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import is_digest, is_id
from protocol.jws import Typ, peek
from protocol.times import is_time
from protocol.version import check_version

SCHEME = "Trygg"


@dataclass(frozen=True)
class SignedRequest:
    """Claims of a signed request.

    `path` with its query as sent; `body`: SHA-256 of the body (of nothing: of b""); `id`: random, or the challenge answered;
    `created`: ms per event of the body, in order, by the device's clock; `sent`: ms, the same clock, now.
    """

    server: str
    unit: str
    device: str
    method: str
    path: str
    id: str
    body: str
    sent: int
    created: tuple[int, ...] = ()
    v: int = PROTOCOL_VERSION

    def payload(self) -> str:
        """The text that is signed."""
        return compact_json(vars(self))


def _invalid(detail: str) -> ProtocolError:
    return ProtocolError(ErrorCode.SIGNATURE_WRONG, detail)


def read_request(authorization: str) -> tuple[SignedRequest, str, str]:
    """Read an Authorization header: the claims, the key id, and the JWS to verify.

    Raises ProtocolError: signature_missing when it is not of our scheme, signature_wrong when malformed, update_needed.
    """
    scheme, _, jws = authorization.partition(" ")
    if scheme != SCHEME or not jws:
        raise ProtocolError(ErrorCode.SIGNATURE_MISSING)
    unverified = peek(jws, Typ.REQUEST, ErrorCode.SIGNATURE_WRONG)
    raw: dict[str, Any] = unverified.payload
    check_version(raw, ErrorCode.SIGNATURE_WRONG, "request")
    if set(raw) != set(SignedRequest.__dataclass_fields__):
        raise _invalid("members")
    typed = (
        all(is_id(raw[name]) for name in ("server", "unit", "device"))
        and all(isinstance(raw[name], str) for name in ("method", "path", "id"))
        and is_digest(raw["body"])
        and is_time(raw["sent"])
        and isinstance(raw["created"], list)
        and len(raw["created"]) <= limits.BATCH_EVENTS
        and all(is_time(value) for value in raw["created"])
    )
    if not typed:
        raise _invalid("types")
    return SignedRequest(**{**raw, "created": tuple(raw["created"])}), unverified.kid, jws


def check_request(
    claims: SignedRequest, *, server: str, unit: str, method: str, path: str, body: bytes
) -> None:
    """Hold claims against what arrived. Raises ProtocolError: wrong_server, wrong_unit, signature_wrong."""
    if claims.server != server:
        raise ProtocolError(ErrorCode.WRONG_SERVER)
    if claims.unit != unit:
        raise ProtocolError(ErrorCode.WRONG_UNIT)
    if claims.method != method or claims.path != path or claims.body != digest(body):
        raise _invalid("another request was signed")
