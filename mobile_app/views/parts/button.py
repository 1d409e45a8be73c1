"""Buttons with words. At least 56 px high, a plain ring when they have the keyboard."""

from collections.abc import Callable
from typing import Any

import flet as ft

from mobile_app.views import metrics
from mobile_app.views.icons import CODES
from mobile_app.views.parts.text import icon as icon_of
from mobile_app.views.parts.text import text
from mobile_app.views.theme import Role

Handler = Callable[..., Any]


def _style(bg: str | None, side: ft.BorderSide, focus: str, *, pad: int = 16) -> ft.ButtonStyle:
    return ft.ButtonStyle(
        bgcolor=bg,
        shape=ft.RoundedRectangleBorder(radius=14),
        padding=ft.Padding.symmetric(horizontal=10, vertical=pad),
        elevation=0,
        side={ft.ControlState.FOCUSED: ft.BorderSide(3, focus), ft.ControlState.DEFAULT: side},
        animation_duration=100,
    )


def _label(words: str, icon: str | None, color: str, name: str = "label_large") -> ft.Control:
    label = text(words, name, color, text_align=ft.TextAlign.CENTER, expand=True, expand_loose=True)
    parts: list[ft.Control] = [label] if icon is None else [icon_of(icon, 24, color), label]
    return ft.Row(parts, alignment=ft.MainAxisAlignment.CENTER, spacing=8)


def primary(
    words: str,
    on_click: Handler | None,
    icon: str | None = None,
    *,
    disabled: bool = False,
    big: bool = False,
) -> ft.Control:
    """The one filled button of a screen."""
    color = ft.Colors.with_opacity(0.7, Role.TEXT) if disabled else Role.ON_PRIMARY
    return ft.FilledButton(
        content=_label(words, icon, color, "title_large" if big else "label_large"),
        style=_style(
            Role.QUIET if disabled else Role.PRIMARY,
            ft.BorderSide(0, Role.PRIMARY),
            Role.TEXT,
            pad=22 if big else 17,
        ),
        on_click=on_click,
        disabled=disabled,
        width=9999,
    )


def outlined(
    words: str, on_click: Handler | None, icon: str | None = None, *, disabled: bool = False
) -> ft.Control:
    """A second way on."""
    return ft.OutlinedButton(
        content=_label(words, icon, Role.DIM if disabled else Role.TEXT),
        style=_style(Role.CARD, ft.BorderSide(1.5, Role.EDGE), Role.PRIMARY, pad=17),
        on_click=on_click,
        disabled=disabled,
        width=9999,
    )


def tonal(words: str, on_click: Handler | None, icon: str | None = None) -> ft.Control:
    """Between the two; never beside a status tint."""
    return ft.FilledButton(
        content=_label(words, icon, Role.ON_SELECTED),
        style=_style(Role.SELECTED_BG, ft.BorderSide(0, Role.PRIMARY), Role.PRIMARY, pad=17),
        on_click=on_click,
        width=9999,
    )


def quiet(words: str, on_click: Handler | None, icon: str | None = None) -> ft.Control:
    """Words that can be tapped, 48 px high."""
    return ft.TextButton(
        content=_label(words, icon, Role.PRIMARY),
        style=_style(None, ft.BorderSide(0, ft.Colors.TRANSPARENT), Role.PRIMARY, pad=13),
        on_click=on_click,
    )


def round_icon(name: str, label: str, on_click: Handler) -> ft.Control:
    """Back and close. The name is given here: a tooltip alone would leave the button without one."""
    return ft.MergeSemantics(
        ft.Semantics(
            label=label,
            content=ft.IconButton(
                CODES[name],
                icon_color=Role.TEXT,
                icon_size=24,
                width=48,
                height=48,
                on_click=on_click,
                style=ft.ButtonStyle(
                    side={
                        ft.ControlState.FOCUSED: ft.BorderSide(3, Role.PRIMARY),
                        ft.ControlState.DEFAULT: ft.BorderSide(0, ft.Colors.TRANSPARENT),
                    }
                ),
            ),
        )
    )


def beside(*buttons: ft.Control) -> ft.Control:
    """Side by side; under each other when the text is large."""
    if metrics.current().stacked:
        return ft.Column(
            list(buttons), spacing=8, tight=True, horizontal_alignment=ft.CrossAxisAlignment.STRETCH
        )
    return ft.Row([ft.Container(button, expand=1) for button in buttons], spacing=8)
