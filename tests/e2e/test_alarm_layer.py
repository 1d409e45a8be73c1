"""The strip and the layer over the app, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from protocol.envelope import parse_envelope
from tests.support.browser import PC, BrowserContextFactory
from tests.support.device_page import LabDevice
from tests.support.scripted_server import ScriptedServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

DISC = "Alarm. Hold inne i 3 sekunder."


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def context(browser_context_factory: BrowserContextFactory) -> BrowserContext:
    return browser_context_factory()


@pytest.fixture
def device(context: BrowserContext, server: ScriptedServer) -> LabDevice:
    made = LabDevice(context, server)
    made.serve_alarm()
    return made


def app_page(device: LabDevice) -> Page:
    device.join()
    page = device.open("/app.html")
    expect(page.locator("#strip")).to_be_visible()
    return page


def strip_box(page: Page) -> tuple[float, float, float, float]:
    box = page.locator("#strip").bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def press_strip(page: Page) -> None:
    x, y, width, height = strip_box(page)
    page.mouse.move(x + width / 2, y + height / 2)
    page.mouse.down()


def test_the_strip_comes_with_joining_and_needs_no_reload(device: LabDevice) -> None:
    page = device.open("/app.html")
    expect(page.locator("#strip")).to_be_hidden()
    device.join()
    expect(page.locator("#strip")).to_be_visible()


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (412, 915, (0, 915 - 76 - 60, 412, 60)),
        (360, 640, (0, 640 - 64 - 56, 360, 56)),
        (1280, 800, (0, 688, 112, 112)),
    ],
)
def test_the_strip_stands_where_the_app_leaves_room(
    browser_context_factory: BrowserContextFactory,
    server: ScriptedServer,
    width: int,
    height: int,
    expected: tuple[float, ...],
) -> None:
    options = {**PC, "viewport": {"width": width, "height": height}}
    device = LabDevice(browser_context_factory(**options), server)
    device.serve_alarm()
    page = app_page(device)
    assert strip_box(page) == expected
    for text in (100, 200):
        page.add_style_tag(content=f"html{{font-size:{text}%}}")
        over = page.evaluate(
            "() => [...document.querySelectorAll('#strip *')].some((e) => e.getBoundingClientRect().bottom > innerHeight)"
        )
        assert not over
        assert strip_box(page) == expected
    move = "(mode) => dispatchEvent(new CustomEvent('app:layer', {detail: {mode}}))"
    page.evaluate(move, "flow")
    assert strip_box(page)[1] == height - expected[3]
    page.evaluate(move, "none")
    expect(page.locator("#strip")).to_be_hidden()
    page.evaluate(move, "nav")
    assert strip_box(page) == expected


def test_a_tap_opens_the_alarm_and_sends_nothing(device: LabDevice, server: ScriptedServer) -> None:
    page = app_page(device)
    page.locator("#own").focus()
    page.locator("#strip").click()
    expect(page.get_by_role("dialog").get_by_role("button", name=DISC)).to_be_focused()
    # The app behind is out of reach until the layer is put away; then the focus is where it was.
    assert page.evaluate("() => document.querySelector('#own').closest('main').inert")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#own")).to_be_focused()
    assert device.alarms() == []
    assert server.posts() == []


def test_holding_the_strip_shows_the_ring_and_sends(device: LabDevice, server: ScriptedServer) -> None:
    page = app_page(device)
    press_strip(page)
    expect(page.get_by_text("Slipp for å avbryte.")).to_be_visible()
    wait_until(lambda: server.accepted, "the alarm")
    page.mouse.up()
    expect(page.get_by_role("heading", name="Alarmen er sendt")).to_be_visible()
    page.get_by_role("button", name="Til appen").click()
    expect(page.locator("#strip")).to_contain_text("Alarm pågår")
    page.reload()
    expect(page.locator("#strip")).to_contain_text("Alarm pågår")
    page.locator("#strip").click()
    expect(page.get_by_role("heading", name="Alarmen er sendt")).to_be_visible()
    assert [event.kind for event in device.events()] == ["alarm.raised"]


def test_a_tap_on_the_strip_presses_nothing_that_comes_up_under_the_finger(device: LabDevice) -> None:
    page = app_page(device)
    press_strip(page)
    expect(page.get_by_role("heading", name="Alarmen er sendt")).to_be_visible(timeout=10_000)
    page.mouse.up()
    page.get_by_role("button", name="Til appen").tap()
    # The strip now lies where "Jeg er trygg" and the numbers to call come up.
    for _ in range(3):
        page.locator("#strip").tap()
        expect(page.get_by_role("button", name="Jeg er trygg")).to_be_visible()
        expect(page.get_by_text("Er du trygg?")).to_have_count(0)
        page.get_by_role("button", name="Til appen").tap()
        expect(page.get_by_role("button", name="Jeg er trygg")).to_be_hidden()
    page.locator("#strip").tap()
    page.get_by_role("button", name="Jeg er trygg").tap()
    expect(page.get_by_text("Er du trygg?")).to_be_visible()


def test_letting_the_strip_go_early_sends_nothing(device: LabDevice, server: ScriptedServer) -> None:
    page = app_page(device)
    press_strip(page)
    # How long it is held is what is tested; and nothing has happened only once three seconds are over.
    page.wait_for_timeout(2_000)
    page.mouse.up()
    expect(page.get_by_text("Avbrutt. Ingenting er sendt.")).to_be_visible()
    page.wait_for_timeout(1_500)
    assert device.alarms() == []


def test_the_keyboard_reaches_the_strip_and_holds_it(device: LabDevice, server: ScriptedServer) -> None:
    page = app_page(device)
    page.locator("#own").focus()
    page.keyboard.press("F6")
    expect(page.locator("#strip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("F6")
    page.keyboard.down("Space")
    wait_until(lambda: server.accepted, "the alarm")
    page.keyboard.up("Space")
    assert len(device.alarms()) == 1


def test_a_drill_is_marked_everywhere_and_rings_as_one(device: LabDevice, server: ScriptedServer) -> None:
    page = app_page(device)
    page.evaluate("() => dispatchEvent(new CustomEvent('app:layer', {detail: {open: 'drill'}}))")
    expect(page.get_by_role("heading", name="ØVELSE", exact=True)).to_be_visible()
    page.get_by_role("button", name="Trykk i stedet").click()
    expect(page.get_by_text("De ser at dette er en øvelse.")).to_be_visible()
    page.get_by_role("button", name="Ja, send øvelsen").click()
    wait_until(lambda: server.accepted, "the drill")
    expect(page.get_by_role("heading", name="ØVELSE", exact=True)).to_be_visible()
    red = "rgb(175, 12, 29)"
    assert not page.evaluate(
        "(red) => [...document.querySelectorAll('.ta, .ta *')].some((e) => getComputedStyle(e).backgroundColor === red && e.checkVisibility())",
        red,
    )
    (drill,) = device.events()
    assert drill.drill
    assert parse_envelope(server.accepted[drill.id]).header.drill
    page.get_by_role("button", name="Til appen").click()
    expect(page.locator("#strip")).to_contain_text("ØVELSE pågår")


def test_a_real_alarm_ends_a_drill_and_is_a_case_of_its_own(
    device: LabDevice, server: ScriptedServer
) -> None:
    page = app_page(device)
    page.evaluate("() => dispatchEvent(new CustomEvent('app:layer', {detail: {open: 'drill'}}))")
    page.get_by_role("button", name="Trykk i stedet").click()
    page.get_by_role("button", name="Ja, send øvelsen").click()
    wait_until(lambda: server.accepted, "the drill")
    page.get_by_role("button", name="Send ekte alarm").click()
    page.get_by_role("button", name="Ja, send alarmen").click()
    expect(page.get_by_role("heading", name="Alarmen er sendt")).to_be_visible()
    wait_until(lambda: len(server.accepted) >= 3, "drill, its end and the alarm")
    told = [(event.kind, event.drill) for event in device.events() if event.kind != "alarm.position"]
    assert sorted(told) == [("alarm.raised", False), ("alarm.raised", True), ("alarm.safe", True)]
    assert len({event.case for event in device.events()}) == 2
    assert [alarm["state"] for alarm in device.alarms() if alarm["drill"]] == ["safe"]


def test_the_app_hears_of_the_alarm(device: LabDevice) -> None:
    page = app_page(device)
    device.page.evaluate(
        """() => { self.told = new Promise((resolve) => {
          self.onHostEvent = (name, value) => name === 'alarm' && resolve(JSON.parse(value).case); }); }"""
    )
    page.locator("#strip").click()
    page.get_by_role("button", name="Trykk i stedet").click()
    page.get_by_role("button", name="Ja, send alarmen").click()
    assert device.page.evaluate("() => self.told") == device.alarms()[0]["case"]
