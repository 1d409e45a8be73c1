"""Warm start: navigation → app painted, of our build and of the stock build of the same app, in turns.

Each start is a new browser on a profile that has started the app twice before. Both builds show a device that is in no unit, and both
are watched by the same script: painted = two animation frames after Flutter has drawn for the first time and has been handed the app's
first picture ("Trygg ute", while the device is asked what it holds); first screen = the same for the first screen a person can use.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Playwright

from mobile_app.views.messages import t
from tests.bench.rows import Row, row, runs
from tests.bench.stock import stock_build
from tests.support.browser import find_chromium, open_phone, playwright_on_pinned_node
from tests.support.pwa import ensure_pwa
from tests.support.static_server import StaticServer

BUDGET = 0.30
RUNS = 5
WARM_UP = 2
THROTTLE = 4
START_SECONDS = 240
POLL_MS = 200
# Stock asks for Rive's runtime at another host; here that fails at once instead of taking a while.
NO_OTHER_HOSTS = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"

# A packet is one type byte (0: Flet's protocol) and a MessagePack array of action and body; 1 registers, 2 changes a control.
_WATCH = """(() => {
  const WORDS = %s;
  const seen = (self.bench = { painted: 0, screen: 0 });
  const handed = { painted: false, screen: false };
  let drew = false;
  let registered = false;
  const look = () => {
    for (const name of ["painted", "screen"]) {
      if (!drew || handed[name] !== true) continue;
      handed[name] = "shown";
      requestAnimationFrame(() => requestAnimationFrame(() => (seen[name] = performance.now())));
    }
  };
  addEventListener("flutter-first-frame", () => { drew = true; look(); }, { once: true });
  const packet = (data) => {
    if (data[0] !== 0) return;
    if (data[2] === 1) registered = true;
    if (!registered || data[2] !== 2) return;
    handed.painted ||= true;
    if (!handed.screen) handed.screen = new TextDecoder().decode(data).includes(WORDS);
    look();
  };
  const Plain = self.Worker;
  self.Worker = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => data instanceof Uint8Array && packet(data));
    }
  };
})();"""
_SEEN = """() => ({
  ...self.bench,
  mark: performance.getEntriesByName("app-painted")[0]?.startTime ?? 0,
  marks: Object.fromEntries(performance.getEntriesByType("mark").map(({ name, startTime }) => [name, startTime])),
  worker: navigator.serviceWorker.controller !== null,
  renderer: performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/skwasm.wasm")) ? "skwasm" : "canvaskit",
})"""


@dataclass
class Build:
    """One of the two that are compared."""

    name: str
    server: StaticServer
    profile: Path

    @property
    def ours(self) -> bool:
        """Whether it is ours, with a service worker and marks of its own."""
        return self.name == "ours"


def rows() -> list[Row]:
    """All rows of this module."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("no Chromium found: install it (apt-get install chromium) or set TRYGG_CHROMIUM")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="trygg-bench-")))
        # A copy: a build made meanwhile would be an update, and its download would count.
        roots = {"ours": folder / "ours", "stock": stock_build(folder / "stock")}
        shutil.copytree(ensure_pwa(), roots["ours"])
        builds = [
            Build(name, stack.enter_context(StaticServer(root)), folder / f"profile-{name}")
            for name, root in roots.items()
        ]
        playwright = stack.enter_context(playwright_on_pinned_node())
        for build in builds:
            for turn in range(WARM_UP):
                _start(playwright, chromium, build, settle=turn == 0)
        count = runs(RUNS)
        found = _rows(_in_turns(playwright, chromium, builds, count), 1)
        found += _rows(_in_turns(playwright, chromium, builds, (count + 1) // 2, THROTTLE), THROTTLE)
        return found


def _in_turns(
    playwright: Playwright, chromium: str, builds: list[Build], count: int, throttle: int = 1
) -> dict[str, list[dict[str, Any]]]:
    """Starts by build; the builds take turns, so that whatever else the machine does hits both."""
    starts: dict[str, list[dict[str, Any]]] = {build.name: [] for build in builds}
    for _ in range(count):
        for build in builds:
            build.server.requests.clear()
            start = _start(playwright, chromium, build, throttle)
            asked = [path for path in build.server.paths() if path != "/sw.js"]
            if build.ours and (asked or not start["worker"]):
                raise RuntimeError(f"not a warm start: {asked}")
            starts[build.name].append(start)
    return starts


def _start(
    playwright: Playwright, chromium: str, build: Build, throttle: int = 1, *, settle: bool = False
) -> dict[str, Any]:
    """Start the app in a new browser and return what was seen, ms. `settle`: wait until the service worker has everything."""
    context = open_phone(playwright, chromium, build.profile, args=[NO_OTHER_HOSTS])
    try:
        page = context.pages[0]
        page.add_init_script(_WATCH % json.dumps(t("welcome.title")))
        if throttle != 1:
            context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": throttle})
        page.goto(build.server.url, wait_until="commit")
        seen = _wait(page, build)
        if settle and build.ours:
            page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        return seen
    finally:
        context.close()


def _wait(page: Page, build: Build) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for _ in range(START_SECONDS * 1000 // POLL_MS):
        seen = page.evaluate(_SEEN)
        if seen["screen"] and seen["painted"] and (seen["mark"] or not build.ours):
            return seen
        page.wait_for_timeout(POLL_MS)
    raise RuntimeError(f"{build.name} did not start within {START_SECONDS} s: {seen}")


def _rows(starts: dict[str, list[dict[str, Any]]], throttle: int) -> list[Row]:
    """Two rows: the mark of the page, and the first screen a person can use."""
    renderers = ", ".join(f"{name} on {taken[-1]['renderer']}" for name, taken in starts.items())
    after = "" if throttle == 1 else f", {throttle}× throttled"
    found = []
    for words, ours, stock in (("app painted", "mark", "painted"), ("first screen", "screen", "screen")):
        times = {
            name: [start[ours if name == "ours" else stock] / 1000 for start in taken]
            for name, taken in starts.items()
        }
        spread = ", ".join(f"{name} {min(values):.1f}-{max(values):.1f} s" for name, values in times.items())
        note = f"median of {len(times['ours'])} in turns; {spread}; {renderers}; floor: stock build"
        if throttle != 1:
            note += "; slows the page's thread alone, not the workers"
        found.append(
            row(
                f"warm start: navigation → {words}{after}",
                statistics.median(times["ours"]),
                "s",
                floor=statistics.median(times["stock"]),
                ratio_budget=BUDGET if throttle == 1 else None,
                note=note,
            )
        )
    found[0]["marks"] = _median_marks(starts["ours"])
    return found


def _median_marks(starts: list[dict[str, Any]]) -> dict[str, int]:
    """Where the time goes: the medians of all marks, ms after navigation."""
    names = sorted(starts[0]["marks"], key=starts[0]["marks"].get)
    return {name: round(statistics.median(start["marks"].get(name, 0) for start in starts)) for name in names}
