"""A server to be measured, in a process of its own: `python -m tests.bench.server_subject KIND DATA PORT`.

KIND is `server` (the real one), `unverified` (the real one, with request signatures taken on trust) or `floor` (Starlette and
SQLite alone, doing the least that keeps an event exactly once and on disk). Each line on standard input is answered with the
CPU seconds the process has used; the end of standard input ends it.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import threading
import time
from pathlib import Path
from typing import Any


def tell() -> None:
    """Answer questions about CPU time until standard input ends."""
    for _ in sys.stdin:
        print(f"cpu {time.process_time()}", flush=True)
    os._exit(0)


class FloorWriter:
    """One thread; everything that waits is committed in one transaction, flushed to disk."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS feed (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, "
            "at INTEGER NOT NULL, body BLOB NOT NULL)"
        )
        self.waiting: list[tuple[str, bytes, asyncio.Future[bool]]] = []
        self.changed = threading.Condition()
        threading.Thread(target=self.run, daemon=True).start()

    def add(self, identifier: str, body: bytes) -> asyncio.Future[bool]:
        """Queue one; the future comes when it is on disk."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        with self.changed:
            self.waiting.append((identifier, body, future))
            self.changed.notify()
        return future

    def run(self) -> None:
        """Commit groups for ever."""
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.waiting)
                group, self.waiting = self.waiting, []
            self.db.execute("BEGIN IMMEDIATE")
            done = []
            for identifier, body, future in group:
                row = "INSERT INTO feed (id, at, body) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING"
                cursor = self.db.execute(row, (identifier, time.time_ns(), body))
                done.append((future, cursor.rowcount == 1))
            self.db.execute("COMMIT")
            group[0][2].get_loop().call_soon_threadsafe(self.settle, done)

    @staticmethod
    def settle(done: list[tuple[asyncio.Future[bool], bool]]) -> None:
        """Wake the callers of one group."""
        for future, result in done:
            future.set_result(result)


def floor(data: Path, port: int) -> None:
    """Serve the floor."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    writer = FloorWriter(data / "floor.db")

    async def events(request: Request) -> JSONResponse:
        (event,) = (await request.json())["events"]
        new = await writer.add(event["id"], event["envelope"].encode())
        return JSONResponse({"results": [{"id": event["id"], "status": "accepted" if new else "duplicate"}]})

    app = Starlette(routes=[Route("/api/v1/units/{unit}/events", events, methods=["POST"])])

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            print("Ready", flush=True)

    config = uvicorn.Config(app, port=port, access_log=False, log_level="warning", lifespan="off", ws="none")
    Server(config).run()


def main() -> None:
    """Start what was asked for."""
    kind, data, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    threading.Thread(target=tell, daemon=True).start()
    if kind == "floor":
        floor(data, port)
        return
    if kind == "unverified":
        from sync_server.devices import requests

        vars(requests)["verify_peeked"] = lambda *_: True
    from sync_server.cli import main as serve

    serve(["serve", "--data", str(data), "--port", str(port), "--rate", "0"])


if __name__ == "__main__":
    main()
