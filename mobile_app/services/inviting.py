"""Inviting people to the unit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NewInvite:
    """A fresh invite. `link` holds its secret and is shown once. `expires`: server clock, ms."""

    id: str
    link: str
    role: str
    words: tuple[str, ...]
    expires: int


@dataclass(frozen=True)
class InviteRow:
    """An invite in the leaders' list. `state`: open, used, expired or revoked. Times: server clock, ms."""

    id: str
    state: str
    roles: tuple[str, ...]
    created: int
    expires: int


class Inviting:
    """For leaders."""

    async def invite(self, role: str) -> NewInvite:
        raise NotImplementedError

    async def refresh(self) -> list[InviteRow]:
        raise NotImplementedError

    async def revoke(self, invite: str) -> None:
        raise NotImplementedError
