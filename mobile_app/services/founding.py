"""Founding a unit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RecoverySheet:
    """What is written down and kept offline: 16 words each, and the unit's 6 words."""

    unit_name: str
    encryption_words: tuple[str, ...]
    signing_words: tuple[str, ...]
    fingerprint_words: tuple[str, ...]


class Founding:
    """Makes a unit of this device."""

    async def found(
        self, token: str, unit_name: str, name: str, phone: str, passphrase: str
    ) -> RecoverySheet:
        raise NotImplementedError

    def sheet(self) -> RecoverySheet | None:
        raise NotImplementedError

    async def written_down(self) -> None:
        raise NotImplementedError
