"""Words, headings and icons in the sizes of the theme."""

from typing import Any

import flet as ft

from mobile_app.views import metrics
from mobile_app.views.icons import CODES
from mobile_app.views.theme import TYPE, Role, style


def text(words: str, name: str = "body_large", color: str = Role.TEXT, **more: Any) -> ft.Text:
    """Plain words. Colour and weight are set on each, since a button would colour them otherwise."""
    figures = bool(more.pop("figures", False))
    bold = bool(more.pop("bold", False))
    shape = style(name, color, figures=figures)
    if bold:
        shape.weight = ft.FontWeight.W_700
    return ft.Text(words, style=shape, **more)


def dim(words: str, name: str = "body_medium", **more: Any) -> ft.Text:
    """The second line."""
    return text(words, name, Role.DIM, **more)


def lead(bold: str, rest: str, name: str = "body_medium", color: str = Role.TEXT) -> ft.Text:
    """A sentence that begins with a bold word or two."""
    plain = style(name, color)
    strong = style(name, color)
    strong.weight = ft.FontWeight.W_700
    return ft.Text(
        spans=[ft.TextSpan(f"{bold} ", strong), ft.TextSpan(rest, plain)], style=plain, expand=True
    )


def heading(words: str, level: int = 2, name: str = "title_large", color: str = Role.TEXT) -> ft.Control:
    """A heading for eyes and screen readers. Never inside something that can be tapped."""
    return ft.Semantics(heading_level=level, header=True, container=True, content=text(words, name, color))


def icon(name: str, size: int = 24, color: str = Role.PRIMARY) -> ft.Icon:
    """A Material icon by its name in `ft.Icons`; grows with the text. It says nothing to a screen reader."""
    return ft.Icon(CODES[name], size=metrics.current().icon(size), color=color)


SIZES = tuple(TYPE)
