"""The signed inside against its envelope, above all for alarms: when in doubt, an alarm is real."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import jose
from protocol.encoding import compact_json, digest
from protocol.envelope import Envelope, parse_envelope, unpad
from protocol.errors import ErrorCode, ProtocolError
from protocol.events import Event, OpenedEvent, is_drill, read_event
from protocol.ids import new_id
from protocol.jws import Jwk, Typ
from protocol.kinds import ACTS, KINDS, Coarse, KeyUse
from tests.support.protocol_unit import Person, Unit, seal_event

pytestmark = pytest.mark.unit


class Scene:
    """An employee's events, sealed to her own device, the leader and the recovery key."""

    def __init__(self) -> None:
        self.unit = Unit()
        self.author = self.unit.join("employee")
        self.readers: list[Jwk] = [
            jose.public(self.author.encryption),
            jose.public(self.unit.leader.encryption),
            self.unit.recovery.encryption,
        ]

    def event(self, kind: str, **other: Any) -> Event:
        if kind in ("visit.started", "visit.extended"):
            other = {"duration": 3600} | other
        return self.unit.event(self.author, kind, self.readers, **other)

    def sealed(self, event: Event, **outside: Any) -> str:
        """Sealed with a header that differs from the inside in the members `outside`."""
        header = replace(event.header(), **outside)
        return seal_event(event, self.author.member_key, self.readers, header)

    def opened(self, envelope: str, by: Person | None = None) -> OpenedEvent:
        key = (by or self.unit.leader).encryption
        return read_event(parse_envelope(envelope), unpad(jose.open_envelope(envelope, key)))


SCENE = Scene()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_there_and_back(kind: str) -> None:
    event = SCENE.event(kind, body={"å": [1, {"b": None}]}, prev=(new_id(), new_id()))
    opened = SCENE.opened(SCENE.sealed(event))
    assert opened.event == event
    assert not opened.mismatch
    assert SCENE.unit.roster.signer(event.device, opened.kid) is KeyUse.MEMBER


@pytest.mark.parametrize("kind", [kind for kind, rule in KINDS.items() if rule.coarse is not Coarse.URGENT])
@pytest.mark.parametrize(
    "outside", [{"drill": True}, {"id": new_id()}, {"unit": new_id()}, {"server": new_id()}]
)
def test_other_events_must_agree_with_their_envelope(kind: str, outside: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as refused:
        SCENE.opened(SCENE.sealed(SCENE.event(kind), **outside))
    assert refused.value.code is ErrorCode.EVENT_INVALID


@pytest.mark.parametrize("outside", [{"case": new_id()}, {"duration": 60}, {"grace": 60}])
def test_a_visit_must_agree_on_case_and_times(outside: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as refused:
        SCENE.opened(SCENE.sealed(SCENE.event("visit.started"), **outside))
    assert refused.value.code is ErrorCode.EVENT_INVALID


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("outside", [True, False])
@pytest.mark.parametrize("kind", [kind for kind, rule in KINDS.items() if rule.coarse is Coarse.URGENT])
def test_an_alarm_is_a_drill_only_when_inside_and_outside_say_so(
    kind: str, inside: bool, outside: bool
) -> None:
    opened = SCENE.opened(SCENE.sealed(SCENE.event(kind, drill=inside), drill=outside))
    assert opened.mismatch == (inside != outside)
    assert is_drill(opened) == (inside and outside)


def test_an_alarm_with_another_case_outside_still_counts_as_real() -> None:
    opened = SCENE.opened(SCENE.sealed(SCENE.event("alarm.raised", drill=True), drill=True, case=new_id()))
    assert opened.mismatch
    assert not is_drill(opened)


def test_an_alarm_with_other_readers_still_counts() -> None:
    event = SCENE.event("alarm.raised")
    envelope = seal_event(event, SCENE.author.field_key, SCENE.readers[:2])
    opened = SCENE.opened(envelope)
    assert opened.mismatch
    event = SCENE.event("visit.checked_out")
    with pytest.raises(ProtocolError):
        SCENE.opened(seal_event(event, SCENE.author.field_key, SCENE.readers[:2]))


def test_an_alarm_dressed_as_something_else_counts_either_way() -> None:
    alarm, note = SCENE.event("alarm.raised"), SCENE.event("incident.reported")
    hidden = SCENE.sealed(alarm, kind=Coarse.OTHER, act=None, case=None)
    assert SCENE.opened(hidden).mismatch
    cried = SCENE.sealed(note, kind=Coarse.URGENT, act=alarm.header().act, case=note.case)
    assert SCENE.opened(cried).mismatch


@pytest.mark.parametrize("name", ["server", "unit", "id"])
def test_not_even_an_alarm_may_belong_elsewhere(name: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        SCENE.opened(SCENE.sealed(SCENE.event("alarm.raised"), **{name: new_id()}))
    assert refused.value.code is ErrorCode.EVENT_INVALID


def test_an_unknown_kind_has_no_header() -> None:
    with pytest.raises(ProtocolError) as refused:
        SCENE.event("case.unheard_of").header()
    assert refused.value.code is ErrorCode.EVENT_INVALID


def read_raw(payload: Any, envelope: Envelope, typ: str = Typ.EVENT) -> OpenedEvent:
    return read_event(envelope, jose.sign(SCENE.author.member_key, typ, json.dumps(payload)))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"v": 2, "brand": "new"}, ErrorCode.UPDATE_NEEDED),
        ({"v": 0}, ErrorCode.EVENT_INVALID),
        ({"v": True}, ErrorCode.EVENT_INVALID),
        ({"v": 1.0}, ErrorCode.EVENT_INVALID),
        ({"kind": "case.unheard_of"}, ErrorCode.UPDATE_NEEDED),
        ({"kind": 4}, ErrorCode.EVENT_INVALID),
        ({"kind": ["case.seen"]}, ErrorCode.EVENT_INVALID),
        ({"name": "Kari"}, ErrorCode.EVENT_INVALID),
        ({"member": "kari"}, ErrorCode.EVENT_INVALID),
        ({"roster": "x"}, ErrorCode.EVENT_INVALID),
        ({"created": True}, ErrorCode.EVENT_INVALID),
        ({"created": -1}, ErrorCode.EVENT_INVALID),
        ({"created": 2**60}, ErrorCode.EVENT_INVALID),
        ({"readers": [1]}, ErrorCode.EVENT_INVALID),
        ({"readers": {}}, ErrorCode.EVENT_INVALID),
        ({"prev": ["x"]}, ErrorCode.EVENT_INVALID),
        ({"body": []}, ErrorCode.EVENT_INVALID),
        ({"drill": 0}, ErrorCode.EVENT_INVALID),
        ({"duration": True}, ErrorCode.EVENT_INVALID),
        ({"duration": 10**9}, ErrorCode.EVENT_INVALID),
    ],
)
@pytest.mark.parametrize("kind", ["alarm.raised", "case.seen"])
def test_members_are_held_to_their_types(kind: str, changes: dict[str, Any], code: ErrorCode) -> None:
    event = SCENE.event(kind)
    envelope = parse_envelope(SCENE.sealed(event))
    payload = json.loads(event.payload())
    assert read_raw(payload, envelope).event == event
    with pytest.raises(ProtocolError) as refused:
        read_raw(payload | changes, envelope)
    assert refused.value.code is code


@pytest.mark.parametrize(
    "typ", [typ for name, typ in vars(Typ).items() if name.isupper() and typ != Typ.EVENT]
)
def test_no_other_signed_text_passes_as_an_event(typ: str) -> None:
    event = SCENE.event("alarm.raised")
    with pytest.raises(ProtocolError) as refused:
        read_raw(json.loads(event.payload()), parse_envelope(SCENE.sealed(event)), typ)
    assert refused.value.code is ErrorCode.EVENT_INVALID


values = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@given(name=st.sampled_from(sorted(Event.__dataclass_fields__)), value=values)
def test_any_value_in_any_member_is_read_or_refused(name: str, value: Any) -> None:
    event = SCENE.event("alarm.raised")
    payload = json.loads(event.payload()) | {name: value}
    code, opened = None, None
    try:
        opened = read_raw(payload, parse_envelope(SCENE.sealed(event)))
    except ProtocolError as refusal:
        code = refusal.code
    if opened is None:
        assert code in (ErrorCode.EVENT_INVALID, ErrorCode.UPDATE_NEEDED)
    else:
        agree = opened.event.header() == event.header() and opened.event.readers == event.readers
        assert opened.mismatch != agree


def test_the_payload_is_what_both_sides_hash() -> None:
    event = SCENE.event("case.seen")
    assert event.payload() == compact_json(json.loads(event.payload()))
    assert "duration" not in json.loads(event.payload())
    assert digest(event.payload().encode()) != digest(replace(event, drill=True).payload().encode())


def test_a_thief_of_a_locked_phone_can_sign_only_what_a_locked_phone_must() -> None:
    by_field = {kind for kind, rule in KINDS.items() if KeyUse.FIELD in rule.signers}
    assert by_field == {
        "alarm.raised",
        "alarm.position",
        "alarm.cancelled",
        "alarm.safe",
        "visit.started",
        "visit.extended",
        "visit.checked_out",
    }
    assert all(
        KeyUse.ENCRYPTION not in rule.signers and KeyUse.MEMBER in rule.signers for rule in KINDS.values()
    )


def test_acts_and_coarse_kinds_belong_together() -> None:
    assert all((rule.act is None) == (rule.coarse is Coarse.OTHER) for rule in KINDS.values())
    assert ACTS[Coarse.OTHER] == frozenset()
    assert not ACTS[Coarse.URGENT] & ACTS[Coarse.DEADLINE]
