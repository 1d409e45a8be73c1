"""Opening the app on a page: theme, sizes, addresses, and the news of the client."""

import contextlib
from typing import Any

import flet as ft

from mobile_app.services.client import Client
from mobile_app.services.errors import AppError
from mobile_app.views.app import App
from mobile_app.views.messages import t
from mobile_app.views.root import root
from mobile_app.views.surface import Surface
from mobile_app.views.theme import theme


def open_app(page: ft.Page, client: Client, surface: Surface, *, version: str = "") -> App:
    """Draw the app on a page, ask the device what it holds, and keep the picture true from then on."""
    page.title = t("app.name")
    page.theme = theme(dark=False)
    page.dark_theme = theme(dark=True)
    page.theme_mode = ft.ThemeMode.SYSTEM
    page.locale_configuration = ft.LocaleConfiguration(
        supported_locales=[ft.Locale("nb", "NO")], current_locale=ft.Locale("nb", "NO")
    )
    app = App(page, client, surface, version=version)

    def resized(event: Any) -> None:
        app.measured(width=event.width, height=event.height)

    def moved(event: Any) -> None:
        app.moved(event.route)

    page.on_resize = resized
    page.on_route_change = moved
    page.render_views(root, app, app.beat)
    surface.painted()
    client.subscribe(app.changed)
    page.run_task(_begin, app)
    return app


async def _begin(app: App) -> None:
    try:
        await app.client.gate.start()
    except AppError as problem:
        app.error = app.words_of(problem)
    app.started = True
    app.changed()
    with contextlib.suppress(RuntimeError):
        await app.tick()
