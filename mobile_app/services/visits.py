"""Visits."""

from mobile_app.domain.advice import Advice
from mobile_app.domain.checklist import Checklist
from mobile_app.domain.visit import MeetingType, Visit, VisitDraft


class Visits:
    """From draft to check-out."""

    def checklist(self, meeting_type: str) -> Checklist:
        raise NotImplementedError

    def meeting_types(self) -> list[MeetingType]:
        raise NotImplementedError

    def drafts(self) -> list[VisitDraft]:
        raise NotImplementedError

    async def begin(self, meeting_type: str, repeat_of: str | None = None) -> VisitDraft:
        raise NotImplementedError

    async def save(self, draft: VisitDraft) -> VisitDraft:
        raise NotImplementedError

    def advise(self, draft: VisitDraft) -> Advice:
        raise NotImplementedError

    async def plan(self, draft: VisitDraft) -> Visit:
        raise NotImplementedError

    async def start(self, case: str) -> Visit:
        raise NotImplementedError

    async def extend(self, case: str, minutes: int) -> Visit:
        raise NotImplementedError

    async def check_out(self, case: str) -> Visit:
        raise NotImplementedError

    async def discard(self, draft: VisitDraft) -> None:
        raise NotImplementedError

    def current(self) -> Visit | None:
        raise NotImplementedError

    def planned(self) -> list[Visit]:
        raise NotImplementedError

    def recent(self, n: int) -> list[Visit]:
        raise NotImplementedError

    def out_now(self) -> list[Visit]:
        raise NotImplementedError

    def get(self, case: str) -> Visit | None:
        raise NotImplementedError

    async def opened(self, case: str) -> None:
        raise NotImplementedError
