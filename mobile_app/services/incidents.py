"""Incidents: written as drafts, sent when the person says so, received by leaders and safety reps."""

from dataclasses import replace

from mobile_app.domain.incident import (
    KINDS,
    Incident,
    IncidentDraft,
    IncidentKind,
    fold_incident,
    reported_body,
)
from mobile_app.domain.recipients import Recipient, incident_recipients, recipient_list
from mobile_app.services.alarms import Alarms
from mobile_app.services.core import Core
from mobile_app.services.drafts import Drafts
from mobile_app.services.errors import AppError
from mobile_app.services.journal import Journal
from mobile_app.services.people import People
from mobile_app.services.receipts import Receipts
from mobile_app.services.store import INCIDENT_DRAFTS
from mobile_app.services.visits import Visits, say_seen
from protocol.ids import new_id


class Incidents:
    """From draft to report."""

    def __init__(
        self, core: Core, journal: Journal, people: People, receipts: Receipts, visits: Visits, alarms: Alarms
    ) -> None:
        self._core = core
        self._journal = journal
        self._people = people
        self._receipts = receipts
        self._visits = visits
        self._alarms = alarms
        self._drafts = Drafts(core, INCIDENT_DRAFTS, IncidentDraft.from_row)

    def kinds(self) -> list[IncidentKind]:
        """The kinds, in the order they are shown."""
        return list(KINDS)

    def drafts(self) -> list[IncidentDraft]:
        """Drafts, the one changed last first."""
        return self._drafts.all()

    async def begin(self, from_visit: str | None = None, from_alarm: str | None = None) -> IncidentDraft:
        """A new draft, stored, with time and place of the visit or alarm it comes out of."""
        draft = IncidentDraft(new_id(), visit=from_visit, alarm=from_alarm, happened_at=self._core.now())
        alarm = self._alarms.get(from_alarm) if from_alarm else None
        if alarm is not None:
            visit_case = from_visit or alarm.visit_case or None
            draft = replace(draft, happened_at=alarm.raised_claimed, visit=visit_case)
        visit = self._visits.get(draft.visit) if draft.visit else None
        if visit is not None:
            draft = replace(draft, place=visit.place)
        return await self.save(draft)

    async def save(self, draft: IncidentDraft) -> IncidentDraft:
        """Store a draft; one row. Returns it with the time it was saved. When storing fails the text is kept in memory, goes with
        the next save, and AppError says so."""
        return await self._drafts.save(draft)

    async def discard(self, draft: IncidentDraft) -> None:
        """Delete a draft."""
        await self._drafts.discard(draft)

    def recipients(self, draft: IncidentDraft) -> list[Recipient]:
        """Whom it would go to."""
        return recipient_list(self._people.all(), about_leader=draft.about_leader)

    async def send(self, draft: IncidentDraft) -> str:
        """Make the draft a report; the draft goes in the same transaction. Returns the case. Raises AppError: incomplete,
        no_recipients."""
        if draft.missing:
            raise AppError("incomplete", detail=", ".join(draft.missing))
        readers = incident_recipients(self._people.all(), about_leader=draft.about_leader)
        if not readers:
            raise AppError("no_recipients")
        case = new_id()
        await self._journal.create(
            "incident.reported",
            case,
            reported_body(draft),
            [person.member for person in readers],
            also=lambda: self._drafts.remove(draft),
        )
        return case

    def get(self, case: str) -> Incident | None:
        """A report, or None when nothing of it is on this device."""
        incident = self._journal.fold("incident", case, fold_incident)
        if incident is None:
            return None
        return replace(incident, name=self._people.name(incident.member), receipt=self._receipts.of(case))

    def _all(self, *, mine: bool) -> list[Incident]:
        identity = self._core.identity
        found = [self.get(case) for case in self._journal.cases("incident.")]
        return [i for i in found if i and identity and (i.member == identity.member) is mine]

    def mine(self) -> list[Incident]:
        """My reports, the latest first."""
        return self._all(mine=True)

    def received(self) -> list[Incident]:
        """Others' reports, the latest first."""
        return self._all(mine=False)

    async def opened(self, case: str) -> None:
        """Somebody else's report was opened in front of me: tell its author, once. Raises AppError."""
        incident = self.get(case)
        if incident is not None:
            await say_seen(self._core, self._journal, case, incident.member)
