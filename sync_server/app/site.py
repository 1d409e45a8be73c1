"""The app's files as they were built: found by name in a list, so that nothing beside them can be asked for."""

import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from protocol.errors import ErrorCode, ProtocolError
from sync_server.app.answers import error_answer

HEADERS_FILE = "headers.json"
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_LOOK_SECONDS = 1.0
_HASHED = re.compile(r"[.-][0-9a-f]{8,64}\.[a-z0-9]+$")
_IMMUTABLE = "public, max-age=31536000, immutable"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
}

# Without the builder's own list: the strictest the app can run with.
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_EVERY_FILE = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_ACTIVE = (".html", ".js", ".mjs", ".svg")


@dataclass(frozen=True)
class SiteFile:
    """One file: where it lies, its headers, its entity tag, and which compressed twins it has (encoding → path)."""

    path: Path
    type: str
    headers: dict[str, str]
    tag: str
    twins: dict[str, Path] = field(default_factory=dict)


class Site:
    """Serves the files under `root`; looks again when the app was built anew. `clock`: seconds."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root.absolute()
        self._clock = clock
        self._looked = float("-inf")
        self._state: tuple[int, ...] | None = None
        self._files: dict[str, SiteFile] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: a file, a page for a deep link, or an error."""
        scope["trygg.route"] = "app"
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> ASGIApp:
        if scope["method"] not in ("GET", "HEAD"):
            answer = error_answer(ProtocolError(ErrorCode.METHOD_NOT_ALLOWED))
            answer.headers["allow"] = "GET, HEAD"
            return answer
        file = self.find(scope["path"])
        if file is None:
            return error_answer(ProtocolError(ErrorCode.NOT_FOUND))
        asked = dict(scope["headers"])
        encoding, path = _choose(file, asked.get(b"accept-encoding", b"").decode("latin-1"))
        tag = f'"{file.tag}{"-" + encoding if encoding else ""}"'
        headers = {**file.headers, "ETag": tag, "Vary": "Accept-Encoding"}
        if encoding:
            headers["Content-Encoding"] = encoding
        if _matches(asked.get(b"if-none-match", b"").decode("latin-1"), tag):
            return Response(status_code=304, headers={**file.headers, "ETag": tag, "Vary": "Accept-Encoding"})
        return FileResponse(path, headers=headers, media_type=file.type)

    def find(self, path: str) -> SiteFile | None:
        """The file a URL path means: by its name, as a page (`/alarm`), or the app itself for any other deep link."""
        self._look()
        name = path.removeprefix("/")
        known = self._files.get(name or "index.html") or self._files.get(f"{name}.html")
        if known is not None or "." in name.rsplit("/", 1)[-1]:
            return known
        return self._files.get("index.html")

    def _look(self) -> None:
        now = self._clock()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        state = _state(self._root)
        if state != self._state:
            self._state = state
            self._files = {} if state is None else _scan(self._root)


def _state(root: Path) -> tuple[int, ...] | None:
    try:
        page = (root / "index.html").stat()
    except OSError:
        return None
    try:
        lists = (root / HEADERS_FILE).stat()
    except OSError:
        return (page.st_ino, page.st_mtime_ns)
    return (page.st_ino, page.st_mtime_ns, lists.st_ino, lists.st_mtime_ns)


def _scan(root: Path) -> dict[str, SiteFile]:
    listed = _read_list(root / HEADERS_FILE)
    known: dict[str, Any] = listed.get("files", {})
    classes: dict[str, dict[str, str]] = listed.get("classes", {})
    real = root.resolve()
    names = {
        path.relative_to(root).as_posix(): path
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.resolve().is_relative_to(real)
    }
    files = {}
    for name, path in names.items():
        twin_of = next((name.removesuffix(end) for _, end in ENCODINGS if name.endswith(end)), None)
        # With a list, only what stands in it is served: nothing that was left in the folder by accident.
        if twin_of in names or name == HEADERS_FILE or (known and name not in known):
            continue
        entry = known.get(name, {})
        headers = dict(classes.get(entry.get("class", ""), _default_headers(path.suffix)))
        if _HASHED.search(name):
            headers["Cache-Control"] = _IMMUTABLE
        tag = entry.get("sha256") or hashlib.sha256(path.read_bytes()).hexdigest()
        twins = {encoding: names[name + end] for encoding, end in ENCODINGS if name + end in names}
        kind = entry.get("type") or _TYPES.get(path.suffix, "application/octet-stream")
        files[name] = SiteFile(path, kind, headers, tag[:43], twins)
    return files


def _read_list(path: Path) -> dict[str, Any]:
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return listed if isinstance(listed, dict) else {}


def _default_headers(suffix: str) -> dict[str, str]:
    return {**_EVERY_FILE, "Content-Security-Policy": _POLICY} if suffix in _ACTIVE else dict(_EVERY_FILE)


def _choose(file: SiteFile, accepted: str) -> tuple[str, Path]:
    for encoding, _ in ENCODINGS:
        if encoding in file.twins and _accepts(accepted, encoding):
            return encoding, file.twins[encoding]
    return "", file.path


def _accepts(header: str, encoding: str) -> bool:
    for part in header.lower().split(","):
        name, _, quality = part.partition(";")
        if name.strip() == encoding:
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _matches(header: str, tag: str) -> bool:
    return any(part.strip().removeprefix("W/") in (tag, "*") for part in header.split(","))
