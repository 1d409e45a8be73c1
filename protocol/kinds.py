"""Kinds of events: what each tells the server, and which of a device's keys may sign it.

The field key lies outside the vault, so a thief of a locked phone has it. It is therefore good only for what must work
on a locked phone: raising an alarm and what follows it, starting, extending and ending a visit.
"""

from dataclasses import dataclass
from enum import StrEnum


class Coarse(StrEnum):
    """All the server learns of what an event is about."""

    URGENT = "urgent"
    DEADLINE = "deadline"
    OTHER = "other"


class Act(StrEnum):
    """What the server has to do for an urgent or deadline event."""

    RAISE = "raise"
    UPDATE = "update"
    CANCEL = "cancel"
    SAFE = "safe"
    ARM = "arm"
    EXTEND = "extend"
    CHECK_OUT = "check_out"


class KeyUse(StrEnum):
    """The purposes of a device's keys. `ENCRYPTION` never signs."""

    FIELD = "field"
    MEMBER = "member"
    ENCRYPTION = "encryption"


@dataclass(frozen=True)
class KindRule:
    """Rule of one event kind: its coarse kind, its act for the server, and the keys that may sign it."""

    coarse: Coarse
    act: Act | None
    signers: frozenset[KeyUse]


_ANY = frozenset({KeyUse.FIELD, KeyUse.MEMBER})
_MEMBER = frozenset({KeyUse.MEMBER})

KINDS: dict[str, KindRule] = {
    "alarm.raised": KindRule(Coarse.URGENT, Act.RAISE, _ANY),
    "alarm.position": KindRule(Coarse.URGENT, Act.UPDATE, _ANY),
    "alarm.cancelled": KindRule(Coarse.URGENT, Act.CANCEL, _ANY),
    "alarm.safe": KindRule(Coarse.URGENT, Act.SAFE, _ANY),
    "visit.planned": KindRule(Coarse.OTHER, None, _MEMBER),
    "visit.started": KindRule(Coarse.DEADLINE, Act.ARM, _ANY),
    "visit.extended": KindRule(Coarse.DEADLINE, Act.EXTEND, _ANY),
    "visit.checked_out": KindRule(Coarse.DEADLINE, Act.CHECK_OUT, _ANY),
    "incident.reported": KindRule(Coarse.OTHER, None, _MEMBER),
    "case.seen": KindRule(Coarse.OTHER, None, _MEMBER),
    "profile.set": KindRule(Coarse.OTHER, None, _MEMBER),
}

ACTS: dict[Coarse, frozenset[Act]] = {
    coarse: frozenset(rule.act for rule in KINDS.values() if rule.coarse is coarse and rule.act is not None)
    for coarse in Coarse
}
