"""TinyDB on rows: a change costs what changed, not what is stored.

TinyDB's storage interface is "read everything" and "write everything". `RowTable` overrides the one private hook through which
all of a table's changes go (`Table._update_table`, TinyDB 4.8–4.9), so that `RowStorage` learns just the rows that changed.
Everything else, queries included, is TinyDB as it is.
"""

import secrets
from collections.abc import Callable, Iterator, MutableMapping
from copy import deepcopy
from typing import Any

from tinydb import TinyDB
from tinydb.storages import Storage
from tinydb.table import Table

Document = dict[str, Any]
Tables = dict[str, dict[str, Document]]
Key = tuple[str, str]
"""Table and row id as TinyDB keeps them."""


class RowStorage(Storage):
    """All tables in memory, and what has changed since it was last taken out to be stored."""

    def __init__(self, initial: Tables | None = None) -> None:
        self.tables: Tables = initial if initial is not None else {}
        self.changed: dict[Key, Document | None] = {}
        """Row before its first change, None when it is new."""

    def read(self) -> Tables:
        """Everything, shared: only `RowTable` writes to it."""
        return self.tables

    def write(self, data: Tables) -> None:
        """For TinyDB's own whole-table operations (drop_tables): right, but costs the whole table."""
        before = self.tables
        for table, rows in before.items():
            for row, document in rows.items():
                if row not in data.get(table, {}):
                    self.note(table, row, document)
        for table, rows in data.items():
            for row, document in rows.items():
                old = before.get(table, {}).get(row)
                if old != document:
                    self.note(table, row, old)
        self.tables = data

    def note(self, table: str, row: str, before: Document | None) -> None:
        """A row is about to change; the first note counts."""
        self.changed.setdefault((table, row), before)

    def take(self) -> dict[Key, Document | None]:
        """What has changed, with the rows as they were before; forgets it."""
        taken, self.changed = self.changed, {}
        return taken

    def keep(self, taken: dict[Key, Document | None]) -> None:
        """Storing failed: it still has to be stored."""
        self.changed = {**self.changed, **taken}

    def revert(self, taken: dict[Key, Document | None]) -> None:
        """Storing failed: make it undone."""
        for (table, row), before in taken.items():
            rows = self.tables.setdefault(table, {})
            if before is None:
                rows.pop(row, None)
            else:
                rows[row] = before

    def current(self, key: Key) -> Document | None:
        """A row as it is now."""
        return self.tables.get(key[0], {}).get(key[1])


class _Touched(MutableMapping[int, Document]):
    """A table as TinyDB's updaters see it: whole-number keys, rows copied when looked at, and what was touched is remembered."""

    def __init__(self, rows: dict[str, Document]) -> None:
        self._rows = rows
        self.touched: dict[int, Document | None] = {}

    def __getitem__(self, key: int) -> Document:
        if key not in self.touched:
            self.touched[key] = deepcopy(self._rows[str(key)])
        document = self.touched[key]
        if document is None:
            raise KeyError(key)
        return document

    def __setitem__(self, key: int, document: Document) -> None:
        self.touched[key] = document

    def __delitem__(self, key: int) -> None:
        if key not in self:
            raise KeyError(key)
        self.touched[key] = None

    def __contains__(self, key: object) -> bool:
        if key in self.touched:
            return self.touched[key] is not None
        return str(key) in self._rows

    def __iter__(self) -> Iterator[int]:
        yield from [int(row) for row in self._rows if int(row) in self]
        yield from [
            key for key, row in self.touched.items() if row is not None and str(key) not in self._rows
        ]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        self.touched = {int(row): None for row in self._rows}


class RowTable(Table):
    """A table whose changes are noted row by row, under random ids that tell neither order nor number."""

    def _get_next_id(self) -> int:
        tables = self._storage.read() or {}
        while True:
            row = secrets.randbits(52)  # the most that JavaScript's numbers hold exactly, with a bit to spare
            if all(
                str(row) not in rows for rows in tables.values()
            ):  # all tables share the vault's one row store
                return row

    def _update_table(self, updater: Callable[[Any], None]) -> None:
        storage: RowStorage = self._storage  # type: ignore[assignment] # only RowDB makes these tables
        rows = storage.tables.setdefault(self.name, {})
        touched = _Touched(rows)
        updater(touched)  # an updater that raises has changed nothing
        for key, document in touched.touched.items():
            row, before = str(key), rows.get(str(key))
            if document is None:
                if before is not None:
                    storage.note(self.name, row, before)
                    del rows[row]
            elif before is None or before != document:
                storage.note(self.name, row, before)
                rows[row] = dict(document)
        self.clear_cache()


class RowDB(TinyDB):
    """TinyDB with `RowTable` tables on a `RowStorage`."""

    table_class = RowTable

    def __init__(self, initial: Tables | None = None) -> None:
        super().__init__(initial, storage=RowStorage)

    @property
    def rows(self) -> RowStorage:
        """The storage, as what it is."""
        storage = self.storage
        assert isinstance(storage, RowStorage)  # noqa: S101 # by the constructor
        return storage
