"""A person with a device, as plain as can be: signs, seals and asks the server's API. For tests of the server alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from protocol.encoding import b64url, compact_json, digest
from protocol.envelope import Header, pad
from protocol.events import Event
from protocol.ids import new_id
from protocol.invites import Grant, Join, Role
from protocol.jose import generate_key, public, seal, seal_package, sign
from protocol.jws import Jwk, Typ
from protocol.kinds import KINDS, Coarse
from protocol.requests import SCHEME, SignedRequest
from protocol.roster import (
    RECOVERY_INFO,
    Device,
    Recovery,
    Roster,
    found_change,
    join_change,
    remove_change,
    roles_change,
    step,
    version_hash,
    version_payload,
)
from protocol.statements import AckState, Statement


class Answer(Protocol):
    """What a test wants to know of an HTTP answer; `requests` and the in-process client both have it."""

    @property
    def status_code(self) -> int: ...

    @property
    def text(self) -> str: ...

    @property
    def headers(self) -> Any: ...

    def json(self) -> Any: ...


class Wire(Protocol):
    """Sends one request. `body`: text or None."""

    def __call__(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> Answer: ...


def now_ms() -> int:
    """The device's clock."""
    return time.time_ns() // 1_000_000


@dataclass
class Person:
    """One member with one device, holding every private key."""

    server: str
    unit: str
    member: str = field(default_factory=new_id)
    device: str = field(default_factory=new_id)
    field_key: Jwk = field(default_factory=generate_key)
    member_key: Jwk = field(default_factory=generate_key)
    encryption: Jwk = field(default_factory=generate_key)

    @property
    def public_device(self) -> Device:
        """As it stands in the roster."""
        return Device(
            self.device, self.member, public(self.field_key), public(self.member_key), public(self.encryption)
        )

    @property
    def kid(self) -> str:
        """Reader key id."""
        return self.public_device.reader

    def authorization(
        self,
        method: str,
        path: str,
        body: str = "",
        *,
        request_id: str | None = None,
        created: Sequence[int] = (),
        **changed: Any,
    ) -> dict[str, str]:
        """Header of a signed request; `changed` claims make wrong ones."""
        claims = SignedRequest(
            self.server,
            self.unit,
            self.device,
            method,
            path,
            request_id or new_id(),
            digest(body.encode()),
            now_ms(),
            tuple(created),
        )
        payload = compact_json({**vars(claims), **changed})
        return {"Authorization": f"{SCHEME} {sign(self.field_key, Typ.REQUEST, payload)}"}

    def ask(self, wire: Wire, method: str, path: str, value: Any = None, **claims: Any) -> Answer:
        """Send a signed request with a JSON body."""
        body = None if value is None else compact_json(value)
        return wire(method, path, body, self.authorization(method, path, body or "", **claims))

    @property
    def base(self) -> str:
        """Path of the unit."""
        return f"/api/v1/units/{self.unit}"

    def event(
        self,
        kind: str,
        readers: Sequence[Jwk],
        *,
        case: str | None = None,
        body: dict[str, Any] | None = None,
        event_id: str | None = None,
        drill: bool = False,
        header: dict[str, Any] | None = None,
    ) -> dict[str, str]:
        """A sealed event, ready for a batch: {"id", "envelope"}. `header` members make an untrue outside."""
        case = case or new_id()
        timed = kind in ("visit.started", "visit.extended")
        event = Event(
            event_id or new_id(),
            self.server,
            self.unit,
            kind,
            case,
            self.member,
            self.device,
            digest(b"roster"),
            now_ms(),
            tuple(sorted(reader_id(key) for key in readers)),
            body or {},
            drill=drill,
            duration=3600 if timed else None,
        )
        key = self.field_key if KINDS[kind].coarse is Coarse.URGENT else self.member_key
        outside = event.header()
        if header:
            outside = Header(**{**vars(outside), **header})
        return {
            "id": outside.id,
            "envelope": seal(pad(sign(key, Typ.EVENT, event.payload())), outside.text(), list(readers)),
        }

    def send(self, wire: Wire, *events: dict[str, str], **claims: Any) -> Answer:
        """Submit events in one signed request."""
        return self.ask(wire, "POST", f"{self.base}/events", {"events": list(events)}, **claims)

    def pull(self, wire: Wire, cursor: str = "") -> Any:
        """One feed page."""
        answer = self.ask(wire, "GET", f"{self.base}/feed?cursor={cursor}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pull_all(self, wire: Wire, cursor: str = "") -> tuple[list[Any], str]:
        """Everything after a cursor, and the cursor after it."""
        entries: list[Any] = []
        while True:
            page = self.pull(wire, cursor)
            entries += page["entries"]
            cursor = page["cursor"]
            if not page["more"]:
                return entries, cursor

    def statement(self, case: str, state: AckState = AckState.SEEN, **changed: Any) -> str:
        """A signed acknowledgement."""
        statement = Statement(
            new_id(),
            self.server,
            self.unit,
            case,
            self.member,
            self.device,
            state,
            digest(b"roster"),
            now_ms(),
        )
        return sign(self.member_key, Typ.STATEMENT, compact_json({**vars(statement), **changed}))

    def acknowledge(self, wire: Wire, statement: str) -> Answer:
        """Submit it."""
        return self.ask(wire, "POST", f"{self.base}/statements", {"statement": statement})

    def session(self, wire: Wire) -> dict[str, str]:
        """Open a read session; headers with its cookie."""
        asked = wire("POST", f"{self.base}/challenges", compact_json({"device": self.device}))
        challenge = asked.json()["challenge"]
        answer = self.ask(wire, "POST", f"{self.base}/sessions", request_id=challenge)
        assert answer.status_code == 204, answer.text
        return {"Cookie": str(answer.headers["set-cookie"]).split(";", 1)[0]}


def reader_id(key: Jwk) -> str:
    """Key id of a reader key."""
    from protocol.encoding import thumbprint

    return thumbprint(key)


@dataclass
class TestUnit:
    """A founded unit as its leader knows it: the roster is folded from what the leader and joiners signed."""

    __test__ = False

    leader: Person
    recovery: Recovery
    root: str
    versions: list[str]

    @property
    def roster(self) -> Roster:
        """Fold of the versions."""
        roster: Roster | None = None
        for version in self.versions:
            roster = step(roster, version).roster
        assert roster is not None
        return roster

    def version(self, author: Person, change: dict[str, Any], **changed: Any) -> str:
        """The next version, signed by `author`."""
        roster = self.roster
        claims = {
            "server": self.leader.server,
            "unit": self.leader.unit,
            "height": roster.height + 1,
            "prev": roster.head,
            "member": author.member,
            "device": author.device,
            "created": now_ms(),
            "change": change,
        }
        return sign(author.member_key, Typ.ROSTER, version_payload(**{**claims, **changed}))

    def append(self, wire: Wire, version: str) -> Answer:
        """Append at the server, and here when it was accepted."""
        answer = wire("POST", f"{self.leader.base}/roster", compact_json({"version": version}))
        if answer.status_code == 200 and version not in self.versions:
            self.versions.append(version)
        return answer

    def invite(self, wire: Wire, roles: Sequence[str] = (Role.EMPLOYEE,), hours: int = 48) -> tuple[str, Jwk]:
        """Create an invite at the server; returns the grant and the private one-time key."""
        grant, one_time, body = self.grant(roles, hours)
        answer = self.leader.ask(wire, "POST", f"{self.leader.base}/invites", body)
        assert answer.status_code == 201, answer.text
        return grant, one_time

    def grant(
        self, roles: Sequence[str] = (Role.EMPLOYEE,), hours: int = 48, **changed: Any
    ) -> tuple[str, Jwk, dict[str, str]]:
        """A grant, its private one-time key, and the body that creates the invite."""
        one_time = generate_key()
        claims = Grant(
            new_id(),
            self.leader.server,
            self.leader.unit,
            tuple(roles),
            public(one_time),
            self.leader.member,
            self.leader.device,
            self.roster.head,
            now_ms(),
            hours,
        )
        payload = compact_json({**vars(claims), **changed})
        grant = sign(self.leader.member_key, Typ.GRANT, payload)
        package = seal_package(b"s" * 32, claims.id, "test", "{}")
        return grant, one_time, {"grant": grant, "package": package}

    def join_version(self, person: Person, grant: str, one_time: Jwk) -> str:
        """The version by which `person` joins with a grant."""
        from protocol.invites import read_grant

        device = person.public_device
        join = Join(
            read_grant(grant)[0].id,
            person.server,
            person.unit,
            person.member,
            person.device,
            device.field,
            device.member_key,
            device.encryption,
        )
        return self.version(person, join_change(grant, sign(one_time, Typ.JOIN, join.payload())))

    def add(self, wire: Wire, roles: Sequence[str] = (Role.EMPLOYEE,)) -> Person:
        """Invite and join one more person."""
        person = Person(self.leader.server, self.leader.unit)
        answer = self.append(wire, self.join_version(person, *self.invite(wire, roles)))
        assert answer.status_code == 200, answer.text
        return person

    def remove(self, wire: Wire, person: Person) -> None:
        """Remove a person's device."""
        answer = self.append(wire, self.version(self.leader, remove_change(device=person.device)))
        assert answer.status_code == 200, answer.text

    def set_roles(self, wire: Wire, person: Person, roles: list[str]) -> Answer:
        """Change roles."""
        return self.append(wire, self.version(self.leader, roles_change(person.member, roles)))


def make_root(server: str) -> TestUnit:
    """A new unit that only exists here so far."""
    leader = Person(server, new_id())
    encryption, signing = generate_key(), generate_key()
    sealed = {
        use: seal_package(b"c" * 16, leader.unit, RECOVERY_INFO[use], compact_json(key))
        for use, key in (("encryption", encryption), ("signing", signing))
    }
    recovery = Recovery(public(encryption), public(signing), sealed["encryption"], sealed["signing"])
    payload = version_payload(
        server=server,
        unit=leader.unit,
        height=0,
        prev=None,
        member=leader.member,
        device=leader.device,
        created=now_ms(),
        change=found_change(device=leader.public_device, recovery=recovery),
    )
    root = sign(leader.member_key, Typ.ROSTER, payload)
    return TestUnit(leader, recovery, version_hash(root), [root])


def found_unit(wire: Wire, token: str) -> TestUnit:
    """Found a unit at the server with a set-up token."""
    unit = make_root(wire("GET", "/api/v1/server").json()["server"])
    answer = wire("POST", "/api/v1/units", compact_json({"token": token, "root": unit.versions[0]}))
    assert answer.status_code == 201, answer.text
    return unit


def token_of(link: str) -> str:
    """The token in a set-up link."""
    return link.partition("#")[2]


def loopback(url: str) -> Wire:
    """A wire to a server process."""
    import requests

    session = requests.Session()

    def ask(method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> Answer:
        data = None if body is None else body.encode()
        return session.request(method, url + path, data=data, headers=headers, timeout=20)

    return ask


def error_code(answer: Answer) -> str:
    """Code of an error answer."""
    return str(answer.json()["error"]["code"])


def unused_token() -> str:
    """A token no server gave."""
    return b64url(b"x" * 32)
