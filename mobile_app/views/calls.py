"""People to call, and calling them."""

from collections.abc import Callable
from typing import Any

from mobile_app.views.app import App


def tel(phone: str) -> str:
    """The address that opens the telephone with this number."""
    return "tel:" + "".join(sign for sign in phone if sign.isdigit() or sign == "+")


def call(app: App, phone: str) -> Callable[[Any], None]:
    """A handler that opens the telephone; the person still has to press call."""
    return lambda _: app.client.host.open_link(tel(phone))


def spaced(phone: str) -> str:
    """A Norwegian number in the groups people read it in."""
    digits = "".join(sign for sign in phone if sign.isdigit() or sign == "+")
    if digits.startswith("+47") and len(digits) == 11:
        digits = digits[3:]
    if len(digits) == 8 and digits.isdigit():
        if digits[0] in "489":
            return f"{digits[:3]}\u00a0{digits[3:5]}\u00a0{digits[5:]}"
        return "\u00a0".join(digits[n : n + 2] for n in range(0, 8, 2))
    return phone.strip()
