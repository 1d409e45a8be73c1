"""SQL for units, roster versions, invites and set-up tokens. Each function runs inside a transaction of its caller."""

import sqlite3

from protocol.errors import ErrorCode, ProtocolError
from sync_server.store.port import Head, Invite, NewInvite, NewVersion
from sync_server.store.sqlite.rows import Numbers, blob, text, unit_number

_INVITE = "SELECT invite.id, unit.id, grant_jws, package, created, expires, used, revoked FROM invite JOIN unit ON no = unit"
_STATES = {
    "used": ErrorCode.INVITE_USED,
    "revoked": ErrorCode.INVITE_REVOKED,
    "expired": ErrorCode.INVITE_EXPIRED,
}


def add_setup_token(db: sqlite3.Connection, digest: bytes, printed: bool, now: int) -> None:
    """See the port."""
    if printed:
        db.execute("DELETE FROM setup_token WHERE printed = 1 AND root IS NULL")
    db.execute("INSERT INTO setup_token (digest, created, printed) VALUES (?, ?, ?)", (digest, now, printed))


def found(db: sqlite3.Connection, token: bytes, version: NewVersion, now: int) -> None:
    """See the port."""
    row = db.execute("SELECT root FROM setup_token WHERE digest = ?", (token,)).fetchone()
    if row is None or row[0] not in (None, version.head):
        raise ProtocolError(ErrorCode.SETUP_TOKEN_WRONG)
    if row[0] == version.head:
        return
    if unit_number(db, version.unit) is not None:
        raise ProtocolError(ErrorCode.ROSTER_CONFLICT, "the unit exists")
    db.execute("UPDATE setup_token SET root = ? WHERE digest = ?", (version.head, token))
    cursor = db.execute("INSERT INTO unit (id) VALUES (?)", (blob(version.unit),))
    _insert_version(db, int(cursor.lastrowid or 0), version, now)


def append(
    db: sqlite3.Connection, numbers: Numbers, version: NewVersion, invite: str | None, now: int
) -> None:
    """See the port."""
    unit = numbers.unit(db, version.unit)
    newest = head(db, version.unit)
    if unit is None or newest is None:
        raise ProtocolError(ErrorCode.UNIT_UNKNOWN)
    known = "SELECT 1 FROM roster_version WHERE unit = ? AND height = ? AND hash = ?"
    if db.execute(known, (unit, version.height, version.head)).fetchone():
        return
    if invite is not None:
        entry = one_invite(db, invite)
        if entry is None or entry.unit != version.unit:
            raise ProtocolError(ErrorCode.INVITE_UNKNOWN)
        state = entry.state(now)
        if state in _STATES:
            raise ProtocolError(_STATES[state])
    if (newest.head, newest.height + 1) != (version.prev, version.height):
        raise ProtocolError(ErrorCode.ROSTER_CONFLICT, f"next height is {newest.height + 1}")
    if invite is not None:
        db.execute("UPDATE invite SET used = ? WHERE id = ?", (now, blob(invite)))
    _insert_version(db, unit, version, now)


def _insert_version(db: sqlite3.Connection, unit: int, version: NewVersion, now: int) -> None:
    db.execute(
        "INSERT INTO roster_version (unit, height, hash, jws, received) VALUES (?, ?, ?, ?, ?)",
        (unit, version.height, version.head, version.jws, now),
    )


def head(db: sqlite3.Connection, unit: str) -> Head | None:
    """See the port."""
    row = db.execute(
        "SELECT height, hash FROM roster_version WHERE unit = (SELECT no FROM unit WHERE id = ?) ORDER BY height DESC LIMIT 1",
        (blob(unit),),
    ).fetchone()
    return Head(row[0], row[1]) if row else None


def versions(db: sqlite3.Connection, unit: str, after: int) -> list[tuple[str, int]]:
    """See the port."""
    return db.execute(
        "SELECT jws, received FROM roster_version WHERE unit = (SELECT no FROM unit WHERE id = ?) AND height > ? ORDER BY height",
        (blob(unit), after),
    ).fetchall()


def add_invite(db: sqlite3.Connection, numbers: Numbers, invite: NewInvite, now: int) -> Invite:
    """See the port."""
    unit = numbers.unit(db, invite.unit)
    if unit is None:
        raise ProtocolError(ErrorCode.UNIT_UNKNOWN)
    entry = one_invite(db, invite.id)
    if entry is None:
        entry = Invite(
            invite.id,
            invite.unit,
            invite.grant,
            invite.package,
            now,
            now + invite.hours * 3_600_000,
            None,
            None,
        )
        db.execute(
            "INSERT INTO invite (id, unit, grant_jws, package, created, expires) VALUES (?, ?, ?, ?, ?, ?)",
            (blob(invite.id), unit, invite.grant, invite.package, now, entry.expires),
        )
    elif (entry.unit, entry.grant, entry.package) != (invite.unit, invite.grant, invite.package):
        raise ProtocolError(ErrorCode.ID_REUSED)
    return entry


def one_invite(db: sqlite3.Connection, invite: str) -> Invite | None:
    """See the port."""
    row = db.execute(f"{_INVITE} WHERE invite.id = ?", (blob(invite),)).fetchone()
    return Invite(text(row[0]), text(row[1]), *row[2:]) if row else None


def invites(db: sqlite3.Connection, unit: str) -> list[Invite]:
    """See the port."""
    rows = db.execute(f"{_INVITE} WHERE unit.id = ? ORDER BY created DESC, invite.id", (blob(unit),))
    return [Invite(text(row[0]), text(row[1]), *row[2:]) for row in rows]


def revoke_invite(db: sqlite3.Connection, unit: str, invite: str, now: int) -> None:
    """See the port."""
    entry = one_invite(db, invite)
    if entry is None or entry.unit != unit:
        raise ProtocolError(ErrorCode.INVITE_UNKNOWN)
    if entry.used is not None:
        raise ProtocolError(ErrorCode.INVITE_USED)
    if entry.revoked is None:
        db.execute("UPDATE invite SET revoked = ? WHERE id = ?", (now, blob(invite)))
