"""Fixtures with real parts: the server's own process, a real Chromium, the built app. No sleeps: conditions are waited for.

One run has one seed. It stands in pytest's header and beside each failure; `TRYGG_SEED=… make test` repeats it.
"""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import BrowserContext, Playwright

from tests.support.browser import BrowserContextFactory, find_chromium, open_phone, playwright_on_pinned_node
from tests.support.loop_thread import LoopThread
from tests.support.pwa import BuildFailed, ensure_pwa
from tests.support.server_process import ServerProcess
from tests.support.tcp_proxy import TcpProxy

SEED = int(os.environ.get("TRYGG_SEED") or secrets.randbelow(2**32))

settings.register_profile(
    "reduced",
    max_examples=40,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("full", settings.get_profile("reduced"), max_examples=1000)


class ServerFactory(Protocol):
    """Starts a server; everything started is killed at the end."""

    def __call__(
        self, data_dir: Path | None = None, port: int | None = None, **options: Any
    ) -> ServerProcess: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full", action="store_true", help="run with the stated counts, and the tests marked full"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("full" if config.getoption("--full") else "reduced")
    if config.getoption("--hypothesis-seed") is None:
        config.option.hypothesis_seed = str(SEED)


def pytest_report_header(config: pytest.Config) -> str:
    counts = "stated counts" if config.getoption("--full") else "reduced counts"
    return f"seed: {SEED} (TRYGG_SEED={SEED} repeats it); {counts}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full"):
        return
    full = [item for item in items if item.get_closest_marker("full")]
    if full:
        config.hook.pytest_deselected(items=full)
        items[:] = [item for item in items if not item.get_closest_marker("full")]


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A number of this run and this test; the same for the same TRYGG_SEED, whatever else runs."""
    value = random.Random(f"{SEED}:{request.node.nodeid}").getrandbits(64)
    print(f"seed {value} (TRYGG_SEED={SEED})")
    return value


@pytest.fixture
def rng(seed: int) -> random.Random:
    """Chance that can be repeated."""
    return random.Random(seed)


@pytest.fixture(scope="session")
def count(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """`count(reduced, stated)`: how often, in this run."""
    full = bool(request.config.getoption("--full"))
    return lambda reduced, stated: stated if full else reduced


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium to test with. A missing one fails the test: a skip would look like a pass."""
    path = find_chromium()
    if path is None:
        pytest.fail("no Chromium found: install it (apt-get install chromium) or set TRYGG_CHROMIUM")
    return path


@pytest.fixture(scope="session")
def pwa_dir() -> Path:
    """The built app."""
    try:
        return ensure_pwa()
    except BuildFailed as failure:
        pytest.fail(str(failure), pytrace=False)


@pytest.fixture(scope="module")
def playwright_driver() -> Iterator[Playwright]:
    """Playwright, for one module: while it lives, this thread has a running event loop (see `loop_thread`)."""
    with playwright_on_pinned_node() as playwright:
        yield playwright


@pytest.fixture
def browser_context_factory(
    playwright_driver: Playwright, chromium_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContextFactory]:
    """Opens phones for one test; each without a profile directory is a new one."""
    with ExitStack() as stack:
        yield _context_factory(stack, playwright_driver, chromium_path, tmp_path_factory)


@pytest.fixture(scope="module")
def module_browser_context_factory(
    playwright_driver: Playwright, chromium_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContextFactory]:
    """Opens phones that stay open for a whole module: booting the app costs seconds."""
    with ExitStack() as stack:
        yield _context_factory(stack, playwright_driver, chromium_path, tmp_path_factory)


@pytest.fixture
def server_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerFactory]:
    """Starts servers for one test."""
    with ExitStack() as stack:
        yield _server_factory(stack, tmp_path_factory)


@pytest.fixture(scope="module")
def module_server_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerFactory]:
    """Starts servers that stay for a whole module."""
    with ExitStack() as stack:
        yield _server_factory(stack, tmp_path_factory)


@pytest.fixture
def proxy_factory() -> Iterator[Callable[[int], TcpProxy]]:
    """`proxy_factory(target_port)`: a proxy with switches for faults of the network."""
    with ExitStack() as stack:
        yield lambda target_port: stack.enter_context(TcpProxy(target_port))


@pytest.fixture
def loop_thread() -> Iterator[LoopThread]:
    """An event loop in its own thread, for coroutines in a test that also drives a browser."""
    with LoopThread() as loop:
        yield loop


def _context_factory(
    stack: ExitStack, playwright: Playwright, chromium: str, temp: pytest.TempPathFactory
) -> BrowserContextFactory:
    def open_one(profile_dir: Path | None = None, **options: Any) -> BrowserContext:
        profile = temp.mktemp("profile") if profile_dir is None else profile_dir
        context = open_phone(playwright, chromium, profile, **options)
        stack.callback(context.close)
        return context

    return open_one


def _server_factory(stack: ExitStack, temp: pytest.TempPathFactory) -> ServerFactory:
    def start_one(data_dir: Path | None = None, port: int | None = None, **options: Any) -> ServerProcess:
        server = ServerProcess(temp.mktemp("server") if data_dir is None else data_dir, port=port, **options)
        stack.callback(server.kill)
        return server.start()

    return start_one
