"""Command line of the PWA build: ``python -m assets.build --out build/pwa [--brotli 5] [--origin-path /]``."""

import argparse
import json
import sys
import time
from pathlib import Path

from assets.build.builder import build
from assets.build.errors import BuildError
from assets.build.plan import PROJECT_ROOT, Plan


def main(arguments: list[str] | None = None) -> int:
    """Build as the arguments say; return the exit status (0 done, 1 the build failed, 2 wrong arguments)."""
    parser = argparse.ArgumentParser(prog="python -m assets.build", description="Build the PWA.")
    parser.add_argument("--out", type=Path, default=PROJECT_ROOT / "build" / "pwa", help="folder to replace")
    parser.add_argument(
        "--brotli", type=int, default=5, choices=range(12), metavar="0-11", help="brotli quality"
    )
    parser.add_argument("--origin-path", default="/", help="path on the origin where the app is served")
    parser.add_argument(
        "--no-snapshot", action="store_true", help="ship no memory image of the started Python"
    )
    parser.add_argument(
        "--cache", type=Path, default=PROJECT_ROOT / "build" / "cache", help="intermediate results"
    )
    parser.add_argument("--root", type=Path, default=PROJECT_ROOT, help="the project to build")
    given = parser.parse_args(arguments)
    if not (given.origin_path.startswith("/") and given.origin_path.endswith("/")):
        parser.error("--origin-path must start and end with a slash")
    plan = Plan(
        root=given.root.resolve(),
        out=given.out.absolute(),
        cache=given.cache.resolve(),
        brotli=given.brotli,
        origin_path=given.origin_path,
        snapshot=not given.no_snapshot,
    )
    started = time.monotonic()
    try:
        built = build(plan)
    except BuildError as wrong:
        sys.stderr.write(f"assets.build: {wrong}\n")
        return 1
    if not built:
        sys.stdout.write(f"{plan.out}: nothing has changed\n")
        return 0
    summary = json.loads((plan.out / "build.json").read_text(encoding="utf-8"))
    per_renderer = ", ".join(
        f"{name} {size['br'] / 1e6:.2f} MB" for name, size in summary["precache"].items()
    )
    sys.stdout.write(
        f"{plan.out}: version {summary['version']} in {time.monotonic() - started:.0f} s; brotli {plan.brotli}: {per_renderer}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
