"""A loopback TCP proxy with switches, for faults of the network.

A browser's own network emulation misses what its service worker sends, so faults are made on the wire instead: point
the client at `proxy.url` and turn a switch while it runs.
"""

from __future__ import annotations

import asyncio
import enum
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

from tests.support.loop_thread import LoopThread
from tests.support.waiting import wait_until

CHUNK = 16 * 1024


class Mode(enum.Enum):
    """What happens to bytes, on connections that are open and on those to come."""

    PASS = "pass"
    """Everything goes through."""
    REFUSE = "refuse"
    """The port is closed: connecting fails at once, and open connections are reset."""
    BLACKHOLE = "blackhole"
    """Connecting works and no byte arrives, in either direction."""
    CUT = "cut"
    """A connection is reset once it has sent so many more bytes upwards; those bytes do arrive."""
    DROP_RESPONSE = "drop-response"
    """The request arrives and is answered; the answer is thrown away and the connection reset."""


@dataclass
class Counts:
    """What has passed since the proxy started. Bytes are those really forwarded."""

    connections: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    answers_dropped: int = 0
    cuts: int = 0


class _Link:
    """One client's connection and, once made, the one to the target."""

    def __init__(self, down: asyncio.StreamWriter) -> None:
        self.down = down
        self.up: asyncio.StreamWriter | None = None
        self.sent_since_cut_was_set = 0

    def reset(self) -> None:
        for writer in filter(None, (self.down, self.up)):
            raw = writer.get_extra_info("socket")
            if raw is not None and raw.fileno() >= 0:
                # Linger zero makes close send RST: the peer sees a broken connection, not an orderly end.
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            writer.transport.abort()


class TcpProxy:
    """Forwards a loopback port to another. Use as a context manager."""

    def __init__(self, target_port: int, *, port: int = 0) -> None:
        """`port` 0 takes a free one, which then stays the same through every switch."""
        self.target_port = target_port
        self.port = port
        self.counts = Counts()
        self._mode = Mode.PASS
        self._cut_after = 0
        self._drops_left: int | None = None
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._thread = LoopThread()

    @property
    def url(self) -> str:
        """Where the client is to be pointed."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def mode(self) -> Mode:
        """The switch as it stands."""
        return self._mode

    def __enter__(self) -> Self:
        self._thread.__enter__()
        self._thread.run(self._listen())
        self._open.set()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.run(self._close())
        self._thread.__exit__()

    def passing(self) -> None:
        """Let everything through again; what was held back by `blackhole` goes on its way."""
        self._thread.run(self._switch(Mode.PASS))

    def refuse(self) -> None:
        """Close the port and reset what is open."""
        self._thread.run(self._switch(Mode.REFUSE))

    def blackhole(self) -> None:
        """Hold back every byte from now on, without an error."""
        self._thread.run(self._switch(Mode.BLACKHOLE))

    def cut_after(self, size: int) -> None:
        """Reset each connection once it has sent `size` bytes more."""
        self._cut_after = size
        self._thread.run(self._switch(Mode.CUT))

    def drop_response(self, times: int | None = None) -> None:
        """Throw the next answers away, all of them or so many; then let everything through."""
        self._drops_left = times
        self._thread.run(self._switch(Mode.DROP_RESPONSE))

    def reset_connections(self) -> None:
        """Reset what is open now, as a phone does that changes from one network to another."""
        self._thread.run(self._reset_all())

    def wait_for(self, condition: Callable[[Counts], bool], what: str, *, seconds: float = 10.0) -> None:
        """Wait until the counts say so."""
        wait_until(lambda: condition(self.counts), f"{what} ({self.counts})", seconds=seconds)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _unlisten(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._reset_all()

    async def _close(self) -> None:
        self._open.set()
        await self._unlisten()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _reset_all(self) -> None:
        for link in list(self._links):
            link.reset()

    async def _switch(self, mode: Mode) -> None:
        self._mode = mode
        for link in self._links:
            link.sent_since_cut_was_set = 0
        if mode is Mode.BLACKHOLE:
            self._open.clear()
        else:
            self._open.set()
        if mode is Mode.REFUSE:
            await self._unlisten()
        elif self._server is None:
            await self._listen()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        link = _Link(writer)
        self._links.add(link)
        self.counts.connections += 1
        try:
            await self._open.wait()
            up_reader, link.up = await asyncio.open_connection("127.0.0.1", self.target_port)
            if writer.is_closing():
                return
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, link, self._send_up, link.up))
                both.create_task(self._pump(up_reader, link, self._send_down, writer))
        except* (OSError, asyncio.CancelledError):
            # A reset by either side, or by a switch, is what this proxy is for.
            pass
        finally:
            self._links.discard(link)
            link.reset()
            self._tasks.discard(task)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        link: _Link,
        send: Callable[[_Link, asyncio.StreamWriter, bytes], Awaitable[None]],
        writer: asyncio.StreamWriter,
    ) -> None:
        while data := await reader.read(CHUNK):
            await self._open.wait()
            await send(link, writer, data)
        if writer.can_write_eof() and not writer.is_closing():
            writer.write_eof()

    async def _send_up(self, link: _Link, up: asyncio.StreamWriter, data: bytes) -> None:
        if self._mode is Mode.CUT:
            left = self._cut_after - link.sent_since_cut_was_set
            if len(data) >= left:
                up.write(data[:left])
                await up.drain()
                self.counts.bytes_up += left
                self.counts.cuts += 1
                # The server has to see the first bytes before the break: end the upload in order, then reset the client.
                up.write_eof()
                link.down.transport.abort()
                raise ConnectionResetError("cut by the test")
            link.sent_since_cut_was_set += len(data)
        up.write(data)
        await up.drain()
        self.counts.bytes_up += len(data)

    async def _send_down(self, _link: _Link, down: asyncio.StreamWriter, data: bytes) -> None:
        if self._mode is Mode.DROP_RESPONSE:
            self.counts.answers_dropped += 1
            if self._drops_left is not None:
                self._drops_left -= 1
                if self._drops_left <= 0:
                    self._mode = Mode.PASS
            raise ConnectionResetError("answer dropped by the test")
        down.write(data)
        await down.drain()
        self.counts.bytes_down += len(data)
