"""One writer thread with group commit: everything that waits is committed in one transaction, callers resume after it."""

import asyncio
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from protocol.errors import ProtocolError
from sync_server.store.port import StoreBusy, StoreFull, StoreUnavailable

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

GROUP = 256
"""Most jobs of one transaction, so that the first caller never waits for long."""
LINGER_SECONDS = 0.002
"""While several write at once, a group waits this long for more of them: fewer commits, less work for each event. Somebody who
writes alone never waits."""
WAITING = 2000
"""Most jobs that wait; urgent ones may be as many again."""


@dataclass(frozen=True)
class _Waiting:
    job: Job[Any]
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"


@dataclass(frozen=True)
class _Failed:
    error: Exception


class GroupWriter:
    """Runs jobs on the one writing connection.

    A job gets the connection inside a transaction. A ProtocolError out of a job is an answer and must come before its
    first change; anything else undoes the group, and each job then runs in a transaction of its own, so that one bad job
    harms no other. `rolled_back` is called after each undo, `before_commit` before each commit (for tests).
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        rolled_back: Callable[[], None],
        before_commit: Callable[[], None] | None = None,
    ) -> None:
        self._db = db
        self._rolled_back = rolled_back
        self._before_commit = before_commit
        self._urgent: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether jobs are still being run."""
        return self._thread.is_alive() and not self._closing

    def submit(self, job: Job[T], *, urgent: bool = False) -> "asyncio.Future[T]":
        """Queue a job; the future has its result once that is durable. Raises StoreBusy."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._changed:
            waiting = len(self._urgent) + len(self._others)
            if self._closing or waiting >= (2 * WAITING if urgent else WAITING):
                raise StoreBusy("closing" if self._closing else "too much is waiting")
            (self._urgent if urgent else self._others).append(_Waiting(job, loop, future))
            self._changed.notify()
        return future

    def close(self) -> None:
        """Run what waits, then end. Blocks."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        crowded = False
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._urgent or self._others or self._closing)
            if crowded and not self._urgent:
                time.sleep(LINGER_SECONDS)
            with self._changed:
                group = [self._take() for _ in range(min(GROUP, len(self._urgent) + len(self._others)))]
            if not group:
                return
            crowded = len(group) > 1
            _resolve(group, self._commit(group))

    def _take(self) -> _Waiting:
        return self._urgent.popleft() if self._urgent else self._others.popleft()

    def _commit(self, group: list[_Waiting]) -> list[Any]:
        try:
            return self._transaction(group)
        except Exception as error:  # noqa: BLE001 - whatever went wrong belongs to the callers
            self._undo()
            if len(group) == 1:
                return [_Failed(_translated(error))]
        return [result for waiting in group for result in self._commit([waiting])]

    def _transaction(self, group: list[_Waiting]) -> list[Any]:
        results: list[Any] = []
        self._db.execute("BEGIN IMMEDIATE")
        for waiting in group:
            changes = self._db.total_changes
            try:
                results.append(waiting.job(self._db))
            except ProtocolError as refusal:
                if self._db.total_changes != changes:
                    raise RuntimeError("a job refused after it had changed something") from refusal
                results.append(_Failed(refusal))
        if self._before_commit is not None:
            self._before_commit()
        self._db.execute("COMMIT")
        return results

    def _undo(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._rolled_back()


def _translated(error: Exception) -> Exception:
    if isinstance(error, sqlite3.OperationalError):
        # The primary code is in the low byte of the extended one.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return StoreFull(str(error))
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreBusy(str(error))
        return StoreUnavailable(str(error))
    return error


def _resolve(group: list[_Waiting], results: list[Any]) -> None:
    # One wake-up for the whole group: a wake-up each costs more than the rows.
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for waiting, result in zip(group, results, strict=True):
        by_loop.setdefault(waiting.loop, []).append((waiting.future, result))
    for loop, settled in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, settled)


def _settle(settled: list[tuple["asyncio.Future[Any]", Any]]) -> None:
    for future, result in settled:
        if future.done():
            continue
        if isinstance(result, _Failed):
            future.set_exception(result.error)
        else:
            future.set_result(result)
