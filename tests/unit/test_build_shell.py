"""Runs the JavaScript tests of the page shell in Node."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from assets.build.tools import node

pytestmark = pytest.mark.unit


def test_shell_modules() -> None:
    suite = Path(__file__).parent / "js" / "shell.test.mjs"
    done = subprocess.run(
        [str(node()), "--test", str(suite)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout or "ℹ fail 0" in done.stdout
