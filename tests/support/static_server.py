"""Serves a built app as headers.json says, over loopback: precompressed twins, ETags, paths of the app without a file.

What a test needs beyond that: the list of requests, answers replaced on the way (a damaged file, half a deployment), a
stop in the middle of a file, and the same port again after a restart.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Replace = Callable[[str, bytes], bytes | None]
"""Given path and content of a file: what to send instead; None cuts the connection in the middle of the file."""


@dataclass
class Served:
    """One answered request: the path, the status, and the bytes of the body."""

    path: str
    status: int
    sent: int = 0


@dataclass
class StaticServer:
    """A server for one folder; use it as a context manager.

    Attributes:
        root: folder of the build; may be changed while the server runs (a deployment).
        port: 0 takes a free one, which later starts keep.
        replace: looks at every file before it is sent.
        requests: everything answered, in order.
    """

    root: Path
    port: int = 0
    replace: Replace | None = None
    requests: list[Served] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where the app is, with a slash at the end."""
        return f"http://127.0.0.1:{self.port}/"

    def paths(self) -> list[str]:
        """The requested paths so far."""
        return [served.path for served in self.requests]

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        owner = self

        class Handler(_Handler):
            static = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, name="static-server", daemon=True).start()

    def stop(self) -> None:
        """Close the port; phones meet a refused connection."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    static: StaticServer

    def do_GET(self) -> None:
        """Answer with a file of the build, the page, or 404."""
        path = self.path.split("?")[0].split("#")[0]
        plan: dict[str, Any] = json.loads((self.static.root / "headers.json").read_bytes())
        name = path.lstrip("/")
        if name not in plan["files"] and "." not in name.rsplit("/", 1)[-1] and not name.startswith("api/"):
            page = f"{name}{plan['navigation']['suffix']}"
            name = page if page in plan["files"] else plan["navigation"]["page"]
        entry = plan["files"].get(name)
        if entry is None:
            self._answer(path, 404, {"Content-Type": "text/plain"}, b"not found")
            return
        headers = {
            **plan["classes"][entry["class"]],
            "Content-Type": entry["type"],
            "Vary": "Accept-Encoding",
        }
        content = (self.static.root / name).read_bytes()
        changed = self.static.replace(name, content) if self.static.replace else content
        if changed is None:
            self._cut(path, headers, content)
            return
        if changed != content:
            self._answer(path, 200, headers, changed)
            return
        headers["ETag"] = f'"{entry["sha256"]}"'
        if self.headers.get("If-None-Match") == headers["ETag"]:
            self._answer(path, 304, headers, b"")
            return
        twin = self.static.root / f"{name}.br"
        if "br" in self.headers.get("Accept-Encoding", "") and twin.exists():
            headers["Content-Encoding"] = "br"
            content = twin.read_bytes()
        self._answer(path, 200, headers, content)

    def _answer(self, path: str, status: int, headers: dict[str, str], content: bytes) -> None:
        self.static.requests.append(Served(path, status, len(content)))
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header, value)
        if status != 304:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _cut(self, path: str, headers: dict[str, str], content: bytes) -> None:
        half = content[: len(content) // 2]
        self.static.requests.append(Served(path, 0, len(half)))
        self.send_response(200)
        for header, value in headers.items():
            self.send_header(header, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(half)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the tests read `requests`."""
