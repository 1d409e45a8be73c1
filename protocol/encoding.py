"""Bytes and JSON as they go over the wire: base64url without padding, compact JSON with sorted keys, SHA-256."""

import base64
import binascii
import hashlib
import json
import re
from functools import lru_cache
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


_LARGEST = 2**53 - 1


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member twice")
    return members


def _integer(text: str) -> int:
    value = int(text) if len(text) < 20 else _LARGEST + 1
    if abs(value) > _LARGEST:
        raise ValueError("number too large")
    return value


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("number too large")
    return value


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


DEEPEST = 64
"""Levels of nesting. Reading and writing JSON recurses, and in the browser's Python a stack that overflows ends the whole app."""
# From any quote on it matches, also one that nothing closes: so the search is linear, whatever the text.
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.?)*(?:"|\Z)|[\[{]|[\]}]', re.DOTALL)


def _is_too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = 0
    for found in _BRACKETS.finditer(text):
        sign = text[found.start()]
        depth += 1 if sign in "[{" else -1 if sign in "]}" else 0
        if depth > DEEPEST:
            return True
    return False


def parse_json(data: str | bytes) -> Any:
    """Read JSON that Python and JavaScript understand alike; whatever they would read differently is refused.

    That is: a member twice, numbers beyond 2**53, NaN, half of a surrogate pair, and any encoding but UTF-8 (`json.loads` takes
    UTF-16 too); also what is nested deeper than `DEEPEST`. Raises ValueError.
    """
    text = data.decode() if isinstance(data, bytes) else data
    if _is_too_deep(text):
        raise ValueError("nested too deeply")
    try:
        value = _DECODER.decode(text)
        if not text.isascii() or "\\u" in text:
            compact_json(value).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def digest(data: bytes) -> str:
    """SHA-256 of `data` in base64url, 43 characters."""
    return b64url(hashlib.sha256(data).digest())


# Looked up for every signature and every reader, of the same few keys.
@lru_cache(maxsize=8192)
def _thumbprint(crv: str, kty: str, x: str, y: str) -> str:
    return digest(compact_json({"crv": crv, "kty": kty, "x": x, "y": y}).encode())


def thumbprint(jwk: dict[str, str]) -> str:
    """RFC 7638 thumbprint of a P-256 public key (also of a private JWK: only crv, kty, x, y count)."""
    return _thumbprint(jwk["crv"], jwk["kty"], jwk["x"], jwk["y"])
