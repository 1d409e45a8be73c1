"""Saving a draft, durably, in the browser: the whole way from the use case in Python to a finished transaction on disk.

A worker like the app's own (the built Pyodide, packages and app; the same device JavaScript), without screens: `visits.save` → store →
port → `trygg.vault.apply` → AES-GCM → IndexedDB with durability "strict". The JavaScript half is timed on its own as well.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Playwright

from tests.bench.rows import Row, percentile, row, runs
from tests.support.browser import find_chromium, open_phone, playwright_on_pinned_node
from tests.support.device_page import bundle
from tests.support.pwa import ensure_pwa
from tests.support.static_server import StaticServer

SAVES = 200
WARM_UP = 10
RECORDS_MS = {1_000: 25, 10_000: 50}
RECORD_BYTES = 1_000

_PAGE = b"<!doctype html><meta charset=utf-8><title>saving</title>"
_WORKER = """
import "./shell/worker-bridge.js";
import { trygg } from "./device/index.js";
self.trygg = trygg;
const { apply } = trygg.vault;
self.applied = [];
trygg.vault.apply = async (...given) => {
  const begin = performance.now();
  await apply(...given);
  self.applied.push(performance.now() - begin);
};
const empty = { info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten", python: "3.14" }, packages: {} };
async function start() {
  const { loadPyodide } = await import(`${location.origin}/pyodide/pyodide.mjs`);
  const env = { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1", PYTHONOPTIMIZE: "2", MSGPACK_PUREPYTHON: "1" };
  const python = await loadPyodide({ indexURL: `${location.origin}/pyodide/`, lockFileContents: empty, env });
  for (const name of ["packages", "app"]) {
    const response = await fetch(`/py/${name}.zip`);
    python.FS.writeFile(`/${name}.zip`, new Uint8Array(await response.arrayBuffer()));
  }
  return python;
}
self.onmessage = async ({ data }) => {
  try {
    const python = await start();
    python.globals.set("GIVEN", data.given);
    self.postMessage({ found: await python.runPythonAsync(data.source) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
"""
_SOURCE = """
import json, sys
sys.path[:0] = ["/app.zip", "/packages.zip"]
import js
from dataclasses import replace
from mobile_app.adapters.browser.device import browser_device
from mobile_app.services.client import Ports, build_client

given = json.loads(GIVEN)
device = browser_device()
await device.keys.generate()
await device.vault.create("seks tilfeldige ord er nok her")
text = "x" * (given["bytes"] - len(json.dumps({"t": "bench", "d": {"id": "0" * 22, "text": ""}})))
for begin in range(0, given["records"], 500):
    rows = [(2**32 + n, json.dumps({"t": "bench", "d": {"id": str(n).zfill(22), "text": text}})) for n in range(begin, begin + 500)]
    await device.vault.apply(rows, [], [])
client = build_client(Ports(device.keys, device.sealer, device.vault, device.outbox, device.net, device.alarm_store, device.host))
begin = js.performance.now()
await client._core.store.load()
loaded = js.performance.now() - begin
assert len(client._core.store.all("bench")) == given["records"]
draft = await client.visits.begin("home_visit")
draft = replace(draft, place="Storgata 4, 2. etasje, Lillevik", answers={"staffing": "alone", "history": "yes"}, minutes=60)
row = {**draft.to_row(), "order": 1}
padding = "y" * (given["bytes"] - len(json.dumps({"t": "visit_drafts", "d": row}, separators=(",", ":"))) - 4)
js.applied.splice(0)
took = []
for turn in range(given["saves"]):
    changed = replace(draft, purpose=f"{padding}{turn:04}")
    begin = js.performance.now()
    await client.visits.save(changed)
    took.append(js.performance.now() - begin)
(kept,) = [t for _, t in await device.vault.load() if '"visit_drafts"' in t]
assert f"{turn:04}" in kept, "the last save is not what is on disk"
json.dumps({"loaded": loaded, "save": took, "apply": js.applied.to_py(), "bytes": len(kept)})
"""


def rows() -> list[Row]:
    """All rows of this module."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("no Chromium found: install it (apt-get install chromium) or set TRYGG_CHROMIUM")
    found: list[Row] = []
    with (
        tempfile.TemporaryDirectory(prefix="trygg-bench-") as folder,
        StaticServer(_site(Path(folder, "site"))) as server,
        playwright_on_pinned_node() as playwright,
    ):
        for records, budget in RECORDS_MS.items():
            profile = Path(folder, f"profile-{records}")
            measured = _measured(playwright, chromium, profile, server.url, records)
            found += _rows(records, budget, {**measured, "sync": _sync_cost(Path(folder))})
    return found


def _site(folder: Path) -> Path:
    """The built app's Python, a page, and the worker."""
    app = ensure_pwa()
    headers = json.loads((app / "headers.json").read_bytes())
    for part in ("pyodide", "py"):
        shutil.copytree(app / part, folder / part)
    (folder / "saving.html").write_bytes(_PAGE)
    (folder / "saving.js").write_bytes(bundle(_WORKER))
    for name, kind, media in (
        ("saving.html", "document", "text/html"),
        ("saving.js", "worker", "text/javascript"),
    ):
        headers["files"][name] = {"class": kind, "type": media, "sha256": name}
    (folder / "headers.json").write_text(json.dumps(headers), encoding="utf-8")
    return folder


def _sync_cost(folder: Path) -> float:
    """Milliseconds the disk below the profile takes to make 2 KB durable, median of 50."""
    took = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(50):
            file.write(b"x" * 2048)
            begin = time.perf_counter()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - begin) * 1000)
    return statistics.median(took)


def _measured(playwright: Playwright, chromium: str, profile: Path, url: str, records: int) -> dict[str, Any]:
    """What one fresh device with so many records measured."""
    context = open_phone(playwright, chromium, profile)
    try:
        page = context.pages[0]
        page.goto(f"{url}saving.html")
        given = {
            "records": records,
            "bytes": RECORD_BYTES,
            "saves": runs(SAVES) + WARM_UP,
        }
        return _ask(page, json.dumps(given))
    finally:
        context.close()


def _ask(page: Page, given: str) -> dict[str, Any]:
    answer: dict[str, str] = page.evaluate(
        """([source, given]) => new Promise((resolve) => {
          const worker = new Worker("/saving.js", { type: "module" });
          worker.onerror = (event) => resolve({ error: event.message });
          // The bridge tells the page other things as well.
          worker.onmessage = ({ data }) => (data.found || data.error) && resolve(data);
          worker.postMessage({ source, given });
        })""",
        [_SOURCE, given],
    )
    if "error" in answer:
        raise RuntimeError(answer["error"])
    found: dict[str, Any] = json.loads(answer["found"])
    return found


def _rows(records: int, budget: int, measured: dict[str, Any]) -> list[Row]:
    save, apply = measured["save"][WARM_UP:], measured["apply"][WARM_UP:]
    note = f"p95 of {len(save)}, p50 {statistics.median(save):.1f} ms, max {max(save):.1f} ms; row of {measured['bytes']} bytes"
    note += f"; fsync of 2 KB on this disk: p50 {measured['sync']:.1f} ms"
    half = f"p95 of {len(apply)}, p50 {statistics.median(apply):.1f} ms: sealing and the transaction, without Python"
    return [
        row(f"save a draft, durable, {records:,} records", percentile(save, 95), "ms", budget=budget, note=note),
        row(f"its JavaScript half, {records:,} records", percentile(apply, 95), "ms", note=half),
        row(
            f"reading the vault after unlocking, {records:,} records",
            measured["loaded"],
            "ms",
            note=f"once; rows of {RECORD_BYTES} bytes decrypted and put into Python's tables",
        ),
    ]  # fmt: skip
