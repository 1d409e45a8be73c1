"""The client core runs under the Pyodide that is shipped, and asks there for nothing a browser hasn't got."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import tinydb

from assets.build.plan import PROJECT_ROOT
from assets.build.tools import flet_web, node

pytestmark = pytest.mark.contract


def test_the_core_runs_in_the_browsers_python(tmp_path: Path) -> None:
    # Only what the core may use lies where Python looks: an import of anything else fails.
    packages = tmp_path / "packages"
    packages.mkdir()
    shutil.copytree(Path(tinydb.__file__).parent, packages / "tinydb")
    script = Path(__file__).with_name("services_pyodide.mjs")
    done = subprocess.run(
        [str(node()), str(script), str(flet_web() / "pyodide"), str(PROJECT_ROOT), str(packages)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, "\n".join(line[:300] for line in done.stderr.splitlines()[-25:])
    assert json.loads(done.stdout.splitlines()[-1]) == ["new", ["Fjellveien 8, Ålesund"], "do_not_go", 1, []]
