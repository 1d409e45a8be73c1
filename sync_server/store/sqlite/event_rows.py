"""SQL for events, statements, feeds and alarms. Each function runs inside a transaction of its caller."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Literal

from protocol.errors import ErrorCode, ProtocolError
from protocol.kinds import Act, Coarse
from sync_server.store.port import Alarm, AlarmAct, Entry, NewEvent, NewStatement, Receipt, Slice
from sync_server.store.sqlite.rows import Numbers, blob, device_number, text, unit_number

_EVENT, _STATEMENT = 0, 1
_TYPES: tuple[Literal["event"], Literal["statement"]] = ("event", "statement")


def accept(db: sqlite3.Connection, numbers: Numbers, events: Sequence[NewEvent], now: int) -> list[Receipt]:
    """See the port."""
    return [_accept_one(db, numbers, event, now) for event in events]


def _accept_one(db: sqlite3.Connection, numbers: Numbers, event: NewEvent, now: int) -> Receipt:
    unit = numbers.unit(db, event.unit)
    if unit is None:
        raise LookupError("events of a unit that was never founded")
    seq, receipt = _insert(db, unit, _EVENT, event, now)
    if seq is None:
        return receipt
    devices = [numbers.device(db, unit, device) for device in event.readers]
    _deliver(db, devices, seq)
    if event.act is not None and event.case is not None:
        db.execute(
            "INSERT INTO act (seq, unit, case_id, kind, act, drill, duration, grace, delay) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                seq,
                unit,
                blob(event.case),
                event.kind,
                event.act,
                event.drill,
                event.duration,
                event.grace,
                event.delay,
            ),
        )
        db.executemany(
            "INSERT INTO act_reader (seq, device) VALUES (?, ?)", [(seq, device) for device in devices]
        )
    return receipt


def _insert(
    db: sqlite3.Connection, unit: int, kind: int, new: NewEvent | NewStatement, now: int
) -> tuple[int | None, Receipt]:
    cursor = db.execute(
        "INSERT INTO entry (unit, id, type, digest, sender, received, content) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (unit, id) DO NOTHING",
        (unit, blob(new.id), kind, new.digest, blob(new.sender), now, new.content),
    )
    if cursor.rowcount == 1:
        return cursor.lastrowid, Receipt("accepted", now)
    digest, received = db.execute(
        "SELECT digest, received FROM entry WHERE unit = ? AND id = ?", (unit, blob(new.id))
    ).fetchone()
    return None, Receipt("duplicate", received) if digest == new.digest else Receipt("reused", 0)


def _deliver(db: sqlite3.Connection, devices: Iterable[int], seq: int) -> None:
    db.executemany("INSERT INTO delivery (device, seq) VALUES (?, ?)", [(device, seq) for device in devices])


def acknowledge(db: sqlite3.Connection, numbers: Numbers, statement: NewStatement, now: int) -> Receipt:
    """See the port."""
    unit = numbers.unit(db, statement.unit)
    if unit is None:
        raise ProtocolError(ErrorCode.UNIT_UNKNOWN)
    case = blob(statement.case)
    readers = db.execute(
        "SELECT DISTINCT device FROM act_reader JOIN act USING (seq) WHERE unit = ? AND case_id = ? AND kind = ? AND act = ?",
        (unit, case, Coarse.URGENT, Act.RAISE),
    ).fetchall()
    raised = "SELECT 1 FROM act WHERE unit = ? AND case_id = ? AND kind = ? AND act = ?"
    if not readers and not db.execute(raised, (unit, case, Coarse.URGENT, Act.RAISE)).fetchone():
        raise ProtocolError(ErrorCode.ALARM_UNKNOWN)
    seq, receipt = _insert(db, unit, _STATEMENT, statement, now)
    if seq is not None:
        own = (numbers.device(db, unit, device) for device in statement.devices)
        _deliver(db, sorted({row[0] for row in readers} | set(own)), seq)
        db.execute("INSERT INTO statement (seq, unit, case_id) VALUES (?, ?, ?)", (seq, unit, case))
    return receipt


def feed(db: sqlite3.Connection, unit: str, device: str, after: int, entries: int, size: int) -> Slice:
    """See the port."""
    newest = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entry'").fetchone()
    last = int(newest[0]) if newest else 0
    unit_no = unit_number(db, unit)
    number = None if unit_no is None else device_number(db, unit_no, device)
    if number is None or after >= last:
        return Slice([], False, last)
    # One row more than asked for tells whether there is more.
    rows = db.execute(
        "SELECT entry.seq, type, id, sender, received, content, COALESCE(act.delay, 0) FROM delivery "
        "JOIN entry ON entry.seq = delivery.seq LEFT JOIN act ON act.seq = delivery.seq "
        "WHERE device = ? AND delivery.seq > ? ORDER BY delivery.seq LIMIT ?",
        (number, after, entries + 1),
    )
    found: list[Entry] = []
    used = 0
    for seq, kind, identifier, sender, received, content, delay in rows:
        used += len(content)
        if found and (len(found) == entries or used > size):
            rows.close()
            return Slice(found, True, last)
        found.append(Entry(seq, _TYPES[kind], text(identifier), text(sender), received, content, delay))
    return Slice(found, False, last)


def confirm(db: sqlite3.Connection, numbers: Numbers, unit: str, device: str, seq: int) -> None:
    """See the port."""
    unit_no = numbers.unit(db, unit)
    if unit_no is not None:
        number = numbers.device(db, unit_no, device)
        db.execute("UPDATE device SET confirmed = ? WHERE no = ? AND confirmed < ?", (seq, number, seq))


def alarm(db: sqlite3.Connection, unit: str, case: str) -> Alarm | None:
    """See the port."""
    unit_no = unit_number(db, unit)
    key = (unit_no, blob(case))
    acts = db.execute(
        "SELECT seq, act, sender, drill, received FROM act JOIN entry USING (seq) "
        "WHERE act.unit = ? AND case_id = ? AND kind = ? ORDER BY seq",
        (*key, Coarse.URGENT),
    ).fetchall()
    if not any(row[1] == Act.RAISE for row in acts):
        return None
    statements = db.execute(
        "SELECT content, received FROM statement JOIN entry USING (seq) WHERE statement.unit = ? AND case_id = ? ORDER BY seq",
        key,
    ).fetchall()
    return Alarm(
        case,
        [
            AlarmAct(Act(act), text(sender), bool(drill), received, _act_readers(db, seq))
            for seq, act, sender, drill, received in acts
        ],
        statements,
    )


def _act_readers(db: sqlite3.Connection, seq: int) -> dict[str, bool]:
    rows = db.execute(
        "SELECT device.id, confirmed FROM act_reader JOIN device ON no = device WHERE seq = ?", (seq,)
    )
    return {text(identifier): confirmed >= seq for identifier, confirmed in rows}
