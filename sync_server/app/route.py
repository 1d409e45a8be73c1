"""How a route of the API runs: admission, body, unit, caller, decoding, the handler, the answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any, Literal

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from protocol.errors import ErrorCode, ProtocolError
from sync_server.app.answers import decode, error_answer, json_answer
from sync_server.app.body import read_body
from sync_server.app.services import Services
from sync_server.devices.requests import Caller, check_signed, require_active
from sync_server.devices.sessions import COOKIE
from sync_server.store.unit import Unit

Access = Literal["open", "signed", "reader", "sender"]
"""`open`: anybody. `signed`: a signed request of an active device. `reader`: the same or a read session. `sender`: a signed
request, also of a removed device, with a reserve in the rate limits."""


@dataclass
class Call:
    """One request on its way. `reserve`: it was admitted on its address's reserve for alarms."""

    services: Services
    scope: Scope
    receive: Receive
    path: dict[str, str]
    body: bytes = b""
    data: Any = None
    reserve: bool = False
    known_unit: Unit | None = None
    known_caller: Caller | None = None

    @property
    def unit(self) -> Unit:
        """The unit of the path."""
        assert self.known_unit is not None  # noqa: S101 - an operation without {unit} in its path has none
        return self.known_unit

    @property
    def caller(self) -> Caller:
        """The device that asks."""
        assert self.known_caller is not None  # noqa: S101 - an open operation has none
        return self.known_caller

    @property
    def address(self) -> str:
        """Network address of the client."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    @property
    def target(self) -> str:
        """Path with its query, as sent."""
        raw: bytes = self.scope.get("raw_path") or self.scope["path"].encode()
        query: bytes = self.scope.get("query_string", b"")
        return (raw.split(b"?", 1)[0] + (b"?" + query if query else b"")).decode("latin-1")

    def header(self, name: bytes) -> str:
        """A request header by its lower-case name, or empty."""
        return next((value.decode("latin-1") for key, value in self.scope["headers"] if key == name), "")

    def cookie(self) -> str:
        """The session cookie, or empty."""
        try:
            found = SimpleCookie(self.header(b"cookie")).get(COOKIE)
        except CookieError:
            return ""
        return found.value if found else ""


Handler = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True)
class Route:
    """One method of one path. `answer`: type of the answer; `raw`: the handler gives an ASGI answer of its own."""

    path: str
    method: Literal["GET", "POST", "DELETE"]
    summary: str
    access: Access
    handler: Handler
    body: type[Any] | None = None
    answer: type[Any] | None = None
    status: int = 200
    query: tuple[str, ...] = ()
    errors: tuple[ErrorCode, ...] = ()
    media: str = field(default="application/json")

    async def run(self, call: Call) -> ASGIApp:
        """Do it, and return what answers. Raises ProtocolError."""
        refused = self._admit(call)
        if refused is not None:
            return refused
        call.body = await read_body(call.receive)
        if "unit" in call.path:
            call.known_unit = await call.services.units.get(call.path["unit"])
        if self.access != "open":
            call.known_caller = self._caller(call)
        if self.body is not None:
            call.data = decode(self.body, call.body)
        value = await self.handler(call)
        if callable(value):
            app: ASGIApp = value
            return app
        return Response(status_code=self.status) if value is None else json_answer(value, self.status)

    def _admit(self, call: Call) -> Response | None:
        pressure = call.services.pressure
        if pressure.admit(call.address):
            return None
        if self.access == "sender" and pressure.admit_reserve(call.address):
            call.reserve = True
            return None
        return error_answer(ProtocolError(ErrorCode.RATE_LIMITED), pressure.wait(call.address))

    def _caller(self, call: Call) -> Caller:
        authorization = call.header(b"authorization")
        if self.access == "reader" and not authorization:
            cookie = call.cookie()
            if not cookie:
                raise ProtocolError(ErrorCode.SESSION_NEEDED)
            return call.services.sessions.read(call.unit, cookie)
        caller = check_signed(authorization, call.unit, method=self.method, path=call.target, body=call.body)
        return caller if self.access == "sender" else require_active(caller)


class Resource:
    """All operations of one path, as an ASGI app."""

    def __init__(self, services: Services, path: str, operations: list[Route]) -> None:
        self._services = services
        self._path = path
        self._operations = {operation.method: operation for operation in operations}
        self._allowed = ", ".join(sorted(self._operations))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["trygg.route"] = self._path
        operation = self._operations.get(scope["method"])
        if operation is None:
            answer: ASGIApp = error_answer(ProtocolError(ErrorCode.METHOD_NOT_ALLOWED))
            assert isinstance(answer, Response)  # noqa: S101 - narrows the type
            answer.headers["allow"] = self._allowed
        else:
            answer = await operation.run(Call(self._services, scope, receive, scope.get("path_params", {})))
        await answer(scope, receive, send)
