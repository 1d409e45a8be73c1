"""Small parts of the server: tokens, buckets, live streams, the writer, the fold of a unit."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.encoding import b64url, compact_json, unb64url
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import new_id
from protocol.jose import generate_key, public, sign, verify
from protocol.jws import Typ, peek
from protocol.kinds import Coarse
from sync_server.app.body import READ_SECONDS
from sync_server.app.pressure import Buckets, Pressure
from sync_server.devices.packages import is_sealed_package
from sync_server.devices.signatures import verify_peeked
from sync_server.notify.live import STREAMS_PER_DEVICE, Live
from sync_server.store.port import StoreFull, StoreRefused
from sync_server.store.sqlite import SqliteStore
from sync_server.store.sqlite.rows import blob, text
from sync_server.store.sqlite.schema import FILE_NAME, migrations
from sync_server.store.sqlite.writer import GroupWriter
from sync_server.store.unit import REMOVED_URGENT_MS, fold
from sync_server.tokens import make_token, read_token
from tests.support.server_client import Person, found_unit, make_root
from tests.support.server_in_process import InProcess, in_process

pytestmark = pytest.mark.unit


@given(st.binary(max_size=60), st.lists(st.text(max_size=8), max_size=3), st.text(max_size=8))
def test_token_is_good_for_what_it_was_made_for(data: bytes, bound: list[str], purpose: str) -> None:
    token = make_token(b"secret", purpose, tuple(bound), data)
    assert read_token(b"secret", purpose, tuple(bound), token) == data
    assert read_token(b"other", purpose, tuple(bound), token) is None
    assert read_token(b"secret", purpose + "x", tuple(bound), token) is None
    assert read_token(b"secret", purpose, (*bound, ""), token) is None
    assert read_token(b"secret", purpose, tuple(bound), token + "A") is None


def test_joined_parts_are_not_other_parts() -> None:
    token = make_token(b"secret", "cursor", ("ab", "c"), b"")
    assert read_token(b"secret", "cursor", ("a", "bc"), token) is None


@given(st.uuids(version=4))
def test_ids_survive_the_database(identifier: object) -> None:
    assert text(blob(str(identifier))) == str(identifier)


def test_the_server_waits_longer_for_a_body_than_any_client() -> None:
    """Else a slow line would park for good what only had to be sent in smaller pieces."""
    outbox = Path(__file__).parents[2] / "assets" / "web" / "device" / "outbox.js"
    found = re.search(r"const TIMEOUT = \{ urgent: ([\d_]+), other: ([\d_]+) \}", outbox.read_text("utf-8"))
    assert found is not None
    assert max(int(found[1]), int(found[2])) / 1000 < READ_SECONDS


def test_buckets_fill_again() -> None:
    now = [0.0]
    buckets = Buckets(2, lambda: now[0])
    assert [buckets.take("a") for _ in range(21)] == [True] * 20 + [False]
    assert buckets.take("b")
    assert buckets.seconds("a") == 1
    now[0] += 1
    assert [buckets.take("a") for _ in range(3)] == [True, True, False]
    now[0] += 10_000
    assert sum(buckets.take("a") for _ in range(100)) == 20
    assert all(Buckets(0, lambda: 0.0).take("a") for _ in range(1000))


def test_disk_is_asked_once_a_second(tmp_path: Path) -> None:
    asked: list[Path] = []
    now = [0.0]

    def free(folder: Path) -> int:
        asked.append(folder)
        return 5_000_000

    pressure = Pressure(folder=tmp_path, rate=0, disk_reserve=6, clock=lambda: now[0], free=free)
    assert [pressure.refusal("d", Coarse.OTHER, reserve=False) for _ in range(5)] == [
        ErrorCode.STORAGE_FULL
    ] * 5
    assert pressure.refusal("d", Coarse.DEADLINE, reserve=False) is ErrorCode.STORAGE_FULL
    assert pressure.refusal("d", Coarse.URGENT, reserve=True) is None
    assert len(asked) == 1
    now[0] += 1
    assert pressure.low_disk()
    assert len(asked) == 2


def test_nudges_wake_the_named_devices_only() -> None:
    async def story() -> None:
        live = Live()
        mine, other = live.open("unit", "mine"), live.open("unit", "other")
        live.nudge("unit", ["mine"])
        live.nudge("unit", ["mine", "unheard of"])
        assert await mine.wait(1)
        assert not await mine.wait(0.001)  # two nudges before it was sent are one
        assert not await other.wait(0.001)
        live.close("unit", "mine", mine)
        live.close("unit", "mine", mine)
        assert len(live) == 1
        for _ in range(STREAMS_PER_DEVICE):
            live.open("unit", "other")
        assert other.ended
        live.end_all()
        assert live.open("unit", "late").ended

    asyncio.run(story())


def test_stream_begins_with_a_nudge_and_beats(tmp_path: Path) -> None:
    with in_process(tmp_path, heartbeat=0.005) as server:
        unit = found_unit(server.wire, server.token())
        chunks = server.run(_listen(server, unit.leader, stop_after=b": still here"))
        assert chunks.startswith(b"retry: ")
        assert chunks.count(b"event: nudge\ndata: {}\n\n") == 1
        assert len(server.services.live) == 0


def test_stream_ends_with_its_session(tmp_path: Path) -> None:
    with in_process(tmp_path, heartbeat=0.005) as server:
        unit = found_unit(server.wire, server.token())

        async def story() -> bytes:
            opened = asyncio.Event()
            listening = asyncio.ensure_future(
                _listen(server, unit.leader, stop_after=b"never", opened=opened)
            )
            await opened.wait()
            server.clocks.now += 12 * 3_600_000
            return await listening

        assert b"event: nudge" in server.run(story())


def test_removal_ends_the_stream_and_wakes_the_others(tmp_path: Path) -> None:
    with in_process(tmp_path, heartbeat=60) as server:
        unit = found_unit(server.wire, server.token())
        worker = unit.add(server.wire)
        from protocol.roster import remove_change

        version = unit.version(unit.leader, remove_change(device=worker.device))

        async def story() -> tuple[bytes, bytes]:
            opened = [asyncio.Event(), asyncio.Event()]
            theirs = asyncio.ensure_future(_listen(server, worker, stop_after=b"never", opened=opened[0]))
            ours = asyncio.ensure_future(
                _listen(server, unit.leader, stop_after=b"event: nudge", times=2, opened=opened[1])
            )
            for event in opened:
                await event.wait()
            body = compact_json({"version": version}).encode()
            answer = await server.ask("POST", f"{worker.base}/roster", [body])
            assert answer.status_code == 200
            return await theirs, await ours

        theirs, ours = server.run(story())
        assert theirs.count(b"event: nudge") == 1
        assert ours.count(b"event: nudge") == 2


async def _listen(
    server: InProcess,
    person: Person,
    *,
    stop_after: bytes,
    times: int = 1,
    opened: asyncio.Event | None = None,
) -> bytes:
    """Open a live stream and read until `stop_after` came `times`, then go away; or until the server ends it.

    `opened` is set once the first nudge is there.
    """
    got = bytearray()
    gone = asyncio.Event()
    asked = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if asked:
            return asked.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = dict(message["headers"])
            assert headers[b"content-type"].startswith(b"text/event-stream")
            assert headers[b"x-accel-buffering"] == b"no"
        got.extend(message.get("body", b""))
        if opened is not None and b"event: nudge" in got:
            opened.set()
        if got.count(stop_after) >= times:
            gone.set()

    path = f"{person.base}/live"
    scope = server.scope("GET", path, "", person.authorization("GET", path))
    async with asyncio.timeout(20):
        await server.app(scope, receive, send)
    return bytes(got)


def test_unit_remembers_when_a_device_was_removed(tmp_path: Path) -> None:
    with in_process(tmp_path) as server:
        unit = found_unit(server.wire, server.token())
        worker = unit.add(server.wire)
        server.clocks.now += 500
        removed_at = server.clocks.now
        unit.remove(server.wire, worker)
        folded = fold(None, server.run(server.store.versions(unit.leader.unit, -1)))
        assert folded is not None
        assert folded.removed == {worker.device: removed_at}
        assert not folded.is_active(worker.device)
        assert folded.still_rings(worker.device, removed_at + REMOVED_URGENT_MS - 1)
        assert not folded.still_rings(worker.device, removed_at + REMOVED_URGENT_MS)
        assert folded.may_send(unit.leader.device, Coarse.OTHER, removed_at)
        assert folded.member_of(worker.device) == worker.member
        assert fold(folded, []) == folded
        assert fold(None, []) is None


def test_packages_are_compact_jwe_and_nothing_else() -> None:
    sealed = make_root(new_id()).recovery.sealed_signing
    assert is_sealed_package(sealed)
    head, key, iv, content, tag = sealed.split(".")
    for wrong in (
        f"{head}.{key}.{iv}.{content}",
        f"{head}.AAAA.{iv}.{content}.{tag}",
        f"{head}.{key}.{iv}AAAA.{content}.{tag}",
        f"{head}.{key}.{iv}.{content}.{tag[:-4]}",
        f"eyJhbGciOiJub25lIn0.{key}.{iv}.{content}.{tag}",
        f"{head}.{key}.{iv}.not base64!.{tag}",
        "....",
        "",
    ):
        assert not is_sealed_package(wrong), wrong


def _writer(db: sqlite3.Connection, undone: list[int]) -> GroupWriter:
    return GroupWriter(db, lambda: undone.append(1))


def _database() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    db.execute("CREATE TABLE t (x INTEGER)")
    return db


def test_full_disk_and_refusals_reach_their_own_callers() -> None:
    async def story() -> None:
        db = _database()
        undone: list[int] = []
        writer = _writer(db, undone)

        def full(db: sqlite3.Connection) -> None:
            db.execute("INSERT INTO t VALUES (99)")
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

        def no(_: sqlite3.Connection) -> None:
            raise ProtocolError(ErrorCode.ROSTER_CONFLICT)

        def add(db: sqlite3.Connection) -> None:
            db.execute("INSERT INTO t VALUES (1)")

        outcomes = await asyncio.gather(
            *(writer.submit(job) for job in (add, full, no, add)), return_exceptions=True
        )
        assert outcomes[0] is None
        assert isinstance(outcomes[1], StoreFull)
        assert isinstance(outcomes[2], ProtocolError)
        assert outcomes[3] is None
        assert db.execute("SELECT x FROM t").fetchall() == [(1,), (1,)]
        assert undone
        await asyncio.to_thread(writer.close)
        assert not writer.alive

    asyncio.run(story())


def test_refusal_after_a_change_is_a_bug_that_is_undone() -> None:
    async def story() -> None:
        db = _database()
        writer = _writer(db, [])

        def late(db: sqlite3.Connection) -> None:
            db.execute("INSERT INTO t VALUES (1)")
            raise ProtocolError(ErrorCode.ROSTER_CONFLICT)

        with pytest.raises(RuntimeError):
            await writer.submit(late)
        assert db.execute("SELECT count(*) FROM t").fetchone() == (0,)
        await asyncio.to_thread(writer.close)

    asyncio.run(story())


def test_database_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    asyncio.run(SqliteStore(tmp_path).close())
    db = sqlite3.connect(tmp_path / FILE_NAME)
    db.execute("PRAGMA user_version = 9999")
    db.close()
    with pytest.raises(StoreRefused, match=r"newer release \(schema 9999"):
        SqliteStore(tmp_path)


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database, but long enough to look at" * 40)
    with pytest.raises(StoreRefused, match="can't be opened"):
        SqliteStore(tmp_path)


def test_migrations_are_numbered_without_gaps() -> None:
    assert [number for number, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_copied_database_begins_a_new_epoch(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()

    async def story() -> None:
        store = SqliteStore(one)
        before = await store.identity()
        await store.close()
        (two / FILE_NAME).write_bytes((one / FILE_NAME).read_bytes())
        copy = SqliteStore(two)
        after = await copy.identity()
        await copy.close()
        assert (after.server, after.secret) == (before.server, before.secret)
        assert after.epoch != before.epoch
        again = SqliteStore(two)
        assert await again.identity() == after
        await again.close()

    asyncio.run(story())


def test_cursor_beyond_the_store_begins_a_new_epoch(tmp_path: Path) -> None:
    """A database file overwritten in place by an older copy is noticed by the first device that had seen more."""
    with in_process(tmp_path) as server:
        unit = found_unit(server.wire, server.token())
        leader = unit.leader
        from sync_server.feed.cursor import write_cursor

        who = server.run(server.store.identity())
        ahead = write_cursor(who.secret, who.epoch, leader.unit, leader.device, 1000)
        answer = leader.ask(server.wire, "GET", f"{leader.base}/feed?cursor={ahead}")
        assert answer.json()["error"]["code"] == "epoch_changed"
        assert server.run(server.store.identity()).epoch != who.epoch
        assert leader.pull(server.wire)["entries"] == []


@given(st.data())
def test_quick_check_of_a_signature_says_what_the_library_says(data: st.DataObject) -> None:
    key, other = data.draw(st.sampled_from(KEYS)), data.draw(st.sampled_from(KEYS))
    jws = sign(key, Typ.REQUEST, compact_json({"text": data.draw(st.text(max_size=20))}))
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(jws) - 1))
        jws = jws[:at] + data.draw(st.sampled_from("AZaz09-_")) + jws[at + 1 :]
    try:
        peek(jws, Typ.REQUEST, ErrorCode.SIGNATURE_WRONG)
    except ProtocolError:
        return  # the quick check is for what was accepted here
    assert verify_peeked(jws, public(other)) == verify(jws, public(other))


def test_signatures_of_another_length_are_wrong() -> None:
    jws = sign(KEYS[0], Typ.REQUEST, "{}")
    signed, _, signature = jws.rpartition(".")
    assert verify_peeked(jws, public(KEYS[0]))
    for wrong in ("", "AA", b64url(b"\0" * 64), b64url(unb64url(signature) + b"\0"), signature[:-2]):
        assert not verify_peeked(f"{signed}.{wrong}", public(KEYS[0]))


KEYS = [generate_key() for _ in range(2)]
