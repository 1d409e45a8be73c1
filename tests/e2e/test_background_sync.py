"""With every page of the app closed, the service worker alone sends what waits, and a leader gets it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from protocol.invites import Role
from tests.conftest import ServerFactory
from tests.support.browser import BrowserContextFactory
from tests.support.flutter import wait_evaluate, wait_text
from tests.support.loop_thread import LoopThread
from tests.support.phone import Phone
from tests.support.simulated import Fleet, Person
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

STORED = "() => performance.getEntriesByName('alarm-durable').length > 0"


def test_the_service_worker_sends_an_alarm_when_the_app_is_closed(
    server_factory: ServerFactory,
    browser_context_factory: BrowserContextFactory,
    loop_thread: LoopThread,
    pwa_dir: Path,
    tmp_path: Path,
) -> None:
    server = server_factory(app_dir=pwa_dir)
    fleet = Fleet(tmp_path)

    async def lead() -> tuple[Person, str]:
        leader = await fleet.founder("Kari Nordmo", server.url, server.setup_link)
        return leader, (await leader.client.inviting.invite(Role.EMPLOYEE)).link

    leader, link = loop_thread.run(lead(), seconds=30)
    amina = Phone(server.url, tmp_path / "amina", browser_context_factory)
    try:
        amina.join(link, "Amina Yusuf", "41223344")
        amina.installed()
        server.stop()
        page = amina.page
        page.goto(f"{server.url}/alarm")
        page.get_by_role("button", name="Trykk i stedet").tap()
        page.get_by_role("button", name="Ja, send alarmen").tap()
        wait_evaluate(page, STORED, what="the alarm to be on disk")
        page.get_by_role("heading", name="Ingen har fått alarmen ennå.").wait_for()

        # A page of the same origin without any script of ours, to speak to the browser's own side of the worker.
        page.goto(f"{server.url}/alarm")
        session = page.context.new_cdp_session(page)
        registered: list[dict[str, Any]] = []
        session.on(
            "ServiceWorker.workerRegistrationUpdated", lambda event: registered.extend(event["registrations"])
        )
        session.send("ServiceWorker.enable")
        # Asking the page is what lets its events in.
        wait_until(lambda: page.evaluate("1") and registered, "the service worker's registration")
        page.goto("about:blank")
        server.restart()

        async def rings() -> str:
            found = await leader.until(lambda c: c.alarms.active(), "the alarm", seconds=30)
            return found[0].name

        assert loop_thread.run(silence(leader), seconds=10), "nothing of ours runs, so nothing is sent"
        session.send(
            "ServiceWorker.dispatchSyncEvent",
            {
                "origin": server.url,
                "registrationId": registered[0]["registrationId"],
                "tag": "outbox",
                "lastChance": False,
            },
        )
        assert loop_thread.run(rings(), seconds=40) == "Amina Yusuf"
        amina.open("/")
        wait_text(amina.page, "Alarm pågår")
    finally:
        amina.close()
        loop_thread.run(fleet.close(), seconds=20)


async def silence(leader: Person) -> bool:
    """Whether the leader, who asks the server now, hears of no alarm."""
    await leader.client.sync.now()
    return not leader.client.alarms.active()
