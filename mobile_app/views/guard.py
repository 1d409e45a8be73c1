"""Components that survive their own faults.

An exception while a component draws ends Flet's scheduler without a word, and the app would stand still for good. Here
the screen says so instead, the rest of the app goes on, and the fault goes to the console.
"""

import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import flet as ft

from mobile_app.views.messages import t

ControlT = TypeVar("ControlT")


def broken() -> ft.Control:
    """What is shown in place of a part that could not be drawn."""
    from mobile_app.views.parts.box import error_box

    return ft.Container(error_box(t("error.internal")), padding=16)


def safe(draw: Callable[..., ft.Control]) -> Callable[..., ft.Control]:
    """A drawing function that never raises."""

    @wraps(draw)
    def drawn(*args: Any, **kwargs: Any) -> ft.Control:
        try:
            return draw(*args, **kwargs)
        except Exception:  # noqa: BLE001 - whatever it was, the app must go on
            traceback.print_exc()
            return broken()

    return drawn


def component(draw: Callable[..., ft.Control]) -> Callable[..., ft.Control]:
    """`ft.component` for a drawing function, made safe."""
    made: Callable[..., ft.Control] = ft.component(safe(draw))
    return made
