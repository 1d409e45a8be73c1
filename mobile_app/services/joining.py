"""Joining a unit by an invite: looked at first, then used once."""

import json
from dataclasses import dataclass, replace
from typing import Any

from mobile_app.ports import Jwk, PortError
from mobile_app.services.core import Core
from mobile_app.services.errors import AppError, app_error
from mobile_app.services.identity import Identity
from mobile_app.services.membership import Membership
from mobile_app.services.people import required
from mobile_app.services.roster_service import RosterService
from protocol.encoding import thumbprint
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import is_id, new_id
from protocol.invites import PACKAGE_INFO, Grant, InviteLink, Join, parse_link, read_grant
from protocol.jws import Typ
from protocol.messages import InviteView
from protocol.roster import Roster, join_change, version_hash, version_payload
from protocol.words import fingerprint_words

TRIES = 5
"""How often the version is made anew when somebody else's came first."""


@dataclass(frozen=True)
class InvitePreview:
    """What an invite leads to. `expires`: server clock, ms. `words`: compared with the inviter's screen."""

    unit_name: str
    inviter: str
    roles: tuple[str, ...]
    words: tuple[str, ...]
    expires: int


@dataclass(frozen=True)
class _Invite:
    """An invite that has been checked: the root its link names, the leader's grant, and what the package holds."""

    link: InviteLink
    view: InviteView
    grant: Grant
    rosters: list[Roster]
    key: Jwk
    unit_name: str
    inviter: str
    profiles: list[dict[str, str]]


class Joining:
    """Looks at an invite, then uses it."""

    def __init__(self, core: Core, roster: RosterService, membership: Membership) -> None:
        self._core = core
        self._roster = roster
        self._membership = membership
        self._previewed: _Invite | None = None

    async def preview(self, link: str) -> InvitePreview:
        """Fetch and check an invite; uses nothing up.

        Raises AppError: invite_malformed, invite_unknown, invite_used, invite_expired, invite_revoked, roster_invalid, offline.
        """
        try:
            parsed = parse_link(link)
        except ProtocolError as error:
            raise app_error(error) from error
        invite = await self._check(parsed)
        self._previewed = invite
        return InvitePreview(
            invite.unit_name,
            invite.inviter,
            tuple(invite.grant.roles),
            tuple(fingerprint_words(parsed.root)),
            invite.view.expires,
        )

    async def _check(self, link: InviteLink) -> _Invite:
        view = await self._core.api.invite(link.id)
        rosters = await self._roster.fold(None, view.roster)
        if not rosters or rosters[-1].root != link.root:
            raise AppError(str(ErrorCode.ROSTER_INVALID), detail="another root than the link's")
        roster = rosters[-1]
        try:
            grant, kid = read_grant(view.grant)
            package = await self._core.ports.sealer.open_package(
                link.secret, link.id, PACKAGE_INFO, view.package
            )
        except (ProtocolError, PortError) as error:
            raise app_error(error) from error
        inviter = roster.devices.get(grant.device)
        signed = (
            inviter is not None
            and inviter.member == grant.member
            and kid == thumbprint(inviter.member_key)
            and await self._core.ports.sealer.verify(view.grant, inviter.member_key)
        )
        if not signed or (grant.id, grant.unit, grant.server) != (link.id, roster.unit, roster.server):
            raise AppError(str(ErrorCode.ROSTER_INVALID), detail="grant")
        return _Invite(link, view, grant, rosters, *_read_package(package, grant))

    async def join(self, name: str, phone: str, passphrase: str) -> None:
        """Use the invite that was looked at. Can be called again after a failure, with the same passphrase.

        Raises AppError: words_unknown, incomplete, invite_used and the like, wrong_passphrase, vault_exists, offline.
        """
        name, phone = required(name), phone.strip()
        invite = self._previewed
        if invite is None:
            raise AppError("words_unknown")
        keys = await self._membership.make_keys(passphrase)
        identity = await self._membership.unfinished("joining", invite.view.unit)
        again = identity is not None
        if identity is None:
            ids = invite.rosters[-1].server, invite.view.unit, new_id(), new_id()
            identity = Identity("joining", *ids, keys, invite.unit_name, name, phone)
        pending = {"link": invite.link.fragment(), "root": invite.link.root, "profiles": invite.profiles}
        identity = replace(identity, name=name, phone=phone, unit_name=invite.unit_name, pending=pending)
        await self._membership.prepare(identity)
        await self._membership.provision(identity, invite.rosters[-1])
        if again and await self._membership.is_in(identity):
            await self._adopt(identity)
            return
        for attempt in range(TRIES):
            version = await self._version(identity, invite)
            rosters = await self._roster.fold(invite.rosters[-1], [version])
            try:
                await self._core.api.append(identity.unit, version)
            except AppError as error:
                if error.code == ErrorCode.INVITE_USED and await self._membership.is_in(identity):
                    await self._adopt(identity)
                    return
                if error.code != ErrorCode.ROSTER_CONFLICT or attempt == TRIES - 1:
                    raise
                invite = await self._check(invite.link)
                self._previewed = invite
                continue
            await self._done(identity, [*invite.rosters, *rosters], [*invite.view.roster, version])
            return

    @property
    def unfinished_link(self) -> str | None:
        """The invite of an attempt that has not come to its end, to look at again."""
        identity = self._core.identity
        return str(identity.pending["link"]) if identity is not None and identity.state == "joining" else None

    async def resume(self) -> None:
        """Become a member if the server has accepted an earlier attempt. Raises AppError."""
        identity = self._core.identity
        if identity is not None and identity.state == "joining" and await self._membership.is_in(identity):
            await self._adopt(identity)

    async def _adopt(self, identity: Identity) -> None:
        """The server had accepted before; only its answer was lost. The session is open, so the roster can be had."""
        page = await self._core.api.roster(identity.unit, -1)
        if not page.versions or version_hash(page.versions[0]) != identity.pending["root"]:
            raise AppError(str(ErrorCode.ROSTER_INVALID), detail="another root than the link's")
        rosters = await self._roster.fold(None, page.versions)
        if identity.device not in rosters[-1].devices:
            raise AppError(str(ErrorCode.DEVICE_UNKNOWN))
        await self._done(identity, rosters, page.versions)

    async def _done(self, identity: Identity, rosters: list[Roster], versions: list[str]) -> None:
        await self._membership.finish(identity, rosters, versions, list(identity.pending["profiles"]))
        self._previewed = None

    async def _version(self, identity: Identity, invite: _Invite) -> str:
        roster, sealer = invite.rosters[-1], self._core.ports.sealer
        statement = Join(
            invite.link.id,
            identity.server,
            identity.unit,
            identity.member,
            identity.device,
            identity.keys.field,
            identity.keys.member,
            identity.keys.encryption,
        )
        try:
            join = await sealer.sign_with(invite.key, Typ.JOIN, statement.payload())
            payload = version_payload(
                server=identity.server,
                unit=identity.unit,
                height=roster.height + 1,
                prev=roster.head,
                member=identity.member,
                device=identity.device,
                created=max(self._core.now(), 0),
                change=join_change(invite.view.grant, join),
            )
            return await sealer.sign("member", Typ.ROSTER, payload)
        except PortError as error:
            raise app_error(error) from error


def _read_package(package: str, grant: Grant) -> tuple[Jwk, str, str, list[dict[str, str]]]:
    """One-time key, unit name, inviter and profiles. Raises AppError(roster_invalid) for anything but the one shape."""
    try:
        raw: dict[str, Any] = json.loads(package)
        key = {part: str(raw["key"][part]) for part in ("crv", "d", "kty", "x", "y")}
        profiles = [
            {name: str(entry[name])[:80] for name in ("member", "name", "phone")}
            for entry in raw["profiles"]
            if is_id(entry["member"])
        ]
        names = str(raw["unit_name"])[:80], str(raw["inviter"])[:80]
    except (ValueError, KeyError, TypeError) as error:
        raise AppError(str(ErrorCode.ROSTER_INVALID), detail="package") from error
    if thumbprint(key) != thumbprint(grant.key):
        raise AppError(str(ErrorCode.ROSTER_INVALID), detail="another key than the grant's")
    return key, names[0], names[1], profiles
