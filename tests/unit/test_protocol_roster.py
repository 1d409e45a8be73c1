"""The roster's chain: who may change it, and how a cheating server or a former leader is noticed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from protocol import jose, limits
from protocol.encoding import b64url, digest, thumbprint
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import new_id
from protocol.invites import Role
from protocol.jws import Typ
from protocol.kinds import KeyUse
from protocol.roster import (
    RECOVERY_INFO,
    Roster,
    check_head,
    found_change,
    join_change,
    remove_change,
    roles_change,
    step,
    version_hash,
    version_payload,
)
from tests.support.protocol_unit import NOW, Person, SignatureWrong, Unit, follow

pytestmark = pytest.mark.unit


@pytest.fixture
def unit() -> Unit:
    return Unit()


def refused(unit: Unit, version: str, code: ErrorCode = ErrorCode.ROSTER_INVALID) -> None:
    before = unit.roster
    with pytest.raises(ProtocolError) as refusal:
        unit.append(version)
    assert refusal.value.code is code
    assert unit.roster is before


def forged(unit: Unit, version: str) -> None:
    with pytest.raises(SignatureWrong):
        unit.append(version)


def test_founding(unit: Unit) -> None:
    roster = unit.roster
    assert (roster.height, roster.root, roster.head) == (0, version_hash(unit.versions[0]), roster.root)
    assert [member.id for member in roster.members_with(Role.LEADER)] == [unit.leader.member]
    assert roster.active_devices() == [unit.leader.public()]
    assert roster.signer(unit.leader.device, unit.leader.public().reader) is None
    private = jose.open_package(unit.code, unit.id, RECOVERY_INFO["signing"], roster.recovery.sealed_signing)
    assert private == str(unit.recovery_keys["signing"])


def test_a_root_signed_by_somebody_else_is_no_root(unit: Unit) -> None:
    change = found_change(device=unit.leader.public(), recovery=unit.recovery)
    with pytest.raises(ProtocolError) as refusal:
        step(None, unit.version(unit.leader, change, height=0, prev=None, key=unit.leader.field_key))
    assert refusal.value.code is ErrorCode.ROSTER_INVALID


@pytest.mark.parametrize(
    "other",
    [{"height": 1, "prev": None}, {"height": 0, "prev": digest(b"x")}, {"height": False, "prev": None}],
)
def test_a_root_stands_at_the_beginning(unit: Unit, other: dict[str, Any]) -> None:
    change = found_change(device=unit.leader.public(), recovery=unit.recovery)
    with pytest.raises(ProtocolError):
        step(None, unit.version(unit.leader, change, **other))


def test_a_root_needs_five_different_keys_and_no_private_one(unit: Unit) -> None:
    device, recovery = unit.leader.public(), unit.recovery
    for change in (
        found_change(device=replace(device, field=device.member_key), recovery=recovery),
        found_change(device=replace(device, encryption=recovery.encryption), recovery=recovery),
        found_change(device=replace(device, encryption=unit.leader.encryption), recovery=recovery),
        found_change(device=device, recovery=replace(recovery, signing=unit.recovery_keys["signing"])),
        found_change(device=device, recovery=replace(recovery, sealed_signing=None)),  # type: ignore[arg-type]
        found_change(device=device, recovery=recovery) | {"name": "Barnevernet"},
        found_change(device=device, recovery=recovery) | {"recovery": []},
        {"type": "roles", "member": device.member, "roles": ["leader"]},
        {},
    ):
        with pytest.raises(ProtocolError) as refusal:
            step(None, unit.version(unit.leader, change, height=0, prev=None))
        assert refusal.value.code is ErrorCode.ROSTER_INVALID


def test_joining_works_while_the_leader_is_offline(unit: Unit) -> None:
    """The leader signs the grant and is not asked again: all that follows is by the new device."""
    invite, person = unit.invite("employee"), Person()
    taken = unit.append(unit.joining(invite, person))
    assert taken.invite == invite.grant.id
    assert unit.roster.members[person.member].roles == {"employee"}
    assert unit.roster.devices_of(person.member) == [person.public()]
    assert unit.roster.by_reader(person.reader) == person.public()
    assert unit.roster.signer(person.device, person.public().reader) is None


def test_each_key_answers_for_its_own_purpose(unit: Unit) -> None:
    person = unit.join()
    kid = {use: thumbprint(person.public().key(use)) for use in KeyUse}
    assert unit.roster.signer(person.device, kid[KeyUse.FIELD]) is KeyUse.FIELD
    assert unit.roster.signer(person.device, kid[KeyUse.MEMBER]) is KeyUse.MEMBER
    assert unit.roster.signer(person.device, kid[KeyUse.ENCRYPTION]) is None
    assert unit.roster.signer(unit.leader.device, kid[KeyUse.MEMBER]) is None
    assert unit.roster.signer(new_id(), kid[KeyUse.MEMBER]) is None
    assert unit.roster.by_reader(kid[KeyUse.FIELD]) is None


def test_an_invite_is_good_for_one(unit: Unit) -> None:
    invite = unit.invite()
    unit.append(unit.joining(invite, Person()))
    refused(unit, unit.joining(invite, Person()), ErrorCode.INVITE_USED)


def test_two_who_join_at_once_one_comes_second(unit: Unit) -> None:
    first, second = Person(), Person()
    versions = [unit.joining(unit.invite(), person) for person in (first, second)]
    unit.append(versions[0])
    refused(unit, versions[1], ErrorCode.ROSTER_CONFLICT)


def test_forged_grants(unit: Unit) -> None:
    employee, stranger = unit.join("employee"), Person()
    own = unit.invite("leader", by=employee)
    refused(unit, unit.joining(own, Person()))
    foreign = unit.invite("leader", by=stranger)
    refused(unit, unit.joining(foreign, Person()))
    in_the_leaders_name = unit.invite("leader", key=employee.member_key)
    refused(unit, unit.joining(in_the_leaders_name, Person()))
    by_the_field_key = unit.invite("leader", key=unit.leader.field_key)
    refused(unit, unit.joining(by_the_field_key, Person()))


def test_a_grant_with_a_borrowed_signature_does_not_verify(unit: Unit) -> None:
    good, other = unit.invite("employee"), unit.invite("leader")
    head, _, signature = good.jws.split(".")
    raised = replace(
        good, jws=".".join([head, other.jws.split(".")[1], signature]), grant=other.grant, key=other.key
    )
    forged(unit, unit.joining(raised, Person()))


def test_only_the_holder_of_the_one_time_key_joins(unit: Unit) -> None:
    refused(unit, unit.joining(unit.invite(), Person(), key=jose.generate_key()))
    invite = unit.invite()
    impostor = replace(invite, key=unit.invite().key)
    refused(unit, unit.joining(impostor, Person()))


@pytest.mark.parametrize("name", ["invite", "server", "unit", "member", "device"])
def test_a_join_is_for_this_invite_unit_and_device(unit: Unit, name: str) -> None:
    refused(unit, unit.joining(unit.invite(), Person(), **{name: new_id()}))


def test_a_grant_is_for_this_unit(unit: Unit) -> None:
    refused(unit, unit.joining(unit.invite(server=new_id()), Person()))
    refused(unit, unit.joining(unit.invite(unit=new_id()), Person()))


def test_nobody_takes_anothers_id_or_key(unit: Unit) -> None:
    known = unit.join()
    for thief in (
        replace(Person(), member=known.member),
        replace(Person(), device=known.device),
        replace(Person(), member_key=known.member_key),
        replace(Person(), field_key=known.encryption),
        replace(Person(), encryption=unit.recovery_keys["encryption"]),
    ):
        refused(unit, unit.joining(unit.invite(), thief))
    same = jose.generate_key()
    refused(unit, unit.joining(unit.invite(), replace(Person(), field_key=same, member_key=same)))


def test_a_removed_leaders_grant_is_worth_nothing(unit: Unit) -> None:
    former = unit.join("leader")
    before = unit.invite(by=former)
    unit.append(unit.version(unit.leader, remove_change(member=former.member)))
    refused(unit, unit.joining(before, Person()))
    refused(unit, unit.version(former, roles_change(unit.leader.member, ["employee"])))


def test_a_leader_no_more_can_invite_no_more(unit: Unit) -> None:
    former = unit.join("leader")
    before = unit.invite(by=former)
    unit.append(unit.version(unit.leader, roles_change(former.member, ["employee"])))
    refused(unit, unit.joining(before, Person()))


def test_a_removed_device_signs_no_more_but_its_old_events_verify(unit: Unit) -> None:
    former = unit.join("leader")
    unit.append(unit.version(unit.leader, remove_change(device=former.device)))
    refused(unit, unit.version(former, roles_change(unit.leader.member, ["employee"])))
    refused(unit, unit.joining(unit.invite(by=former), Person()))
    assert unit.roster.devices_of(former.member) == []
    assert unit.roster.signer(former.device, thumbprint(former.member_key)) is KeyUse.MEMBER
    assert unit.roster.by_reader(former.reader) is not None


def test_only_leaders_change_others(unit: Unit) -> None:
    employee, rep = unit.join("employee"), unit.join("safety_rep")
    for author in (employee, rep, Person()):
        refused(unit, unit.version(author, remove_change(member=unit.leader.member)))
        refused(unit, unit.version(author, roles_change(author.member, ["leader"])))
    refused(unit, unit.version(unit.leader, remove_change(member=rep.member), key=employee.member_key))
    refused(unit, unit.version(unit.leader, remove_change(member=rep.member), key=unit.leader.field_key))
    refused(unit, unit.version(unit.leader, remove_change(member=rep.member), device=employee.device))


@pytest.mark.parametrize(
    "change",
    [
        lambda leader: remove_change(member=leader.member),
        lambda leader: remove_change(device=leader.device),
        lambda leader: roles_change(leader.member, ["employee"]),
    ],
)
def test_the_last_leader_cannot_go(unit: Unit, change: Callable[[Person], dict[str, Any]]) -> None:
    unit.join("employee")
    refused(unit, unit.version(unit.leader, change(unit.leader)))
    second = unit.join("leader")
    unit.append(unit.version(unit.leader, change(unit.leader)))
    assert [
        member.id for member in unit.roster.members_with(Role.LEADER) if unit.roster.devices_of(member.id)
    ] == [second.member]
    refused(unit, unit.version(second, change(second)))


@pytest.mark.parametrize(
    "change",
    [
        {"type": "remove"},
        {"type": "remove", "member": None},
        {"type": "remove", "member": ["x"]},
        {"type": "remove", "member": new_id()},
        {"type": "remove", "device": {}},
        {"type": "remove", "device": new_id()},
        {"type": "remove", "member": new_id(), "device": new_id()},
        {"type": "roles", "member": new_id(), "roles": ["employee"]},
        {"type": "roles", "member": [], "roles": ["employee"]},
        {"type": "roles", "roles": ["employee"]},
        {"type": "join", "grant": None, "join": None},
        {"type": "join", "grant": "x", "join": "y"},
        {"type": "join"},
    ],
)
def test_malformed_changes(unit: Unit, change: dict[str, Any]) -> None:
    refused(unit, unit.version(unit.leader, change))


@pytest.mark.parametrize(
    "roles", [None, [], "leader", [1], ["Leader"], ["leader", "leader"], ["a"] * 9, [["leader"]]]
)
def test_malformed_roles(unit: Unit, roles: Any) -> None:
    refused(unit, unit.version(unit.leader, {"type": "roles", "member": unit.leader.member, "roles": roles}))


def test_who_is_gone_is_not_changed_again(unit: Unit) -> None:
    person = unit.join()
    unit.append(unit.version(unit.leader, remove_change(member=person.member)))
    refused(unit, unit.version(unit.leader, remove_change(member=person.member)))
    refused(unit, unit.version(unit.leader, roles_change(person.member, ["leader"])))


@pytest.mark.parametrize("change", [{"type": "merge"}, {"type": None}, {"type": ["join"]}, {}])
def test_an_unknown_change_waits_for_an_update(unit: Unit, change: dict[str, Any]) -> None:
    refused(unit, unit.version(unit.leader, change), ErrorCode.UPDATE_NEEDED)


def test_versions(unit: Unit) -> None:
    newer = jose.sign(unit.leader.member_key, Typ.ROSTER, '{"v":2,"change":"new"}')
    refused(unit, newer, ErrorCode.UPDATE_NEEDED)
    for version in ('{"v":0}', "{}", '{"v":true}', '{"v":1}', '{"v":1.0}'):
        refused(unit, jose.sign(unit.leader.member_key, Typ.ROSTER, version))
    others: list[dict[str, Any]] = [{"created": "x"}, {"created": True}, {"member": 1}, {"change": []}]
    for other in others:
        refused(unit, unit.version(unit.leader, remove_change(member=unit.leader.member), **other))
    for height in (True, 1.0, "1"):
        refused(
            unit,
            unit.version(
                unit.leader, remove_change(member=unit.leader.member), height=height, prev=unit.roster.head
            ),
        )


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"server": new_id()}, ErrorCode.WRONG_SERVER),
        ({"unit": new_id()}, ErrorCode.WRONG_UNIT),
        ({"height": 2, "prev": digest(b"")}, ErrorCode.ROSTER_CONFLICT),
        ({"height": 0, "prev": None}, ErrorCode.ROSTER_CONFLICT),
        ({"height": 1, "prev": digest(b"another")}, ErrorCode.ROSTER_CONFLICT),
    ],
)
def test_only_the_next_version_of_this_chain_follows(
    unit: Unit, other: dict[str, Any], code: ErrorCode
) -> None:
    unit_roster = unit.roster
    refused(unit, unit.version(unit.leader, roles_change(unit.leader.member, ["leader"]), **other), code)
    assert unit.roster is unit_roster


def test_a_version_has_a_largest_size(unit: Unit) -> None:
    roles = {"type": "roles", "member": "x" * limits.ROSTER_VERSION_BYTES, "roles": ["leader"]}
    refused(unit, unit.version(unit.leader, roles), ErrorCode.TOO_LARGE)


@pytest.mark.parametrize(
    "typ", [typ for name, typ in vars(Typ).items() if name.isupper() and typ != Typ.ROSTER]
)
def test_no_other_signed_text_passes_as_a_version_or_in_one(unit: Unit, typ: str) -> None:
    payload = version_payload(
        server=unit.server,
        unit=unit.id,
        height=1,
        prev=unit.roster.head,
        member=unit.leader.member,
        device=unit.leader.device,
        created=NOW,
        change=roles_change(unit.leader.member, ["leader"]),
    )
    refused(unit, jose.sign(unit.leader.member_key, typ, payload))
    if typ != Typ.GRANT:
        invite, person = unit.invite(), Person()
        wrong = replace(invite, jws=jose.sign(unit.leader.member_key, typ, invite.grant.payload()))
        refused(unit, unit.joining(wrong, person))


def test_rollback_and_fork_are_noticed(unit: Unit) -> None:
    old = unit.roster
    unit.join()
    pinned = unit.roster
    check_head(pinned, pinned.height, pinned.head)
    check_head(pinned, pinned.height + 1, digest(b"newer"))
    for height, head, code in (
        (old.height, old.head, ErrorCode.ROSTER_ROLLBACK),
        (-1, pinned.head, ErrorCode.ROSTER_ROLLBACK),
        (pinned.height, "x", ErrorCode.ROSTER_ROLLBACK),
        (pinned.height, digest(b"another"), ErrorCode.ROSTER_FORK),
    ):
        with pytest.raises(ProtocolError) as refusal:
            check_head(pinned, height, head)
        assert refusal.value.code is code


def test_a_fork_cannot_be_continued_on_the_other_branch(unit: Unit) -> None:
    """A server that shows two people different second versions can't bring them together again."""
    one, two = (unit.joining(unit.invite(), Person()) for _ in range(2))
    seen_by_one = follow(unit.roster, one).roster
    unit.append(two)
    third = unit.joining(unit.invite(), Person())
    unit.append(third)
    with pytest.raises(ProtocolError) as refusal:
        follow(seen_by_one, third)
    assert refusal.value.code is ErrorCode.ROSTER_CONFLICT


def test_every_reader_of_a_chain_comes_to_the_same_roster(unit: Unit, rng: random.Random) -> None:
    people = [unit.leader]
    for _ in range(15):
        match rng.choice(["join", "join", "roles", "remove"]):
            case "join":
                people.append(unit.join(*rng.sample(["leader", "employee", "safety_rep"], rng.randint(1, 3))))
            case "roles" if len(people) > 1:
                who = rng.choice(people[1:])
                unit.append(
                    unit.version(unit.leader, roles_change(who.member, [rng.choice(["employee", "leader"])]))
                )
            case "remove" if len(people) > 1:
                who = people.pop(rng.randrange(1, len(people)))
                unit.append(unit.version(unit.leader, remove_change(member=who.member)))
    roster: Roster | None = None
    for version in unit.versions:
        roster = follow(roster, version).roster
    assert roster == unit.roster
    assert sorted(device.id for device in unit.roster.active_devices()) == sorted(
        person.device for person in people
    )


def test_a_flipped_bit_anywhere_in_a_version_breaks_the_chain(unit: Unit, rng: random.Random) -> None:
    version = unit.joining(unit.invite(), Person())
    for _ in range(100):
        data = bytearray(version.encode())
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(7)
        with pytest.raises((ProtocolError, SignatureWrong)):
            follow(unit.roster, data.decode("latin-1"))


def test_the_change_of_a_join_names_both_texts() -> None:
    assert join_change("grant", "join") == {"type": "join", "grant": "grant", "join": "join"}


@pytest.mark.parametrize("use", ["field", "encryption"])
def test_a_key_that_is_no_point_of_the_curve_joins_nobody(unit: Unit, use: str) -> None:
    """Sealing to one such device would fail for all the others too, alarms and all."""
    person = Person()
    bad = {**getattr(person.public(), use), "y": b64url(b"\2" * 32)}
    refused(unit, unit.joining(unit.invite(), person, **{use: bad}))
