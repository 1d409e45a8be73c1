"""The browser's adapters under the Pyodide that is shipped: what the other suites can't see is how Python and JavaScript meet."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from assets.build.plan import PROJECT_ROOT
from assets.build.tools import flet_web, node

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def meeting() -> dict[str, Any]:
    """What Python and JavaScript saw of each other."""
    script = Path(__file__).with_name("pyodide_bridge.mjs")
    done = subprocess.run(
        [str(node()), str(script), str(flet_web() / "pyodide"), str(PROJECT_ROOT)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        env={**os.environ, "TZ": "Europe/Oslo"},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_answers_become_values_of_the_ports(meeting: dict[str, Any]) -> None:
    seen = meeting["seen"]
    assert seen["keys"] == [{"x": "1"}, {"x": "2"}, {"x": "3"}]
    assert seen["verify"] is True
    assert (seen["left"], seen["setup"], seen["alarms"]) == (2, None, [])
    assert seen["reply"] == [200, {"a": "b"}, "æ"]
    assert (seen["origin"], seen["persist"]) == ("https://trygg.example", True)


def test_errors_of_javascript_become_port_errors(meeting: dict[str, Any]) -> None:
    seen = meeting["seen"]
    assert seen["one_time"] == ["quota_full", "no room", 0]
    assert seen["unlock"] == ["wrong_passphrase", "", 4.0]
    assert seen["load"] == ["storage_failed", "Cannot read properties of undefined", 0]


def test_events_of_the_surface_reach_those_who_listen(meeting: dict[str, Any]) -> None:
    assert meeting["seen"]["nudges"] == 1
    assert meeting["seen"]["online"] == [{"online": True}]


def test_the_clock_is_the_devices(meeting: dict[str, Any]) -> None:
    assert meeting["seen"]["offsets"] == [60, 120]
    assert abs(meeting["seen"]["now"] - time.time() * 1000) < 120_000


def test_javascript_gets_plain_text(meeting: dict[str, Any]) -> None:
    assert meeting["asked"] == [
        ["verify", "jws", '{"x":"å"}'],
        ["send", "GET", "/a", None, 2500],
        ["listen", "unit"],
        ["post", "copy", '{"text":"hei"}'],
        ["post", "print", '{"text":"en\\nto","title":"Koder"}'],
        ["mark", "app-painted"],
        ["apply", '[[1,"{}"],[2,null]]', "[]", '["a"]'],
    ]
