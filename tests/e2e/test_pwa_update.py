"""The service worker: nothing wrong is ever kept, a broken download goes on, a new release waits for the word."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.support.browser import BrowserContextFactory
from tests.support.flutter import wait_evaluate, wait_painted
from tests.support.releases import MARK, second_release, version_of
from tests.support.static_server import StaticServer

pytestmark = pytest.mark.e2e

STATE = """async () => {
  const found = await navigator.serviceWorker.getRegistration();
  return { active: Boolean(found?.active), waiting: Boolean(found?.waiting), installing: Boolean(found?.installing) };
}"""
KEPT = """async () => {
  const store = await caches.open('trygg-files-1');
  return (await store.keys()).map(request => new URL(request.url).pathname);
}"""
SETTLED = "async () => { const found = await navigator.serviceWorker.getRegistration(); return !found?.installing; }"
CONTROLLED = "() => navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null)"
# Registers by itself: what is kept must not depend on the app having started.
REGISTER = """() => navigator.serviceWorker.register('/sw.js', { updateViaCache: 'none' }).then(() => true, () => true)"""
PAGE_TEXT = "() => fetch('/index.html').then(response => response.text())"
LARGE = "py/memory.bin"


def visit_quietly(page: Page, server: StaticServer) -> None:
    """Open a plain file of the app's origin: no shell, no boot."""
    page.goto(f"{server.url}assets/fonts/OFL.txt")


def test_a_wrong_file_never_takes_over_and_the_rest_is_not_fetched_twice(
    pwa_dir: Path, browser_context_factory: BrowserContextFactory
) -> None:
    with StaticServer(pwa_dir) as server:
        page = browser_context_factory().pages[0]
        server.replace = lambda name, content: content[:-1] + b"?" if name == LARGE else content
        visit_quietly(page, server)
        page.evaluate(REGISTER)
        wait_evaluate(page, SETTLED, what="the install to end", seconds=60)
        assert page.evaluate(STATE) == {"active": False, "waiting": False, "installing": False}
        assert f"/{LARGE}" not in page.evaluate(KEPT)

        # The connection breaks in the middle of the same file: still nothing.
        server.replace = lambda name, content: None if name == LARGE else content
        page.evaluate(REGISTER)
        wait_evaluate(page, SETTLED, what="the second install to end", seconds=60)
        assert page.evaluate(STATE) == {"active": False, "waiting": False, "installing": False}
        kept = set(page.evaluate(KEPT))
        assert f"/{LARGE}" not in kept
        assert len(kept) > 10

        server.replace = None
        server.requests.clear()
        page.evaluate(REGISTER)
        wait_evaluate(page, CONTROLLED, what="the third install", seconds=60)
        fetched = {served.path for served in server.requests} - {"/sw.js"}
        assert f"/{LARGE}" in fetched
        assert not fetched & kept


def test_a_new_release_waits_until_it_is_taken_and_never_mixes(
    pwa_dir: Path, tmp_path: Path, browser_context_factory: BrowserContextFactory
) -> None:
    with StaticServer(pwa_dir) as server:
        page = browser_context_factory().pages[0]
        page.goto(server.url)
        wait_painted(page)
        wait_evaluate(page, CONTROLLED, what="the service worker", seconds=60)
        assert page.evaluate("() => document.documentElement.dataset.version") == version_of(pwa_dir)

        page.evaluate(
            "() => addEventListener('update-ready', event => { globalThis.offered = event.detail.version; })"
        )
        server.root = tmp_path / "second"
        version = second_release(pwa_dir, server.root)
        server.requests.clear()
        page.evaluate("() => tryggUpdate.check()")
        wait_evaluate(page, "() => globalThis.offered", what="the offer", seconds=60)
        assert page.evaluate("() => offered") == version == page.evaluate("() => tryggUpdate.ready")
        assert set(server.paths()) == {"/sw.js", "/index.html"}

        # Not taken: the old release answers, also for a page opened anew.
        assert MARK not in page.evaluate(PAGE_TEXT)
        page.reload()
        wait_painted(page)
        assert page.evaluate("() => document.documentElement.dataset.version") == version_of(pwa_dir)
        wait_evaluate(page, "() => tryggUpdate.ready", what="the offer again")

        with page.expect_navigation(timeout=60_000):
            page.evaluate("() => { tryggUpdate.apply(); }")
        wait_painted(page)
        assert page.evaluate("() => document.documentElement.dataset.version") == version
        assert MARK in page.evaluate(PAGE_TEXT)
        kept = page.evaluate(KEPT)
        assert len(kept) == len(set(kept)), "files of the old release are still kept"


def test_a_file_the_browser_threw_away_is_not_taken_from_another_release(
    pwa_dir: Path, tmp_path: Path, browser_context_factory: BrowserContextFactory
) -> None:
    with StaticServer(pwa_dir) as server:
        page = browser_context_factory().pages[0]
        visit_quietly(page, server)
        page.evaluate(REGISTER)
        wait_evaluate(page, CONTROLLED, what="the service worker", seconds=60)
        forget = """async () => {
          const store = await caches.open('trygg-files-1');
          const page = (await store.keys()).find(request => new URL(request.url).pathname === '/index.html');
          return store.delete(page);
        }"""
        assert page.evaluate(forget)
        assert MARK not in page.evaluate(PAGE_TEXT)  # fetched again, checked, kept again

        server.root = tmp_path / "second"
        second_release(pwa_dir, server.root)
        assert page.evaluate(forget)
        assert (
            page.evaluate("() => fetch('/index.html').then(() => 'answered', () => 'refused')") == "refused"
        )
        page.goto(server.url)
        wait_painted(page)
        assert MARK in page.evaluate("() => fetch('/index.html', { cache: 'reload' }).then(r => r.text())")
