"""A visit: a draft while it is being thought through, then the fold of planned, started, extended and checked out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mobile_app.domain.advice import Advice
from mobile_app.domain.checklist import Checklist, Level, Outcome
from mobile_app.domain.facts import Fact, in_order, text, texts, whole
from mobile_app.domain.receipts import Receipt

_T = TypeVar("_T", Level, Outcome)

GRACE_SECONDS = 600
"""From the promised check-out until somebody is told."""


@dataclass(frozen=True)
class MeetingType:
    """A kind of meeting the app has a checklist for. Words: message key meeting.<key>."""

    key: str


@dataclass(frozen=True)
class VisitDraft:
    """A visit being planned. `answers`: question id → option value. `measures`: keys. `repeat_of`: case it repeats, or None.

    `minutes`: how long it will take, 0 = not said. `updated`: device clock, ms. `step`: where in the flow the person is; the
    views' own number. `deviation`: why they go although the advice is another.
    """

    id: str
    meeting_type: str
    place: str = ""
    purpose: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    measures: frozenset[str] | set[str] = field(default_factory=frozenset)
    minutes: int = 0
    repeat_of: str | None = None
    updated: int = 0
    step: int = 0
    deviation: str = ""

    def to_row(self) -> dict[str, Any]:
        """As JSON data."""
        return {**vars(self), "answers": dict(self.answers), "measures": sorted(self.measures)}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "VisitDraft":
        """Inverse of `to_row`; members of a newer version are left out."""
        known = {name: row[name] for name in cls.__dataclass_fields__ if name in row}
        return cls(**{**known, "answers": dict(row["answers"]), "measures": frozenset(row["measures"])})


@dataclass(frozen=True)
class Visit:
    """One visit as it stands. Times ms, 0 = not yet: `planned`, `started`, `checked_out` by the visitor's clock; `until` by that
    clock too for one's own visit, and counted from the server's receipt for others'.

    `reasons`, `measures`: the texts that were shown. `extended`: minutes added. `answers`: for the next time.
    """

    case: str
    member: str
    name: str = ""
    meeting_type: str = ""
    place: str = ""
    purpose: str = ""
    level: Level = Level.YELLOW
    outcome: Outcome = Outcome.GO_WITH_MEASURES
    reasons: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    planned: int = 0
    started: int = 0
    until: int = 0
    checked_out: int = 0
    receipt: Receipt = field(default_factory=Receipt)
    minutes: int = 0
    extended: int = 0
    deviation: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    measure_keys: tuple[str, ...] = ()
    last: int = 0
    """Place in the order of what happened last; bigger is later. For sorting, never for showing."""

    @property
    def under_way(self) -> bool:
        """Started and not checked out."""
        return bool(self.started and not self.checked_out)

    @property
    def warned_at(self) -> int:
        """When others are told if there is no check-out, ms; 0 when not under way."""
        return self.until + GRACE_SECONDS * 1000 if self.under_way else 0


def planned_body(draft: VisitDraft, checklist: Checklist, advice: Advice) -> dict[str, Any]:
    """Body of visit.planned: everything a leader needs, in the words that were shown."""
    return {
        "meeting_type": draft.meeting_type,
        "place": draft.place.strip(),
        "purpose": draft.purpose.strip(),
        "minutes": draft.minutes,
        "checklist": {"key": checklist.key, "version": checklist.version},
        "answers": {
            q.id: draft.answers[q.id] for q in checklist.shown(draft.answers) if q.id in draft.answers
        },
        "level": advice.level.value,
        "outcome": advice.outcome.value,
        "reasons": [reason.text for reason in advice.reasons],
        "measures": [measure.text for measure in advice.measures if measure.key in draft.measures],
        "measure_keys": sorted(draft.measures),
        "repeat_of": draft.repeat_of,
        "deviation": draft.deviation.strip(),
    }


def fold_visit(facts: Iterable[Fact], *, mine: bool) -> Visit | None:
    """The visit these facts make, or None while its plan has not come. What another than the visitor says of it is not heard."""
    ordered = in_order(facts)
    # A start says all that its plan did: it is urgent, and may come alone.
    told = sorted(
        (fact for fact in ordered if fact.kind in ("visit.planned", "visit.started")),
        key=lambda fact: (not fact.body, fact.kind != "visit.planned"),
    )
    first = next(iter(told), None)
    if first is None:
        return None
    body = first.body
    started = until = checked_out = extended = last = 0
    for fact in ordered:
        if fact.member != first.member:
            continue
        last = max(last, fact.written)
        waited = min(fact.delay, fact.duration * 1000)
        base = fact.created if mine or not fact.received else fact.received - waited
        if fact.kind == "visit.started" and not started:
            started, until = fact.created, base + fact.duration * 1000
        elif fact.kind == "visit.extended" and started and not checked_out:
            until = base + fact.duration * 1000
            extended += whole(fact.body, "minutes")
        elif fact.kind == "visit.checked_out" and not checked_out:
            checked_out = fact.created
    return Visit(
        case=first.case,
        member=first.member,
        meeting_type=text(body, "meeting_type", 40),
        place=text(body, "place"),
        purpose=text(body, "purpose"),
        level=_known(Level, text(body, "level"), Level.YELLOW),
        outcome=_known(Outcome, text(body, "outcome"), Outcome.GO_WITH_MEASURES),
        reasons=texts(body, "reasons"),
        measures=texts(body, "measures"),
        planned=first.created,
        started=started,
        until=until,
        checked_out=checked_out,
        minutes=whole(body, "minutes"),
        extended=extended,
        deviation=text(body, "deviation"),
        answers=_answers(body),
        measure_keys=texts(body, "measure_keys"),
        last=last,
    )


def _known(kind: type[_T], value: str, otherwise: _T) -> _T:
    return kind(value) if value in set(kind) else otherwise


def _answers(body: Mapping[str, Any]) -> dict[str, str]:
    raw = body.get("answers")
    return {k: v for k, v in raw.items() if isinstance(v, str)} if isinstance(raw, dict) else {}


def extension_seconds(visit: Visit, minutes: int, now: int) -> int:
    """Seconds from `now` (the visitor's clock, ms) until the visit ends when it gets `minutes` more; at least those minutes."""
    return max(visit.until - now, 0) // 1000 + minutes * 60
