"""Waiting for a condition, with a bound and a message that says what never came."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

INTERVAL = 0.02


def wait_until(condition: Callable[[], T], what: str, *, seconds: float = 10.0) -> T:
    """Ask `condition` until it answers something true, and return that.

    Raises:
        TimeoutError: after `seconds`, naming `what` and the last answer.
    """
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() >= end:
            raise TimeoutError(f"waited {seconds:g} s for {what}; last answer: {answer!r}")
        time.sleep(INTERVAL)
