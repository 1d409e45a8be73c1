"""uvicorn's connection, bounded: it waits for the head of a request neither for ever nor for any size of it.

Without that one sender of half requests holds every file handle of the process, or all its memory, and no alarm gets in.
Bodies are bounded where they are read (app/body.py); a connection between two requests by uvicorn itself.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
HEAD_BYTES = 65_536
"""Request line and headers. A signed request has about 1 KB of them."""


class BoundedConnection(HttpToolsProtocol):
    """One connection. It is closed without an answer: who sends no whole head reads none."""

    _waiting: asyncio.TimerHandle | None = None
    _head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A new connection: its first request has to come now."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._has_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes, of a head or of a body."""
        super().data_received(data)
        if self._waiting is not None:
            self._head += len(data)
            if self._head > HEAD_BYTES:
                self._give_up()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        if self._waiting is None:
            self._expect_head()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._has_head()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._head = 0
        self._waiting = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _has_head(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._has_head()
        self.transport.abort()
