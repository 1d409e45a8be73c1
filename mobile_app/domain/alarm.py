"""An alarm: the fold of what its sender's phone said, and of the signed acknowledgements of those who got it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mobile_app.domain.facts import Fact, in_order, number, text, whole
from mobile_app.domain.visit import Visit


class AlarmState(StrEnum):
    """`SAFE`: the sender has said so. `CANCELLED`: the sender called it off."""

    OPEN = "open"
    SAFE = "safe"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Position:
    """Degrees (WGS 84) and metres. `at`: the phone's clock, ms."""

    latitude: float
    longitude: float
    accuracy: float
    at: int


@dataclass(frozen=True)
class Acknowledgement:
    """Somebody says they have seen or taken an alarm. `verified`: by the roster's key; else it is only the server's word."""

    id: str
    case: str
    member: str
    state: str
    received: int
    verified: bool
    position: int = 0


@dataclass(frozen=True)
class Alarm:
    """One alarm. `raised_claimed`: sender's clock; `received`, `taken_at` and times in `seen_by`: the server's; ms, 0 = not yet.

    `seen_by`, `taken_by`: names, checked against the roster; `reported_by`: names the server gives without a valid signature.
    `readers`: names of the others it went to. `mine`: I raised it.
    """

    case: str
    member: str
    name: str = ""
    phone: str = ""
    drill: bool = False
    raised_claimed: int = 0
    received: int = 0
    state: AlarmState = AlarmState.OPEN
    position: Position | None = None
    visit: Visit | None = None
    seen_by: tuple[tuple[str, int], ...] = ()
    taken_by: str | None = None
    taken_at: int = 0
    mine: bool = False
    readers: tuple[str, ...] = ()
    reported_by: tuple[str, ...] = ()
    seen_by_me: bool = False
    taken_by_me: bool = False
    visit_case: str = ""
    silent: bool = False
    last: int = 0
    """Place in the order things came; bigger is later."""


def _position(body: Mapping[str, Any], created: int) -> Position | None:
    latitude, longitude = number(body, "latitude"), number(body, "longitude")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return Position(latitude, longitude, number(body, "accuracy") or 0.0, whole(body, "at") or created)


def fold_alarm(facts: Iterable[Fact]) -> Alarm | None:
    """The alarm these facts make, without names, or None while there is none among them.

    It is a drill only if everything agrees that it is: one event that says otherwise makes it real. Only its sender can end it.
    """
    ordered = in_order(facts)
    raised = next((fact for fact in ordered if fact.kind == "alarm.raised"), None)
    first = raised or next((fact for fact in ordered if fact.kind.startswith("alarm.")), None)
    if first is None:
        return None
    own = [fact for fact in ordered if fact.member == first.member and fact.kind.startswith("alarm.")]
    state, position = AlarmState.OPEN, None
    for fact in own:
        position = _position(fact.body, fact.created) or position
        if fact.kind == "alarm.cancelled" and state is AlarmState.OPEN:
            state = AlarmState.CANCELLED
        elif fact.kind == "alarm.safe" and state is AlarmState.OPEN:
            state = AlarmState.SAFE
        elif fact.kind == "alarm.raised" and fact is not first:
            state = AlarmState.OPEN  # raised again
    return Alarm(
        case=first.case,
        member=first.member,
        drill=all(fact.drill and not fact.mismatch for fact in own),
        raised_claimed=first.created,
        received=first.received,
        state=state,
        position=position,
        visit_case=text(first.body, "visit", 36),
        silent=first.body.get("silent") is True,
        last=max(fact.written for fact in own),
    )


def heard(
    acknowledgements: Iterable[Acknowledgement],
) -> tuple[dict[str, int], tuple[str, int] | None, tuple[str, ...]]:
    """Who has seen it, who took it first, and whom only the server speaks of: (member → time, (member, time), members).

    Taking it implies having seen it. The order is the feed's.
    """
    seen: dict[str, int] = {}
    taken: tuple[str, int] | None = None
    claimed: list[str] = []
    for ack in sorted(acknowledgements, key=lambda a: (a.position == 0, a.position)):
        if not ack.verified:
            claimed.append(ack.member)
            continue
        seen.setdefault(ack.member, ack.received)
        if ack.state == "taken" and taken is None:
            taken = (ack.member, ack.received)
    return seen, taken, tuple(member for member in dict.fromkeys(claimed) if member not in seen)
