"""The app in the browser: its ports, its client, its screens. The Python worker imports this and calls `start`."""

import asyncio
from functools import partial
from typing import Any

import flet as ft

from mobile_app.adapters.browser.bridge import TryggHost
from mobile_app.adapters.browser.device import BrowserDevice, browser_device
from mobile_app.ports import PortError
from mobile_app.services.client import Client, Ports, build_client
from mobile_app.views.app import App, Outside
from mobile_app.views.session import open_app
from protocol.encoding import compact_json

VERSION = "0.1.0"
"""The distribution's."""

FOR_THE_CLIENT = ("nudge", "outbox", "alarm", "online", "update", "visible", "free")


class Page:
    """The page around the canvas, as the views see it."""

    def __init__(self, device: BrowserDevice, host: TryggHost) -> None:
        self._device = device
        self._host = host

    def layer(self, mode: str) -> None:
        """See `Surface.layer`."""
        self._host.post("layer", compact_json({"mode": mode}))

    def title(self, words: str) -> None:
        """See `Surface.title`."""
        self._host.post("title", compact_json({"text": words}))

    def update(self) -> None:
        """Let the new version take over."""
        self._host.post("update", "{}")

    def painted(self) -> None:
        """See `Surface.painted`. The page itself marks when it is on the glass."""
        self._device.host.mark("app-drawn")

    async def outside(self) -> Outside:
        """See `Surface.outside`."""
        try:
            setup = await self._device.alarm_store.setup()
        except PortError:
            return Outside()
        if setup is None:
            return Outside()
        contacts = tuple((contact.name, contact.phone) for contact in setup.contacts)
        return Outside(contacts, setup.visit_until)


class News:
    """What the page tells before there is a screen is kept for it; afterwards it goes straight there."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._app: App | None = None
        self._link = self._token = self._path = ""

    def fragment(self, value: dict[str, Any]) -> None:
        """The secret part of an invite's or a set-up's address, which the page has taken out of it."""
        path, fragment = str(value.get("path", "")), str(value.get("fragment", ""))
        if path == "/bli-med":
            self._link = f"{self._origin}{path}#{fragment}"
        elif path == "/oppsett":
            self._token = fragment
        self._path = path
        self._hand_over()

    def visible(self, value: dict[str, Any]) -> None:
        """The page is in front of the person, or no longer."""
        if self._app is not None:
            self._app.seen_now(bool(value.get("visible")))

    def opened(self, app: App) -> None:
        """The screens are there."""
        self._app = app
        self._hand_over()

    def _hand_over(self) -> None:
        if self._app is None:
            return
        self._app.link = self._link or self._app.link
        self._app.token = self._token or self._app.token
        path, self._link, self._token, self._path = self._path, "", "", ""
        if path:
            self._app.go(path)
            self._app.redraw()


def start() -> None:
    """Wire everything and wait for Flutter to connect. Works under Pyodide only."""
    import js

    device = browser_device()
    host: TryggHost = js.trygg.host
    page = Page(device, host)
    ports = Ports(
        device.keys, device.sealer, device.vault, device.outbox, device.net, device.alarm_store, device.host
    )
    client = build_client(ports)
    client.update.applier = page.update
    news = News(device.net.origin())
    _listen(device, client, news)
    running: list[asyncio.Future[None]] = []

    def main(flet_page: ft.Page) -> None:
        news.opened(open_app(flet_page, client, page, version=VERSION))
        if not running:
            running.append(asyncio.ensure_future(client.run()))

    ft.run(main)


def _listen(device: BrowserDevice, client: Client, news: News) -> None:
    device.events.on("fragment", news.fragment)
    device.events.on("visible", news.visible)
    for name in FOR_THE_CLIENT:
        device.events.on(name, partial(client.host_event, name))
