"""One SQLite file with strict durability, used from coroutines."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mobile_app.ports import PortError

T = TypeVar("T")


def _as_port_error(error: sqlite3.Error) -> PortError:
    full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return PortError("quota_full" if full else "storage_failed", type(error).__name__)


class Database:
    """A file and its schema. Opened at first use; every piece of work is one transaction that is on disk when it returns.

    After `close` it refuses all work, so that a thread that is still on its way can't write behind a successor's back.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._schema = schema
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in one transaction, in a thread. Raises PortError: quota_full, storage_failed; then nothing was changed."""
        return await asyncio.to_thread(self._run, work)

    def close(self) -> None:
        """Close the file for good."""
        with self._lock:
            self._closed = True
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock:
            if self._closed:
                raise PortError("storage_failed", "closed")
            try:
                connection = self._open()
                connection.execute("BEGIN IMMEDIATE")
                try:
                    result = work(connection)
                    connection.execute("COMMIT")
                except BaseException:
                    # SQLite has rolled back by itself after some errors, a full disk among them.
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise _as_port_error(error) from error
            return result

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            # The lock above serialises what the worker threads do.
            connection = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False, timeout=10
            )
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            # In WAL mode only FULL waits for the disk at each commit.
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(self._schema)
            self._connection = connection
        return self._connection
