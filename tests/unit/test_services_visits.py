"""A visit from draft to check-out and again: what is typed is kept, what was answered is remembered."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from mobile_app.domain.checklist import Level
from mobile_app.domain.visit import Visit
from mobile_app.ports import PortError
from mobile_app.services.client import AppError, Client
from mobile_app.services.journal import MOST_HEADS
from protocol.envelope import parse_envelope
from tests.support.fake_ports import NOON, Author, Phone

pytestmark = pytest.mark.unit

MINUTE = 60_000


async def started_app() -> tuple[Phone, Client]:
    phone = Phone()
    client = await phone.found()
    return phone, client


def mildest(client: Client) -> dict[str, str]:
    return {q.id: q.options[0].value for q in client.visits.checklist("home_visit").questions}


async def visited(client: Client, place: str, **changes: str) -> Visit:
    draft = await client.visits.begin("home_visit")
    answers = {**mildest(client), **changes}
    draft = await client.visits.save(
        replace(draft, place=place, answers=answers, measures={"timer"}, minutes=30)
    )
    visit = await client.visits.plan(draft)
    await client.visits.start(visit.case)
    return await client.visits.check_out(visit.case)


def test_each_save_of_a_draft_is_one_row() -> None:
    async def story() -> None:
        phone, client = await started_app()
        draft = await client.visits.begin("home_visit")
        phone.vault.applied.clear()
        for place in ("F", "Fj", "Fje"):
            phone.host.clock += 5
            draft = await client.visits.save(replace(draft, place=place))
        assert [(len(rows), outbox) for rows, outbox, _ in phone.vault.applied] == [(1, [])] * 3
        assert draft.updated == NOON + 15
        assert (await phone.restart()).visits.drafts() == [draft]

    asyncio.run(story())


def test_the_draft_changed_last_is_first_whatever_the_clock_says() -> None:
    async def story() -> None:
        phone, client = await started_app()
        one, two = await client.visits.begin("home_visit"), await client.visits.begin("home_visit")
        assert [d.id for d in client.visits.drafts()] == [two.id, one.id]
        phone.host.clock -= 400 * 86_400_000
        await client.visits.save(one)
        assert [d.id for d in client.visits.drafts()] == [one.id, two.id]
        await client.visits.discard(one)
        assert [d.id for d in client.visits.drafts()] == [two.id]

    asyncio.run(story())


def test_a_plan_needs_a_place_and_a_length() -> None:
    async def story() -> None:
        _, client = await started_app()
        draft = await client.visits.begin("home_visit")
        for bad in (
            {"place": " ", "minutes": 30},
            {"place": "x", "minutes": 0},
            {"place": "x", "minutes": 60 * 24 * 8},
        ):
            with pytest.raises(AppError, match="incomplete"):
                await client.visits.plan(replace(draft, **bad))  # type: ignore[arg-type]
        assert [d.id for d in client.visits.drafts()] == [draft.id]
        with pytest.raises(AppError, match="not_found"):
            client.visits.checklist("car_ride")

    asyncio.run(story())


def test_a_visit_runs_from_plan_to_check_out_and_tells_the_server_only_times() -> None:
    async def story() -> None:
        phone, client = await started_app()
        draft = await client.visits.begin("home_visit")
        answers = {**mildest(client), "staffing": "alone", "animals": "loose"}
        advice = client.visits.advise(replace(draft, answers=answers))
        assert advice.level is Level.YELLOW
        planned = await client.visits.plan(
            replace(
                draft,
                place="Fjellveien 8",
                purpose="Trappeheis",
                answers=answers,
                measures={"timer"},
                minutes=60,
            )
        )
        assert client.visits.drafts() == []
        assert client.visits.planned() == [planned]
        assert planned.reasons == ("Du drar alene", "Det kan være et løst dyr der")
        assert planned.measures == ("Tidtaker med utsjekk",)
        started = await client.visits.start(planned.case)
        assert (started.until, started.warned_at) == (NOON + 60 * MINUTE, NOON + 70 * MINUTE)
        assert await client.visits.start(planned.case) == started
        phone.host.clock += 50 * MINUTE
        assert (await client.visits.extend(planned.case, 15)).until == NOON + 75 * MINUTE
        current = client.visits.current()
        assert current is not None
        assert current.case == planned.case
        done = await client.visits.check_out(planned.case)
        assert done.checked_out == NOON + 50 * MINUTE
        assert client.visits.current() is None
        assert await client.visits.check_out(planned.case) == done
        headers = [parse_envelope(row.content).header for row in phone.vault.outbox.values()]
        acts = [(str(h.act), h.duration, h.grace) for h in headers if h.act]
        assert acts == [("arm", 3600, 600), ("extend", 25 * 60, 600), ("check_out", None, None)]
        assert {h.case for h in headers if h.act} == {planned.case}

    asyncio.run(story())


def test_one_visit_at_a_time() -> None:
    async def story() -> None:
        _, client = await started_app()
        draft = await client.visits.begin("home_visit")
        one = await client.visits.plan(replace(draft, place="a", minutes=30))
        other = await client.visits.plan(replace(draft, id=draft.id, place="b", minutes=30))
        await client.visits.start(one.case)
        with pytest.raises(AppError, match="visit_under_way"):
            await client.visits.start(other.case)
        with pytest.raises(AppError, match="not_found"):
            await client.visits.extend(other.case, 15)

    asyncio.run(story())


def test_a_repeated_visit_has_the_answers_of_the_last_time_and_one_new_risk_changes_the_advice() -> None:
    async def story() -> None:
        _, client = await started_app()
        earlier = await visited(client, "Bekkelia 2", animals="held")
        draft = await client.visits.begin("home_visit", repeat_of=earlier.case)
        assert (draft.place, draft.minutes, draft.repeat_of, draft.measures) == (
            "Bekkelia 2",
            30,
            earlier.case,
            frozenset({"timer"}),
        )
        assert draft.answers == {
            k: v for k, v in {**mildest(client), "animals": "held"}.items() if k in draft.answers
        }
        checklist = client.visits.checklist("home_visit")
        assert checklist.missing(draft.answers) == ()
        assert client.visits.advise(draft).level is Level.GREEN
        worse = replace(draft, answers={**draft.answers, "state": "acute", "staffing": "alone"})
        assert client.visits.advise(worse).level is Level.RED
        again = await client.visits.plan(draft)
        assert (again.place, again.level) == ("Bekkelia 2", Level.GREEN)

    asyncio.run(story())


def test_recent_visits_are_the_latest_of_each_place() -> None:
    async def story() -> None:
        phone, client = await started_app()
        for place in ("Storgata 1", "Bekkelia 2", " storgata  1", "Havna 3", "Lia 4"):
            phone.host.clock -= 86_400_000  # a clock that runs backwards orders nothing
            await visited(client, place)
        assert [v.place for v in client.visits.recent(3)] == ["Lia 4", "Havna 3", "storgata  1"]

    asyncio.run(story())


def test_a_visit_that_could_not_be_stored_has_not_started() -> None:
    async def story() -> None:
        phone, client = await started_app()
        draft = await client.visits.begin("home_visit")
        visit = await client.visits.plan(replace(draft, place="a", minutes=30))
        phone.vault.refuse = [PortError("quota_full")]
        with pytest.raises(AppError, match="quota_full"):
            await client.visits.start(visit.case)
        assert client.visits.current() is None
        assert client.visits.planned() == [visit]
        assert (await client.visits.start(visit.case)).under_way

    asyncio.run(story())


def test_a_leader_sees_others_visits_and_says_so_once() -> None:
    async def story() -> None:
        phone, client = await started_app()
        amina = Author(phone.script, phone)
        amina.send(amina.event("profile.set", {"name": "Amina Yusuf"}, case=amina.member))
        body = {"place": "Fjellveien 8", "minutes": 60, "level": "green", "outcome": "go"}
        plan = amina.send(amina.event("visit.planned", body))
        start = amina.send(
            amina.event(
                "visit.started", case=plan.case, prev=(plan.id,), duration=3600, grace=600, created=5
            ),
            key=amina.keys.field,
        )
        await client.sync.now()
        (visit,) = client.visits.out_now()
        assert (visit.name, visit.place, visit.until) == ("Amina Yusuf", "Fjellveien 8", NOON + 60 * MINUTE)
        assert client.visits.current() is None
        for _ in range(2):
            await client.visits.opened(plan.case)
        seen = [row for row in phone.vault.tables()["events"] if row["kind"] == "case.seen"]
        assert [row["prev"] for row in seen] == [[start.id]]
        with pytest.raises(AppError, match="not_found"):
            await client.visits.check_out(plan.case)

    asyncio.run(story())


def test_an_incident_takes_time_and_place_from_its_visit_or_alarm() -> None:
    async def story() -> None:
        _, client = await started_app()
        visit = await visited(client, "Bekkelia 2")
        draft = await client.incidents.begin(from_visit=visit.case)
        assert (draft.place, draft.visit, draft.happened_at) == ("Bekkelia 2", visit.case, NOON)
        with pytest.raises(AppError, match="incomplete"):
            await client.incidents.send(draft)
        with pytest.raises(AppError, match="no_recipients"):
            await client.incidents.send(replace(draft, kinds={"violence"}, severity=4, line="x"))
        assert [d.id for d in client.incidents.drafts()] == [draft.id]

    asyncio.run(story())


def test_subscribers_hear_of_changes_until_they_stop() -> None:
    async def story() -> None:
        _, client = await started_app()
        heard: list[int] = []
        stop = client.subscribe(lambda: heard.append(1))
        await client.visits.begin("home_visit")
        assert heard
        stop()
        stop()
        count = len(heard)
        await client.visits.begin("home_visit")
        assert len(heard) == count

    asyncio.run(story())


def test_a_flooded_visit_can_still_be_ended() -> None:
    """Somebody who reads a visit can write to its case; naming all of it would make the check-out too large to be sent."""

    async def story() -> None:
        phone, client = await started_app()
        draft = await client.visits.begin("home_visit")
        visit = await client.visits.plan(replace(draft, place="Fjellveien 8", minutes=30))
        await client.visits.start(visit.case)
        other = Author(phone.script, phone, ("leader",))
        for _ in range(MOST_HEADS + 8):
            other.send(other.event("case.seen", case=visit.case))
        await client.sync.now()
        ended = await client.visits.check_out(visit.case)
        assert ended.checked_out
        rows = {
            row["kind"]: row
            for row in phone.vault.tables()["events"]
            if row["case"] == visit.case and row["own"]
        }
        prev = rows["visit.checked_out"]["prev"]
        assert len(prev) == MOST_HEADS
        assert rows["visit.started"]["id"] in prev

    asyncio.run(story())
