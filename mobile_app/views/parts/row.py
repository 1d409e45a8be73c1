"""Rows of lists: an icon, a thing, a fact. A chevron only where a tap leads somewhere."""

from typing import Any

import flet as ft

from mobile_app.views.parts.box import STRETCH, divider_above
from mobile_app.views.parts.button import Handler
from mobile_app.views.parts.text import dim, icon, text
from mobile_app.views.theme import Role


def row(
    title: str,
    second: str = "",
    *,
    icon_name: str | None = None,
    on_click: Handler | None = None,
    chevron: bool = True,
    trailing: ft.Control | None = None,
    under: ft.Control | None = None,
    selected: bool = False,
    first_icon_color: str = Role.PRIMARY,
) -> ft.Control:
    """A row. Without `on_click` it does nothing, has no chevron and is read as one sentence."""
    main = Role.ON_SELECTED if selected else Role.TEXT
    lines: list[ft.Control] = [text(title, "title_medium", main)]
    if second:
        lines.append(text(second, "body_medium", main) if selected else dim(second))
    if under is not None:
        lines.append(ft.Container(under, padding=ft.Padding.only(top=6)))
    parts: list[ft.Control] = []
    if icon_name:
        parts.append(icon(icon_name, 24, first_icon_color))
    parts.append(ft.Column(lines, spacing=0, tight=True, expand=True))
    if trailing is not None:
        parts.append(trailing)
    if on_click is not None and chevron and trailing is None:
        parts.append(icon("CHEVRON_RIGHT_ROUNDED", 24, main))
    content = ft.Row(parts, spacing=14)
    padding = ft.Padding.only(left=16, top=8, right=12, bottom=8)
    if on_click is None:
        return ft.MergeSemantics(
            ft.Container(content, padding=padding, bgcolor=Role.SELECTED_BG if selected else None)
        )
    return ft.TextButton(content=content, on_click=on_click, style=_row_style(padding, selected=selected))


def list_box(*rows: ft.Control) -> ft.Container:
    """Rows in one card with lines between."""
    first, *rest = rows
    return ft.Container(
        ft.Column(
            [first, *(divider_above(each) for each in rest)],
            spacing=0,
            tight=True,
            horizontal_alignment=STRETCH,
        ),
        bgcolor=Role.CARD,
        border=ft.Border.all(1, Role.LINE),
        border_radius=16,
        clip_behavior=ft.ClipBehavior.ANTI_ALIAS,
    )


def choice(title: str, second: str = "", *, icon_name: str | None = None, on_click: Handler) -> ft.Control:
    """A card that is chosen by a tap and leads on at once."""
    lines: list[ft.Control] = [text(title, "title_medium", bold=True)]
    if second:
        lines.append(dim(second))
    parts: list[ft.Control] = [icon(icon_name, 24, Role.TEXT)] if icon_name else []
    parts += [
        ft.Column(lines, spacing=0, tight=True, expand=True),
        icon("CHEVRON_RIGHT_ROUNDED", 24, Role.TEXT),
    ]
    return ft.OutlinedButton(
        content=ft.Row(parts, spacing=14),
        on_click=on_click,
        style=ft.ButtonStyle(
            bgcolor=Role.CARD,
            shape=ft.RoundedRectangleBorder(radius=14),
            padding=ft.Padding.symmetric(horizontal=16, vertical=18 if not second else 10),
            side={
                ft.ControlState.FOCUSED: ft.BorderSide(3, Role.PRIMARY),
                ft.ControlState.DEFAULT: ft.BorderSide(1.5, Role.EDGE),
            },
        ),
    )


def check_row(title: str, value: bool, on_change: Handler) -> ft.Control:
    """A measure to tick; the whole row is the target."""

    def flip(_: Any) -> Any:
        return on_change(not value)

    return ft.Semantics(
        checked=value,
        content=ft.TextButton(
            content=ft.Row(
                [
                    icon(
                        "CHECK_BOX_ROUNDED" if value else "CHECK_BOX_OUTLINE_BLANK_ROUNDED", 24, Role.PRIMARY
                    ),
                    text(title, "title_medium", expand=True),
                ],
                spacing=14,
            ),
            on_click=flip,
            style=_row_style(ft.Padding.only(left=16, top=8, right=12, bottom=8), selected=False),
        ),
    )


def _row_style(padding: ft.Padding, *, selected: bool) -> ft.ButtonStyle:
    return ft.ButtonStyle(
        bgcolor=Role.SELECTED_BG if selected else None,
        padding=padding,
        shape=ft.RoundedRectangleBorder(radius=0),
        side={
            ft.ControlState.FOCUSED: ft.BorderSide(3, Role.PRIMARY),
            ft.ControlState.DEFAULT: ft.BorderSide(0, ft.Colors.TRANSPARENT),
        },
    )
