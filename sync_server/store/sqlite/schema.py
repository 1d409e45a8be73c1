"""Opening the database file and bringing its schema up to date, one numbered migration after the other."""

import re
import sqlite3
from importlib.resources import files
from pathlib import Path

from sync_server.store.port import StoreRefused

FILE_NAME = "trygg.db"
OLDEST_SQLITE = (3, 37, 0)
_BUSY_SECONDS = 10.0
_CACHED_STATEMENTS = 256


def migrations() -> list[tuple[int, str]]:
    """Numbered SQL scripts in order: (number, SQL)."""
    found = []
    for file in files("sync_server.store.sqlite").joinpath("migrations").iterdir():
        match = re.fullmatch(r"(\d{4})_\w+\.sql", file.name)
        if match:
            found.append((int(match[1]), file.read_text(encoding="utf-8")))
    return sorted(found)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode; transactions are begun by hand."""
    mode = "ro" if read_only else "rwc"
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_CACHED_STATEMENTS,
    )
    if not read_only:
        db.execute("PRAGMA journal_mode = WAL")
        # FULL flushes the log at every commit: what was acknowledged survives a power cut.
        db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA temp_store = MEMORY")
    return db


def open_database(path: Path) -> sqlite3.Connection:
    """Open the writer's connection and migrate. Raises StoreRefused with words for whoever runs the server."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        raise StoreRefused(f"SQLite {oldest} or newer is needed; this Python has {sqlite3.sqlite_version}.")
    try:
        db = connect(path)
        _migrate(db, path)
    except sqlite3.DatabaseError as error:
        raise StoreRefused(f"The database {path} can't be opened: {error}.") from error
    return db


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    steps = migrations()
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    newest = steps[-1][0]
    if version > newest:
        raise StoreRefused(
            f"The database {path} was written by a newer release (schema {version}; this one knows {newest}). "
            "Nothing was changed. Run the newer release."
        )
    for number, script in steps:
        if number > version:
            try:
                db.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
            except sqlite3.DatabaseError:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
