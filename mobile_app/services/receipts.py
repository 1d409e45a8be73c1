"""How far own things have come, in the views' terms."""

from dataclasses import dataclass

from mobile_app.domain.facts import Fact, in_order
from mobile_app.domain.receipts import Receipt, receipt
from mobile_app.services.journal import Journal
from mobile_app.services.outgoing import Outgoing
from mobile_app.services.people import People


class Receipts:
    """Builds receipts from a case's facts and the outbox."""

    def __init__(self, journal: Journal, people: People, outgoing: Outgoing) -> None:
        self._journal = journal
        self._people = people
        self._outgoing = outgoing

    def of(self, case: str) -> Receipt:
        """The receipt of a case: its newest event by the author decides what is sent, and the first that is parked is told."""
        known = self._journal.fold("receipt", case, _known)
        if known is None:
            return Receipt()
        seen_by = tuple((self._people.name(member), at) for member, at in known.seen.items())
        parked = next((code for code in (self._outgoing.parked(event) for event in known.own) if code), "")
        return receipt(known.saved_at, known.sent_at, seen_by if known.sent_at else (), parked)


@dataclass(frozen=True)
class _Known:
    """What the facts of a case tell: the author's events, when the newest was made and received, who has opened it."""

    own: tuple[str, ...]
    saved_at: int
    sent_at: int
    seen: dict[str, int]


def _known(facts: list[Fact]) -> _Known | None:
    ordered = in_order(facts)
    written = [fact for fact in ordered if fact.kind != "case.seen"]
    if not written:
        return None
    author = written[0].member
    own = [fact for fact in written if fact.member == author]
    seen: dict[str, int] = {}
    for fact in ordered:
        if fact.kind == "case.seen" and fact.member != author:
            seen.setdefault(fact.member, fact.received or fact.created)
    return _Known(tuple(fact.id for fact in own), own[-1].created, own[-1].received, seen)
