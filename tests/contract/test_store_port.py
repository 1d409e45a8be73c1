"""What every storage adapter must do. One suite; an adapter joins by a line in ADAPTERS."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from protocol.encoding import digest
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import new_id
from protocol.kinds import Act, Coarse
from sync_server.store.port import NewEvent, NewInvite, NewStatement, NewVersion, Slice, Store
from sync_server.store.sqlite import SqliteStore

pytestmark = pytest.mark.contract

Opener = Callable[..., Store]
ADAPTERS: dict[str, Callable[[Path], Opener]] = {
    "sqlite": lambda folder: lambda **options: SqliteStore(folder, **options),
}
DAY = 86_400_000
HOUR = 3_600_000


@pytest.fixture(params=sorted(ADAPTERS))
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    return ADAPTERS[request.param](tmp_path)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def store(open_store: Opener, clock: Clock, runner: asyncio.Runner) -> Iterator[Store]:
    store = open_store(clock=clock)
    yield store
    runner.run(store.close())


def version(unit: str, height: int, prev: str | None, jws: str | None = None) -> NewVersion:
    text = jws or f"version {height} of {unit}"
    return NewVersion(unit, height, prev, digest(text.encode()), text)


async def founded(store: Store, unit: str | None = None) -> str:
    unit = unit or new_id()
    await store.add_setup_token(unit.encode(), printed=False)
    await store.found(unit.encode(), version(unit, 0, None))
    return unit


def event(unit: str, readers: list[str], *, content: str = "sealed", **other: Any) -> NewEvent:
    fields: dict[str, Any] = {"id": new_id(), "unit": unit, "sender": new_id(), "kind": Coarse.OTHER, **other}
    return NewEvent(
        digest=sha256(content.encode()).digest(), content=content, readers=tuple(readers), **fields
    )


def alarm(unit: str, readers: list[str], case: str, act: Act = Act.RAISE, **other: Any) -> NewEvent:
    return event(unit, readers, kind=Coarse.URGENT, case=case, act=act, **other)


def statement(unit: str, case: str, devices: list[str], content: str = "seen", **other: Any) -> NewStatement:
    fields: dict[str, Any] = {
        "id": new_id(),
        "unit": unit,
        "sender": new_id(),
        "case": case,
        "content": content,
        **other,
    }
    return NewStatement(digest=sha256(content.encode()).digest(), devices=tuple(devices), **fields)


async def pulled(store: Store, unit: str, device: str, after: int = 0, entries: int = 1000) -> Slice:
    return await store.feed(unit, device, after, entries=entries, size=10**9)


def code(error: pytest.ExceptionInfo[ProtocolError]) -> ErrorCode:
    return error.value.code


def test_identity_is_made_once_and_kept(open_store: Opener, runner: asyncio.Runner) -> None:
    first = open_store()
    one = runner.run(first.identity())
    runner.run(first.close())
    again = open_store()
    assert runner.run(again.identity()) == one
    other = runner.run(again.new_epoch())
    assert (other.server, other.secret) == (one.server, one.secret)
    assert other.epoch != one.epoch
    assert runner.run(again.identity()) == other
    runner.run(again.close())


def test_setup_token_founds_one_unit(store: Store, runner: asyncio.Runner) -> None:
    async def story() -> None:
        unit, other = new_id(), new_id()
        await store.add_setup_token(b"token", printed=False)
        with pytest.raises(ProtocolError) as unknown:
            await store.found(b"guess", version(unit, 0, None))
        assert code(unknown) is ErrorCode.SETUP_TOKEN_WRONG
        await store.found(b"token", version(unit, 0, None))
        await store.found(b"token", version(unit, 0, None))  # the reply was lost
        with pytest.raises(ProtocolError) as used:
            await store.found(b"token", version(other, 0, None))
        assert code(used) is ErrorCode.SETUP_TOKEN_WRONG
        assert await store.units() == 1
        await store.add_setup_token(b"second", printed=False)
        with pytest.raises(ProtocolError) as taken:
            await store.found(b"second", version(unit, 0, None, "another root"))
        assert code(taken) is ErrorCode.ROSTER_CONFLICT
        await store.found(b"second", version(other, 0, None))
        assert await store.units() == 2

    runner.run(story())


def test_printed_token_replaces_the_last_printed_one(store: Store, runner: asyncio.Runner) -> None:
    async def story() -> None:
        await store.add_setup_token(b"made by hand", printed=False)
        await store.add_setup_token(b"first start", printed=True)
        await store.add_setup_token(b"second start", printed=True)
        with pytest.raises(ProtocolError):
            await store.found(b"first start", version(new_id(), 0, None))
        await store.found(b"second start", version(new_id(), 0, None))
        await store.found(b"made by hand", version(new_id(), 0, None))

    runner.run(story())


def test_roster_grows_by_compare_and_swap(store: Store, clock: Clock, runner: asyncio.Runner) -> None:
    async def story() -> None:
        assert await store.head(new_id()) is None
        unit = await founded(store)
        root = await store.head(unit)
        assert root is not None
        clock.now += 5
        mine, theirs = version(unit, 1, root.head), version(unit, 1, root.head, "theirs")
        await store.append(mine, None)
        await store.append(mine, None)
        with pytest.raises(ProtocolError) as lost:
            await store.append(theirs, None)
        assert code(lost) is ErrorCode.ROSTER_CONFLICT
        with pytest.raises(ProtocolError) as nowhere:
            await store.append(version(new_id(), 1, root.head), None)
        assert code(nowhere) is ErrorCode.UNIT_UNKNOWN
        head = await store.head(unit)
        assert head is not None
        assert (head.height, head.head) == (1, mine.head)
        assert await store.versions(unit, -1) == [
            (version(unit, 0, None).jws, 1_000_000),
            (mine.jws, 1_000_005),
        ]
        assert await store.versions(unit, 0) == [(mine.jws, 1_000_005)]
        assert await store.versions(unit, 1) == []

    runner.run(story())


def test_concurrent_appends_have_one_winner(store: Store, runner: asyncio.Runner) -> None:
    async def story() -> None:
        unit = await founded(store)
        root = await store.head(unit)
        assert root is not None
        rivals = [version(unit, 1, root.head, f"rival {n}") for n in range(12)]
        outcomes = await asyncio.gather(*(store.append(v, None) for v in rivals), return_exceptions=True)
        assert sum(outcome is None for outcome in outcomes) == 1
        assert {o.code for o in outcomes if isinstance(o, ProtocolError)} == {ErrorCode.ROSTER_CONFLICT}
        assert len(await store.versions(unit, -1)) == 2

    runner.run(story())


def invite(unit: str, hours: int = 48) -> NewInvite:
    return NewInvite(new_id(), unit, "grant", "package", hours)


def test_invite_is_kept_once(store: Store, clock: Clock, runner: asyncio.Runner) -> None:
    async def story() -> None:
        unit = await founded(store)
        new = invite(unit)
        kept = await store.add_invite(new)
        assert kept.expires == clock.now + 48 * HOUR
        clock.now += HOUR
        assert await store.add_invite(new) == kept
        assert await store.invite(new.id) == kept
        with pytest.raises(ProtocolError) as other:
            await store.add_invite(NewInvite(new.id, unit, "another grant", "package", 48))
        assert code(other) is ErrorCode.ID_REUSED
        later = await store.add_invite(invite(unit))
        assert [i.id for i in await store.invites(unit)] == [later.id, new.id]
        assert await store.invite(new_id()) is None
        assert await store.invites(new_id()) == []

    runner.run(story())


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("used", ErrorCode.INVITE_USED),
        ("revoked", ErrorCode.INVITE_REVOKED),
        ("expired", ErrorCode.INVITE_EXPIRED),
        ("unknown", ErrorCode.INVITE_UNKNOWN),
        ("another unit's", ErrorCode.INVITE_UNKNOWN),
    ],
)
def test_spent_invite_appends_nothing(
    state: str, expected: ErrorCode, store: Store, clock: Clock, runner: asyncio.Runner
) -> None:
    async def story() -> None:
        unit = await founded(store)
        root = await store.head(unit)
        assert root is not None
        new = invite(await founded(store) if state == "another unit's" else unit)
        if state != "unknown":
            await store.add_invite(new)
        prev, height = root.head, 1
        if state == "used":
            await store.append(version(unit, 1, prev, "first join"), new.id)
            prev, height = version(unit, 1, prev, "first join").head, 2
        elif state == "revoked":
            await store.revoke_invite(unit, new.id)
            await store.revoke_invite(unit, new.id)
        elif state == "expired":
            clock.now += 48 * HOUR
        before = await store.versions(unit, -1)
        with pytest.raises(ProtocolError) as refused:
            await store.append(version(unit, height, prev, "late join"), new.id)
        assert code(refused) is expected
        assert await store.versions(unit, -1) == before

    runner.run(story())


def test_invite_is_usable_until_the_last_millisecond(
    store: Store, clock: Clock, runner: asyncio.Runner
) -> None:
    async def story() -> None:
        unit = await founded(store)
        root = await store.head(unit)
        assert root is not None
        new = invite(unit, hours=1)
        await store.add_invite(new)
        clock.now += HOUR - 1
        await store.append(version(unit, 1, root.head), new.id)
        used = await store.invite(new.id)
        assert used is not None
        assert (used.used, used.state(clock.now + DAY)) == (clock.now, "used")
        with pytest.raises(ProtocolError) as late:
            await store.revoke_invite(unit, new.id)
        assert code(late) is ErrorCode.INVITE_USED
        with pytest.raises(ProtocolError) as foreign:
            await store.revoke_invite(new_id(), new.id)
        assert code(foreign) is ErrorCode.INVITE_UNKNOWN

    runner.run(story())


def test_event_is_stored_once_per_id(store: Store, clock: Clock, runner: asyncio.Runner) -> None:
    async def story() -> None:
        unit, reader = await founded(store), new_id()
        new = event(unit, [reader])
        assert [r.outcome for r in await store.accept([new], urgent=False)] == ["accepted"]
        clock.now += 1000
        (again,) = await store.accept([new], urgent=False)
        assert (again.outcome, again.received) == ("duplicate", clock.now - 1000)
        other = event(unit, [reader], id=new.id, content="something else")
        (reused,) = await store.accept([other], urgent=False)
        assert (reused.outcome, reused.received) == ("reused", 0)
        found = await pulled(store, unit, reader)
        assert [(e.id, e.type, e.sender, e.content) for e in found.entries] == [
            (new.id, "event", new.sender, "sealed")
        ]

    runner.run(story())


def test_one_bad_item_of_a_batch_leaves_the_rest(store: Store, runner: asyncio.Runner) -> None:
    async def story() -> None:
        unit, reader = await founded(store), new_id()
        first = event(unit, [reader])
        await store.accept([first], urgent=False)
        batch = [
            event(unit, [reader]),
            event(unit, [reader], id=first.id, content="other"),
            event(unit, [reader]),
        ]
        assert [r.outcome for r in await store.accept(batch, urgent=False)] == [
            "accepted",
            "reused",
            "accepted",
        ]
        assert len((await pulled(store, unit, reader)).entries) == 3

    runner.run(story())


def test_failing_job_harms_no_other_of_its_group(store: Store, runner: asyncio.Runner) -> None:
    async def story() -> None:
        unit, reader = await founded(store), new_id()
        jobs = [store.accept([event(unit, [reader])], urgent=False) for _ in range(5)]
        jobs.insert(2, store.accept([event(new_id(), [reader])], urgent=False))
        outcomes = await asyncio.gather(*jobs, return_exceptions=True)
        assert [isinstance(outcome, Exception) for outcome in outcomes] == [
            False,
            False,
            True,
            False,
            False,
            False,
        ]
        assert len((await pulled(store, unit, reader)).entries) == 5

    runner.run(story())


def test_units_and_devices_see_only_their_own(store: Store, runner: asyncio.Runner) -> None:
    async def story() -> None:
        one, two, reader, other = await founded(store), await founded(store), new_id(), new_id()
        same_id = new_id()
        await store.accept([event(one, [reader], id=same_id)], urgent=False)
        await store.accept([event(two, [reader], id=same_id, content="two")], urgent=False)
        assert [e.content for e in (await pulled(store, one, reader)).entries] == ["sealed"]
        assert [e.content for e in (await pulled(store, two, reader)).entries] == ["two"]
        assert (await pulled(store, one, other)).entries == []
        assert (await pulled(store, new_id(), reader)).entries == []

    runner.run(story())


def test_pages_are_bounded_and_leave_no_gap(store: Store, runner: asyncio.Runner, rng: random.Random) -> None:
    async def story() -> None:
        unit, reader = await founded(store), new_id()
        sizes = [rng.randrange(1, 3000) for _ in range(60)]
        events = [event(unit, [reader] if rng.random() < 0.8 else [], content="x" * size) for size in sizes]
        for new in events:
            await store.accept([new], urgent=False)
        wanted = [new.id for new in events if new.readers]
        got: list[str] = []
        after = 0
        while True:
            page = await store.feed(unit, reader, after, entries=7, size=5000)
            assert page.entries or not page.more
            assert len(page.entries) <= 7
            assert len(page.entries) == 1 or sum(len(e.content) for e in page.entries) <= 5000
            got += [entry.id for entry in page.entries]
            if not page.more:
                break
            after = page.entries[-1].seq
        assert got == wanted

    runner.run(story())


def test_entry_larger_than_a_page_still_comes(store: Store, runner: asyncio.Runner) -> None:
    async def story() -> None:
        unit, reader = await founded(store), new_id()
        await store.accept([event(unit, [reader], content="x" * 900) for _ in range(2)], urgent=False)
        page = await store.feed(unit, reader, 0, entries=10, size=100)
        assert (len(page.entries), page.more) == (1, True)
        rest = await store.feed(unit, reader, page.entries[-1].seq, entries=10, size=100)
        assert (len(rest.entries), rest.more) == (1, False)

    runner.run(story())


def test_reader_never_passes_a_write_under_way(open_store: Opener, runner: asyncio.Runner) -> None:
    """Fault 1, made to happen: a number is allocated, the commit is held back, others write and read meanwhile."""
    allocated, release, hold = threading.Event(), threading.Event(), threading.Event()

    def before_commit() -> None:
        if hold.is_set():
            allocated.set()
            assert release.wait(20)

    store = open_store(before_commit=before_commit)

    async def story() -> None:
        unit, reader = await founded(store), new_id()
        await store.accept([event(unit, [reader], content="before")], urgent=False)
        hold.set()
        stalled = asyncio.ensure_future(store.accept([event(unit, [reader], content="A")], urgent=False))
        assert await asyncio.to_thread(allocated.wait, 20)
        second = asyncio.ensure_future(store.accept([event(unit, [reader], content="B")], urgent=True))
        seen = await pulled(store, unit, reader)
        assert [entry.content for entry in seen.entries] == ["before"]
        assert not stalled.done()
        hold.clear()
        release.set()
        await asyncio.gather(stalled, second)
        after = await pulled(store, unit, reader, seen.entries[-1].seq)
        assert sorted(entry.content for entry in after.entries) == ["A", "B"]

    runner.run(story())
    runner.run(store.close())


def test_tailing_reader_ends_with_exactly_what_was_committed(
    store: Store, runner: asyncio.Runner, rng: random.Random, count: Callable[[int, int], int]
) -> None:
    """Fault 1 under load: concurrent writers, retries among them, and a reader that follows the whole time."""
    writers, each = 8, count(25, 400)

    async def story() -> None:
        unit, reader = await founded(store), new_id()
        committed: set[str] = set()
        done = asyncio.Event()

        async def write() -> None:
            for _ in range(each):
                new = event(unit, [reader])
                for _ in range(rng.choice((1, 1, 2))):
                    await store.accept([new], urgent=rng.random() < 0.3)
                committed.add(new.id)

        async def tail() -> list[str]:
            got: list[str] = []
            after = 0
            while True:
                last_look = done.is_set()
                page = await pulled(store, unit, reader, after, entries=rng.randrange(1, 9))
                got += [entry.id for entry in page.entries]
                after = page.entries[-1].seq if page.entries else after
                if last_look and not page.entries:
                    return got

        reading = asyncio.ensure_future(tail())
        await asyncio.gather(*(write() for _ in range(writers)))
        done.set()
        got = await reading
        assert len(got) == len(set(got)) == writers * each
        assert set(got) == committed

    runner.run(story())


def test_statement_goes_to_readers_and_the_named_devices_once(store: Store, runner: asyncio.Runner) -> None:
    async def story() -> None:
        unit, reader, own, stranger, case = await founded(store), new_id(), new_id(), new_id(), new_id()
        with pytest.raises(ProtocolError) as early:
            await store.acknowledge(statement(unit, case, [own]))
        assert code(early) is ErrorCode.ALARM_UNKNOWN
        await store.accept([alarm(unit, [reader], case, Act.UPDATE)], urgent=True)
        with pytest.raises(ProtocolError):
            await store.acknowledge(statement(unit, case, [own]))
        await store.accept([alarm(unit, [reader, own], case)], urgent=True)
        said = statement(unit, case, [own])
        first = await store.acknowledge(said)
        assert (first.outcome, (await store.acknowledge(said)).outcome) == ("accepted", "duplicate")
        reused = await store.acknowledge(statement(unit, case, [own], "taken", id=said.id))
        assert reused.outcome == "reused"
        for device, expected in ((reader, 1), (own, 1), (stranger, 0)):
            entries = (await pulled(store, unit, device)).entries
            assert [e.content for e in entries if e.type == "statement"] == ["seen"] * expected

    runner.run(story())


def test_alarm_tells_acts_readers_and_confirmations(
    store: Store, clock: Clock, runner: asyncio.Runner
) -> None:
    async def story() -> None:
        unit, one, two, case = await founded(store), new_id(), new_id(), new_id()
        assert await store.alarm(unit, case) is None
        raised = alarm(unit, [one, two], case, drill=True)
        await store.accept([raised], urgent=True)
        clock.now += 10
        await store.accept([alarm(unit, [one], case, Act.CANCEL)], urgent=True)
        await store.acknowledge(statement(unit, case, []))
        first_seq = (await pulled(store, unit, one)).entries[0].seq
        store.confirm(unit, one, first_seq)
        store.confirm(unit, two, first_seq - 1)
        await store.accept([event(unit, [])], urgent=False)  # what is queued before it is committed before it
        found = await store.alarm(unit, case)
        assert found is not None
        assert [(act.act, act.drill, act.received) for act in found.acts] == [
            (Act.RAISE, True, 1_000_000),
            (Act.CANCEL, False, 1_000_010),
        ]
        assert found.acts[0].sender == raised.sender
        assert found.acts[0].readers == {one: True, two: False}
        assert found.acts[1].readers == {one: False}
        assert found.statements == [("seen", 1_000_010)]
        assert await store.alarm(await founded(store), case) is None

    runner.run(story())


def test_deadlines_are_no_alarms(store: Store, runner: asyncio.Runner) -> None:
    async def story() -> None:
        unit, reader, case = await founded(store), new_id(), new_id()
        armed = event(unit, [reader], kind=Coarse.DEADLINE, case=case, act=Act.ARM, duration=3600, delay=5)
        await store.accept([armed], urgent=False)
        assert await store.alarm(unit, case) is None

    runner.run(story())


def test_confirming_never_goes_back(store: Store, runner: asyncio.Runner) -> None:
    async def story() -> None:
        unit, reader, case = await founded(store), new_id(), new_id()
        await store.accept([alarm(unit, [reader], case)], urgent=True)
        seq = (await pulled(store, unit, reader)).entries[0].seq
        store.confirm(unit, reader, seq)
        store.confirm(unit, reader, 0)
        await store.accept([event(unit, [])], urgent=False)
        found = await store.alarm(unit, case)
        assert found is not None
        assert found.acts[0].readers == {reader: True}

    runner.run(story())


def test_receipt_times_never_run_backwards(store: Store, clock: Clock, runner: asyncio.Runner) -> None:
    async def story() -> None:
        unit, reader = await founded(store), new_id()
        received = []
        for step in (0, 500, -400_000, 100):
            clock.now += step
            received += [r.received for r in await store.accept([event(unit, [reader])], urgent=False)]
        assert received == sorted(received)

    runner.run(story())


def test_everything_is_there_after_reopening(open_store: Opener, runner: asyncio.Runner) -> None:
    async def story() -> None:
        store = open_store()
        unit, reader, case = await founded(store), new_id(), new_id()
        new = await store.add_invite(invite(unit))
        await store.accept([alarm(unit, [reader], case)], urgent=True)
        await store.acknowledge(statement(unit, case, []))
        before = (await store.head(unit), await store.alarm(unit, case), await pulled(store, unit, reader))
        await store.close()
        again = open_store()
        assert (
            await again.head(unit),
            await again.alarm(unit, case),
            await pulled(again, unit, reader),
        ) == before
        assert await again.invite(new.id) == new
        await again.accept([event(unit, [reader])], urgent=False)
        seqs = [entry.seq for entry in (await pulled(again, unit, reader)).entries]
        assert seqs == sorted(set(seqs))
        await again.close()

    runner.run(story())


def test_slice_says_how_far_the_store_has_come(store: Store, runner: asyncio.Runner) -> None:
    async def story() -> None:
        unit, reader = await founded(store), new_id()
        assert (await pulled(store, unit, reader)).last == 0
        await store.accept([event(unit, [reader]), event(unit, [])], urgent=False)
        page = await pulled(store, unit, reader)
        assert page.last == page.entries[-1].seq + 1
        assert (await pulled(store, unit, reader, page.last + 5)).entries == []

    runner.run(story())


def test_closing_finishes_what_waits(open_store: Opener, runner: asyncio.Runner) -> None:
    async def story() -> None:
        store = open_store()
        unit, reader = await founded(store), new_id()
        waiting = [
            asyncio.ensure_future(store.accept([event(unit, [reader])], urgent=False)) for _ in range(50)
        ]
        await asyncio.sleep(0)
        await store.close()
        receipts = await asyncio.gather(*waiting)
        assert len(receipts) == 50
        assert not await _healthy(store)
        again = open_store()
        assert len((await pulled(again, unit, reader)).entries) == 50
        assert await again.healthy()
        await again.close()

    runner.run(story())


async def _healthy(store: Store) -> bool:
    with suppress(RuntimeError):
        return await store.healthy()
    return False
