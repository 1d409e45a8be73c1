"""Collects the rows of every module that measures, prints one table, and keeps it in build/bench.json.

Usage: python -m tests.bench [start] [saving] [shown] [browser] [server] [sizes]   (nothing named: all)

The rows of modules that were not named stay in build/bench.json as they were, each with when it was measured and the machine's load.
A missed budget is printed, and no error; `TRYGG_BENCH_RUNS` sets how often most rows are repeated.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.rows import COLUMNS, Row
from tests.support.browser import find_chromium

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "bench.json"
# What is timed against the clock comes before what keeps the processors busy.
MODULES = ("start", "saving", "shown", "browser", "server", "sizes")


def main(names: list[str], out: Path = OUT) -> int:
    """Measure, print and keep; 1 only when a name is unknown."""
    unknown = sorted(set(names) - set(MODULES))
    if unknown:
        print(f"Unknown: {', '.join(unknown)}. There are: {', '.join(MODULES)}.", file=sys.stderr)
        return 1
    kept = _kept(out)
    for name in names or MODULES:
        begin = _load()
        print(f"Measuring: {name} (load {begin:.1f})", flush=True)
        before = {row["name"]: row["value"] for row in kept.get(name, [])}
        rows = importlib.import_module(f"tests.bench.{name}").rows()
        at = datetime.now(UTC).isoformat(timespec="seconds")
        kept[name] = [
            {**row, "before": before.get(row["name"]), "at": at, "load": [begin, _load()]} for row in rows
        ]
        # Kept at once: a crash further on costs only what it hits.
        out.parent.mkdir(exist_ok=True)
        content = {"about": about(), "rows": {known: kept[known] for known in MODULES if known in kept}}
        out.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print("; ".join(f"{fact}: {value}" for fact, value in about().items()))
    print(table([row for name in names or MODULES for row in kept.get(name, [])]))
    return 0


def _kept(out: Path) -> dict[str, list[Row]]:
    """The rows of the last run, by module; none where there are none that can be read."""
    try:
        rows = json.loads(out.read_text(encoding="utf-8"))["rows"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return rows if isinstance(rows, dict) else {}


def about() -> dict[str, Any]:
    """The machine and the programs that were measured on it."""
    chromium = find_chromium()
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "processors": os.cpu_count(),
        "processor": _line("/proc/cpuinfo", "model name"),
        "memory": _line("/proc/meminfo", "MemTotal"),
        "chromium": _said([chromium, "--version"]) if chromium else "",
        "commit": _said(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]),
    }


def _line(path: str, key: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _load() -> float:
    """Processes that wanted a processor during the last minute, on average."""
    return round(os.getloadavg()[0], 1)


def table(rows: list[Row]) -> str:
    """Rows as text in columns."""
    columns = (*COLUMNS[:2], "before", *COLUMNS[2:])
    lines = [columns, *(tuple(_shown(row.get(column)) for column in columns) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
