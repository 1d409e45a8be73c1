"""The unit's roster: a chain of signed versions. Who belongs to the unit is the fold of its changes.

Each version names the hash of the one before; the hash of the first (the root) is what invites carry and devices pin.
Changes: `found` (the unit, its first leader, its recovery keys), `join` (by a leader's grant and a one-time key, so that it
works while the leader is offline), `remove` (a device, or a member with all devices) and `roles`. `step` says what a version does and
which signatures must verify first; whoever calls it verifies them (synchronously on CPython, with WebCrypto in the browser).
"""

from dataclasses import dataclass, field, replace
from typing import Any

from protocol import PROTOCOL_VERSION, limits
from protocol.encoding import compact_json, digest, thumbprint
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import is_digest, is_id
from protocol.invites import Role, is_roles, read_grant, read_join
from protocol.jws import Jwk, SignatureCheck, Typ, Unverified, is_public_p256, peek, signed_by
from protocol.kinds import KeyUse
from protocol.times import is_time
from protocol.version import check_version


@dataclass(frozen=True)
class Device:
    """One phone or PC of a member, with its public keys by purpose. `removed` devices stay, so that old events verify."""

    id: str
    member: str
    field: Jwk
    member_key: Jwk
    encryption: Jwk
    removed: bool = False

    @property
    def reader(self) -> str:
        """Key id by which envelopes name this device."""
        return thumbprint(self.encryption)

    def key(self, use: KeyUse) -> Jwk:
        """The public key for a purpose."""
        return {KeyUse.FIELD: self.field, KeyUse.MEMBER: self.member_key, KeyUse.ENCRYPTION: self.encryption}[
            use
        ]


@dataclass(frozen=True)
class Member:
    """One person of the unit. Names are not here: they travel sealed (event kind profile.set)."""

    id: str
    roles: frozenset[str]
    removed: bool = False


@dataclass(frozen=True)
class Recovery:
    """Public halves of the unit's recovery keys, and the private halves sealed with the codes kept offline.

    `sealed_*`: compact JWE, alg "dir", enc A256GCM, key = HKDF-SHA-256(code bytes, salt = unit id, info = RECOVERY_INFO[use]).
    """

    encryption: Jwk
    signing: Jwk
    sealed_encryption: str
    sealed_signing: str


RECOVERY_INFO = {"encryption": "trygg-ute recovery encryption v1", "signing": "trygg-ute recovery signing v1"}
RECOVERY_CODE_BYTES = 16
"""A recovery code is 16 random bytes, written as 16 words."""


@dataclass(frozen=True)
class Roster:
    """The unit as of one version: `height` counts from 0, `head` is that version's hash, `root` the first one's."""

    server: str
    unit: str
    height: int
    head: str
    root: str
    recovery: Recovery
    members: dict[str, Member] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    invites: frozenset[str] = frozenset()

    def active_devices(self) -> list[Device]:
        """Devices that may read and write now, in a stable order."""
        return [
            d for _, d in sorted(self.devices.items()) if not d.removed and not self.members[d.member].removed
        ]

    def devices_of(self, member: str) -> list[Device]:
        """Active devices of one member."""
        return [device for device in self.active_devices() if device.member == member]

    def members_with(self, role: str) -> list[Member]:
        """Active members holding `role`, in a stable order."""
        return [m for _, m in sorted(self.members.items()) if role in m.roles and not m.removed]

    def signer(self, device: str, kid: str) -> KeyUse | None:
        """By which purpose `kid` belongs to `device` as a signing key; None if it does not. Removed devices still answer."""
        entry = self.devices.get(device)
        if entry is None:
            return None
        return next((use for use in (KeyUse.FIELD, KeyUse.MEMBER) if thumbprint(entry.key(use)) == kid), None)

    def by_reader(self, kid: str) -> Device | None:
        """The device whose encryption key has id `kid`."""
        return next((device for device in self.devices.values() if device.reader == kid), None)


@dataclass(frozen=True)
class Step:
    """What one version leads to, valid only if every check verifies. `invite`: id of the invite it uses up, if any."""

    roster: Roster
    checks: tuple[SignatureCheck, ...]
    invite: str | None = None


def version_hash(jws: str) -> str:
    """Hash of a roster version: SHA-256 of its compact JWS."""
    return digest(jws.encode())


def version_payload(
    *,
    server: str,
    unit: str,
    height: int,
    prev: str | None,
    member: str,
    device: str,
    created: int,
    change: dict[str, Any],
) -> str:
    """The text an author signs with the member key to make a version."""
    return compact_json(
        {
            "v": PROTOCOL_VERSION,
            "server": server,
            "unit": unit,
            "height": height,
            "prev": prev,
            "member": member,
            "device": device,
            "created": created,
            "change": change,
        }
    )


def found_change(*, device: Device, recovery: Recovery) -> dict[str, Any]:
    """The first change of a chain: the founding leader's device and the recovery keys."""
    return {
        "type": "found",
        "field": device.field,
        "member_key": device.member_key,
        "encryption": device.encryption,
        "recovery": vars(recovery),
    }


def join_change(grant: str, join: str) -> dict[str, Any]:
    """A new member: the leader's grant and the new device's join statement, both compact JWS."""
    return {"type": "join", "grant": grant, "join": join}


def remove_change(*, member: str | None = None, device: str | None = None) -> dict[str, Any]:
    """Remove one device, or a member with all devices: give exactly one of the two."""
    return {"type": "remove", "member": member} if member else {"type": "remove", "device": device}


def roles_change(member: str, roles: list[str]) -> dict[str, Any]:
    """Give a member these roles in place of the earlier ones."""
    return {"type": "roles", "member": member, "roles": sorted(roles)}


_VERSION_MEMBERS = frozenset(
    {"v", "server", "unit", "height", "prev", "member", "device", "created", "change"}
)


def _invalid(detail: str) -> ProtocolError:
    return ProtocolError(ErrorCode.ROSTER_INVALID, detail)


def step(roster: Roster | None, jws: str) -> Step:
    """What version `jws` makes of `roster` (None: it must be the root).

    Raises ProtocolError: roster_invalid (shape, authority), roster_conflict (not the next one), update_needed (a newer
    format or change), too_large, wrong_server, wrong_unit.
    """
    if len(jws) > limits.ROSTER_VERSION_BYTES:
        raise ProtocolError(ErrorCode.TOO_LARGE, "roster version")
    unverified = peek(jws, Typ.ROSTER, ErrorCode.ROSTER_INVALID)
    raw = unverified.payload
    check_version(raw, ErrorCode.ROSTER_INVALID, "roster")
    if set(raw) != _VERSION_MEMBERS or not isinstance(raw["change"], dict):
        raise _invalid("members")
    if not all(is_id(raw[name]) for name in ("server", "unit", "member", "device")):
        raise _invalid("ids")
    if not is_time(raw["created"]) or type(raw["height"]) is not int:
        raise _invalid("created or height")
    if roster is None:
        return _found(unverified, jws)
    if raw["server"] != roster.server:
        raise ProtocolError(ErrorCode.WRONG_SERVER)
    if raw["unit"] != roster.unit:
        raise ProtocolError(ErrorCode.WRONG_UNIT)
    if raw["height"] != roster.height + 1 or raw["prev"] != roster.head:
        raise ProtocolError(ErrorCode.ROSTER_CONFLICT, f"next height is {roster.height + 1}")
    change = raw["change"]
    before = replace(roster, height=raw["height"], head=version_hash(jws))
    kind = change.get("type")
    if kind == "join":
        return _join(before, unverified, jws)
    if kind == "remove":
        return _by_leader(before, unverified, jws, _remove(before, change))
    if kind == "roles":
        return _by_leader(before, unverified, jws, _roles(before, change))
    # Not refused for good: a newer app may know it. Until then nothing later of this chain can be read.
    raise ProtocolError(ErrorCode.UPDATE_NEEDED, "roster change")


def _found(unverified: Unverified, jws: str) -> Step:
    raw = unverified.payload
    change = raw["change"]
    if raw["height"] != 0 or raw["prev"] is not None:
        raise _invalid("not a root")
    if set(change) != {"type", "field", "member_key", "encryption", "recovery"} or change["type"] != "found":
        raise _invalid("root change")
    recovery = change["recovery"]
    if not isinstance(recovery, dict) or set(recovery) != set(Recovery.__dataclass_fields__):
        raise _invalid("recovery")
    own = [change[name] for name in ("field", "member_key", "encryption")]
    keys = [*own, recovery["encryption"], recovery["signing"]]
    if not all(is_public_p256(key) for key in keys) or len({thumbprint(key) for key in keys}) != len(keys):
        raise _invalid("keys")
    if not all(isinstance(recovery[name], str) for name in ("sealed_encryption", "sealed_signing")):
        raise _invalid("recovery")
    root = version_hash(jws)
    device = Device(raw["device"], raw["member"], *own)
    leader = Member(raw["member"], frozenset({Role.LEADER, Role.EMPLOYEE}))
    roster = Roster(
        server=raw["server"],
        unit=raw["unit"],
        height=0,
        head=root,
        root=root,
        recovery=Recovery(**recovery),
        members={leader.id: leader},
        devices={device.id: device},
    )
    return Step(roster, (signed_by(unverified, jws, device.member_key, ErrorCode.ROSTER_INVALID),))


def _leader_key(roster: Roster, member: str, device: str) -> Jwk:
    """Member key of an active leader's device. Raises ProtocolError(roster_invalid) when it is not one."""
    entry = roster.devices.get(device)
    person = roster.members.get(member)
    if entry is None or person is None or entry.member != member or entry.removed or person.removed:
        raise _invalid("author is not an active device of the unit")
    if Role.LEADER not in person.roles:
        raise _invalid("author is not a leader")
    return entry.member_key


def _join(roster: Roster, unverified: Unverified, jws: str) -> Step:
    raw = unverified.payload
    change = raw["change"]
    if set(change) != {"type", "grant", "join"}:
        raise _invalid("join change")
    if not all(isinstance(change[name], str) for name in ("grant", "join")):
        raise _invalid("join change")
    grant, grant_kid = read_grant(change["grant"])
    join, join_kid = read_join(change["join"])
    unit = roster.server, roster.unit
    if (grant.server, grant.unit) != unit or (join.server, join.unit) != unit:
        raise _invalid("grant or join of another unit")
    if grant.id != join.invite:
        raise _invalid("another invite")
    if grant.id in roster.invites:
        raise ProtocolError(ErrorCode.INVITE_USED)
    if (join.member, join.device) != (raw["member"], raw["device"]):
        raise _invalid("author is not who joins")
    if join.member in roster.members or join.device in roster.devices:
        raise _invalid("id taken")
    # As the roster stands now: what a leader granted before being removed is worth nothing after.
    leader_key = _leader_key(roster, grant.member, grant.device)
    device = Device(join.device, join.member, join.field, join.member_key, join.encryption)
    new_keys = [thumbprint(device.key(use)) for use in KeyUse]
    taken = {thumbprint(known.key(use)) for known in roster.devices.values() for use in KeyUse}
    taken |= {thumbprint(roster.recovery.encryption), thumbprint(roster.recovery.signing)}
    if len(set(new_keys)) != len(new_keys) or taken & set(new_keys):
        raise _invalid("key taken")
    if grant_kid != thumbprint(leader_key) or join_kid != thumbprint(grant.key):
        raise _invalid("grant or join signed by another key")
    checks = (
        SignatureCheck(change["grant"], leader_key),
        SignatureCheck(change["join"], grant.key),
        signed_by(unverified, jws, join.member_key, ErrorCode.ROSTER_INVALID),
    )
    joined = replace(
        roster,
        members={**roster.members, join.member: Member(join.member, frozenset(grant.roles))},
        devices={**roster.devices, join.device: device},
        invites=roster.invites | {grant.id},
    )
    return Step(joined, checks, grant.id)


def _by_leader(before: Roster, unverified: Unverified, jws: str, after: Roster) -> Step:
    key = _leader_key(before, unverified.payload["member"], unverified.payload["device"])
    # A leader with no device left can sign nothing: such a unit could never change again.
    if not any(after.devices_of(leader.id) for leader in after.members_with(Role.LEADER)):
        raise _invalid("a unit keeps at least one leader with a device")
    return Step(after, (signed_by(unverified, jws, key, ErrorCode.ROSTER_INVALID),))


def _active_member(roster: Roster, member: object) -> Member:
    person = roster.members.get(member) if isinstance(member, str) else None
    if person is None or person.removed:
        raise _invalid("not an active member")
    return person


def _remove(roster: Roster, change: dict[str, Any]) -> Roster:
    if set(change) == {"type", "member"}:
        person = _active_member(roster, change["member"])
        return replace(roster, members={**roster.members, person.id: replace(person, removed=True)})
    if set(change) != {"type", "device"}:
        raise _invalid("remove change")
    device = roster.devices.get(change["device"]) if isinstance(change["device"], str) else None
    if device is None or device.removed:
        raise _invalid("not an active device")
    return replace(roster, devices={**roster.devices, device.id: replace(device, removed=True)})


def _roles(roster: Roster, change: dict[str, Any]) -> Roster:
    if set(change) != {"type", "member", "roles"} or not is_roles(change["roles"]):
        raise _invalid("roles change")
    person = _active_member(roster, change["member"])
    changed = replace(person, roles=frozenset(change["roles"]))
    return replace(roster, members={**roster.members, person.id: changed})


def check_head(pinned: Roster, height: int, head: str) -> None:
    """Hold a head the server reports against the pinned roster. Raises ProtocolError: roster_rollback, roster_fork."""
    if not is_digest(head) or height < pinned.height:
        raise ProtocolError(ErrorCode.ROSTER_ROLLBACK, f"server says {height}, seen {pinned.height}")
    if height == pinned.height and head != pinned.head:
        raise ProtocolError(ErrorCode.ROSTER_FORK, f"two rosters at height {height}")
