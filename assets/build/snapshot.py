"""The memory image of the started Python: the largest single part of a quick start.

It holds the standard library and the third-party packages, not the app: a new release of the app then leaves the image,
the largest file but one, as it is. Pyodide's interface for this is private; the worker starts without the image when it
does not load, and the tests start the app both ways.
"""

import ast
import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from assets.build.bundles import APP_LEFT_OUT, APP_PACKAGES, chosen, packages, standard_library
from assets.build.digest import Cache, digest_of
from assets.build.plan import Plan
from assets.build.tools import flet_web, flet_web_digest, node, node_version, run

NAME = "py/memory.bin"
# What Flet imports on the way to the first screen without the app naming it.
ALWAYS = (
    "asyncio",
    "encodings.cp437",
    "encodings.idna",
    "flet",
    "flet.app",
    "flet.components.component",
    "flet.messaging.connection",
    "flet.messaging.protocol",
    "flet.messaging.session",
    "flet.pubsub.pubsub_hub",
    "importlib.resources",
    "json",
    "logging",
    "msgpack",
    "repath",
    "tinydb",
    "zipfile",
)
_MAKER = Path(__file__).with_name("snapshot.mjs")


def names_used(root: Path) -> dict[str, list[str]]:
    """Return what the app's sources import from outside, and which names they take from Flet.

    Args:
        root: the project's root.
    """
    modules: set[str] = set(ALWAYS)
    flet: set[str] = set()
    for name in chosen(root, APP_LEFT_OUT, APP_PACKAGES):
        if name.endswith(".py"):
            tree = ast.parse((root / name).read_bytes())
            modules.update(_imports(tree))
            flet.update(_flet_names(tree))
    return {"modules": sorted(modules), "flet": sorted(flet)}


def memory_image(plan: Plan, cache: Cache) -> Path:
    """Return the memory image for the app in ``plan.root``.

    Raises:
        BuildError: Python could not be started or saved.
    """
    stdlib, third_party = standard_library(cache), packages(plan, cache)
    names = json.dumps(names_used(plan.root))

    def make(place: Path) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            listing = Path(scratch, "names.json")
            listing.write_text(names, encoding="utf-8")
            command = [str(node()), str(_MAKER), str(flet_web() / "pyodide"), str(stdlib), str(third_party)]
            run([*command, str(listing), str(place)], what="making the memory image")

    inputs = [("stdlib", stdlib), ("packages", third_party), ("maker", _MAKER)]
    return cache.file("snapshot", digest_of(inputs, names, flet_web_digest(), node_version()), make)


def _imports(tree: ast.Module) -> Iterable[str]:
    for node_ in tree.body:
        if isinstance(node_, ast.Import):
            found = [alias.name for alias in node_.names]
        elif isinstance(node_, ast.ImportFrom) and node_.module and node_.level == 0:
            found = [node_.module]
        else:
            continue
        for name in found:
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or top in ("flet", "tinydb", "segno"):
                yield name


def _flet_names(tree: ast.Module) -> Iterable[str]:
    aliases = {
        alias.asname or alias.name
        for node_ in ast.walk(tree)
        if isinstance(node_, ast.Import)
        for alias in node_.names
        if alias.name == "flet"
    }
    for node_ in ast.walk(tree):
        if (
            isinstance(node_, ast.Attribute)
            and isinstance(node_.value, ast.Name)
            and node_.value.id in aliases
        ):
            yield node_.attr
        elif isinstance(node_, ast.ImportFrom) and node_.module == "flet":
            yield from (alias.name for alias in node_.names)
