"""The built app in a real Chromium, under its own policy: it starts, starts again without a server, and asks no other host."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page

from tests.support.browser import BrowserContextFactory
from tests.support.flutter import wait_evaluate, wait_painted
from tests.support.static_server import StaticServer

pytestmark = pytest.mark.e2e

SECRET = "hemmelig-nok-for-en-test"
READY = "() => navigator.serviceWorker.ready.then(() => true)"
MARKS = "() => performance.getEntriesByType('mark').map(mark => mark.name)"
LOADED = "() => performance.getEntriesByType('resource').map(entry => new URL(entry.name).pathname)"
# Keeps what the page tells its worker, to see what reaches Python without asking the app.
KEEP_HOST_EVENTS = """() => {
  globalThis.told = [];
  const real = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    if (message && message.host) told.push(message);
    return real.call(this, message, ...rest);
  };
}"""


@dataclass
class Heard:
    """What a context asked for, and what it complained about."""

    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext, origin: str) -> None:
        """Hear the context's requests, of workers too, and its console."""
        local = (origin, "data:", "blob:")
        context.on("request", lambda r: None if r.url.startswith(local) else self.foreign.append(r.url))
        context.on(
            "console",
            lambda message: self.complaints.append(message.text) if message.type == "error" else None,
        )
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))


@pytest.fixture(scope="module")
def server(pwa_dir: Path) -> Iterator[StaticServer]:
    """The built app, as a server would send it."""
    with StaticServer(pwa_dir) as running:
        yield running


@dataclass
class Booted:
    """A phone that has opened the app once."""

    profile: Path
    context: BrowserContext
    page: Page
    heard: Heard


@pytest.fixture(scope="module")
def booted(
    server: StaticServer,
    module_browser_context_factory: BrowserContextFactory,
    tmp_path_factory: pytest.TempPathFactory,
) -> Booted:
    """A phone that opened an invite link, once for all tests here."""
    profile = tmp_path_factory.mktemp("phone")
    context = module_browser_context_factory(profile)
    heard = Heard()
    heard.listen(context, server.url)
    context.add_init_script(f"({KEEP_HOST_EVENTS})()")
    page = context.pages[0]
    page.goto(f"{server.url}bli-med#{SECRET}")
    wait_painted(page)
    return Booted(profile, context, page, heard)


def test_app_paints_and_says_so(booted: Booted) -> None:
    page = booted.page
    assert page.evaluate("() => document.documentElement.dataset.painted") == ""
    assert page.locator("#start").is_hidden()
    assert page.evaluate("() => document.documentElement.lang") == "nb"
    assert {"shell-start", "python-from-image", "app-rendered", "app-painted"} <= set(page.evaluate(MARKS))


def test_no_other_host_is_asked_and_the_policy_is_kept(booted: Booted) -> None:
    wait_evaluate(booted.page, READY, what="the service worker", seconds=60)
    assert booted.heard.foreign == []
    assert booted.heard.complaints == []


def test_policy_is_strict(booted: Booted, server: StaticServer) -> None:
    response = booted.page.request.get(server.url)
    policy = dict(
        part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";")
    )
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert policy["default-src"] == "'none'"
    # In a task of the page's own: what the test itself evaluates is exempt from the policy.
    attempt = "resolve => { try { resolve(eval('1')); } catch (error) { resolve(error.name); } }"
    assert (
        booted.page.evaluate(f"() => new Promise(resolve => setTimeout({attempt}, 0, resolve))")
        == "EvalError"
    )


def test_people_may_zoom(booted: Booted) -> None:
    contents = booted.page.eval_on_selector_all("meta[name=viewport]", "all => all.map(meta => meta.content)")
    assert contents
    assert not any("user-scalable" in content or "maximum-scale" in content for content in contents)


def test_screen_readers_are_let_in(booted: Booted) -> None:
    has_tree = "() => document.querySelectorAll('flt-semantics').length > 1"
    wait_evaluate(booted.page, has_tree, what="the semantics tree")


def test_chromium_takes_the_quick_renderer(booted: Booted) -> None:
    loaded = booted.page.evaluate(LOADED)
    assert "/main.dart.wasm" in loaded
    assert "/main.dart.js" not in loaded


def test_secret_fragment_leaves_the_address_and_reaches_python_once(
    booted: Booted, server: StaticServer
) -> None:
    assert SECRET not in booted.page.url
    assert SECRET not in booted.page.evaluate("() => JSON.stringify([document.URL, history.state])")
    told = [message for message in booted.page.evaluate("() => told") if message["host"] == "fragment"]
    assert told == [{"host": "fragment", "value": {"path": "/bli-med", "fragment": SECRET}}]
    assert not any(SECRET in path for path in server.paths())


def test_app_and_alarm_page_start_without_a_server(
    booted: Booted, server: StaticServer, module_browser_context_factory: BrowserContextFactory
) -> None:
    wait_evaluate(booted.page, READY, what="the service worker", seconds=60)
    booted.context.close()
    server.stop()
    try:
        context = module_browser_context_factory(booted.profile)
        heard = Heard()
        heard.listen(context, server.url)
        page = context.pages[0]
        page.goto(f"{server.url}hendelser")
        wait_painted(page)
        assert page.url == f"{server.url}hendelser"
        assert heard.complaints == []
        page.goto(f"{server.url}alarm")
        wait_evaluate(
            page, "() => performance.getEntriesByName('alarm-usable').length > 0", what="the alarm page"
        )
        assert page.evaluate("() => performance.getEntriesByName('shell-start').length") == 0
        # What is not a place in the app goes to the server, and that is gone.
        assert (
            page.evaluate("() => fetch('/api/v1/status').then(() => 'answered', () => 'refused')")
            == "refused"
        )
        with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
            page.goto(f"{server.url}ukjent.txt")
        context.close()
    finally:
        server.start()


def test_other_engines_get_the_renderer_they_can_run(
    server: StaticServer, browser_context_factory: BrowserContextFactory
) -> None:
    context = browser_context_factory(service_workers="block")
    context.add_init_script("delete Intl.v8BreakIterator")
    page = context.pages[0]
    page.goto(server.url)
    wait_painted(page)
    loaded = page.evaluate(LOADED)
    assert "/main.dart.js" in loaded
    assert "/canvaskit/canvaskit.wasm" in loaded


def test_python_starts_without_its_memory_image(
    server: StaticServer, browser_context_factory: BrowserContextFactory
) -> None:
    server.replace = lambda name, content: b"not an image" if name == "py/memory.bin" else content
    try:
        page = browser_context_factory(service_workers="block").pages[0]
        page.goto(server.url)
        wait_painted(page)
        assert "python-from-image" not in page.evaluate(MARKS)
    finally:
        server.replace = None


def test_a_start_that_fails_says_so_and_keeps_the_alarm(
    server: StaticServer, browser_context_factory: BrowserContextFactory
) -> None:
    server.replace = lambda name, content: b"not an archive" if name == "py/app.zip" else content
    try:
        page = browser_context_factory(service_workers="block").pages[0]
        page.goto(server.url)
        again = page.get_by_role("button", name="Prøv igjen")
        again.wait_for(state="visible", timeout=60_000)
        assert page.get_by_role("alert").inner_text() == "Appen kom ikke i gang"
        assert page.evaluate("() => document.querySelector('script[src=\"alarm-layer.js\"]') !== null")
        server.replace = None
        again.tap()
        wait_painted(page)
    finally:
        server.replace = None


def test_headers_name_every_file(pwa_dir: Path) -> None:
    headers: dict[str, Any] = json.loads((pwa_dir / "headers.json").read_bytes())
    twins = (".br", ".gz")
    shipped = {
        path.relative_to(pwa_dir).as_posix()
        for path in pwa_dir.rglob("*")
        if path.is_file() and path.suffix not in twins
    }
    assert shipped - {"headers.json", "build.json"} == set(headers["files"])
    policies = {name: entry["class"] for name, entry in headers["files"].items()}
    assert policies["index.html"] == policies["alarm.html"] == "document"
    for name in ("python-worker.js", "sw.js"):
        assert "Content-Security-Policy" in headers["classes"][policies[name]]
