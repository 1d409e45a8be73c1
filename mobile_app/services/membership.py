"""From the keys of a device to a member of a unit: what founding and joining have in common."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from mobile_app.ports import AlarmSetup, DeviceKeys, PortError, VaultState
from mobile_app.services.core import Core
from mobile_app.services.errors import AppError, app_error
from mobile_app.services.gate import Gate
from mobile_app.services.identity import Identity
from mobile_app.services.roster_service import RosterService
from mobile_app.services.store import PROFILES, ROSTER, SELF
from protocol.roster import Roster


class Membership:
    """Keys first and durably, then the server: an accepted device whose keys were lost would be nobody."""

    def __init__(
        self, core: Core, roster: RosterService, gate: Gate, joined: Callable[[], Awaitable[None]]
    ) -> None:
        self._core = core
        self._roster = roster
        self._gate = gate
        self._joined = joined

    async def make_keys(self, passphrase: str) -> DeviceKeys:
        """The keys of this device in an open vault: new ones, or those of an attempt that has not come to its end.

        Raises AppError: vault_exists when the device is in a unit already, wrong_passphrase when it is another than before.
        """
        vault = self._core.ports.vault
        try:
            state = await vault.state()
            if state is VaultState.NONE:
                keys = await self._core.ports.keys.generate()
                await vault.create(passphrase)
                await self._core.store.load()
                return keys
            if self._core.identity is not None and self._core.identity.is_member:
                raise AppError("vault_exists")
            if state is VaultState.OPEN:
                await (
                    vault.lock()
                )  # the same passphrase has to be typed again: it is the one that will be needed
            await vault.unlock(passphrase)
        except PortError as error:
            raise app_error(error) from error
        await self._core.store.load()
        self._core.load()
        identity = self._core.identity
        if identity is None:
            # Ended between making the vault and its first row: the keys in it are still nobody's.
            try:
                return await self._core.ports.keys.kept()
            except PortError as error:
                raise app_error(error) from error
        if identity.is_member:
            raise AppError("vault_exists")
        return identity.keys

    async def unfinished(self, state: str, unit: str | None = None) -> Identity | None:
        """An attempt of this kind (and for this unit) to go on with. Another one is given up, unless the server has accepted it:
        then raises AppError(vault_exists)."""
        identity = self._core.identity
        if identity is None or (identity.state == state and unit in (None, identity.unit)):
            return identity
        if await self.is_in(identity):
            raise AppError("vault_exists")
        return None

    async def prepare(self, identity: Identity) -> None:
        """Store what is being attempted, and let requests be signed as this device."""
        await self._core.become(identity)

    async def provision(self, identity: Identity, roster: Roster) -> None:
        """Give the transport its identity before there is anybody to raise an alarm to."""
        setup = AlarmSetup(
            identity.server,
            identity.unit,
            identity.member,
            identity.device,
            roster.head,
            [],
            roster.recovery.encryption,
            [],
        )
        try:
            await self._core.ports.alarm_store.provision(setup)
        except PortError as error:
            raise app_error(error) from error

    async def is_in(self, identity: Identity) -> bool:
        """Whether the server knows this device already: an earlier answer was lost."""
        try:
            await self._core.api.open_session(identity.unit, identity.device)
        except AppError as error:
            if error.code in ("device_unknown", "unit_unknown", "not_found"):
                return False
            raise
        return True

    async def finish(
        self, identity: Identity, rosters: list[Roster], versions: list[str], profiles: list[dict[str, str]]
    ) -> None:
        """The server has accepted: become a member, pin the roster and keep the names, in one transaction."""
        member = replace(identity, state="member", pending={})
        rows = self._roster.rows(rosters, versions)
        store = self._core.store

        def change() -> None:
            store.put(SELF, member.to_row())
            for row in rows:
                store.put(ROSTER, row)
            for profile in profiles:
                store.put(
                    PROFILES, {"id": profile["member"], "name": profile["name"], "phone": profile["phone"]}
                )

        await store.write(change)
        self._core.identity = member
        self._roster.load()
        await self._joined()
        self._gate.settle()
