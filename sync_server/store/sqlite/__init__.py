"""The embedded store: one SQLite file in the data directory, one process.

What lives here: everything the server keeps, in `trygg.db` with its `-wal` and `-shm` beside it. All writes go through one
thread and are committed in groups with `synchronous=FULL`: what was answered is on disk, and a power cut loses only what
nobody was told is stored. May be lost: how far devices have confirmed since the last commit (they say it again).
"""

from sync_server.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
