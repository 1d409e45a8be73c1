"""The server's API, in process: every route, every code the server can answer with."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from protocol import limits
from protocol.encoding import compact_json, digest
from protocol.errors import RULES, ErrorCode
from protocol.ids import is_id, new_id
from protocol.invites import Role, read_grant
from protocol.jose import generate_key, public, sign
from protocol.jws import Typ
from protocol.roster import found_change, remove_change
from protocol.statements import AckState
from sync_server.app.api import ROUTES
from tests.support.server_client import (
    Answer,
    Person,
    TestUnit,
    found_unit,
    make_root,
    unused_token,
)
from tests.support.server_in_process import InProcess, in_process

pytestmark = pytest.mark.unit

DAY = 86_400_000
MEMBER = ("visit.planned", "incident.reported")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InProcess]:
    with in_process(tmp_path) as server:
        yield server


@pytest.fixture
def unit(server: InProcess) -> TestUnit:
    return found_unit(server.wire, server.token())


@pytest.fixture
def worker(server: InProcess, unit: TestUnit) -> Person:
    return unit.add(server.wire)


def refused(answer: Answer, code: ErrorCode) -> Any:
    """The answer is exactly this error, in the one shape."""
    assert answer.status_code == RULES[code].status, answer.text
    value = answer.json()
    assert set(value) == {"error"}
    assert set(value["error"]) == {"code", "message", "detail"}
    assert value["error"]["code"] == code
    return value["error"]


def item(answer: Answer, place: int = 0) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["results"][place]


def readers(*people: Person) -> list[dict[str, str]]:
    return [public(person.encryption) for person in people]


def status(server: InProcess, person: Person, case: str) -> Any:
    answer = person.ask(server.wire, "GET", f"{person.base}/alarms/{case}")
    assert answer.status_code == 200, answer.text
    return answer.json()


# --- who the server is ------------------------------------------------------------------------------------


def test_health_and_identity(server: InProcess) -> None:
    assert server.wire("GET", "/healthz").json()["status"] == "ok"
    info = server.wire("GET", "/api/v1/server").json()
    assert is_id(info["server"])
    assert is_id(info["epoch"])
    assert (info["protocol"], info["now"]) == (1, server.clocks.now)


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/server", "/api/nothing", "/", "/api/v1/units/x/feed"])
def test_every_answer_names_the_server_and_forbids_guessing(server: InProcess, path: str) -> None:
    answer = server.wire("GET", path)
    assert answer.headers["trygg-server"] == server.services.server
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_health_is_degraded_when_only_the_reserve_is_left(server: InProcess) -> None:
    server.clocks.free = 1000
    server.clocks.steady += 2
    assert server.wire("GET", "/healthz").json()["status"] == "degraded"


def test_description_holds_every_route_and_every_type(server: InProcess) -> None:
    described = server.wire("GET", "/api/v1/openapi.json").json()
    table = {(route.path, route.method.lower()) for route in ROUTES}
    assert {(path, method) for path, methods in described["paths"].items() for method in methods} == table
    schemas = described["components"]["schemas"]
    for route in ROUTES:
        entry = described["paths"][route.path][route.method.lower()]
        assert str(route.status) in entry["responses"]
        if route.body:
            ref = entry["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            assert ref.rsplit("/", 1)[-1] == route.body.__name__
        for kind in filter(None, (route.body, route.answer)):
            assert set(schemas[kind.__name__]["properties"]) == set(kind.__dataclass_fields__)
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)))
    assert references <= set(schemas)


# --- founding ---------------------------------------------------------------------------------------------


def found(server: InProcess, token: str, root: str) -> Answer:
    return server.wire("POST", "/api/v1/units", compact_json({"token": token, "root": root}))


def test_set_up_token_founds_once_and_a_lost_reply_can_be_asked_for(server: InProcess) -> None:
    token = server.token()
    first, second = make_root(server.services.server), make_root(server.services.server)
    answer = found(server, token, first.versions[0])
    assert (answer.status_code, answer.json()) == (201, {"height": 0, "head": first.root})
    assert found(server, token, first.versions[0]).json() == answer.json()
    refused(found(server, token, second.versions[0]), ErrorCode.SETUP_TOKEN_WRONG)
    assert found(server, server.token(), second.versions[0]).status_code == 201


def test_token_is_kept_as_a_hash_only(server: InProcess, tmp_path: Path) -> None:
    token = server.token()
    from protocol.encoding import unb64url

    files = [path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("trygg.db")]
    assert files
    assert not any(token.encode() in data or unb64url(token) in data for data in files)


@pytest.mark.parametrize("token", [unused_token(), "", "not a token!"])
def test_wrong_token(server: InProcess, token: str) -> None:
    refused(found(server, token, make_root(server.services.server).versions[0]), ErrorCode.SETUP_TOKEN_WRONG)


def test_root_of_another_server(server: InProcess) -> None:
    refused(found(server, server.token(), make_root(new_id()).versions[0]), ErrorCode.WRONG_SERVER)


def test_root_must_verify_and_its_recovery_keys_be_sealed(server: InProcess) -> None:
    token = server.token()
    good = make_root(server.services.server)
    refused(found(server, token, good.versions[0][:-4] + "AAAA"), ErrorCode.ROSTER_INVALID)
    refused(found(server, token, "nothing"), ErrorCode.ROSTER_INVALID)
    leader = good.leader
    for broken in ("plain text", good.recovery.sealed_signing + "."):
        recovery = type(good.recovery)(**{**vars(good.recovery), "sealed_encryption": broken})
        payload = json.loads(_payload(good.versions[0]))
        payload["change"] = found_change(device=leader.public_device, recovery=recovery)
        root = sign(leader.member_key, Typ.ROSTER, compact_json(payload))
        refused(found(server, token, root), ErrorCode.ROSTER_INVALID)
    newer = json.loads(_payload(good.versions[0])) | {"v": 2}
    refused(
        found(server, token, sign(leader.member_key, Typ.ROSTER, compact_json(newer))),
        ErrorCode.UPDATE_NEEDED,
    )
    assert found(server, token, good.versions[0]).status_code == 201


def _payload(jws: str) -> str:
    from protocol.encoding import unb64url

    return unb64url(jws.split(".")[1]).decode()


def test_unit_id_is_taken_once(server: InProcess) -> None:
    first = make_root(server.services.server)
    assert found(server, server.token(), first.versions[0]).status_code == 201
    payload = json.loads(_payload(first.versions[0])) | {"created": 1}
    rival = sign(first.leader.member_key, Typ.ROSTER, compact_json(payload))
    refused(found(server, server.token(), rival), ErrorCode.ROSTER_CONFLICT)


# --- the roster -------------------------------------------------------------------------------------------


def test_joining_and_reading_the_roster(server: InProcess, unit: TestUnit, worker: Person) -> None:
    answer = worker.ask(server.wire, "GET", f"{worker.base}/roster?after=-1")
    assert answer.json() == {"versions": unit.versions, "height": 1, "head": unit.roster.head}
    assert (
        worker.ask(server.wire, "GET", f"{worker.base}/roster?after=0").json()["versions"]
        == unit.versions[1:]
    )
    assert worker.ask(server.wire, "GET", f"{worker.base}/roster").json()["versions"] == unit.versions
    for wrong in ("x", "-2", "1e3", "", str(2**40)):
        refused(worker.ask(server.wire, "GET", f"{worker.base}/roster?after={wrong}"), ErrorCode.BAD_REQUEST)


def test_lost_reply_to_an_append_can_be_asked_for(server: InProcess, unit: TestUnit, worker: Person) -> None:
    version = unit.versions[-1]
    assert unit.append(server.wire, version).json() == {"height": 1, "head": unit.roster.head}
    unit.set_roles(server.wire, worker, [Role.SAFETY_REP])
    assert unit.append(server.wire, version).json() == {"height": 2, "head": unit.roster.head}


def test_two_joins_on_one_invite_race_and_one_wins(server: InProcess, unit: TestUnit) -> None:
    grant, one_time = unit.invite(server.wire)
    rivals = [Person(unit.leader.server, unit.leader.unit) for _ in range(6)]
    bodies = [compact_json({"version": unit.join_version(p, grant, one_time)}) for p in rivals]

    async def race() -> list[Any]:
        path = f"{unit.leader.base}/roster"
        return await asyncio.gather(*(server.ask("POST", path, [body.encode()]) for body in bodies))

    answers = server.run(race())
    assert [answer.status_code for answer in answers].count(200) == 1
    losers = [answer for answer in answers if answer.status_code != 200]
    for loser in losers:
        refused(loser, ErrorCode.INVITE_USED)
    height = unit.leader.ask(server.wire, "GET", f"{unit.leader.base}/roster").json()["height"]
    assert height == 1
    later = Person(unit.leader.server, unit.leader.unit)
    refused(unit.append(server.wire, unit.join_version(later, grant, one_time)), ErrorCode.INVITE_USED)


def test_stale_version_conflicts(server: InProcess, unit: TestUnit, worker: Person) -> None:
    stale = unit.version(unit.leader, remove_change(device=worker.device))
    unit.set_roles(server.wire, worker, [Role.SAFETY_REP])
    refused(unit.append(server.wire, stale), ErrorCode.ROSTER_CONFLICT)


def test_join_without_authority(server: InProcess, unit: TestUnit, worker: Person) -> None:
    someone = Person(unit.leader.server, unit.leader.unit)
    grant, one_time, _ = unit.grant()
    refused(unit.append(server.wire, unit.join_version(someone, grant, one_time)), ErrorCode.INVITE_UNKNOWN)
    grant, one_time = unit.invite(server.wire)
    refused(
        unit.append(server.wire, unit.join_version(someone, grant, generate_key())), ErrorCode.ROSTER_INVALID
    )
    # The same invite id in another grant, also signed by the leader.
    invite = read_grant(grant)[0].id
    other, other_key, _ = unit.grant([Role.LEADER], id=invite)
    refused(unit.append(server.wire, unit.join_version(someone, other, other_key)), ErrorCode.ROSTER_INVALID)
    refused(
        unit.append(server.wire, unit.version(worker, remove_change(device=unit.leader.device))),
        ErrorCode.ROSTER_INVALID,
    )
    forged = unit.version(unit.leader, remove_change(device=worker.device))[:-4] + "AAAA"
    refused(unit.append(server.wire, forged), ErrorCode.ROSTER_INVALID)
    assert unit.append(server.wire, unit.join_version(someone, grant, one_time)).status_code == 200


def test_versions_for_another_server_or_unit(server: InProcess, unit: TestUnit) -> None:
    change = remove_change(device=unit.leader.device)
    refused(
        unit.append(server.wire, unit.version(unit.leader, change, server=new_id())), ErrorCode.WRONG_SERVER
    )
    refused(unit.append(server.wire, unit.version(unit.leader, change, unit=new_id())), ErrorCode.WRONG_UNIT)
    unknown = {"type": "sing"}
    refused(unit.append(server.wire, unit.version(unit.leader, unknown)), ErrorCode.UPDATE_NEEDED)
    refused(unit.append(server.wire, "x" * (limits.ROSTER_VERSION_BYTES + 1)), ErrorCode.TOO_LARGE)
    answer = server.wire("POST", f"/api/v1/units/{new_id()}/roster", compact_json({"version": "x"}))
    refused(answer, ErrorCode.UNIT_UNKNOWN)


# --- invites ----------------------------------------------------------------------------------------------


def invites(server: InProcess, person: Person) -> Answer:
    return person.ask(server.wire, "GET", f"{person.base}/invites")


def test_life_of_an_invite(server: InProcess, unit: TestUnit) -> None:
    leader = unit.leader
    grant, one_time, body = unit.grant([Role.SAFETY_REP], 24)
    created = leader.ask(server.wire, "POST", f"{leader.base}/invites", body)
    identity = created.json()["id"]
    assert (created.status_code, created.json()["expires"]) == (201, server.clocks.now + 24 * 3_600_000)
    again = leader.ask(server.wire, "POST", f"{leader.base}/invites", body)
    assert again.json() == created.json()
    view = server.wire("GET", f"/api/v1/invites/{identity}").json()
    assert view == {
        "unit": leader.unit,
        "grant": grant,
        "package": body["package"],
        "expires": created.json()["expires"],
        "roster": unit.versions,
    }
    (entry,) = invites(server, leader).json()["invites"]
    assert (entry["id"], entry["state"], entry["roles"]) == (identity, "open", [Role.SAFETY_REP])
    person = Person(leader.server, leader.unit)
    assert unit.append(server.wire, unit.join_version(person, grant, one_time)).status_code == 200
    refused(server.wire("GET", f"/api/v1/invites/{identity}"), ErrorCode.INVITE_USED)
    assert invites(server, leader).json()["invites"][0]["state"] == "used"
    refused(leader.ask(server.wire, "DELETE", f"{leader.base}/invites/{identity}"), ErrorCode.INVITE_USED)


def test_revoked_and_expired_invites(server: InProcess, unit: TestUnit) -> None:
    leader = unit.leader
    revoked, revoked_key = unit.invite(server.wire)
    expired, expired_key = unit.invite(server.wire, hours=1)
    revoked_id, expired_id = read_grant(revoked)[0].id, read_grant(expired)[0].id
    assert leader.ask(server.wire, "DELETE", f"{leader.base}/invites/{revoked_id}").status_code == 204
    assert leader.ask(server.wire, "DELETE", f"{leader.base}/invites/{revoked_id}").status_code == 204
    server.clocks.now += 3_600_000
    refused(server.wire("GET", f"/api/v1/invites/{revoked_id}"), ErrorCode.INVITE_REVOKED)
    refused(server.wire("GET", f"/api/v1/invites/{expired_id}"), ErrorCode.INVITE_EXPIRED)
    for unknown in (new_id(), "nonsense"):
        refused(server.wire("GET", f"/api/v1/invites/{unknown}"), ErrorCode.INVITE_UNKNOWN)
        refused(
            leader.ask(server.wire, "DELETE", f"{leader.base}/invites/{unknown}"), ErrorCode.INVITE_UNKNOWN
        )
    person = Person(leader.server, leader.unit)
    joins = (
        (revoked, revoked_key, ErrorCode.INVITE_REVOKED),
        (expired, expired_key, ErrorCode.INVITE_EXPIRED),
    )
    for grant, key, code in joins:
        refused(unit.append(server.wire, unit.join_version(person, grant, key)), code)
    assert {i["id"]: i["state"] for i in invites(server, leader).json()["invites"]} == {
        revoked_id: "revoked",
        expired_id: "expired",
    }


def test_who_may_invite(server: InProcess, unit: TestUnit, worker: Person) -> None:
    leader = unit.leader
    path = f"{leader.base}/invites"
    grant, _, body = unit.grant()
    refused(worker.ask(server.wire, "POST", path, body), ErrorCode.NOT_ALLOWED)
    refused(invites(server, worker), ErrorCode.NOT_ALLOWED)
    refused(worker.ask(server.wire, "DELETE", f"{path}/{new_id()}"), ErrorCode.NOT_ALLOWED)
    second = unit.add(server.wire, [Role.LEADER])
    refused(second.ask(server.wire, "POST", path, body), ErrorCode.NOT_ALLOWED)
    refused(server.wire("POST", path, compact_json(body)), ErrorCode.SIGNATURE_MISSING)
    wrong = [
        (unit.grant(server=new_id())[2], ErrorCode.WRONG_SERVER),
        (unit.grant(unit=new_id())[2], ErrorCode.WRONG_UNIT),
        (unit.grant(hours=49)[2], ErrorCode.ROSTER_INVALID),
        (unit.grant(v=2)[2], ErrorCode.UPDATE_NEEDED),
        ({**body, "grant": grant[:-4] + "AAAA"}, ErrorCode.ROSTER_INVALID),
        ({**body, "package": "plain"}, ErrorCode.BAD_REQUEST),
        ({**body, "package": "x" * (limits.PACKAGE_BYTES + 1)}, ErrorCode.TOO_LARGE),
    ]
    for value, code in wrong:
        refused(leader.ask(server.wire, "POST", path, value), code)
    assert leader.ask(server.wire, "POST", path, body).status_code == 201
    package = unit.grant()[2]["package"]
    refused(leader.ask(server.wire, "POST", path, {**body, "package": package}), ErrorCode.ID_REUSED)


# --- events and the feed ----------------------------------------------------------------------------------


def test_event_reaches_its_readers_exactly_once(server: InProcess, unit: TestUnit, worker: Person) -> None:
    other = unit.add(server.wire)
    event = worker.event("incident.reported", readers(unit.leader, worker))
    assert item(worker.send(server.wire, event)) == {
        "id": event["id"],
        "status": "accepted",
        "received": server.clocks.now,
        "error": None,
    }
    first, cursor = unit.leader.pull_all(server.wire)
    assert first == [
        {
            "type": "event",
            "id": event["id"],
            "sender": worker.device,
            "received": server.clocks.now,
            "content": event["envelope"],
            "delay": 0,
        }
    ]
    assert unit.leader.pull_all(server.wire, cursor)[0] == []
    assert len(worker.pull_all(server.wire)[0]) == 1
    assert other.pull_all(server.wire)[0] == []


def test_retry_after_a_lost_reply_grows_the_feed_by_nothing(
    server: InProcess, unit: TestUnit, worker: Person
) -> None:
    event = worker.event("incident.reported", readers(unit.leader))
    first = item(worker.send(server.wire, event))
    server.clocks.now += 90_000
    again = item(worker.send(server.wire, event))
    assert (again["status"], again["received"]) == ("duplicate", first["received"])
    assert len(unit.leader.pull_all(server.wire)[0]) == 1


def test_poison_items_do_not_stop_the_batch(server: InProcess, unit: TestUnit, worker: Person) -> None:
    stranger = Person(worker.server, worker.unit)
    reader = readers(unit.leader)
    known = worker.event("incident.reported", reader)
    worker.send(server.wire, known)
    good = [worker.event(kind, reader) for kind in ("incident.reported", "visit.started", "alarm.raised")]
    other_server = Person(new_id(), worker.unit)
    other_unit = Person(worker.server, new_id())
    big = {"id": new_id(), "envelope": "x" * (limits.ENVELOPE_BYTES + 1)}
    newer = json.loads(worker.event("incident.reported", reader)["envelope"])
    poison: list[tuple[dict[str, str], ErrorCode]] = [
        ({"id": new_id(), "envelope": "not json"}, ErrorCode.ENVELOPE_INVALID),
        (big, ErrorCode.TOO_LARGE),
        (worker.event("incident.reported", readers(unit.leader, stranger)), ErrorCode.READER_UNKNOWN),
        ({**worker.event("incident.reported", reader), "id": new_id()}, ErrorCode.ENVELOPE_INVALID),
        (other_server.event("incident.reported", reader), ErrorCode.WRONG_SERVER),
        (other_unit.event("incident.reported", reader), ErrorCode.WRONG_UNIT),
        (worker.event("incident.reported", reader, event_id=known["id"]), ErrorCode.ID_REUSED),
        (
            {"id": new_id(), "envelope": compact_json({**newer, "aad": _aad(newer, v=2)})},
            ErrorCode.UPDATE_NEEDED,
        ),
    ]
    batch = [
        good[0],
        *(event for event, _ in poison[:4]),
        good[1],
        *(event for event, _ in poison[4:]),
        good[2],
    ]
    answer = worker.send(server.wire, *batch)
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result["id"] for result in results] == [event["id"] for event in batch]
    errors = {result["id"]: result["error"]["code"] for result in results if result["status"] == "refused"}
    assert errors == {event["id"]: code for event, code in poison}
    assert [r["id"] for r in results if r["status"] == "accepted"] == [event["id"] for event in good]
    unknown = next(
        r["error"] for r in results if r["error"] and r["error"]["code"] == ErrorCode.READER_UNKNOWN
    )
    assert unknown["detail"] == stranger.kid
    # Alarms go in first, whatever their place in the batch.
    assert [entry["id"] for entry in unit.leader.pull_all(server.wire)[0]] == [
        known["id"],
        good[2]["id"],
        good[0]["id"],
        good[1]["id"],
    ]


def _aad(envelope: dict[str, Any], **changed: Any) -> str:
    from protocol.encoding import b64url, unb64url

    return b64url(compact_json({**json.loads(unb64url(envelope["aad"])), **changed}).encode())


def test_recovery_key_is_always_a_reader(server: InProcess, unit: TestUnit, worker: Person) -> None:
    event = worker.event("incident.reported", [unit.recovery.encryption, *readers(unit.leader)])
    assert item(worker.send(server.wire, event))["status"] == "accepted"
    alone = worker.event("incident.reported", [unit.recovery.encryption])
    assert item(worker.send(server.wire, alone))["status"] == "accepted"
    assert len(unit.leader.pull_all(server.wire)[0]) == 1


def test_alarm_goes_to_the_readers_that_are_known(server: InProcess, unit: TestUnit, worker: Person) -> None:
    stranger = Person(worker.server, worker.unit)
    alarm = worker.event("alarm.raised", readers(unit.leader, stranger))
    assert item(worker.send(server.wire, alarm))["status"] == "accepted"
    assert [entry["id"] for entry in unit.leader.pull_all(server.wire)[0]] == [alarm["id"]]
    nobody = worker.event("alarm.raised", readers(stranger))
    error = item(worker.send(server.wire, nobody))["error"]
    assert (error["code"], error["detail"]) == (ErrorCode.READER_UNKNOWN, stranger.kid)


def test_removed_reader_gets_nothing_and_stops_nobody(
    server: InProcess, unit: TestUnit, worker: Person
) -> None:
    other = unit.add(server.wire)
    unit.remove(server.wire, other)
    event = worker.event("incident.reported", readers(unit.leader, other))
    assert item(worker.send(server.wire, event))["status"] == "accepted"
    assert len(unit.leader.pull_all(server.wire)[0]) == 1
    refused(other.ask(server.wire, "GET", f"{other.base}/feed?cursor="), ErrorCode.DEVICE_REMOVED)


def test_removed_device_still_rings_for_30_days(server: InProcess, unit: TestUnit, worker: Person) -> None:
    alarm, draft = (
        worker.event(kind, readers(unit.leader)) for kind in ("alarm.raised", "incident.reported")
    )
    unit.remove(server.wire, worker)
    server.clocks.now += 30 * DAY - 1
    answer = worker.send(server.wire, draft, alarm)
    assert item(answer, 0)["error"]["code"] == ErrorCode.DEVICE_REMOVED
    assert item(answer, 1)["status"] == "accepted"
    (entry,) = unit.leader.pull_all(server.wire)[0]
    assert (entry["id"], entry["sender"]) == (alarm["id"], worker.device)
    server.clocks.now += 1
    late = worker.event("alarm.raised", readers(unit.leader))
    refused(worker.send(server.wire, late), ErrorCode.DEVICE_REMOVED)
    refused(worker.acknowledge(server.wire, worker.statement(new_id())), ErrorCode.DEVICE_REMOVED)


def test_removing_a_member_removes_the_devices(server: InProcess, unit: TestUnit, worker: Person) -> None:
    change = remove_change(member=worker.member)
    assert unit.append(server.wire, unit.version(unit.leader, change)).status_code == 200
    for path in ("/feed", "/roster", "/live", f"/alarms/{new_id()}", "/invites"):
        refused(worker.ask(server.wire, "GET", worker.base + path), ErrorCode.DEVICE_REMOVED)


def test_batch_limits(server: InProcess, unit: TestUnit, worker: Person) -> None:
    small = {"id": new_id(), "envelope": ""}
    refused(worker.send(server.wire, *([small] * (limits.BATCH_EVENTS + 1))), ErrorCode.TOO_LARGE)
    refused(worker.send(server.wire), ErrorCode.BAD_REQUEST)
    assert (
        len(worker.send(server.wire, *([small] * limits.BATCH_EVENTS)).json()["results"])
        == limits.BATCH_EVENTS
    )


def test_cursor_is_bound_to_device_unit_and_server(server: InProcess, unit: TestUnit, worker: Person) -> None:
    worker.send(server.wire, worker.event("incident.reported", readers(unit.leader, worker)))
    mine = worker.pull(server.wire)["cursor"]
    foreign = unit.leader.pull(server.wire)["cursor"]
    assert mine != foreign
    for wrong in (foreign, mine[:-2] + ("AA" if mine[-2:] != "AA" else "BB"), mine + "A", "x", "é"):
        path = f"{worker.base}/feed?cursor={wrong}"
        if wrong.isascii():
            refused(worker.ask(server.wire, "GET", path), ErrorCode.CURSOR_INVALID)
    other = found_unit(server.wire, server.token())
    refused(
        other.leader.ask(server.wire, "GET", f"{other.leader.base}/feed?cursor={mine}"),
        ErrorCode.CURSOR_INVALID,
    )


def test_cursor_of_an_earlier_epoch(server: InProcess, unit: TestUnit, worker: Person) -> None:
    worker.send(server.wire, worker.event("incident.reported", readers(worker)))
    page = worker.pull(server.wire)
    server.run(server.store.new_epoch())
    refused(
        worker.ask(server.wire, "GET", f"{worker.base}/feed?cursor={page['cursor']}"), ErrorCode.EPOCH_CHANGED
    )
    fresh = worker.pull(server.wire)
    assert fresh["epoch"] != page["epoch"]
    assert fresh["entries"] == page["entries"]


def test_pages_follow_each_other(
    server: InProcess, unit: TestUnit, worker: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FEED_ENTRIES", 3)
    events = [worker.event("incident.reported", readers(unit.leader)) for _ in range(8)]
    worker.send(server.wire, *events)
    sizes, got, cursor = [], [], ""
    while True:
        page = unit.leader.pull(server.wire, cursor)
        sizes.append(len(page["entries"]))
        got += [entry["id"] for entry in page["entries"]]
        cursor = page["cursor"]
        if not page["more"]:
            break
    assert sizes == [3, 3, 2]
    assert got == [event["id"] for event in events]
    assert page["roster"] == {"height": 1, "head": unit.roster.head}


# --- alarms -----------------------------------------------------------------------------------------------


def raise_alarm(server: InProcess, person: Person, to: list[dict[str, str]], **other: Any) -> str:
    case = str(other.pop("case", None) or new_id())
    kind = other.pop("kind", "alarm.raised")
    assert item(person.send(server.wire, person.event(kind, to, case=case, **other)))["status"] == "accepted"
    return case


def test_alarm_from_raised_to_taken(server: InProcess, unit: TestUnit, worker: Person) -> None:
    leader, rep = unit.leader, unit.add(server.wire, [Role.SAFETY_REP])
    case = raise_alarm(server, worker, readers(leader, rep, worker))
    assert status(server, worker, case) == {
        "case": case,
        "state": "open",
        "drill": False,
        "received": server.clocks.now,
        "members": 2,
        "delivered": 0,
        "statements": [],
    }
    _, cursor = leader.pull_all(server.wire)
    assert status(server, worker, case)["delivered"] == 0
    leader.pull(server.wire, cursor)
    assert _settled(server, lambda: status(server, worker, case)["delivered"] == 1)
    server.clocks.now += 4000
    seen, taken = leader.statement(case), leader.statement(case, AckState.TAKEN)
    accepted = leader.acknowledge(server.wire, seen).json()
    assert accepted["received"] == server.clocks.now
    server.clocks.now += 4000
    assert leader.acknowledge(server.wire, seen).json() == accepted
    leader.acknowledge(server.wire, taken)
    assert [s["statement"] for s in status(server, worker, case)["statements"]] == [seen, taken]
    for person in (worker, rep, leader):
        entries = person.pull_all(server.wire)[0]
        assert [e["content"] for e in entries if e["type"] == "statement"] == [seen, taken]
        assert {e["sender"] for e in entries if e["type"] == "statement"} == {leader.device}


def _settled(server: InProcess, condition: Callable[[], bool]) -> bool:
    # What was confirmed is written without being waited for; the next write comes after it.
    server.run(server.store.add_setup_token(new_id().encode(), printed=False))
    return condition()


def test_state_follows_the_one_who_raised_it(server: InProcess, unit: TestUnit, worker: Person) -> None:
    to = readers(unit.leader, worker)
    case = raise_alarm(server, worker, to)
    raise_alarm(server, unit.leader, to, case=case, kind="alarm.cancelled")
    assert status(server, worker, case)["state"] == "open"
    raise_alarm(server, worker, to, case=case, kind="alarm.position")
    assert status(server, worker, case)["state"] == "open"
    raise_alarm(server, worker, to, case=case, kind="alarm.cancelled")
    assert status(server, worker, case)["state"] == "cancelled"
    raise_alarm(server, worker, to, case=case)
    assert status(server, worker, case)["state"] == "open"
    raise_alarm(server, worker, to, case=case, kind="alarm.safe")
    assert status(server, worker, case)["state"] == "safe"


def test_cancel_that_comes_before_its_alarm_ends_nothing(
    server: InProcess, unit: TestUnit, worker: Person
) -> None:
    case = raise_alarm(server, worker, readers(unit.leader), kind="alarm.cancelled")
    refused(worker.ask(server.wire, "GET", f"{worker.base}/alarms/{case}"), ErrorCode.ALARM_UNKNOWN)
    raise_alarm(server, worker, readers(unit.leader), case=case)
    assert status(server, worker, case)["state"] == "open"


def test_drill_only_while_every_raise_is_one(server: InProcess, unit: TestUnit, worker: Person) -> None:
    case = raise_alarm(server, worker, readers(unit.leader), drill=True)
    assert status(server, worker, case)["drill"] is True
    raise_alarm(server, worker, readers(unit.leader), case=case)
    assert status(server, worker, case)["drill"] is False


def test_who_may_ask_about_and_acknowledge_an_alarm(
    server: InProcess, unit: TestUnit, worker: Person
) -> None:
    leader, outsider = unit.leader, unit.add(server.wire)
    case = raise_alarm(server, worker, readers(leader, worker))
    path = f"{worker.base}/alarms/"
    refused(outsider.ask(server.wire, "GET", path + case), ErrorCode.ALARM_UNKNOWN)
    refused(leader.ask(server.wire, "GET", path + new_id()), ErrorCode.ALARM_UNKNOWN)
    refused(leader.ask(server.wire, "GET", path + "nonsense"), ErrorCode.ALARM_UNKNOWN)
    refused(worker.acknowledge(server.wire, worker.statement(case)), ErrorCode.NOT_ALLOWED)
    refused(outsider.acknowledge(server.wire, outsider.statement(case)), ErrorCode.ALARM_UNKNOWN)
    refused(leader.acknowledge(server.wire, leader.statement(new_id())), ErrorCode.ALARM_UNKNOWN)
    refused(outsider.acknowledge(server.wire, leader.statement(case)), ErrorCode.NOT_ALLOWED)
    wrong = [
        (leader.statement(case, server=new_id()), ErrorCode.WRONG_SERVER),
        (leader.statement(case, unit=new_id()), ErrorCode.WRONG_UNIT),
        (leader.statement(case, member=worker.member), ErrorCode.NOT_ALLOWED),
        (_unknown_state(leader, case), ErrorCode.UPDATE_NEEDED),
        (leader.statement(case, created="now"), ErrorCode.STATEMENT_INVALID),
        (leader.statement(case)[:-4] + "AAAA", ErrorCode.STATEMENT_INVALID),
        ("nonsense", ErrorCode.STATEMENT_INVALID),
    ]
    for statement, code in wrong:
        refused(leader.acknowledge(server.wire, statement), code)
    identity = new_id()
    assert leader.acknowledge(server.wire, leader.statement(case, id=identity)).status_code == 200
    again = leader.statement(case, AckState.TAKEN, id=identity)
    refused(leader.acknowledge(server.wire, again), ErrorCode.ID_REUSED)
    assert len(status(server, worker, case)["statements"]) == 1


def _unknown_state(person: Person, case: str) -> str:
    claims = json.loads(_payload(person.statement(case))) | {"state": "asleep"}
    return sign(person.member_key, Typ.STATEMENT, compact_json(claims))


def test_field_key_signs_no_statement(server: InProcess, unit: TestUnit, worker: Person) -> None:
    case = raise_alarm(server, worker, readers(unit.leader))
    thief = Person(**{**vars(unit.leader), "member_key": unit.leader.field_key})
    refused(unit.leader.acknowledge(server.wire, thief.statement(case)), ErrorCode.STATEMENT_INVALID)


# --- signatures and sessions ------------------------------------------------------------------------------


def test_wrong_signatures(server: InProcess, unit: TestUnit, worker: Person) -> None:
    path = f"{worker.base}/feed"

    def ask(headers: dict[str, str]) -> Answer:
        return server.wire("GET", path, None, headers)

    good = worker.authorization("GET", path)
    assert ask(good).status_code == 200
    assert ask(good).status_code == 200  # a replay of a read reads again
    refused(ask({"Authorization": "Basic x"}), ErrorCode.SIGNATURE_MISSING)
    refused(ask({"Authorization": "Trygg nonsense"}), ErrorCode.SIGNATURE_WRONG)
    refused(ask({"Authorization": good["Authorization"][:-4] + "AAAA"}), ErrorCode.SIGNATURE_WRONG)
    refused(ask(worker.authorization("POST", path)), ErrorCode.SIGNATURE_WRONG)
    refused(ask(worker.authorization("GET", path + "?cursor=")), ErrorCode.SIGNATURE_WRONG)
    refused(ask(worker.authorization("GET", path, body=digest(b"x"))), ErrorCode.SIGNATURE_WRONG)
    refused(ask(worker.authorization("GET", path, server=new_id())), ErrorCode.WRONG_SERVER)
    refused(ask(worker.authorization("GET", path, unit=new_id())), ErrorCode.WRONG_UNIT)
    refused(ask(worker.authorization("GET", path, device=new_id())), ErrorCode.DEVICE_UNKNOWN)
    refused(ask(worker.authorization("GET", path, device=unit.leader.device)), ErrorCode.SIGNATURE_WRONG)
    refused(ask(worker.authorization("GET", path, v=2)), ErrorCode.UPDATE_NEEDED)
    as_member = Person(**{**vars(worker), "field_key": worker.member_key})
    refused(ask(as_member.authorization("GET", path)), ErrorCode.SIGNATURE_WRONG)
    refused(server.wire("GET", path), ErrorCode.SESSION_NEEDED)
    gone = Person(worker.server, new_id())
    refused(gone.ask(server.wire, "GET", f"{gone.base}/feed"), ErrorCode.UNIT_UNKNOWN)
    refused(server.wire("GET", "/api/v1/units/nonsense/feed"), ErrorCode.UNIT_UNKNOWN)


def test_session_reads_and_never_writes(server: InProcess, unit: TestUnit, worker: Person) -> None:
    session = worker.session(server.wire)
    assert server.wire("GET", f"{worker.base}/feed", None, session).status_code == 200
    assert server.wire("GET", f"{worker.base}/roster", None, session).status_code == 200
    body = compact_json({"events": [worker.event("incident.reported", readers(unit.leader))]})
    refused(server.wire("POST", f"{worker.base}/events", body, session), ErrorCode.SIGNATURE_MISSING)
    leader = unit.leader.session(server.wire)
    assert server.wire("GET", f"{worker.base}/invites", None, leader).status_code == 200
    refused(server.wire("GET", f"{worker.base}/invites", None, session), ErrorCode.NOT_ALLOWED)


def test_cookie_is_for_this_unit_and_out_of_scripts_reach(
    server: InProcess, unit: TestUnit, worker: Person
) -> None:
    challenge = server.wire(
        "POST", f"{worker.base}/challenges", compact_json({"device": worker.device})
    ).json()
    assert challenge["seconds"] == limits.CHALLENGE_SECONDS
    answer = worker.ask(server.wire, "POST", f"{worker.base}/sessions", request_id=challenge["challenge"])
    cookie = answer.headers["set-cookie"]
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly",
        "samesite=strict",
        f"path={worker.base}",
        f"max-age={limits.SESSION_HOURS * 3600}",
    }
    assert answer.text == ""
    again = worker.ask(server.wire, "POST", f"{worker.base}/sessions", request_id=challenge["challenge"])
    refused(again, ErrorCode.CHALLENGE_EXPIRED)


def test_challenges_are_bound_and_end(server: InProcess, unit: TestUnit, worker: Person) -> None:
    def challenge(device: str) -> Answer:
        return server.wire("POST", f"{worker.base}/challenges", compact_json({"device": device}))

    def answer(person: Person, to: str) -> Answer:
        return person.ask(server.wire, "POST", f"{person.base}/sessions", request_id=to)

    mine = challenge(worker.device).json()["challenge"]
    refused(answer(unit.leader, mine), ErrorCode.CHALLENGE_EXPIRED)
    refused(answer(worker, "guessed"), ErrorCode.CHALLENGE_EXPIRED)
    refused(challenge(new_id()), ErrorCode.DEVICE_UNKNOWN)
    server.clocks.now += limits.CHALLENGE_SECONDS * 1000
    refused(answer(worker, mine), ErrorCode.CHALLENGE_EXPIRED)
    unit.remove(server.wire, worker)
    refused(challenge(worker.device), ErrorCode.DEVICE_REMOVED)


def test_session_ends_with_time_and_with_removal(server: InProcess, unit: TestUnit, worker: Person) -> None:
    session, path = worker.session(server.wire), f"{worker.base}/feed"
    server.clocks.now += limits.SESSION_HOURS * 3_600_000 - 1
    assert server.wire("GET", path, None, session).status_code == 200
    server.clocks.now += 1
    refused(server.wire("GET", path, None, session), ErrorCode.SESSION_NEEDED)
    session = worker.session(server.wire)
    unit.remove(server.wire, worker)
    refused(server.wire("GET", path, None, session), ErrorCode.DEVICE_REMOVED)


def test_cookies_that_are_no_sessions(server: InProcess, unit: TestUnit, worker: Person) -> None:
    session = worker.session(server.wire)["Cookie"]
    name, _, value = session.partition("=")
    device, _, token = value.partition(".")
    leader = unit.leader.session(server.wire)["Cookie"].partition("=")[2].partition(".")[0]
    for wrong in ("", "x", f"{leader}.{token}", f"{device}.{token[:-2]}AA", f"{device}.", "\"'\\", "a.b.c"):
        answer = server.wire("GET", f"{worker.base}/feed", None, {"Cookie": f"{name}={wrong}"})
        refused(answer, ErrorCode.SESSION_NEEDED)
    other = found_unit(server.wire, server.token())
    refused(
        server.wire("GET", f"{other.leader.base}/feed", None, {"Cookie": session}), ErrorCode.SESSION_NEEDED
    )


# --- shapes and limits ------------------------------------------------------------------------------------


def test_unknown_addresses_and_methods(server: InProcess, unit: TestUnit) -> None:
    refused(server.wire("GET", "/api/v1/nothing"), ErrorCode.NOT_FOUND)
    refused(server.wire("GET", "/api/"), ErrorCode.NOT_FOUND)
    for route in {route.path for route in ROUTES}:
        path = route.replace("{unit}", unit.leader.unit)
        answer = server.wire("PATCH", path)
        refused(answer, ErrorCode.METHOD_NOT_ALLOWED)
        expected = sorted(r.method for r in ROUTES if r.path == route)
        assert answer.headers["allow"] == ", ".join(expected)
    answer = server.wire("POST", "/index.html")
    refused(answer, ErrorCode.METHOD_NOT_ALLOWED)


@pytest.mark.parametrize("body", ["", "{", "nonsense", '{"token": "\\ud800"', "{" + '"x":[' * 100_000])
def test_malformed_json(server: InProcess, body: str) -> None:
    refused(server.wire("POST", "/api/v1/units", body), ErrorCode.BAD_JSON)


@pytest.mark.parametrize("body", ["[]", "{}", '{"token": 5, "root": ""}', '{"token": "x"}', "null"])
def test_json_of_another_shape(server: InProcess, body: str) -> None:
    refused(server.wire("POST", "/api/v1/units", body), ErrorCode.BAD_REQUEST)


def test_body_is_bounded_while_it_comes(server: InProcess) -> None:
    chunk = b"x" * 65_536
    whole = limits.BATCH_BYTES // len(chunk)
    fits = server.run(server.ask("POST", "/api/v1/units", [chunk] * whole))
    refused(fits, ErrorCode.BAD_JSON)
    refused(server.run(server.ask("POST", "/api/v1/units", [*([chunk] * whole), b"x"])), ErrorCode.TOO_LARGE)
    refused(
        server.run(server.ask("POST", "/api/v1/units", [b"x" * (limits.BATCH_BYTES + 1)])),
        ErrorCode.TOO_LARGE,
    )
    refused(server.run(server.ask("POST", "/api/v1/units", [chunk] * 2000)), ErrorCode.TOO_LARGE)


def test_failure_is_an_error_answer_without_its_text(
    server: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ValueError("secret content")

    monkeypatch.setattr(type(server.store), "units", broken)
    monkeypatch.setattr(type(server.store), "identity", broken)
    refused(server.wire("GET", "/api/v1/server"), ErrorCode.INTERNAL)
    lines = [json.loads(line) for line in server.log.getvalue().splitlines()]
    assert lines[0]["error"] == "ValueError"
    assert "secret" not in server.log.getvalue()


def test_log_holds_no_ids_and_no_content(server: InProcess, unit: TestUnit, worker: Person) -> None:
    case = raise_alarm(server, worker, readers(unit.leader, worker))
    unit.leader.acknowledge(server.wire, unit.leader.statement(case))
    status(server, worker, case)
    page = worker.pull(server.wire)
    worker.pull(server.wire, page["cursor"])
    server.wire("GET", f"{worker.base}/feed", None, worker.session(server.wire))
    server.wire("GET", f"/deep/{case}?name=Kari")
    server.wire("GET", f"/api/v1/invites/{read_grant(unit.invite(server.wire)[0])[0].id}")
    server.wire("POST", f"/api/v1/units/{case}/events", "Kari Nordmann")
    log = server.log.getvalue()
    assert len(log.splitlines()) > 10
    for line in log.splitlines():
        entry = json.loads(line)
        assert set(entry) == {"method", "route", "status", "ms"}
        assert entry["route"] in {route.path for route in ROUTES} | {"app", "none"}
    hidden = [case, worker.device, worker.unit, worker.member, page["cursor"], "Kari", server.address]
    assert not [text for text in hidden if text in log]
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", log)


# --- short of means ---------------------------------------------------------------------------------------


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[tuple[InProcess, TestUnit, Person]]:
    """A server that takes 2 requests a second and address, 20 at once; people who belong."""
    with in_process(tmp_path, rate=2) as server:
        server.clocks.steady = 0
        unit = found_unit(server.wire, server.token())
        worker = unit.add(server.wire)
        server.clocks.steady += 1000
        yield server, unit, worker


def test_full_address_leaves_a_share_for_alarms(narrow: tuple[InProcess, TestUnit, Person]) -> None:
    server, unit, worker = narrow
    while server.wire("GET", "/healthz").status_code == 200:
        pass
    answer = server.wire("GET", "/healthz")
    refused(answer, ErrorCode.RATE_LIMITED)
    assert int(answer.headers["retry-after"]) >= 1
    draft = worker.event("incident.reported", readers(unit.leader))
    limited = worker.send(server.wire, draft)
    refused(limited, ErrorCode.RATE_LIMITED)
    assert int(limited.headers["retry-after"]) >= 1
    alarm = worker.event("alarm.raised", readers(unit.leader))
    mixed = worker.send(server.wire, draft, alarm)
    assert item(mixed, 0)["error"]["code"] == ErrorCode.RATE_LIMITED
    assert item(mixed, 1)["status"] == "accepted"
    server.clocks.steady += 1
    assert server.wire("GET", "/healthz").status_code == 200


def test_even_the_reserve_ends(narrow: tuple[InProcess, TestUnit, Person]) -> None:
    server, unit, worker = narrow
    alarm = worker.event("alarm.raised", readers(unit.leader))
    answers = [worker.send(server.wire, alarm) for _ in range(60)]
    assert answers[0].status_code == 200
    refused(answers[-1], ErrorCode.RATE_LIMITED)
    server.address = "203.0.113.9"
    assert server.wire("GET", "/healthz").status_code == 200


def test_device_budget_is_its_own(narrow: tuple[InProcess, TestUnit, Person]) -> None:
    server, unit, worker = narrow
    other = unit.add(server.wire)
    drafts = [worker.event("incident.reported", readers(unit.leader)) for _ in range(6)]
    results = worker.send(server.wire, *drafts).json()["results"]
    assert [r["status"] for r in results] == ["accepted"] * 4 + ["refused"] * 2
    assert results[-1]["error"]["code"] == ErrorCode.RATE_LIMITED
    assert (
        item(other.send(server.wire, other.event("incident.reported", readers(unit.leader))))["status"]
        == "accepted"
    )
    assert (
        item(worker.send(server.wire, worker.event("alarm.raised", readers(unit.leader))))["status"]
        == "accepted"
    )


def test_low_disk_refuses_everything_but_alarms(server: InProcess, unit: TestUnit, worker: Person) -> None:
    server.clocks.free = 1000
    server.clocks.steady += 2
    draft, alarm = (
        worker.event(kind, readers(unit.leader)) for kind in ("incident.reported", "alarm.raised")
    )
    answer = worker.send(server.wire, draft)
    refused(answer, ErrorCode.STORAGE_FULL)
    assert int(answer.headers["retry-after"]) >= 1
    assert item(worker.send(server.wire, draft, alarm), 1)["status"] == "accepted"
    server.clocks.free = 10**12
    server.clocks.steady += 2
    assert item(worker.send(server.wire, draft))["status"] == "accepted"


def test_crowded_store_says_so(
    server: InProcess, unit: TestUnit, worker: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sync_server.store.sqlite import writer

    monkeypatch.setattr(writer, "WAITING", 0)
    draft = worker.event("incident.reported", readers(unit.leader))
    answer = worker.send(server.wire, draft)
    refused(answer, ErrorCode.OVERLOADED)
    assert int(answer.headers["retry-after"]) >= 1
    token = unused_token()
    answer = found(server, token, make_root(server.services.server).versions[0])
    refused(answer, ErrorCode.OVERLOADED)


def test_every_code_of_the_server_is_reached() -> None:
    """The codes that only clients raise are named here; every other one stands in a test of this file."""
    clients = {
        ErrorCode.INVITE_MALFORMED,
        ErrorCode.ROSTER_ROLLBACK,
        ErrorCode.ROSTER_FORK,
        ErrorCode.EVENT_INVALID,
    }
    text = Path(__file__).read_text(encoding="utf-8")
    tested = {code for code in ErrorCode if re.search(rf"\bErrorCode\.{code.name}\b", text)}
    assert set(ErrorCode) - tested - clients == set()
