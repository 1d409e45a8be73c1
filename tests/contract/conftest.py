"""Devices of both platforms for the contract suites. The Chromium is one for all of them: only the pages are new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, async_playwright

from assets.build.plan import PROJECT_ROOT, Plan
from assets.build.tools import esbuild
from protocol.ids import new_id
from tests.support.browser import ARGS
from tests.support.loop_thread import LoopThread
from tests.support.port_rigs import BrowserRig, NativeRig, Rig, page_files
from tests.support.scripted_server import ScriptedServer


@pytest.fixture(scope="session")
def suite_loop() -> Iterator[LoopThread]:
    """The loop in which all adapters of the suite live."""
    with LoopThread() as loop:
        yield loop


@pytest.fixture(scope="session")
def device_bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The device's JavaScript as one script."""
    out = tmp_path_factory.mktemp("bundle") / "trygg.js"
    plan = Plan(PROJECT_ROOT, out.parent, out.parent)
    esbuild(plan, PROJECT_ROOT / "assets" / "web" / "device" / "index.js", out, module=True)
    return out.read_bytes()


@pytest.fixture(scope="session")
def suite_context(
    suite_loop: LoopThread, chromium_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A Chromium for the whole suite, driven from the suite's loop."""

    async def launch() -> tuple[Any, BrowserContext]:
        driver = await async_playwright().start()
        profile = tmp_path_factory.mktemp("profile")
        context = await driver.chromium.launch_persistent_context(
            str(profile),
            executable_path=chromium_path,
            args=list(ARGS),
            ignore_default_args=["--headless", "--headless=old"],
            headless=True,
        )
        return driver, context

    async def close() -> None:
        await context.close()
        await driver.stop()

    driver, context = suite_loop.run(launch())
    yield context
    suite_loop.run(close())


@pytest.fixture
def open_rig(
    request: pytest.FixtureRequest, suite_loop: LoopThread, tmp_path: Path
) -> Iterator[Callable[[str], Rig]]:
    """Opens devices for one test."""
    with ExitStack() as stack:

        def open_one(platform: str) -> Rig:
            server = stack.enter_context(ScriptedServer())
            rig: Rig
            if platform == "browser":
                server.files.update(page_files(request.getfixturevalue("device_bundle")))
                rig = BrowserRig(server, suite_loop, request.getfixturevalue("suite_context"))
            else:
                rig = NativeRig(server, suite_loop, tmp_path / new_id())
            stack.callback(lambda: suite_loop.run(rig.close()))
            return rig

        yield open_one


@pytest.fixture(params=["native", "browser"])
def rig(request: pytest.FixtureRequest, open_rig: Callable[[str], Rig]) -> Rig:
    """A new device, once of each platform."""
    return open_rig(request.param)
