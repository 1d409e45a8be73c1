"""Port `AlarmStore`: what the alarm works with while the phone is locked. Raising belongs to the alarm page in the browser
(tests of its own) and to the adapter on CPython, which must do the same."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from mobile_app.ports import AlarmContact, AlarmReader, AlarmSetup, OwnAlarm, PortError
from protocol import jose
from protocol.encoding import thumbprint
from protocol.envelope import parse_envelope, unpad
from protocol.events import is_drill, read_event
from protocol.ids import new_id
from protocol.jws import Jwk, Typ
from protocol.kinds import Act, Coarse
from protocol.statements import AckState, Statement
from tests.support.port_rigs import DIGEST, NativeRig, Rig
from tests.support.scripted_server import DROP

pytestmark = pytest.mark.contract


def full_setup(rig: Rig, readers: list[Jwk], contact: Jwk | None = None) -> AlarmSetup:
    """A set-up with everything in it."""
    contacts = [
        AlarmContact(new_id(), "Kari Nordmo", "+47 99 88 77 66", [jose.public(contact)] if contact else [])
    ]
    return rig.setup(
        readers=[AlarmReader(new_id(), new_id(), jose.public(key)) for key in readers],
        contacts=contacts,
        visit=new_id(),
        visit_until=1_700_000_000_000,
        sms="+47 11 22 33 44",
    )


@pytest.fixture
def alone(open_rig: Callable[[str], Rig]) -> NativeRig:
    """A native device that has joined."""
    rig = open_rig("native")
    rig.run(rig.join())
    assert isinstance(rig, NativeRig)
    return rig


def test_the_set_up_is_replaced_as_a_whole_and_lasts(rig: Rig) -> None:
    assert rig.run(rig.alarm_store.setup()) is None
    assert rig.run(rig.alarm_store.alarms()) == []
    first = full_setup(rig, [jose.generate_key(), jose.generate_key()], jose.generate_key())
    rig.run(rig.alarm_store.provision(first))
    assert rig.run(rig.alarm_store.setup()) == first
    second = rig.setup(member=first.member, device=first.device)
    rig.run(rig.alarm_store.provision(second))
    rig.run(rig.reopen())
    assert rig.run(rig.alarm_store.setup()) == second


def test_the_set_up_is_there_while_the_vault_is_locked(rig: Rig) -> None:
    rig.run(rig.join())
    known = rig.run(rig.alarm_store.setup())
    rig.run(rig.vault.lock())
    assert known is not None
    assert rig.run(rig.alarm_store.setup()) == known


def test_in_the_browser_only_the_alarm_page_raises_an_alarm(open_rig: Callable[[str], Rig]) -> None:
    rig = open_rig("browser")
    with pytest.raises(PortError) as caught:
        rig.run(rig.alarm_store.raise_alarm())
    assert caught.value.code == "refused"


def test_without_a_set_up_there_is_no_alarm(open_rig: Callable[[str], Rig]) -> None:
    rig = open_rig("native")
    with pytest.raises(PortError) as caught:
        rig.run(rig.alarm_store.raise_alarm())
    assert caught.value.code == "not_provisioned"


@pytest.mark.parametrize("drill", [False, True])
def test_an_alarm_from_a_locked_phone_opens_for_everyone_on_duty(alone: NativeRig, drill: bool) -> None:
    readers = [jose.generate_key() for _ in range(3)]
    setup = full_setup(alone, readers)
    alone.run(alone.alarm_store.provision(setup))
    alone.run(alone.reopen())
    case = alone.run(alone.alarm_store.raise_alarm(drill=drill, silent=True))

    (text,) = alone.server.accepted.values()
    envelope = parse_envelope(text)
    assert (envelope.header.kind, envelope.header.act, envelope.header.case) == (
        Coarse.URGENT,
        Act.RAISE,
        case,
    )
    for key in [*readers, alone.recovery]:
        jws = unpad(jose.open_envelope(text, key))
        opened = read_event(envelope, jws)
        assert jose.verify(jws, alone.public.field)
        assert opened.kid == thumbprint(alone.public.field)
        assert not opened.mismatch
        assert is_drill(opened) is drill
        assert (opened.event.kind, opened.event.case) == ("alarm.raised", case)
        assert (opened.event.member, opened.event.device) == (setup.member, setup.device)
        assert opened.event.body == {"silent": True, "visit": setup.visit}
    (alarm,) = alone.run(alone.alarm_store.alarms())
    assert (alarm.case, alarm.drill, alarm.state) == (case, drill, "open")
    assert alarm.received == next(iter(alone.server._received.values()))
    assert alone.run(alone.outbox.rows()) == []
    assert alone.server.problems == []


def test_an_alarm_without_coverage_is_kept_and_sent_later(alone: NativeRig) -> None:
    alone.run(alone.offline(True))
    first = alone.run(alone.alarm_store.raise_alarm())
    second = alone.run(alone.alarm_store.raise_alarm())
    assert [(alarm.case, alarm.received) for alarm in alone.run(alone.alarm_store.alarms())] == [
        (second, 0),
        (first, 0),
    ]
    alone.run(alone.reopen())
    assert alone.run(alone.outbox.flush()) == 0
    assert [parse_envelope(text).header.case for text in alone.server.accepted.values()] == [first, second]
    assert all(alarm.received for alarm in alone.run(alone.alarm_store.alarms()))


def test_an_alarm_whose_answer_is_lost_is_one_alarm(alone: NativeRig) -> None:
    alone.server.script = lambda request: DROP
    alone.run(alone.alarm_store.raise_alarm())
    (alarm,) = alone.run(alone.alarm_store.alarms())
    assert alarm.received == 0
    alone.server.script = lambda request: None
    alone.run(alone.advance(60))
    assert alone.run(alone.outbox.flush()) == 0
    assert len(alone.server.accepted) == 1
    (alarm,) = alone.run(alone.alarm_store.alarms())
    assert alarm.received == next(iter(alone.server._received.values()))


def test_only_a_known_key_makes_somebody_have_seen_it(alone: NativeRig) -> None:
    key, stranger = jose.generate_key(), jose.generate_key()
    setup = full_setup(alone, [], key)
    alone.run(alone.alarm_store.provision(setup))
    case = alone.run(alone.alarm_store.raise_alarm())
    kari = setup.contacts[0].member

    def said(signer: Jwk, about: str, state: AckState) -> dict[str, object]:
        statement = Statement(new_id(), setup.server, setup.unit, about, kari, new_id(), state, DIGEST, 1)
        return {"statement": jose.sign(signer, Typ.STATEMENT, statement.payload()), "received": 77}

    alone.server.statuses[case] = {
        "members": 3,
        "delivered": 2,
        "statements": [
            said(key, case, AckState.TAKEN),
            said(stranger, case, AckState.SEEN),
            said(key, new_id(), AckState.SEEN),
        ],
    }
    alone.run(alone.device.alarm_store.refresh())
    (alarm,) = alone.run(alone.alarm_store.alarms())
    assert (alarm.members, alarm.delivered) == (3, 2)
    person = {"member": kari, "name": "Kari Nordmo", "received": 77}
    assert alarm.seen == [
        {**person, "state": "taken", "verified": True},
        {**person, "state": "seen", "verified": False},
    ]


def test_an_ended_alarm_is_not_asked_for_again(alone: NativeRig) -> None:
    case = alone.run(alone.alarm_store.raise_alarm())
    alone.server.statuses[case] = {"state": "safe"}
    for _ in range(3):
        alone.run(alone.device.alarm_store.refresh())
    (alarm,) = alone.run(alone.alarm_store.alarms())
    assert isinstance(alarm, OwnAlarm)
    assert alarm.state == "safe"
    asked = [json.dumps(request.path) for request in alone.server.requests if request.method == "GET"]
    assert len(asked) == 1
