"""Opaque tokens the server hands out and recognises later: bytes with an HMAC over them and over what they are bound to."""

import hashlib
import hmac

from protocol.encoding import b64url, unb64url

_MAC_BYTES = 16


def _mac(secret: bytes, purpose: str, bound: tuple[str, ...], data: bytes) -> bytes:
    # Lengths stand before every part, so that no two lists of parts give the same bytes.
    parts = [purpose.encode(), *(part.encode() for part in bound), data]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(secret, message, hashlib.sha256)[:_MAC_BYTES]


def make_token(secret: bytes, purpose: str, bound: tuple[str, ...], data: bytes) -> str:
    """Token that carries `data` and is good for `purpose` and `bound` (ids) alone."""
    return b64url(data + _mac(secret, purpose, bound, data))


def read_token(secret: bytes, purpose: str, bound: tuple[str, ...], token: str) -> bytes | None:
    """What `make_token` put in, or None for anything it did not make for this purpose and these ids."""
    try:
        raw = unb64url(token)
    except ValueError:
        return None
    data, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    return data if hmac.compare_digest(mac, _mac(secret, purpose, bound, data)) else None
