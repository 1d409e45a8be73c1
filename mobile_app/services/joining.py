"""Joining a unit by an invite."""

from dataclasses import dataclass


@dataclass(frozen=True)
class InvitePreview:
    """What an invite leads to. `expires`: server clock, ms. `words`: compared with the inviter's screen."""

    unit_name: str
    inviter: str
    roles: tuple[str, ...]
    words: tuple[str, ...]
    expires: int


class Joining:
    """Looks at an invite, then uses it."""

    async def preview(self, link: str) -> InvitePreview:
        raise NotImplementedError

    async def join(self, name: str, phone: str, passphrase: str) -> None:
        raise NotImplementedError
