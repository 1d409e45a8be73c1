"""Inviting people to the unit, for leaders."""

import secrets
from dataclasses import dataclass

from mobile_app.ports import PortError
from mobile_app.services.core import Core
from mobile_app.services.errors import AppError, app_error
from mobile_app.services.people import People
from mobile_app.services.roster_service import RosterService
from protocol.encoding import compact_json
from protocol.errors import ErrorCode
from protocol.ids import new_id
from protocol.invites import PACKAGE_INFO, SECRET_BYTES, Grant, InviteLink, Role
from protocol.jws import Typ, public_half
from protocol.words import fingerprint_words

ROLES: dict[str, tuple[str, ...]] = {
    Role.EMPLOYEE: (Role.EMPLOYEE,),
    Role.LEADER: (Role.EMPLOYEE, Role.LEADER),
    Role.SAFETY_REP: (Role.EMPLOYEE, Role.SAFETY_REP),
}
"""What is invited to, and the roles it gives. Everybody is an employee: all may go on visits."""


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
    """Makes, lists and ends invites."""

    def __init__(self, core: Core, roster: RosterService, people: People) -> None:
        self._core = core
        self._roster = roster
        self._people = people

    async def invite(self, role: str) -> NewInvite:
        """A single-use link. Raises AppError: not_allowed, offline and the server's others."""
        identity, roster, ports = self._core.me(), self._roster.for_sealing(), self._core.ports
        if role not in ROLES or Role.LEADER not in self._people.me.roles:
            raise AppError(str(ErrorCode.NOT_ALLOWED))
        link = InviteLink(new_id(), secrets.token_bytes(SECRET_BYTES), roster.root)
        try:
            key = await ports.keys.one_time()
            grant = Grant(
                link.id,
                identity.server,
                identity.unit,
                ROLES[role],
                public_half(key),
                identity.member,
                identity.device,
                roster.head,
                max(self._core.now(), 0),
            )
            signed = await ports.sealer.sign("member", Typ.GRANT, grant.payload())
            package = compact_json(
                {
                    "unit_name": identity.unit_name,
                    "inviter": self._people.me.name,
                    "key": key,
                    "profiles": [
                        {"member": p.member, "name": p.name, "phone": p.phone}
                        for p in self._people.all()
                        if p.name
                    ],
                }
            )
            sealed = await ports.sealer.seal_package(link.secret, link.id, PACKAGE_INFO, package)
        except PortError as error:
            raise app_error(error) from error
        created = await self._core.api.create_invite(identity.unit, signed, sealed)
        words = tuple(fingerprint_words(roster.root))
        return NewInvite(link.id, link.url(ports.net.origin()), role, words, created.expires)

    async def refresh(self) -> list[InviteRow]:
        """The unit's invites as the server has them. Raises AppError."""
        identity = self._core.me()
        try:
            found = await self._core.api.invites(identity.unit)
        except AppError as error:
            if error.code != ErrorCode.SESSION_NEEDED:
                raise
            await self._core.api.open_session(identity.unit, identity.device)
            found = await self._core.api.invites(identity.unit)
        return [InviteRow(i.id, i.state, tuple(i.roles), i.created, i.expires) for i in found]

    async def revoke(self, invite: str) -> None:
        """End an invite. Raises AppError."""
        await self._core.api.revoke(self._core.me().unit, invite)
