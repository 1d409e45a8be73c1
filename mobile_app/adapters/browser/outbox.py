"""Port `Outbox`: the one flush in JavaScript that page, worker and service worker share."""

import json

from mobile_app.adapters.browser.bridge import TryggOutbox, ask
from mobile_app.adapters.texts import read_row
from mobile_app.ports import OutboxRow


class BrowserOutbox:
    """What waits in either database of the device."""

    def __init__(self, trygg: TryggOutbox) -> None:
        self._trygg = trygg

    async def rows(self) -> list[OutboxRow]:
        """See `Outbox.rows`."""
        return [read_row(raw) for raw in json.loads(await ask(self._trygg.rows()))]

    async def flush(self) -> int:
        """See `Outbox.flush`."""
        return int(json.loads(await ask(self._trygg.flush()))["left"])

    async def retry(self, row: str) -> None:
        """See `Outbox.retry`."""
        await ask(self._trygg.retry(row))

    async def discard(self, row: str) -> None:
        """See `Outbox.discard`."""
        await ask(self._trygg.discard(row))
