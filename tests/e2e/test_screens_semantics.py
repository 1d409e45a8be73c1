"""What a screen reader meets on each screen, how large the targets are, and what large text does. Chromium, made-up scenes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.support.browser import BrowserContextFactory
from tests.support.flutter import by_role, enable_semantics, wait_evaluate, wait_text
from tests.support.view_server import ViewServer

pytestmark = pytest.mark.e2e

SCREENS: dict[str, tuple[str, str, str, list[tuple[str, str]]]] = {
    # name: scene, address, heading of the first level, what must be there as (role, name)
    "hjem": ("visit", "/", "Hjem", [
        ("button", "Alt er sendt"), ("button", "Mitt"), ("heading", "Fjellveien 8"), ("button", "Sjekk ut"), ("button", "15 min til"),
        ("button", "Nytt besøk"), ("button", "Ny hendelse"), ("button", "Strandgata 14"), ("tab", "Hjem"), ("tab", "Hjelp"),
    ]),
    "first-day": ("first_day", "/", "Hjem", [("heading", "Ingen besøk ennå"), ("button", "Nytt besøk")]),
    "planned": ("planned", "/", "Hjem", [("button", "Start besøket")]),
    "besok": ("visit", "/besok", "Besøk", [("button", "Nytt besøk"), ("button", "Sak 4471, Bekkelia")]),
    "hendelser": ("visit", "/hendelser", "Hendelser", [("button", "Trussel ansikt til ansikt"), ("button", "Ny hendelse")]),
    "hjelp": ("visit", "/hjelp", "Hjelp", [
        ("button", "112 Politi"), ("button", "113 Ambulanse"), ("button", "110 Brann"), ("button", "Kari Nordmo"),
    ]),
    "usendt": ("parked", "/usendt", "Usendt", [("heading", "Hendelse"), ("button", "Prøv igjen"), ("button", "Kast")]),
    "mitt": ("visit", "/mitt", "Mitt", [("button", "Lås nå"), ("button", "Tilbake")]),
    "na": ("leader", "/", "Nå", [
        ("heading", "Per Solbakken"), ("button", "Ring Per"), ("button", "Ingrid Haugen"), ("tab", "Nå"), ("tab", "Enhet"),
    ]),
    "alarm": ("leader_alarm", "/", "Amina Yusuf", [
        ("button", "Jeg tar den"), ("button", "Ring Amina"), ("button", "Ring 112"), ("heading", "Til 112 sier du"),
    ]),
    "enhet": ("leader", "/enhet", "Hjelpemidler, Lillevik kommune", [("button", "Inviter"), ("button", "Trekk tilbake")]),
    "verneombud": ("safety_rep", "/", "Hendelser", [("button", "Amina Yusuf"), ("tab", "Hendelser"), ("tab", "Hjelp")]),
    "bli-med": ("new", "/", "Du er ikke med i en enhet ennå", [
        ("textbox", "Invitasjon"), ("button", "Se invitasjonen"), ("button", "Jeg skal sette opp en ny enhet"),
    ]),
    "oppsett": ("founding", "/oppsett", "Sett opp enhet", [
        ("textbox", "Oppsettskode"), ("textbox", "Enhetens navn"), ("textbox", "Navnet ditt"), ("button", "Videre"),
    ]),
    "elsewhere": ("elsewhere", "/", "Appen er åpen et annet sted", [("button", "Prøv igjen")]),
}  # fmt: skip

# A 48 px square, less a pixel for rounding. What a scrolling part cuts off is measured when it has been scrolled to.
_SMALL = """() => [...document.querySelectorAll(
    'flt-semantics[role=button], flt-semantics[role=tab], flt-semantics[role=radio], flt-semantics[role=checkbox]')]
  .map(e => [e.getAttribute('aria-label') || e.textContent, e.getBoundingClientRect(), e])
  .filter(([, box]) => box.width > 0 && (box.width < 47 || box.height < 47))
  .filter(([, box, e]) => { for (let up = e.parentElement; up; up = up.parentElement) {
      const edge = up.getBoundingClientRect();
      if (/scroll|auto/.test(getComputedStyle(up).overflowY)) return box.bottom < edge.bottom - 1 && box.top > edge.top + 1;
    } return true; })
  .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""
_NAMELESS = """() => [...document.querySelectorAll('flt-semantics[role=button], flt-semantics[role=tab], flt-semantics[role=radio]')]
  .filter(e => !(e.getAttribute('aria-label') || e.textContent).trim()).length"""
_OUTSIDE = """() => [...document.querySelectorAll('flt-semantics[role=button], flt-semantics[role=heading], flt-semantics-host h1, flt-semantics-host h2')]
  .map(e => [e.getAttribute('aria-label') || e.textContent, e.getBoundingClientRect()])
  .filter(([, box]) => box.width > 0 && (box.left < -1 || box.right > innerWidth + 1)).map(([name]) => name)"""

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def server() -> Iterator[ViewServer]:
    running = ViewServer()
    running.address = running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def open_screen(server: ViewServer, module_browser_context_factory: BrowserContextFactory) -> Open:
    context = module_browser_context_factory()

    def one(scene: str, path: str, size: tuple[int, int] = (412, 915), percent: int = 100) -> Page:
        page = context.new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        if percent != 100:
            page.add_init_script(
                f"addEventListener('DOMContentLoaded', () => document.documentElement.style.fontSize = '{percent}%')"
            )
        page.goto(f"{server.address}{path}?scene={scene}")
        enable_semantics(page, seconds=60)
        return page

    return one


@pytest.mark.parametrize("name", SCREENS)
def test_roles_and_names(name: str, open_screen: Open) -> None:
    scene, path, title, wanted = SCREENS[name]
    page = open_screen(scene, path)
    try:
        page.get_by_role("heading", name=title, level=1).first.wait_for(state="attached", timeout=30_000)
        for role, words in wanted:
            by_role(page, role, words).wait_for(state="attached", timeout=10_000)
        assert page.get_by_role("heading", level=1).count() == 1
        assert page.evaluate(_NAMELESS) == 0
        assert page.evaluate(_SMALL) == []
    finally:
        page.close()


@pytest.mark.parametrize("name", ["hjem", "na", "alarm", "usendt", "mitt"])
def test_text_at_200_percent_on_a_small_phone(name: str, open_screen: Open) -> None:
    scene, path, title, wanted = SCREENS[name]
    page = open_screen(scene, path, (360, 640), 200)
    try:
        page.get_by_role("heading", name=title, level=1).first.wait_for(state="attached", timeout=30_000)
        for role, words in wanted[:2]:
            by_role(page, role, words).wait_for(state="attached", timeout=10_000)
        assert page.evaluate(_OUTSIDE) == []
        assert page.evaluate(_SMALL) == []
    finally:
        page.close()


def test_buttons_stand_under_each_other_once_python_has_learnt_the_text_scale(open_screen: Open) -> None:
    page = open_screen("visit", "/", (412, 915), 150)
    try:
        wait_evaluate(
            page,
            """() => { const box = n => [...document.querySelectorAll('flt-semantics[role=button]')]
              .find(e => (e.getAttribute('aria-label') || e.textContent).includes(n))?.getBoundingClientRect();
              const one = box('Sjekk ut'), other = box('15'); return one && other && other.top >= one.bottom - 1; }""",
            what="the buttons to stack",
        )
    finally:
        page.close()


def test_a_wide_screen_has_a_rail_and_the_visit_beside_the_list(open_screen: Open) -> None:
    page = open_screen("leader", "/", (1280, 800))
    try:
        wait_text(page, "24 min igjen")
        left = by_role(page, "button", "Ingrid Haugen").bounding_box()
        right = by_role(page, "button", "Ring Amina").bounding_box()
        tab = by_role(page, "button", "Fane 1 av 5").bounding_box()
        assert left is not None
        assert right is not None
        assert tab is not None
        assert tab["x"] + tab["width"] <= 112 < left["x"] < right["x"]
    finally:
        page.close()


def test_the_strips_place_is_left_free(open_screen: Open) -> None:
    page = open_screen("visit", "/", (412, 915))
    try:
        tab = by_role(page, "tab", "Hjem").bounding_box()
        assert tab is not None
        covered = page.evaluate(
            """() => [...document.querySelectorAll('flt-semantics[role=button]')].map(e => [e.getAttribute('aria-label') || e.textContent, e.getBoundingClientRect()])
              .filter(([, b]) => b.width > 0 && b.bottom > innerHeight - 136 && b.top < innerHeight - 76 && b.bottom <= innerHeight - 77)
              .map(([n]) => n)"""
        )
        assert covered == []
        assert tab["y"] >= 915 - 77
    finally:
        page.close()
