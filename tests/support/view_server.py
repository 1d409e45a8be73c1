"""Serves the screens with Flet running on CPython, one made-up scene a visitor: `/?scene=leader`.

The browser gets the same client, fonts and theme as the built app; only Python is on this side. The page draws a stand-in
for the alarm strip, so that pictures show what is covered. `python -m tests.support.view_server --port 8791` serves by hand.
"""

from __future__ import annotations

import argparse
import json
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flet as ft
import flet_web.fastapi  # type: ignore[import-untyped]
import uvicorn
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

from assets.build.client import client_files
from assets.build.digest import Cache
from assets.build.fonts import cut_fonts, families
from assets.build.plan import Plan
from mobile_app.views.app import Outside
from mobile_app.views.session import open_app
from tests.support.fake_client import MIN, NOW, FakeClient

ROOT = Path(__file__).resolve().parents[2]

_CLIENT, _RIVE = "main.dart.js", "rive-none/wasm/rive_native.js"

_STRIP = """<style>
#strip{position:fixed;left:0;right:0;bottom:76px;height:60px;z-index:10;background:#AF0C1D;color:#fff;display:none;
 font:700 19px sans-serif;padding:8px 16px;box-sizing:border-box;pointer-events:none}
@media (max-height:699px){#strip{bottom:64px;height:56px}}
@media (min-width:840px){#strip{right:auto;width:112px;bottom:0;height:112px}}
</style><div id="strip" aria-hidden="true">Alarm</div>"""


class PageOfTest:
    """Remembers what the views ask of the page."""

    def __init__(self) -> None:
        self.layers: list[str] = []
        self.titles: list[str] = []

    def layer(self, mode: str) -> None:
        self.layers.append(mode)

    def title(self, words: str) -> None:
        self.titles.append(words)

    def painted(self) -> None:
        """The built app sets a mark here."""

    async def outside(self) -> Outside:
        return Outside((("Kari Nordmo", "+47 905 11 223"), ("Jonas Berg", "+47 41 23 45 67")), NOW + 24 * MIN)


class ViewServer:
    """Runs in a thread on loopback; `clients` holds the client of each visitor, newest last."""

    def __init__(self, port: int = 0) -> None:
        self.clients: list[FakeClient] = []
        self.apps: list[Any] = []
        self.address = ""
        plan = Plan(root=ROOT, out=ROOT / "build" / "pwa", cache=ROOT / "build" / "cache")
        self._fonts = dict(cut_fonts(plan, Cache(plan.cache)))
        # The stock client would ask a foreign host for a runtime at every start.
        self._client = {name: data for name, data in client_files() if name in (_CLIENT, _RIVE)}
        self._flet = flet_web.fastapi.app(
            self._main, assets_dir=str(ROOT / "assets"), web_renderer=ft.WebRenderer.CANVAS_KIT, no_cdn=True
        )
        config = uvicorn.Config(
            self._asgi, host="127.0.0.1", port=port, log_level="warning", lifespan="on", interface="asgi3"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def _main(self, page: ft.Page) -> None:
        query = parse_qs(urlsplit(page.route or "").query)
        client = FakeClient(query.get("scene", ["visit"])[0])
        app = open_app(page, client, PageOfTest(), version="0.1")  # type: ignore[arg-type]
        self.clients.append(client)
        self.apps.append(app)

    async def _asgi(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and (answer := self._ours(scope["path"])):
            await answer(scope, receive, send)
        elif scope["type"] == "http" and "." not in scope["path"].rsplit("/", 1)[-1]:
            await self._index(scope, receive, send)
        else:
            await self._flet(scope, receive, send)

    def _ours(self, path: str) -> Response | None:
        if path == "/assets/FontManifest.json":
            icons = {"family": "MaterialIcons", "fonts": [{"asset": "fonts/MaterialIcons-Regular.otf"}]}
            return JSONResponse([icons, *families()])
        if path.removeprefix("/") in self._client:
            return Response(self._client[path.removeprefix("/")], media_type="text/javascript")
        if path.startswith("/assets/fonts/Trygg"):
            return FileResponse(self._fonts[path.rsplit("/", 1)[-1]])
        return None

    async def _index(self, scope: Any, receive: Any, send: Any) -> None:
        """Flet's page, with the strip's stand-in."""
        parts: list[bytes] = []
        status: dict[str, Any] = {}

        async def gather(message: Any) -> None:
            if message["type"] == "http.response.start":
                status.update(message)
            else:
                parts.append(message.get("body", b""))

        await self._flet(
            {**scope, "headers": [h for h in scope["headers"] if h[0] != b"accept-encoding"]}, receive, gather
        )
        text = b"".join(parts).decode().replace("</body>", _STRIP + "</body>")
        await HTMLResponse(text)(scope, receive, send)

    def start(self) -> str:
        """Begin serving; returns the address."""
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the view server did not start")
            self._thread.join(0.02)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        """End serving."""
        self._server.should_exit = True
        self._thread.join(10)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8791)
    server = ViewServer(parser.parse_args().port)
    print(json.dumps({"url": server.start()}))
    threading.Event().wait()


if __name__ == "__main__":
    main()
