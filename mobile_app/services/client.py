"""The client: everything the views need, made of the ports by `build_client`."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from mobile_app.services.alarm_setup import AlarmProvisioning
from mobile_app.services.alarms import Alarms
from mobile_app.services.context import Ports, Timing
from mobile_app.services.core import Core
from mobile_app.services.errors import AppError
from mobile_app.services.founding import Founding
from mobile_app.services.gate import Gate, GateState
from mobile_app.services.incidents import Incidents
from mobile_app.services.inviting import Inviting
from mobile_app.services.joining import Joining
from mobile_app.services.journal import Journal
from mobile_app.services.membership import Membership
from mobile_app.services.outgoing import Outgoing
from mobile_app.services.people import People
from mobile_app.services.receipts import Receipts
from mobile_app.services.roster_service import FORK, RosterService
from mobile_app.services.sync import Sync
from mobile_app.services.visits import Visits

__all__ = ["AppError", "Client", "GateState", "Ports", "Timing", "Update", "build_client"]


class Update:
    """A new version of the app. `applier`: set by main; makes the new version take over."""

    def __init__(self) -> None:
        self.version: str | None = None
        self.applier: Callable[[], None] | None = None

    def apply(self) -> None:
        """Let the offered version take over. Nothing happens while none is offered."""
        if self.version is not None and self.applier is not None:
            self.applier()


class HostActions:
    """The surface around the app, for views."""

    def __init__(self, ports: Ports) -> None:
        self._host = ports.host

    def copy(self, text: str) -> None:
        """To the clipboard."""
        self._host.copy(text)

    def share(self, title: str, text: str) -> None:
        """Offer to other apps."""
        self._host.share(title, text)

    def open_link(self, url: str) -> None:
        """Open tel:, sms: or an address of our own origin."""
        self._host.open_link(url)

    def print_text(self, title: str, lines: list[str]) -> None:
        """Print plain text."""
        self._host.print_text(title, lines)

    def local_offset(self, at: int) -> int:
        """Minutes that local time is ahead of UTC at `at` (ms)."""
        return self._host.local_offset(at)


class Client:
    """One device's client. Queries answer from memory; actions are asynchronous and raise AppError."""

    def __init__(self, ports: Ports, timing: Timing) -> None:
        core = Core(ports, timing)
        self._core = core
        self._roster = RosterService(core)
        self._journal = Journal(core, self._roster)
        self._outgoing = Outgoing(core, self._journal)
        self.people = People(core, self._roster, self._journal)
        receipts = Receipts(self._journal, self.people, self._outgoing)
        self.visits = Visits(core, self._journal, self.people, receipts)
        self.alarms = Alarms(core, self._roster, self._journal, self.people, self.visits)
        self.incidents = Incidents(core, self._journal, self.people, receipts, self.visits, self.alarms)
        self.sync = Sync(core, self._roster, self._journal, self._outgoing, self.alarms)
        self._provisioning = AlarmProvisioning(core, self._roster, self.people, self.visits)
        self.gate = Gate(core, self._opened, self._closing)
        membership = Membership(core, self._roster, self.gate, self._joined)
        self.founding = Founding(core, self._roster, membership)
        self.joining = Joining(core, self._roster, membership)
        self.inviting = Inviting(core, self._roster, self.people)
        self.host = HostActions(ports)
        self.update = Update()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()
        core.wake = self._stir
        core.alarm_in_step = self._alarm_in_step
        core.queued = self._outgoing.add
        self.sync.after = self._in_step

    def clock(self) -> int:
        """Device clock, ms."""
        return self._core.now()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back, without arguments, after anything a view may show has changed. Returns how to stop."""
        return self._core.subscribe(callback)

    def host_event(self, name: str, value: dict[str, Any]) -> None:
        """What the surface around tells: nudge, outbox, alarm, online, update, visible, free (docs/architecture.md)."""
        if name == "update":
            self.update.version = str(value.get("version") or "") or None
            self._core.changed()
        elif name == "outbox":
            self._soon(self._look_at_outbox)
        elif name == "alarm":
            self._soon(self._look_at_alarms)
        elif name == "free":
            self._soon(self.gate.start, GateState.ELSEWHERE)
        elif (
            name == "nudge"
            or (name == "online" and value.get("online"))
            or (name == "visible" and value.get("visible"))
        ):
            self.sync.wake()

    async def run(self) -> None:
        """Sync and lock by itself in the background until `stop`."""
        self._ended.clear()
        loops = [
            asyncio.ensure_future(self.sync.loop(lambda: self.gate.state is GateState.OPEN)),
            asyncio.ensure_future(self.gate.watch()),
        ]
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait([*loops, ended], return_when=asyncio.FIRST_COMPLETED)
            for loop in loops:
                if loop.done() and not loop.cancelled():
                    loop.result()  # a loop never ends by itself: this raises what went wrong
        finally:
            for task in [*loops, ended, *self._tasks]:
                task.cancel()
            await asyncio.gather(*loops, ended, *self._tasks, return_exceptions=True)
            await self.sync.rest()

    async def stop(self) -> None:
        """End `run`."""
        self._ended.set()

    def _soon(self, work: Callable[[], Awaitable[None]], state: GateState = GateState.OPEN) -> None:
        """Do `work` in the background if the gate is in `state` by then; what fails is tried again: by the next round, or by hand."""

        async def guarded() -> None:
            with suppress(AppError):
                if self.gate.state is state:
                    await work()

        task = asyncio.ensure_future(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _stir(self) -> None:
        """Something was written here: the outbox has to be looked at, and a round made."""
        self._soon(self._look_at_outbox)
        self.sync.wake()

    async def _look_at_outbox(self) -> None:
        if await self._outgoing.look() and not self.sync.status.reachable:
            self.sync.wake()  # somebody else got through: the server is there again

    async def _look_at_alarms(self) -> None:
        await self._look_at_outbox()  # it waits to be sent from the moment it is shown
        await self.alarms.look()

    async def _alarm_in_step(self) -> None:
        with suppress(AppError):
            await self._provisioning.update()

    async def _opened(self) -> None:
        self._roster.load()
        self._journal.load()
        with suppress(
            AppError
        ):  # the server may have accepted this device without its answer having come through
            await self.founding.resume()
            await self.joining.resume()
        if self._core.identity is not None and self._core.identity.is_member:
            with suppress(AppError):  # what was kept for a newer app may be readable now
                await self._journal.retry_kept()
            with suppress(AppError):
                await self._outgoing.look()
                await self.alarms.look()
                await self._provisioning.update()
        self.sync.wake()

    async def _closing(self) -> None:
        self._journal.forget()
        self._roster.forget()
        self._outgoing.forget()
        self._provisioning.forget()
        self.alarms.forget()
        await self.sync.rest()

    async def _joined(self) -> None:
        self._journal.load()
        await self._provisioning.update()
        await self.people.announce()
        self.sync.wake()

    async def _in_step(self) -> None:
        """After a round: the alarm page gets whatever has changed, first of all, and newcomers my name."""
        await self._provisioning.update()
        if self._core.identity is not None and self._core.identity.trouble != FORK:
            await self.people.announce()


def build_client(ports: Ports, timing: Timing | None = None) -> Client:
    """The client on these ports."""
    return Client(ports, timing or Timing())
