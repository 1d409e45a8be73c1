"""The built app that browser tests run: made once, and made again when a source has changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "pwa"
STAMP = ROOT / "build" / "pwa.tested"
SOURCES = ("assets", "mobile_app", "protocol", "requirements")
BUILD_SECONDS = 900


class BuildFailed(Exception):
    """The app could not be built; the text is the builder's own."""


def fingerprint(root: Path = ROOT) -> str:
    """SHA-256 over the names and contents of everything the app is built from."""
    digest = hashlib.sha256()
    for room in SOURCES:
        for path in sorted((root / room).rglob("*")):
            if "__pycache__" in path.parts or "node_modules" in path.parts or not path.is_file():
                continue
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def ensure_pwa() -> Path:
    """Return the directory of the built app, building it first if it is missing or old.

    `TRYGG_PWA` names one that is taken as it is (`make test` builds it before the tests start).

    Raises:
        BuildFailed: with the builder's output.
    """
    named = os.environ.get("TRYGG_PWA")
    if named:
        given = (ROOT / named).resolve()
        if not (given / "index.html").is_file():
            raise BuildFailed(f"TRYGG_PWA={named} holds no index.html")
        return given
    STAMP.parent.mkdir(exist_ok=True)
    with (STAMP.parent / "pwa.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = fingerprint()
        if STAMP.is_file() and STAMP.read_text() == wanted and (OUT / "index.html").is_file():
            return OUT
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
            raise BuildFailed(
                f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
            )
        STAMP.write_text(wanted)
        return OUT
