"""The fact of one event, as the folds see it: who says what of which case, and where it stands in the order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fact:
    """One checked event of a case.

    `created`: the author's clock, ms, a claim. `received`: the server's, 0 = not there yet as far as we know.
    `position`: place in the feed as this device got it, 0 = not come back from the server. `written`: place among what this
    device stored. `duration`: seconds, for events that carry one. `delay`: ms it
    waited at the device before it was sent, a claim. `mismatch`: envelope and inside disagreed.
    """

    id: str
    kind: str
    case: str
    member: str
    created: int
    received: int = 0
    position: int = 0
    written: int = 0
    prev: tuple[str, ...] = ()
    drill: bool = False
    mismatch: bool = False
    duration: int = 0
    body: Mapping[str, Any] = field(default_factory=dict)
    delay: int = 0


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """Facts of a case in the order that counts: by the feed, own unsent ones last, and never before what they name.

    No clock has a say: devices' clocks are off by up to a year.
    """
    waiting = sorted(facts, key=lambda fact: (fact.position == 0, fact.position, fact.written))
    present = {fact.id for fact in waiting}
    placed: set[str] = set()
    ordered: list[Fact] = []
    while waiting:
        ready = next(
            (f for f in waiting if all(p in placed or p not in present or p == f.id for p in f.prev)), None
        )
        fact = ready if ready is not None else waiting[0]  # a ring of predecessors: the feed's order decides
        waiting.remove(fact)
        placed.add(fact.id)
        ordered.append(fact)
    return ordered


def text(body: Mapping[str, Any], name: str, longest: int = 20_000) -> str:
    """A text of a body; empty when it is missing or of another type. What others wrote is never trusted to be well-formed."""
    value = body.get(name)
    return value[:longest] if isinstance(value, str) else ""


def texts(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list of texts of a body."""
    value = body.get(name)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def whole(body: Mapping[str, Any], name: str) -> int:
    """A whole number of a body, 0 when missing."""
    value = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def number(body: Mapping[str, Any], name: str) -> float | None:
    """A number of a body."""
    value = body.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
