"""What must be told whatever the person came to do: trouble with the unit, a newer version, storage that is not promised."""

import flet as ft

from mobile_app.views.app import App, error_words
from mobile_app.views.messages import form, t
from mobile_app.views.parts.box import STRETCH, card, error_box, notice
from mobile_app.views.parts.button import quiet
from mobile_app.views.parts.text import text
from mobile_app.views.theme import Role


def notices(app: App) -> list[ft.Control]:
    """Boxes for the top of the first screen, the worst first."""
    status = app.client.sync.status
    boxes: list[ft.Control] = []
    if status.trouble:
        boxes.append(error_box(error_words(status.trouble)))
    if status.unsaved:
        boxes.append(error_box(t("notice.unsaved")))
    if status.damaged:
        boxes.append(error_box(t(f"notice.damaged.{form(status.damaged)}", n=status.damaged)))
    if app.client.sync.update_needed:
        boxes.append(_plain(t("notice.update_needed"), "INFO_ROUNDED"))
    return boxes


def hints(app: App) -> list[ft.Control]:
    """What is good to know once, under what matters now."""
    if app.client.gate.storage_promised or "storage" in app.hints_closed:
        return []
    return [_hint(app, "storage", t("notice.storage"))]


def done_box(app: App) -> list[ft.Control]:
    """What the last action did, in a sentence."""
    if not app.done:
        return []
    words = text(app.done, "body_medium", Role.ON_GREEN)
    box = notice(words, "CHECK_CIRCLE_ROUNDED", Role.GREEN_BG, Role.ON_GREEN, Role.GREEN_LINE)
    return [ft.Semantics(live_region=True, container=True, content=box)]


def _plain(words: str, name: str) -> ft.Control:
    return notice(text(words, "body_medium"), name, Role.QUIET, Role.TEXT)


def _hint(app: App, key: str, words: str) -> ft.Control:
    def close(_: object) -> None:
        app.hints_closed.add(key)
        app.redraw()

    return card(
        ft.Column(
            [text(words, "body_medium"), ft.Row([quiet(t("notice.understood"), close)])],
            spacing=0,
            tight=True,
            horizontal_alignment=STRETCH,
        )
    )
