"""Cards, sections, notices and pills: what is so, by shape and word first and colour last."""

from typing import Any

import flet as ft

from mobile_app.views.messages import t
from mobile_app.views.parts.text import dim, heading, icon, text
from mobile_app.views.theme import Role

LEVELS: dict[str, tuple[str, str, str, str]] = {
    "green": ("CHECK_CIRCLE_ROUNDED", Role.GREEN_BG, Role.ON_GREEN, Role.GREEN_LINE),
    "yellow": ("WARNING_ROUNDED", Role.YELLOW_BG, Role.ON_YELLOW, Role.YELLOW_LINE),
    "red": ("FRONT_HAND_ROUNDED", Role.RED_BG, Role.ON_RED, Role.RED_LINE),
}
"""Icon, ground, text and line of a level."""

STRETCH = ft.CrossAxisAlignment.STRETCH


def card(*children: ft.Control, alarm: bool = False, gap: int = 10) -> ft.Container:
    """A white card. `alarm`: the frame that says "this first"."""
    border = ft.Border.all(3, Role.ALARM_EDGE) if alarm else ft.Border.all(1, Role.LINE)
    return ft.Container(
        ft.Column(list(children), spacing=gap, tight=True, horizontal_alignment=STRETCH),
        bgcolor=Role.CARD,
        border=border,
        border_radius=16,
        padding=14 if alarm else 16,
    )


def section(title: str, *children: ft.Control, strong: bool = False) -> ft.Control:
    """A small heading over what belongs under it."""
    head = heading(title, 2, "body_medium", Role.TEXT if strong else Role.DIM)
    label = head.content if isinstance(head, ft.Semantics) else None
    if isinstance(label, ft.Text) and isinstance(label.style, ft.TextStyle):
        label.style.weight = ft.FontWeight.W_700
    return ft.Column([head, *children], spacing=8, tight=True, horizontal_alignment=STRETCH)


def group(*children: ft.Control, gap: int = 0) -> ft.Control:
    """Lines that stand close together."""
    return ft.Column(list(children), spacing=gap, tight=True, horizontal_alignment=STRETCH)


def notice(words: ft.Text, name: str, bg: str, color: str, line: str | None = None) -> ft.Control:
    """A tinted box with an icon; read as one."""
    words.expand = True
    return ft.MergeSemantics(
        ft.Container(
            ft.Row(
                [icon(name, 24, color), words], spacing=12, vertical_alignment=ft.CrossAxisAlignment.START
            ),
            bgcolor=bg,
            border=ft.Border.all(1.5, line) if line else None,
            border_radius=14,
            padding=ft.Padding.symmetric(horizontal=14, vertical=12),
        )
    )


def level_box(level: str, title: str, note: str) -> ft.Control:
    """The verdict of a checklist."""
    name, bg, color, line = LEVELS[level]
    return ft.Container(
        ft.Row(
            [
                icon(name, 32, color),
                ft.Column(
                    [heading(title, 2, "title_large", color), text(note, "body_medium", color)],
                    spacing=0,
                    tight=True,
                    expand=True,
                ),
            ],
            spacing=14,
        ),
        bgcolor=bg,
        border=ft.Border.all(1.5, line),
        border_radius=16,
        padding=16,
    )


def pill(words: str, name: str, bg: str, color: str, line: str | None = None) -> ft.Control:
    """A state in a word or two; as wide as these, and no wider than there is room for."""
    said = text(words, "body_medium", color, bold=True, expand=True)
    said.expand_loose = True
    return ft.Container(
        ft.Row([icon(name, 20, color), said], spacing=6, tight=True),
        bgcolor=bg,
        border=ft.Border.all(1.5, line or ft.Colors.TRANSPARENT),
        border_radius=10,
        padding=ft.Padding.only(left=8, top=4, right=10, bottom=4),
    )


def level_pill(level: str) -> ft.Control:
    """Grønt, Gult, Rødt."""
    name, bg, color, line = LEVELS[level]
    return pill(t(f"level.{level}"), name, bg, color, line)


def pills(*items: ft.Control) -> ft.Control:
    """In a row that breaks."""
    return ft.Row(list(items), wrap=True, spacing=6, run_spacing=6)


def error_box(words: str) -> ft.Control:
    """Something did not work; announced at once. Plum, never red."""
    return ft.Semantics(
        live_region=True,
        container=True,
        content=notice(
            text(words, "body_medium", Role.ON_ERROR_BG),
            "INFO_ROUNDED",
            Role.ERROR_BG,
            Role.ON_ERROR_BG,
            Role.ERROR,
        ),
    )


def steps(done: int, of: int) -> ft.Control:
    """How far along, as bars for the eye and words for the ear."""
    bars: list[ft.Control] = [
        ft.Container(height=6, border_radius=3, bgcolor=Role.PRIMARY if n < done else Role.TRACK, expand=1)
        for n in range(of)
    ]
    return ft.Semantics(
        label=t("steps.of", n=done, of=of), image=True, container=True, content=ft.Row(bars, spacing=4)
    )


def timeline(items: list[tuple[str, str, str, bool]]) -> ft.Control:
    """What has happened, in order. Each: words, second line or "", time or "", whether it has happened."""
    rows: list[ft.Control] = []
    for number, (words, more, at, done) in enumerate(items):
        last = number == len(items) - 1
        lines: list[ft.Control] = [
            text(words, "title_medium") if done else text(words, "body_large", Role.DIM)
        ]
        if more:
            lines.append(dim(more))
        mark = ft.Column(
            [
                icon(
                    "CHECK_CIRCLE_ROUNDED" if done else "RADIO_BUTTON_UNCHECKED_ROUNDED",
                    24,
                    Role.TEXT if done else Role.DIM,
                ),
                *([] if last else [ft.Container(width=2, height=18 if not more else 30, bgcolor=Role.EDGE)]),
            ],
            spacing=2,
            tight=True,
            horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        )
        rows.append(
            ft.MergeSemantics(
                ft.Row(
                    [
                        mark,
                        ft.Column(lines, spacing=0, tight=True, expand=True),
                        dim(at, figures=True),
                    ],
                    spacing=14,
                    vertical_alignment=ft.CrossAxisAlignment.START,
                )
            )
        )
    return ft.Column(rows, spacing=4, tight=True, horizontal_alignment=STRETCH)


def numbered(lines: list[str], start: int = 1) -> ft.Control:
    """Steps to take, in order."""
    rows: list[ft.Control] = [
        ft.MergeSemantics(
            ft.Row(
                [
                    ft.Container(
                        text(str(start + n), "title_medium", Role.ON_SELECTED, bold=True),
                        bgcolor=Role.SELECTED_BG,
                        border_radius=24,
                        width=icon("CALL_ROUNDED", 32).size,
                        height=icon("CALL_ROUNDED", 32).size,
                        alignment=ft.Alignment.CENTER,
                    ),
                    text(line, expand=True),
                ],
                spacing=12,
                vertical_alignment=ft.CrossAxisAlignment.START,
            )
        )
        for n, line in enumerate(lines)
    ]
    return ft.Column(rows, spacing=10, tight=True, horizontal_alignment=STRETCH)


def words_grid(words: list[str], columns: int = 2) -> ft.Control:
    """Numbered words to compare or to write down."""
    cells: list[ft.Control] = [
        ft.MergeSemantics(
            ft.Container(
                ft.Row([dim(str(n), "body_medium"), text(word, "title_large", expand=True)], spacing=10),
                border=ft.Border.all(1.5, Role.EDGE),
                border_radius=14,
                bgcolor=Role.CARD,
                padding=ft.Padding.symmetric(horizontal=14, vertical=12),
                expand=1,
            )
        )
        for n, word in enumerate(words, 1)
    ]
    for cell in cells:
        cell.expand = 1
    rows: list[ft.Control] = []
    for first in range(0, len(cells), columns):
        line = cells[first : first + columns]
        line += [ft.Container(expand=1) for _ in range(columns - len(line))]
        rows.append(ft.Row(line, spacing=8))
    return ft.Column(rows, spacing=8, tight=True, horizontal_alignment=STRETCH)


def divider_above(child: ft.Control, **more: Any) -> ft.Container:
    """A row under another one in a list."""
    return ft.Container(child, border=ft.Border(top=ft.BorderSide(1, Role.LINE)), **more)
