"""The alarm database on CPython: field key, set-up, own alarms and their outbox. Outside the vault, so that an alarm works
while the device is locked. Nothing in it may be lost."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from mobile_app.adapters import texts
from mobile_app.adapters.native import outbox_table
from mobile_app.adapters.native.database import Database
from mobile_app.adapters.native.key_ring import KeyRing
from mobile_app.adapters.native.outbox_table import Outcome
from mobile_app.ports import AlarmSetup, Jwk, OutboxRow, OwnAlarm
from protocol.encoding import compact_json
from protocol.kinds import Act

T = TypeVar("T")

SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS config (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS alarms (
    place INTEGER PRIMARY KEY AUTOINCREMENT, "case" TEXT NOT NULL UNIQUE, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS own_events (
    place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, "case" TEXT NOT NULL, act TEXT NOT NULL);
"""
    + outbox_table.SCHEMA
)


class AlarmEntry(NamedTuple):
    """An own alarm after an event, and that event on its way out."""

    alarm: OwnAlarm
    row: OutboxRow
    act: Act


class AlarmFile:
    """What lies in the alarm database, read and written as values."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)
        self._setup: AlarmSetup | None = None

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """One transaction; see `Database.run`."""
        return await self._database.run(work)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    async def keep_field_key(self, key: Jwk) -> None:
        """Store the device's field key."""
        text = compact_json(key)
        await self.run(lambda c: c.execute("INSERT OR REPLACE INTO keys VALUES ('field', ?)", (text,)))

    async def field_key(self, ring: KeyRing) -> Jwk:
        """The device's field key, from the ring or the file. Raises PortError(not_provisioned) when there is none."""
        if ring.field is None:
            found = await self.run(
                lambda c: c.execute("SELECT value FROM keys WHERE name = 'field'").fetchone()
            )
            ring.field = json.loads(found["value"]) if found else None
        return ring.need("field")

    async def keep_setup(self, setup: AlarmSetup) -> None:
        """Replace the set-up."""
        text = texts.setup_text(setup)
        await self.run(lambda c: c.execute("INSERT OR REPLACE INTO config VALUES ('setup', ?)", (text,)))
        self._setup = setup

    async def setup(self) -> AlarmSetup | None:
        """The set-up as last stored."""
        if self._setup is None:
            found = await self.run(
                lambda c: c.execute("SELECT value FROM config WHERE name = 'setup'").fetchone()
            )
            self._setup = texts.read_setup(found["value"] if found else "")
        return self._setup

    async def alarms(self) -> list[OwnAlarm]:
        """Own alarms, newest first."""
        found = await self.run(lambda c: c.execute("SELECT value FROM alarms ORDER BY place DESC").fetchall())
        return [texts.read_alarm(json.loads(row["value"])) for row in found]

    async def open_alarm(self) -> OwnAlarm | None:
        """The own alarm that is not over; there is one at the most."""
        return next((alarm for alarm in await self.alarms() if alarm.state == "open"), None)

    async def last_event(self, case: str) -> tuple[str, ...]:
        """Id of the last own event of an alarm, as its next one names it; empty for the first."""
        found = await self.run(
            lambda c: c.execute(
                'SELECT id FROM own_events WHERE "case" = ? ORDER BY place DESC LIMIT 1', (case,)
            ).fetchone()
        )
        return () if found is None else (str(found["id"]),)

    async def keep(self, entries: list[AlarmEntry]) -> None:
        """Alarms as they are now, and the outbox rows that say so, in one transaction."""

        def work(connection: sqlite3.Connection) -> None:
            for alarm, row, act in entries:
                connection.execute(
                    'INSERT INTO alarms ("case", value) VALUES (?, ?)'
                    ' ON CONFLICT ("case") DO UPDATE SET value = excluded.value',
                    (alarm.case, compact_json(vars(alarm))),
                )
                connection.execute(
                    'INSERT INTO own_events (id, "case", act) VALUES (?, ?, ?)', (row.id, alarm.case, act)
                )
                outbox_table.add(connection, [row])

        await self.run(work)

    async def learn(self, case: str, **changes: Any) -> bool:
        """Put what the server says into a stored alarm; says whether anything changed."""
        return await self.run(lambda c: _learn(c, case, changes))

    async def note(self, outcomes: list[Outcome]) -> None:
        """Write down what came of outbox rows. A sent one goes: the alarm's own record knows when it was received."""

        def work(connection: sqlite3.Connection) -> None:
            outbox_table.note(connection, outcomes)
            for out in outcomes:
                found = connection.execute(
                    'SELECT "case", act FROM own_events WHERE id = ?', (out.id,)
                ).fetchone()
                if not out.received or found is None:
                    continue
                if found["act"] == Act.RAISE:
                    _learn(connection, found["case"], {"received": out.received}, first="received")
                outbox_table.settle(connection, [out.id])

        await self.run(work)


def _learn(connection: sqlite3.Connection, case: str, changes: dict[str, Any], first: str = "") -> bool:
    """Merge `changes` into an alarm; a member named `first` keeps the value it once got."""
    found = connection.execute('SELECT value FROM alarms WHERE "case" = ?', (case,)).fetchone()
    if found is None:
        return False
    known = json.loads(found["value"])
    if first and known[first]:
        return False
    text = compact_json({**known, **changes})
    connection.execute('UPDATE alarms SET value = ? WHERE "case" = ?', (text, case))
    return bool(text != found["value"])
