"""Text fields with the label above. What is typed never comes back from Python, so a slow redraw can't eat letters."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flet as ft

from mobile_app.views.guard import component
from mobile_app.views.hooks import Box, use_box
from mobile_app.views.parts.box import STRETCH
from mobile_app.views.parts.text import dim, icon, text
from mobile_app.views.theme import Role, style

Typed = Callable[[str], Any]


@dataclass(frozen=True)
class Handlers:
    """What to call, as of the last drawing."""

    changed: Typed
    submitted: Callable[[], Any] | None
    focused: Callable[[bool], Any] | None


@component
def field(
    label: str,
    value: str,
    on_change: Typed,
    *,
    hint: str = "",
    error: str = "",
    lines: int = 1,
    password: bool = False,
    verbatim: bool = False,
    keyboard: ft.KeyboardType = ft.KeyboardType.TEXT,
    on_submit: Callable[[], Any] | None = None,
    on_focus: Callable[[bool], Any] | None = None,
    autofocus: bool = False,
    label_style: str = "title_medium",
) -> ft.Control:
    """A field. `value` is what it starts with; `on_change` gets each new text. `error` is shown under it, in plum.

    `verbatim`: a code or link, which the keyboard must not correct or begin with a capital."""
    handlers = use_box(lambda: Handlers(on_change, on_submit, on_focus))
    handlers.value = Handlers(on_change, on_submit, on_focus)
    kept = use_box(
        lambda: _build(
            handlers, label, value, lines, keyboard, password=password, verbatim=verbatim, autofocus=autofocus
        )
    )
    under: list[ft.Control] = []
    if error:
        under.append(
            ft.Semantics(
                live_region=True,
                container=True,
                content=ft.Row(
                    [
                        icon("INFO_ROUNDED", 20, Role.ERROR),
                        text(error, "body_medium", Role.ERROR, expand=True),
                    ],
                    spacing=8,
                    vertical_alignment=ft.CrossAxisAlignment.START,
                ),
            )
        )
    elif hint:
        under.append(dim(hint))
    return ft.Column(
        [
            ft.Semantics(exclude_semantics=True, content=text(label, label_style)),
            kept.value,
            *under,
        ],
        spacing=8,
        tight=True,
        horizontal_alignment=STRETCH,
    )


def _build(
    handlers: Box[Handlers],
    label: str,
    value: str,
    lines: int,
    keyboard: ft.KeyboardType,
    *,
    password: bool,
    verbatim: bool,
    autofocus: bool,
) -> ft.Control:
    def changed(event: Any) -> Any:
        return handlers.value.changed(event.control.value or "")

    def submitted(_: Any) -> Any:
        return handlers.value.submitted() if handlers.value.submitted else None

    def focused(_: Any) -> Any:
        return handlers.value.focused(True) if handlers.value.focused else None

    def blurred(_: Any) -> Any:
        return handlers.value.focused(False) if handlers.value.focused else None

    return ft.MergeSemantics(
        ft.Semantics(
            label=label,
            content=ft.TextField(
                value=value,
                on_change=changed,
                on_submit=submitted,
                on_focus=focused,
                on_blur=blurred,
                autofocus=autofocus,
                multiline=lines > 1,
                min_lines=lines if lines > 1 else None,
                max_lines=None if lines > 1 else 1,
                password=password,
                can_reveal_password=password,
                autocorrect=not (password or verbatim),
                enable_suggestions=not (password or verbatim),
                keyboard_type=ft.KeyboardType.MULTILINE if lines > 1 else keyboard,
                capitalization=ft.TextCapitalization.SENTENCES if lines > 1 and not verbatim else None,
                text_style=style("body_large", Role.TEXT),
                cursor_color=Role.PRIMARY,
                filled=True,
                fill_color=Role.CARD,
                content_padding=ft.Padding.symmetric(horizontal=14, vertical=16),
                border={
                    ft.ControlState.FOCUSED: _edge(3, Role.PRIMARY),
                    ft.ControlState.DEFAULT: _edge(1.5, Role.EDGE),
                },
            ),
        )
    )


def _edge(width: float, color: str) -> ft.OutlineInputBorder:
    return ft.OutlineInputBorder(side=ft.BorderSide(width, color), border_radius=14)
