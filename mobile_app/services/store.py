"""The device's store: tables of sealed rows. Lives in the vault; nothing of it may be lost.

A row on disk is {"t": table, "d": document}: the table's name is sealed too. Tables:
`self` who this device is, and what it has pinned (one row) · `roster` the versions of the chain · `events` every checked event,
own and others' · `statements` acknowledgements · `visit_drafts`, `incident_drafts` · `profiles` names from an invite package ·
`later` what a newer app wrote, kept as it came · `refused` what could not be used: id and code.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any

from tinydb.table import Document as TinyDocument

from mobile_app.ports import OutboxRow, PortError, Vault
from mobile_app.services.errors import app_error
from mobile_app.services.rows import Document, Key, RowDB, Tables

SELF, ROSTER, EVENTS, STATEMENTS = "self", "roster", "events", "statements"
VISIT_DRAFTS, INCIDENT_DRAFTS, PROFILES = "visit_drafts", "incident_drafts", "profiles"
LATER, REFUSED = "later", "refused"


class Store:
    """Rows in memory, and one durable transaction per change."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._db = RowDB()
        self._index: dict[tuple[str, str], int] = {}
        self._lock = asyncio.Lock()
        self.loaded = False
        self.damaged = 0
        """Rows that could not be read."""

    async def load(self) -> None:
        """Read everything from an open vault. Raises AppError."""
        try:
            rows = await self._vault.load()
            self.damaged = len(await self._vault.damaged())
        except PortError as error:
            raise app_error(error) from error
        tables: Tables = {}
        for row, text in rows:
            try:
                raw = json.loads(text)
                tables.setdefault(str(raw["t"]), {})[str(row)] = dict(raw["d"])
            except (ValueError, KeyError, TypeError):
                self.damaged += 1  # stays on disk as it is
        self._db = RowDB(tables)
        self._index = {
            (table, document["id"]): int(row)
            for table, documents in tables.items()
            for row, document in documents.items()
            if "id" in document
        }

        self.loaded = True

    def forget(self) -> None:
        """Drop everything from memory: the vault is locked."""
        self.loaded = False
        self._db = RowDB()
        self._index = {}

    @property
    def unsaved(self) -> bool:
        """Whether something is in memory alone because storing it failed."""
        return bool(self._db.rows.changed)

    def table(self, name: str) -> Any:
        """A TinyDB table, for queries."""
        return self._db.table(name)

    def all(self, table: str) -> list[Document]:
        """Every document of a table, unordered. Not to be changed."""
        return list(self._db.rows.tables.get(table, {}).values())

    def get(self, table: str, key: str) -> Document | None:
        """The document with this `id`. Not to be changed."""
        row = self._index.get((table, key))
        return None if row is None else self._db.rows.current((table, str(row)))

    def put(self, table: str, document: Document) -> None:
        """Inside `write`: insert or replace the document with this `id`."""
        rows = self._db.table(table)
        row = self._index.get((table, document["id"]))
        if row is None:
            self._index[(table, document["id"])] = rows.insert(document)
        elif self._db.rows.current((table, str(row))) != document:
            rows.remove(doc_ids=[row])
            rows.insert(TinyDocument(document, doc_id=row))

    def remove(self, table: str, key: str) -> None:
        """Inside `write`: delete the document with this `id`, if it is there."""
        row = self._index.pop((table, key), None)
        if row is not None:
            self._db.table(table).remove(doc_ids=[row])

    async def write(
        self,
        change: Callable[[], None],
        *,
        outbox: Iterable[OutboxRow] = (),
        settled: Iterable[str] = (),
        keep: bool = False,
    ) -> None:
        """Make `change` (calls of `put` and `remove`) durable, together with outbox rows: all of it or nothing.

        When that fails: with `keep` the change stays in memory and goes with the next write that succeeds (text somebody typed);
        else it is undone. Cancelling waits for the disk's answer. Raises AppError.
        """
        async with self._lock:
            db = self._db
            earlier = db.rows.take()
            try:
                change()
            except BaseException:
                self._undo(db.rows.take())
                db.rows.keep(earlier)
                raise
            mine = db.rows.take()
            work = asyncio.ensure_future(self._apply({**earlier, **mine}, list(outbox), list(settled)))
            cancelled: asyncio.CancelledError | None = None
            while not work.done():
                try:
                    await asyncio.shield(work)
                except asyncio.CancelledError as error:
                    cancelled = error  # whether it is on disk has to be known before anybody goes on
                except PortError:
                    break
            failure = work.exception()
            if failure is not None:
                # What failed earlier is still to be stored; a row changed both then and now goes back to then.
                if db is not self._db:
                    pass  # locked meanwhile: there is nothing in memory to put right
                elif keep:
                    db.rows.keep({**mine, **earlier})
                else:
                    self._undo(mine)
                    db.rows.keep(earlier)
            if cancelled is not None:
                raise cancelled
            if isinstance(failure, PortError):
                raise app_error(failure) from failure
            if failure is not None:
                raise failure

    async def settle(self) -> None:
        """Store what failed to be stored before, if anything. Raises AppError."""
        if self.unsaved:
            await self.write(lambda: None)

    async def _apply(
        self, taken: dict[Key, Document | None], outbox: list[OutboxRow], settled: list[str]
    ) -> None:
        rows: list[tuple[int, str | None]] = []
        for table, row in taken:
            document = self._db.rows.current((table, row))
            text = None
            if document is not None:
                # ASCII: half a character out of somebody's keyboard must not make the whole row unwritable.
                text = json.dumps({"t": table, "d": document}, separators=(",", ":"))
            rows.append((int(row), text))
        if rows or outbox or settled:
            await self._vault.apply(rows, outbox, settled)

    def _undo(self, taken: dict[Key, Document | None]) -> None:
        self._db.rows.revert(taken)
        for (table, row), before in taken.items():
            document = self._db.rows.current((table, row))
            if before is None:
                for key in [k for k, r in self._index.items() if k[0] == table and r == int(row)]:
                    del self._index[key]
            elif document is not None and "id" in document:
                self._index[(table, document["id"])] = int(row)
        for name in {table for table, _ in taken}:
            self._db.table(name).clear_cache()
