"""Invites: a leader's grant waits here beside a package only the link opens."""

from collections.abc import Callable

from protocol import limits
from protocol.encoding import thumbprint
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import is_id
from protocol.invites import Role, read_grant
from protocol.jose import verify
from protocol.messages import CreateInvite, InviteCreated, InviteList, InviteStatus, InviteView
from sync_server.devices.packages import is_sealed_package
from sync_server.store.port import NewInvite, Store
from sync_server.store.unit import Unit

_REFUSALS = {
    "used": ErrorCode.INVITE_USED,
    "expired": ErrorCode.INVITE_EXPIRED,
    "revoked": ErrorCode.INVITE_REVOKED,
}


class Invites:
    """`clock`: ms since 1970."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock

    async def create(self, unit: Unit, device: str, body: CreateInvite) -> InviteCreated:
        """Keep an invite of `device`, a leader's.

        Raises ProtocolError: not_allowed, roster_invalid, wrong_server, wrong_unit, too_large, bad_request, id_reused.
        """
        if len(body.package) > limits.PACKAGE_BYTES or len(body.grant) > limits.ROSTER_VERSION_BYTES:
            raise ProtocolError(ErrorCode.TOO_LARGE, "package")
        grant, kid = read_grant(body.grant)
        if grant.server != unit.roster.server:
            raise ProtocolError(ErrorCode.WRONG_SERVER)
        if grant.unit != unit.id:
            raise ProtocolError(ErrorCode.WRONG_UNIT)
        require_leader(unit, device)
        if grant.device != device or grant.member != unit.member_of(device):
            raise ProtocolError(ErrorCode.NOT_ALLOWED, "a grant of another device")
        key = unit.roster.devices[device].member_key
        if kid != thumbprint(key) or not verify(body.grant, key):
            raise ProtocolError(ErrorCode.ROSTER_INVALID, "grant signature")
        if not is_sealed_package(body.package):
            raise ProtocolError(ErrorCode.BAD_REQUEST, "the package is not sealed")
        kept = await self._store.add_invite(
            NewInvite(grant.id, unit.id, body.grant, body.package, grant.hours)
        )
        return InviteCreated(kept.id, kept.expires)

    async def listing(self, unit: Unit, device: str) -> InviteList:
        """The unit's invites, newest first. Raises ProtocolError(not_allowed) for anyone but a leader."""
        require_leader(unit, device)
        now = self._clock()
        return InviteList(
            [
                InviteStatus(i.id, i.state(now), i.created, i.expires, list(read_grant(i.grant)[0].roles))
                for i in await self._store.invites(unit.id)
            ]
        )

    async def revoke(self, unit: Unit, device: str, invite: str) -> None:
        """End an invite. Raises ProtocolError: not_allowed, invite_unknown, invite_used."""
        require_leader(unit, device)
        if not is_id(invite):
            raise ProtocolError(ErrorCode.INVITE_UNKNOWN)
        await self._store.revoke_invite(unit.id, invite)

    async def view(self, invite: str) -> InviteView:
        """What a new device needs to join. Raises ProtocolError: invite_unknown, invite_used, invite_expired, invite_revoked."""
        kept = await self._store.invite(invite) if is_id(invite) else None
        if kept is None:
            raise ProtocolError(ErrorCode.INVITE_UNKNOWN)
        state = kept.state(self._clock())
        if state in _REFUSALS:
            raise ProtocolError(_REFUSALS[state])
        versions = [jws for jws, _ in await self._store.versions(kept.unit, -1)]
        return InviteView(kept.unit, kept.grant, kept.package, kept.expires, versions)


def require_leader(unit: Unit, device: str) -> None:
    """Raises ProtocolError(not_allowed) unless the device is an active leader's."""
    if not unit.has_role(device, Role.LEADER):
        raise ProtocolError(ErrorCode.NOT_ALLOWED, "for leaders")
