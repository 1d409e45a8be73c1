"""A random vault key wrapped by a passphrase: Argon2id (RFC 9106) for the key, AES-256-GCM for the wrapping."""

import secrets
import unicodedata
from dataclasses import dataclass

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mobile_app.ports import PortError

KEY_BYTES = 32
SALT_BYTES = 16
NONCE_BYTES = 12


@dataclass(frozen=True)
class Argon2Cost:
    """What one guess costs: `passes` over `memory_kib` KiB in `lanes` lanes."""

    passes: int
    memory_kib: int
    lanes: int = 1


STRONG = Argon2Cost(passes=3, memory_kib=64 * 1024)
"""The browser's cost, for devices that hold something real."""
LIGHT = Argon2Cost(passes=1, memory_kib=1024)
"""Milliseconds: for simulated devices whose passphrases are no secrets."""


@dataclass(frozen=True)
class WrappedKey:
    """A wrapped vault key and what it takes, besides the passphrase, to unwrap it."""

    cost: Argon2Cost
    salt: bytes
    box: bytes


def _derive(passphrase: str, salt: bytes, cost: Argon2Cost) -> bytes:
    # Composed once: the same words typed on another keyboard give the same bytes.
    composed = unicodedata.normalize("NFKC", passphrase)
    return hash_secret_raw(
        composed.encode(), salt, cost.passes, cost.memory_kib, cost.lanes, KEY_BYTES, Type.ID
    )


def wrap(vault_key: bytes, passphrase: str, cost: Argon2Cost) -> WrappedKey:
    """Wrap `vault_key`; a fresh salt each time."""
    salt = secrets.token_bytes(SALT_BYTES)
    return WrappedKey(cost, salt, seal(_derive(passphrase, salt, cost), vault_key, b"vault key"))


def unwrap(wrapped: WrappedKey, passphrase: str) -> bytes:
    """The vault key. Raises PortError(cannot_open) for another passphrase."""
    return unseal(_derive(passphrase, wrapped.salt, wrapped.cost), wrapped.box, b"vault key")


def seal(key: bytes, plaintext: bytes, purpose: bytes) -> bytes:
    """AES-256-GCM under a fresh nonce, bound to `purpose`: nonce and ciphertext in one."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, purpose)


def unseal(key: bytes, box: bytes, purpose: bytes) -> bytes:
    """Inverse of `seal`. Raises PortError(cannot_open)."""
    try:
        return AESGCM(key).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], purpose)
    except (InvalidTag, ValueError) as error:
        raise PortError("cannot_open") from error
