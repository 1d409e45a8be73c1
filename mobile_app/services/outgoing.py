"""What waits in the outbox, as it was last looked at, and the receipts it brings."""

from dataclasses import replace

from mobile_app.ports import OutboxRow, OutboxState, PortError
from mobile_app.services.core import Core
from mobile_app.services.errors import app_error
from mobile_app.services.journal import Journal
from mobile_app.services.store import EVENTS, STATEMENTS


class Outgoing:
    """The outbox seen from here."""

    def __init__(self, core: Core, journal: Journal) -> None:
        self._core = core
        self._journal = journal
        self.rows: list[OutboxRow] = []

    def add(self, rows: list[OutboxRow]) -> None:
        """These have just been put into the outbox."""
        known = {row.id for row in self.rows}
        self.rows = [*self.rows, *(replace(row, content="") for row in rows if row.id not in known)]

    async def look(self) -> bool:
        """Read the outbox; note what the server has received, and drop those rows. Raises AppError.

        Returns whether something has left it since the last look.
        """
        try:
            rows = await self._core.ports.outbox.rows()
        except PortError as error:
            raise app_error(error) from error
        sent = {
            row.id: row.received
            for row in rows
            if row.state is OutboxState.SENT
            and any(self._core.store.get(t, row.id) for t in (EVENTS, STATEMENTS))
        }
        if sent:
            await self._journal.mark_sent(sent)
        waiting = [replace(row, content="") for row in rows if row.state is not OutboxState.SENT]
        left = {row.id for row in self.rows} - {row.id for row in waiting}
        if waiting != self.rows:
            self.rows = waiting
            self._core.changed()
        return bool(left)

    async def flush(self) -> int:
        """Send what is due and take the receipts. Returns how many rows remain queued. Raises AppError when the device can't."""
        remaining = await self._core.ports.outbox.flush()
        await self.look()
        return remaining

    def parked(self, row: str) -> str:
        """Why a row is parked, or empty."""
        return next((r.error for r in self.rows if r.id == row and r.state is OutboxState.PARKED), "")

    def forget(self) -> None:
        """Drop what was read."""
        self.rows = []
