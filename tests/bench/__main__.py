"""Collects the rows of every module that measures, prints one table, and writes build/bench.json.

Usage: python -m tests.bench [server] [browser]   (nothing named: all that are there)
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import platform
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "bench.json"
MODULES = ("server", "browser")
COLUMNS = ("name", "value", "unit", "floor", "ratio", "budget", "ok", "note")


def main(names: list[str]) -> int:
    """Measure and print; 1 when a budget is missed or a named module isn't there."""
    unknown = sorted(set(names) - set(MODULES))
    if unknown:
        print(f"Unknown: {', '.join(unknown)}. There are: {', '.join(MODULES)}.", file=sys.stderr)
        return 1
    rows: list[dict[str, Any]] = []
    for name in names or MODULES:
        if importlib.util.find_spec(f"tests.bench.{name}") is None:
            if names:
                print(f"tests/bench/{name}.py is missing.", file=sys.stderr)
                return 1
            continue
        print(f"Measuring: {name}", flush=True)
        rows += importlib.import_module(f"tests.bench.{name}").rows()
    print(table(rows))
    OUT.parent.mkdir(exist_ok=True)
    about = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    OUT.write_text(
        json.dumps({"about": about, "rows": rows}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return 0 if all(row["ok"] is not False for row in rows) else 1


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as text in columns."""
    lines = [COLUMNS, *(tuple(_shown(row.get(column)) for column in COLUMNS) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(COLUMNS))]
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
