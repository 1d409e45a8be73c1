"""Visits, alarms and incidents as folds of their events, whatever clocks say and whoever else speaks."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest

from mobile_app.domain.alarm import Acknowledgement, AlarmState, fold_alarm, heard
from mobile_app.domain.facts import Fact, in_order
from mobile_app.domain.incident import IncidentDraft, fold_incident, reported_body
from mobile_app.domain.people import Person
from mobile_app.domain.receipts import ReceiptState, receipt
from mobile_app.domain.recipients import (
    alarm_recipients,
    incident_recipients,
    recipient_list,
    visit_recipients,
)
from mobile_app.domain.visit import VisitDraft, extension_seconds, fold_visit

pytestmark = pytest.mark.unit

CASE = "c"
MINUTE = 60_000
YEAR = 365 * 24 * 60 * MINUTE


def fact(event: str, kind: str, at: int, **more: Any) -> Fact:
    """An event at place `at` of the feed; its clock and the server's say minute `at`."""
    values: dict[str, Any] = {
        "created": at * MINUTE,
        "received": at * MINUTE,
        "position": at,
        "written": at,
        **more,
    }
    return Fact(
        event, kind, CASE, more.pop("member", "amina"), **{k: v for k, v in values.items() if k != "member"}
    )


PLAN = fact(
    "p", "visit.planned", 1, body={"place": "Fjellveien 8", "minutes": 60, "level": "green", "outcome": "go"}
)
START = fact("s", "visit.started", 2, duration=3600, prev=("p",))
EXTEND = fact("e", "visit.extended", 3, duration=3600 + 900, prev=("s",), body={"minutes": 15})
OUT = fact("o", "visit.checked_out", 4, prev=("e",))


def test_order_is_the_feeds_and_no_clocks(seed: int) -> None:
    rng = random.Random(seed)
    facts = [replace(f, created=f.created + rng.randint(-YEAR, YEAR)) for f in (PLAN, START, EXTEND, OUT)]
    for shuffled in itertools.permutations(facts):
        assert [f.id for f in in_order(shuffled)] == ["p", "s", "e", "o"]


def test_without_predecessors_the_feed_alone_decides(seed: int) -> None:
    rng = random.Random(seed)
    facts = [fact(f"f{n}", "alarm.position", n, created=rng.randint(0, YEAR)) for n in range(1, 30)]
    shuffled = rng.sample(facts, len(facts))
    assert in_order(shuffled) == facts


def test_own_unsent_facts_come_last_and_never_before_what_they_name() -> None:
    late_plan = replace(PLAN, position=9)
    unsent = replace(OUT, position=0, received=0, written=3, prev=("s",))
    assert [f.id for f in in_order([unsent, late_plan, START])] == ["p", "s", "o"]


def test_a_ring_of_predecessors_loses_nothing() -> None:
    facts = [replace(START, prev=("o",)), replace(OUT, prev=("s",)), replace(PLAN, prev=("p",))]
    assert sorted(f.id for f in in_order(facts)) == ["o", "p", "s"]


def test_a_visit_goes_from_plan_to_check_out() -> None:
    states = []
    for n in range(1, 5):
        visit = fold_visit([PLAN, START, EXTEND, OUT][:n], mine=True)
        assert visit is not None
        states.append(
            (bool(visit.started), visit.under_way, visit.until // MINUTE, visit.checked_out // MINUTE)
        )
    assert states == [(False, False, 0, 0), (True, True, 62, 0), (True, True, 78, 0), (True, False, 78, 4)]
    assert visit is not None
    assert visit.extended == 15
    assert (visit.place, visit.minutes) == ("Fjellveien 8", 60)


@pytest.mark.parametrize("off", [-YEAR, YEAR])
def test_others_visits_end_by_the_servers_clock(off: int) -> None:
    wrong = [replace(f, created=f.created + off) for f in (PLAN, START)]
    seen, own = fold_visit(wrong, mine=False), fold_visit(wrong, mine=True)
    assert seen is not None
    assert own is not None
    assert seen.until == 62 * MINUTE
    assert own.until == 62 * MINUTE + off
    assert seen.warned_at == 72 * MINUTE


@pytest.mark.parametrize("kind", ["visit.started", "visit.extended", "visit.checked_out"])
def test_nobody_else_starts_extends_or_ends_my_visit(kind: str) -> None:
    stranger = fact("x", kind, 5, member="per", duration=60)
    assert fold_visit([PLAN, START, stranger], mine=True) == fold_visit([PLAN, START], mine=True)


def test_a_second_start_or_a_late_extension_changes_nothing() -> None:
    again = fact("s2", "visit.started", 6, duration=60)
    late = fact("e2", "visit.extended", 7, duration=60)
    ended = fold_visit([PLAN, START, EXTEND, OUT, again, late], mine=True)
    plain = fold_visit([PLAN, START, EXTEND, OUT], mine=True)
    assert ended is not None
    assert plain is not None
    assert replace(ended, last=0) == replace(plain, last=0)


def test_a_started_visit_without_its_plan_is_still_a_visit() -> None:
    visit = fold_visit([START], mine=False)
    assert visit is not None
    assert visit.under_way
    assert visit.place == ""


@pytest.mark.parametrize(
    "body",
    [{"place": 7, "reasons": "x", "answers": [1], "level": "purple", "minutes": True}, {}, {"place": None}],
)
def test_a_malformed_plan_is_shown_as_far_as_it_goes(body: dict[str, Any]) -> None:
    visit = fold_visit([replace(PLAN, body=body)], mine=False)
    assert visit is not None
    assert (visit.place, visit.reasons, visit.answers, visit.minutes) == ("", (), {}, 0)


def test_an_extension_counts_from_now_to_the_new_end() -> None:
    visit = fold_visit([PLAN, START], mine=True)
    assert visit is not None
    assert extension_seconds(visit, 15, 50 * MINUTE) == (12 + 15) * 60
    assert extension_seconds(visit, 15, 70 * MINUTE) == 15 * 60


RAISED = fact("r", "alarm.raised", 1, body={"visit": "v", "silent": True})


def test_an_alarm_ends_only_by_its_sender_and_rings_anew_when_raised_anew() -> None:
    def state(*more: Fact) -> AlarmState:
        alarm = fold_alarm([RAISED, *more])
        assert alarm is not None
        return alarm.state

    safe = fact("s", "alarm.safe", 2)
    assert state() is AlarmState.OPEN
    assert state(safe) is AlarmState.SAFE
    assert state(fact("c", "alarm.cancelled", 2)) is AlarmState.CANCELLED
    assert state(replace(safe, member="per")) is AlarmState.OPEN
    assert state(safe, fact("r2", "alarm.raised", 3)) is AlarmState.OPEN


@pytest.mark.parametrize(
    ("drills", "mismatch", "expected"),
    [
        ((True,), False, True),
        ((True, True), False, True),
        ((True, False), False, False),
        ((True,), True, False),
        ((False,), False, False),
    ],
)
def test_a_drill_is_one_only_if_everything_agrees(
    drills: tuple[bool, ...], mismatch: bool, expected: bool
) -> None:
    kinds = ("alarm.raised", "alarm.position")
    facts = [
        fact(f"f{at}", kinds[at], at + 1, drill=drill, mismatch=mismatch) for at, drill in enumerate(drills)
    ]
    alarm = fold_alarm(facts)
    assert alarm is not None
    assert alarm.drill is expected


def test_the_latest_position_counts_and_nonsense_does_not() -> None:
    def at(n: int, /, **body: Any) -> Fact:
        return fact(f"p{n}", "alarm.position", n, body=body)

    good = at(2, latitude=62.9, longitude=7.1, accuracy=12, at=5)
    for latitude in (91, "62", None, True):
        bad = {"latitude": latitude, "longitude": 7}
        alarm = fold_alarm([RAISED, good, at(3, **bad)])
        assert alarm is not None
        assert alarm.position is not None
        assert (alarm.position.latitude, alarm.position.accuracy, alarm.position.at) == (62.9, 12, 5)
    moved = fold_alarm([RAISED, good, at(3, latitude=63.0, longitude=7.2)])
    assert moved is not None
    assert moved.position is not None
    assert moved.position.latitude == 63.0


def test_only_checked_acknowledgements_name_somebody() -> None:
    acks = [
        Acknowledgement("1", CASE, "kari", "seen", 10, True, 1),
        Acknowledgement("2", CASE, "jonas", "taken", 12, False, 2),
        Acknowledgement("3", CASE, "siri", "taken", 14, True, 3),
        Acknowledgement("4", CASE, "kari", "taken", 16, True, 4),
    ]
    for shuffled in itertools.permutations(acks):
        assert heard(shuffled) == ({"kari": 10, "siri": 14}, ("siri", 14), ("jonas",))


def test_a_report_needs_kind_severity_and_a_line() -> None:
    draft = IncidentDraft("d")
    assert draft.missing == ("kinds", "severity", "line")
    with pytest.raises(ValueError, match="kinds, severity, line"):
        reported_body(draft)
    full = replace(draft, kinds={"threat_face"}, severity=3, line="  Han stod i døren.  ")
    assert full.missing == ()
    assert replace(full, line="   ").missing == ("line",)
    assert replace(full, severity=6).missing == ("severity",)
    assert replace(full, kinds={"weather"}).missing == ("kinds",)
    incident = fold_incident([fact("i", "incident.reported", 1, body=reported_body(full))])
    assert incident is not None
    assert (incident.kinds, incident.severity, incident.line) == (("threat_face",), 3, "Han stod i døren.")


def test_drafts_survive_their_rows() -> None:
    visit = VisitDraft(
        "v", "home_visit", "Sæ 4", "x", {"staffing": "two"}, frozenset({"timer"}), 30, "c", 7, 2
    )
    incident = IncidentDraft("i", frozenset({"near_miss"}), 2, "é", 5, "p", "v", "a", True, 9, 3)
    assert VisitDraft.from_row({**visit.to_row(), "id": "v", "newer": 1}) == visit
    assert IncidentDraft.from_row({**incident.to_row(), "order": 4}) == incident


ME = Person("me", "Amina Yusuf", roles=frozenset({"employee"}), is_me=True)
KARI = Person("kari", "Kari Nordmo", roles=frozenset({"employee", "leader"}))
JONAS = Person("jonas", "Jonas Vik", roles=frozenset({"employee", "leader"}))
SIV = Person("siv", "Siv Aasen", roles=frozenset({"employee", "safety_rep"}))
BOTH = Person("both", "Bo Th", roles=frozenset({"leader", "safety_rep"}))
PER = Person("per", "Per", roles=frozenset({"employee"}))


def members(people: list[Person]) -> list[str]:
    return [person.member for person in people]


def test_an_alarm_rings_at_the_leaders_but_me_and_never_at_nobody() -> None:
    assert members(alarm_recipients([ME, KARI, JONAS, SIV])) == ["kari", "jonas"]
    assert members(alarm_recipients([ME, SIV, PER])) == ["siv", "per"]
    leader = replace(KARI, is_me=True)
    assert members(alarm_recipients([leader, JONAS])) == ["jonas"]
    assert members(alarm_recipients([leader, PER])) == ["per"]
    assert members(alarm_recipients([ME])) == []


def test_a_visit_is_told_to_leaders_alone() -> None:
    assert members(visit_recipients([ME, KARI, SIV, PER])) == ["kari"]
    assert members(visit_recipients([ME, SIV, PER])) == []


def test_a_report_about_the_leader_reaches_no_leader() -> None:
    everybody = [ME, KARI, JONAS, SIV, BOTH, PER]
    assert members(incident_recipients(everybody)) == ["kari", "jonas", "siv", "both"]
    assert members(incident_recipients(everybody, about_leader=True)) == ["siv"]
    assert [(r.name, r.role) for r in recipient_list([ME, KARI, SIV])] == [
        ("Kari Nordmo", "leader"),
        ("Siv Aasen", "safety_rep"),
    ]


def test_saved_sent_and_seen_are_never_one_for_another() -> None:
    assert receipt(5, 0).state is ReceiptState.LOCAL
    assert receipt(5, 0, parked="too_large").parked == "too_large"
    assert receipt(5, 6).state is ReceiptState.SENT
    assert receipt(5, 6, (("Kari", 7),)).state is ReceiptState.SEEN


@pytest.mark.parametrize(
    ("name", "first", "initials"),
    [
        ("Amina Yusuf", "Amina", "AY"),
        ("  Kari Anne  Nordmo ", "Kari", "KN"),
        ("øyvind", "øyvind", "Ø"),
        ("", "", ""),
    ],
)
def test_names_are_shortened(name: str, first: str, initials: str) -> None:
    person = Person("m", name)
    assert (person.first_name, person.initials) == (first, initials)


def test_a_visit_that_waited_for_coverage_ends_when_its_visitor_said() -> None:
    waited = replace(START, received=START.created + 40 * MINUTE, delay=40 * MINUTE)
    visit = fold_visit([PLAN, waited], mine=False)
    assert visit is not None
    assert visit.until == START.created + 60 * MINUTE
    liar = fold_visit([PLAN, replace(waited, delay=YEAR)], mine=False)
    assert liar is not None
    assert liar.until == waited.received
