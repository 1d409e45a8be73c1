# ruff: noqa: ARG002 - it has the facade's signatures
"""A client for drawing screens without a server: made-up people of Lillevik, everything answered from memory.

It keeps the facade's promises as far as a screen can see them (drafts are kept, an opened case is seen by me), no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from mobile_app.domain.advice import advise
from mobile_app.domain.alarm import Alarm, AlarmState, Position
from mobile_app.domain.checklist import Level, Outcome, parse_checklist
from mobile_app.domain.incident import KINDS, Incident, IncidentDraft
from mobile_app.domain.people import Person
from mobile_app.domain.receipts import Receipt, ReceiptState, receipt
from mobile_app.domain.recipients import alarm_recipients, recipient_list
from mobile_app.domain.visit import MeetingType, Visit, VisitDraft
from mobile_app.services.errors import AppError
from mobile_app.services.founding import RecoverySheet
from mobile_app.services.gate import GateState
from mobile_app.services.inviting import InviteRow, NewInvite
from mobile_app.services.joining import InvitePreview
from mobile_app.services.sync import SyncStatus, UnsentItem, UnsentState
from tests.support.fake_checklist import RAW

MIN = 60_000
DAY = 24 * 60 * MIN
# Thursday 12 November 2026, 11.31 in Oslo.
NOW = 1_794_479_460_000
OFFSET = 60
FINGERPRINT = ("furu", "måke", "støvel", "lykt", "åker", "fjære")
READ_WORDS = (
    "anker",
    "bjørk",
    "canoe",
    "dugg",
    "elv",
    "fjell",
    "gran",
    "havn",
    "is",
    "jern",
    "kai",
    "lyng",
    "måne",
    "nett",
    "osp",
    "pil",
)
SIGN_WORDS = (
    "ask",
    "bøye",
    "dal",
    "eik",
    "fugl",
    "grus",
    "hegg",
    "hval",
    "kråke",
    "løv",
    "myr",
    "naust",
    "orre",
    "rips",
    "snø",
    "tare",
)
LINK = "https://trygg.example/bli-med#k3v9.Q2hhcmxvdHRlbmx1bmQ.Zm9yZXN0"

AMINA = Person("m-amina", "Amina Yusuf", "+47 912 34 567", frozenset({"employee"}))
KARI = Person("m-kari", "Kari Nordmo", "+47 905 11 223", frozenset({"leader"}))
JONAS = Person("m-jonas", "Jonas Berg", "+47 41 23 45 67", frozenset({"leader"}))
SIV = Person("m-siv", "Siv Aasen", "+47 934 00 112", frozenset({"safety_rep"}))
INGRID = Person("m-ingrid", "Ingrid Haugen", "+47 988 77 665", frozenset({"employee"}))
TOMASZ = Person("m-tomasz", "Tomasz Lind", "+47 477 12 009", frozenset({"employee"}))
PER = Person("m-per", "Per Solbakken", "+47 952 00 441", frozenset({"employee"}))
EVERYBODY = (AMINA, KARI, JONAS, SIV, INGRID, TOMASZ, PER)

SCENES = (
    "visit", "visit_unsent", "visit_seen", "first_day", "planned", "leader", "leader_alarm", "leader_quiet", "drill", "safety_rep",
    "new", "founding", "locked", "elsewhere", "parked", "update", "trouble", "incident_sent", "no_rep",
)  # fmt: skip


def _visit(case: str, person: Person, place: str, level: Level, **more: Any) -> Visit:
    outcome = {Level.GREEN: Outcome.GO, Level.YELLOW: Outcome.GO_WITH_MEASURES, Level.RED: Outcome.DO_NOT_GO}[
        level
    ]
    facts: dict[str, Any] = {"planned": NOW - 100 * MIN, "minutes": 60, **more}
    return Visit(case, person.member, person.name, "home_visit", place, level=level, outcome=outcome, **facts)


class FakeClient:
    """The facade of `mobile_app.services.client.Client` with a scene's facts in it."""

    def __init__(self, scene: str = "visit") -> None:
        self._listeners: list[Callable[[], None]] = []
        self.called: list[str] = []
        self.scene = scene
        state = {
            "new": GateState.NEW,
            "founding": GateState.NEW,
            "locked": GateState.LOCKED,
            "elsewhere": GateState.ELSEWHERE,
        }
        me = {
            "leader": KARI,
            "leader_alarm": KARI,
            "leader_quiet": KARI,
            "drill": KARI,
            "founding": KARI,
            "safety_rep": SIV,
        }
        self._me = me.get(scene, AMINA).member
        sent = Receipt(ReceiptState.SENT, NOW - 36 * MIN, NOW - 36 * MIN)
        self.gate = _Gate(self, state.get(scene, GateState.OPEN))
        self.people = _People(self)
        self.sync = _Sync(self)
        self.visits = _Visits(self)
        self.incidents = _Incidents(self)
        self.alarms = _Alarms(self)
        self.founding = _Founding(self)
        self.joining = _Joining(self)
        self.inviting = _Inviting(self)
        self.update = SimpleNamespace(version=None, apply=lambda: self.called.append("update"), applier=None)
        self.host = SimpleNamespace(
            copy=lambda text: self.called.append(f"copy {text}"),
            share=lambda title, text: self.called.append(f"share {text}"),
            open_link=self.called.append,
            print_text=lambda title, lines: self.called.append(f"print {title}"),
            local_offset=lambda at: OFFSET,
        )
        earlier = [
            _visit(
                "v-1",
                AMINA,
                "Strandgata 14",
                Level.GREEN,
                started=NOW - 3 * DAY,
                checked_out=NOW - 3 * DAY + 40 * MIN,
            ),
            _visit(
                "v-2",
                AMINA,
                "Sak 4471, Bekkelia",
                Level.YELLOW,
                started=NOW - 8 * DAY,
                checked_out=NOW - 8 * DAY + 50 * MIN,
            ),
            _visit(
                "v-3",
                AMINA,
                "Lillevik omsorgssenter",
                Level.GREEN,
                started=NOW - 15 * DAY,
                checked_out=NOW - 15 * DAY + 50 * MIN,
            ),
        ]
        if scene not in ("first_day", "new", "founding"):
            self.visits.all += [replace(each, answers=self.visits.usual_answers()) for each in earlier]
        under_way = _visit(
            "v-now", AMINA, "Fjellveien 8", Level.GREEN, started=NOW - 36 * MIN, until=NOW + 24 * MIN, receipt=sent,
            purpose="Trappeheis", measures=("Bilen står mot veien",),
        )  # fmt: skip
        if scene == "visit_unsent":
            under_way = replace(under_way, receipt=receipt(NOW - 36 * MIN, 0))
            self.sync.status = SyncStatus(reachable=False, unsent=2, last_confirmed=NOW - 34 * MIN)
            self.people.last_confirmed = NOW - 34 * MIN
        if scene == "visit_seen":
            under_way = replace(
                under_way, receipt=receipt(NOW - 36 * MIN, NOW - 36 * MIN, (("Kari Nordmo", NOW - 30 * MIN),))
            )
        if scene in ("visit", "visit_unsent", "visit_seen", "update", "leader", "leader_alarm"):
            self.visits.all.append(under_way)
        if scene == "planned":
            self.visits.all.append(
                _visit(
                    "v-next",
                    AMINA,
                    "Øvre Dal 22",
                    Level.YELLOW,
                    measures=("Si fra til Kari før du går inn",),
                    receipt=sent,
                )
            )
        if scene == "update":
            self.update.version = "1.4"
        if scene == "trouble":
            self.sync.status = replace(self.sync.status, trouble="roster_fork", reachable=False)
            self.sync.update_needed = True
            self.gate.storage_promised = False
        if scene in ("leader", "leader_alarm"):
            self.visits.all += [
                _visit("v-per", PER, "Nyvegen 3 B", Level.YELLOW, started=NOW - 60 * MIN, until=NOW - 14 * MIN),
                _visit("v-ingrid", INGRID, "Strandgata 14", Level.GREEN, started=NOW - 61 * MIN, until=NOW + 29 * MIN,
                       measures=("Bilen står mot veien", "Tidtaker med utsjekk"), reasons=("Du drar alene",)),
                _visit("v-tomasz", TOMASZ, "Øvre Dal 22", Level.YELLOW, started=NOW - 21 * MIN, until=NOW + 59 * MIN),
            ]  # fmt: skip
        if scene in ("leader_alarm", "drill"):
            self.ring(drill=scene == "drill")
        if scene == "parked":
            self.sync.status = SyncStatus(reachable=False, unsent=2, parked=1, last_confirmed=NOW - 40 * MIN)
            self.sync.rows = [
                UnsentItem(
                    "u1", "unsent.incident.reported", {}, NOW - 90 * MIN, UnsentState.PARKED, "reader_unknown"
                ),
                UnsentItem("u2", "unsent.visit.checked_out", {"place": "Strandgata 14"}, NOW - 29 * MIN),
                UnsentItem("u3", "unsent.visit.planned", {"place": "Fjellveien 8"}, NOW - 12 * MIN),
            ]
        report = Incident(
            "i-1", AMINA.member, AMINA.name, ("threat_face",), 3,
            "Han stilte seg i døren og sa han skulle finne ut hvor jeg bor.", NOW - 11 * MIN, "Fjellveien 8",
            NOW - 2 * MIN, receipt(NOW - 2 * MIN, NOW - 2 * MIN),
        )  # fmt: skip
        if scene not in ("first_day", "new", "founding"):
            self.incidents.all.append(report)

    @property
    def me(self) -> Person:
        return replace(next(each for each in EVERYBODY if each.member == self._me), is_me=True)

    def clock(self) -> int:
        return NOW

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def tell(self) -> None:
        for each in list(self._listeners):
            each()

    def host_event(self, name: str, value: dict[str, Any]) -> None:
        self.called.append(f"event {name}")

    def ring(self, *, drill: bool = False) -> None:
        """An alarm from Amina arrives."""
        self.alarms.all.insert(
            0,
            Alarm(
                "a-1",
                AMINA.member,
                AMINA.name,
                AMINA.phone,
                drill,
                NOW - 18_000,
                NOW - 18_000,
                position=Position(62.92041, 7.09413, 12, NOW - 10_000),
                visit=self.visits.get("v-now"),
                readers=("Jonas Berg",),
                seen_by=(("Jonas Berg", NOW - 9_000),),
            ),
        )
        self.tell()


class _Part:
    def __init__(self, client: FakeClient) -> None:
        self._client = client


class _Gate(_Part):
    storage_promised = True

    def __init__(self, client: FakeClient, state: GateState) -> None:
        super().__init__(client)
        self.state = state

    async def start(self) -> None:
        self._client.tell()

    async def unlock(self, passphrase: str) -> None:
        if passphrase != "riktig hest batteri":
            raise AppError("wrong_passphrase", wait=4)
        self.state = GateState.OPEN
        self._client.tell()

    async def lock(self) -> None:
        self.state = GateState.LOCKED
        self._client.tell()

    def touch(self) -> None:
        self._client.called.append("touch")


class _People(_Part):
    unit_name = "Hjelpemidler, Lillevik kommune"
    last_confirmed = NOW - MIN
    words = FINGERPRINT

    @property
    def me(self) -> Person:
        return self._client.me

    def all(self) -> list[Person]:
        there = [each for each in EVERYBODY if each != SIV or self._client.scene != "no_rep"]
        return [self.me if each.member == self.me.member else each for each in there]

    def on_duty(self) -> list[Person]:
        return alarm_recipients(self.all())


class _Visits(_Part):
    def __init__(self, client: FakeClient) -> None:
        super().__init__(client)
        self.all: list[Visit] = []
        self._drafts: dict[str, VisitDraft] = {}
        self._checklist = parse_checklist(RAW)

    def usual_answers(self) -> dict[str, str]:
        answers: dict[str, str] = {}
        while missing := self._checklist.missing(answers):
            answers[missing[0].id] = min(missing[0].options, key=lambda option: option.weight).value
        return answers

    def checklist(self, meeting_type: str) -> Any:
        return self._checklist

    def meeting_types(self) -> list[MeetingType]:
        return [MeetingType("home_visit")]

    def drafts(self) -> list[VisitDraft]:
        return list(self._drafts.values())

    async def begin(self, meeting_type: str, repeat_of: str | None = None) -> VisitDraft:
        draft = VisitDraft(f"d-{len(self._drafts) + 1}", meeting_type, repeat_of=repeat_of, updated=NOW)
        if last := self.get(repeat_of or ""):
            draft = replace(draft, place=last.place, answers=dict(last.answers))
        self._drafts[draft.id] = draft
        self._client.tell()
        return draft

    async def save(self, draft: VisitDraft) -> VisitDraft:
        self._drafts[draft.id] = replace(draft, updated=NOW)
        self._client.tell()
        return self._drafts[draft.id]

    def advise(self, draft: VisitDraft) -> Any:
        return advise(self._checklist, draft.answers)

    async def plan(self, draft: VisitDraft) -> Visit:
        advice = self.advise(draft)
        visit = _visit(
            f"v-{draft.id}", self._client.me, draft.place, advice.level, planned=NOW, minutes=draft.minutes,
            reasons=tuple(each.text for each in advice.reasons), receipt=receipt(NOW, NOW),
        )  # fmt: skip
        self.all.append(visit)
        del self._drafts[draft.id]
        self._client.tell()
        return visit

    async def start(self, case: str) -> Visit:
        return self._put(case, started=NOW, until=NOW + 60 * MIN)

    async def extend(self, case: str, minutes: int) -> Visit:
        visit = self.get(case)
        assert visit is not None
        return self._put(case, until=visit.until + minutes * MIN, extended=visit.extended + minutes)

    async def check_out(self, case: str) -> Visit:
        return self._put(case, checked_out=NOW)

    async def discard(self, draft: VisitDraft) -> None:
        self._drafts.pop(draft.id, None)
        self._client.tell()

    def _put(self, case: str, **changes: Any) -> Visit:
        place = next(n for n, each in enumerate(self.all) if each.case == case)
        self.all[place] = replace(self.all[place], **changes)
        self._client.tell()
        return self.all[place]

    def _mine(self) -> list[Visit]:
        return [each for each in self.all if each.member == self._client.me.member]

    def current(self) -> Visit | None:
        return next((each for each in self._mine() if each.under_way), None)

    def planned(self) -> list[Visit]:
        return [each for each in self._mine() if not each.started]

    def recent(self, n: int) -> list[Visit]:
        return [each for each in self._mine() if each.checked_out][:n]

    def out_now(self) -> list[Visit]:
        return [each for each in self.all if each.under_way and each.member != self._client.me.member]

    def get(self, case: str) -> Visit | None:
        return next((each for each in self.all if each.case == case), None)

    async def opened(self, case: str) -> None:
        self._client.called.append(f"opened {case}")


class _Incidents(_Part):
    def __init__(self, client: FakeClient) -> None:
        super().__init__(client)
        self.all: list[Incident] = []
        self._drafts: dict[str, IncidentDraft] = {}

    def kinds(self) -> Any:
        return list(KINDS)

    async def begin(self, from_visit: str | None = None, from_alarm: str | None = None) -> IncidentDraft:
        visit = self._client.visits.get(from_visit or "")
        draft = IncidentDraft(
            f"i-d-{len(self._drafts) + 1}",
            happened_at=NOW,
            place=visit.place if visit else "",
            visit=from_visit,
            updated=NOW,
        )
        self._drafts[draft.id] = draft
        self._client.tell()
        return draft

    async def save(self, draft: IncidentDraft) -> IncidentDraft:
        self._drafts[draft.id] = replace(draft, updated=NOW)
        self._client.tell()
        return self._drafts[draft.id]

    async def discard(self, draft: IncidentDraft) -> None:
        self._drafts.pop(draft.id, None)
        self._client.tell()

    def drafts(self) -> list[IncidentDraft]:
        return list(self._drafts.values())

    def recipients(self, draft: IncidentDraft) -> Any:
        return recipient_list(self._client.people.all(), about_leader=draft.about_leader)

    async def send(self, draft: IncidentDraft) -> str:
        me = self._client.me
        case = f"i-{draft.id}"
        self.all.append(
            Incident(case, me.member, me.name, tuple(draft.kinds), draft.severity or 1, draft.line, draft.happened_at,
                     draft.place, NOW, receipt(NOW, NOW))
        )  # fmt: skip
        self._drafts.pop(draft.id, None)
        self._client.tell()
        return case

    def mine(self) -> list[Incident]:
        return [each for each in self.all if each.member == self._client.me.member]

    def received(self) -> list[Incident]:
        return [each for each in self.all if each.member != self._client.me.member]

    def get(self, case: str) -> Incident | None:
        return next((each for each in self.all if each.case == case), None)

    async def opened(self, case: str) -> None:
        place = next(n for n, each in enumerate(self.all) if each.case == case)
        old = self.all[place]
        if self._client.me.name not in dict(old.receipt.seen_by):
            seen = (*old.receipt.seen_by, (self._client.me.name, NOW))
            self.all[place] = replace(old, receipt=receipt(old.receipt.saved_at, old.receipt.sent_at, seen))
            self._client.tell()


class _Alarms(_Part):
    def __init__(self, client: FakeClient) -> None:
        super().__init__(client)
        self.all: list[Alarm] = []

    def active(self) -> list[Alarm]:
        return [
            each
            for each in self.all
            if each.state is AlarmState.OPEN and each.member != self._client.me.member
        ]

    def recent(self) -> list[Alarm]:
        return list(self.all)

    def get(self, case: str) -> Alarm | None:
        return next((each for each in self.all if each.case == case), None)

    async def opened(self, case: str) -> None:
        me = self._client.me.name
        self._put(case, lambda old: replace(old, seen_by_me=True, seen_by=(*old.seen_by, (me, NOW))))

    async def take(self, case: str) -> None:
        me = self._client.me.name
        self._put(case, lambda old: replace(old, taken_by=old.taken_by or me, taken_at=NOW, taken_by_me=True))

    def _put(self, case: str, change: Callable[[Alarm], Alarm]) -> None:
        self.all = [change(each) if each.case == case else each for each in self.all]
        self._client.tell()

    def own(self) -> list[Any]:
        return []


class _Sync(_Part):
    status = SyncStatus(reachable=True, last_confirmed=NOW - MIN)
    update_needed = False

    def __init__(self, client: FakeClient) -> None:
        super().__init__(client)
        self.rows: list[UnsentItem] = []

    def items(self) -> list[UnsentItem]:
        return list(self.rows)

    async def retry(self, item: str) -> None:
        self.rows = [
            replace(each, state=UnsentState.QUEUED) if each.id == item else each for each in self.rows
        ]
        self._client.tell()

    async def discard(self, item: str) -> None:
        self.rows = [each for each in self.rows if each.id != item]
        self._client.tell()

    async def now(self) -> None:
        self._client.called.append("sync")


class _Founding(_Part):
    def __init__(self, client: FakeClient) -> None:
        super().__init__(client)
        self._sheet: RecoverySheet | None = None

    async def found(
        self, token: str, unit_name: str, name: str, phone: str, passphrase: str
    ) -> RecoverySheet:
        if token == "feil":
            raise AppError("setup_token_wrong")
        self._sheet = RecoverySheet(unit_name, READ_WORDS, SIGN_WORDS, FINGERPRINT)
        self._client.gate.state = GateState.OPEN
        self._client.tell()
        return self._sheet

    def sheet(self) -> RecoverySheet | None:
        return self._sheet

    async def written_down(self) -> None:
        self._sheet = None
        self._client.tell()


class _Joining(_Part):
    async def preview(self, link: str) -> InvitePreview:
        if "#" not in link:
            raise AppError("invite_malformed")
        return InvitePreview(
            "Hjelpemidler, Lillevik kommune", "Kari Nordmo", ("employee",), FINGERPRINT, NOW + 2 * DAY
        )

    async def join(self, name: str, phone: str, passphrase: str) -> None:
        self._client.gate.state = GateState.OPEN
        self._client.tell()


class _Inviting(_Part):
    def __init__(self, client: FakeClient) -> None:
        super().__init__(client)
        self.rows = [InviteRow("inv-1", "open", ("employee",), NOW - DAY, NOW + DAY)]

    async def invite(self, role: str) -> NewInvite:
        self.rows.append(InviteRow("inv-2", "open", (role,), NOW, NOW + 2 * DAY))
        return NewInvite("inv-2", LINK, role, FINGERPRINT, NOW + 2 * DAY)

    async def refresh(self) -> list[InviteRow]:
        return list(self.rows)

    async def revoke(self, invite: str) -> None:
        self.rows = [replace(each, state="revoked") if each.id == invite else each for each in self.rows]
