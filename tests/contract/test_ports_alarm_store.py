"""Port `AlarmStore`: what the alarm works with while the phone is locked. Raising belongs to the alarm page in the browser
(tests of its own) and to the adapter on CPython, which must do the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mobile_app.ports import AlarmContact, AlarmReader, AlarmSetup, PortError
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
        # A drill has nothing to do with the visit under way.
        assert opened.event.body == {"silent": True, **({} if drill else {"visit": setup.visit})}
    (alarm,) = alone.run(alone.alarm_store.alarms())
    assert (alarm.case, alarm.drill, alarm.state) == (case, drill, "open")
    assert alarm.received == next(iter(alone.server._received.values()))
    assert alone.run(alone.outbox.rows()) == []
    assert alone.server.problems == []


def test_an_alarm_without_coverage_is_kept_and_sent_later(alone: NativeRig) -> None:
    alone.run(alone.offline(True))
    case = alone.run(alone.alarm_store.raise_alarm())
    # Pressed again: it rings again with the one that is open.
    assert alone.run(alone.alarm_store.raise_alarm()) == case
    assert [(alarm.case, alarm.received) for alarm in alone.run(alone.alarm_store.alarms())] == [(case, 0)]
    alone.run(alone.reopen())
    alone.run(alone.device.alarm_store.tell_position(62.9, 7.1, 12.0))
    alone.run(alone.device.alarm_store.say_safe())
    assert alone.run(alone.outbox.flush()) == 0
    headers = [parse_envelope(text).header for text in alone.server.accepted.values()]
    assert {header.case for header in headers} == {case}
    assert [header.act for header in headers] == [Act.RAISE, Act.RAISE, Act.UPDATE, Act.SAFE]
    events = [
        read_event(parse_envelope(text), unpad(jose.open_envelope(text, alone.recovery))).event
        for text in alone.server.accepted.values()
    ]
    assert [event.prev for event in events] == [(), *((event.id,) for event in events[:-1])]
    (alarm,) = alone.run(alone.alarm_store.alarms())
    assert (alarm.state, alarm.received) == ("safe", alone.server._received[events[0].id])


def test_a_real_alarm_ends_an_open_drill(alone: NativeRig) -> None:
    drill = alone.run(alone.alarm_store.raise_alarm(drill=True))
    real = alone.run(alone.alarm_store.raise_alarm())
    assert real != drill
    found = {alarm.case: (alarm.drill, alarm.state) for alarm in alone.run(alone.alarm_store.alarms())}
    assert found == {drill: (True, "safe"), real: (False, "open")}
    # The other way round, a drill never hides that there is a real alarm.
    assert alone.run(alone.alarm_store.raise_alarm(drill=True)) == real
    assert [parse_envelope(text).header.drill for text in alone.server.accepted.values()] == [
        True,
        True,
        False,
        False,
    ]


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


def test_what_was_proved_stays_and_an_ended_alarm_is_not_asked_for_again(alone: NativeRig) -> None:
    key = jose.generate_key()
    setup = full_setup(alone, [], key)
    alone.run(alone.alarm_store.provision(setup))
    case = alone.run(alone.alarm_store.raise_alarm())
    said = Statement(
        new_id(), setup.server, setup.unit, case, setup.contacts[0].member, new_id(), AckState.SEEN, DIGEST, 1
    )
    told = [{"statement": jose.sign(key, Typ.STATEMENT, said.payload()), "received": 5}]
    for statements in (told, []):
        alone.server.statuses[case] = {"statements": statements}
        alone.run(alone.device.alarm_store.refresh())
        (alarm,) = alone.run(alone.alarm_store.alarms())
        assert [(entry["name"], entry["verified"]) for entry in alarm.seen] == [("Kari Nordmo", True)]
    alone.run(alone.device.alarm_store.say_safe())
    alone.run(alone.device.alarm_store.refresh())
    assert len([request for request in alone.server.requests if request.method == "GET"]) == 2
