"""The Python the browser runs, as zips of compiled code: standard library, vendored packages, the app itself."""

import json
import tempfile
from fnmatch import fnmatch
from pathlib import Path

from assets.build.digest import Cache, digest_of, tree
from assets.build.errors import BuildError
from assets.build.plan import Plan
from assets.build.tools import flet_web, flet_web_digest, node, run
from assets.build.vendor import (
    LEFT_OUT,
    STDLIB_LEFT_OUT,
    is_left_out_encoding,
    stock_library,
    vendored_packages,
)

APP_PACKAGES = ("mobile_app", "protocol")
# CPython-only rooms: they import modules that do not exist in the browser.
APP_LEFT_OUT = (
    "mobile_app/adapters/native/*",
    "mobile_app/simulated_device/*",
    "mobile_app/simulated_device.py",
    "protocol/jose.py",
    "protocol/vectors/*",
    "*/tests/*",
    "*.md",
)
ENTRY = Path("mobile_app", "main.py")
_COMPILER = Path(__file__).with_name("compile.mjs")


def chosen(folder: Path, left_out: tuple[str, ...], within: tuple[str, ...] = ()) -> list[str]:
    """Return the paths under `folder` that go into a bundle, sorted.

    Args:
        folder: the folder to read.
        left_out: shell patterns on the path inside the folder; ``*`` also matches a slash.
        within: top folders to keep to; empty means all.
    """
    names = []
    for top in [folder / name for name in within] if within else [folder]:
        names += [path.relative_to(folder).as_posix() for path in tree(top)]
    return [name for name in names if not any(fnmatch(name, pattern) for pattern in left_out)]


def compile_bundle(cache: Cache, folder: Path, names: list[str]) -> Path:
    """Return a stored zip of the named files of `folder`, Python compiled with Pyodide's own interpreter."""

    def make(place: Path) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            listing = Path(scratch, "names.json")
            listing.write_text(json.dumps(names), encoding="utf-8")
            command = [
                str(node()),
                str(_COMPILER),
                str(flet_web() / "pyodide"),
                str(folder),
                str(listing),
                str(place),
            ]
            run(command, what="compiling Python for the browser")

    facts = (flet_web_digest(), _COMPILER.read_text(encoding="utf-8"))
    return cache.file("bundle", digest_of([(name, folder / name) for name in names], facts), make)


def standard_library(cache: Cache) -> Path:
    """Return the compiled standard library."""
    folder = stock_library(cache)
    names = [name for name in chosen(folder, STDLIB_LEFT_OUT) if not is_left_out_encoding(name)]
    return compile_bundle(cache, folder, names)


def packages(plan: Plan, cache: Cache) -> Path:
    """Return the compiled third-party packages."""
    folder = vendored_packages(plan, cache)
    return compile_bundle(cache, folder, chosen(folder, LEFT_OUT))


def app(plan: Plan, cache: Cache) -> Path:
    """Return the compiled app.

    Raises:
        BuildError: the app has no entry, or code for the browser that does not compile.
    """
    if not (plan.root / ENTRY).exists():
        raise BuildError(f"{ENTRY} is missing: the page starts mobile_app.main:start()")
    return compile_bundle(cache, plan.root, chosen(plan.root, APP_LEFT_OUT, APP_PACKAGES))
