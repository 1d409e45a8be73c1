"""Live nudges to devices that hold an event stream open. Kept in memory alone: a missed one costs a pull at reconnecting."""

import asyncio
from collections.abc import Iterable

STREAMS_PER_DEVICE = 4
"""A device's oldest stream is ended when it opens one more (tabs that were never closed)."""


class Stream:
    """One open event stream. Nudges that come while one waits to be sent are one."""

    def __init__(self) -> None:
        self._wake = asyncio.Event()
        self.ended = False

    def nudge(self) -> None:
        """Wake it."""
        self._wake.set()

    def end(self) -> None:
        """Make it end; its client opens another if it still needs one."""
        self.ended = True
        self._wake.set()

    async def wait(self, seconds: float) -> bool:
        """Whether a nudge came within `seconds`. An ended stream answers at once."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        self._wake.clear()
        return not self.ended


class Live:
    """All open streams, by unit and device."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, str], list[Stream]] = {}
        self._closed = False

    def open(self, unit: str, device: str) -> Stream:
        """A new stream for a device; give it back with `close`."""
        stream = Stream()
        streams = self._streams.setdefault((unit, device), [])
        while len(streams) >= STREAMS_PER_DEVICE:
            streams.pop(0).end()
        streams.append(stream)
        if self._closed:
            stream.end()
        return stream

    def close(self, unit: str, device: str, stream: Stream) -> None:
        """Forget a stream."""
        streams = self._streams.get((unit, device), [])
        if stream in streams:
            streams.remove(stream)
        if not streams:
            self._streams.pop((unit, device), None)

    def nudge(self, unit: str, devices: Iterable[str]) -> None:
        """Wake these devices of a unit."""
        for device in devices:
            for stream in self._streams.get((unit, device), ()):
                stream.nudge()

    def end_device(self, unit: str, device: str) -> None:
        """End a device's streams: it was removed."""
        for stream in self._streams.get((unit, device), ()):
            stream.end()

    def end_all(self) -> None:
        """End every stream, also those opened from now on: the server stops."""
        self._closed = True
        for streams in self._streams.values():
            for stream in streams:
                stream.end()

    def __len__(self) -> int:
        return sum(len(streams) for streams in self._streams.values())
