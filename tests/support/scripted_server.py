"""A loopback server that answers as the test says, and as the sync server would where it says nothing.

It takes what it gets seriously: signatures of requests and the shape of envelopes are checked with the protocol's own
code, so a page that gets through here speaks the wire format.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from protocol.encoding import digest
from protocol.envelope import parse_envelope
from protocol.errors import ProtocolError
from protocol.ids import new_id
from protocol.jose import verify
from protocol.jws import Jwk
from protocol.requests import SignedRequest, check_request, read_request
from protocol.statements import read_statement

TYPES = {"html": "text/html", "js": "text/javascript", "woff2": "font/woff2", "json": "application/json"}


@dataclass(frozen=True)
class Request:
    """What arrived. `claims` are those of a signed request whose signature verified."""

    method: str
    path: str
    body: bytes
    claims: SignedRequest | None

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    @property
    def ids(self) -> list[str]:
        """Ids of the events it carries."""
        return [event["id"] for event in self.json["events"]]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. `server`: value of Trygg-Server; None leaves it out, "" means the server's own id."""

    status: int = 200
    body: Any = None
    server: str | None = ""
    headers: dict[str, str] = field(default_factory=dict)


def refusal(status: int, code: str, **headers: str) -> Answer:
    """An answer in the one error shape."""
    return Answer(status, {"error": {"code": code, "message": code, "detail": ""}}, headers=headers)


DROP = object()
"""Returned by a script: do what was asked, and break the line before the answer."""

Script = Callable[[Request], "Answer | object | None"]
"""Returns an answer, DROP, or None for the ordinary one."""


class ScriptedServer:
    """Use as a context manager. Files are served by path; everything under /api/ goes through `script`."""

    def __init__(self) -> None:
        self.server = new_id()
        self.unit = new_id()
        self.files: dict[str, bytes] = {}
        self.field_key: Jwk | None = None
        self.script: Script = lambda request: None
        self.requests: list[Request] = []
        self.accepted: dict[str, str] = {}
        """Event id → envelope, in order of first acceptance."""
        self.statuses: dict[str, dict[str, Any]] = {}
        """Case → members of AlarmStatus that differ from a fresh alarm."""
        self.problems: list[str] = []
        self.hold: Callable[[Request], bool] | None = None
        """Requests that get no answer until `release`."""
        self.held = 0
        self._released = threading.Event()
        self._received: dict[str, int] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._handle(self)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def release(self) -> None:
        """Answer what was held back, and hold nothing any more."""
        self.hold = None
        self._released.set()

    def posts(self, end: str = "/events") -> list[Request]:
        """Requests that wrote, by the end of their path."""
        with self._lock:
            return [r for r in self.requests if r.method == "POST" and r.path.endswith(end)]

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        path = handler.path.partition("?")[0]
        if not path.startswith("/api/"):
            content = self.files.get(path)
            self._write(
                handler,
                200 if content is not None else 404,
                content or b"",
                TYPES.get(path.rsplit(".", 1)[-1], ""),
            )
            return
        request = Request(handler.command, handler.path, body, self._claims(handler, body))
        if self.hold is not None and request.method == "POST" and self.hold(request):
            self.held += 1
            self._released.wait(60)
        with self._lock:
            self.requests.append(request)
            scripted = self.script(request)
            answer = scripted if isinstance(scripted, Answer) else self._ordinary(request)
        if scripted is DROP:
            handler.close_connection = True
            return
        headers = {} if answer.server is None else {"Trygg-Server": answer.server or self.server}
        content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self._write(handler, answer.status, content, "application/json", {**headers, **answer.headers})

    def _claims(self, handler: BaseHTTPRequestHandler, body: bytes) -> SignedRequest | None:
        authorization = handler.headers.get("Authorization")
        if authorization is None:
            return None
        try:
            claims, _, jws = read_request(authorization)
            check_request(
                claims,
                server=self.server,
                unit=self.unit,
                method=handler.command,
                path=handler.path,
                body=body,
            )
        except ProtocolError as error:
            self.problems.append(str(error))
            return None
        if self.field_key is None or not verify(jws, self.field_key):
            self.problems.append("the request's signature does not verify")
            return None
        return claims

    def _ordinary(self, request: Request) -> Answer:
        if request.path == "/api/v1/server":
            return Answer(
                body={"server": self.server, "epoch": "1", "version": "0", "protocol": 1, "now": _now()}
            )
        if request.claims is None:
            return refusal(401, "signature_missing")
        prefix = f"/api/v1/units/{self.unit}/"
        if request.path == f"{prefix}events":
            return Answer(
                body={"results": [self._accept(event, request) for event in request.json["events"]]}
            )
        if request.path == f"{prefix}statements":
            statement, _ = read_statement(request.json["statement"])
            received = self._received.setdefault(statement.id, _now())
            return Answer(body={"id": statement.id, "received": received})
        if request.path.startswith(f"{prefix}alarms/"):
            return self._status(request.path.rsplit("/", 1)[-1])
        return refusal(404, "not_found")

    def _accept(self, event: dict[str, str], request: Request) -> dict[str, Any]:
        known = self.accepted.get(event["id"])
        if known is not None:
            if digest(known.encode()) != digest(event["envelope"].encode()):
                return {"id": event["id"], "status": "refused", "error": {"code": "id_reused", "message": ""}}
            return {"id": event["id"], "status": "duplicate", "received": self._received[event["id"]]}
        try:
            envelope = parse_envelope(event["envelope"])
        except ProtocolError as error:
            self.problems.append(str(error))
            return {"id": event["id"], "status": "refused", "error": {"code": str(error.code), "message": ""}}
        if envelope.header.id != event["id"] or len(request.claims.created if request.claims else ()) != len(
            request.ids
        ):
            self.problems.append("ids or times disagree")
        self.accepted[event["id"]] = event["envelope"]
        self._received[event["id"]] = _now()
        return {"id": event["id"], "status": "accepted", "received": self._received[event["id"]]}

    def _status(self, case: str) -> Answer:
        raised = [i for i, text in self.accepted.items() if parse_envelope(text).header.case == case]
        if not raised:
            return refusal(404, "alarm_unknown")
        header = parse_envelope(self.accepted[raised[0]]).header
        fresh = {"case": case, "state": "open", "drill": header.drill, "received": self._received[raised[0]]}
        return Answer(
            body={**fresh, "members": 2, "delivered": 0, "statements": [], **self.statuses.get(case, {})}
        )

    @staticmethod
    def _write(
        handler: BaseHTTPRequestHandler,
        status: int,
        content: bytes,
        kind: str,
        headers: dict[str, str] | None = None,
    ) -> None:
        try:
            handler.send_response(status)
            for name, value in {"Content-Type": kind, "Cache-Control": "no-store", **(headers or {})}.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)
        except OSError:
            pass  # the page has gone


def _now() -> int:
    return time.time_ns() // 1_000_000
