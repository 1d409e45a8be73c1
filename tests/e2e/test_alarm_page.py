"""The alarm on its own page, in a real Chromium: what raises it, what does not, and what it says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from protocol.encoding import thumbprint
from protocol.envelope import parse_envelope, unpad
from protocol.errors import ErrorCode
from protocol.jose import open_envelope
from protocol.jws import Typ, peek
from protocol.kinds import Coarse
from protocol.statements import AckState
from tests.support.browser import BrowserContextFactory
from tests.support.device_page import WEB, LabDevice, bundle
from tests.support.scripted_server import DROP, ScriptedServer, refusal
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

SETTLED_MS = 600
"""After this an alarm that should not have gone out would have: it takes some ten milliseconds. Nothing that happens could be
waited for. The other waits here are how long somebody holds the button: what is put in, not what is waited for."""


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def context(browser_context_factory: BrowserContextFactory) -> BrowserContext:
    place = {"latitude": 59.91273, "longitude": 10.74609, "accuracy": 12}
    return browser_context_factory(geolocation=place, permissions=["geolocation"])


@pytest.fixture
def device(context: BrowserContext, server: ScriptedServer) -> LabDevice:
    made = LabDevice(context, server)
    made.serve_alarm()
    made.join()
    return made


def alarm_page(device: LabDevice) -> Page:
    page = device.open("/alarm")
    expect(page.get_by_role("button", name="Alarm. Hold inne i 3 sekunder.")).to_be_visible()
    return page


def press_disc(page: Page) -> None:
    box = page.locator(".ta-disc").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()


def hold(page: Page, ms: float) -> None:
    press_disc(page)
    page.wait_for_timeout(ms)
    page.mouse.up()


def raise_by_press(page: Page) -> None:
    page.get_by_role("button", name="Trykk i stedet").click()
    page.get_by_role("button", name="Ja, send alarmen").click()


def block(page: Page, after: int, ms: int) -> None:
    """Keep the page's only thread busy, as the app does while it boots."""
    page.evaluate(
        """([after, ms]) => void setTimeout(() => { const end = performance.now() + ms; while (performance.now() < end); }, after)""",
        [after, ms],
    )


def nothing_was_raised(device: LabDevice, page: Page) -> None:
    page.wait_for_timeout(SETTLED_MS)
    assert device.alarms() == []
    assert device.server.posts() == []


def status(device: LabDevice, **facts: Any) -> None:
    """What the server says of the newest alarm from now on."""
    device.server.statuses[device.alarms()[0]["case"]] = facts


def acknowledged(device: LabDevice, *statements: str) -> list[dict[str, Any]]:
    now = time.time_ns() // 1_000_000
    return [{"statement": text, "received": now + n} for n, text in enumerate(statements)]


def test_holding_for_three_seconds_sends_a_real_signed_alarm(
    device: LabDevice, server: ScriptedServer
) -> None:
    page = alarm_page(device)
    device.page.evaluate("() => trygg.vault.lock()")
    press_disc(page)
    expect(page.get_by_text("Slipp for å avbryte.")).to_be_visible()
    wait_until(device.alarms, "the alarm")
    page.mouse.up()
    expect(page.get_by_role("heading", name="Alarmen er sendt")).to_be_visible()
    expect(page.get_by_text("Posisjonen din ble delt")).to_be_visible()
    raised, position = device.events()
    assert (raised.kind, raised.drill, raised.body, raised.prev) == (
        "alarm.raised",
        False,
        {"silent": False},
        (),
    )
    assert (raised.member, raised.device, raised.roster) == (device.member, device.device, "A" * 43)
    assert (position.kind, position.case, position.prev) == ("alarm.position", raised.case, (raised.id,))
    assert position.body["latitude"] == pytest.approx(59.91273)
    assert position.body["accuracy"] == 12
    # Sealed to those on duty and to the recovery key, in header and inside alike, and signed by the field key.
    envelope = server.accepted[raised.id]
    kids = {thumbprint(key) for key in (device.kari.encryption, device.jonas.encryption, device.recovery)}
    assert set(raised.readers) == set(parse_envelope(envelope).readers) == kids
    assert parse_envelope(envelope).header.kind is Coarse.URGENT
    assert device.opened(envelope, device.recovery) == raised
    inside = peek(unpad(open_envelope(envelope, device.kari.encryption)), Typ.EVENT, ErrorCode.EVENT_INVALID)
    assert inside.kid == thumbprint(device.keys["field"])
    marks = page.evaluate("() => performance.getEntriesByType('mark').map(({name}) => name)")
    assert [name for name in marks if name.startswith("alarm-")] == [
        "alarm-usable",
        "alarm-durable",
        "alarm-accepted",
    ]
    assert server.problems == []


def test_the_visit_under_way_goes_with_the_alarm(device: LabDevice) -> None:
    visit = "3f2c1d8e-6a5b-4c7d-8e9f-0a1b2c3d4e5f"
    device.page.evaluate(
        "async (visit) => trygg.alarm.provision(JSON.stringify({...JSON.parse(await trygg.alarm.setup()), visit}))",
        visit,
    )
    page = alarm_page(device)
    raise_by_press(page)
    wait_until(lambda: device.server.accepted, "the alarm")
    assert device.events()[0].body == {"silent": False, "visit": visit}


@pytest.mark.parametrize("ms", [60, 1_500, 2_400])
def test_letting_go_before_the_ring_is_full_sends_nothing(device: LabDevice, ms: int) -> None:
    page = alarm_page(device)
    hold(page, ms)
    if ms > 1_000:
        expect(page.get_by_text("Avbrutt. Ingenting er sendt.")).to_be_visible()
    nothing_was_raised(device, page)


def test_a_short_press_read_late_is_still_a_short_press(device: LabDevice) -> None:
    """The page is busy from just after the press until long after the release: the time stamps decide, not the timer."""
    page = alarm_page(device)
    block(page, 300, 4_500)
    press_disc(page)
    page.wait_for_timeout(1_200)
    page.mouse.up()
    nothing_was_raised(device, page)


def test_a_full_hold_during_a_busy_page_counts(device: LabDevice) -> None:
    page = alarm_page(device)
    block(page, 300, 4_500)
    press_disc(page)
    page.wait_for_timeout(3_400)
    page.mouse.up()
    wait_until(device.alarms, "the alarm")


def test_a_hold_that_goes_on_counts_when_the_timer_is_late(device: LabDevice) -> None:
    page = alarm_page(device)
    block(page, 300, 4_000)
    press_disc(page)
    wait_until(device.alarms, "the alarm")
    page.mouse.up()
    page.wait_for_timeout(SETTLED_MS)
    assert [event.kind for event in device.events()].count("alarm.raised") == 1


def test_a_finger_may_slip_off_the_disc(device: LabDevice, context: BrowserContext) -> None:
    page = alarm_page(device)
    box = page.locator(".ta-disc").bounding_box()
    assert box is not None
    cdp = context.new_cdp_session(page)
    at = {"x": box["x"] + 140, "y": box["y"] + 140}
    cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
    page.wait_for_timeout(800)
    cdp.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": 10, "y": 780}]})
    wait_until(device.alarms, "the alarm")
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_touch_that_is_let_go_sends_nothing(device: LabDevice, context: BrowserContext) -> None:
    page = alarm_page(device)
    box = page.locator(".ta-disc").bounding_box()
    assert box is not None
    cdp = context.new_cdp_session(page)
    for end in ("touchEnd", "touchCancel"):
        at = {"x": box["x"] + 140, "y": box["y"] + 140}
        cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
        page.wait_for_timeout(1_000)
        cdp.send("Input.dispatchTouchEvent", {"type": end, "touchPoints": []})
        nothing_was_raised(device, page)


def test_holding_by_key_counts_and_pressing_it_does_not(device: LabDevice) -> None:
    page = alarm_page(device)
    page.locator(".ta-disc").focus()
    for key in ("Enter", "Space"):
        page.keyboard.press(key)
    nothing_was_raised(device, page)
    page.keyboard.down("Enter")
    wait_until(device.alarms, "the alarm")
    page.keyboard.up("Enter")
    expect(page.get_by_role("heading", name="Alarmen er sendt")).to_be_visible()


def test_pressing_instead_asks_first(device: LabDevice) -> None:
    page = alarm_page(device)
    page.get_by_role("button", name="Trykk i stedet").click()
    expect(page.get_by_role("heading", name="Send alarm til Kari og Jonas?")).to_be_visible()
    expect(page.get_by_text("Politiet får ikke beskjed.")).to_be_visible()
    page.get_by_role("button", name="Nei, avbryt").click()
    nothing_was_raised(device, page)
    raise_by_press(page)
    expect(page.get_by_role("heading", name="Alarmen er sendt")).to_be_visible()


def test_nothing_but_a_person_raises_it(device: LabDevice, server: ScriptedServer) -> None:
    page = alarm_page(device)
    page.reload()
    page.goto(f"{server.url}/lab.html")
    page.go_back()
    page.goto(f"{server.url}/alarm?now&drill=1#alarm")
    page.evaluate(
        """async () => {
          const disc = document.querySelector('.ta-disc');
          disc.click();
          for (const name of ['pointerdown', 'mousedown', 'touchstart']) disc.dispatchEvent(new Event(name, {bubbles: true}));
          disc.dispatchEvent(new PointerEvent('pointerdown', {bubbles: true, isPrimary: true, button: 0, pointerId: 1}));
          disc.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}));
          [...document.querySelectorAll('button')].find((b) => b.textContent.includes('Trykk i stedet')).click();
          document.querySelector('[data-act=raise]')?.click();
        }"""
    )
    page.wait_for_timeout(3_200)
    for rel in ("prefetch", "prerender"):
        device.page.evaluate(
            "(rel) => { const l = document.createElement('link'); l.rel = rel; l.href = '/alarm'; document.head.append(l); }",
            rel,
        )
    device.page.evaluate(
        """() => { const s = document.createElement('script'); s.type = 'speculationrules';
          s.textContent = JSON.stringify({prerender: [{source: 'list', urls: ['/alarm']}]}); document.head.append(s); }"""
    )
    nothing_was_raised(device, page)


def test_out_of_coverage_it_is_stored_said_and_sent_later(
    device: LabDevice, context: BrowserContext, server: ScriptedServer
) -> None:
    page = alarm_page(device)
    context.set_offline(True)
    raise_by_press(page)
    expect(
        page.get_by_role("heading", name="Ingen har fått alarmen ennå. Ring, hvis du kan.")
    ).to_be_visible()
    expect(page.get_by_text("Ingen dekning", exact=True)).to_be_visible()
    links = page.evaluate("() => [...document.querySelectorAll('a')].map((a) => a.getAttribute('href'))")
    assert [link for link in links if link.startswith("tel:")] == [
        "tel:112", "tel:113", "tel:110", "tel:+4790000001", "tel:+4790000002",
    ]  # fmt: skip
    assert any(link.startswith("sms:+4790000009?body=ALARM") for link in links)
    assert server.accepted == {}
    # A new start of the page goes on where it was, and coverage brings the alarm to the server by itself.
    # The server is made deaf first: else coverage may bring the alarm there before the page starts anew.
    server.script = lambda request: DROP if request.method == "POST" else None
    context.set_offline(False)
    page.reload()
    expect(
        page.get_by_role("heading", name="Ingen har fått alarmen ennå. Ring, hvis du kan.")
    ).to_be_visible()
    server.accepted.clear()
    server.script = lambda request: None
    context.set_offline(True)
    context.set_offline(False)
    expect(page.get_by_role("heading", name="Alarmen er sendt")).to_be_visible(timeout=15_000)
    assert {event.case for event in device.events()} == {device.alarms()[0]["case"]}


def test_an_answer_that_is_lost_makes_no_second_alarm(device: LabDevice, server: ScriptedServer) -> None:
    page = alarm_page(device)
    server.script = lambda request: DROP if request.method == "POST" else None
    raise_by_press(page)
    expect(page.get_by_role("heading", name="Ikke sendt ennå")).to_be_visible()
    server.script = lambda request: None
    page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(page.get_by_role("heading", name="Alarmen er sendt")).to_be_visible()
    wait_until(lambda: len(server.accepted) == 2, "alarm and position")
    assert [event.kind for event in device.events()] == ["alarm.raised", "alarm.position"]


def test_a_refused_alarm_says_so_and_can_be_sent_again(device: LabDevice, server: ScriptedServer) -> None:
    page = alarm_page(device)
    server.script = lambda request: refusal(422, "envelope_invalid") if request.method == "POST" else None
    raise_by_press(page)
    expect(page.get_by_role("heading", name="Ingen har fått alarmen. Ring, hvis du kan.")).to_be_visible()
    expect(page.get_by_text("Serveren tok ikke imot den (envelope_invalid)")).to_be_visible()
    server.script = lambda request: None
    page.get_by_role("button", name="Varsle på nytt").click()
    page.get_by_role("button", name="Ja, varsle på nytt").click()
    expect(page.get_by_role("heading", name="Alarmen er sendt")).to_be_visible()


def test_raising_again_rings_the_same_alarm(device: LabDevice, server: ScriptedServer) -> None:
    page = alarm_page(device)
    raise_by_press(page)
    wait_until(lambda: len(server.accepted) == 2, "alarm and position")
    page.get_by_role("button", name="Varsle på nytt").click()
    page.get_by_role("button", name="Ja, varsle på nytt").click()
    expect(page.get_by_text("Varslet på nytt")).to_be_visible()
    wait_until(lambda: len(server.accepted) == 4, "the second ring and its position")
    assert len({event.case for event in device.events()}) == 1
    assert len(device.alarms()) == 1


def test_two_pages_raising_at_once_make_one_alarm(device: LabDevice, server: ScriptedServer) -> None:
    second = device.open()
    ready = "async () => { self.core = new lab.AlarmCore(); await core.load(); }"
    for page in (device.page, second):
        page.evaluate(ready)
    second.evaluate("() => { self.raised = core.raise(); }")
    device.page.evaluate("() => core.raise()")
    second.evaluate("() => self.raised")
    wait_until(lambda: [event.kind for event in device.events()].count("alarm.raised") == 2, "both rings")
    assert len(device.alarms()) == 1
    assert len({event.case for event in device.events()}) == 1


def test_acknowledgements_are_believed_only_when_they_verify(
    device: LabDevice, server: ScriptedServer
) -> None:
    page = alarm_page(device)
    raise_by_press(page)
    expect(page.get_by_text("Ikke levert til noen ennå")).to_be_visible()
    case = device.alarms()[0]["case"]
    forged = device.jonas.statement(server, case, AckState.SEEN, key=device.kari.member_key)
    strange = device.kari.statement(server, "00000000-0000-4000-8000-000000000000", AckState.TAKEN)
    status(device, delivered=1, statements=acknowledged(device, forged, strange, "not.a.statement", ""))
    expect(page.get_by_text("Levert til 1 av 2", exact=True)).to_be_visible()
    expect(page.get_by_text("Meldt av serveren, ikke bekreftet")).to_be_visible()
    expect(page.get_by_role("heading", name="Levert til 1 av 2. Ingen har sett den ennå.")).to_be_visible()
    seen = device.kari.statement(server, case, AckState.SEEN)
    status(device, delivered=2, statements=acknowledged(device, forged, seen))
    expect(page.get_by_role("heading", name="Kari Nordmo har sett alarmen")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Kari Nordmo har sett alarmen")
    taken = device.jonas.statement(server, case, AckState.TAKEN)
    status(device, delivered=2, statements=acknowledged(device, seen, taken))
    expect(page.get_by_role("heading", name="Jonas Berg har tatt alarmen")).to_be_visible()
    # What was proved stays, also when the server takes it back.
    status(device, delivered=2, statements=[])
    page.reload()
    expect(page.get_by_role("heading", name="Jonas Berg har tatt alarmen")).to_be_visible()
    found = {(one["name"], one["state"], one["verified"]) for one in device.alarms()[0]["seen"]}
    assert found >= {("Kari Nordmo", "seen", True), ("Jonas Berg", "taken", True)}


def test_saying_that_one_is_safe_takes_two_presses_and_ends_it(
    device: LabDevice, server: ScriptedServer
) -> None:
    page = alarm_page(device)
    raise_by_press(page)
    wait_until(lambda: len(server.accepted) == 2, "alarm and position")
    page.get_by_role("button", name="Jeg er trygg").click()
    expect(page.get_by_role("heading", name="Er du trygg?")).to_be_visible()
    page.get_by_role("button", name="Nei, ikke ennå").click()
    page.get_by_role("button", name="Jeg er trygg").click()
    page.get_by_role("button", name="Ja, jeg er trygg").click()
    expect(page.get_by_role("heading", name="De får beskjed om at du er trygg.")).to_be_visible()
    assert [event.kind for event in device.events()] == ["alarm.raised", "alarm.position", "alarm.safe"]
    assert device.alarms()[0]["state"] == "safe"
    page.get_by_role("button", name="Ferdig").click()
    expect(page.get_by_role("button", name="Alarm. Hold inne i 3 sekunder.")).to_be_visible()


def test_a_full_disk_does_not_stop_an_alarm(
    device: LabDevice, context: BrowserContext, server: ScriptedServer
) -> None:
    context.add_init_script(
        """if (location.pathname === '/alarm') IDBObjectStore.prototype.put = () => {
          throw new DOMException('full', 'QuotaExceededError'); };"""
    )
    page = alarm_page(device)
    failures = iter([DROP])
    server.script = lambda request: next(failures, None) if request.method == "POST" else None
    raise_by_press(page)
    expect(page.get_by_text("Ikke lagret på telefonen")).to_be_visible()
    expect(page.get_by_role("heading", name="Alarmen er sendt")).to_be_visible(timeout=15_000)
    assert [event.kind for event in device.events()] == ["alarm.raised"]


def test_a_key_that_is_no_key_costs_the_others_nothing(device: LabDevice, server: ScriptedServer) -> None:
    device.page.evaluate(
        """async () => { const setup = JSON.parse(await trygg.alarm.setup()); setup.readers[1].key.x = 'AAAA';
          await trygg.alarm.provision(JSON.stringify(setup)); }"""
    )
    page = alarm_page(device)
    raise_by_press(page)
    wait_until(lambda: server.accepted, "the alarm")
    assert len(device.events()[0].readers) == 2


def test_before_joining_the_page_says_so_and_offers_the_numbers(
    context: BrowserContext, server: ScriptedServer
) -> None:
    device = LabDevice(context, server)
    device.serve_alarm()
    page = device.open("/alarm")
    expect(page.get_by_role("heading", name="Telefonen er ikke med i en enhet ennå")).to_be_visible()
    assert page.locator(".ta-disc").count() == 0
    assert page.locator("a[href='tel:112']").count() == 1


def test_the_position_is_neither_waited_for_nor_kept_in_the_clear(
    browser_context_factory: BrowserContextFactory, server: ScriptedServer
) -> None:
    device = LabDevice(browser_context_factory(), server)
    device.serve_alarm()
    device.join()
    page = alarm_page(device)
    page.evaluate("() => { navigator.geolocation.getCurrentPosition = () => {}; }")
    raise_by_press(page)
    expect(page.get_by_role("heading", name="Alarmen er sendt")).to_be_visible(timeout=2_000)
    expect(page.get_by_text("Posisjonen din er ikke delt.")).to_be_visible(timeout=8_000)
    assert [event.kind for event in device.events()] == ["alarm.raised"]


def test_coordinates_lie_on_the_phone_sealed_only(device: LabDevice, context: BrowserContext) -> None:
    page = alarm_page(device)
    context.set_offline(True)
    raise_by_press(page)
    wait_until(lambda: len(rows(device)) == 2, "alarm and position in the outbox")
    kept = device.page.evaluate(
        """() => lab.read('alarm', ['alarms', 'outbox', 'config'], async (tx) => JSON.stringify(await Promise.all(
          ['alarms', 'outbox', 'config'].map((name) => lab.result(tx.objectStore(name).getAll())))))"""
    )
    assert "59.91" not in kept
    assert "10.74" not in kept


def rows(device: LabDevice) -> list[Any]:
    found: list[Any] = device.page.evaluate("() => trygg.outbox.rows().then(JSON.parse)")
    return found


SCREENS = ("ready", "ask", "unsent", "sent", "safe", "over")


def walk(device: LabDevice, page: Page) -> Iterator[str]:
    """Every screen of an alarm, one after the other."""
    yield "ready"
    page.get_by_role("button", name="Trykk i stedet").click()
    yield "ask"
    device.server.script = lambda request: DROP if request.method == "POST" else None
    page.get_by_role("button", name="Ja, send alarmen").click()
    expect(page.get_by_role("heading", name="Ikke sendt ennå")).to_be_visible()
    yield "unsent"
    device.server.script = lambda request: None
    page.evaluate("() => dispatchEvent(new Event('online'))")
    case = device.alarms()[0]["case"]
    status(
        device,
        delivered=1,
        statements=acknowledged(device, device.kari.statement(device.server, case, AckState.SEEN)),
    )
    expect(page.get_by_role("heading", name="Kari Nordmo har sett alarmen")).to_be_visible(timeout=15_000)
    yield "sent"
    page.get_by_role("button", name="Jeg er trygg").click()
    yield "safe"
    page.get_by_role("button", name="Ja, jeg er trygg").click()
    expect(page.get_by_role("heading", name="De får beskjed om at du er trygg.")).to_be_visible()
    yield "over"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_screen_passes_axe(
    browser_context_factory: BrowserContextFactory, server: ScriptedServer, scheme: str
) -> None:
    device = LabDevice(browser_context_factory(color_scheme=scheme), server)
    device.serve_alarm()
    device.join()
    page = alarm_page(device)
    page.add_script_tag(path=WEB / "node_modules" / "axe-core" / "axe.min.js")
    for screen in walk(device, page):
        found = page.evaluate(
            "() => axe.run().then((r) => r.violations.map((v) => [v.id, v.nodes.map((n) => n.html)]))"
        )
        assert found == [], screen


@pytest.mark.parametrize(("width", "height"), [(412, 915), (360, 640)])
@pytest.mark.parametrize("text", [100, 200])
def test_no_screen_is_cut_off_and_everything_can_be_hit(
    browser_context_factory: BrowserContextFactory, server: ScriptedServer, width: int, height: int, text: int
) -> None:
    device = LabDevice(browser_context_factory(viewport={"width": width, "height": height}), server)
    device.serve_alarm()
    device.join()
    page = alarm_page(device)
    page.add_style_tag(content=f"html{{font-size:{text}%}}")
    for screen in walk(device, page):
        wide, small, cut = page.evaluate(
            """() => [document.documentElement.scrollWidth - innerWidth,
              [...document.querySelectorAll('button, a')].filter((e) => { const b = e.getBoundingClientRect();
                return b.width && (b.width < 48 || b.height < 48); }).map((e) => e.outerHTML),
              [...document.querySelectorAll('.ta-app *')].filter((e) => e.children.length === 0
                && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).map((e) => e.outerHTML)]"""
        )
        assert wide <= 0, screen
        assert small == [], screen
        assert cut == [], screen


def test_all_languages_have_the_same_words(device: LabDevice) -> None:
    device.server.files["/words.js"] = bundle(
        """import { nb } from "./alarm/messages.js"; import { nn } from "./alarm/messages.nn.js";
        import { en } from "./alarm/messages.en.js"; globalThis.words = { nb, nn, en };"""
    )
    device.page.add_script_tag(url="/words.js")
    tables: dict[str, dict[str, str]] = device.page.evaluate("() => words")
    blanks = device.page.evaluate(
        """() => Object.values(words).map((table) => Object.entries(table)
          .map(([key, text]) => key + ' ' + [...text.matchAll(/\\{\\w+\\}/g)].map(String).sort().join()).sort().join('\\n'))"""
    )
    assert len(set(blanks)) == 1
    assert all(text.strip() for table in tables.values() for text in table.values())
    used = "".join((WEB / "alarm" / name).read_text(encoding="utf-8") for name in ("view.js", "layer.js"))
    assert [
        key for key in tables["nb"] if f'"{key}"' not in used and key not in ("and", "clock", "others")
    ] == []


def test_an_alarm_that_nobody_is_left_to_get_says_so(device: LabDevice) -> None:
    """Those on duty have left while this phone stayed locked: the server has the alarm, and that helps nobody."""
    page = alarm_page(device)
    raise_by_press(page)
    wait_until(device.alarms, "the alarm")
    status(device, members=0)
    expect(page.get_by_role("heading", name="Ingen kan få alarmen. Ring, hvis du kan.")).to_be_visible()
    expect(page.get_by_text("De den skulle til, er ikke lenger med i enheten")).to_be_visible()
    expect(page.get_by_role("link", name="112")).to_be_visible()


def test_nonsense_in_the_servers_answer_costs_nobody_the_screen(device: LabDevice) -> None:
    page = alarm_page(device)
    raise_by_press(page)
    wait_until(device.alarms, "the alarm")
    case = device.alarms()[0]["case"]
    seen = device.kari.statement(device.server, case, AckState.SEEN)
    odd = [
        None,
        7,
        {"statement": None, "received": 1},
        {"statement": seen, "received": "<img src=x onerror=alert(1)>"},
    ]
    late = {"statement": seen, "received": 2**53 - 1}
    status(device, received=2**53 - 1, delivered=1, statements=[*odd, late])
    expect(page.get_by_role("heading", name="Kari Nordmo har sett alarmen")).to_be_visible()
    page.get_by_role("button", name="Jeg er trygg").click()
    expect(page.get_by_role("heading", name="Er du trygg?")).to_be_visible()
    assert page.locator("img").count() == 0
