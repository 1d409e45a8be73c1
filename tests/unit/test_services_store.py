"""Sealed rows under TinyDB: one transaction per change, whose cost follows the change, and nothing forgotten on failure."""

from __future__ import annotations

import asyncio
import json

import pytest
from tinydb import Query

from mobile_app.ports import OutboxRow, PortError
from mobile_app.services.errors import AppError
from mobile_app.services.rows import RowDB
from mobile_app.services.store import EVENTS, VISIT_DRAFTS, Store
from tests.support.fake_ports import FakeVault

pytestmark = pytest.mark.unit


def fresh() -> tuple[FakeVault, Store]:
    vault = FakeVault()
    vault.passphrase, vault.open = "p", True
    return vault, Store(vault)


async def put(store: Store, key: str, text: str = "", *, keep: bool = False) -> None:
    await store.write(lambda: store.put(VISIT_DRAFTS, {"id": key, "text": text}), keep=keep)


def test_a_change_writes_the_changed_row_and_nothing_else() -> None:
    async def story() -> None:
        vault, store = fresh()
        for n in range(50):
            await put(store, f"k{n}")
        vault.applied.clear()
        await put(store, "k7", "changed")
        await put(store, "k7", "changed")
        assert [[len(rows) for rows, _, _ in vault.applied]] == [[1]]
        ((rows, _, _),) = vault.applied
        assert json.loads(rows[0][1] or "") == {"t": VISIT_DRAFTS, "d": {"id": "k7", "text": "changed"}}
        assert len(vault.rows) == 50

    asyncio.run(story())


def test_row_ids_are_random_and_stay_with_their_document() -> None:
    async def story() -> None:
        vault, store = fresh()
        await put(store, "a")
        await put(store, "b")
        before = set(vault.rows)
        await put(store, "a", "again")
        assert set(vault.rows) == before
        assert all(1 < row < 2**52 for row in before)
        assert max(before) - min(before) > 1
        await store.write(lambda: store.remove(VISIT_DRAFTS, "a"))
        assert len(vault.rows) == 1

    asyncio.run(story())


def test_what_was_stored_is_there_after_a_restart() -> None:
    async def story() -> None:
        vault, store = fresh()
        await put(store, "a", "Blåbærsyltetøy «æøå» \ud800")
        again = Store(vault)
        await again.load()
        assert again.get(VISIT_DRAFTS, "a") == {"id": "a", "text": "Blåbærsyltetøy «æøå» \ud800"}
        assert again.get(EVENTS, "a") is None
        assert all(text.isascii() for text in vault.rows.values()), (
            "half a character must not break the disk's encoding"
        )

    asyncio.run(story())


def test_a_damaged_row_costs_itself_alone() -> None:
    async def story() -> None:
        vault, store = fresh()
        await put(store, "a")
        vault.rows |= {1: "{", 2: "[]", 3: '{"t":"events"}'}
        vault.broken = [4]
        await store.load()
        assert store.damaged == 4
        assert store.get(VISIT_DRAFTS, "a") is not None

    asyncio.run(story())


def test_a_refused_write_is_undone_and_its_outbox_row_with_it() -> None:
    async def story() -> None:
        vault, store = fresh()
        await put(store, "draft", "text")
        vault.refuse = [PortError("quota_full")]

        def change() -> None:
            store.remove(VISIT_DRAFTS, "draft")
            store.put(EVENTS, {"id": "e"})

        with pytest.raises(AppError, match="quota_full"):
            await store.write(change, outbox=[OutboxRow("e", "u", "event", "other", 0, "x")])
        assert store.get(VISIT_DRAFTS, "draft") == {"id": "draft", "text": "text"}
        assert store.get(EVENTS, "e") is None
        assert not store.unsaved
        assert vault.outbox == {}
        await store.write(change, outbox=[OutboxRow("e", "u", "event", "other", 0, "x")])
        assert set(vault.outbox) == {"e"}
        assert [*vault.tables()] == [EVENTS]

    asyncio.run(story())


def test_typed_text_that_could_not_be_stored_goes_with_the_next_write() -> None:
    async def story() -> None:
        vault, store = fresh()
        vault.refuse = [PortError("storage_failed"), PortError("storage_failed")]
        for text in ("H", "Hei"):
            with pytest.raises(AppError, match="storage_failed"):
                await put(store, "draft", text, keep=True)
        assert store.unsaved
        assert store.get(VISIT_DRAFTS, "draft") == {"id": "draft", "text": "Hei"}
        assert vault.rows == {}
        await put(store, "other")
        assert not store.unsaved
        assert {d["id"]: d["text"] for d in vault.tables()[VISIT_DRAFTS]} == {"draft": "Hei", "other": ""}

    asyncio.run(story())


def test_an_undone_write_leaves_earlier_unsaved_text_waiting() -> None:
    async def story() -> None:
        vault, store = fresh()
        await put(store, "draft", "old")
        vault.refuse = [PortError("storage_failed"), PortError("storage_failed")]
        with pytest.raises(AppError):
            await put(store, "draft", "typed", keep=True)
        with pytest.raises(AppError):
            await store.write(lambda: store.remove(VISIT_DRAFTS, "draft"))
        assert store.get(VISIT_DRAFTS, "draft") == {"id": "draft", "text": "typed"}
        assert store.unsaved
        await store.settle()
        assert vault.tables()[VISIT_DRAFTS] == [{"id": "draft", "text": "typed"}]

    asyncio.run(story())


def test_a_change_that_raises_halfway_has_changed_nothing() -> None:
    async def story() -> None:
        vault, store = fresh()

        def half() -> None:
            store.put(VISIT_DRAFTS, {"id": "a"})
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await store.write(half)
        assert store.get(VISIT_DRAFTS, "a") is None
        assert not store.unsaved
        assert vault.applied == []

    asyncio.run(story())


def test_cancelling_waits_for_the_disk() -> None:
    async def story() -> None:
        vault, store = fresh()
        task = asyncio.ensure_future(put(store, "a", "text"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert store.get(VISIT_DRAFTS, "a") is not None
        assert len(vault.rows) == 1

    asyncio.run(story())


def test_writes_go_one_after_the_other() -> None:
    async def story() -> None:
        vault, store = fresh()
        await asyncio.gather(*(put(store, "same", str(n)) for n in range(20)))
        assert vault.tables()[VISIT_DRAFTS] == [store.get(VISIT_DRAFTS, "same")]

    asyncio.run(story())


def test_tinydbs_own_queries_and_updates_work_on_rows() -> None:
    database = RowDB({"t": {"5": {"id": "a", "n": 1}, "9": {"id": "b", "n": 2}}})
    table, row = database.table("t"), Query()
    assert [d["id"] for d in table.search(row.n > 1)] == ["b"]
    table.update({"n": 7}, row.id == "a")
    assert set(database.rows.changed) == {("t", "5")}
    table.upsert({"id": "c", "n": 3}, row.id == "c")
    table.remove(row.id == "b")
    assert {key: before for key, before in database.rows.changed.items() if key[1] in "59"} == {
        ("t", "5"): {"id": "a", "n": 1},
        ("t", "9"): {"id": "b", "n": 2},
    }
    assert sorted(d["id"] for d in table) == ["a", "c"]
    taken = database.rows.take()
    database.rows.revert(taken)
    table.clear_cache()
    assert sorted((d["id"], d["n"]) for d in table) == [("a", 1), ("b", 2)]
    table.truncate()
    assert set(database.rows.changed) == {("t", "5"), ("t", "9")}
    database.drop_tables()
    assert len(table) == 0
