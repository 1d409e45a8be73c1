"""Port `Host` without a screen: what would be shown or handed to other apps is kept for whoever looks."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Oslo")


def system_clock() -> int:
    """The machine's clock, ms since 1970."""
    return time.time_ns() // 1_000_000


class NativeHost:
    """`handed`: what was copied, shared, opened and printed, as (action, text) in order. `marks`: names with their times."""

    def __init__(self, clock: Callable[[], int] = system_clock) -> None:
        self._clock = clock
        self.handed: list[tuple[str, str]] = []
        self.marks: list[tuple[str, int]] = []

    def now(self) -> int:
        """See `Host.now`."""
        return self._clock()

    def local_offset(self, at: int) -> int:
        """See `Host.local_offset`."""
        offset = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZONE).utcoffset()
        return 0 if offset is None else int(offset.total_seconds() // 60)

    def copy(self, text: str) -> None:
        """See `Host.copy`."""
        self.handed.append(("copy", text))

    def share(self, title: str, text: str) -> None:
        """See `Host.share`."""
        self.handed.append(("share", f"{title}\n{text}"))

    def open_link(self, url: str) -> None:
        """See `Host.open_link`."""
        self.handed.append(("open", url))

    def print_text(self, title: str, lines: list[str]) -> None:
        """See `Host.print_text`."""
        self.handed.append(("print", "\n".join([title, *lines])))

    def mark(self, name: str) -> None:
        """See `Host.mark`."""
        self.marks.append((name, self._clock()))

    async def persist(self) -> bool:
        """See `Host.persist`; files stay until somebody deletes them."""
        return True
