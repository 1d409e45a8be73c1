"""One measured line, and how often to measure."""

from __future__ import annotations

import os
import statistics
from typing import Any

Row = dict[str, Any]
COLUMNS = ("name", "value", "unit", "floor", "ratio", "budget", "ok", "note")


def runs(usual: int) -> int:
    """How often to repeat: `TRYGG_BENCH_RUNS`, or what is usual for the row."""
    return int(os.environ.get("TRYGG_BENCH_RUNS") or usual)


def row(
    name: str,
    value: float,
    unit: str,
    *,
    floor: float | None = None,
    ratio_budget: float | None = None,
    budget: float | None = None,
    ok: bool | None = None,
    note: str = "",
) -> Row:
    """One row.

    Args:
        name: what is measured.
        value: the measurement, in `unit`.
        unit: of `value`, `floor` and `budget`.
        floor: what it is compared with, measured in the same run.
        ratio_budget: largest allowed value/floor.
        budget: largest allowed value.
        ok: whether the budget is kept, where that can't be told from `value`.
        note: how it was measured.
    """
    ratio = None if floor is None else value / floor
    shown = None
    if ratio_budget is not None and ratio is not None:
        shown, kept = f"≤ {ratio_budget:.2f} × floor", ratio <= ratio_budget
    elif budget is not None:
        shown, kept = f"≤ {budget:g} {unit}", value <= budget
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "floor": floor,
        "ratio": ratio,
        "budget": shown,
        "ok": ok if ok is not None or shown is None else kept,
        "note": note,
    }


def percentile(values: list[float], percent: int) -> float:
    """The value that `percent` of a hundred stay at or below; of few values, the largest that comes near."""
    if len(values) < 2:
        return values[0]
    return min(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], max(values))
