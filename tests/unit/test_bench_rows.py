"""What a measured line says, and what is kept of a run."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import rows as bench_rows
from tests.bench.rows import COLUMNS, Row, percentile, row, runs
from tests.bench.sizes import size_rows

pytestmark = pytest.mark.unit


def test_a_budget_is_of_the_value_or_of_the_ratio_to_the_floor() -> None:
    assert row("a", 24.9, "ms", budget=25)["ok"] is True
    assert row("a", 25.1, "ms", budget=25)["ok"] is False
    assert row("a", 3.0, "s", floor=10.0, ratio_budget=0.3)["ok"] is True
    missed = row("a", 3.1, "s", floor=10.0, ratio_budget=0.3)
    assert (missed["ratio"], missed["ok"], missed["budget"]) == (pytest.approx(0.31), False, "≤ 0.30 × floor")
    assert tuple(missed) == COLUMNS


def test_without_a_budget_nothing_is_judged() -> None:
    assert row("a", 1.0, "s")["ok"] is None
    assert (row("a", 1.0, "s", floor=2.0)["ratio"], row("a", 1.0, "s", floor=2.0)["ok"]) == (0.5, None)
    # A budget of a ratio needs something to compare with.
    assert row("a", 1.0, "s", ratio_budget=0.3)["ok"] is None


def test_percentiles_of_few_and_of_many() -> None:
    assert percentile([7.0], 95) == 7.0
    assert percentile([float(n) for n in range(101)], 95) == 95.0
    assert percentile([1.0, 2.0], 95) == pytest.approx(1.95)


def test_the_environment_says_how_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRYGG_BENCH_RUNS", raising=False)
    assert runs(5) == 5
    monkeypatch.setenv("TRYGG_BENCH_RUNS", "2")
    assert runs(5) == 2


def test_sizes_are_judged_as_a_release_sends_them() -> None:
    def built(quality: int, common: float, image: float) -> dict[str, object]:
        br = {"br": round((common + image) * 1e6)}
        return {
            "brotli_quality": quality,
            "precache": {"skwasm": br},
            "files": {"py/memory.bin": {"br": round(image * 1e6)}},
        }

    def judged(*given: float) -> list[tuple[str, float, bool | None]]:
        return [
            (line["name"], line["value"], line["ok"])
            for line in size_rows(built(int(given[0]), given[1], given[2]))
        ]

    alone, with_image = "precache, skwasm", "precache, skwasm and memory image"
    assert judged(11, 9.9, 5.0) == [(alone, 9.9, True), (with_image, 14.9, True)]
    assert judged(11, 10.1, 5.0) == [(alone, 10.1, False), (with_image, 15.1, False)]
    # A quick build is larger than the release: too large there says nothing.
    assert judged(5, 10.1, 4.0) == [(alone, 10.1, None), (with_image, 14.1, True)]


def test_a_missed_budget_is_kept_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "build" / "bench.json"
    values = {"start": 9.0, "sizes": 1.0}
    for name in ("start", "sizes"):
        module = types.ModuleType(f"tests.bench.{name}")

        def measured(name: str = name) -> list[Row]:
            return [row(f"the {name}", values[name], "s", budget=2)]

        vars(module)["rows"] = measured
        monkeypatch.setitem(sys.modules, f"tests.bench.{name}", module)

    assert bench.main(["start", "sizes"], out) == 0
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()[-2:]] == ["NO", "yes"]
    values["start"] = 8.0
    assert bench.main(["start"], out) == 0
    printed = capsys.readouterr().out
    assert "the start" in printed
    assert "the sizes" not in printed
    kept = json.loads(out.read_text(encoding="utf-8"))
    # What was not measured again stays; what was remembers the value before.
    assert [line["value"] for line in kept["rows"]["sizes"]] == [1.0]
    (again,) = kept["rows"]["start"]
    assert (again["before"], again["value"], again["ok"], len(again["load"])) == (9.0, 8.0, False, 2)
    assert kept["about"]["processors"]


def test_an_unknown_name_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["strat"], tmp_path / "bench.json") == 1
    assert "strat" in capsys.readouterr().err
    assert not (tmp_path / "bench.json").exists()


def test_an_unreadable_record_is_no_hindrance(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    for content in ("", "[]", '{"rows": []}'):
        out.write_text(content, encoding="utf-8")
        assert bench._kept(out) == {}


def test_the_table_has_a_line_for_every_row() -> None:
    lines = bench.table(
        [row("short", 1.0, "s"), row("a longer name", 12345.678, "ms", budget=20000)]
    ).splitlines()
    assert [line.split()[0] for line in lines] == ["name", "short", "a"]
    place = lines[0].index("unit")
    assert [line[place:].split()[0] for line in lines] == ["unit", "s", "ms"]
    assert bench_rows.COLUMNS[0] == "name"
