"""Visits: planned with a checklist, started, extended and checked out; and those of others, for leaders."""

from dataclasses import replace
from typing import Any

from mobile_app import content
from mobile_app.domain.advice import Advice, advise
from mobile_app.domain.checklist import Checklist, parse_checklist
from mobile_app.domain.facts import Fact
from mobile_app.domain.recipients import visit_recipients
from mobile_app.domain.visit import (
    GRACE_SECONDS,
    MeetingType,
    Visit,
    VisitDraft,
    extension_seconds,
    fold_visit,
    planned_body,
)
from mobile_app.services.core import Core
from mobile_app.services.drafts import Drafts
from mobile_app.services.errors import AppError
from mobile_app.services.journal import Journal
from mobile_app.services.people import People
from mobile_app.services.receipts import Receipts
from mobile_app.services.store import VISIT_DRAFTS
from protocol.ids import new_id
from protocol.times import LONGEST_SECONDS

MEETING_TYPES = (MeetingType("home_visit"),)


class Visits:
    """From draft to check-out."""

    def __init__(self, core: Core, journal: Journal, people: People, receipts: Receipts) -> None:
        self._core = core
        self._journal = journal
        self._people = people
        self._receipts = receipts
        self._drafts = Drafts(core, VISIT_DRAFTS, VisitDraft.from_row)
        self._checklists: dict[str, Checklist] = {}

    # --- drafts ----------------------------------------------------------------------------------------------

    def meeting_types(self) -> list[MeetingType]:
        """The kinds of meeting that can be planned."""
        return list(MEETING_TYPES)

    def checklist(self, meeting_type: str) -> Checklist:
        """The checklist of a kind of meeting. Raises AppError(not_found)."""
        if meeting_type not in {entry.key for entry in MEETING_TYPES}:
            raise AppError("not_found")
        if meeting_type not in self._checklists:
            self._checklists[meeting_type] = parse_checklist(content.load(f"checklists/{meeting_type}.json"))
        return self._checklists[meeting_type]

    def drafts(self) -> list[VisitDraft]:
        """Drafts, the one changed last first."""
        return self._drafts.all()

    async def begin(self, meeting_type: str, repeat_of: str | None = None) -> VisitDraft:
        """A new draft, stored. With `repeat_of` (case of an own visit) it has that one's place, length and answers."""
        draft = VisitDraft(new_id(), meeting_type, updated=self._core.now())
        earlier = self.get(repeat_of) if repeat_of else None
        if earlier is not None:
            answers = self.checklist(earlier.meeting_type).valid(earlier.answers)
            draft = replace(
                draft,
                meeting_type=earlier.meeting_type,
                place=earlier.place,
                purpose=earlier.purpose,
                answers=answers,
                measures=frozenset(earlier.measure_keys),
                minutes=earlier.minutes,
                repeat_of=earlier.case,
            )
        self.checklist(draft.meeting_type)
        return await self.save(draft)

    async def save(self, draft: VisitDraft) -> VisitDraft:
        """Store a draft; one row. Returns it with the time it was saved. When storing fails the text is kept in memory, goes with
        the next save, and AppError says so."""
        return await self._drafts.save(draft)

    async def discard(self, draft: VisitDraft) -> None:
        """Delete a draft."""
        await self._drafts.discard(draft)

    def advise(self, draft: VisitDraft) -> Advice:
        """Advice for the answers so far."""
        return advise(self.checklist(draft.meeting_type), draft.answers)

    # --- acts ------------------------------------------------------------------------------------------------

    def _readers(self) -> list[str]:
        return [person.member for person in visit_recipients(self._people.all())]

    async def plan(self, draft: VisitDraft) -> Visit:
        """Make the draft a planned visit; the draft goes in the same transaction. Raises AppError: incomplete without a place or
        a length."""
        if not draft.place.strip() or not 0 < draft.minutes * 60 <= LONGEST_SECONDS:
            raise AppError("incomplete")
        body = planned_body(draft, self.checklist(draft.meeting_type), self.advise(draft))
        case = new_id()
        await self._journal.create(
            "visit.planned",
            case,
            body,
            self._readers(),
            also=lambda: self._drafts.remove(draft),
        )
        return self._mine(case)

    def _mine(self, case: str) -> Visit:
        visit = self.get(case)
        if visit is None or visit.member != self._core.me().member:
            raise AppError("not_found")
        return visit

    async def start(self, case: str) -> Visit:
        """The visit begins, and is to end after its minutes. Raises AppError: visit_under_way when another one is."""
        visit = self._mine(case)
        if visit.started:
            return visit
        if self.current() is not None:
            raise AppError("visit_under_way")
        seconds = min(max(visit.minutes, 1) * 60, LONGEST_SECONDS)
        plan = next((fact.body for fact in self._journal.facts(case) if fact.kind == "visit.planned"), {})
        await self._journal.create(
            "visit.started", case, dict(plan), self._readers(), duration=seconds, grace=GRACE_SECONDS
        )
        await self._core.alarm_in_step()
        return self._mine(case)

    async def extend(self, case: str, minutes: int) -> Visit:
        """Stay `minutes` longer than said. The event carries the time from now until the new end. Raises AppError."""
        visit = self._mine(case)
        if not visit.under_way or minutes <= 0:
            raise AppError("not_found")
        seconds = min(extension_seconds(visit, minutes, self._core.now()), LONGEST_SECONDS)
        await self._journal.create(
            "visit.extended",
            case,
            {"minutes": minutes},
            self._readers(),
            duration=seconds,
            grace=GRACE_SECONDS,
        )
        await self._core.alarm_in_step()
        return self._mine(case)

    async def check_out(self, case: str) -> Visit:
        """The visit is over. Raises AppError."""
        visit = self._mine(case)
        if visit.under_way:
            await self._journal.create("visit.checked_out", case, {}, self._readers())
            await self._core.alarm_in_step()
        return self._mine(case)

    # --- queries ---------------------------------------------------------------------------------------------

    def get(self, case: str) -> Visit | None:
        """A visit, or None when nothing of it is on this device."""
        visit = self._fold(case)
        return None if visit is None else self._dressed(visit)

    def _fold(self, case: str) -> Visit | None:
        identity = self._core.identity
        me = identity.member if identity else ""

        def make(facts: list[Fact]) -> Visit | None:
            starts = [fact for fact in facts if fact.kind.startswith("visit.")]
            return fold_visit(starts, mine=any(fact.member == me for fact in starts))

        return self._journal.fold("visit", case, make)

    def _dressed(self, visit: Visit) -> Visit:
        return replace(visit, name=self._people.name(visit.member), receipt=self._receipts.of(visit.case))

    def _all(self, *, mine: bool) -> list[Visit]:
        """All of mine or of others, the latest first, without names and receipts: most are only looked through."""
        identity = self._core.identity
        found = [self._fold(case) for case in self._journal.cases("visit.")]
        return [v for v in found if v and identity and (v.member == identity.member) is mine]

    def current(self) -> Visit | None:
        """My visit under way: the one started last."""
        visit = next((visit for visit in self._all(mine=True) if visit.under_way), None)
        return None if visit is None else self._dressed(visit)

    def planned(self) -> list[Visit]:
        """My visits that are planned and not started."""
        visits = self._all(mine=True)
        return [self._dressed(visit) for visit in visits if not visit.started and not visit.checked_out]

    def recent(self, n: int) -> list[Visit]:
        """My last `n` visits that are over, the latest of each place, the latest first."""
        latest: dict[str, Visit] = {}
        for visit in self._all(mine=True):
            if visit.checked_out:
                latest.setdefault(" ".join(visit.place.casefold().split()), visit)
        return [self._dressed(visit) for visit in list(latest.values())[:n]]

    def out_now(self) -> list[Visit]:
        """Others' visits under way, the one that ends first on top."""
        out = sorted((v for v in self._all(mine=False) if v.under_way), key=lambda visit: visit.until)
        return [self._dressed(visit) for visit in out]

    async def opened(self, case: str) -> None:
        """Somebody else's visit was opened in front of me: tell its author, once. Raises AppError."""
        visit = self.get(case)
        if visit is not None:
            await say_seen(self._core, self._journal, case, visit.member)


async def say_seen(core: Core, journal: Journal, case: str, author: str) -> None:
    """Write case.seen to the author, once, and never of one's own."""
    me = core.me().member
    seen = any(fact.kind == "case.seen" and fact.member == me for fact in journal.facts(case))
    if author != me and not seen:
        body: dict[str, Any] = {}
        await journal.create("case.seen", case, body, [author])
