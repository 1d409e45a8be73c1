"""The one flush against a server that answers as it likes: nothing is dropped, nothing blocks, nothing arrives twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from protocol.encoding import thumbprint
from protocol.envelope import pad
from protocol.events import Event
from protocol.ids import new_id
from protocol.jose import generate_key, public, seal, sign
from protocol.jws import Typ
from protocol.statements import AckState, Statement
from tests.support.browser import BrowserContextFactory
from tests.support.device_page import LabDevice
from tests.support.scripted_server import DROP, Answer, Request, ScriptedServer, refusal
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

APPLY = "([outbox, settled]) => trygg.vault.apply('[]', JSON.stringify(outbox), JSON.stringify(settled))"
EAGER = "() => lab.flushOutbox({eager: true})"


@pytest.fixture(scope="module")
def joined(module_browser_context_factory: BrowserContextFactory) -> Iterator[LabDevice]:
    with ScriptedServer() as running:
        device = LabDevice(module_browser_context_factory(), running)
        device.join()
        yield device


@pytest.fixture
def device(joined: LabDevice) -> LabDevice:
    """The same device for every test, with an empty outbox and a friendly server."""
    joined.server.script = lambda request: None
    joined.server.requests.clear()
    joined.server.accepted.clear()
    joined.server.problems.clear()
    joined.page.evaluate(
        """async () => {
          for (const place of ['vault', 'alarm']) await lab.write(place, 'outbox', (tx) => void tx.objectStore('outbox').clear());
          await lab.write('alarm', 'alarms', (tx) => void tx.objectStore('alarms').clear());
        }"""
    )
    return joined


@pytest.fixture
def server(device: LabDevice) -> ScriptedServer:
    return device.server


def event_row(
    device: LabDevice, *, kind: str = "incident.reported", created: int = 1, size: int = 0
) -> dict[str, Any]:
    """A real sealed event as an outbox row."""
    reader = public(device.kari.encryption)
    server = device.server
    event = Event(
        new_id(), server.server, server.unit, kind, new_id(), device.member, device.device, "A" * 43, created,
        (thumbprint(reader),), {"fill": "x" * size},
    )  # fmt: skip
    envelope = seal(pad(sign(generate_key(), Typ.EVENT, event.payload())), event.header().text(), [reader])
    coarse = str(event.header().kind)
    return {
        "id": event.id,
        "unit": server.unit,
        "type": "event",
        "coarse": coarse,
        "created": created,
        "content": envelope,
    }


def statement_row(device: LabDevice) -> dict[str, Any]:
    server = device.server
    said = Statement(
        new_id(),
        server.server,
        server.unit,
        new_id(),
        device.member,
        device.device,
        AckState.SEEN,
        "A" * 43,
        1,
    )
    content = sign(generate_key(), Typ.STATEMENT, said.payload())
    return {
        "id": said.id,
        "unit": server.unit,
        "type": "statement",
        "coarse": "urgent",
        "created": 1,
        "content": content,
    }


def put(device: LabDevice, *rows: dict[str, Any]) -> None:
    device.page.evaluate(APPLY, [list(rows), []])


def flush(device: LabDevice, expression: str = EAGER) -> dict[str, int]:
    done: dict[str, int] = device.page.evaluate(expression)
    return done


def rows(device: LabDevice) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in json.loads(device.page.evaluate("() => trygg.outbox.rows()"))}


def test_urgent_ones_go_first_and_alone_the_rest_in_batches(
    device: LabDevice, server: ScriptedServer
) -> None:
    others = [event_row(device, created=n) for n in range(60)]
    urgent = [event_row(device, kind="alarm.raised", created=900 + n) for n in range(2)]
    said = statement_row(device)
    put(device, *others, *urgent, said)
    assert flush(device)["left"] == 0
    sent = server.posts("s")
    assert [r.path.rpartition("/")[2] for r in sent[:3]] == ["statements", "events", "events"]
    assert sorted(r.ids for r in sent[1:3]) == sorted([row["id"]] for row in urgent)
    assert [len(r.ids) for r in sent[3:]] == [50, 10]
    assert [i for r in sent[3:] for i in r.ids] == [row["id"] for row in others]
    assert sent[3].claims is not None
    assert sent[3].claims.created == tuple(range(50))
    assert server.problems == []
    assert {row["state"] for row in rows(device).values()} == {"sent"}
    # Python has taken note: the rows go.
    device.page.evaluate(APPLY, [[], [row["id"] for row in (*others, *urgent, said)]])
    assert rows(device) == {}


def test_a_batch_keeps_within_the_size_of_a_request(device: LabDevice, server: ScriptedServer) -> None:
    large = [event_row(device, created=n, size=40_000) for n in range(9)]
    put(device, *large)
    assert flush(device)["left"] == 0
    assert len(server.posts()) > 1
    assert max(len(request.body) for request in server.posts()) <= 524_288
    assert list(server.accepted) == [row["id"] for row in large]


def test_an_answer_lost_after_the_commit_makes_no_second_event(
    device: LabDevice, server: ScriptedServer
) -> None:
    row = event_row(device, kind="alarm.raised")
    put(device, row)
    server.script = lambda request: DROP
    assert flush(device)["left"] == 1
    assert list(server.accepted) == [row["id"]]
    assert rows(device)[row["id"]]["error"] == "offline"
    server.script = lambda request: None
    assert flush(device) == {"sent": 1, "left": 0, "next": 0}
    assert list(server.accepted) == [row["id"]]
    assert [request.body for request in server.posts()] == [server.posts()[0].body] * len(server.posts())
    assert rows(device)[row["id"]]["received"] > 0


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [
        (refusal(401, "signature_wrong"), "queued", "signature_wrong"),
        (refusal(403, "device_removed"), "queued", "device_removed"),
        (refusal(413, "too_large"), "parked", "too_large"),
        (refusal(422, "envelope_invalid"), "parked", "envelope_invalid"),
        (refusal(426, "update_needed"), "parked", "update_needed"),
        (refusal(429, "rate_limited", **{"Retry-After": "0"}), "queued", "rate_limited"),
        (refusal(500, "internal"), "queued", "internal"),
        (refusal(503, "overloaded"), "queued", "overloaded"),
        (refusal(507, "storage_full"), "queued", "storage_full"),
        (Answer(200, b"<html>Welcome to Hotel Wifi</html>", server=None), "queued", "not_trygg"),
        (Answer(200, b"<html>Welcome</html>"), "queued", "not_trygg"),
        (Answer(200, {"results": []}), "queued", "not_trygg"),
        (Answer(200, {"results": "yes"}), "queued", "not_trygg"),
        (Answer(200, {"results": []}, server="11111111-1111-4111-8111-111111111111"), "queued", "not_trygg"),
        (Answer(403, b"<html>Log in first</html>", server=None), "queued", "not_trygg"),
        (Answer(404, b"<html>What?</html>"), "queued", "not_trygg"),
    ],
)
@pytest.mark.parametrize("kind", ["alarm.raised", "incident.reported"])
def test_what_an_answer_means(
    device: LabDevice, server: ScriptedServer, kind: str, answer: Answer, state: str, error: str
) -> None:
    row = event_row(device, kind=kind)
    put(device, row)
    server.script = lambda request: answer
    flush(device)
    kept = rows(device)[row["id"]]
    assert (kept["state"], kept["error"]) == (state, error)
    # And nothing is lost by it: the next answer settles it.
    server.script = lambda request: None
    if state == "parked":
        assert flush(device)["sent"] == 0
        device.page.evaluate("(id) => trygg.outbox.retry(id)", row["id"])
    assert flush(device)["left"] == 0
    assert rows(device)[row["id"]]["state"] == "sent"


def test_a_refused_event_is_parked_and_blocks_nobody(device: LabDevice, server: ScriptedServer) -> None:
    good, bad, busy = event_row(device, created=1), event_row(device, created=2), event_row(device, created=3)
    put(device, good, bad, busy)

    def script(request: Request) -> Answer:
        verdicts: dict[str, dict[str, Any]] = {
            good["id"]: {"status": "accepted", "received": 5},
            bad["id"]: {"status": "refused", "error": {"code": "reader_unknown", "message": ""}},
            busy["id"]: {"status": "refused", "error": {"code": "storage_full", "message": ""}},
        }
        return Answer(body={"results": [{"id": i, **verdicts[i]} for i in request.ids]})

    server.script = script
    assert flush(device)["left"] == 1
    states = {i: (row["state"], row["error"], row["received"]) for i, row in rows(device).items()}
    assert states == {
        good["id"]: ("sent", "", 5),
        bad["id"]: ("parked", "reader_unknown", 0),
        busy["id"]: ("queued", "storage_full", 0),
    }
    device.page.evaluate("(id) => trygg.outbox.discard(id)", bad["id"])
    device.page.evaluate("(id) => trygg.outbox.discard(id)", busy["id"])
    assert set(rows(device)) == {good["id"], busy["id"]}


def test_a_batch_refused_as_a_whole_is_halved_down_to_the_culprit(
    device: LabDevice, server: ScriptedServer
) -> None:
    batch = [event_row(device, created=n) for n in range(8)]
    culprit = batch[5]["id"]
    put(device, *batch)
    server.script = lambda request: refusal(413, "too_large") if culprit in request.ids else None
    assert flush(device)["left"] == 0
    states = {i: row["state"] for i, row in rows(device).items()}
    assert states == {row["id"]: "parked" if row["id"] == culprit else "sent" for row in batch}
    assert set(server.accepted) == {row["id"] for row in batch} - {culprit}


def test_a_retry_after_is_kept_to_even_when_there_is_hope(device: LabDevice, server: ScriptedServer) -> None:
    row = event_row(device)
    put(device, row)
    server.script = lambda request: refusal(429, "rate_limited", **{"Retry-After": "120"})
    before = device.page.evaluate("() => Date.now()")
    done = flush(device)
    assert 119_000 <= done["next"] - before <= 125_000
    assert flush(device)["left"] == 1
    assert len(server.posts()) == 1


def test_pauses_grow_are_random_and_end_at_five_minutes(device: LabDevice, server: ScriptedServer) -> None:
    row = event_row(device)
    put(device, row)
    server.script = lambda request: refusal(500, "internal")
    pauses = []
    for _ in range(14):
        before = device.page.evaluate("() => Date.now()")
        pauses.append(flush(device)["next"] - before)
    ceilings = [min(300_000, 1000 * 2**n) + 2_000 for n in range(1, 15)]
    assert all(0 <= pause <= ceiling for pause, ceiling in zip(pauses, ceilings, strict=True))
    assert len({round(pause) for pause in pauses}) > 10
    # Before its time it is not tried, unless there is a reason to hope.
    sent = len(server.posts())
    device.page.evaluate(
        """() => lab.write('vault', 'outbox', async (tx) => {
          const store = tx.objectStore('outbox');
          for (const row of await lab.result(store.getAll())) store.put({...row, next: Date.now() + 60_000});
        })"""
    )
    assert flush(device, "() => trygg.outbox.flush().then(JSON.parse)") == {"sent": 0, "left": 1}
    assert len(server.posts()) == sent


def test_out_of_coverage_one_try_is_enough_for_all(device: LabDevice, server: ScriptedServer) -> None:
    put(device, *(event_row(device, kind="alarm.raised", created=n) for n in range(3)), event_row(device))
    server.script = lambda request: DROP
    assert flush(device)["left"] == 4
    # Chromium itself repeats a request whose connection broke before an answer: the same event, never another.
    assert len({tuple(request.ids) for request in server.posts()}) == 1


def test_two_flushes_at_once_send_everything_once(device: LabDevice, server: ScriptedServer) -> None:
    put(device, *(event_row(device, created=n) for n in range(20)))
    second = device.open()
    second.evaluate("() => { void lab.flushOutbox({eager: true}); }")
    flush(device)
    assert [len(request.ids) for request in server.posts()] == [20]
    second.close()


def test_an_urgent_event_does_not_wait_for_a_big_batch(device: LabDevice, server: ScriptedServer) -> None:
    """The other lane is stuck in a request that does not end; the alarm goes out all the same."""
    slow, urgent = event_row(device, created=1), event_row(device, kind="alarm.raised", created=2)
    put(device, slow)
    server.hold = lambda request: slow["id"] in request.ids
    second = device.open()
    try:
        second.evaluate("() => { void lab.flushOutbox({eager: true}); }")
        wait_until(lambda: server.held, "the slow request")
        put(device, urgent)
        assert flush(device, "() => lab.flushOutbox({eager: true, urgentOnly: true})")["sent"] == 1
        assert list(server.accepted) == [urgent["id"]]
    finally:
        server.release()
        second.close()
