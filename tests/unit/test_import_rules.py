"""The import rules in pyproject.toml hold in a house built as they say, and each forbidden import breaks them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
MODULES = (
    "assets",
    "mobile_app.main",
    "mobile_app.views.home",
    "mobile_app.simulated_device.device",
    "mobile_app.services.sync",
    "mobile_app.adapters.browser.net",
    "mobile_app.adapters.native.net",
    "mobile_app.ports",
    "mobile_app.domain.visits",
    "protocol.ids",
    "protocol.jose",
    "sync_server.cli",
    "sync_server.serving",
    "sync_server.connection",
    "sync_server.setup_links",
    "sync_server.tokens",
    "sync_server.app.routes",
    "sync_server.devices.units",
    "sync_server.feed.accept",
    "sync_server.escalation.alarms",
    "sync_server.store.sqlite",
    "sync_server.notify.live",
)

ALLOWED = (
    ("mobile_app.main", "mobile_app.views.home"),
    ("mobile_app.main", "mobile_app.adapters.browser.net"),
    ("mobile_app.views.home", "mobile_app.services.sync"),
    ("mobile_app.simulated_device.device", "mobile_app.services.sync"),
    ("mobile_app.simulated_device.device", "mobile_app.adapters.native.net"),
    ("mobile_app.adapters.native.net", "protocol.jose"),
    ("mobile_app.services.sync", "protocol.ids"),
    ("protocol.jose", "joserfc"),
    ("protocol.jose", "protocol.ids"),
    ("sync_server.app.routes", "sync_server.feed.accept"),
    ("sync_server.feed.accept", "sync_server.store.sqlite"),
    ("sync_server.devices.units", "protocol.jose"),
    ("sync_server.serving", "sync_server.app.routes"),
    ("sync_server.serving", "sync_server.setup_links"),
    ("sync_server.feed.accept", "sync_server.tokens"),
)

FORBIDDEN = (
    ("mobile_app.domain.visits", "mobile_app.ports"),
    ("mobile_app.domain.visits", "protocol.ids"),
    ("mobile_app.domain.visits", "flet"),
    ("protocol.ids", "joserfc"),
    ("protocol.ids", "protocol.jose"),
    ("mobile_app.ports", "mobile_app.services.sync"),
    ("mobile_app.services.sync", "mobile_app.adapters.browser.net"),
    ("mobile_app.services.sync", "protocol.jose"),
    ("mobile_app.adapters.browser.net", "mobile_app.adapters.native.net"),
    ("mobile_app.views.home", "mobile_app.simulated_device.device"),
    ("mobile_app.views.home", "mobile_app.adapters.native.net"),
    ("mobile_app.services.sync", "sync_server.store.sqlite"),
    ("sync_server.feed.accept", "mobile_app.domain.visits"),
    ("sync_server.store.sqlite", "sync_server.feed.accept"),
    ("sync_server.feed.accept", "sync_server.devices.units"),
    ("sync_server.notify.live", "sync_server.store.sqlite"),
    ("sync_server.devices.units", "sync_server.app.routes"),
    ("sync_server.app.routes", "sync_server.serving"),
    ("sync_server.tokens", "sync_server.store.sqlite"),
)


def lint(house: Path, *imports: tuple[str, str]) -> subprocess.CompletedProcess[str]:
    """Build a house of empty modules with these imports (from, to), and hold it to the project's rules."""
    for module in MODULES:
        path = house / (module.replace(".", "/") + (".py" if "." in module else "/__init__.py"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"import {target}\n" for source, target in imports if source == module))
        for parent in path.relative_to(house).parents:
            if parent.parts:
                (house / parent / "__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", house)
    program = [
        sys.executable,
        "-c",
        "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as c; c()",
    ]
    return subprocess.run(
        [*program, "--no-cache"], cwd=house, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_house_that_keeps_the_rules(tmp_path: Path) -> None:
    done = lint(tmp_path, *ALLOWED)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("wrong", FORBIDDEN, ids=lambda pair: f"{pair[0]}->{pair[1]}")
def test_a_house_that_breaks_one(tmp_path: Path, wrong: tuple[str, str]) -> None:
    done = lint(tmp_path, wrong)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(rf"{re.escape(wrong[0])} -> {re.escape(wrong[1])}", done.stdout), done.stdout
