"""What comes up under the finger that has just raised an alarm. Real touches, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support.browser import BrowserContextFactory
from tests.support.device_page import LabDevice
from tests.support.scripted_server import ScriptedServer

pytestmark = pytest.mark.e2e


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def test_letting_go_after_the_full_ring_presses_nothing(
    browser_context_factory: BrowserContextFactory, server: ScriptedServer
) -> None:
    context = browser_context_factory()
    device = LabDevice(context, server)
    device.serve_alarm()
    device.join()
    page = device.open("/app.html")
    strip = page.locator("#strip").bounding_box()
    assert strip is not None
    point = {"x": strip["x"] + strip["width"] / 2, "y": strip["y"] + strip["height"] / 2}
    cdp = context.new_cdp_session(page)
    cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(page.get_by_role("heading", name="Alarmen er sendt")).to_be_visible(timeout=10_000)
    # The case that matters: the button that ends the alarm lies where the finger still is.
    under = page.evaluate(
        "at => document.elementFromPoint(at.x, at.y).closest('[data-act],[href]')?.dataset.act", point
    )
    assert under == "safe"
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.get_by_role("button", name="Til appen").tap()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#strip")).to_contain_text("Alarm pågår")
