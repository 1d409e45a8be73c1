"""The alarm database on CPython: field key, set-up, own alarms and their outbox. Outside the vault, so that an alarm works
while the device is locked. Nothing in it may be lost."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mobile_app.adapters import texts
from mobile_app.adapters.native import outbox_table
from mobile_app.adapters.native.database import Database
from mobile_app.adapters.native.key_ring import KeyRing
from mobile_app.adapters.native.outbox_table import Outcome
from mobile_app.ports import AlarmSetup, Jwk, OutboxRow, OwnAlarm
from protocol.encoding import compact_json

T = TypeVar("T")

SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS config (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS alarms (
    place INTEGER PRIMARY KEY AUTOINCREMENT, "case" TEXT NOT NULL UNIQUE, event TEXT NOT NULL, value TEXT NOT NULL);
"""
    + outbox_table.SCHEMA
)


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

    async def add_alarm(self, alarm: OwnAlarm, row: OutboxRow) -> None:
        """A raised alarm and its outbox row, in one transaction."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                'INSERT INTO alarms ("case", event, value) VALUES (?, ?, ?)',
                (alarm.case, row.id, compact_json(vars(alarm))),
            )
            outbox_table.add(connection, [row])

        await self.run(work)

    async def alarms(self) -> list[OwnAlarm]:
        """Own alarms, newest first."""
        found = await self.run(lambda c: c.execute("SELECT value FROM alarms ORDER BY place DESC").fetchall())
        return [texts.read_alarm(json.loads(row["value"])) for row in found]

    async def keep_alarm(self, alarm: OwnAlarm) -> bool:
        """Replace what is known of an own alarm; says whether anything changed."""
        text = compact_json(vars(alarm))

        def work(connection: sqlite3.Connection) -> bool:
            done = connection.execute(
                'UPDATE alarms SET value = ? WHERE "case" = ? AND value != ?', (text, alarm.case, text)
            )
            return done.rowcount > 0

        return await self.run(work)

    async def note(self, outcomes: list[Outcome]) -> None:
        """Write down what came of outbox rows. A sent one goes: the alarm's own record knows when it was received."""

        def work(connection: sqlite3.Connection) -> None:
            outbox_table.note(connection, outcomes)
            for out in outcomes:
                found = connection.execute(
                    "SELECT place, value FROM alarms WHERE event = ?", (out.id,)
                ).fetchone()
                if out.received and found is not None:
                    text = compact_json({**json.loads(found["value"]), "received": out.received})
                    connection.execute("UPDATE alarms SET value = ? WHERE place = ?", (text, found["place"]))
                    outbox_table.settle(connection, [out.id])

        await self.run(work)
