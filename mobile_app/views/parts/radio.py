"""One of several, as cards: for screen readers a group of radio buttons with one tab stop."""

from collections.abc import Callable
from typing import Any

import flet as ft

from mobile_app.views import metrics
from mobile_app.views.guard import component
from mobile_app.views.hooks import use_box, use_value
from mobile_app.views.parts.box import STRETCH
from mobile_app.views.parts.text import text
from mobile_app.views.theme import Role


@component
def radio_cards(
    options: list[tuple[str, str, str]], value: str | None, on_change: Callable[[str], Any], label: str
) -> ft.Control:
    """Cards of (value, title, second line or ""). `label` names the group."""
    focused, set_focused = use_value("")
    touched = use_box(str)
    scale = metrics.current().scale

    def touch(key: str) -> None:
        touched.value = key
        on_change(key)

    def one(key: str, title: str, second: str) -> ft.Control:
        on = key == value
        color = Role.ON_SELECTED if on else Role.TEXT
        lines: list[ft.Control] = [text(title, "title_medium", color, bold=True)]
        if second:
            lines.append(text(second, "body_medium", Role.ON_SELECTED if on else Role.DIM))
        pad = 10 if second else 16
        return ft.MergeSemantics(
            ft.Container(
                ft.Row(
                    [
                        ft.Radio(
                            value=key,
                            fill_color=Role.PRIMARY,
                            scale=min(1.5, max(1.0, scale)),
                            on_focus=lambda _: set_focused(key),
                            on_blur=lambda _: set_focused(""),
                        ),
                        ft.Column(lines, spacing=0, tight=True, expand=True),
                    ],
                    spacing=6,
                ),
                on_click=lambda _: touch(key),
                border=ft.Border.all(3 if on else 1.5, Role.PRIMARY if on else Role.EDGE),
                border_radius=14,
                bgcolor=Role.SELECTED_BG if on else Role.CARD,
                padding=ft.Padding.symmetric(
                    horizontal=4 if not on else 2.5, vertical=pad - 1.5 if on else pad
                ),
                # The ring of the keyboard: the radio's own is a faint grey disc. A finger needs none.
                shadow=ft.BoxShadow(spread_radius=3, blur_radius=0, color=Role.TEXT)
                if focused == key and touched.value != key
                else None,
            )
        )

    return ft.Semantics(
        label=label,
        container=True,
        content=ft.RadioGroup(
            value=value,
            on_change=lambda e: on_change(str(e.control.value)),
            content=ft.Column(
                [one(*each) for each in options], spacing=8, tight=True, horizontal_alignment=STRETCH
            ),
        ),
    )
