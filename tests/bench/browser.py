"""The alarm page in a real Chromium, served by the real server out of the built app and its service worker.

Medians and maxima of runs that follow each other on one page's profile, at full speed and with the CPU throttled to a
quarter. Budgets: docs of the project ("alarm: navigation → usable, end of hold → sealed and durable").
"""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import brotli
from playwright.sync_api import BrowserContext, Page, sync_playwright

from protocol.ids import new_id
from protocol.jose import generate_key, public
from tests.bench.rows import Row, row
from tests.support.browser import find_chromium, open_phone
from tests.support.pwa import ensure_pwa
from tests.support.server_process import ServerProcess
from tests.support.waiting import wait_until

RUNS = 9
MEDIAN_MS, MAX_MS, THROTTLED_MEDIAN_MS = 300, 600, 1000
THROTTLED = 4
ALARM_BYTES = 25_000

_JOIN = """async (setup) => {
  const pair = await crypto.subtle.generateKey({name: 'ECDSA', namedCurve: 'P-256'}, false, ['sign', 'verify']);
  const {crv, kty, x, y} = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const jwk = {crv, kty, x, y};
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(jwk)));
  const kid = btoa(String.fromCharCode(...new Uint8Array(hash))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  await new Promise((resolve, reject) => {
    const request = indexedDB.open('trygg-alarm', 1);
    request.onsuccess = () => {
      const tx = request.result.transaction(['keys', 'config'], 'readwrite');
      tx.objectStore('keys').put({key: pair.privateKey, kid, jwk}, 'field');
      tx.objectStore('config').put(setup, 'setup');
      tx.oncomplete = () => { request.result.close(); resolve(); };
      tx.onabort = () => reject(tx.error);
    };
    request.onerror = () => reject(request.error);
  });
}"""
_FORGET = """() => new Promise((resolve, reject) => {
  const request = indexedDB.open('trygg-alarm', 1);
  request.onsuccess = () => {
    const tx = request.result.transaction(['alarms', 'outbox'], 'readwrite');
    for (const name of ['alarms', 'outbox']) tx.objectStore(name).clear();
    tx.oncomplete = () => { request.result.close(); resolve(); };
    tx.onabort = () => reject(tx.error);
  };
  request.onerror = () => reject(request.error);
})"""
_MARK = "(name) => performance.getEntriesByName(name)[0]?.startTime ?? 0"


def rows() -> list[Row]:
    """All rows of this module."""
    app = ensure_pwa()
    with tempfile.TemporaryDirectory(prefix="trygg-bench-") as folder, sync_playwright() as playwright:
        chromium = find_chromium()
        if chromium is None:
            raise SystemExit("no Chromium found: install it (apt-get install chromium) or set TRYGG_CHROMIUM")
        server = ServerProcess(Path(folder, "server"), app_dir=app).start()
        context = open_phone(playwright, chromium, Path(folder, "profile"))
        try:
            return [*_alarm_rows(context, server.url), *_size_rows(app)]
        finally:
            context.close()
            server.kill()


def _setup() -> dict[str, Any]:
    """A unit of three leaders on duty."""
    people = [(new_id(), new_id(), public(generate_key()), public(generate_key())) for _ in range(3)]
    return {
        "server": new_id(),
        "unit": new_id(),
        "member": new_id(),
        "device": new_id(),
        "roster": "A" * 43,
        "readers": [{"member": member, "device": device, "key": key} for member, device, key, _ in people],
        "recovery": public(generate_key()),
        "contacts": [
            {"member": member, "name": "Kari Nordmo", "phone": "+4790000000", "keys": [key]} for member, _, _, key in people
        ],
        "visit": "",
        "visit_until": 0,
        "sms": "",
    }  # fmt: skip


def _alarm_rows(context: BrowserContext, url: str) -> list[Row]:
    page = context.new_page()
    page.goto(f"{url}/alarm")
    wait_until(lambda: page.evaluate(_MARK, "alarm-usable"), "the alarm page")
    page.evaluate(_JOIN, _setup())
    # The service worker answers from now on.
    wait_until(
        lambda: page.evaluate("() => navigator.serviceWorker.controller !== null"),
        "the service worker",
        seconds=120,
    )
    page.close()
    found: list[Row] = []
    for throttle in (1, THROTTLED):
        usable, durable = zip(*(_run(context, url, throttle) for _ in range(RUNS)), strict=True)
        found.append(_times("alarm: navigation → usable, cached", list(usable), throttle))
        found.append(_times("alarm: end of hold → sealed and durable", list(durable), throttle))
    return found


def _run(context: BrowserContext, url: str, throttle: int) -> tuple[float, float]:
    """One alarm: ms from navigation to usable, and from three seconds after the press to on disk."""
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    page.goto(f"{url}/alarm")
    usable = _wait_mark(page, "alarm-usable")
    page.evaluate(
        "() => addEventListener('pointerdown', (event) => { window.pressed = event.timeStamp; }, true)"
    )
    box = page.locator(".ta-disc").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    durable = _wait_mark(page, "alarm-durable") - page.evaluate("() => window.pressed") - 3000
    page.mouse.up()
    page.goto(f"{url}/favicon.png")  # the alarm page lets go of its database
    page.evaluate(_FORGET)
    page.close()
    return usable, durable


def _wait_mark(page: Page, name: str) -> float:
    return float(wait_until(lambda: page.evaluate(_MARK, name), f"the mark {name}", seconds=30))


def _times(name: str, values: list[float], throttle: int) -> Row:
    median, largest = statistics.median(values), max(values)
    note = f"median of {len(values)}, max {largest:.0f}"
    if throttle != 1:
        title = f"{name}, {throttle}× throttled"
        return row(title, round(median), "ms", budget=THROTTLED_MEDIAN_MS, note=note)
    kept = median <= MEDIAN_MS and largest <= MAX_MS
    return row(name, round(median), "ms", budget=MEDIAN_MS, ok=kept, note=f"{note}, which may be {MAX_MS}")


def _size_rows(app: Path) -> list[Row]:
    """Sizes as a release sends them. The alarm page's files are few enough to be compressed here as a release does."""
    parts = {
        name: len(brotli.compress((app / name).read_bytes(), quality=11))
        for name in ("alarm.html", "alarm.js")
    }
    size = sum(parts.values())
    note = (
        ", ".join(f"{name} {part}" for name, part in parts.items()) + "; the style sheet is inside alarm.js"
    )
    return [row("alarm page, brotli 11", size, "B", budget=ALARM_BYTES, note=note)]


if __name__ == "__main__":
    print(json.dumps(rows(), indent=1, ensure_ascii=False))
