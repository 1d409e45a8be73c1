"""The whole chain: real server process, real clients on CPython. What is written offline arrives, opens for those it is for,
and comes back as the name of who has seen it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from mobile_app.domain.alarm import AlarmState
from mobile_app.domain.receipts import ReceiptState
from mobile_app.services.client import AppError, GateState
from protocol.invites import Role
from tests.conftest import ServerFactory
from tests.support.server_process import ServerProcess
from tests.support.simulated import (
    UNIT_NAME,
    Fleet,
    Person,
    Story,
    eventually,
    go_on_visit,
    has_been_seen_by,
    is_sent,
    know,
    report,
)
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.integration


async def away(server: ServerProcess) -> None:
    """The server is gone, as after a power cut."""
    await asyncio.to_thread(server.kill)


async def back(server: ServerProcess) -> None:
    """The server is there again, at the same address."""
    await asyncio.to_thread(server.start)


async def all_at_the_leader(leader: Person, visit: str, alarm: str, incident: str) -> None:
    """Wait until the leader's app shows all three."""
    await leader.until(lambda c: visit in {v.case for v in c.visits.out_now()}, "the visit under way")
    await leader.until(lambda c: alarm in {a.case for a in c.alarms.active()}, "the alarm")
    await leader.until(lambda c: incident in {i.case for i in c.incidents.received()}, "the incident")


def test_what_is_written_without_a_server_arrives_and_is_seen(
    server_factory: ServerFactory, tell: Callable[[Story], None], rng: random.Random
) -> None:
    server = server_factory()

    async def story(fleet: Fleet) -> None:
        kari = await fleet.founder("Kari Nordmo", server.url, server.setup_link)
        amina = await fleet.joiner("Amina Yusuf", server.url, kari)
        siv = await fleet.joiner("Siv Aasen", server.url, kari, Role.SAFETY_REP)
        await know(amina, siv)
        assert kari.client.people.unit_name == amina.client.people.unit_name == UNIT_NAME
        assert kari.client.people.words == amina.client.people.words

        # The greeting to a newcomer may still be on its way.
        await amina.until(lambda c: c.sync.status.unsent == 0, "nothing unsent")
        await away(server)
        visit = (await go_on_visit(amina, "Storgata 4, 2. etasje", "Bytte motor i seng", rng)).case
        alarm = await amina.device.raise_alarm()
        incident = await report(amina, "Ropte og slo i bordet da jeg kom.", place="Storgata 4")
        for case in (visit, incident):
            item = amina.client.visits.get(case) or amina.client.incidents.get(case)
            assert item is not None
            assert item.receipt.state is ReceiptState.LOCAL
        await amina.until(lambda c: [a.received for a in c.alarms.own()] == [0], "the own alarm, not sent")
        await amina.until(
            lambda c: c.sync.status.unsent == 4, "plan, start, report and alarm to be shown as unsent"
        )

        await back(server)
        await all_at_the_leader(kari, visit, alarm, incident)
        seen = kari.client.visits.get(visit)
        assert seen is not None
        assert (seen.name, seen.place, seen.purpose) == (
            "Amina Yusuf",
            "Storgata 4, 2. etasje",
            "Bytte motor i seng",
        )
        raised = kari.client.alarms.get(alarm)
        assert raised is not None
        assert (raised.name, raised.state, raised.drill, raised.taken_by) == (
            "Amina Yusuf",
            AlarmState.OPEN,
            False,
            None,
        )
        assert raised.visit is not None
        assert raised.visit.place == "Storgata 4, 2. etasje"

        await kari.client.visits.opened(visit)
        await kari.client.incidents.opened(incident)
        await kari.client.alarms.opened(alarm)
        await kari.client.alarms.take(alarm)
        for case in (visit, incident):
            await amina.until(
                partial(has_been_seen_by, "Kari Nordmo", case), "the leader's name on what she opened"
            )

        def verified(states: set[str]) -> Callable[[Any], bool]:
            return lambda c: (
                states
                <= {
                    entry["state"]
                    for a in c.alarms.own()
                    for entry in a.seen
                    if entry["verified"] and entry["name"] == "Kari Nordmo"
                }
            )

        await amina.until(verified({"seen", "taken"}), "the leader to have seen and taken the alarm, checked")

        # The safety rep gets the incident, and neither visits nor, with a leader there, alarms.
        await siv.until(lambda c: incident in {i.case for i in c.incidents.received()}, "the incident")
        assert siv.client.visits.out_now() == []

        await amina.device.say_safe()
        await kari.until(lambda c: not c.alarms.active(), "the end of the alarm")
        ended = kari.client.alarms.get(alarm)
        assert ended is not None
        assert (ended.state, ended.taken_by) == (AlarmState.SAFE, "Kari Nordmo")
        await amina.until(lambda c: c.sync.status.unsent == 0, "nothing to be left unsent")

    tell(story)


@pytest.mark.parametrize("violently", [True, False])
def test_the_server_restarts_in_the_middle(
    server_factory: ServerFactory, tell: Callable[[Story], None], rng: random.Random, violently: bool
) -> None:
    server = server_factory()

    async def story(fleet: Fleet) -> None:
        kari = await fleet.founder("Kari Nordmo", server.url, server.setup_link)
        per = await fleet.joiner("Per Solbakken", server.url, kari)
        visit = (await go_on_visit(per, "Havnegata 1", "", rng)).case
        await per.until(lambda c: is_sent(c, visit), "the visit to be sent")
        if violently:
            await away(server)
        incident = await report(per, "Stod og ventet utenfor bilen min.")
        await asyncio.to_thread(server.restart)
        alarm = await per.device.raise_alarm()
        await all_at_the_leader(kari, visit, alarm, incident)
        await kari.client.alarms.take(alarm)
        await per.until(
            lambda c: [a.seen for a in c.alarms.own() if a.seen], "the leader to have taken the alarm"
        )
        assert len(kari.client.alarms.recent()) == len(kari.client.incidents.received()) == 1
        assert kari.client.sync.status.trouble == per.client.sync.status.trouble == ""

    tell(story)


def test_lost_answers_make_nothing_twice(
    server_factory: ServerFactory,
    proxy_factory: Callable[[int], TcpProxy],
    tell: Callable[[Story], None],
    rng: random.Random,
) -> None:
    server = server_factory()
    proxy = proxy_factory(server.port)

    async def story(fleet: Fleet) -> None:
        kari = await fleet.founder("Kari Nordmo", server.url, server.setup_link)
        amina = await fleet.joiner("Amina Yusuf", server.url, kari)
        await amina.device.stop()
        amina.url = proxy.url
        await amina.switch_on()
        await amina.unlock()
        await amina.until(lambda c: c.sync.status.reachable, "the server to be reached")

        await asyncio.to_thread(proxy.drop_response, 4)
        visit = (await go_on_visit(amina, "Åsveien 12", "Hente rullestol", rng)).case
        alarm = await amina.device.raise_alarm()
        incident = await report(amina, "Truet med å finne ut hvor jeg bor.")
        await asyncio.to_thread(
            proxy.wait_for, lambda counts: counts.answers_dropped >= 4, "four answers to be lost"
        )
        await all_at_the_leader(kari, visit, alarm, incident)
        await amina.until(
            lambda c: is_sent(c, visit, incident) and c.sync.status.unsent == 0, "all to be known as sent"
        )
        assert [
            len(x)
            for x in (
                kari.client.visits.out_now(),
                kari.client.alarms.recent(),
                kari.client.incidents.received(),
            )
        ] == [
            1,
            1,
            1,
        ]
        assert amina.client.sync.status.parked == 0

    tell(story)


def test_joining_while_the_leader_is_offline(
    server_factory: ServerFactory, tell: Callable[[Story], None], rng: random.Random
) -> None:
    server = server_factory()

    async def story(fleet: Fleet) -> None:
        kari = await fleet.founder("Kari Nordmo", server.url, server.setup_link)
        invite = await kari.client.inviting.invite(Role.EMPLOYEE)
        await kari.device.stop()

        amina = await fleet.person("Amina Yusuf", server.url)
        preview = await amina.client.joining.preview(f"Hei! Bli med her: {invite.link}")
        assert (preview.unit_name, preview.inviter, preview.words) == (UNIT_NAME, "Kari Nordmo", invite.words)
        await amina.client.joining.join("Amina Yusuf", "+47 900 00 001", amina.passphrase)
        assert amina.client.gate.state is GateState.OPEN
        await know(amina, kari)
        visit = (await go_on_visit(amina, "Storgata 4", "", rng)).case
        alarm = await amina.device.raise_alarm(drill=True)
        incident = await report(amina, "Ubehagelig stemning.")
        await amina.until(lambda c: is_sent(c, visit, incident), "all to be sent")

        late = await fleet.person("Per Solbakken", server.url)
        with pytest.raises(AppError) as used:
            await late.client.joining.preview(invite.link)
        assert used.value.code == "invite_used"

        await kari.switch_on()
        assert kari.client.gate.state is GateState.LOCKED
        await kari.unlock()
        await know(kari, amina)
        await all_at_the_leader(kari, visit, alarm, incident)
        drill = kari.client.alarms.get(alarm)
        assert drill is not None
        assert drill.drill

    tell(story)


def test_a_phone_that_dies_goes_on_where_it_was(
    server_factory: ServerFactory, tell: Callable[[Story], None], rng: random.Random
) -> None:
    server = server_factory()

    async def story(fleet: Fleet) -> None:
        kari = await fleet.founder("Kari Nordmo", server.url, server.setup_link)
        amina = await fleet.joiner("Amina Yusuf", server.url, kari)
        await away(server)
        visit = (await go_on_visit(amina, "Storgata 4", "", rng)).case
        incident = await report(amina, "Kastet en kopp.")
        draft = await amina.client.incidents.begin()
        alarm = await amina.device.raise_alarm()
        await amina.battery_dies()
        current = amina.client.visits.current()
        assert current is not None
        assert current.case == visit
        assert [d.id for d in amina.client.incidents.drafts()] == [draft.id]
        assert [own.case for own in amina.client.alarms.own()] == [alarm]
        with pytest.raises(AppError):
            await amina.client.visits.start(
                (await amina.client.visits.plan(await _another(amina))).case
            )  # one visit at a time

        await back(server)
        await all_at_the_leader(kari, visit, alarm, incident)
        await amina.client.visits.check_out(visit)
        await kari.until(lambda c: not c.visits.out_now(), "the check-out")

    tell(story)


async def _another(person: Person) -> Any:
    draft = await person.client.visits.begin("home_visit")
    return await person.client.visits.save(replace(draft, place="Et annet sted", minutes=30))


def test_a_locked_phone_still_raises_the_alarm_and_sends_what_waits(
    server_factory: ServerFactory, tell: Callable[[Story], None]
) -> None:
    server = server_factory()

    async def story(fleet: Fleet) -> None:
        kari = await fleet.founder("Kari Nordmo", server.url, server.setup_link)
        amina = await fleet.joiner("Amina Yusuf", server.url, kari)
        await away(server)
        incident = await report(amina, "Sperret veien ut.")
        await amina.client.gate.lock()
        alarm = await amina.device.raise_alarm(silent=True)
        await back(server)
        await kari.until(
            lambda c: alarm in {a.case for a in c.alarms.active()}, "the alarm of the locked phone"
        )
        await kari.until(lambda c: incident in {i.case for i in c.incidents.received()}, "the incident")
        await kari.client.alarms.take(alarm)
        assert amina.client.gate.state is GateState.LOCKED

        # Nothing is told to the locked app, so the alarm page's own store is looked at.
        async def known() -> bool:
            alarms = await amina.device.native.alarm_store.alarms()
            return any(a.case == alarm and a.seen and a.seen[-1]["name"] == "Kari Nordmo" for a in alarms)

        await eventually(known, "the leader's name on the locked phone")

    tell(story)
