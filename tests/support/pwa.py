"""The built app that browser tests run. The builder itself knows whether anything has changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "pwa"
BUILD_SECONDS = 900


class BuildFailed(Exception):
    """The app could not be built; the text is the builder's own."""


def ensure_pwa() -> Path:
    """Return the directory of the built app, building it first if it is missing or old.

    `TRYGG_PWA` names one, from the project's root, that is taken as it is.

    Raises:
        BuildFailed: with the builder's output.
    """
    named = os.environ.get("TRYGG_PWA")
    if named:
        given = (ROOT / named).resolve()
        if not (given / "index.html").is_file():
            raise BuildFailed(f"TRYGG_PWA={named} holds no index.html")
        return given
    command = [sys.executable, "-m", "assets.build", "--out", str(OUT), "--brotli", "5"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise BuildFailed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return OUT
