"""The build's own rules, without building: what goes in, what is listed, which headers it gets."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from assets.build import bundles, client, fonts, headers, page, release, snapshot
from assets.build.digest import Cache, digest_of, tree
from assets.build.errors import BuildError
from assets.build.plan import PROJECT_ROOT, Plan
from assets.build.precompress import Size, precompress
from assets.build.tools import flet_web

pytestmark = pytest.mark.unit


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A plan for the real sources."""
    return Plan(root=PROJECT_ROOT, out=tmp_path / "out", cache=tmp_path / "cache")


def write(root: Path, files: dict[str, str]) -> None:
    """Write files under `root`."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def test_app_bundle_leaves_out_what_only_cpython_runs(tmp_path: Path) -> None:
    taken = (
        "mobile_app/main.py",
        "mobile_app/adapters/browser/vault.py",
        "mobile_app/content/nb/routines.json",
    )
    left = (
        "mobile_app/adapters/native/files.py",
        "mobile_app/simulated_device/demo.py",
        "mobile_app/domain/tests/test_x.py",
        "mobile_app/__pycache__/main.cpython-311.pyc",
        "protocol/jose.py",
        "sync_server/app.py",
    )
    write(tmp_path, dict.fromkeys((*taken, *left, "protocol/ids.py"), ""))
    names = bundles.chosen(tmp_path, bundles.APP_LEFT_OUT, bundles.APP_PACKAGES)
    assert names == sorted((*taken, "protocol/ids.py"))


def test_build_without_an_entry_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"mobile_app/main\.py is missing"):
        bundles.app(
            Plan(root=tmp_path, out=tmp_path / "out", cache=tmp_path / "cache"), Cache(tmp_path / "cache")
        )


def test_every_renderer_has_all_its_files_and_shares_the_common_ones() -> None:
    hashes = {name: "0" * 64 for names in client.RENDERERS.values() for name in names}
    hashes |= dict.fromkeys(("index.html", "py/app.zip", *release.NOT_PRECACHED), "0" * 64)
    listed = {row[0]: row[5] for row in release.precache_list(hashes, dict.fromkeys(hashes, 1))["files"]}
    for renderer, names in client.RENDERERS.items():
        assert all(renderer in listed[name] for name in names)
    assert listed["index.html"] == listed["py/app.zip"] == [release.COMMON]
    assert listed["main.dart.js"] == ["chromium", "canvaskit"]
    assert not set(release.NOT_PRECACHED) & set(listed)


def test_version_follows_every_file() -> None:
    hashes = {"a": "1", "b": "2"}
    versions = {
        release.version_of(hashes),
        release.version_of({"a": "1", "b": "3"}),
        release.version_of({"a": "1"}),
    }
    assert len(versions) == 3
    assert release.version_of(dict(reversed(hashes.items()))) == release.version_of(hashes)


def test_totals_count_each_renderer_with_the_common_files() -> None:
    sizes = {"index.html": Size(10, 5, 4), "main.dart.wasm": Size(100, 50, 40), "sw.js": Size(7, 7, 7)}
    totals = release.build_json("v", dict.fromkeys(sizes, ""), sizes, 5)["precache"]
    assert totals["skwasm"] == {"raw": 110, "gz": 55, "br": 44}
    assert totals["canvaskit"] == {"raw": 10, "gz": 5, "br": 4}


def test_policy_allows_no_inline_script_and_no_eval() -> None:
    sources = headers.POLICY["script-src"].split()
    assert sources == ["'self'", "'wasm-unsafe-eval'"]
    for name, value in headers.POLICY.items():
        assert not re.search(r"\*|https?:", value), name
    assert headers.POLICY["default-src"] == "'none'"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("index.html", "document"),
        ("alarm.html", "document"),
        ("icons/icon-monochrome.svg", "document"),
        ("python-worker.js", "worker"),
        ("sw.js", "service-worker"),
        ("shell.js", "file"),
        ("main.dart.wasm", "file"),
    ],
)
def test_whatever_runs_carries_the_policy(name: str, expected: str) -> None:
    assert headers.class_of(name) == expected
    assert ("Content-Security-Policy" in headers.classes()[expected]) == (expected != "file")


def test_every_shipped_kind_of_file_has_a_content_type() -> None:
    assert headers.content_type("main.dart.wasm") == "application/wasm"
    assert headers.content_type("pyodide/pyodide.mjs").startswith("text/javascript")
    assert headers.content_type("manifest.webmanifest").startswith("application/manifest+json")
    assert (
        headers.content_type("py/memory.bin")
        == headers.content_type("unknown.xyz")
        == "application/octet-stream"
    )


def test_manifest_names_icons_that_exist_and_its_shortcuts(plan: Plan) -> None:
    manifest = json.loads(page.manifest(plan))
    assert (manifest["lang"], manifest["name"], manifest["id"], manifest["display"]) == (
        "nb",
        "Trygg ute",
        "/",
        "standalone",
    )
    assert {shortcut["url"] for shortcut in manifest["shortcuts"]} == {"/alarm", "/ny-hendelse"}
    purposes = set()
    for icon in manifest["icons"]:
        assert (PROJECT_ROOT / "assets" / icon["src"].lstrip("/")).exists()
        purposes.add(icon.get("purpose", "any"))
    assert purposes == {"any", "maskable", "monochrome"}


def test_colours_are_those_of_the_page(plan: Plan) -> None:
    text = page.index(plan, "v").decode()
    for colour in (page.LIGHT, page.DARK):
        assert re.search(rf'name="theme-color"[^>]+content="{colour}"', text)


def test_page_is_norwegian_zoomable_and_loads_the_alarm_first(plan: Plan) -> None:
    text = page.index(plan, "abc123").decode()
    assert '<html lang="nb" data-version="abc123">' in text
    assert "user-scalable" not in text
    assert re.findall(r'<script src="([^"]+)"', text) == ["alarm-layer.js", "shell.js"]
    assert "{{" not in text


@pytest.mark.parametrize(
    "bad", ["<script>alert(1)</script>", "<script type='module'>x</script>", '<a onclick="x()">']
)
def test_pages_with_inline_script_are_refused(bad: str) -> None:
    with pytest.raises(BuildError, match="inline script"):
        page.check_no_inline_script("page.html", f'<p>Hei</p><script src="a.js"></script>{bad}')


def test_client_names_no_foreign_host_where_it_loads_code() -> None:
    # A user agent's names for things stay (w3.org, documentation in error texts); what is left of loading is checked.
    files = dict(client.client_files())
    for name in ("main.dart.js", "main.dart.wasm"):
        assert b"cdn.jsdelivr.net" not in files[name], name
        assert b"rive-none/" in files[name]
    assert len(files["main.dart.wasm"]) == (flet_web() / "main.dart.wasm").stat().st_size
    assert b"serviceWorker" not in files["flutter.js"].split(b"_flutter.buildConfig")[1]
    manifest = json.loads(files["assets/FontManifest.json"])
    assert [entry["family"] for entry in manifest] == ["MaterialIcons", "Trygg Next", "Trygg Tall", "Roboto"]


def test_fonts_have_three_weights_and_even_figures(plan: Plan) -> None:
    from fontTools.ttLib import TTFont

    cut = dict(fonts.cut_fonts(plan, Cache(plan.cache)))
    assert set(cut) == {
        fonts.font_file(family, weight)
        for family in ("Trygg Next", "Trygg Tall")
        for weight in (400, 600, 700)
    }
    for name, path in cut.items():
        font = TTFont(path)
        assert font["name"].getDebugName(1) == name.split("-")[0].replace("Trygg", "Trygg ")
        assert str(font["OS/2"].usWeightClass) in name
        assert "fvar" not in font
        characters = font.getBestCmap()
        assert {ord(letter) for letter in "æøåÆØÅ0123456789 "} <= set(characters)
        widths = {font["hmtx"][characters[ord(digit)]][0] for digit in "0123456789"}
        assert (len(widths) == 1) == ("Tall" in name)


def test_snapshot_imports_what_the_app_names(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "mobile_app/main.py": "import flet as ft\nimport statistics\nimport js\nft.Text(ft.Colors.RED)\n",
            "mobile_app/views/home.py": "from flet import Column\nfrom datetime import date\n",
            "mobile_app/adapters/native/files.py": "import sqlite3\n",
            "protocol/ids.py": "import uuid\n",
        },
    )
    names = snapshot.names_used(tmp_path)
    assert {"statistics", "datetime", "uuid", *snapshot.ALWAYS} <= set(names["modules"])
    assert not {"js", "sqlite3"} & set(names["modules"])
    assert names["flet"] == ["Colors", "Column", "Text"]


def test_cache_makes_a_result_once_and_keeps_no_half_result(tmp_path: Path) -> None:
    cache, made = Cache(tmp_path), []

    def make(place: Path) -> None:
        made.append(place)
        place.write_text("done", encoding="utf-8")

    def fail(place: Path) -> None:
        place.write_text("half", encoding="utf-8")
        raise BuildError("broken")

    with pytest.raises(BuildError):
        cache.file("kind", "a" * 64, fail)
    assert cache.file("kind", "a" * 64, make).read_text(encoding="utf-8") == "done"
    assert cache.file("kind", "a" * 64, make).read_text(encoding="utf-8") == "done"
    assert len(made) == 1


def test_digest_follows_names_contents_and_facts(tmp_path: Path) -> None:
    write(tmp_path, {"a": "1", "b": "2"})
    a, b = tmp_path / "a", tmp_path / "b"
    digests = [digest_of([("a", a)]), digest_of([("b", a)]), digest_of([("a", b)]), digest_of([("a", a)], 5)]
    assert len(set(digests)) == 4
    assert [path.name for path in tree(tmp_path)] == ["a", "b"]


def test_twins_are_written_where_they_save_something(tmp_path: Path) -> None:
    import brotli

    out = tmp_path / "out"
    write(out, {"large.js": "x" * 5000, "small.js": "x", "image.png": "x" * 5000})
    sizes = precompress(out, ["large.js", "small.js", "image.png"], Cache(tmp_path / "cache"), 5)
    assert sorted(path.name for path in out.iterdir()) == [
        "image.png",
        "large.js",
        "large.js.br",
        "large.js.gz",
        "small.js",
    ]
    assert brotli.decompress((out / "large.js.br").read_bytes()) == b"x" * 5000
    assert sizes["large.js"].br < sizes["large.js"].raw == 5000
    assert sizes["image.png"] == Size(5000, 5000, 5000)
