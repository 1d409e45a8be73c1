"""The door: which state the app is in, unlocking, and locking by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum

from mobile_app.ports import PortError, VaultState
from mobile_app.services.core import Core
from mobile_app.services.errors import AppError, app_error

IDLE_SECONDS = 15 * 60.0
CHECK_SECONDS = 15.0


class GateState(StrEnum):
    """`NEW`: not in any unit. `ELSEWHERE`: open in another tab."""

    NEW = "new"
    LOCKED = "locked"
    OPEN = "open"
    ELSEWHERE = "elsewhere"


class Gate:
    """Opens and closes the vault. `opened`, `closing`: what the client does then.

    `storage_promised`: False once the device has declined to keep our storage whatever happens.
    """

    def __init__(
        self, core: Core, opened: Callable[[], Awaitable[None]], closing: Callable[[], Awaitable[None]]
    ) -> None:
        self._core = core
        self._opened = opened
        self._closing = closing
        self._touched = core.timing.monotonic()
        self.state = GateState.NEW
        self.storage_promised = True
        self._asking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Find out what the device holds. Raises AppError."""
        try:
            state = await self._core.ports.vault.state()
        except PortError as error:
            raise app_error(error) from error
        if state is VaultState.OPEN:
            await self.open_up()
        else:
            by_vault = {VaultState.NONE: GateState.NEW, VaultState.LOCKED: GateState.LOCKED}
            self.state = by_vault.get(state, GateState.ELSEWHERE)
        self._core.changed()
        # A browser may take its time over this, even ask the person: the first screen does not wait for it.
        self._asking = asyncio.ensure_future(self._ask_to_keep())

    async def _ask_to_keep(self) -> None:
        with suppress(PortError):
            self.storage_promised = await self._core.ports.host.persist()
            self._core.changed()

    async def unlock(self, passphrase: str) -> None:
        """Open with the passphrase. Raises AppError: wrong_passphrase with the seconds until the next try."""
        try:
            await self._core.ports.vault.unlock(passphrase)
        except PortError as error:
            raise app_error(error) from error
        await self.open_up()

    async def open_up(self) -> None:
        """Read the open vault. Raises AppError; the state then stays as it was."""
        await self._core.store.load()
        self._core.load()
        self.touch()
        await self._opened()
        self.settle()

    def settle(self) -> None:
        """Go by who this device is: open for a member, else still new."""
        member = self._core.identity is not None and self._core.identity.is_member
        self.state = GateState.OPEN if member else GateState.NEW
        self._core.changed()

    async def lock(self) -> None:
        """Forget everything that was read. Raises AppError(storage_failed, quota_full) while text is in memory alone."""
        if not self._core.store.loaded:
            return
        await self._core.store.settle()
        before, self.state = self.state, GateState.LOCKED  # no new round begins
        try:
            await self._core.ports.vault.lock()
        except PortError as error:
            self.state = before
            raise app_error(error) from error
        self._core.forget()
        await self._closing()
        self._core.changed()

    def touch(self) -> None:
        """Somebody is there."""
        self._touched = self._core.timing.monotonic()

    async def watch(self) -> None:
        """Lock after a while without a touch, until cancelled. Never while text is in memory alone."""
        while True:
            await self._core.timing.sleep(CHECK_SECONDS)
            idle = self._core.timing.monotonic() - self._touched
            if self.state is GateState.OPEN and idle >= IDLE_SECONDS:
                try:
                    await self.lock()
                except AppError:
                    continue  # not stored yet: losing it is worse than an open app; tried again
