"""Choosing a passphrase: how strong it is, in words, and what is lost with it."""

from collections.abc import Callable
from typing import Any

import flet as ft

from mobile_app.views.messages import t
from mobile_app.views.parts.box import STRETCH, notice
from mobile_app.views.parts.field import field
from mobile_app.views.parts.text import text
from mobile_app.views.theme import Role

SHORTEST = 12


def strength(passphrase: str) -> str:
    """Message key part: short, simple, fair, good or strong. A rule of thumb, and said as one."""
    if len(passphrase) < SHORTEST:
        return "short"
    different = len(set(passphrase.lower()))
    words = len([word for word in passphrase.split() if len(word) > 2])
    if different < 5 or passphrase.isdecimal():
        return "simple"
    if len(passphrase) >= 24 or words >= 4:
        return "strong"
    return "good" if len(passphrase) >= 16 or words >= 3 else "fair"


def usable(passphrase: str) -> bool:
    """Long enough, and not one sign over and over."""
    return strength(passphrase) not in ("short", "simple")


def strength_words(passphrase: str) -> str:
    """What to say about it while it is typed."""
    kind = strength(passphrase)
    if kind == "short":
        return t("passphrase.strength.short", n=SHORTEST - len(passphrase))
    return t(f"passphrase.strength.{kind}")


def passphrase_fields(
    value: str, again: str, set_value: Callable[[str], Any], set_again: Callable[[str], Any], *, tried: bool
) -> ft.Control:
    """Two fields and the warning."""
    wrong = t("passphrase.differs") if tried and value and value != again else ""
    first = strength_words(value) if tried and not usable(value) else ""
    return ft.Column(
        [
            field(
                t("passphrase.label"),
                value,
                set_value,
                password=True,
                hint=strength_words(value) if value else t("passphrase.hint"),
                error=first,
                key="pass",
            ),
            field(t("passphrase.again"), again, set_again, password=True, error=wrong, key="again"),
            notice(text(t("passphrase.lost"), "body_medium"), "KEY_ROUNDED", Role.QUIET, Role.TEXT),
        ],
        spacing=16,
        tight=True,
        horizontal_alignment=STRETCH,
    )
