"""The locked screen: no names and no places, but Hjelp works, and the visit's time is there."""

import flet as ft

from mobile_app.views.app import App
from mobile_app.views.guard import component
from mobile_app.views.hooks import use_value
from mobile_app.views.messages import MINUTE, form, t
from mobile_app.views.parts.box import card, group, pill, section
from mobile_app.views.parts.brand import brand
from mobile_app.views.parts.button import outlined, primary
from mobile_app.views.parts.field import field
from mobile_app.views.parts.frame import frame
from mobile_app.views.parts.row import list_box, row
from mobile_app.views.parts.text import dim, heading, text
from mobile_app.views.theme import Role


@component
def locked(app: App) -> ft.Control:
    """The screen: resting, opening, or Hjelp."""
    opening, set_opening = use_value(False)
    words, set_words = use_value("")
    if app.route.screen == "help":
        return (
            _help(app, lambda _: set_opening(True))
            if not opening
            else _open(app, words, set_words, set_opening)
        )
    if opening:
        return _open(app, words, set_words, set_opening)
    body: list[ft.Control] = [
        *_visit(app),
        section(
            t("locked.works"),
            list_box(
                row(t("tab.help"), t("locked.help"), icon_name="SUPPORT_ROUNDED", on_click=app.to("/hjelp")),
            ),
        ),
        dim(t("locked.nothing")),
        dim(t("locked.no_alarms")),
    ]
    return _frame(app, body, outlined(t("locked.open"), lambda _: set_opening(True), "KEY_ROUNDED"))


def _visit(app: App) -> list[ft.Control]:
    """That a visit is under way, without where."""
    until, times = app.outside.visit_until, app.times
    if not until:
        return []
    left = until - times.now
    words = (
        t("visit.left", span=times.span(left + MINUTE - 1))
        if left >= 0
        else t("visit.over", span=times.span(-left))
    )
    return [
        card(
            ft.MergeSemantics(
                group(
                    text(t("locked.visit"), "label_medium", Role.DIM),
                    text(words, "headline_medium" if app.metrics.stacked else "display_large", figures=True),
                    text(t("visit.out_by" if left >= 0 else "visit.should_be_out", at=times.at(until))),
                )
            ),
            dim(t("locked.visit_more")),
        )
    ]


def _frame(app: App, body: list[ft.Control], button: ft.Control) -> ft.Control:
    state = pill(t("locked.word"), "LOCK_ROUNDED", Role.QUIET, Role.TEXT)
    top = ft.Container(
        ft.Column([brand(), state], spacing=8, tight=True)
        if app.metrics.stacked
        else ft.Row([ft.Container(brand(), expand=True), state]),
        padding=ft.Padding.symmetric(horizontal=16, vertical=10),
    )
    low = app.metrics.low
    bar = ft.Container(
        button,
        height=None if app.metrics.stacked else app.metrics.bar,
        padding=ft.Padding.symmetric(horizontal=16, vertical=3 if low else 9),
        bgcolor=Role.BAR,
        border=ft.Border(top=ft.BorderSide(1, Role.LINE)),
    )
    return frame(app, title=t("locked.title"), head=top, body=body, bar=False, lock_bar=bar)


def _open(app: App, words: str, set_words: object, set_opening: object) -> ft.Control:
    put = set_words if callable(set_words) else lambda _: None
    show = set_opening if callable(set_opening) else lambda _: None

    async def unlock() -> None:
        await app.client.gate.unlock(words)
        put("")

    async def go() -> None:
        if words and not app.held_off:
            await app.do(unlock)

    async def press(_: object) -> None:
        await go()

    def close(_: object) -> None:
        put("")
        app.error = ""
        show(False)

    return _frame(
        app,
        [
            heading(t("locked.title"), 1, "headline_medium"),
            field(t("passphrase.label"), "", put, password=True, on_submit=go, autofocus=True, key="unlock"),
            dim(t("locked.forgotten")),
            outlined(t("action.cancel"), close),
        ],
        primary(
            t(f"locked.wait.{form(app.held_off)}", n=app.held_off)
            if app.held_off
            else t("locked.opening" if app.busy else "locked.open"),
            press,
            "KEY_ROUNDED",
            disabled=app.busy or app.held_off > 0,
        ),
    )


def _help(app: App, opening: object) -> ft.Control:
    from mobile_app.views.help import call_lists

    show = opening if callable(opening) else None
    return _frame(
        app,
        [
            heading(t("tab.help"), 1, "headline_medium"),
            *call_lists(app, [(name, phone, False) for name, phone in app.outside.contacts]),
            outlined(t("action.back"), app.to("/")),
        ],
        outlined(t("locked.open"), show, "KEY_ROUNDED"),
    )
