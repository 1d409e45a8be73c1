"""Ids as the bytes they are stored as, and the small numbers units and devices have inside the database."""

import sqlite3


def blob(identifier: str) -> bytes:
    """The 16 bytes of a UUID."""
    return bytes.fromhex(identifier.replace("-", ""))


def text(raw: bytes) -> str:
    """Inverse of `blob`."""
    digits = raw.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def unit_number(db: sqlite3.Connection, unit: str) -> int | None:
    """Number of a unit, None when there is none."""
    row = db.execute("SELECT no FROM unit WHERE id = ?", (blob(unit),)).fetchone()
    return int(row[0]) if row else None


def device_number(db: sqlite3.Connection, unit: int, device: str) -> int | None:
    """Number of a device in a unit, None when nothing was ever addressed to it."""
    row = db.execute("SELECT no FROM device WHERE unit = ? AND id = ?", (unit, blob(device))).fetchone()
    return int(row[0]) if row else None


class Numbers:
    """Numbers as the writer knows them, given on first use. Emptied when a transaction is undone."""

    def __init__(self) -> None:
        self._units: dict[str, int] = {}
        self._devices: dict[tuple[int, str], int] = {}

    def clear(self) -> None:
        """Forget: some may never have been committed."""
        self._units.clear()
        self._devices.clear()

    def unit(self, db: sqlite3.Connection, unit: str) -> int | None:
        """Number of a unit, None when there is none."""
        known = self._units.get(unit)
        if known is None:
            known = unit_number(db, unit)
            if known is not None:
                self._units[unit] = known
        return known

    def device(self, db: sqlite3.Connection, unit: int, device: str) -> int:
        """Number of a device in a unit."""
        known = self._devices.get((unit, device))
        if known is None:
            known = device_number(db, unit, device)
            if known is None:
                cursor = db.execute("INSERT INTO device (unit, id) VALUES (?, ?)", (unit, blob(device)))
                known = int(cursor.lastrowid or 0)
            self._devices[unit, device] = known
        return known
