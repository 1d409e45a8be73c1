"""An incident report: what one needs at the least to say, the draft, and the report as its readers see it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mobile_app.domain.facts import Fact, in_order, text, texts, whole
from mobile_app.domain.receipts import Receipt


@dataclass(frozen=True)
class IncidentKind:
    """A kind of incident. Words: message keys incident.kind.<key> and incident.kind.<key>.example; `icon` from the look."""

    key: str
    icon: str


KINDS = (
    IncidentKind("violence", "personal_injury"),
    IncidentKind("threat_face", "record_voice_over"),
    IncidentKind("threat_remote", "sms"),
    IncidentKind("sexual_physical", "do_not_touch"),
    IncidentKind("sexual_verbal", "chat_bubble"),
    IncidentKind("harassment_trait", "groups"),
    IncidentKind("harassment_other", "person"),
    IncidentKind("near_miss", "visibility"),
)
"""In the order they are shown: the most serious first, and the doubt last so that it is met after all the others."""

SEVERITIES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class IncidentDraft:
    """A report being written. `severity` 1–5 as felt, None = not said. `happened_at`: ms, 0 = not said. `visit`, `alarm`: cases it
    came out of. `about_leader`: it concerns the leader, who then doesn't get it. `updated`: device clock, ms.
    """

    id: str
    kinds: frozenset[str] | set[str] = field(default_factory=frozenset)
    severity: int | None = None
    line: str = ""
    happened_at: int = 0
    place: str = ""
    visit: str | None = None
    alarm: str | None = None
    about_leader: bool = False
    updated: int = 0
    step: int = 0

    @property
    def missing(self) -> tuple[str, ...]:
        """What is needed before it can be sent: names out of kinds, severity, line."""
        known = {kind.key for kind in KINDS}
        needed = {
            "kinds": bool(set(self.kinds) & known),
            "severity": self.severity in SEVERITIES,
            "line": bool(self.line.strip()),
        }
        return tuple(name for name, there in needed.items() if not there)

    def to_row(self) -> dict[str, Any]:
        """As JSON data."""
        return {**vars(self), "kinds": sorted(self.kinds)}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "IncidentDraft":
        """Inverse of `to_row`; members of a newer version are left out."""
        known = {name: row[name] for name in cls.__dataclass_fields__ if name in row}
        return cls(**{**known, "kinds": frozenset(row["kinds"])})


@dataclass(frozen=True)
class Incident:
    """A report as it was sent. `received`: server's time, 0 = not there yet; the other times are the author's claim."""

    case: str
    member: str
    name: str = ""
    kinds: tuple[str, ...] = ()
    severity: int = 0
    line: str = ""
    happened_at: int = 0
    place: str = ""
    received: int = 0
    receipt: Receipt = field(default_factory=Receipt)
    visit: str | None = None
    alarm: str | None = None
    about_leader: bool = False
    last: int = 0
    """Place in the order things came; bigger is later."""


def reported_body(draft: IncidentDraft) -> dict[str, Any]:
    """Body of incident.reported. Raises ValueError while something needed is missing."""
    if draft.missing:
        raise ValueError(f"missing: {', '.join(draft.missing)}")
    return {
        "kinds": [kind.key for kind in KINDS if kind.key in draft.kinds],
        "severity": draft.severity,
        "line": draft.line.strip(),
        "happened_at": draft.happened_at,
        "place": draft.place.strip(),
        "visit": draft.visit,
        "alarm": draft.alarm,
        "about_leader": draft.about_leader,
    }


def fold_incident(facts: Iterable[Fact]) -> Incident | None:
    """The report these facts make, or None when there is none among them."""
    report = next((fact for fact in in_order(facts) if fact.kind == "incident.reported"), None)
    if report is None:
        return None
    body = report.body
    return Incident(
        case=report.case,
        member=report.member,
        kinds=texts(body, "kinds"),
        severity=min(max(whole(body, "severity"), 1), 5),
        line=text(body, "line"),
        happened_at=whole(body, "happened_at"),
        place=text(body, "place"),
        received=report.received,
        visit=text(body, "visit", 36) or None,
        alarm=text(body, "alarm", 36) or None,
        about_leader=body.get("about_leader") is True,
        last=report.written,
    )
