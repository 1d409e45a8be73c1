"""Founding a unit and appending to its roster: every signature is checked before the store is asked."""

from hashlib import sha256

from protocol.encoding import unb64url
from protocol.errors import ErrorCode, ProtocolError
from protocol.invites import read_grant
from protocol.jose import verify
from protocol.jws import Typ, peek
from protocol.messages import RosterHead, RosterPage
from protocol.roster import Roster, Step, step, version_hash
from sync_server.devices.packages import is_sealed_package
from sync_server.devices.units import Units
from sync_server.store.port import NewVersion, Store
from sync_server.store.unit import Unit


class Rosters:
    """Writes and reads of rosters. `server`: this server's id."""

    def __init__(self, store: Store, units: Units, server: str) -> None:
        self._store = store
        self._units = units
        self._server = server

    async def found(self, token: str, root: str) -> RosterHead:
        """Start a unit with a one-time set-up token.

        Raises ProtocolError: setup_token_wrong, wrong_server, roster_invalid, roster_conflict, update_needed, too_large.
        """
        first = step(None, root)
        if first.roster.server != self._server:
            raise ProtocolError(ErrorCode.WRONG_SERVER)
        recovery = first.roster.recovery
        if not (is_sealed_package(recovery.sealed_encryption) and is_sealed_package(recovery.sealed_signing)):
            raise ProtocolError(ErrorCode.ROSTER_INVALID, "recovery keys are not sealed")
        _verify(first)
        await self._store.found(token_digest(token), _version(first.roster, None, root))
        return RosterHead(first.roster.height, first.roster.head)

    async def append(self, unit_id: str, version: str) -> RosterHead:
        """Append a version; the same one again is a no-op.

        Raises ProtocolError: unit_unknown, wrong_server, wrong_unit, roster_invalid, roster_conflict, invite_*, update_needed,
        too_large.
        """
        unit = await self._units.get(unit_id)
        try:
            next_step = step(unit.roster, version)
        except ProtocolError as error:
            if error.code is not ErrorCode.ROSTER_CONFLICT:
                raise
            if await self._is_known(unit, version):
                return RosterHead(unit.roster.height, unit.roster.head)
            await self._explain_conflict(version)
            raise
        invite = await self._invite_of(next_step, version)
        _verify(next_step)
        await self._store.append(_version(next_step.roster, unit.roster.head, version), invite)
        return RosterHead(next_step.roster.height, next_step.roster.head)

    async def page(self, unit: Unit, after: int) -> RosterPage:
        """The versions above height `after`."""
        rows = await self._store.versions(unit.id, after)
        return RosterPage([jws for jws, _ in rows], unit.roster.height, unit.roster.head)

    async def _is_known(self, unit: Unit, version: str) -> bool:
        height = peek(version, Typ.ROSTER, ErrorCode.ROSTER_INVALID).payload["height"]
        if not isinstance(height, int) or not 0 <= height <= unit.roster.height:
            return False
        rows = await self._store.versions(unit.id, height - 1)
        return bool(rows) and version_hash(rows[0][0]) == version_hash(version)

    async def _explain_conflict(self, version: str) -> None:
        """Say at once that the invite is spent, where building the version anew would lead to that answer anyway."""
        change = peek(version, Typ.ROSTER, ErrorCode.ROSTER_INVALID).payload["change"]
        if change.get("type") == "join" and isinstance(change.get("grant"), str):
            grant, _ = read_grant(change["grant"])
            invite = await self._store.invite(grant.id)
            if invite is not None and invite.used is not None:
                raise ProtocolError(ErrorCode.INVITE_USED)

    async def _invite_of(self, joined: Step, version: str) -> str | None:
        if joined.invite is None:
            return None
        invite = await self._store.invite(joined.invite)
        if invite is None:
            raise ProtocolError(ErrorCode.INVITE_UNKNOWN)
        if peek(version, Typ.ROSTER, ErrorCode.ROSTER_INVALID).payload["change"]["grant"] != invite.grant:
            raise ProtocolError(ErrorCode.ROSTER_INVALID, "another grant than the invite's")
        return joined.invite


def token_digest(token: str) -> bytes:
    """SHA-256 of a set-up token, the only thing kept of it. Raises ProtocolError(setup_token_wrong) for no token at all."""
    try:
        return sha256(unb64url(token)).digest()
    except ValueError as error:
        raise ProtocolError(ErrorCode.SETUP_TOKEN_WRONG) from error


def _verify(checked: Step) -> None:
    if not all(verify(check.jws, check.jwk) for check in checked.checks):
        raise ProtocolError(ErrorCode.ROSTER_INVALID, "signature")


def _version(roster: Roster, prev: str | None, jws: str) -> NewVersion:
    return NewVersion(roster.unit, roster.height, prev, roster.head, jws)
