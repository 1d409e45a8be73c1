"""The live stream as an answer: server-sent events that say only that there is something to pull."""

import asyncio

from starlette.types import Receive, Scope, Send

from sync_server.app.route import Call
from sync_server.notify.live import Stream

_NUDGE = b"event: nudge\ndata: {}\n\n"
_HEARTBEAT = b": still here\n\n"
_RECONNECT = b"retry: 2000\n\n"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # nginx holds back what it proxies unless it is told not to.
    (b"x-accel-buffering", b"no"),
]


class LiveAnswer:
    """Holds the connection open until the client leaves, the session ends, the device is removed, or the server stops.

    `until`: when the session ends, ms; a signed request lasts as long as a session begun now.
    """

    def __init__(self, call: Call, until: int) -> None:
        self._call = call
        self._until = until

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        live, caller = self._call.services.live, self._call.caller
        stream = live.open(caller.unit.id, caller.device)
        gone = asyncio.create_task(_wait_for_disconnect(receive, stream))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            # What came while nobody listened is pulled at once.
            await send({"type": "http.response.body", "body": _RECONNECT + _NUDGE, "more_body": True})
            while not stream.ended and self._call.services.clock() < self._until:
                nudged = await stream.wait(self._call.services.settings.heartbeat)
                if not stream.ended:
                    chunk = _NUDGE if nudged else _HEARTBEAT
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            live.close(caller.unit.id, caller.device, stream)


async def _wait_for_disconnect(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()
