"""The app's files: names, types, headers, compression, caching, deep links, and nothing else."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server_in_process import InProcess, Reply, in_process

pytestmark = pytest.mark.unit

FILES = {
    "index.html": b"<!doctype html><title>app</title>",
    "alarm.html": b"<!doctype html><title>alarm</title>",
    "sw.js": b"// worker",
    "main.0a1b2c3d4e.mjs": b"export {}",
    "engine/run.wasm": b"\0asm",
    "manifest.webmanifest": b"{}",
    "icon.png": b"png",
    "notes.unknown": b"?",
}


@pytest.fixture
def web(tmp_path: Path) -> Path:
    root = tmp_path / "web"
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (root / "index.html.br").write_bytes(b"brotli bytes")
    (root / "index.html.gz").write_bytes(gzip.compress(FILES["index.html"], mtime=0))
    return root


@pytest.fixture
def server(tmp_path: Path, web: Path) -> Iterator[InProcess]:
    (tmp_path / "data").mkdir()
    with in_process(tmp_path / "data", web=web) as server:
        yield server


def get(server: InProcess, path: str, **headers: str) -> Reply:
    return server.wire("GET", path, None, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/index.html", "index.html", "text/html; charset=utf-8"),
        ("/alarm", "alarm.html", "text/html; charset=utf-8"),
        ("/bli-med", "index.html", "text/html; charset=utf-8"),
        ("/oppsett", "index.html", "text/html; charset=utf-8"),
        ("/hendelser/ny", "index.html", "text/html; charset=utf-8"),
        ("/sw.js", "sw.js", "text/javascript; charset=utf-8"),
        ("/main.0a1b2c3d4e.mjs", "main.0a1b2c3d4e.mjs", "text/javascript; charset=utf-8"),
        ("/engine/run.wasm", "engine/run.wasm", "application/wasm"),
        ("/manifest.webmanifest", "manifest.webmanifest", "application/manifest+json; charset=utf-8"),
        ("/icon.png", "icon.png", "image/png"),
        ("/notes.unknown", "notes.unknown", "application/octet-stream"),
    ],
)
def test_names_and_types(server: InProcess, path: str, name: str, kind: str) -> None:
    answer = get(server, path)
    assert (answer.status_code, answer.content) == (200, FILES[name])
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["trygg-server"] == server.services.server
    policy = answer.headers.get("content-security-policy", "")
    if kind.startswith("text/"):
        assert "'unsafe-eval'" not in policy
        assert "script-src 'self'" in policy


def test_only_names_with_a_hash_are_kept_for_good(server: InProcess) -> None:
    assert "immutable" in get(server, "/main.0a1b2c3d4e.mjs").headers["cache-control"]
    for path in ("/", "/sw.js", "/alarm", "/icon.png"):
        assert get(server, path).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "encoding", "content"),
    [
        ("gzip, deflate, br", "br", b"brotli bytes"),
        ("BR;q=0.5", "br", b"brotli bytes"),
        ("gzip", "gzip", gzip.compress(FILES["index.html"], mtime=0)),
        ("br;q=0, gzip;q=1.0", "gzip", gzip.compress(FILES["index.html"], mtime=0)),
        ("br; q=0.0", "", FILES["index.html"]),
        ("identity", "", FILES["index.html"]),
        ("", "", FILES["index.html"]),
    ],
)
def test_compressed_twins(server: InProcess, accepted: str, encoding: str, content: bytes) -> None:
    answer = get(server, "/", accept_encoding=accepted)
    assert answer.content == content
    assert answer.headers.get("content-encoding", "") == encoding
    assert answer.headers["vary"].lower() == "accept-encoding"
    assert answer.headers["content-length"] == str(len(content))


def test_tag_is_of_the_content_and_spares_the_body(server: InProcess) -> None:
    plain, packed = get(server, "/"), get(server, "/", accept_encoding="br")
    assert hashlib.sha256(FILES["index.html"]).hexdigest()[:40] in plain.headers["etag"]
    assert plain.headers["etag"] != packed.headers["etag"]
    for known in (plain.headers["etag"], f'"x", W/{plain.headers["etag"]}', "*"):
        again = get(server, "/", if_none_match=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == plain.headers["etag"]
        assert again.headers["cache-control"] == "no-cache"
    assert get(server, "/", if_none_match=packed.headers["etag"]).status_code == 200
    head = server.wire("HEAD", "/")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", plain.headers["etag"])


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/engine/../../secret.txt",
        "//etc/passwd.txt",
        "/..\\secret.txt",
        "/link.txt",
        "/index.html.br",
        "/nothing.js",
        "/engine/",
    ],
)
def test_nothing_outside_the_list(server: InProcess, web: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (web / "link.txt").symlink_to(tmp_path / "secret.txt")
    answer = get(server, path)
    assert b"secret" not in answer.content
    assert b"brotli" not in answer.content
    assert (answer.status_code, answer.content) in ((404, answer.content), (200, FILES["index.html"]))


def test_builders_list_decides(tmp_path: Path, web: Path) -> None:
    listed = {
        "classes": {
            "document": {"Cache-Control": "no-cache", "Content-Security-Policy": "default-src 'self'"}
        },
        "files": {
            "index.html": {"class": "document", "type": "text/html; charset=utf-8", "sha256": "a" * 64}
        },
    }
    (web / "headers.json").write_text(json.dumps(listed))
    (tmp_path / "data").mkdir()
    with in_process(tmp_path / "data", web=web) as server:
        answer = get(server, "/")
        assert answer.headers["content-security-policy"] == "default-src 'self'"
        assert answer.headers["etag"] == f'"{"a" * 43}"'
        assert get(server, "/sw.js").status_code == 404
        assert get(server, "/headers.json").status_code == 404


def test_new_build_is_noticed(server: InProcess, web: Path) -> None:
    from sync_server.app.site import Site

    now = [0.0]
    site = Site(web, lambda: now[0])
    before = site.find("/")
    assert before is not None
    fresh = web.parent / "fresh"
    fresh.mkdir()
    (fresh / "index.html").write_text("new")
    web.rename(web.parent / "old")
    fresh.rename(web)
    os.utime(web / "index.html", ns=(1, 1))
    assert site.find("/") is before
    now[0] += 2
    after = site.find("/")
    assert after is not None
    assert after.tag == hashlib.sha256(b"new").hexdigest()[:43]
    assert site.find("/sw.js") is None
    (web / "index.html").unlink()
    now[0] += 2
    assert site.find("/") is None


def test_app_that_was_never_built(tmp_path: Path) -> None:
    with in_process(tmp_path) as server:
        assert get(server, "/").json()["error"]["code"] == "not_found"
