"""The server's HTTP face: routes, the app's files, headers and logs."""

from typing import TextIO

from starlette.routing import Route as Path
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from protocol.errors import ErrorCode, ProtocolError
from sync_server.app.answers import error_answer
from sync_server.app.api import ROUTES
from sync_server.app.gate import Gate
from sync_server.app.route import Resource
from sync_server.app.services import Services
from sync_server.app.site import Site


def build_app(services: Services, log: TextIO | None = None) -> ASGIApp:
    """The ASGI app. `log`: where request lines go, standard error by default."""
    paths = dict.fromkeys(route.path for route in ROUTES)
    routes = [
        Path(path, Resource(services, path, [route for route in ROUTES if route.path == path]))
        for path in paths
    ]
    site = Site(services.settings.web)

    async def otherwise(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/api/"):
            await error_answer(ProtocolError(ErrorCode.NOT_FOUND))(scope, receive, send)
        else:
            await site(scope, receive, send)

    router = Router(routes, redirect_slashes=False, default=otherwise)
    return Gate(router, services.server, secure=services.settings.secure, log=log)
