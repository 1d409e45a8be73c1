"""The server's app called directly, without a socket: its own event loop, a clock that tests move, a log to read."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sync_server.app import build_app
from sync_server.app.pressure import Pressure
from sync_server.app.services import Services, build_services
from sync_server.app.settings import Settings
from sync_server.setup_links import new_setup_link
from sync_server.store.sqlite import SqliteStore

T = TypeVar("T")
START = 1_800_000_000_000
PLENTY = 10**12


@dataclass
class Reply:
    """An answer that is whole."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode()

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.content)


@dataclass
class Clocks:
    """Server time (ms), the steady clock of the rate limits (s), and free disk (bytes)."""

    now: int = START
    steady: float = 0.0
    free: int = PLENTY


@dataclass
class InProcess:
    """A server without a network. `wire` is what tests/support/server_client.py speaks through."""

    services: Services
    runner: asyncio.Runner
    clocks: Clocks
    log: io.StringIO
    store: SqliteStore
    address: str = "198.51.100.7"
    app: Any = field(init=False)

    def __post_init__(self) -> None:
        self.app = build_app(self.services, self.log)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run on the server's loop."""
        return self.runner.run(coroutine)

    def token(self) -> str:
        """A fresh set-up token."""
        return self.run(new_setup_link(self.store, "", printed=False)).partition("#")[2]

    def wire(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        """Send one request and wait for its whole answer."""
        return self.run(self.ask(method, path, [(body or "").encode()], headers or {}))

    async def ask(
        self, method: str, path: str, chunks: list[bytes], headers: dict[str, str] | None = None
    ) -> Reply:
        """The same on the loop; `chunks` come one by one, as a streamed body does."""
        target, _, query = path.partition("?")
        waiting = [
            {"type": "http.request", "body": chunk, "more_body": at + 1 < len(chunks)}
            for at, chunk in enumerate(chunks)
        ]
        gone = asyncio.Event()
        sent: list[Any] = []

        async def receive() -> Any:
            if waiting:
                return waiting.pop(0)
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(self.scope(method, target, query, headers or {}), receive, send)
        start = sent[0]
        return Reply(
            start["status"],
            {name.decode().lower(): value.decode() for name, value in start["headers"]},
            b"".join(message.get("body", b"") for message in sent[1:]),
        )

    def scope(self, method: str, path: str, query: str, headers: dict[str, str]) -> dict[str, Any]:
        """What uvicorn would hand over."""
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": (self.address, 4711),
            "server": ("127.0.0.1", 80),
        }


@contextmanager
def in_process(
    folder: Path,
    *,
    rate: int = 0,
    web: Path | None = None,
    before_commit: Callable[[], None] | None = None,
    **settings: Any,
) -> Iterator[InProcess]:
    """A server on `folder`, closed at the end."""
    clocks = Clocks()
    chosen = Settings(data=folder, web=web or folder / "web", rate=rate, **settings)
    pressure = Pressure(
        folder=folder,
        rate=rate,
        disk_reserve=chosen.disk_reserve,
        clock=lambda: clocks.steady,
        free=lambda _: clocks.free,
    )
    with asyncio.Runner() as runner:
        store = SqliteStore(folder, clock=lambda: clocks.now, before_commit=before_commit)
        try:
            services = runner.run(build_services(chosen, store, lambda: clocks.now, pressure))
            yield InProcess(services, runner, clocks, io.StringIO(), store)
        finally:
            runner.run(store.close())
