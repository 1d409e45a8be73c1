"""Checking the signature of a request: ES256 straight on `cryptography`, since every request pays for it.

`protocol.jose.verify` does the same on top of joserfc, reading header and payload once more, which costs more
(docs/decisions/0002-server-parts.md). A test holds the two against each other.
"""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from protocol.encoding import unb64url
from protocol.jws import Jwk

_ALGORITHM = ECDSA(SHA256())
_CACHED_KEYS = 8192


# Importing a key checks that its point lies on the curve: a fifth of what a verification costs.
@lru_cache(maxsize=_CACHED_KEYS)
def _key(x: str, y: str) -> EllipticCurvePublicKey:
    at = [int.from_bytes(unb64url(part), "big") for part in (x, y)]
    return EllipticCurvePublicNumbers(at[0], at[1], SECP256R1()).public_key()


def verify_peeked(jws: str, public: Jwk) -> bool:
    """Whether a compact JWS verifies whose shape and header `protocol.jws.peek` has accepted: alg ES256, nothing critical."""
    signed, _, signature = jws.rpartition(".")
    try:
        raw = unb64url(signature)
        # JWS has r and s side by side (RFC 7518 §3.4), the library wants them as ASN.1.
        der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        _key(public["x"], public["y"]).verify(der, signed.encode(), _ALGORITHM)
    except (InvalidSignature, ValueError):
        return False
    return len(raw) == 64
