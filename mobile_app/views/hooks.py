"""Flet's hooks with the types of what they hold."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import flet as ft

ValueT = TypeVar("ValueT")


class Box(Generic[ValueT]):
    """Holds one thing from drawing to drawing."""

    def __init__(self, value: ValueT) -> None:
        self.value = value


def use_value(first: ValueT) -> tuple[ValueT, Callable[[ValueT], None]]:
    """A value of this component and how to set it, which draws it again."""
    pair: Any = ft.use_state(first)
    return pair[0], pair[1]


def use_box(make: Callable[[], ValueT]) -> Box[ValueT]:
    """A box made at the first drawing. What is put into it draws nothing."""
    ref: Any = ft.use_ref(None)
    if ref.current is None:
        ref.current = Box(make())
    box: Box[ValueT] = ref.current
    return box
