"""The outermost layer: every answer gets its headers, every failure becomes an error answer, every request one log line."""

import sys
import time
import traceback
from pathlib import Path
from typing import Any, TextIO

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from protocol.errors import ErrorCode, ProtocolError
from sync_server.app.answers import error_answer
from sync_server.app.body import Disconnected
from sync_server.store.port import StoreBusy, StoreFull, StoreUnavailable

SERVER_HEADER = "Trygg-Server"

_DEFAULTS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
}
_HSTS = (b"strict-transport-security", b"max-age=31536000")


class Gate:
    """Wraps the app. `server`: this server's id, which tells a captive portal's answer from ours; `log`: where lines go.

    A log line holds method, route template, status and milliseconds: never ids, queries, bodies or addresses.
    """

    def __init__(self, app: ASGIApp, server: str, *, secure: bool, log: TextIO | None = None) -> None:
        self._app = app
        self._log = log
        self._own = [(SERVER_HEADER.lower().encode(), server.encode())] + ([_HSTS] if secure else [])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._with_ours(message.get("headers", []), scope)
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except Disconnected:
            status = status or 499
        except Exception as error:  # noqa: BLE001 - the last place where a failure can still be answered
            if not status:
                await error_answer(self._as_answer(error))(scope, receive, send_on)
            elif not isinstance(error, ProtocolError):
                self._report(error)
        finally:
            self._write(
                {
                    "method": scope["method"],
                    "route": scope.get("trygg.route", "none"),
                    "status": status,
                    "ms": round((time.perf_counter() - begun) * 1000, 1),
                }
            )

    def _with_ours(self, headers: list[tuple[bytes, bytes]], scope: Scope) -> list[tuple[bytes, bytes]]:
        given = {name.lower() for name, _ in headers}
        # The app's files bring a set of their own; an API answer that brings one keeps it and gets the rest.
        defaults = () if scope.get("trygg.route") == "app" and b"etag" in given else _DEFAULTS.items()
        return [*headers, *((name, value) for name, value in defaults if name not in given), *self._own]

    def _as_answer(self, error: Exception) -> ProtocolError:
        if isinstance(error, ProtocolError):
            return error
        if isinstance(error, StoreFull):
            return ProtocolError(ErrorCode.STORAGE_FULL)
        if isinstance(error, StoreBusy):
            return ProtocolError(ErrorCode.OVERLOADED)
        self._report(error)
        return ProtocolError(
            ErrorCode.OVERLOADED if isinstance(error, StoreUnavailable) else ErrorCode.INTERNAL
        )

    def _report(self, error: Exception) -> None:
        # Where it happened, not what it says: the text of an error may hold what was being handled.
        frames = traceback.extract_tb(error.__traceback__)
        where = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-4:]]
        self._write({"error": type(error).__name__, "at": where})

    def _write(self, line: dict[str, Any]) -> None:
        (self._log or sys.stderr).write(msgspec.json.encode(line).decode() + "\n")
