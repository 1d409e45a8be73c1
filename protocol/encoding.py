"""Bytes and JSON as they go over the wire: base64url without padding, compact JSON with sorted keys, SHA-256."""

import base64
import binascii
import hashlib
import json
from typing import Any


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64url(text: str) -> bytes:
    """Inverse of `b64url`. Raises ValueError on anything but the one canonical spelling."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error
    if b64url(data) != text:
        raise ValueError("not canonical base64url")
    return data


def compact_json(value: Any) -> str:
    """JSON with sorted keys and no white space. Only what is signed or hashed has to be byte-stable, and it is kept as sent."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(data: bytes) -> str:
    """SHA-256 of `data` in base64url, 43 characters."""
    return b64url(hashlib.sha256(data).digest())


def thumbprint(jwk: dict[str, str]) -> str:
    """RFC 7638 thumbprint of a P-256 public key (also of a private JWK: only crv, kty, x, y count)."""
    return digest(compact_json({name: jwk[name] for name in ("crv", "kty", "x", "y")}).encode())
