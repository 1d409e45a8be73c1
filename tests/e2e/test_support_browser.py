"""The phone that the browser tests use is what it says: size, language, time zone, touch, and no calls to anybody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.support.browser import PC, BrowserContextFactory
from tests.support.flutter import tap, type_into, wait_evaluate, wait_no_text, wait_text

pytestmark = pytest.mark.e2e

# Laid out as Flutter's semantics tree is: no sizes of its own, a field that has to be touched to take the focus.
PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>#far { position: absolute; top: 3000px; left: 20px; width: 200px; height: 60px }</style>
<input aria-label="Tittel" value="gammelt"><p id="said">Venter</p>
<div id="far" role="button" aria-label="Send melding"></div>
<script src="page.js"></script>"""
SCRIPT = """let answer = 'allowed';
try { new Function('')(); } catch (error) { answer = error.name; }
document.documentElement.dataset.eval = answer;
document.getElementById('far').addEventListener('touchstart', () => {
  document.getElementById('said').textContent = 'Sendt: ' + document.querySelector('input').value;
});"""
CSP = "default-src 'self'; style-src 'unsafe-inline'"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        script = self.path.endswith(".js")
        body = (SCRIPT if script else PAGE).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if script else "text/html")
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page(browser_context_factory: BrowserContextFactory, site: str) -> Page:
    page = browser_context_factory().new_page()
    page.goto(site)
    return page


def test_the_phone(page: Page) -> None:
    assert page.evaluate("() => [innerWidth, innerHeight, devicePixelRatio]") == [412, 915, 2.625]
    assert page.evaluate("() => [navigator.language, navigator.maxTouchPoints > 0, isSecureContext]") == [
        "nb-NO",
        True,
        True,
    ]
    assert page.evaluate("() => Intl.DateTimeFormat().resolvedOptions().timeZone") == "Europe/Oslo"
    assert page.evaluate("() => matchMedia('(pointer: coarse)').matches") is True
    assert page.evaluate("() => 'serviceWorker' in navigator && 'locks' in navigator") is True


def test_the_csp_is_kept_and_conditions_are_still_waited_for(page: Page) -> None:
    assert page.evaluate("() => document.documentElement.dataset.eval") == "EvalError"
    assert wait_evaluate(page, "() => performance.now() > 50") is True


def test_a_condition_that_never_comes_is_named(page: Page) -> None:
    with pytest.raises(AssertionError, match="the sea to burn"):
        wait_evaluate(page, "() => false", what="the sea to burn", seconds=0.2)


def test_typing_and_touching_what_is_off_the_screen(page: Page) -> None:
    type_into(page, "Tittel", "Trussel på Sørøya")
    wait_text(page, "Venter")
    tap(page, "button", "Send melding")
    wait_text(page, "Sendt: Trussel på Sørøya", exact=True)
    wait_no_text(page, "Venter")


def test_a_profile_is_a_device(
    browser_context_factory: BrowserContextFactory, site: str, tmp_path: Path
) -> None:
    first = browser_context_factory(tmp_path)
    page = first.new_page()
    page.goto(site)
    page.evaluate("() => localStorage.setItem('who', 'Kari')")
    first.close()
    page = browser_context_factory(tmp_path).new_page()
    page.goto(site)
    assert page.evaluate("() => localStorage.getItem('who')") == "Kari"
    stranger = browser_context_factory().new_page()
    stranger.goto(site)
    assert stranger.evaluate("() => localStorage.getItem('who')") is None


def test_a_pc(browser_context_factory: BrowserContextFactory, site: str) -> None:
    page = browser_context_factory(**PC).new_page()
    page.goto(site)
    assert page.evaluate("() => [innerWidth, matchMedia('(pointer: coarse)').matches]") == [1280, False]
