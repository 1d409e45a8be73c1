"""All events of this device: written here and received from others. The one place where events are made and taken in."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast

from mobile_app.domain.alarm import Acknowledgement
from mobile_app.domain.facts import Fact
from mobile_app.ports import Jwk, OutboxRow, PortError
from mobile_app.services.core import Core
from mobile_app.services.errors import AppError, app_error
from mobile_app.services.identity import SyncPoint, read_sync_point
from mobile_app.services.intake import UPDATE_NEEDED, Intake, Read, event_row
from mobile_app.services.roster_service import RosterService
from mobile_app.services.store import EVENTS, LATER, REFUSED, SELF, STATEMENTS
from protocol.encoding import thumbprint
from protocol.envelope import pad
from protocol.errors import ErrorCode, ProtocolError
from protocol.events import Event
from protocol.ids import new_id
from protocol.jws import Typ
from protocol.kinds import KINDS, Coarse
from protocol.messages import FeedEntry, ReceivedStatement
from protocol.roster import Roster
from protocol.statements import AckState, Statement, read_statement

_T = TypeVar("_T")

MOST_HEADS = 32
"""Predecessors an event names at most. Else whoever floods a case would make every further event of it too large to be sent."""


def _fact(row: dict[str, Any]) -> Fact:
    return Fact(
        row["id"],
        row["kind"],
        row["case"],
        row["member"],
        row["created"],
        row["received"],
        row["position"],
        row["written"],
        tuple(row["prev"]),
        row["drill"],
        row["mismatch"],
        row["duration"],
        row["body"],
        row["delay"],
    )


def _acknowledgement(row: dict[str, Any]) -> Acknowledgement:
    return Acknowledgement(
        row["id"], row["case"], row["member"], row["state"], row["received"], row["verified"], row["position"]
    )


class Journal:
    """Events and acknowledgements by case, in memory as on disk."""

    def __init__(self, core: Core, roster: RosterService) -> None:
        self._core = core
        self._roster = roster
        self._intake = Intake(core, roster)
        self._lock = asyncio.Lock()
        self._facts: dict[str, dict[str, Fact]] = {}
        self._acks: dict[str, dict[str, Acknowledgement]] = {}
        self._folds: dict[str, dict[str, Any]] = {}
        self._cases: dict[str, list[str]] = {}
        self._counter = 0

    def forget(self) -> None:
        """Drop everything from memory."""
        self._facts, self._acks, self._folds, self._cases, self._counter = {}, {}, {}, {}, 0

    def load(self) -> None:
        """Build the memory from the loaded store."""
        self.forget()
        for row in self._core.store.all(EVENTS):
            self._index(EVENTS, row)
        for row in self._core.store.all(STATEMENTS):
            self._index(STATEMENTS, row)

    def _index(self, table: str, row: dict[str, Any]) -> None:
        self._counter = max(self._counter, row["position"], row["written"])
        case = row["case"]
        if table == EVENTS:
            self._facts.setdefault(case, {})[row["id"]] = _fact(row)
        else:
            self._acks.setdefault(case, {})[row["id"]] = _acknowledgement(row)
        self._folds.pop(case, None)
        self._cases.clear()

    # --- reading ---------------------------------------------------------------------------------------------

    def cases(self, prefix: str) -> list[str]:
        """Cases that have an event whose kind starts with `prefix`, the latest first."""
        if prefix in self._cases:
            return self._cases[prefix]
        latest: list[tuple[int, str]] = []
        for case, facts in self._facts.items():
            written = [fact.written for fact in facts.values() if fact.kind.startswith(prefix)]
            if written:
                latest.append((max(written), case))
        self._cases[prefix] = [case for _, case in sorted(latest, reverse=True)]
        return self._cases[prefix]

    def facts(self, case: str) -> list[Fact]:
        """Every event of a case, unordered (`domain.facts.in_order`)."""
        return list(self._facts.get(case, {}).values())

    def acknowledgements(self, case: str) -> list[Acknowledgement]:
        """What has been said of an alarm."""
        return list(self._acks.get(case, {}).values())

    def fold(self, name: str, case: str, make: Callable[[list[Fact]], _T]) -> _T:
        """What `make` makes of a case, kept until something is added to it."""
        known = self._folds.setdefault(case, {})
        if name not in known:
            known[name] = make(self.facts(case))
        return cast(_T, known[name])

    def row(self, event: str) -> dict[str, Any] | None:
        """The stored row of an event."""
        return self._core.store.get(EVENTS, event)

    @property
    def update_needed(self) -> bool:
        """Whether something is kept that only a newer app understands."""
        return any(row["code"] == UPDATE_NEEDED for row in self._core.store.all(LATER))

    @property
    def refused(self) -> int:
        """How many things came that could not be used."""
        return len(self._core.store.all(REFUSED))

    # --- writing ---------------------------------------------------------------------------------------------

    def _reader_keys(self, roster: Roster, members: Iterable[str]) -> dict[str, Jwk]:
        """Keys by id: devices of `members`, all own devices, and the unit's recovery key."""
        wanted = {*members, self._core.me().member}
        keys = {d.reader: d.encryption for d in roster.active_devices() if d.member in wanted}
        keys[thumbprint(roster.recovery.encryption)] = roster.recovery.encryption
        return keys

    def _heads(self, case: str) -> tuple[str, ...]:
        """The events of a case that no other event of it names; when they are very many, own ones and the latest."""
        facts, me = self._facts.get(case, {}), self._core.me().member
        named = {prev for fact in facts.values() for prev in fact.prev}
        heads = sorted(
            (fact.member == me, fact.written, event) for event, fact in facts.items() if event not in named
        )
        return tuple(sorted(event for _, _, event in heads[-MOST_HEADS:]))

    async def create(
        self,
        kind: str,
        case: str,
        body: dict[str, Any],
        to: Iterable[str],
        *,
        duration: int | None = None,
        grace: int | None = None,
        also: Callable[[], None] = lambda: None,
    ) -> Fact:
        """Make an event, seal it to the members `to`, and store it with its outbox row and the change `also` in one transaction.

        `duration`, `grace`: seconds, for the kinds that carry them. Returns when it is on disk. Raises AppError; then nothing
        has changed.
        """
        async with self._lock:
            roster, identity, now = self._roster.for_sealing(), self._core.me(), self._core.now()
            keys = self._reader_keys(roster, to)
            event = Event(
                id=new_id(),
                server=identity.server,
                unit=identity.unit,
                kind=kind,
                case=case,
                member=identity.member,
                device=identity.device,
                roster=roster.head,
                created=max(now, 0),
                readers=tuple(sorted(keys)),
                body=body,
                prev=self._heads(case),
                duration=duration,
                grace=grace,
            )
            try:
                jws = await self._core.ports.sealer.sign("member", Typ.EVENT, event.payload())
                envelope = await self._core.ports.sealer.seal(
                    pad(jws), event.header().text(), list(keys.values())
                )
            except (PortError, ProtocolError) as error:
                raise app_error(error) from error
            except UnicodeEncodeError as error:
                raise AppError(str(ErrorCode.EVENT_INVALID), detail="half a character") from error
            row = event_row(event, envelope, received=0, own=True, mismatch=False)
            row["written"] = self._counter + 1
            outgoing = OutboxRow(
                event.id, identity.unit, "event", str(KINDS[kind].coarse), event.created, envelope
            )

            def change() -> None:
                self._core.store.put(EVENTS, row)
                also()

            await self._core.store.write(change, outbox=[outgoing])
            self._index(EVENTS, row)
            self._core.queued([outgoing])
        self._core.changed()
        self._core.wake()
        return self._facts[case][event.id]

    async def acknowledge(self, case: str, state: AckState) -> None:
        """Say of an alarm that it is seen or taken, once. Raises AppError; then nothing has changed."""
        async with self._lock:
            identity = self._core.me()
            mine = [
                ack for ack in self.acknowledgements(case) if ack.member == identity.member and ack.verified
            ]
            if any(ack.state == state for ack in mine):
                return
            statement = Statement(
                id=new_id(),
                server=identity.server,
                unit=identity.unit,
                case=case,
                member=identity.member,
                device=identity.device,
                state=state,
                roster=self._roster.current().head,
                created=max(self._core.now(), 0),
            )
            try:
                jws = await self._core.ports.sealer.sign("member", Typ.STATEMENT, statement.payload())
            except PortError as error:
                raise app_error(error) from error
            row = {
                "id": statement.id,
                "case": case,
                "member": identity.member,
                "device": identity.device,
                "state": str(state),
                "created": statement.created,
                "received": 0,
                "verified": True,
                "own": True,
                "raw": jws,
                "position": 0,
                "written": self._counter + 1,
            }
            outgoing = OutboxRow(
                statement.id, identity.unit, "statement", str(Coarse.URGENT), statement.created, jws
            )
            await self._core.store.write(lambda: self._core.store.put(STATEMENTS, row), outbox=[outgoing])
            self._index(STATEMENTS, row)
            self._core.queued([outgoing])
        self._core.changed()
        self._core.wake()

    # --- taking in -------------------------------------------------------------------------------------------

    async def take_in(self, entries: Sequence[FeedEntry], point: SyncPoint) -> int:
        """Store what a feed page brought and the point after it, in one transaction. Returns how much was new. Raises AppError.

        What was here before only gets its place in the feed; what can't be used is counted, and never stops the rest.
        """
        async with self._lock:
            fresh = [entry for entry in entries if not self._known(entry)]
            read = {entry.id: await self._intake.read(entry) for entry in fresh}
            rows: list[tuple[str, dict[str, Any]]] = []
            counter = self._counter
            for entry in {entry.id: entry for entry in entries}.values():
                counter += 1
                if entry.id in read:
                    rows.append(_placed(read[entry.id], counter, point.epoch))
                    continue
                table = EVENTS if entry.type == "event" else STATEMENTS
                row = self._core.store.get(table, entry.id)
                if row is not None:  # else it lies among the refused or kept ones already
                    place = row["position"] or counter
                    rows.append(
                        (
                            table,
                            {
                                **row,
                                "position": place,
                                "received": row["received"] or entry.received,
                                "epoch": point.epoch,
                            },
                        )
                    )
            return await self._store_read(rows, (), point)

    async def take_statements(self, statements: Sequence[ReceivedStatement]) -> int:
        """Store acknowledgements that the server told of an alarm. Returns how many were new. Raises AppError."""
        entries = []
        for received in statements:
            with suppress(ProtocolError):  # malformed: says nothing of anybody
                statement, _ = read_statement(received.statement)
                entries.append(
                    FeedEntry("statement", statement.id, "", received.received, received.statement)
                )
        async with self._lock:
            fresh = [entry for entry in entries if not self._known(entry)]
            read = [await self._intake.read(entry) for entry in fresh]
            rows = [_placed(one, self._counter + at, "") for at, one in enumerate(read, start=1)]
            return await self._store_read(rows, (), None) if rows else 0

    async def retry_kept(self) -> int:
        """Read again what was kept for a newer roster or a newer app. Returns how much became usable. Raises AppError."""
        async with self._lock:
            waiting = sorted(self._core.store.all(LATER), key=lambda row: int(row["position"]))
            rows: list[tuple[str, dict[str, Any]]] = []
            freed: list[str] = []
            for row in waiting:
                entry = FeedEntry(
                    row["type"], row["id"], row["sender"], row["received"], row["content"], row["delay"]
                )
                read = await self._intake.read(entry)
                if read.table != LATER or read.row["code"] != row["code"]:
                    rows.append(_placed(read, row["position"], row["epoch"]))
                    if read.table != LATER:
                        freed.append(entry.id)
            return await self._store_read(rows, freed, None) if rows else 0

    async def _store_read(
        self, rows: list[tuple[str, dict[str, Any]]], freed: Sequence[str], point: SyncPoint | None
    ) -> int:
        store = self._core.store

        def change() -> None:
            for key in freed:
                store.remove(LATER, key)
            for table, row in rows:
                store.put(table, row)
            if point is not None:
                store.put(SELF, point.to_row())

        new = sum(1 for table, row in rows if store.get(table, row["id"]) is None)
        if rows or freed or (point is not None and point != read_sync_point(store)):
            await store.write(change)
        for table, row in rows:
            if table in (EVENTS, STATEMENTS):
                self._index(table, row)
            self._counter = max(self._counter, row["position"])
        if rows:
            self._core.changed()
        return new

    def _known(self, entry: FeedEntry) -> bool:
        return any(
            self._core.store.get(table, entry.id) is not None
            for table in (EVENTS, STATEMENTS, LATER, REFUSED)
        )

    async def mark_sent(self, sent: dict[str, int]) -> None:
        """The server has these own things since (id → its time, ms): note it, and drop their outbox rows, in one transaction."""
        async with self._lock:
            rows = []
            for key, received in sent.items():
                for table in (EVENTS, STATEMENTS):
                    row = self._core.store.get(table, key)
                    if row is not None:
                        rows.append((table, {**row, "received": row["received"] or received}))

            def change() -> None:
                for table, row in rows:
                    self._core.store.put(table, row)

            await self._core.store.write(change, settled=[row["id"] for _, row in rows])
            for table, row in rows:
                self._index(table, row)
        if rows:
            self._core.changed()

    async def queue_again(self, point: SyncPoint, waiting: set[str]) -> int:
        """After the server was restored: queue own things that its feed no longer has, except those `waiting` already.

        Stores `point` in the same transaction. Returns how many. Every write is idempotent by id, so one too many is harmless.
        """
        async with self._lock:
            lost = [
                (row, "event", str(KINDS[row["kind"]].coarse))
                for row in self._core.store.all(EVENTS)
                if row["own"] and row["epoch"] != point.epoch
            ]
            lost += [
                (row, "statement", str(Coarse.URGENT))
                for row in self._core.store.all(STATEMENTS)
                if row["own"] and row.get("epoch") != point.epoch
            ]
            lost.sort(key=lambda item: int(item[0]["written"]))
            unit = self._core.me().unit
            outbox = [
                OutboxRow(row["id"], unit, kind, coarse, row["created"], row["raw"])
                for row, kind, coarse in lost
                if row["id"] not in waiting and not row.get("dropped")
            ]
            await self._core.store.write(lambda: self._core.store.put(SELF, point.to_row()), outbox=outbox)
            self._core.queued(outbox)
        return len(outbox)

    async def drop(self, key: str) -> None:
        """An own thing is not to be sent after all; it stays on this device as what was written."""
        store = self._core.store
        async with self._lock:
            rows = [(table, store.get(table, key)) for table in (EVENTS, STATEMENTS)]

            def change() -> None:
                for table, row in rows:
                    if row is not None:
                        store.put(table, {**row, "dropped": True})

            await store.write(change)


def _placed(read: Read, position: int, epoch: str) -> tuple[str, dict[str, Any]]:
    row = {**read.row, "position": position, "epoch": epoch}
    if read.table in (EVENTS, STATEMENTS):
        row["written"] = position
    return read.table, row
