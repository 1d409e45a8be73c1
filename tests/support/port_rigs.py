"""One device of either platform, for the contract suite of the ports: its adapters, its storage, and the ways to break it.

The browser's adapters run here on CPython and reach the real JavaScript in a real Chromium page through a bridge that
stands where Pyodide's would be. Every device has an origin of its own, so that no two share a database.
"""

from __future__ import annotations

import abc
import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import BrowserContext, Page

from mobile_app.adapters.browser.device import BrowserDevice
from mobile_app.adapters.native.device import NativeDevice
from mobile_app.adapters.native.host import system_clock
from mobile_app.adapters.native.passphrase import LIGHT
from mobile_app.ports import AlarmSetup, AlarmStore, DeviceKeys, Keys, Net, Outbox, OutboxRow, Sealer, Vault
from protocol import jose
from protocol.envelope import Header, pad
from protocol.ids import new_id
from protocol.kinds import Act, Coarse
from tests.support.loop_thread import LoopThread
from tests.support.scripted_server import ScriptedServer

T = TypeVar("T")

PASSPHRASE = "rolig elv under bro"
DIGEST = "A" * 43


class Rig(abc.ABC):
    """A device and the scripted server it talks to. Coroutines of a test run by `run`."""

    platform: str
    keys: Keys
    sealer: Sealer
    vault: Vault
    outbox: Outbox
    net: Net
    alarm_store: AlarmStore
    public: DeviceKeys
    """Of the device, once it has joined."""

    def __init__(self, server: ScriptedServer, loop: LoopThread) -> None:
        self.server = server
        self._loop = loop
        self.unit = server.unit
        self.reader = jose.generate_key()
        self.recovery = jose.generate_key()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run to the end, in the loop the adapters live in."""
        return self._loop.run(coroutine)

    def setup(self, **changes: Any) -> AlarmSetup:
        """What the alarm page of this device works with."""
        values: dict[str, Any] = {
            "server": self.server.server,
            "unit": self.unit,
            "member": new_id(),
            "device": new_id(),
            "roster": DIGEST,
            "readers": [],
            "recovery": jose.public(self.recovery),
            "contacts": [],
        }
        return AlarmSetup(**{**values, **changes})

    async def join(self) -> None:
        """Keys, a vault and a set-up: a device that can send."""
        self.public = await self.keys.generate()
        self.server.field_key = self.public.field
        await self.vault.create(PASSPHRASE)
        await self.alarm_store.provision(self.setup())

    def event(self, coarse: Coarse = Coarse.OTHER, *, size: int = 2048, created: int = 1) -> OutboxRow:
        """A sealed event that a server would take. `size`: bytes of its padded inside."""
        row = new_id()
        urgent = coarse is Coarse.URGENT
        header = Header(
            self.server.server,
            self.unit,
            row,
            coarse,
            new_id() if urgent else None,
            Act.RAISE if urgent else None,
        )
        envelope = jose.seal(pad("e" * size), header.text(), [jose.public(self.reader)])
        return OutboxRow(row, self.unit, "event", coarse, created, envelope)

    @abc.abstractmethod
    async def offline(self, gone: bool) -> None:
        """The device loses its network, or has it back."""

    @abc.abstractmethod
    async def reopen(self) -> None:
        """The app is killed and started again on the same storage."""

    @abc.abstractmethod
    async def second(self) -> Vault:
        """The app opened once more on the same storage, while it is open here."""

    @abc.abstractmethod
    async def advance(self, seconds: float) -> None:
        """The device's clock goes forward."""

    @abc.abstractmethod
    async def damage(self, row: int) -> None:
        """Change a bit of a stored row."""

    @abc.abstractmethod
    async def fill_disk(self) -> None:
        """No further outbox row fits into the vault's storage."""

    @abc.abstractmethod
    async def close(self) -> None:
        """End it."""


class NativeRig(Rig):
    """Files below `directory`."""

    platform = "native"

    def __init__(self, server: ScriptedServer, loop: LoopThread, directory: Path) -> None:
        super().__init__(server, loop)
        self._directory = directory
        self._ahead = 0
        self._others: list[NativeDevice] = []
        self._wire()

    def _device(self) -> NativeDevice:
        return NativeDevice(
            self._directory, self.server.url, clock=lambda: system_clock() + self._ahead, cost=LIGHT
        )

    def _wire(self) -> None:
        self.device = self._device()
        self.keys, self.sealer, self.vault = self.device.keys, self.device.sealer, self.device.vault
        self.outbox, self.net, self.alarm_store = self.device.outbox, self.device.net, self.device.alarm_store

    async def offline(self, gone: bool) -> None:
        # Nothing listens on the discard port.
        self.device.net.move("http://127.0.0.1:9" if gone else self.server.url)

    async def reopen(self) -> None:
        self.device.close()
        self._wire()

    async def second(self) -> Vault:
        other = self._device()
        self._others.append(other)
        return other.vault

    async def advance(self, seconds: float) -> None:
        self._ahead += int(seconds * 1000)

    async def damage(self, row: int) -> None:
        def work(connection: sqlite3.Connection) -> None:
            box = bytearray(connection.execute("SELECT box FROM rows WHERE id = ?", (row,)).fetchone()["box"])
            box[-1] ^= 1
            connection.execute("UPDATE rows SET box = ? WHERE id = ?", (bytes(box), row))

        await self.device.vault.database.run(work)

    async def fill_disk(self) -> None:
        database = self.device.vault.database
        await database.run(lambda _: None)
        connection = database._connection
        assert connection is not None
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")

    async def close(self) -> None:
        for device in [self.device, *self._others]:
            device.close()


class JsError(Exception):
    """An Error thrown in the page; like Pyodide's JsException it carries the Error's message."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class _Room:
    """One object of `trygg`: its functions, called in the page."""

    def __init__(self, page: Page, name: str) -> None:
        self._page = page
        self._name = name

    def __getattr__(self, function: str) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any) -> Any:
            answer = await self._page.evaluate(_CALL, [self._name, function, list(arguments)])
            if "error" in answer:
                raise JsError(answer["error"])
            return answer["value"]

        return call


_CALL = """async ([room, name, given]) => {
  try { return { value: await self.trygg[room][name](...given) }; }
  catch (error) { return { error: String(error.message ?? error) }; }
}"""


class _Trygg:
    def __init__(self, page: Page) -> None:
        self._page = page

    def __getattr__(self, room: str) -> _Room:
        return _Room(self._page, room)


class _Scope:
    """The little of the worker's global scope that the adapters ask for at once."""

    def __init__(self, origin: str) -> None:
        self.location = type("Location", (), {"origin": origin})


_DAMAGE = """async (row) => {
  const db = await new Promise((ok, no) => { const r = indexedDB.open("trygg-vault"); r.onsuccess = () => ok(r.result); r.onerror = no; });
  await new Promise((ok, no) => {
    const tx = db.transaction("rows", "readwrite"), store = tx.objectStore("rows"), get = store.get(row);
    get.onsuccess = () => { const found = get.result, ct = new Uint8Array(found.ct); ct[ct.length - 1] ^= 1; store.put({ ...found, ct }); };
    tx.oncomplete = () => ok(); tx.onabort = no;
  });
  db.close();
}"""

_FILL_DISK = """() => {
  for (const name of ["put", "add"]) {
    const real = IDBObjectStore.prototype[name];
    IDBObjectStore.prototype[name] = function (...given) {
      if (this.name === "outbox") throw new DOMException("full", "QuotaExceededError");
      return real.apply(this, given);
    };
  }
}"""


class BrowserRig(Rig):
    """A page of its own origin."""

    platform = "browser"

    def __init__(self, server: ScriptedServer, loop: LoopThread, context: BrowserContext) -> None:
        super().__init__(server, loop)
        self._context = context
        self._ahead = 0.0
        self._pages: list[Page] = []
        self.run(self._wire())

    async def _open(self) -> tuple[Page, BrowserDevice]:
        page = await self._context.new_page()
        self._pages.append(page)
        await page.add_init_script(
            f"{{ const now = Date.now; Date.now = () => now() + {int(self._ahead * 1000)}; }}"
        )
        await page.goto(f"{self.server.url}/page.html")
        return page, BrowserDevice(_Trygg(page), _Scope(self.server.url))

    async def _wire(self) -> None:
        self.page, device = await self._open()
        self.keys, self.sealer, self.vault = device.keys, device.sealer, device.vault
        self.outbox, self.net, self.alarm_store = device.outbox, device.net, device.alarm_store

    async def offline(self, gone: bool) -> None:
        await self._context.set_offline(gone)

    async def reopen(self) -> None:
        await self.page.close()
        await self._wire()

    async def second(self) -> Vault:
        return (await self._open())[1].vault

    async def advance(self, seconds: float) -> None:
        self._ahead += seconds
        await self.page.evaluate(
            f"{{ const now = Date.now; Date.now = () => now() + {int(seconds * 1000)}; }}"
        )

    async def damage(self, row: int) -> None:
        await self.page.evaluate(_DAMAGE, row)

    async def fill_disk(self) -> None:
        await self.page.evaluate(_FILL_DISK)

    async def close(self) -> None:
        await asyncio.gather(*(page.close() for page in self._pages if not page.is_closed()))


def page_files(bundle: bytes) -> dict[str, bytes]:
    """What a page needs that holds nothing but the device's JavaScript."""
    page = (
        b'<!doctype html><meta charset="utf-8"><title>ports</title>'
        b'<script type="module">import { trygg } from "./trygg.js"; self.trygg = trygg;</script>'
    )
    return {"/page.html": page, "/trygg.js": bundle}


def rows_text(**members: Any) -> str:
    """A document as the vault stores it."""
    return json.dumps(members)
