"""Port `Net` on fetch and EventSource."""

import json
from collections.abc import Callable

from mobile_app.adapters.browser.bridge import TryggNet, ask
from mobile_app.adapters.browser.events import HostEvents
from mobile_app.ports import Reply


class BrowserNet:
    """`origin`: of the page, which is the server's."""

    def __init__(self, trygg: TryggNet, events: HostEvents, origin: str) -> None:
        self._trygg = trygg
        self._events = events
        self._origin = origin
        self._stop_nudges: Callable[[], None] = lambda: None

    async def send(self, method: str, path: str, body: str | None = None, timeout: float = 10) -> Reply:
        """See `Net.send`."""
        return Reply(**json.loads(await ask(self._trygg.send(method, path, body, int(timeout * 1000)))))

    async def signed(
        self, method: str, path: str, body: str | None = None, request_id: str = "", timeout: float = 10
    ) -> Reply:
        """See `Net.signed`."""
        answer = await ask(self._trygg.signed(method, path, body, request_id, int(timeout * 1000)))
        return Reply(**json.loads(answer))

    async def listen(self, unit: str, on_nudge: Callable[[], None]) -> None:
        """See `Net.listen`."""
        self._stop_nudges()
        self._stop_nudges = self._events.on("nudge", lambda _: on_nudge())
        await ask(self._trygg.listen(unit))

    async def hush(self) -> None:
        """See `Net.hush`."""
        self._stop_nudges()
        await ask(self._trygg.hush())

    def origin(self) -> str:
        """See `Net.origin`."""
        return self._origin
