"""What the server costs: CPU per accepted event against the floor of its parts, and reads against how much is stored."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocol.encoding import compact_json
from protocol.ids import new_id
from protocol.jose import public, verify
from protocol.requests import SCHEME
from sync_server.feed.cursor import write_cursor
from sync_server.feed.pages import Pages
from sync_server.store.sqlite import SqliteStore
from sync_server.store.unit import Unit, fold
from tests.bench.rows import Row, row
from tests.support.server_client import Person, TestUnit, found_unit, loopback, token_of
from tests.support.server_process import ServerProcess, free_port

EVENTS = int(os.environ.get("TRYGG_BENCH_EVENTS", "500"))
STORED = int(os.environ.get("TRYGG_BENCH_STORED", "1000000"))
ROUNDS = 5
WARM = 100
CONNECTIONS = 16
CPU_BUDGET = 2.0
READ_BUDGET = 1.2
PAGE = 50
DEVICES = 20


def rows() -> list[Row]:
    """All rows of this module."""
    with tempfile.TemporaryDirectory(prefix="trygg-bench-") as folder:
        return [*_cpu_rows(Path(folder)), *_read_rows(Path(folder))]


# --- CPU per accepted event -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """One request as bytes, ready for a connection."""

    data: bytes
    accepts: int


def _cpu_rows(folder: Path) -> list[Row]:
    seed = folder / "seed"
    seed.mkdir()
    server = ServerProcess(seed).start()
    try:
        wire = loopback(server.url)
        unit = found_unit(wire, token_of(server.setup_link))
        worker = unit.add(wire)
    finally:
        server.stop()
    total = WARM + EVENTS * ROUNDS
    events = [_event(worker, unit) for _ in range(total)]
    single = [_request(worker, [event]) for event in events]
    tens = [_request(worker, events[place : place + 10]) for place in range(0, total, 10)]
    cost = _cpu(
        folder,
        seed,
        {
            "floor": ("floor", single),
            "server": ("server", single),
            "unverified": ("unverified", single),
            "tens": ("server", tens),
        },
    )
    size = round(statistics.mean(len(event["envelope"]) for event in events))
    note = f"one event a request, padded to 2048 bytes ({size} sealed, 2 readers); floor: bare Starlette + SQLite"
    name = "server CPU per 1,000 accepted events"
    return [
        row(name, cost["server"], "s", floor=cost["floor"], ratio_budget=CPU_BUDGET, note=note),
        row(
            f"{name}, signature not checked",
            cost["unverified"],
            "s",
            floor=cost["floor"],
            note="for comparison",
        ),
        row(f"{name}, 10 a request", cost["tens"], "s", floor=cost["floor"], note="floor: one a request"),
        row(
            "checking one request's signature",
            _verify_cost(worker) * 1e6,
            "µs",
            note="ES256, key in the cache",
        ),
    ]


def _event(worker: Person, unit: TestUnit) -> dict[str, str]:
    readers = [public(unit.leader.encryption), public(worker.encryption)]
    return worker.event("incident.reported", readers, body={"line": "x" * 700})


def _request(worker: Person, events: list[dict[str, str]]) -> Sent:
    path = f"{worker.base}/events"
    body = compact_json({"events": events})
    now = time.time_ns() // 1_000_000
    headers = worker.authorization("POST", path, body, created=[now] * len(events))
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body.encode())}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return Sent(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), len(events))


def _cpu(folder: Path, seed: Path, measured: dict[str, tuple[str, list[Sent]]]) -> dict[str, float]:
    """CPU seconds per 1,000 accepted events, by name.

    The subjects take turns, so that whatever else the machine does hits all of them, and the round least disturbed counts.
    """
    spent: dict[str, list[float]] = {name: [] for name in measured}
    with ExitStack() as stack:
        subjects = {}
        for name, (kind, requests) in measured.items():
            data = Path(tempfile.mkdtemp(prefix=name, dir=folder))
            shutil.copytree(seed, data, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.lock"))
            subjects[name] = stack.enter_context(_subject(kind, data))
            asyncio.run(_load(subjects[name][0], requests[: WARM // requests[0].accepts]))
        for turn in range(ROUNDS):
            for name, (port, cpu) in subjects.items():
                requests = measured[name][1]
                begin = (WARM + turn * EVENTS) // requests[0].accepts
                before = cpu()
                asyncio.run(_load(port, requests[begin : begin + EVENTS // requests[0].accepts]))
                spent[name].append((cpu() - before) * 1000 / EVENTS)
    return {name: min(rounds) for name, rounds in spent.items()}


@contextmanager
def _subject(kind: str, data: Path) -> Iterator[tuple[int, Callable[[], float]]]:
    port = free_port()
    with (data / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.server_subject", kind, str(data), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def line(beginning: str) -> str:
            for text in stdout:
                if text.startswith(beginning):
                    return text
            raise RuntimeError(f"{kind} ended: {(data / 'log').read_text()}")

        def cpu() -> float:
            stdin.write("?\n")
            stdin.flush()
            return float(line("cpu").split()[1])

        try:
            line("Ready")
            yield port, cpu
        finally:
            stdin.close()
            process.wait(20)
            stdout.close()


async def _load(port: int, requests: list[Sent]) -> None:
    """Send everything over a few connections, each waiting for its answer."""
    waiting = iter(requests)

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            writer.write(request.data)
            head = await reader.readuntil(b"\r\n\r\n")
            size = next(
                int(part.split(b":")[1])
                for part in head.lower().split(b"\r\n")
                if part.startswith(b"content-length")
            )
            body = await reader.readexactly(size)
            if not head.startswith(b"HTTP/1.1 200") or body.count(b'"accepted"') != request.accepts:
                raise RuntimeError(f"not accepted: {head!r} {body[:300]!r}")
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))


def _verify_cost(worker: Person) -> float:
    jws = worker.authorization("POST", "/x")["Authorization"].removeprefix(f"{SCHEME} ")
    key = public(worker.field_key)
    assert verify(jws, key)
    begin = time.perf_counter()
    for _ in range(500):
        verify(jws, key)
    return (time.perf_counter() - begin) / 500


# --- reads against how much is stored ---------------------------------------------------------------------


@dataclass
class Stored:
    """A store with `total` events in it, and a device that reads."""

    pages: Pages
    unit: Unit
    near_end: str
    at_end: str


def _read_rows(folder: Path) -> list[Row]:
    with asyncio.Runner() as runner:
        small_store, big_store = (SqliteStore(_made(folder / name)) for name in ("small", "big"))
        small, big = (
            runner.run(_fill(store, total)) for store, total in ((small_store, 1000), (big_store, STORED))
        )

        def compare(cursor: Callable[[Stored], str], entries: int, turns: int) -> tuple[float, float]:
            took: dict[int, list[float]] = {0: [], 1: []}
            for _ in range(turns):
                for place, stored in enumerate((small, big)):
                    begin = time.perf_counter()
                    page = runner.run(stored.pages.page(stored.unit, _DEVICE, cursor(stored)))
                    took[place].append(time.perf_counter() - begin)
                    if len(page.entries) != entries:
                        raise RuntimeError(f"{len(page.entries)} entries, not {entries}")
            return statistics.median(took[0]) * 1e6, statistics.median(took[1]) * 1e6

        try:
            pull = compare(lambda stored: stored.near_end, PAGE, 400)
            empty = compare(lambda stored: stored.at_end, 0, 1500)
        finally:
            for store in (small_store, big_store):
                runner.run(store.close())
    note = f"{STORED:,} stored; floor: the same with 1,000"
    return [
        row(
            f"feed pull of {PAGE} entries", pull[1], "µs", floor=pull[0], ratio_budget=READ_BUDGET, note=note
        ),
        row("empty poll", empty[1], "µs", floor=empty[0], ratio_budget=READ_BUDGET, note=note),
    ]


_DEVICE = new_id()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def _fill(store: SqliteStore, total: int) -> Stored:
    """Events go to 20 devices in turn; ours reads its last 50, of 2 KB. Rows are made by SQL: the API would take an hour."""
    from sync_server.store.port import NewVersion
    from sync_server.store.sqlite.rows import blob
    from tests.support.server_client import make_root

    root = make_root((await store.identity()).server)
    await store.add_setup_token(b"token", printed=False)
    unit_id = root.leader.unit
    await store.found(b"token", NewVersion(unit_id, 0, None, root.root, root.versions[0]))

    def write(db: Any) -> None:
        devices = [blob(_DEVICE), *(blob(new_id()) for _ in range(DEVICES - 1))]
        db.executemany("INSERT INTO device (unit, id) VALUES (1, ?)", [(device,) for device in devices])
        content = "x" * 2048
        # Only what is pulled has its full size: the depth of the indexes is what is measured, not this disk.
        entries = (
            (
                secrets.token_bytes(16),
                b"d" * 32,
                b"s" * 16,
                content if total - n <= 2 * PAGE * DEVICES else "small",
            )
            for n in range(total)
        )
        db.executemany(
            "INSERT INTO entry (unit, id, type, digest, sender, received, content) VALUES (1, ?, 0, ?, ?, 1, ?)",
            entries,
        )
        deliveries = ((1 + n % DEVICES, n + 1) for n in range(total))
        db.executemany("INSERT INTO delivery (device, seq) VALUES (?, ?)", sorted(deliveries))

    await store._writer.submit(write)
    unit = fold(None, await store.versions(unit_id, -1))
    assert unit is not None
    who = await store.identity()

    def cursor(seq: int) -> str:
        return write_cursor(who.secret, who.epoch, unit_id, _DEVICE, seq)

    last = (total - 1) // DEVICES * DEVICES + 1
    stored = Stored(Pages(store), unit, cursor(max(0, last - PAGE * DEVICES)), cursor(last))
    # The end is confirmed first, so that reading changes nothing while it is measured.
    await stored.pages.page(unit, _DEVICE, stored.at_end)
    return stored
