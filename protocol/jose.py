"""The cryptography of the protocol on CPython: joserfc on top of cryptography. The browser does the same with WebCrypto.

Keys are P-256 JWK dicts with the members crv, kty, x, y, and d when private. A key id is the RFC 7638 thumbprint.
"""

import json
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey

from protocol import limits
from protocol.encoding import compact_json, thumbprint, unb64url
from protocol.envelope import KEY_ALGORITHM, PROTECTED, parse_envelope
from protocol.errors import ErrorCode, ProtocolError
from protocol.jws import Jwk, is_public_p256, public_half

PACKAGE_HEADER = {"alg": "dir", "enc": "A256GCM"}
_CACHED_KEYS = 4096

# joserfc's own bounds are smaller than what the protocol allows, so they are raised to the protocol's: base64url is 4/3 of
# the bytes. Both sizes are checked before (envelopes) or are bounded by the reader (packages), so this opens no door.
_JWS = jws.JWSRegistry(algorithms=["ES256"])
_JWS.max_payload_length = 2 * limits.EVENT_BYTES
_JWE = jwe.JWERegistry(algorithms=[KEY_ALGORITHM, "dir", "A256GCM"], max_recipients=limits.READERS)
_JWE.max_ciphertext_length = 2 * max(limits.EVENT_BYTES, limits.PACKAGE_BYTES)

# What joserfc and cryptography raise on input that is not what it claims to be: besides their own errors plain ValueError (bad
# base64, a point off the curve), TypeError and KeyError (a member of the wrong type or missing), and RecursionError (deep JSON).
_BAD_INPUT = (JoseError, ValueError, TypeError, KeyError, RecursionError)


class CannotOpen(ProtocolError):
    """A well-formed envelope or package that this key does not open: not a reader of it, or it was tampered with."""

    def __init__(self, detail: str) -> None:
        super().__init__(ErrorCode.ENVELOPE_INVALID, detail)


def generate_key() -> Jwk:
    """A fresh private P-256 key: members crv, d, kty, x, y."""
    members = ECKey.generate_key("P-256").as_dict(private=True)
    return {name: str(value) for name, value in sorted(members.items())}


public = public_half
"""Here too, beside `generate_key`, for those that have every key in hand."""


# Importing a key checks that the point lies on the curve, which costs as much as verifying with it. A server verifies with the
# same few thousand device keys all day, so imported public keys are kept. Private keys are kept in a cache of their own, small,
# so that a long-lived process does not collect one-time keys.
@lru_cache(maxsize=_CACHED_KEYS)
def _public_key(x: str, y: str) -> ECKey:
    return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})


@lru_cache(maxsize=16)
def _private_key(x: str, y: str, d: str) -> ECKey:
    return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y, "d": d})


def _imported(jwk: Jwk) -> ECKey:
    if not is_public_p256(jwk):
        raise ValueError("not a public P-256 key")
    return _public_key(jwk["x"], jwk["y"])


def sign(private: Jwk, typ: str, payload: str) -> str:
    """Compact JWS (ES256) over `payload`, with the protected header {alg, kid, typ}; `typ` is one of `protocol.jws.Typ`."""
    header = {"alg": "ES256", "kid": thumbprint(private), "typ": typ}
    key = _private_key(private["x"], private["y"], private["d"])
    return jws.serialize_compact(header, payload.encode(), key, registry=_JWS)


def verify(text: str, public: Jwk) -> bool:
    """Whether the compact JWS `text` verifies (ES256) with `public`. False, never an error, for anything else."""
    try:
        head = json.loads(unb64url(text.split(".", 1)[0]))
        # Extensions (crit, b64: RFC 7797 signs another text) and embedded keys are refused by refusing every other member.
        if not isinstance(head, dict) or set(head) != {"alg", "kid", "typ"} or head["alg"] != "ES256":
            return False
        jws.deserialize_compact(text, _imported(public), registry=_JWS)
    except (*_BAD_INPUT, AttributeError):
        return False
    return True


def seal(plaintext: bytes, header: str, readers: list[Jwk]) -> str:
    """Envelope text for the public keys `readers`; `header` is authenticated as it stands.

    `plaintext` is already padded (`protocol.envelope.pad`). Raises ProtocolError (envelope_invalid, too_large) when the result
    is not an envelope the protocol accepts, ValueError for a reader that is no P-256 public key.
    """
    sealing = jwe.GeneralJSONEncryption(dict(PROTECTED), plaintext, aad=header.encode())
    for reader in readers:
        # joserfc puts epk beside alg and kid, into the recipient's own header; so does jose in the browser.
        sealing.add_recipient({"alg": KEY_ALGORITHM, "kid": thumbprint(reader)}, _imported(reader))
    text = compact_json(jwe.encrypt_json(sealing, None, registry=_JWE))
    parse_envelope(text)
    return text


def open_envelope(envelope: str, private: Jwk) -> bytes:
    """Padded plaintext of an envelope sealed to `private`.

    Raises ProtocolError (too_large, envelope_invalid, update_needed) for its shape, CannotOpen when `private` is not among the
    readers or something was tampered with.
    """
    kid = thumbprint(private)
    if kid not in parse_envelope(envelope).readers:
        raise CannotOpen("not a reader")
    own: Any = json.loads(envelope)
    # joserfc tries every recipient and fails when one of them does not open, so it gets ours alone.
    own["recipients"] = [entry for entry in own["recipients"] if entry["header"]["kid"] == kid]
    try:
        opened = jwe.decrypt_json(own, _private_key(private["x"], private["y"], private["d"]), registry=_JWE)
    except _BAD_INPUT as error:
        raise CannotOpen("tampered with, or sealed wrongly") from error
    return opened.plaintext or b""


def derive(secret: bytes, salt: str, info: str) -> bytes:
    """32 bytes by HKDF-SHA-256 (RFC 5869); `salt` and `info` as UTF-8."""
    return HKDF(SHA256(), 32, salt.encode(), info.encode()).derive(secret)


def seal_package(secret: bytes, salt: str, info: str, plaintext: str) -> str:
    """Compact JWE, alg "dir", enc A256GCM, under `derive(secret, salt, info)`."""
    key = OctKey.import_key(derive(secret, salt, info))
    return jwe.encrypt_compact(dict(PACKAGE_HEADER), plaintext.encode(), key, registry=_JWE)


def open_package(secret: bytes, salt: str, info: str, package: str) -> str:
    """Inverse of `seal_package`. Raises CannotOpen, also for a package of any other make."""
    key = OctKey.import_key(derive(secret, salt, info))
    try:
        if json.loads(unb64url(package.split(".", 1)[0])) != PACKAGE_HEADER:
            raise CannotOpen("not a package")
        plaintext = jwe.decrypt_compact(package, key, registry=_JWE).plaintext
        return (plaintext or b"").decode()
    except _BAD_INPUT as error:
        raise CannotOpen("another secret, or tampered with") from error
