"""The storage port on SQLite. See the package for what lives where."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from secrets import token_bytes

from protocol.encoding import b64url, unb64url
from protocol.ids import new_id
from sync_server.store.port import (
    Alarm,
    Head,
    Identity,
    Invite,
    NewEvent,
    NewInvite,
    NewStatement,
    NewVersion,
    Receipt,
    Slice,
    StoreUnavailable,
)
from sync_server.store.sqlite import event_rows, unit_rows
from sync_server.store.sqlite.readers import Readers
from sync_server.store.sqlite.rows import Numbers
from sync_server.store.sqlite.schema import FILE_NAME, open_database
from sync_server.store.sqlite.writer import GroupWriter


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


class SqliteStore:
    """All of a server's data in `<folder>/trygg.db`. One process at a time may have it open for serving.

    `clock`: ms since 1970. `before_commit`: called in the writer's thread before each commit, for tests.
    Raises StoreRefused when the file can't be opened.
    """

    engine = "sqlite"

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], int] = _milliseconds,
        before_commit: Callable[[], None] | None = None,
    ) -> None:
        self.path = folder / FILE_NAME
        self._clock = clock
        self._last_time = 0
        self._db = open_database(self.path)
        self._identity = _open_identity(self._db, self.path)
        self._heads: dict[str, Head] = {}
        self._numbers = Numbers()
        self._readers = Readers(self.path)
        self._writer = GroupWriter(self._db, self._numbers.clear, before_commit)

    async def identity(self) -> Identity:
        return self._identity

    async def new_epoch(self) -> Identity:
        self._identity = await self._writer.submit(_new_epoch)
        return self._identity

    async def units(self) -> int:
        return await self._readers.run(lambda db: int(db.execute("SELECT count(*) FROM unit").fetchone()[0]))

    async def remember(self, name: str, value: str) -> None:
        """Keep a note about how this server is run, for the command line (not part of the port)."""
        await self._writer.submit(
            lambda db: db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))
        )

    async def recall(self, name: str) -> str:
        """A note, or empty."""
        query = "SELECT value FROM meta WHERE name = ?"
        row = await self._readers.run(lambda db: db.execute(query, (name,)).fetchone())
        return str(row[0]) if row else ""

    async def add_setup_token(self, digest: bytes, *, printed: bool) -> None:
        await self._writer.submit(lambda db: unit_rows.add_setup_token(db, digest, printed, self._now()))

    async def found(self, token: bytes, version: NewVersion) -> None:
        await self._writer.submit(lambda db: unit_rows.found(db, token, version, self._now()))

    async def head(self, unit: str) -> Head | None:
        # This process is the only one that appends, so what it has seen once stays true until it appends itself.
        known = self._heads.get(unit)
        if known is None:
            read = await self._readers.run(lambda db: unit_rows.head(db, unit))
            known = self._heads.get(unit, read)
            if known is not None:
                self._heads[unit] = known
        return known

    async def versions(self, unit: str, after: int) -> list[tuple[str, int]]:
        return await self._readers.run(lambda db: unit_rows.versions(db, unit, after))

    async def append(self, version: NewVersion, invite: str | None) -> None:
        await self._writer.submit(
            lambda db: unit_rows.append(db, self._numbers, version, invite, self._now())
        )
        known = self._heads.get(version.unit)
        if known is None or known.height < version.height:
            self._heads[version.unit] = Head(version.height, version.head)

    async def add_invite(self, invite: NewInvite) -> Invite:
        return await self._writer.submit(
            lambda db: unit_rows.add_invite(db, self._numbers, invite, self._now())
        )

    async def invite(self, invite: str) -> Invite | None:
        return await self._readers.run(lambda db: unit_rows.one_invite(db, invite))

    async def invites(self, unit: str) -> list[Invite]:
        return await self._readers.run(lambda db: unit_rows.invites(db, unit))

    async def revoke_invite(self, unit: str, invite: str) -> None:
        await self._writer.submit(lambda db: unit_rows.revoke_invite(db, unit, invite, self._now()))

    async def accept(self, events: Sequence[NewEvent], *, urgent: bool) -> list[Receipt]:
        return await self._writer.submit(
            lambda db: event_rows.accept(db, self._numbers, events, self._now()), urgent=urgent
        )

    async def acknowledge(self, statement: NewStatement) -> Receipt:
        return await self._writer.submit(
            lambda db: event_rows.acknowledge(db, self._numbers, statement, self._now()), urgent=True
        )

    async def feed(self, unit: str, device: str, after: int, *, entries: int, size: int) -> Slice:
        return await self._readers.run(lambda db: event_rows.feed(db, unit, device, after, entries, size))

    def confirm(self, unit: str, device: str, seq: int) -> None:
        try:
            written = self._writer.submit(lambda db: event_rows.confirm(db, self._numbers, unit, device, seq))
        except StoreUnavailable:
            return
        # Nobody waits for it; asking for the outcome keeps a failure from being reported as forgotten.
        written.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def alarm(self, unit: str, case: str) -> Alarm | None:
        return await self._readers.run(lambda db: event_rows.alarm(db, unit, case))

    async def healthy(self) -> bool:
        try:
            await self._readers.run(lambda db: db.execute("SELECT 1").fetchone())
        except (sqlite3.Error, StoreUnavailable):
            return False
        return self._writer.alive

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.close()
        self._readers.close()
        self._db.close()

    def _now(self) -> int:
        # Receipt times never run backwards while the process lives, whatever the machine's clock does.
        self._last_time = max(self._last_time, self._clock())
        return self._last_time


def _open_identity(db: sqlite3.Connection, path: Path) -> Identity:
    """Read who the server is, or make it. A database file that was copied here since gets a new epoch."""
    inode = str(path.stat().st_ino)
    db.execute("BEGIN IMMEDIATE")
    meta = dict(db.execute("SELECT name, value FROM meta"))
    if not meta:
        meta = {"server": new_id(), "epoch": new_id(), "secret": b64url(token_bytes(32)), "inode": inode}
        db.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", meta.items())
    elif meta["inode"] != inode:
        # Another file than last time is a copy put back, and may lack what was accepted since it was made.
        meta["epoch"] = _new_epoch(db).epoch
        db.execute("UPDATE meta SET value = ? WHERE name = 'inode'", (inode,))
    db.execute("COMMIT")
    return _identity(meta)


def _new_epoch(db: sqlite3.Connection) -> Identity:
    db.execute("UPDATE meta SET value = ? WHERE name = 'epoch'", (new_id(),))
    return _identity(dict(db.execute("SELECT name, value FROM meta")))


def _identity(meta: dict[str, str]) -> Identity:
    return Identity(meta["server"], meta["epoch"], unb64url(meta["secret"]))
