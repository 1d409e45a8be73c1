"""Reads on connections of their own: in WAL mode they see the last commit and wait for nobody."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sync_server.store.port import StoreUnavailable
from sync_server.store.sqlite.schema import connect

T = TypeVar("T")

THREADS = 2


class Readers:
    """A few threads, each with a read-only connection."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="store-reader")

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run `query` in one read transaction. Raises StoreUnavailable when the database can't be read."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._query, query)
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(str(error)) from error

    def close(self) -> None:
        """Wait for running queries and close. Blocks."""
        self._pool.shutdown()
        for db in self._all:
            db.close()

    def _query(self, query: Callable[[sqlite3.Connection], T]) -> T:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            db = connect(self._path, read_only=True)
            self._local.db = db
            self._all.append(db)
        # One snapshot for all statements of a query: what they say fits together.
        db.execute("BEGIN")
        try:
            return query(db)
        finally:
            db.execute("COMMIT")
