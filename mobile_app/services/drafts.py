"""Drafts of one kind: each is one row, and what somebody typed is never given up."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar

from mobile_app.domain.incident import IncidentDraft
from mobile_app.domain.visit import VisitDraft
from mobile_app.services.core import Core

D = TypeVar("D", VisitDraft, IncidentDraft)


class Drafts(Generic[D]):
    """The drafts in `table` of the store. `read`: makes a draft of its row."""

    def __init__(self, core: Core, table: str, read: Callable[[dict[str, Any]], D]) -> None:
        self._core = core
        self._table = table
        self._read: Callable[[dict[str, Any]], D] = read

    def all(self) -> list[D]:
        """Every draft, the one changed last first."""
        rows = sorted(self._core.store.all(self._table), key=lambda row: -int(row["order"]))
        return [self._read(row) for row in rows]

    async def save(self, draft: D) -> D:
        """Store a draft; one row. Returns it with the time it was saved. When storing fails the text is kept in memory, goes with
        the next save, and AppError says so."""
        saved = replace(draft, updated=self._core.now())
        others = [int(row["order"]) for row in self._core.store.all(self._table) if row["id"] != draft.id]
        # Counted and not timed: a clock put back must not bring an older draft to the top.
        row = {**saved.to_row(), "order": max(others, default=0) + 1}
        try:
            await self._core.store.write(lambda: self._core.store.put(self._table, row), keep=True)
        finally:
            self._core.changed()
        return saved

    async def discard(self, draft: D) -> None:
        """Delete a draft. Raises AppError."""
        await self._core.store.write(lambda: self.remove(draft))
        self._core.changed()

    def remove(self, draft: D) -> None:
        """Inside `Store.write`: delete a draft together with what else changes."""
        self._core.store.remove(self._table, draft.id)
