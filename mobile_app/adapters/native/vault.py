"""Port `Vault` in one SQLite file: rows sealed one by one, the member's keys, and the outbox of sealed envelopes.

Nothing in it may be lost. What a thief of the file sees: how many rows there are and how long, and the outbox's envelopes.
"""

import asyncio
import fcntl
import json
import secrets
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from mobile_app.adapters.native import outbox_table
from mobile_app.adapters.native.alarm_file import AlarmFile
from mobile_app.adapters.native.database import Database
from mobile_app.adapters.native.key_ring import KeyRing
from mobile_app.adapters.native.passphrase import (
    KEY_BYTES,
    STRONG,
    Argon2Cost,
    WrappedKey,
    seal,
    unseal,
    unwrap,
    wrap,
)
from mobile_app.ports import OutboxRow, PortError, VaultState
from protocol.encoding import b64url, compact_json, unb64url

SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, box BLOB NOT NULL);
"""
    + outbox_table.SCHEMA
)

LONGEST_WAIT = 60.0
"""Seconds between two tries after many wrong ones."""
FREE_TRIES = 3
"""From this wrong passphrase on there is a wait."""


def _wait_after(wrong_tries: int) -> float:
    """Seconds to wait after so many wrong passphrases in a row: the first two are typing errors, then 1, 2, 4 …"""
    return 0.0 if wrong_tries < FREE_TRIES else min(LONGEST_WAIT, 2.0 ** min(wrong_tries - FREE_TRIES, 16))


def _purpose(row: int) -> bytes:
    # Bound to its id, so that rows can't be exchanged for each other in the file.
    return f"row {row}".encode()


def _get(connection: sqlite3.Connection, name: str) -> str | None:
    found = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if found is None else str(found["value"])


def _put(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


class NativeVault:
    """Sealed rows under a passphrase. `clock`: device clock, ms; it times the delay after wrong passphrases."""

    def __init__(
        self,
        directory: Path,
        ring: KeyRing,
        alarm_file: AlarmFile,
        clock: Callable[[], int],
        cost: Argon2Cost = STRONG,
    ) -> None:
        self._directory = directory
        self._database = Database(directory / "vault.sqlite", SCHEMA)
        self._ring = ring
        self._alarm_file = alarm_file
        self._clock = clock
        self._cost = cost
        self._key: bytes | None = None
        self._damaged: list[int] = []
        self._lock_file: TextIO | None = None

    @property
    def database(self) -> Database:
        """The file, for the outbox."""
        return self._database

    def close(self) -> None:
        """Forget the keys, close the file and let another process have it."""
        self._key = None
        self._ring.forget()
        self._database.close()
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    def held(self) -> bool:
        """Whether this process is the one that has the vault; takes it when it is free."""
        if self._lock_file is None:
            self._directory.mkdir(parents=True, exist_ok=True)
            lock_file = (self._directory / "vault.lock").open("w")
            try:
                fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock_file.close()
                return False
            self._lock_file = lock_file
        return True

    async def state(self) -> VaultState:
        """See `Vault.state`."""
        if not self.held():
            return VaultState.ELSEWHERE
        if self._key is not None:
            return VaultState.OPEN
        exists = await self._database.run(lambda c: _get(c, "wrapped"))
        return VaultState.LOCKED if exists else VaultState.NONE

    async def create(self, passphrase: str) -> None:
        """See `Vault.create`."""
        self._need_held()
        ring = self._ring
        if await self._database.run(lambda c: _get(c, "wrapped")):
            raise PortError("vault_exists")
        if not ring.fresh or ring.field is None:
            raise PortError("not_provisioned", "no keys were generated")
        key, wrapped = await asyncio.to_thread(self._new_key, passphrase)
        kept = compact_json({"member": ring.need("member"), "encryption": ring.need("encryption")})

        def work(connection: sqlite3.Connection) -> None:
            _put(connection, "wrapped", wrapped)
            _put(connection, "keys", self._box(key, kept))

        # The field key first: a vault without one could not send anything.
        await self._alarm_file.keep_field_key(ring.field)
        await self._database.run(work)
        self._key, ring.fresh = key, False

    async def unlock(self, passphrase: str) -> None:
        """See `Vault.unlock`."""
        self._need_held()
        if self._key is not None:
            return
        now = self._clock()
        stored, tries, until = await self._database.run(
            lambda c: (_get(c, "wrapped"), int(_get(c, "tries") or 0), int(_get(c, "until") or 0))
        )
        if stored is None:
            raise PortError("no_vault")
        # A clock that was set back must not lock anybody out for longer than the longest wait.
        left = min((until - now) / 1000, LONGEST_WAIT)
        if left > 0:
            raise PortError("wrong_passphrase", wait=left)
        # Counted before it is tried, so that killing the app in between gives no free guess.
        wait = _wait_after(tries + 1)
        await self._remember_tries(tries + 1, now + int(wait * 1000))
        key = await self._unwrap(stored, passphrase)
        if key is None:
            raise PortError("wrong_passphrase", wait=wait)
        await self._remember_tries(0, 0)
        box = await self._database.run(lambda c: _get(c, "keys"))
        kept = json.loads(self._unbox(key, box or ""))
        self._key, self._ring.member, self._ring.encryption = key, kept["member"], kept["encryption"]

    async def lock(self) -> None:
        """See `Vault.lock`."""
        self._key = None
        self._ring.forget()

    async def load(self) -> list[tuple[int, str]]:
        """See `Vault.load`."""
        key = self._need_key()
        found = await self._database.run(lambda c: c.execute("SELECT id, box FROM rows").fetchall())
        rows: list[tuple[int, str]] = []
        self._damaged = []
        for row in found:
            try:
                rows.append((row["id"], unseal(key, row["box"], _purpose(row["id"])).decode()))
            except (PortError, UnicodeDecodeError):
                self._damaged.append(row["id"])
        return rows

    async def damaged(self) -> list[int]:
        """See `Vault.damaged`."""
        return list(self._damaged)

    async def apply(
        self, rows: list[tuple[int, str | None]], outbox: list[OutboxRow], settled: list[str]
    ) -> None:
        """See `Vault.apply`."""
        key = self._need_key()
        boxes = [(i, seal(key, text.encode(), _purpose(i))) for i, text in rows if text is not None]
        gone = [(i,) for i, text in rows if text is None]

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?)", boxes)
            connection.executemany("DELETE FROM rows WHERE id = ?", gone)
            outbox_table.add(connection, outbox)
            outbox_table.settle(connection, settled)

        await self._database.run(work)

    def _need_held(self) -> None:
        if not self.held():
            raise PortError("other_tab")

    def _need_key(self) -> bytes:
        if self._key is None:
            raise PortError("vault_locked")
        return self._key

    def _new_key(self, text: str) -> tuple[bytes, str]:
        key = secrets.token_bytes(KEY_BYTES)
        wrapped = wrap(key, text, self._cost)
        members = {"cost": vars(wrapped.cost), "salt": b64url(wrapped.salt), "box": b64url(wrapped.box)}
        return key, compact_json(members)

    async def _unwrap(self, stored: str, text: str) -> bytes | None:
        raw = json.loads(stored)
        wrapped = WrappedKey(Argon2Cost(**raw["cost"]), unb64url(raw["salt"]), unb64url(raw["box"]))
        try:
            return await asyncio.to_thread(unwrap, wrapped, text)
        except PortError:
            return None

    async def _remember_tries(self, tries: int, until: int) -> None:
        def work(connection: sqlite3.Connection) -> None:
            _put(connection, "tries", str(tries))
            _put(connection, "until", str(until))

        await self._database.run(work)

    @staticmethod
    def _box(key: bytes, text: str) -> str:
        return b64url(seal(key, text.encode(), b"keys"))

    @staticmethod
    def _unbox(key: bytes, text: str) -> str:
        return unseal(key, unb64url(text), b"keys").decode()
