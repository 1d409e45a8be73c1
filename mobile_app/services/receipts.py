"""How far own things have come, in the views' terms."""

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
        facts = in_order(self._journal.facts(case))
        if not facts:
            return Receipt()
        author = facts[0].member
        own = [fact for fact in facts if fact.member == author and fact.kind != "case.seen"]
        seen: dict[str, Fact] = {}
        for fact in facts:
            if fact.kind == "case.seen" and fact.member != author:
                seen.setdefault(fact.member, fact)
        seen_by = tuple(
            (self._people.name(member), fact.received or fact.created) for member, fact in seen.items()
        )
        last = own[-1] if own else facts[0]
        parked = next((code for code in (self._outgoing.parked(fact.id) for fact in own) if code), "")
        sent_at = last.received
        return receipt(last.created, sent_at, seen_by if sent_at else (), parked)
