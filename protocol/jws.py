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


_PUBLIC_MEMBERS = ("crv", "kty", "x", "y")

# The curve y² = x³ − 3x + b over the field of p (FIPS 186-5, SP 800-186 §3.2.1.3).
_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def _is_on_curve(x: int, y: int) -> bool:
    return x < _P and y < _P and (y * y - (x * x - 3) * x - _B) % _P == 0


def public_half(jwk: Jwk) -> Jwk:
    """The public half of a P-256 JWK: members crv, kty, x and y."""
    return {name: jwk[name] for name in _PUBLIC_MEMBERS}


def is_public_p256(jwk: object) -> bool:
    """Whether `jwk` is exactly a P-256 public key: members crv, kty, x, y and nothing else, and a point of the curve.

    Nobody checks an encryption key by using it before it is in the roster, and from then on whoever seals to it would fail.
    """
    if (
        not isinstance(jwk, dict)
        or set(jwk) != set(_PUBLIC_MEMBERS)
        or jwk["crv"] != "P-256"
        or jwk["kty"] != "EC"
    ):
        return False
    if not all(isinstance(jwk[c], str) for c in ("x", "y")):
        return False
    try:
        x, y = unb64url(jwk["x"]), unb64url(jwk["y"])
    except ValueError:
        return False
    return len(x) == len(y) == 32 and _is_on_curve(int.from_bytes(x, "big"), int.from_bytes(y, "big"))


def signed_by(unverified: Unverified, jws: str, jwk: Jwk, code: ErrorCode) -> SignatureCheck:
    """The check that `jws` is signed by `jwk`. Raises ProtocolError(code) when it names another key."""
    if unverified.kid != thumbprint(jwk):
        raise ProtocolError(code, "signed by another key")
    return SignatureCheck(jws, jwk)
