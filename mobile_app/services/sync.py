"""Sends what waits, fetches what came, and says truly how far both have got."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum

from mobile_app.domain.facts import text
from mobile_app.ports import OutboxState, PortError
from mobile_app.services.alarms import Alarms
from mobile_app.services.core import Core
from mobile_app.services.errors import AppError, app_error
from mobile_app.services.identity import SyncPoint, read_sync_point
from mobile_app.services.journal import Journal
from mobile_app.services.outgoing import Outgoing
from mobile_app.services.roster_service import RosterService
from mobile_app.services.store import EVENTS, STATEMENTS
from protocol.errors import ErrorCode

POLL_SECONDS = 60.0
"""Between rounds while the server answers; nudges come in between."""
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0)
"""Longest wait after each failed round in a row; the real one is a random part of it, so that phones don't come all at once."""
UNREACHABLE = frozenset(
    {"offline", "timeout", "not_trygg", "internal", "overloaded", "rate_limited", "storage_full"}
)
LOUD = frozenset(
    {
        ErrorCode.DEVICE_REMOVED,
        ErrorCode.DEVICE_UNKNOWN,
        ErrorCode.WRONG_SERVER,
        ErrorCode.WRONG_UNIT,
        ErrorCode.UNIT_UNKNOWN,
    }
)
"""What the server says of this device itself: everybody in front of it has to know."""
BEHIND = frozenset({ErrorCode.ROSTER_INVALID, ErrorCode.UPDATE_NEEDED})
"""Why a roster can't be followed: what is sealed meanwhile goes by an older one."""


_LOG = logging.getLogger(__name__)


class UnsentState(StrEnum):
    """`QUEUED`: goes by itself. `PARKED`: refused for good; waits for the person."""

    QUEUED = "queued"
    PARKED = "parked"


@dataclass(frozen=True)
class SyncStatus:
    """`reachable`: did the last try get an answer; None = not tried yet. `last_confirmed`: device clock, ms, 0 = never.

    `trouble`: code of something everybody must be told (roster_fork, roster_rollback, device_removed, wrong_server), else empty.
    `unsaved`: a change that the device could not store yet. `damaged`: rows the device could not read. `refused`: things
    received that could not be used.
    """

    reachable: bool | None = None
    unsent: int = 0
    parked: int = 0
    last_confirmed: int = 0
    trouble: str = ""
    unsaved: bool = False
    damaged: int = 0
    refused: int = 0


@dataclass(frozen=True)
class UnsentItem:
    """Something that has not left the device. `label_key`: message key unsent.<kind>; `label_args`: e.g. place."""

    id: str
    label_key: str
    label_args: dict[str, str] = field(default_factory=dict)
    saved_at: int = 0
    state: UnsentState = UnsentState.QUEUED
    error: str = ""


class Sync:
    """One round at a time: flush, receipts, feed, acknowledgements. `after`: what follows when something new has come."""

    def __init__(
        self, core: Core, roster: RosterService, journal: Journal, outgoing: Outgoing, alarms: Alarms
    ) -> None:
        self._core = core
        self._roster = roster
        self._journal = journal
        self._outgoing = outgoing
        self._alarms = alarms
        self._lock = asyncio.Lock()
        self._woken = asyncio.Event()
        self._reachable: bool | None = None
        self._confirmed = 0
        self._failures = 0
        self._listening: asyncio.Task[None] | None = None
        self.after: Callable[[], Awaitable[None]] | None = None

    # --- what is shown ---------------------------------------------------------------------------------------

    @property
    def status(self) -> SyncStatus:
        """How it stands."""
        rows = self._outgoing.rows
        identity = self._core.identity
        return SyncStatus(
            reachable=self._reachable,
            unsent=len(rows),
            parked=sum(1 for row in rows if row.state is OutboxState.PARKED),
            last_confirmed=self._confirmed or read_sync_point(self._core.store).confirmed,
            trouble=identity.trouble if identity else "",
            unsaved=self._core.store.unsaved,
            damaged=self._core.store.damaged,
            refused=self._journal.refused,
        )

    @property
    def update_needed(self) -> bool:
        """Whether something newer than this app has come; it is kept until the app is updated."""
        return self._journal.update_needed

    def items(self) -> list[UnsentItem]:
        """What has not left the device, what needs the person first, then the oldest."""
        items = []
        for row in self._outgoing.rows:
            event, statement = self._core.store.get(EVENTS, row.id), self._core.store.get(STATEMENTS, row.id)
            kind = (
                event["kind"] if event else "statement" if statement or row.type == "statement" else "alarm"
            )
            place = ""
            if event is not None:
                bodies = [event["body"]] + [fact.body for fact in self._journal.facts(event["case"])]
                place = next((text(body, "place") for body in bodies if text(body, "place")), "")
            state = UnsentState.PARKED if row.state is OutboxState.PARKED else UnsentState.QUEUED
            items.append(
                UnsentItem(
                    row.id, f"unsent.{kind}", {"place": place} if place else {}, row.created, state, row.error
                )
            )
        return sorted(items, key=lambda item: item.state is not UnsentState.PARKED)

    async def retry(self, item: str) -> None:
        """Try a parked thing again. Raises AppError."""
        try:
            await self._core.ports.outbox.retry(item)
        except PortError as error:
            raise app_error(error) from error
        await self._outgoing.look()
        self.wake()

    async def discard(self, item: str) -> None:
        """Give up sending a parked thing; what was written stays on this device. Raises AppError."""
        try:
            await self._core.ports.outbox.discard(item)
        except PortError as error:
            raise app_error(error) from error
        await self._journal.drop(item)
        await self._outgoing.look()

    # --- rounds ----------------------------------------------------------------------------------------------

    async def now(self) -> None:
        """Send and fetch now. Raises AppError when the server was not reached or said no."""
        async with self._lock:
            try:
                await self._round()
            except AppError as error:
                # Saying no is an answer too: only silence, or somebody else's answer, is being out of reach.
                self._failures += 1
                self._set_reachable(error.code not in UNREACHABLE)
                if error.code in LOUD:
                    await self._core.tell_trouble(error.code)
                raise
            self._failures = 0
            self._set_reachable(True)

    def _set_reachable(self, reachable: bool) -> None:
        if self._reachable != reachable:
            self._reachable = reachable
            self._core.changed()

    async def _round(self) -> None:
        await self._core.store.settle()
        await self._outgoing.flush()
        behind = await self._pull()
        self._keep_listening()
        await self._alarms.look()
        await self._with_session(self._alarms.fetch_statements)
        if self.after is not None:
            await self.after()
        if behind is not None:
            raise behind

    async def _with_session(self, ask: Callable[[], Awaitable[object]]) -> None:
        try:
            await ask()
        except AppError as error:
            if error.code != ErrorCode.SESSION_NEEDED:
                raise
            await self._open_session()
            await ask()

    async def _open_session(self) -> None:
        identity = self._core.me()
        try:
            await self._core.api.open_session(identity.unit, identity.device)
        except AppError as error:
            if error.code != ErrorCode.DEVICE_UNKNOWN:
                raise
            # A backup from before this device joined was put back: the versions since then are here, each signed by itself.
            await self._roster.give_back(0)
            await self._core.api.open_session(identity.unit, identity.device)
        await self._stop_listening()  # what listened with the session before is refused from now on
        self._keep_listening()

    def _keep_listening(self) -> None:
        """Listen, if nobody does: a session outlives a restart and a lock, so its opening alone can't say when to begin."""
        if self._listening is None:
            self._listening = asyncio.ensure_future(self._listen(self._core.me().unit))

    async def _listen(self, unit: str) -> None:
        with suppress(PortError):  # rounds come without nudges too, only later
            await self._core.ports.net.listen(unit, self.wake)

    async def _stop_listening(self) -> None:
        if self._listening is not None:
            task, self._listening = self._listening, None
            with suppress(PortError):
                await self._core.ports.net.hush()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _pull(self) -> AppError | None:
        """Fetch all there is. Returns why the roster could not be brought up to date, if it could not."""
        more, behind = True, None
        while more:
            more, problem = await self._page()
            behind = problem or behind
        point = read_sync_point(self._core.store)
        if point.requeue:
            again = await self._journal.queue_again(
                replace(point, requeue=False), {row.id for row in self._outgoing.rows}
            )
            if again:
                await self._outgoing.flush()
        if behind is None:
            self._confirmed = self._core.now()
        await self._tell_of_roster(behind)
        return behind

    async def _tell_of_roster(self, behind: AppError | None) -> None:
        """A roster that can't be followed is shown until it can; a fork or an older one is the bigger news and stays."""
        told = self.status.trouble
        code = behind.code if behind is not None and behind.code in BEHIND else ""
        if (code and not told) or (behind is None and told in BEHIND):
            await self._core.tell_trouble(code)

    async def _page(self) -> tuple[bool, AppError | None]:
        """Fetch one page and store what it brings together with the point after it.

        Returns whether there is more, and why the roster could not be brought up to date.
        """
        identity, point = self._core.me(), read_sync_point(self._core.store)
        pages = []

        async def ask() -> None:
            pages.append(await self._core.api.feed(identity.unit, point.cursor))

        try:
            await self._with_session(ask)
        except AppError as error:
            if error.code == ErrorCode.EPOCH_CHANGED:
                await self._server_restored()
                return True, None
            if error.code == ErrorCode.CURSOR_INVALID and point.cursor:
                # The server no longer knows its own cursor: reading all again is harmless, since every thing has an id.
                await self._journal.take_in((), replace(point, cursor=""))
                return True, None
            raise
        page = pages[0]
        if point.epoch and page.epoch != point.epoch:
            await self._server_restored()
            return True, None
        advanced, behind = False, None

        async def hold() -> None:
            nonlocal advanced
            advanced = await self._roster.hold(page.roster)

        try:
            await self._with_session(hold)
        except AppError as error:
            # Whatever is wrong with the roster, the feed goes on: an alarm may be in it, and each event is checked by our own
            # roster. A fork or an older one is loud by now; of the rest the round tells when it is through.
            if error.code not in (ErrorCode.ROSTER_FORK, ErrorCode.ROSTER_ROLLBACK):
                behind = error
        moved = page.cursor != point.cursor or page.epoch != point.epoch
        confirmed = self._core.now() if moved and behind is None else point.confirmed
        await self._journal.take_in(
            page.entries, SyncPoint(page.cursor, page.epoch, point.requeue, confirmed)
        )
        if advanced:
            await self._journal.retry_kept()
        return page.more, behind

    async def _server_restored(self) -> None:
        """The server came back from a backup: read its feed from the start, then give it back what it has lost."""
        info = await self._core.api.server()
        identity = self._core.me()
        if info.server != identity.server:
            raise AppError(str(ErrorCode.WRONG_SERVER))

        async def give_back() -> None:
            height = (await self._core.api.roster(identity.unit, -1)).height
            if height < self._roster.current().height:
                await self._roster.give_back(height)

        try:
            await self._with_session(give_back)
        except AppError as error:
            if error.code in UNREACHABLE:
                raise
            # What the roster can't get back is told by the check of its head.
        point = read_sync_point(self._core.store)
        await self._journal.take_in((), SyncPoint("", info.epoch, True, point.confirmed))

    # --- in the background -----------------------------------------------------------------------------------

    def wake(self) -> None:
        """Make the background loop go round at once."""
        self._woken.set()

    async def loop(self, may_pull: Callable[[], bool]) -> None:
        """Go round until cancelled. While `may_pull` says no (locked), only what is sealed already is sent."""
        while True:
            self._woken.clear()
            wait = POLL_SECONDS
            try:
                if may_pull():
                    await self.now()
                else:
                    await self._core.ports.outbox.flush()
            except AppError as error:
                longest = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS)) - 1]
                wait = max(error.wait, longest * (0.5 + self._core.timing.jitter() / 2))
            except Exception:  # noqa: BLE001 # a mistake of ours in one round must not end all of them: alarms come in here
                _LOG.exception("a round of sync failed")
                wait = RETRY_SECONDS[-1]
            await self._sleep(wait)

    async def _sleep(self, seconds: float) -> None:
        """Until `seconds` have passed or somebody wakes the loop."""
        sleeper = asyncio.ensure_future(self._core.timing.sleep(seconds))
        woken = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait({sleeper, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sleeper, woken):
                task.cancel()
            await asyncio.gather(sleeper, woken, return_exceptions=True)

    async def rest(self) -> None:
        """Close the live stream: the vault is locked or the app ends."""
        await self._stop_listening()
        self._reachable, self._failures = None, 0
