"""The sheet that offers a new version. It lies over the middle only: never over the strip."""

import flet as ft

from mobile_app.views.app import App
from mobile_app.views.messages import t
from mobile_app.views.parts.box import STRETCH, group
from mobile_app.views.parts.button import outlined, primary
from mobile_app.views.parts.row import list_box, row
from mobile_app.views.parts.text import heading, text


def update_sheet(app: App) -> ft.Control | None:
    """Offered on the first screen, until put off."""
    version = app.client.update.version
    if version is None or app.update_put_off:
        return None
    visiting = app.client.visits.current() is not None

    def later(_: object) -> None:
        app.update_put_off = True
        app.redraw()

    def apply(_: object) -> None:
        app.client.update.apply()

    rows = [row(t("update.alarm"), t("update.alarm_more"), icon_name="CAMPAIGN_ROUNDED")]
    if visiting:
        rows.append(row(t("update.visit"), t("update.visit_more"), icon_name="EVENT_NOTE_ROUNDED"))
    rows.append(
        row(t("update.version", version=version), t("update.version_more"), icon_name="TASK_ALT_ROUNDED")
    )
    first, second = (
        (t("update.wait_visit"), t("update.now")) if visiting else (t("update.now"), t("update.later"))
    )
    buttons = [primary(first, later if visiting else apply), outlined(second, apply if visiting else later)]
    return ft.Column(
        [
            group(heading(t("update.title"), 2, "headline_medium"), text(t("update.words")), gap=6),
            list_box(*rows),
            ft.Column(buttons, spacing=8, tight=True, horizontal_alignment=STRETCH),
        ],
        spacing=16,
        tight=True,
        horizontal_alignment=STRETCH,
    )
