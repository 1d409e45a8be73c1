"""The promise in one go, in real browsers under the app's own policy: a phone without coverage, a server that can read nothing,
a leader who sees it all and says so."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ServerFactory
from tests.support.browser import BrowserContextFactory
from tests.support.flutter import tap, wait_evaluate, wait_text
from tests.support.phone import Phone
from tests.support.stored import all_kept, betrayals, check_sealed, columns, strange_words

pytestmark = pytest.mark.e2e


@pytest.fixture
def phones(browser_context_factory: BrowserContextFactory, tmp_path: Path) -> Iterator[dict[str, Phone]]:
    """Phones by first name; closed in the end."""
    made: dict[str, Phone] = {}
    yield made
    for name, phone in made.items():
        if phone.context is not None:
            phone.page.screenshot(
                path=tmp_path / f"{name}.png", scale="css"
            )  # pytest keeps the folder of a failed run
        phone.close()


@pytest.mark.timeout(420)
def test_from_a_phone_without_coverage_to_a_leader_who_answers(
    phones: dict[str, Phone],
    server_factory: ServerFactory,
    browser_context_factory: BrowserContextFactory,
    pwa_dir: Path,
    tmp_path: Path,
    rng: random.Random,
) -> None:
    server = server_factory(app_dir=pwa_dir)
    unit, leader_name, employee_name, place, purpose, line = strange_words(rng, 6)
    kari = phones["kari"] = Phone(server.url, tmp_path / "kari", browser_context_factory)
    amina = phones["amina"] = Phone(server.url, tmp_path / "amina", browser_context_factory)

    # Online once: a unit, its leader, an employee.
    kari.found_unit(server.setup_link, f"{unit} kommune", f"{leader_name} Nordmo", "90012345")
    amina.join(kari.invite("Ansatt"), f"{employee_name} Yusuf", "41223344")
    amina.installed()
    kari.installed()

    # The phone is started again, and there is no server.
    amina.close()
    server.stop()
    wait_text(kari.page, "Ikke på nett", seconds=20)  # at once, not with the next minute's round
    amina.open("/besok")
    amina.unlock()
    wait_text(amina.page, "Ikke på nett", seconds=30)
    amina.plan_and_start(f"{place} 8", f"{purpose} i trapp")
    amina.hold_alarm()
    wait_text(amina.page, "Ingen har fått alarmen ennå.")
    wait_text(amina.page, "På telefonen")
    amina.back_to_app()
    amina.report("Trussel ansikt til ansikt", f"Sa {line} og stilte seg i døren.")
    wait_text(amina.page, "Ikke sendt ennå")

    # Coverage is back: the alarm takes the leader's screen.
    server.restart()
    wait_text(kari.page, "Jeg tar den", seconds=90)
    wait_text(kari.page, f"{employee_name} Yusuf")
    wait_text(kari.page, f"{place} 8", seconds=30)
    tap(kari.page, "button", "Jeg tar den")
    wait_text(kari.page, "Du tok den", seconds=20)
    tap(kari.page, "button", "Tilbake til oversikten")

    # She opens the visit and the incident too.
    tap(kari.page, "tab", "Nå")
    tap(kari.page, "button", f"{employee_name} Yusuf")
    wait_text(kari.page, f"{purpose} i trapp", seconds=30)
    tap(kari.page, "tab", "Hendelser")
    tap(kari.page, "button", "Trussel ansikt til ansikt")
    wait_text(kari.page, f"Sa {line} og stilte seg i døren.")

    # The employee sees her name, on the alarm, the visit and the incident.
    amina.page.locator("#strip").tap()
    wait_text(amina.page, f"Sett av {leader_name} Nordmo", seconds=60)
    for mark in ("alarm-usable", "alarm-durable", "alarm-accepted", "app-painted"):
        assert wait_evaluate(amina.page, "name => performance.getEntriesByName(name).length", mark, what=mark)
    amina.back_to_app()
    wait_text(amina.page, f"Sett av {leader_name} Nordmo", seconds=60)

    # Nobody else was asked for anything, and the server can read nothing.
    assert kari.foreign() == []
    assert amina.foreign() == []
    assert (kari.complaints, amina.complaints) == ([], [])
    server.stop()
    kept = columns(server.data_dir / "trygg.db")
    assert len(kept["entry.content"]) >= 6
    check_sealed(kept)
    everything = all_kept(kept, server.data_dir, server.log)
    typed = [unit, leader_name, employee_name, place, purpose, line, kari.passphrase]
    assert {word for data in everything for word in betrayals(data, typed)} == set()
