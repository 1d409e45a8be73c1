"""Port `Outbox`: one suite for both platforms, against a server that also does what a good one never does.

A row counts as sent when the server has said so, and never before; nothing is lost, nothing blocks the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mobile_app.ports import OutboxRow, OutboxState, PortError
from protocol import limits
from protocol.encoding import compact_json
from protocol.ids import new_id
from protocol.jws import Typ
from protocol.kinds import Coarse
from protocol.statements import AckState, Statement
from tests.support.port_rigs import DIGEST, Rig
from tests.support.scripted_server import DROP, Answer, Request, refusal

pytestmark = pytest.mark.contract

LONG_PAUSE = 400.0
"""Seconds after which every pause of a device's own making is over."""


def put(rig: Rig, *rows: OutboxRow) -> None:
    """Save rows as the app does."""
    rig.run(rig.vault.apply([], list(rows), []))


def states(rig: Rig) -> dict[str, tuple[OutboxState, str]]:
    """State and last error of every row."""
    return {row.id: (row.state, row.error) for row in rig.run(rig.outbox.rows())}


def flush_until(rig: Rig, done: Callable[[], bool], what: str) -> None:
    """Flush, with pauses in between that only the device's clock feels, until `done`."""
    for _ in range(20):
        rig.run(rig.outbox.flush())
        if done():
            return
        rig.run(rig.advance(LONG_PAUSE))
    raise AssertionError(f"never: {what}; {states(rig)}")


def results(request: Request, refused: dict[str, str]) -> Answer:
    """Accept each event but those in `refused` (id → code)."""
    return Answer(
        body={
            "results": [
                {"id": i, "status": "refused", "error": {"code": refused[i], "message": "", "detail": ""}}
                if i in refused
                else {"id": i, "status": "accepted", "received": 1_700_000_000_000, "error": None}
                for i in request.ids
            ]
        }
    )


@pytest.fixture
def joined(rig: Rig) -> Rig:
    """A device that can send."""
    rig.run(rig.join())
    return rig


def test_rows_are_shown_without_their_content(joined: Rig) -> None:
    first, second = joined.event(created=5), joined.event(created=9)
    put(joined, second, first)
    rows = joined.run(joined.outbox.rows())
    assert [(row.id, row.content, row.created) for row in rows] == [(first.id, "", 5), (second.id, "", 9)]
    assert {(row.state, row.tries, row.error, row.received) for row in rows} == {
        (OutboxState.QUEUED, 0, "", 0)
    }


def test_what_the_server_has_taken_counts_as_sent(joined: Rig) -> None:
    rows = [joined.event(created=number) for number in range(3)]
    put(joined, *rows)
    assert joined.run(joined.outbox.flush()) == 0
    assert joined.server.problems == []
    found = joined.run(joined.outbox.rows())
    assert {row.state for row in found} == {OutboxState.SENT}
    assert all(row.received > 1_600_000_000_000 for row in found)
    assert joined.server.accepted == {row.id: row.content for row in rows}
    (request,) = joined.server.posts()
    assert request.claims is not None
    assert request.claims.created == (0, 1, 2)
    assert joined.run(joined.outbox.flush()) == 0
    assert len(joined.server.posts()) == 1


def test_alarms_go_first_and_alone(joined: Rig) -> None:
    others = [joined.event(created=number) for number in range(3)]
    alarms = [joined.event(Coarse.URGENT, created=number) for number in (10, 11)]
    put(joined, *others, *alarms)
    assert joined.run(joined.outbox.flush()) == 0
    assert [request.ids for request in joined.server.posts()] == [
        [alarms[0].id],
        [alarms[1].id],
        [row.id for row in others],
    ]


def test_a_statement_goes_by_itself(joined: Rig) -> None:
    setup = joined.run(joined.alarm_store.setup())
    assert setup is not None
    statement = Statement(
        new_id(), setup.server, setup.unit, new_id(), setup.member, setup.device, AckState.SEEN, DIGEST, 7
    )
    jws = joined.run(joined.sealer.sign("member", Typ.STATEMENT, statement.payload()))
    put(joined, OutboxRow(statement.id, joined.unit, "statement", Coarse.URGENT, 7, jws), joined.event())
    assert joined.run(joined.outbox.flush()) == 0
    (request,) = joined.server.posts("/statements")
    assert request.json == {"statement": jws}
    assert joined.server.problems == []
    assert {state for state, _ in states(joined).values()} == {OutboxState.SENT}


def test_batches_keep_within_the_limits(joined: Rig) -> None:
    small = [joined.event(created=number) for number in range(limits.BATCH_EVENTS + 5)]
    large = [joined.event(created=1000 + number, size=65_000) for number in range(7)]
    put(joined, *small, *large)
    assert joined.run(joined.outbox.flush()) == 0
    posts = joined.server.posts()
    assert all(len(request.ids) <= limits.BATCH_EVENTS for request in posts)
    assert all(len(request.body) <= limits.BATCH_BYTES for request in posts)
    assert (
        sum(len(request.ids) for request in posts) == len(joined.server.accepted) == len(small) + len(large)
    )
    assert len(posts) < 8


def test_each_item_is_judged_by_itself(joined: Rig) -> None:
    good, bad, later = (joined.event(created=number) for number in range(3))
    refused = {bad.id: "reader_unknown", later.id: "overloaded"}
    joined.server.script = lambda request: results(request, refused)
    put(joined, good, bad, later)
    assert joined.run(joined.outbox.flush()) == 1
    assert states(joined) == {
        good.id: (OutboxState.SENT, ""),
        bad.id: (OutboxState.PARKED, "reader_unknown"),
        later.id: (OutboxState.QUEUED, "overloaded"),
    }
    refused.clear()
    flush_until(joined, lambda: states(joined)[later.id][0] is OutboxState.SENT, "the row to be tried again")
    assert states(joined)[bad.id] == (OutboxState.PARKED, "reader_unknown")


@pytest.mark.parametrize(
    ("status", "code"), [(422, "envelope_invalid"), (413, "too_large"), (500, "internal")]
)
def test_a_poisoned_row_blocks_nobody(joined: Rig, status: int, code: str) -> None:
    rows = [joined.event(created=number) for number in range(9)]
    poison = rows[3].id
    joined.server.script = lambda request: refusal(status, code) if poison in request.ids else None
    put(joined, *rows)
    healthy = {row.id for row in rows} - {poison}
    flush_until(joined, lambda: healthy <= set(joined.server.accepted), "the other rows to get through")
    sent = {row for row, (state, _) in states(joined).items() if state is OutboxState.SENT}
    assert sent == healthy
    state, error = states(joined)[poison]
    assert error == code
    assert state is (OutboxState.QUEUED if status == 500 else OutboxState.PARKED)


@pytest.mark.parametrize(("status", "code"), [(401, "signature_wrong"), (403, "device_removed")])
def test_doubt_about_the_sender_loses_nothing(joined: Rig, status: int, code: str) -> None:
    row = joined.event()
    joined.server.script = lambda request: refusal(status, code)
    put(joined, row)
    joined.run(joined.outbox.flush())
    assert states(joined)[row.id][1] == code
    assert states(joined)[row.id][0] is not OutboxState.SENT
    joined.server.script = lambda request: None
    joined.run(joined.outbox.retry(row.id))
    flush_until(joined, lambda: row.id in joined.server.accepted, "the row to get through after all")


def test_the_server_decides_how_long_to_wait(joined: Rig) -> None:
    row = joined.event()
    joined.server.script = lambda request: refusal(429, "rate_limited", **{"Retry-After": "120"})
    put(joined, row)
    assert joined.run(joined.outbox.flush()) == 1
    joined.server.script = lambda request: None
    joined.run(joined.advance(100))
    assert joined.run(joined.outbox.flush()) == 1
    assert len(joined.server.posts()) == 1
    joined.run(joined.advance(LONG_PAUSE))
    assert joined.run(joined.outbox.flush()) == 0


def test_a_busy_server_does_not_hold_back_an_alarm(joined: Rig) -> None:
    other, alarm = joined.event(), joined.event(Coarse.URGENT)
    joined.server.script = lambda request: (
        None if alarm.id in request.ids else refusal(503, "overloaded", **{"Retry-After": "600"})
    )
    put(joined, other)
    assert joined.run(joined.outbox.flush()) == 1
    put(joined, alarm)
    assert joined.run(joined.outbox.flush()) == 1
    assert list(joined.server.accepted) == [alarm.id]


def _portal(request: Request) -> Answer:
    return Answer(
        200, {"results": [{"id": i, "status": "accepted", "received": 5} for i in request.ids]}, server=None
    )


def _stranger(request: Request) -> Answer:
    return Answer(
        200,
        {"results": [{"id": i, "status": "accepted", "received": 5} for i in request.ids]},
        server=new_id(),
    )


@pytest.mark.parametrize("impostor", [_portal, _stranger])
def test_only_our_server_can_take_anything(joined: Rig, impostor: Callable[[Request], Answer]) -> None:
    row = joined.event()
    joined.server.script = impostor
    put(joined, row)
    assert joined.run(joined.outbox.flush()) == 1
    assert states(joined)[row.id] == (OutboxState.QUEUED, "not_trygg")
    joined.server.script = lambda request: None
    flush_until(joined, lambda: row.id in joined.server.accepted, "the row to reach the real server")


def test_without_a_network_everything_waits(joined: Rig) -> None:
    rows = [joined.event(), joined.event(Coarse.URGENT)]
    put(joined, *rows)
    joined.run(joined.offline(True))
    try:
        assert joined.run(joined.outbox.flush()) == 2
        joined.run(joined.advance(LONG_PAUSE))
        assert joined.run(joined.outbox.flush()) == 2
    finally:
        joined.run(joined.offline(False))
    assert {state for state, _ in states(joined).values()} == {OutboxState.QUEUED}
    # Whether the second lane is tried at all when the first has met nobody is the adapter's choice.
    assert states(joined)[rows[1].id][1] == "offline"
    assert states(joined)[rows[0].id][1] in ("", "offline")
    flush_until(
        joined, lambda: set(joined.server.accepted) == {row.id for row in rows}, "both rows to be sent"
    )


def test_a_lost_answer_makes_no_second_event(joined: Rig) -> None:
    rows = [joined.event(created=number) for number in range(3)]
    put(joined, *rows)
    joined.server.script = lambda request: DROP
    assert joined.run(joined.outbox.flush()) == 3
    assert set(joined.server.accepted) == {row.id for row in rows}
    # The server has them and the device does not know: it must not say so.
    assert {state for state, _ in states(joined).values()} == {OutboxState.QUEUED}
    first = dict(joined.server._received)
    joined.server.script = lambda request: None
    flush_until(
        joined,
        lambda: {state for state, _ in states(joined).values()} == {OutboxState.SENT},
        "all to be known as sent",
    )
    assert {row.id: row.received for row in joined.run(joined.outbox.rows())} == first
    assert len(joined.server.accepted) == 3
    assert joined.server.problems == []


def test_a_parked_row_is_tried_again_or_dropped_by_a_person_only(joined: Rig) -> None:
    rows = [joined.event(created=number) for number in range(3)]
    refused = {row.id: "event_invalid" for row in rows[:2]}
    joined.server.script = lambda request: results(request, refused)
    put(joined, *rows)
    assert joined.run(joined.outbox.flush()) == 0
    joined.run(joined.advance(LONG_PAUSE))
    assert joined.run(joined.outbox.flush()) == 0
    assert len(joined.server.posts()) == 1
    refused.clear()
    joined.run(joined.outbox.retry(rows[0].id))
    assert states(joined)[rows[0].id] == (OutboxState.QUEUED, "")
    assert joined.run(joined.outbox.flush()) == 0
    assert states(joined)[rows[0].id][0] is OutboxState.SENT
    for row in rows:
        joined.run(joined.outbox.discard(row.id))
    assert set(states(joined)) == {rows[0].id, rows[2].id}


def test_what_waits_outlives_a_restart_and_is_sent_while_locked(joined: Rig) -> None:
    rows = [joined.event(created=number) for number in range(4)]
    put(joined, *rows)
    joined.run(joined.reopen())
    assert set(states(joined)) == {row.id for row in rows}
    assert joined.run(joined.outbox.flush()) == 0
    assert joined.server.accepted == {row.id: row.content for row in rows}
    joined.run(joined.reopen())
    assert {state for state, _ in states(joined).values()} == {OutboxState.SENT}


def test_nothing_is_sent_before_the_device_has_joined(rig: Rig) -> None:
    async def case() -> int:
        await rig.keys.generate()
        await rig.vault.create("seks ord er nok til dette")
        await rig.vault.apply([], [rig.event()], [])
        return await rig.outbox.flush()

    assert rig.run(case()) == 1
    assert rig.server.requests == []


def test_plain_and_signed_requests(joined: Rig) -> None:
    reply = joined.run(joined.net.send("GET", "/api/v1/server"))
    assert reply.status == 200
    assert json.loads(reply.body)["server"] == joined.server.server
    assert reply.headers["trygg-server"] == joined.server.server
    challenge = "utfordring-1"
    body = compact_json({"device": "Åse"})
    joined.run(
        joined.net.signed("POST", f"/api/v1/units/{joined.unit}/sessions?a=1", body, request_id=challenge)
    )
    request = joined.server.requests[-1]
    assert joined.server.problems == []
    assert request.claims is not None
    assert (request.claims.id, request.body.decode()) == (challenge, body)
    joined.run(joined.net.signed("GET", f"/api/v1/units/{joined.unit}/alarms/{new_id()}"))
    assert joined.server.problems == []
    assert joined.server.requests[-1].claims is not None
    assert joined.net.origin() == joined.server.url


@pytest.mark.parametrize(
    ("how", "code"), [("portal", "not_trygg"), ("gone", "offline"), ("unjoined", "not_provisioned")]
)
def test_requests_that_reach_nobody(rig: Rig, how: str, code: str) -> None:
    path = f"/api/v1/units/{rig.unit}/alarms/{new_id()}"

    async def ask() -> Any:
        if how == "unjoined":
            return await rig.net.signed("GET", path)
        return await rig.net.send("GET", path)

    if how == "portal":
        rig.server.script = lambda request: Answer(200, "<html>Logg inn</html>", server=None)
    if how == "gone":
        rig.run(rig.offline(True))
    try:
        with pytest.raises(PortError) as caught:
            rig.run(ask())
    finally:
        rig.run(rig.offline(False))
    assert caught.value.code == code
