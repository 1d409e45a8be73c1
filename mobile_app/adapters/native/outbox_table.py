"""The outbox as a table, in the vault's file and in the alarm file alike. Rows are sealed or signed already."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from mobile_app.ports import OutboxRow, OutboxState

SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, unit TEXT NOT NULL, type TEXT NOT NULL,
    coarse TEXT NOT NULL, created INTEGER NOT NULL, content TEXT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL,
    error TEXT NOT NULL, received INTEGER NOT NULL, due INTEGER NOT NULL DEFAULT 0);
"""


@dataclass(frozen=True)
class Waiting:
    """A row with its content and its place in the order of saving. `due`: not before this device time, ms."""

    row: OutboxRow
    place: int
    due: int


@dataclass(frozen=True)
class Outcome:
    """What came of a row: `received` by the server (ms), `parked` for good, or to be tried again from `due`, ms by our clock."""

    id: str
    received: int = 0
    error: str = ""
    parked: bool = False
    due: int = 0


def _row(found: sqlite3.Row, content: str) -> OutboxRow:
    return OutboxRow(
        found["id"],
        found["unit"],
        found["type"],
        found["coarse"],
        found["created"],
        content,
        OutboxState(found["state"]),
        found["tries"],
        found["error"],
        found["received"],
    )


def add(connection: sqlite3.Connection, rows: Iterable[OutboxRow]) -> None:
    """Put new rows in; one that is there already stays as it is."""
    connection.executemany(
        "INSERT INTO outbox (id, unit, type, coarse, created, content, state, tries, error, received)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        [
            (r.id, r.unit, r.type, r.coarse, r.created, r.content, r.state, r.tries, r.error, r.received)
            for r in rows
        ],
    )


def summary(connection: sqlite3.Connection) -> list[OutboxRow]:
    """Every row without its content, in the order of saving."""
    return [_row(found, "") for found in connection.execute("SELECT * FROM outbox ORDER BY place")]


def queued(connection: sqlite3.Connection) -> list[Waiting]:
    """Every row that is to be sent, in the order of saving."""
    found = connection.execute("SELECT * FROM outbox WHERE state = ? ORDER BY place", (OutboxState.QUEUED,))
    return [Waiting(_row(row, row["content"]), row["place"], row["due"]) for row in found]


def settle(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Drop rows that the server has."""
    connection.executemany(
        "DELETE FROM outbox WHERE id = ? AND state = ?", [(i, OutboxState.SENT) for i in ids]
    )


def note(connection: sqlite3.Connection, outcomes: Iterable[Outcome]) -> None:
    """Write down what came of rows. One that is no longer waiting stays as it is."""
    for out in outcomes:
        change: str
        values: tuple[object, ...]
        if out.received:
            change, values = (
                "state = ?, received = ?, error = '', content = ''",
                (OutboxState.SENT, out.received),
            )
        elif out.parked:
            change, values = "state = ?, error = ?, tries = tries + 1", (OutboxState.PARKED, out.error)
        else:
            change, values = "due = ?, error = ?, tries = tries + 1", (out.due, out.error)
        connection.execute(
            f"UPDATE outbox SET {change} WHERE id = ? AND state = ?",  # noqa: S608 - the texts above
            (*values, out.id, OutboxState.QUEUED),
        )


def requeue(connection: sqlite3.Connection, row: str) -> None:
    """Send a parked row again."""
    connection.execute(
        "UPDATE outbox SET state = ?, tries = 0, error = '', due = 0 WHERE id = ? AND state = ?",
        (OutboxState.QUEUED, row, OutboxState.PARKED),
    )


def discard(connection: sqlite3.Connection, row: str) -> None:
    """Drop a parked row for good."""
    connection.execute("DELETE FROM outbox WHERE id = ? AND state = ?", (row, OutboxState.PARKED))
