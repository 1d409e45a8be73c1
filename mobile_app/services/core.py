"""What all services share: the ports, the store, who this device is, and those who listen."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from mobile_app.ports import OutboxRow
from mobile_app.services.api import Api
from mobile_app.services.context import Ports, Timing
from mobile_app.services.errors import AppError
from mobile_app.services.identity import Identity, read_identity
from mobile_app.services.store import SELF, Store


async def _nothing() -> None:
    """In place of what the client puts in."""


class Core:
    """The middle of one client."""

    def __init__(self, ports: Ports, timing: Timing) -> None:
        self.ports = ports
        self.timing = timing
        self.store = Store(ports.vault)
        self.api = Api(ports.net)
        self.identity: Identity | None = None
        self.wake: Callable[[], None] = lambda: None
        """Asks for a round of sync soon."""
        self.alarm_in_step: Callable[[], Awaitable[None]] = _nothing
        """Brings the alarm page's setup up to date before going on; what fails is tried again by the next round."""
        self.queued: Callable[[list[OutboxRow]], None] = lambda _: None
        """Told at once what has been put into the outbox, so that nobody says "all is sent" in between."""
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> int:
        """Device clock, ms. For showing and claiming; nothing is ordered by it."""
        return self.ports.host.now()

    def load(self) -> None:
        """Read who this device is from the loaded store."""
        self.identity = read_identity(self.store)

    def forget(self) -> None:
        """Drop what was read from the vault."""
        self.store.forget()
        self.identity = None

    def me(self) -> Identity:
        """This device as a member. Raises AppError(not_member), or (vault_locked) when nothing is loaded."""
        if self.identity is None or not self.identity.is_member:
            raise AppError("not_member" if self.store.loaded else "vault_locked")
        return self.identity

    async def become(self, identity: Identity) -> None:
        """Store who this device is now."""
        await self.store.write(lambda: self.store.put(SELF, identity.to_row()))
        self.identity = identity

    async def tell_trouble(self, code: str) -> None:
        """Remember something everybody must be told, or that it is over (empty). Never raises: being told comes first."""
        if self.identity is None or self.identity.trouble == code:
            return
        changed = replace(self.identity, trouble=code)
        self.identity = changed
        with suppress(AppError):
            await self.store.write(lambda: self.store.put(SELF, changed.to_row()), keep=True)
        self.changed()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after changes; returns how to stop."""
        self._listeners.append(callback)

        def stop() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return stop

    def changed(self) -> None:
        """Tell everybody who listens that something may look different."""
        for callback in list(self._listeners):
            callback()
