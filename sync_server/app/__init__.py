"""The server's HTTP face: routes, the app's files, headers and logs."""

from typing import TextIO

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from protocol.errors import ErrorCode, ProtocolError
from sync_server.app.answers import error_answer
from sync_server.app.api import OPERATIONS
from sync_server.app.gate import Gate
from sync_server.app.operations import Resource
from sync_server.app.services import Services
from sync_server.app.site import Site


def build_app(services: Services, log: TextIO | None = None) -> ASGIApp:
    """The ASGI app. `log`: where request lines go, standard error by default."""
    paths = dict.fromkeys(operation.path for operation in OPERATIONS)
    routes = [
        Route(path, Resource(services, path, [op for op in OPERATIONS if op.path == path])) for path in paths
    ]
    site = Site(services.settings.web)

    async def otherwise(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/api/"):
            await error_answer(ProtocolError(ErrorCode.NOT_FOUND))(scope, receive, send)
        else:
            await site(scope, receive, send)

    router = Router(routes, redirect_slashes=False, default=otherwise)
    return Gate(router, services.server, secure=services.settings.secure, log=log)
