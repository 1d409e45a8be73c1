"""What a first visit downloads and the service worker keeps, by renderer, compressed as a release is.

A build for tests has brotli 5; its files are compressed again at 11 here, by the build's own code and cache (some minutes the first
time). The alarm page's size is measured in `browser`.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from assets.build.digest import Cache
from assets.build.plan import PROJECT_ROOT
from assets.build.precompress import precompress
from assets.build.release import build_json
from assets.build.snapshot import NAME as IMAGE
from tests.bench.rows import Row, row
from tests.support.pwa import ensure_pwa

RELEASE = 11
QUALITY = int(os.environ.get("TRYGG_BENCH_BROTLI") or RELEASE)
MB = 1_000_000
BUDGET, BUDGET_WITH_IMAGE = 10, 15


def rows() -> list[Row]:
    """All rows of this module."""
    app = ensure_pwa()
    built = json.loads((app / "build.json").read_bytes())
    return size_rows(built if built["brotli_quality"] == QUALITY else _compressed(app, built))


def _compressed(app: Path, built: dict[str, Any]) -> dict[str, Any]:
    """build.json as it would be at `QUALITY`."""
    with tempfile.TemporaryDirectory(prefix="trygg-bench-") as folder:
        copy = Path(folder, "app")
        shutil.copytree(app, copy, ignore=shutil.ignore_patterns("*.br", "*.gz"))
        hashes = {name: file["sha256"] for name, file in built["files"].items()}
        sizes = precompress(copy, hashes, Cache(PROJECT_ROOT / "build" / "cache"), QUALITY)
        return build_json(built["version"], hashes, sizes, QUALITY)


def size_rows(built: dict[str, Any]) -> list[Row]:
    """Two rows a renderer, from the content of build.json."""
    quality = built["brotli_quality"]
    image = built["files"][IMAGE]["br"] if IMAGE in built["files"] else 0
    found = []
    for renderer, total in built["precache"].items():
        for words, size, budget in (
            ("", total["br"] - image, BUDGET),
            (" and memory image", total["br"], BUDGET_WITH_IMAGE),
        ):
            if words and not image:
                continue
            value = size / MB
            # A lower level packs less: what keeps the budget there keeps it in a release, but not the other way round.
            unsure = quality < RELEASE and value > budget
            line = row(f"precache, {renderer}{words}", value, "MB", budget=budget, note=f"brotli {quality}")
            found.append({**line, "ok": None} if unsure else line)
    return found
