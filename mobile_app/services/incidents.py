"""Incidents."""

from mobile_app.domain.incident import Incident, IncidentDraft, IncidentKind
from mobile_app.domain.recipients import Recipient


class Incidents:
    """From draft to report."""

    def kinds(self) -> list[IncidentKind]:
        raise NotImplementedError

    async def begin(self, from_visit: str | None = None, from_alarm: str | None = None) -> IncidentDraft:
        raise NotImplementedError

    async def save(self, draft: IncidentDraft) -> IncidentDraft:
        raise NotImplementedError

    async def discard(self, draft: IncidentDraft) -> None:
        raise NotImplementedError

    def drafts(self) -> list[IncidentDraft]:
        raise NotImplementedError

    def recipients(self, draft: IncidentDraft) -> list[Recipient]:
        raise NotImplementedError

    async def send(self, draft: IncidentDraft) -> str:
        raise NotImplementedError

    def mine(self) -> list[Incident]:
        raise NotImplementedError

    def received(self) -> list[Incident]:
        raise NotImplementedError

    def get(self, case: str) -> Incident | None:
        raise NotImplementedError

    async def opened(self, case: str) -> None:
        raise NotImplementedError
