"""Hand-written ports in memory, with the protocol's real cryptography, and a script in place of a server.

Nothing here decides what a server would: `Script` hands out what a test puts into it, and remembers what it was asked.
"""

# ruff: noqa: ARG002 # a port's arguments have their names, used or not
from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from mobile_app.ports import (
    AlarmSetup,
    DeviceKeys,
    OutboxRow,
    OutboxState,
    OwnAlarm,
    PortError,
    Reply,
    VaultState,
)
from mobile_app.services.client import Client, build_client
from mobile_app.services.context import Ports, Timing
from protocol import jose
from protocol.encoding import thumbprint
from protocol.envelope import pad
from protocol.errors import ProtocolError
from protocol.events import Event
from protocol.ids import new_id
from protocol.invites import Grant, Join
from protocol.jws import Jwk, Typ
from protocol.roster import Device, Roster, join_change, remove_change, step, version_payload
from protocol.statements import AckState, Statement

NOON = 1_795_000_000_000
PASSPHRASE = "fire ord er nok her"


@dataclass
class PrivateKeys:
    """Private halves of one device."""

    member: Jwk = field(default_factory=jose.generate_key)
    encryption: Jwk = field(default_factory=jose.generate_key)
    field: Jwk = field(default_factory=jose.generate_key)  # last: from here on the name means the key

    def public(self) -> DeviceKeys:
        """Their public halves."""
        return DeviceKeys(jose.public(self.field), jose.public(self.member), jose.public(self.encryption))


class FakeKeys:
    """Keys port."""

    def __init__(self) -> None:
        self.own = PrivateKeys()

    async def generate(self) -> DeviceKeys:
        return self.own.public()

    async def kept(self) -> DeviceKeys:
        return self.own.public()

    async def one_time(self) -> Jwk:
        return jose.generate_key()


class FakeVault:
    """Vault port. `refuse`: what the next `apply`s raise. `died`: no `apply` ever answers again, though the disk may have it."""

    def __init__(self) -> None:
        self.rows: dict[int, str] = {}
        self.outbox: dict[str, OutboxRow] = {}
        self.passphrase: str | None = None
        self.open = False
        self.refuse: list[PortError] = []
        self.applied: list[tuple[list[tuple[int, str | None]], list[OutboxRow], list[str]]] = []
        self.lose_answer = False
        self.broken: list[int] = []

    async def state(self) -> VaultState:
        if self.passphrase is None:
            return VaultState.NONE
        return VaultState.OPEN if self.open else VaultState.LOCKED

    async def create(self, passphrase: str) -> None:
        if self.passphrase is not None:
            raise PortError("vault_exists")
        self.passphrase, self.open = passphrase, True

    async def unlock(self, passphrase: str) -> None:
        if passphrase != self.passphrase:
            raise PortError("wrong_passphrase", wait=4)
        self.open = True

    async def lock(self) -> None:
        self.open = False

    async def load(self) -> list[tuple[int, str]]:
        return sorted(self.rows.items())

    async def damaged(self) -> list[int]:
        return self.broken

    async def apply(
        self, rows: list[tuple[int, str | None]], outbox: list[OutboxRow], settled: list[str]
    ) -> None:
        if not self.open:
            raise PortError("vault_locked")
        await asyncio.sleep(0)  # a real disk lets others run meanwhile
        if self.refuse:
            raise self.refuse.pop(0)
        for row, text in rows:
            if text is None:
                self.rows.pop(row, None)
            else:
                self.rows[row] = text
        self.outbox |= {row.id: row for row in outbox}
        for row_id in settled:
            self.outbox.pop(row_id, None)
        self.applied.append((rows, outbox, settled))
        if self.lose_answer:
            raise Died

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """What is on disk, by table."""
        found: dict[str, list[dict[str, Any]]] = {}
        for text in self.rows.values():
            raw = json.loads(text)
            found.setdefault(raw["t"], []).append(raw["d"])
        return found


class Died(BaseException):
    """The process ended here."""


class FakeSealer:
    """Sealer port."""

    def __init__(self, keys: FakeKeys, vault: FakeVault) -> None:
        self._keys = keys
        self._vault = vault

    async def sign(self, use: str, typ: str, payload: str) -> str:
        if use == "member" and not self._vault.open:
            raise PortError("vault_locked")
        return jose.sign(self._keys.own.field if use == "field" else self._keys.own.member, typ, payload)

    async def sign_with(self, private: Jwk, typ: str, payload: str) -> str:
        return jose.sign(private, typ, payload)

    async def verify(self, jws: str, public: Jwk) -> bool:
        return jose.verify(jws, public)

    async def seal(self, plaintext: bytes, header: str, readers: list[Jwk]) -> str:
        return jose.seal(plaintext, header, readers)

    async def open(self, envelope: str) -> bytes:
        if not self._vault.open:
            raise PortError("vault_locked")
        try:
            return jose.open_envelope(envelope, self._keys.own.encryption)
        except jose.CannotOpen as error:
            raise PortError("cannot_open") from error

    async def seal_package(self, secret: bytes, salt: str, info: str, plaintext: str) -> str:
        return jose.seal_package(secret, salt, info, plaintext)

    async def open_package(self, secret: bytes, salt: str, info: str, package: str) -> str:
        try:
            return jose.open_package(secret, salt, info, package)
        except ProtocolError as error:
            raise PortError("cannot_open") from error


class FakeOutbox:
    """Outbox port on the vault's rows. `server`: says what the server makes of a row at `flush`."""

    def __init__(self, vault: FakeVault) -> None:
        self._vault = vault
        self.server: Callable[[OutboxRow], OutboxRow] = lambda row: row
        self.flushed = 0

    async def rows(self) -> list[OutboxRow]:
        return [replace(row, content="") for row in self._vault.outbox.values()]

    async def flush(self) -> int:
        self.flushed += 1
        for key, row in list(self._vault.outbox.items()):
            if row.state is OutboxState.QUEUED:
                self._vault.outbox[key] = self.server(row)
        return sum(1 for row in self._vault.outbox.values() if row.state is OutboxState.QUEUED)

    async def retry(self, row: str) -> None:
        self._vault.outbox[row] = replace(self._vault.outbox[row], state=OutboxState.QUEUED, error="")

    async def discard(self, row: str) -> None:
        del self._vault.outbox[row]


@dataclass
class Script:
    """What the server says. `entries`: the feed, its cursor being a plain number. `answers`: for the next request of that
    method and path pattern, before all else. `swallow`: of such requests the answer is lost, after they have had their effect."""

    server: str = field(default_factory=new_id)
    epoch: str = "e1"
    versions: list[str] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    statements: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 50
    answers: list[tuple[str, str, Reply | PortError]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    online: bool = True
    swallow: tuple[str, str] | None = None
    session: bool = False
    head: tuple[int, str] | None = None
    invite: dict[str, Any] | None = None

    def refuse(self, method: str, path: str, code: str, status: int = 400) -> None:
        """Answer the next such request with an error."""
        body = json.dumps({"error": {"code": code, "message": code, "detail": ""}})
        self.answers.append((method, path, Reply(status, {}, body)))

    def add(self, kind: str, entry: str, content: str, received: int = NOON, sender: str = "") -> None:
        """Put something into the feed."""
        self.entries.append(
            {
                "type": kind,
                "id": entry,
                "sender": sender or new_id(),
                "received": received,
                "content": content,
            }
        )

    def answer(self, method: str, path: str, body: Any) -> Reply:
        """Answer one request."""
        self.asked.append((method, path))
        if not self.online:
            raise PortError("offline")
        for at, (wanted, pattern, reply) in enumerate(self.answers):
            if wanted == method and re.search(pattern, path):
                del self.answers[at]
                if isinstance(reply, PortError):
                    raise reply
                return reply
        usual = self._usual(method, path, body)
        if self.swallow and method == self.swallow[0] and re.search(self.swallow[1], path):
            raise PortError("timeout")
        return Reply(200, {}, json.dumps(usual))

    def _roster_head(self) -> dict[str, Any]:
        roster = folded(self.versions)
        height, head = self.head or ((roster.height, roster.head) if roster else (0, ""))
        return {"height": height, "head": head}

    def _usual(self, method: str, path: str, body: Any) -> dict[str, Any]:
        if path.endswith("/server"):
            return {"server": self.server, "epoch": self.epoch, "version": "0", "protocol": 1, "now": NOON}
        if path.endswith("/units"):
            self.versions = [body["root"]]
            return self._roster_head()
        if path.endswith("/challenges"):
            return {"challenge": "c", "seconds": 120}
        if path.endswith("/sessions"):
            self.session = True
            return {}
        if "/roster" in path and method == "POST":
            if body["version"] not in self.versions:
                self.versions.append(body["version"])
            return self._roster_head()
        if "/roster" in path:
            after = int(path.rpartition("=")[2])
            return {"versions": self.versions[after + 1 :], **self._roster_head()}
        if "/feed" in path:
            after = int(path.rpartition("cursor=")[2] or 0) if "cursor=" in path else 0
            page = self.entries[after : after + self.page_size]
            return {
                "epoch": self.epoch,
                "cursor": str(after + len(page)),
                "more": after + len(page) < len(self.entries),
                "roster": self._roster_head(),
                "entries": page,
            }
        if "/alarms/" in path:
            return {"statements": self.statements}
        if "/invites" in path and method == "POST":
            self.invite = body
            return {"id": new_id(), "expires": NOON + 48 * 3_600_000}
        if "/invites/" in path and self.invite is not None:
            roster = folded(self.versions)
            return {
                **self.invite,
                "unit": roster.unit if roster else "",
                "expires": NOON,
                "roster": list(self.versions),
            }
        return {}


class FakeNet:
    """Net port on a script."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.nudge: Callable[[], None] = lambda: None
        self.listening = False

    async def send(self, method: str, path: str, body: str | None = None, timeout: float = 10) -> Reply:
        needs_session = "/feed" in path or "/alarms/" in path or ("/roster" in path and method == "GET")
        if needs_session and not self.script.session and self.script.online:
            self.script.asked.append((method, path))
            return Reply(401, {}, '{"error":{"code":"session_needed","message":"","detail":""}}')
        return self.script.answer(method, path, json.loads(body) if body else None)

    async def signed(
        self, method: str, path: str, body: str | None = None, request_id: str = "", timeout: float = 10
    ) -> Reply:
        return self.script.answer(method, path, json.loads(body) if body else None)

    async def listen(self, unit: str, on_nudge: Callable[[], None]) -> None:
        self.nudge = on_nudge
        self.listening = True

    async def hush(self) -> None:
        self.nudge = lambda: None
        self.listening = False

    def origin(self) -> str:
        return "https://trygg.example"


class FakeAlarmStore:
    """AlarmStore port. `own`: what the alarm page has."""

    def __init__(self) -> None:
        self.provisioned: list[AlarmSetup] = []
        self.own: list[OwnAlarm] = []

    async def provision(self, setup: AlarmSetup) -> None:
        self.provisioned.append(setup)

    async def setup(self) -> AlarmSetup | None:
        return self.provisioned[-1] if self.provisioned else None

    async def alarms(self) -> list[OwnAlarm]:
        return list(self.own)

    async def raise_alarm(self, *, drill: bool = False, silent: bool = False) -> str:
        raise NotImplementedError("the alarm page's own")


class FakeHost:
    """Host port with a clock that tests set."""

    def __init__(self) -> None:
        self.clock = NOON
        self.did: list[tuple[str, str]] = []

    def now(self) -> int:
        return self.clock

    def local_offset(self, at: int) -> int:
        return 60

    def copy(self, text: str) -> None:
        self.did.append(("copy", text))

    def share(self, title: str, text: str) -> None:
        self.did.append(("share", text))

    def open_link(self, url: str) -> None:
        self.did.append(("open", url))

    def print_text(self, title: str, lines: list[str]) -> None:
        self.did.append(("print", title))

    def mark(self, name: str) -> None:
        self.did.append(("mark", name))

    async def persist(self) -> bool:
        return False


class Clockwork:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def timing(self) -> Timing:
        """For `build_client`."""
        return Timing(self._sleep, lambda: self.seconds, lambda: 1.0)

    async def _sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self.waits.append(seconds)
        self._sleepers.append((self.seconds + seconds, future))
        await future

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and everything that follows happen."""
        self.seconds += seconds
        for entry in [entry for entry in self._sleepers if entry[0] <= self.seconds]:
            self._sleepers.remove(entry)
            if not entry[1].done():
                entry[1].set_result(None)
        await settled()


async def settled(turns: int = 200) -> None:
    """Let everything that can go on without time passing go on."""
    for _ in range(turns):
        await asyncio.sleep(0)


class Phone:
    """One device with fake ports. Its storage outlives the app: `restart` is a new process on the same disk."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        self.keys = FakeKeys()
        self.vault = FakeVault()
        self.sealer = FakeSealer(self.keys, self.vault)
        self.outbox = FakeOutbox(self.vault)
        self.net = FakeNet(self.script)
        self.alarm_store = FakeAlarmStore()
        self.host = FakeHost()
        self.clockwork = Clockwork()
        self.client = self._build()

    def _build(self) -> Client:
        ports = Ports(self.keys, self.sealer, self.vault, self.outbox, self.net, self.alarm_store, self.host)
        return build_client(ports, self.clockwork.timing())

    async def restart(self) -> Client:
        """The process has ended; the app is started anew and unlocked."""
        self.vault.open, self.vault.lose_answer, self.vault.refuse = False, False, []
        self.client = self._build()
        await self.client.gate.start()
        await self.client.gate.unlock(PASSPHRASE)
        return self.client

    async def found(self, name: str = "Kari Nordmo") -> Client:
        """A leader in a unit of one."""
        await self.client.founding.found("token", "Hjelpemidler, Lillevik", name, "900 00 000", PASSPHRASE)
        return self.client

    def sent(self) -> None:
        """From now on the server takes everything in at once."""
        self.outbox.server = lambda row: replace(row, state=OutboxState.SENT, received=self.host.clock + 1)


def folded(versions: list[str]) -> Roster | None:
    """The roster of a chain, unchecked."""
    roster = None
    for jws in versions:
        roster = step(roster, jws).roster
    return roster


class Author:
    """Somebody else of the unit, whose device is made of keys alone."""

    def __init__(self, script: Script, leader: Phone, roles: tuple[str, ...] = ("employee",)) -> None:
        self.script = script
        self.member, self.device = new_id(), new_id()
        self.keys = PrivateKeys()
        roster = self.roster()
        one_time = jose.generate_key()
        author = next(
            d for d in roster.devices.values() if d.member_key == jose.public(leader.keys.own.member)
        )
        public = self.keys.public()
        grant = Grant(
            new_id(),
            roster.server,
            roster.unit,
            roles,
            jose.public(one_time),
            author.member,
            author.id,
            roster.head,
            NOON,
        )
        join = Join(
            grant.id,
            roster.server,
            roster.unit,
            self.member,
            self.device,
            public.field,
            public.member,
            public.encryption,
        )
        change = join_change(
            jose.sign(leader.keys.own.member, Typ.GRANT, grant.payload()),
            jose.sign(one_time, Typ.JOIN, join.payload()),
        )
        self.append(change)

    def roster(self) -> Roster:
        """The newest roster."""
        roster = folded(self.script.versions)
        assert roster is not None
        return roster

    def append(self, change: dict[str, Any]) -> None:
        """Add a roster version of one's own."""
        self.script.versions.append(self.version(change))

    def version(self, change: dict[str, Any]) -> str:
        """A next roster version of one's own."""
        roster = self.roster()
        payload = version_payload(
            server=roster.server,
            unit=roster.unit,
            height=roster.height + 1,
            prev=roster.head,
            member=self.member,
            device=self.device,
            created=NOON,
            change=change,
        )
        return jose.sign(self.keys.member, Typ.ROSTER, payload)

    def event(self, kind: str, body: dict[str, Any] | None = None, **more: Any) -> Event:
        """An event of one's own to everybody."""
        roster = self.roster()
        readers = [d.encryption for d in roster.active_devices()] + [roster.recovery.encryption]
        values: dict[str, Any] = {
            "id": new_id(),
            "server": roster.server,
            "unit": roster.unit,
            "kind": kind,
            "case": new_id(),
            "member": self.member,
            "device": self.device,
            "roster": roster.head,
            "created": NOON,
            "readers": tuple(sorted(thumbprint(reader) for reader in readers)),
            "body": body or {},
        }
        return Event(**{**values, **more})

    def seal(
        self, event: Event, *, key: Jwk | None = None, header: str | None = None, spoil: bool = False
    ) -> str:
        """The envelope of an event, signed by the member key unless told otherwise; `spoil`: the signature is not one."""
        roster = self.roster()
        public = {d.reader: d.encryption for d in roster.devices.values()}
        public[thumbprint(roster.recovery.encryption)] = roster.recovery.encryption
        jws = jose.sign(key or self.keys.member, Typ.EVENT, event.payload())
        jws = spoiled(jws) if spoil else jws
        return jose.seal(pad(jws), header or event.header().text(), [public[kid] for kid in event.readers])

    def send(self, event: Event, *, key: Jwk | None = None, received: int = NOON) -> Event:
        """Put an event into the feed."""
        self.script.add("event", event.id, self.seal(event, key=key), received, self.device)
        return event

    def say(
        self, case: str, state: AckState, *, key: Jwk | None = None, spoil: bool = False
    ) -> dict[str, Any]:
        """A statement about an alarm, as the server tells it; `spoil`: the signature is not one."""
        roster = self.roster()
        statement = Statement(
            new_id(), roster.server, roster.unit, case, self.member, self.device, state, roster.head, NOON
        )
        jws = jose.sign(key or self.keys.member, Typ.STATEMENT, statement.payload())
        return {"statement": spoiled(jws) if spoil else jws, "received": NOON + 5, "id": statement.id}


def spoiled(jws: str) -> str:
    """The same text by the same key id, under a signature that nobody made."""
    head, body, signature = jws.split(".")
    return f"{head}.{body}.{'A' * len(signature)}"


def removal(*, member: str | None = None, device: Device | None = None) -> dict[str, Any]:
    """Change that removes a member or a device."""
    return remove_change(member=member, device=device.id if device else None)
