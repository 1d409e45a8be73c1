"""Makes a second release out of a built app, without building: one page differs, and everything that names it follows."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

MARK = "<!-- second release -->"


def version_of(root: Path) -> str:
    """The version of the build in `root`."""
    return str(json.loads((root / "build.json").read_bytes())["version"])


def second_release(first: Path, root: Path) -> str:
    """Copy the build `first` to `root` with another index.html, and return its version."""
    shutil.copytree(first, root)
    old_version, version = version_of(first), "second-release"
    old_page = (root / "index.html").read_bytes()
    page = old_page.replace(old_version.encode(), version.encode()) + MARK.encode()
    worker = (root / "sw.js").read_text(encoding="utf-8")
    for old, new in (
        (sha256(old_page).hexdigest(), sha256(page).hexdigest()),
        (old_version, version),
        (f'",{len(old_page)},"document"', f'",{len(page)},"document"'),
    ):
        if old not in worker:
            raise AssertionError(f"sw.js does not hold {old!r}")
        worker = worker.replace(old, new)
    headers = json.loads((root / "headers.json").read_bytes())
    for name, content in (("index.html", page), ("sw.js", worker.encode())):
        (root / name).write_bytes(content)
        headers["files"][name]["sha256"] = sha256(content).hexdigest()
        for twin in (".br", ".gz"):
            (root / f"{name}{twin}").unlink(missing_ok=True)
    (root / "headers.json").write_text(json.dumps(headers), encoding="utf-8")
    summary = json.loads((root / "build.json").read_bytes())
    (root / "build.json").write_text(json.dumps({**summary, "version": version}), encoding="utf-8")
    return version
