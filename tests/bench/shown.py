"""Alarm → shown at a leader with the app open: real clients on CPython, a real server process, loopback.

From the call that raises the alarm (seal, store durably, send) to the moment the leader's client would show it: accepted, committed,
nudged over the live stream, pulled, opened, verified, folded.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from tests.bench.rows import Row, row, runs
from tests.support.server_process import ServerProcess
from tests.support.simulated import Fleet, Person

RUNS = 15
BUDGET_MS = 1000


def rows() -> list[Row]:
    """All rows of this module."""
    with tempfile.TemporaryDirectory(prefix="trygg-bench-") as folder:
        server = ServerProcess(Path(folder, "server")).start()
        try:
            took = asyncio.run(_story(Path(folder), server))
        finally:
            server.kill()
    note = f"median of {len(took)}, {min(took):.0f}-{max(took):.0f} ms; simulated devices, one process beside the server"
    return [
        row("alarm → shown at a leader, app open", statistics.median(took), "ms", budget=BUDGET_MS, note=note)
    ]


async def _story(folder: Path, server: ServerProcess) -> list[float]:
    fleet = Fleet(folder)
    try:
        kari = await fleet.founder("Kari Nordmo", server.url, server.setup_link)
        amina = await fleet.joiner("Amina Yusuf", server.url, kari)
        return [await _alarm(amina, kari) for _ in range(runs(RUNS))]
    finally:
        await fleet.close()


async def _alarm(employee: Person, leader: Person) -> float:
    """One alarm, ended again. Milliseconds."""
    begin = time.perf_counter()
    raising = asyncio.create_task(employee.device.raise_alarm())
    await leader.until(lambda client: client.alarms.active(), "the alarm")
    took = (time.perf_counter() - begin) * 1000
    await raising
    await employee.device.say_safe()
    await leader.until(lambda client: not client.alarms.active(), "the end of the alarm")
    return took
