"""Reading a compact JWS without trusting it. Verification needs a key and is the caller's duty (`SignatureCheck`)."""

from dataclasses import dataclass
from typing import Any

from protocol.encoding import parse_json, thumbprint, unb64url
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import is_digest

Jwk = dict[str, str]


class Typ:
    """The `typ` of every kind of signed text, so that one can never pass for another (RFC 8725 §3.11)."""

    EVENT = "tu-event+jws"
    REQUEST = "tu-request+jws"
    ROSTER = "tu-roster+jws"
    GRANT = "tu-grant+jws"
    JOIN = "tu-join+jws"
    STATEMENT = "tu-statement+jws"


@dataclass(frozen=True)
class SignatureCheck:
    """Says that `jws` must verify with the public key `jwk` (ES256) before what it says may count."""

    jws: str
    jwk: Jwk


@dataclass(frozen=True)
class Unverified:
    """Content of a JWS nobody has checked yet: key id of the claimed signer, and the payload object."""

    kid: str
    payload: dict[str, Any]


def peek(jws: str, typ: str, code: ErrorCode) -> Unverified:
    """Read a compact JWS of type `typ`. Raises ProtocolError(code) when it has not the one accepted shape."""
    try:
        head, body, signature = jws.split(".")
        header, payload = parse_json(unb64url(head)), parse_json(unb64url(body))
        shape_ok = (
            isinstance(header, dict)
            and set(header) == {"alg", "kid", "typ"}
            and header["alg"] == "ES256"
            and header["typ"] == typ
            and is_digest(header["kid"])
            and isinstance(payload, dict)
            and len(unb64url(signature)) == 64
        )
    except (ValueError, AttributeError) as error:
        raise ProtocolError(code, f"not a {typ}") from error
    if not shape_ok:
        raise ProtocolError(code, f"not a {typ}")
    return Unverified(header["kid"], payload)


def is_public_p256(jwk: object) -> bool:
    """Whether `jwk` is exactly a P-256 public key: members crv, kty, x, y and nothing else."""
    if (
        not isinstance(jwk, dict)
        or set(jwk) != {"crv", "kty", "x", "y"}
        or jwk["crv"] != "P-256"
        or jwk["kty"] != "EC"
    ):
        return False
    try:
        return all(isinstance(jwk[c], str) and len(unb64url(jwk[c])) == 32 for c in ("x", "y"))
    except ValueError:
        return False


def signed_by(unverified: Unverified, jws: str, jwk: Jwk, code: ErrorCode) -> SignatureCheck:
    """The check that `jws` is signed by `jwk`. Raises ProtocolError(code) when it names another key."""
    if unverified.kid != thumbprint(jwk):
        raise ProtocolError(code, "signed by another key")
    return SignatureCheck(jws, jwk)
