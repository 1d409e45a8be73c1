"""A unit with people, devices and real keys, built with the protocol alone: no server, no app."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from protocol import jose
from protocol.encoding import thumbprint
from protocol.envelope import Header, pad
from protocol.events import Event
from protocol.ids import new_id
from protocol.invites import Grant, Join
from protocol.jws import Jwk, Typ
from protocol.roster import (
    RECOVERY_INFO,
    Device,
    Recovery,
    Roster,
    Step,
    found_change,
    join_change,
    step,
    version_payload,
)

NOW = 1_750_000_000_000
"""A device's clock, ms."""


class SignatureWrong(Exception):
    """A signature that a roster version depends on does not verify."""


@dataclass(frozen=True)
class Person:
    """A member with one device and its private keys."""

    member: str = field(default_factory=new_id)
    device: str = field(default_factory=new_id)
    field_key: Jwk = field(default_factory=jose.generate_key)
    member_key: Jwk = field(default_factory=jose.generate_key)
    encryption: Jwk = field(default_factory=jose.generate_key)

    def public(self) -> Device:
        """The device as the roster knows it."""
        field_key, member_key, encryption = map(
            jose.public, (self.field_key, self.member_key, self.encryption)
        )
        return Device(self.device, self.member, field_key, member_key, encryption)

    @property
    def reader(self) -> str:
        """Key id by which envelopes name this device."""
        return thumbprint(self.encryption)


@dataclass(frozen=True)
class Invite:
    """A grant and the private one-time key that goes into the link's package."""

    grant: Grant
    jws: str
    key: Jwk


class Unit:
    """One unit as a careful client sees it: `roster` moves on only when every signature verifies."""

    def __init__(self) -> None:
        self.server, self.id = new_id(), new_id()
        self.leader = Person()
        self.code = bytes(range(16))
        self.recovery_keys = {use: jose.generate_key() for use in RECOVERY_INFO}
        sealed = {
            use: jose.seal_package(self.code, self.id, RECOVERY_INFO[use], str(key))
            for use, key in self.recovery_keys.items()
        }
        self.recovery = Recovery(
            jose.public(self.recovery_keys["encryption"]),
            jose.public(self.recovery_keys["signing"]),
            sealed["encryption"],
            sealed["signing"],
        )
        change = found_change(device=self.leader.public(), recovery=self.recovery)
        root = self.version(self.leader, change, height=0, prev=None)
        self.roster: Roster = follow(None, root).roster
        self.versions = [root]

    def version(self, author: Person, change: dict[str, Any], /, **other: Any) -> str:
        """The next version by `author`; `other` replaces members of its payload, `key` what signs it."""
        key = other.pop("key", author.member_key)
        members: dict[str, Any] = {"server": self.server, "unit": self.id, "created": NOW}
        if "height" not in other:
            members |= {"height": self.roster.height + 1, "prev": self.roster.head}
        members |= {"member": author.member, "device": author.device, "change": change} | other
        return jose.sign(key, Typ.ROSTER, version_payload(**members))

    def append(self, version: str) -> Step:
        """Follow `version`. Raises what `step` raises, and SignatureWrong."""
        taken = follow(self.roster, version)
        self.roster = taken.roster
        self.versions.append(version)
        return taken

    def invite(self, *roles: str, by: Person | None = None, **other: Any) -> Invite:
        """A grant signed by `by` (the founding leader)."""
        leader = by or self.leader
        key = jose.generate_key()
        signer = other.pop("key", leader.member_key)
        grant = Grant(
            id=new_id(),
            server=self.server,
            unit=self.id,
            roles=roles or ("employee",),
            key=jose.public(key),
            member=leader.member,
            device=leader.device,
            roster=self.roster.head,
            created=NOW,
        )
        grant = replace(grant, **other)
        return Invite(grant, jose.sign(signer, Typ.GRANT, grant.payload()), key)

    def joining(self, invite: Invite, person: Person, /, **other: Any) -> str:
        """The version by which `person` joins; `other` replaces members of the join statement, `key` what signs that."""
        key = other.pop("key", invite.key)
        device = person.public()
        join = Join(
            invite=invite.grant.id,
            server=self.server,
            unit=self.id,
            member=person.member,
            device=person.device,
            field=device.field,
            member_key=device.member_key,
            encryption=device.encryption,
        )
        text = jose.sign(key, Typ.JOIN, replace(join, **other).payload())
        return self.version(person, join_change(invite.jws, text))

    def join(self, *roles: str, by: Person | None = None) -> Person:
        """Somebody new, through an invite."""
        person = Person()
        self.append(self.joining(self.invite(*roles, by=by), person))
        return person

    def event(self, author: Person, kind: str, readers: list[Jwk], /, **other: Any) -> Event:
        """An event by `author` to the public keys `readers`; `other` replaces members."""
        event = Event(
            id=new_id(),
            server=self.server,
            unit=self.id,
            kind=kind,
            case=new_id(),
            member=author.member,
            device=author.device,
            roster=self.roster.head,
            created=NOW,
            readers=tuple(sorted(thumbprint(key) for key in readers)),
        )
        return replace(event, **other)


def follow(roster: Roster | None, version: str) -> Step:
    """`step`, and every signature it depends on. Raises SignatureWrong."""
    taken = step(roster, version)
    for check in taken.checks:
        if not jose.verify(check.jws, check.jwk):
            raise SignatureWrong
    return taken


def seal_event(event: Event, key: Jwk, readers: list[Jwk], header: Header | None = None) -> str:
    """The envelope of `event` signed by `key`; `header` in place of the one that belongs to it."""
    signed = jose.sign(key, Typ.EVENT, event.payload())
    return jose.seal(pad(signed), (header or event.header()).text(), readers)
