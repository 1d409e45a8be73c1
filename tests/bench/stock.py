"""The stock build of the same app: Flet's web client as it is installed, set up by Flet's own tools for use without a CDN.

What `flet publish --no-cdn` makes, without its downloads: page patched by flet_web, app and vendored packages as sources in app.tar.gz.
"""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

import flet_web  # type: ignore[import-untyped]

from assets.build.bundles import APP_LEFT_OUT, APP_PACKAGES, chosen
from assets.build.digest import Cache, file_sha256, tree
from assets.build.headers import content_type
from assets.build.plan import PROJECT_ROOT, Plan
from assets.build.tools import flet_web as client_folder
from assets.build.vendor import vendored_packages

ENTRY = Path(__file__).with_name("stock_entry.py")
ARCHIVE = "app.tar.gz"
PACKAGES = "__pypackages__"
DAY = 86_400


def stock_build(folder: Path) -> Path:
    """Make the stock build in `folder`, which must not exist yet, and return it."""
    shutil.copytree(client_folder(), folder)
    # Without a version the page keeps its own address of the local Pyodide; the one that goes with a version is no address a worker
    # can import from.
    flet_web.patch_index_html(
        index_path=str(folder / "index.html"),
        base_href="/",
        app_name="Trygg ute",
        pyodide=True,
        pyodide_script_path="main.py",
        app_package_url=ARCHIVE,
        no_cdn=True,
    )
    flet_web.patch_font_manifest_json(str(folder / "assets" / "FontManifest.json"))
    _archive(folder / ARCHIVE)
    (folder / "headers.json").write_text(json.dumps(_headers(folder)), encoding="utf-8")
    return folder


def _archive(place: Path) -> None:
    plan = Plan(PROJECT_ROOT, PROJECT_ROOT / "build" / "pwa", PROJECT_ROOT / "build" / "cache")
    packages = vendored_packages(plan, Cache(plan.cache))
    with tarfile.open(place, "w:gz", format=tarfile.GNU_FORMAT) as archive:
        archive.add(ENTRY, "main.py")
        for name in chosen(plan.root, APP_LEFT_OUT, APP_PACKAGES):
            archive.add(plan.root / name, name)
        for path in tree(packages):
            archive.add(path, f"{PACKAGES}/{path.relative_to(packages).as_posix()}")


def _headers(folder: Path) -> dict[str, object]:
    """A host at its best: everything but the page comes from the browser's cache without being asked for again."""
    return {
        "classes": {
            "page": {"Cache-Control": "no-cache"},
            "file": {"Cache-Control": f"max-age={DAY}, immutable"},
        },
        "files": {
            name: {
                "class": "page" if name.endswith(".html") else "file",
                "type": content_type(name),
                "sha256": file_sha256(folder / name),
            }
            for name in (path.relative_to(folder).as_posix() for path in tree(folder))
        },
        "navigation": {"page": "index.html", "suffix": ".html"},
    }
