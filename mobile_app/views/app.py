"""One running app: the client, where the person is, what the screen measures. Screens get it as their first argument."""

import asyncio
import contextvars
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import flet as ft

from mobile_app.services.client import Client
from mobile_app.services.errors import AppError
from mobile_app.services.gate import GateState
from mobile_app.views import router
from mobile_app.views.messages import Times, has, t
from mobile_app.views.metrics import Metrics
from mobile_app.views.surface import Surface

TICK_SECONDS = 5.0
TYPING_PAUSE_SECONDS = 0.4


@dataclass(frozen=True)
class Outside:
    """What is known without the vault: names and numbers the alarm goes to, and when a visit is to end (ms, 0 = none)."""

    contacts: tuple[tuple[str, str], ...] = ()
    visit_until: int = 0


@ft.observable
@dataclass
class Beat:
    """Counts redraws; a component that is given it draws itself again when it moves."""

    count: int = 0


class App:
    """Holds what screens share. Everything that changes ends in `redraw`."""

    def __init__(self, page: ft.Page, client: Client, surface: Surface, *, version: str = "") -> None:
        self.page = page
        self.client = client
        self.surface = surface
        self.beat = Beat()
        self.path = (page.route or "/").partition("?")[0]
        self.metrics = Metrics(page.width or 412, page.height or 915)
        self.error = ""
        self.busy = False
        self.held_off = 0
        """Seconds the vault still makes us wait after a wrong passphrase."""
        self.typing = False
        self.seen_alarms: set[str] = set()
        self.update_put_off = False
        self.hints_closed: set[str] = set()
        self.link = ""
        self.token = ""
        self.version = version
        self.started = False
        self.visible = True
        self.outside = Outside()
        self._locked = False
        self.done = ""
        self._context = contextvars.copy_context()
        self._loop = asyncio.get_running_loop()
        self._redraw_due = False
        self._announced: list[str] = []
        self._layer = ""
        self._title = ""
        page.data = self.metrics

    # where

    def go(self, path: str) -> None:
        """Show another address and put it in the browser's history."""
        self.client.gate.touch()
        self.error = self.done = ""
        if path == self.path:
            self.redraw()
            return
        self.path = path
        self.typing = False
        self.redraw()
        self.announce(path)

    def announce(self, path: str) -> None:
        """Tell the browser where we are. It answers with the address, which is then no news."""
        self._announced.append(path)
        self._loop.call_soon(lambda: self.page.navigate(path), context=self._context)

    def to(self, path: str) -> Callable[[Any], None]:
        """A handler that goes there."""
        return lambda _: self.go(path)

    def moved(self, path: str) -> None:
        """The browser says that the address is another, for example after its own back button."""
        path = path.partition("?")[0]
        if path in self._announced:
            # An answer may come late, when the person is already further on.
            del self._announced[: self._announced.index(path) + 1]
            return
        if path != self.path:
            self.error = ""
            self.path = path
            self.redraw()

    @property
    def route(self) -> router.Route:
        """The screen of the address."""
        return router.match(self.path)

    # what

    @property
    def roles(self) -> frozenset[str]:
        """Roles of the person; none before joining."""
        return frozenset(self.client.people.me.roles)

    @property
    def times(self) -> Times:
        """Writes times as seen from now."""
        now = self.client.clock()
        return Times(now, self.client.host.local_offset(now))

    # doing

    def act(self, work: Callable[[], Awaitable[Any]]) -> Callable[[Any], Awaitable[None]]:
        """A handler that runs `work` once at a time and shows its error in words."""

        async def run(_: Any = None) -> None:
            await self.do(work)

        return run

    async def do(self, work: Callable[[], Awaitable[Any]]) -> bool:
        """Run `work`; True when it worked. A second tap while it runs does nothing."""
        if self.busy:
            return False
        self.client.gate.touch()
        self.busy = True
        self.error = ""
        self.redraw()
        try:
            await work()
        except AppError as problem:
            self.error = self.words_of(problem)
            if problem.code == "wrong_passphrase" and problem.wait > 0:
                self._count_down(self._loop.time() + problem.wait)
            return False
        else:
            return True
        finally:
            self.busy = False
            self.redraw()

    def _count_down(self, end: float) -> None:
        """Count the wait down on the button, where a screen reader does not read out every second. `end`: the loop's clock, s."""
        left = end - self._loop.time()
        self.held_off = max(0, math.ceil(left))
        self.redraw()
        if left > 0:
            self._loop.call_later(min(1.0, left), self._count_down, end, context=self._context)

    def beside(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Do `work` beside whatever else is going on; it outlives the drawing that asked for it. An error is shown."""

        async def run() -> None:
            try:
                await work()
            except AppError as problem:
                self.error = self.words_of(problem)
                self.redraw()

        self.page.run_task(run)

    @staticmethod
    def words_of(problem: AppError) -> str:
        """What to tell the person about an error."""
        return error_words(problem.code)

    def changed(self) -> None:
        """The client says that something has changed. While the person types, drawing waits for a pause."""
        locked = self.client.gate.state is GateState.LOCKED
        if locked and not self._locked:
            self._loop.call_soon(lambda: self.page.run_task(self.look_outside), context=self._context)
        self._locked = locked
        if self.typing and not locked and not self.client.alarms.active():
            if not self._redraw_due:
                self._redraw_due = True
                self._loop.call_later(TYPING_PAUSE_SECONDS, self._draw, context=self._context)
        else:
            self.redraw()

    async def look_outside(self) -> None:
        """Find out what may be shown while locked."""
        self.outside = await self.surface.outside()
        self.redraw()

    def seen_now(self, visible: bool) -> None:
        """Whether the person has the app in front of them."""
        if visible != self.visible:
            self.visible = visible
            self.redraw()

    # drawing

    def redraw(self) -> None:
        """Draw again soon; many calls become one. May be called from anywhere on the loop."""
        if not self._redraw_due:
            self._redraw_due = True
            self._loop.call_soon(self._draw, context=self._context)

    def _draw(self) -> None:
        self._redraw_due = False
        self.beat.count += 1

    def measured(self, **sizes: float) -> None:
        """The screen or the text has another size."""
        metrics = replace(self.metrics, **sizes)
        if metrics != self.metrics:
            self.metrics = metrics
            self.page.data = metrics
            self.redraw()

    def place(self, layer: str, title: str) -> None:
        """Tell the page where its strip lies and what the window is called; only when it has changed."""
        if layer != self._layer:
            self._layer = layer
            self.surface.layer(layer)
        if title != self._title:
            self._title = title
            self.surface.title(title)

    async def tick(self) -> None:
        """Redraw as time passes, for what is shown as time left."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self.client.gate.state is GateState.LOCKED and self.outside.visit_until:
                self.redraw()
            if self.client.gate.state is not GateState.OPEN:
                continue
            if not self.typing and (
                self.client.visits.current() or self.client.alarms.active() or self._out()
            ):
                self.redraw()

    def _out(self) -> bool:
        return router.LEADER in self.roles and bool(self.client.visits.out_now())


def error_words(code: str) -> str:
    """Words for an error code; an unknown one is named, so that it can be told on."""
    key = f"error.{code}"
    return t(f"error.{code}") if has(key) else t("error_unknown", code=code)
