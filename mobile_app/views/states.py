"""Screens for what is not as it should be: no such address, open elsewhere, waiting."""

import flet as ft

from mobile_app.views.app import App
from mobile_app.views.messages import t
from mobile_app.views.parts.box import STRETCH, error_box
from mobile_app.views.parts.button import primary
from mobile_app.views.parts.frame import frame
from mobile_app.views.parts.text import heading, text
from mobile_app.views.theme import Role


def missing(app: App) -> ft.Control:
    """Nothing at this address, or nothing that this person may see."""
    return frame(
        app,
        title=t("missing.title"),
        back="/",
        body=[text(t("missing.words")), primary(t("missing.home"), app.to("/"))],
    )


def _plain(app: App, title: str, body: list[ft.Control]) -> ft.Control:
    app.place("none", title)
    return ft.Container(
        ft.Column(
            [heading(title, 1, "headline_medium"), *body],
            spacing=16,
            scroll=ft.ScrollMode.AUTO,
            horizontal_alignment=STRETCH,
        ),
        padding=ft.Padding.symmetric(horizontal=16, vertical=32),
        width=720,
    )


def elsewhere(app: App) -> ft.Control:
    """The app is open in another tab: two at once would lose what is written."""
    return _plain(
        app,
        t("elsewhere.title"),
        [
            text(t("elsewhere.words"), color=Role.DIM),
            primary(t("elsewhere.retry"), app.act(app.client.gate.start)),
        ],
    )


def waiting(app: App) -> ft.Control:
    """The device is being asked what it holds; or it could not say."""
    if app.error:
        return _plain(
            app,
            t("waiting.failed"),
            [error_box(app.error), primary(t("waiting.retry"), app.act(app.client.gate.start))],
        )
    return _plain(app, t("app.name"), [text(t("waiting.words"), color=Role.DIM)])
