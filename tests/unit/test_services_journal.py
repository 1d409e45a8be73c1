"""Events made here and taken in from others: one transaction each, and nothing that others send stops the rest."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from mobile_app.domain.alarm import AlarmState
from mobile_app.domain.incident import IncidentDraft
from mobile_app.domain.receipts import ReceiptState
from mobile_app.ports import OutboxRow, OutboxState, PortError
from mobile_app.services.client import AppError, Client
from mobile_app.services.store import EVENTS, INCIDENT_DRAFTS, LATER, REFUSED
from protocol import kinds
from protocol.encoding import b64url, unb64url
from protocol.envelope import parse_envelope
from protocol.ids import new_id
from protocol.kinds import Coarse, KeyUse, KindRule
from protocol.statements import AckState
from tests.support.fake_ports import NOON, PASSPHRASE, Author, Died, Phone, removal

pytestmark = pytest.mark.unit

YEAR = 365 * 86_400_000


async def unit() -> tuple[Phone, Author]:
    """A leader's phone, and an employee, each knowing the other."""
    phone = Phone()
    await phone.found()
    amina = Author(phone.script, phone)
    amina.send(amina.event("profile.set", {"name": "Amina Yusuf", "phone": "400"}, case=amina.member))
    await phone.client.sync.now()
    return phone, amina


async def written(client: Client, line: str = "Han stod i døren.") -> IncidentDraft:
    draft = await client.incidents.begin()
    return await client.incidents.save(replace(draft, kinds={"threat_face"}, severity=3, line=line))


async def with_safety_rep() -> tuple[Phone, Author]:
    phone = Phone()
    await phone.found()
    siv = Author(phone.script, phone, ("employee", "safety_rep"))
    await phone.client.sync.now()
    return phone, siv


def test_sending_stores_event_outbox_row_and_the_end_of_the_draft_in_one_transaction() -> None:
    async def story() -> None:
        phone, siv = await with_safety_rep()
        draft = await written(phone.client)
        phone.vault.applied.clear()
        case = await phone.client.incidents.send(draft)
        rows, outbox, settled = phone.vault.applied[0]
        assert (len(rows), len(outbox), settled) == (2, 1, [])
        assert sorted(text is None for _, text in rows) == [False, True]
        (row,) = outbox
        assert (row.type, row.coarse, row.created) == ("event", "other", NOON)
        envelope = parse_envelope(row.content)
        roster = siv.roster()
        expected = {d.reader for d in roster.active_devices()}
        assert len(set(envelope.readers) - expected) == 1, "the recovery key and nobody else besides"
        assert envelope.header.case is None
        assert INCIDENT_DRAFTS not in phone.vault.tables()
        incident = phone.client.incidents.get(case)
        assert incident is not None
        assert incident.receipt.state is ReceiptState.LOCAL

    asyncio.run(story())


@pytest.mark.parametrize("code", ["quota_full", "storage_failed", "vault_locked"])
def test_a_report_that_could_not_be_stored_is_still_a_draft(code: str) -> None:
    async def story() -> None:
        phone, _ = await with_safety_rep()
        draft = await written(phone.client)
        before, queued = dict(phone.vault.rows), set(phone.vault.outbox)
        phone.vault.refuse = [PortError(code)]
        with pytest.raises(AppError, match=code):
            await phone.client.incidents.send(draft)
        assert phone.client.incidents.drafts() == [draft]
        assert phone.client.incidents.mine() == []
        assert phone.vault.rows == before
        assert phone.vault.outbox.keys() == queued
        case = await phone.client.incidents.send(draft)
        assert [i.case for i in phone.client.incidents.mine()] == [case]

    asyncio.run(story())


def test_a_phone_that_dies_right_after_the_transaction_has_sent_it_once() -> None:
    async def story() -> None:
        phone, _ = await with_safety_rep()
        draft = await written(phone.client)
        phone.vault.lose_answer = True
        with pytest.raises(Died):
            await phone.client.incidents.send(draft)
        client = await phone.restart()
        assert client.incidents.drafts() == []
        assert [i.line for i in client.incidents.mine()] == ["Han stod i døren."]
        events = [
            row for row in phone.vault.outbox.values() if row.id == phone.vault.tables()[EVENTS][-1]["id"]
        ]
        assert len(events) == 1

    asyncio.run(story())


def test_page_and_cursor_are_one_transaction_so_a_crash_neither_skips_nor_repeats() -> None:
    async def story() -> None:
        phone, amina = await unit()
        event = amina.send(
            amina.event("incident.reported", {"line": "x", "kinds": ["violence"], "severity": 2})
        )
        cursor = len(phone.script.entries)
        phone.vault.refuse = [PortError("storage_failed")]
        with pytest.raises(AppError):
            await phone.client.sync.now()
        client = await phone.restart()
        assert client.incidents.get(event.case) is None
        phone.vault.lose_answer = True
        with pytest.raises(Died):
            await client.sync.now()
        client = await phone.restart()
        assert [i.case for i in client.incidents.received()] == [event.case]
        points = [row for row in phone.vault.tables()["self"] if row["id"] == "sync"]
        assert [row["cursor"] for row in points] == [str(cursor)]
        await client.sync.now()
        assert len([row for row in phone.vault.tables()[EVENTS] if row["id"] == event.id]) == 1

    asyncio.run(story())


def test_own_events_come_back_as_received_and_settle_nothing_else() -> None:
    async def story() -> None:
        phone, _ = await with_safety_rep()
        case = await phone.client.incidents.send(await written(phone.client))
        row = next(
            row for row in phone.vault.outbox.values() if row.content and row.coarse == "other" and case
        )
        own = next(r for r in phone.vault.tables()[EVENTS] if r["case"] == case)
        phone.script.add("event", own["id"], own["raw"], NOON + 7)
        await phone.client.sync.now()
        incident = phone.client.incidents.get(case)
        assert incident is not None
        assert (incident.receipt.state, incident.receipt.sent_at) == (ReceiptState.SENT, NOON + 7)
        assert len([r for r in phone.vault.tables()[EVENTS] if r["case"] == case]) == 1
        assert row.id in phone.vault.outbox, "only the outbox knows when a row is done"

    asyncio.run(story())


def test_the_servers_receipt_and_the_settled_row_are_one_transaction() -> None:
    async def story() -> None:
        phone, _ = await with_safety_rep()
        case = await phone.client.incidents.send(await written(phone.client))
        phone.sent()
        await phone.client.sync.now()
        assert phone.vault.outbox == {}
        incident = phone.client.incidents.get(case)
        assert incident is not None
        assert (incident.receipt.state, incident.receipt.sent_at) == (ReceiptState.SENT, NOON + 1)
        again = await phone.restart()
        incident = again.incidents.get(case)
        assert incident is not None
        assert incident.receipt.sent_at == NOON + 1

    asyncio.run(story())


async def poisons(phone: Phone, amina: Author) -> list[tuple[str, str]]:
    """Put one of each thing nobody should send into the feed; returns id and code of each."""
    roster, other = amina.roster(), new_id()
    stranger = Phone(phone.script)
    expected: list[tuple[str, str]] = []

    def add(code: str, content: str, entry: str | None = None) -> None:
        key = entry or new_id()
        phone.script.add("event", key, content)
        expected.append((key, code))

    def made(code: str, sealed_as: dict[str, Any] | None = None, **more: Any) -> None:
        event = amina.event(**{"kind": "incident.reported", "body": {"line": "x"}, **more})
        add(code, amina.seal(event, **(sealed_as or {})), event.id)

    add("envelope_invalid", "not JSON")
    add("envelope_invalid", '{"protected":1}')
    add("too_large", "x" * 300_000)
    made("wrong_unit", unit=other)
    made("wrong_server", server=other)
    made("signature_wrong", {"key": stranger.keys.own.member})
    made("not_allowed", {"key": amina.keys.field})
    forged = amina.event("incident.reported")
    add("signature_wrong", amina.seal(forged, spoil=True), forged.id)
    made("signature_wrong", member=next(m for m in roster.members if m != amina.member))
    swapped = amina.event("incident.reported")
    add("envelope_invalid", amina.seal(swapped), other)
    changed = amina.event("incident.reported")
    claims = replace(changed, id=new_id())
    add("event_invalid", amina.seal(changed, header=claims.header().text()), claims.id)
    raw = json.loads(amina.seal(event := amina.event("incident.reported")))
    broken = bytearray(unb64url(raw["ciphertext"]))
    broken[0] ^= 1
    add("cannot_open", json.dumps({**raw, "ciphertext": b64url(bytes(broken))}), event.id)
    not_for_us = amina.event("incident.reported", readers=(roster.devices[amina.device].reader,))
    add("cannot_open", amina.seal(not_for_us), not_for_us.id)
    phone.script.add("statement", key := new_id(), "a.b.c")
    expected.append((key, "statement_invalid"))
    return expected


def test_poison_is_counted_by_its_code_and_stops_nothing() -> None:
    async def story() -> None:
        phone, amina = await unit()
        expected = await poisons(phone, amina)
        good = amina.send(
            amina.event("incident.reported", {"line": "etter giften", "kinds": [], "severity": 1})
        )
        await phone.client.sync.now()
        assert [i.case for i in phone.client.incidents.received()] == [good.case]
        assert sorted((row["id"], row["code"]) for row in phone.vault.tables()[REFUSED]) == sorted(expected)
        assert phone.client.sync.status.refused == len(expected)
        assert not phone.client.sync.update_needed

    asyncio.run(story())


@pytest.mark.parametrize(
    "body", [{"line": 5, "kinds": "x", "severity": "much"}, {"kinds": [1, {}]}, {"line": ["a"] * 99}]
)
def test_a_malformed_body_of_a_rightly_signed_report_is_shown_as_far_as_it_goes(body: dict[str, Any]) -> None:
    async def story() -> None:
        phone, amina = await unit()
        event = amina.send(amina.event("incident.reported", body))
        await phone.client.sync.now()
        incident = phone.client.incidents.get(event.case)
        assert incident is not None
        assert (incident.name, incident.line) == ("Amina Yusuf", "")
        assert 1 <= incident.severity <= 5

    asyncio.run(story())


def test_what_a_newer_app_wrote_is_kept_and_read_after_the_update(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        phone, amina = await unit()
        newer = KindRule(Coarse.OTHER, None, frozenset({KeyUse.MEMBER}))
        monkeypatch.setitem(kinds.KINDS, "incident.added", newer)
        event = amina.event("incident.added", {"line": "mer"})
        content = amina.seal(event)
        monkeypatch.delitem(kinds.KINDS, "incident.added")
        phone.script.add("event", event.id, content)
        phone.script.add("drawing", new_id(), "?")
        await phone.client.sync.now()
        assert phone.client.sync.update_needed
        assert sorted(row["code"] for row in phone.vault.tables()[LATER]) == [
            "update_needed",
            "update_needed",
        ]
        assert phone.client.sync.status.refused == 0
        await phone.client.sync.now()
        client = await phone.restart()
        assert len(phone.vault.tables()[LATER]) == 2
        monkeypatch.setitem(kinds.KINDS, "incident.added", newer)
        client = await phone.restart()
        assert [row["id"] for row in phone.vault.tables()[EVENTS] if row["kind"] == "incident.added"] == [
            event.id
        ]
        assert len(phone.vault.tables()[LATER]) == 1
        assert client.sync.update_needed, "the drawing is still beyond this version"

    asyncio.run(story())


def test_an_event_sealed_by_a_roster_version_that_has_not_come_waits_for_it() -> None:
    async def story() -> None:
        phone, amina = await unit()
        behind = list(phone.script.versions)
        per = Author(phone.script, phone)
        event = per.send(per.event("incident.reported", {"line": "ny", "kinds": [], "severity": 1}))
        ahead, phone.script.versions = phone.script.versions, behind
        await phone.client.sync.now()
        assert phone.client.incidents.get(event.case) is None
        assert not phone.client.sync.update_needed
        phone.script.versions = ahead
        await phone.client.sync.now()
        incident = phone.client.incidents.get(event.case)
        assert incident is not None
        assert incident.member == per.member
        assert LATER not in phone.vault.tables()
        assert amina.member != per.member

    asyncio.run(story())


def test_a_removed_device_is_not_heard_but_for_alarms() -> None:
    async def story() -> None:
        phone, amina = await unit()
        leader = Author(phone.script, phone, ("employee", "leader"))
        leader.append(removal(member=amina.member))
        late = amina.send(amina.event("incident.reported", {"line": "x"}))
        alarm = amina.send(amina.event("alarm.raised", {"visit": ""}), key=amina.keys.field)
        await phone.client.sync.now()
        assert phone.client.incidents.get(late.case) is None
        assert [row["code"] for row in phone.vault.tables()[REFUSED]] == ["device_removed"]
        assert [a.case for a in phone.client.alarms.active()] == [alarm.case]

    asyncio.run(story())


@pytest.mark.parametrize(("inside", "outside"), [(True, True), (True, False), (False, True), (False, False)])
def test_only_an_alarm_that_is_a_drill_inside_and_outside_is_one(inside: bool, outside: bool) -> None:
    async def story() -> None:
        phone, amina = await unit()
        event = amina.event("alarm.raised", {"visit": ""}, drill=inside)
        told = replace(event, drill=outside).header().text()
        phone.script.add("event", event.id, amina.seal(event, key=amina.keys.field, header=told))
        await phone.client.sync.now()
        (alarm,) = phone.client.alarms.active()
        assert alarm.drill is (inside and outside)

    asyncio.run(story())


@pytest.mark.parametrize("off", [-YEAR, YEAR])
def test_a_clock_that_is_off_by_a_year_changes_no_order(off: int) -> None:
    async def story() -> None:
        phone, amina = await unit()
        case = new_id()
        raised = amina.send(amina.event("alarm.raised", {"visit": ""}, case=case), key=amina.keys.field)
        amina.send(
            amina.event("alarm.safe", case=case, created=NOON + off, prev=(raised.id,)),
            key=amina.keys.field,
            received=NOON + 9,
        )
        again = amina.send(amina.event("incident.reported", {"line": "sist"}, created=0))
        first = amina.send(amina.event("incident.reported", {"line": "enda senere"}, created=NOON + off))
        phone.host.clock = NOON - off
        await phone.client.sync.now()
        alarm = phone.client.alarms.get(case)
        assert alarm is not None
        assert (alarm.state, alarm.received) == (AlarmState.SAFE, NOON)
        assert [i.case for i in phone.client.incidents.received()] == [first.case, again.case]

    asyncio.run(story())


def test_acknowledgements_name_only_whom_the_roster_confirms() -> None:
    async def story() -> None:
        phone, amina = await unit()
        jonas = Author(phone.script, phone, ("employee", "leader"))
        jonas.send(jonas.event("profile.set", {"name": "Jonas Vik", "phone": ""}, case=jonas.member))
        alarm = amina.send(amina.event("alarm.raised", {"visit": ""}), key=amina.keys.field)
        true, forged = (
            jonas.say(alarm.case, AckState.TAKEN),
            amina.say(alarm.case, AckState.SEEN, key=jonas.keys.member),
        )
        spoiled = amina.say(alarm.case, AckState.TAKEN, spoil=True)
        phone.script.statements = [spoiled, true, forged, {"statement": "x", "received": 1}]
        await phone.client.sync.now()
        shown = phone.client.alarms.get(alarm.case)
        assert shown is not None
        assert (shown.seen_by, shown.taken_by, shown.taken_at) == (
            (("Jonas Vik", NOON + 5),),
            "Jonas Vik",
            NOON + 5,
        )
        assert shown.reported_by == ("Amina Yusuf",)

    asyncio.run(story())


def test_seeing_and_taking_an_alarm_is_said_once_each_signed_and_urgent() -> None:
    async def story() -> None:
        phone, amina = await unit()
        alarm = amina.send(amina.event("alarm.raised", {"visit": ""}), key=amina.keys.field)
        await phone.client.sync.now()
        for _ in range(2):
            await phone.client.alarms.opened(alarm.case)
            await phone.client.alarms.take(alarm.case)
        rows: list[OutboxRow] = [row for row in phone.vault.outbox.values() if row.type == "statement"]
        assert [(row.coarse, row.content.count(".")) for row in rows] == [("urgent", 2), ("urgent", 2)]
        shown = phone.client.alarms.get(alarm.case)
        assert shown is not None
        assert (shown.seen_by_me, shown.taken_by_me, shown.taken_by) == (True, True, "Kari Nordmo")
        with pytest.raises(AppError, match="not_found"):
            await phone.client.alarms.take(new_id())

    asyncio.run(story())


def test_a_parked_thing_says_why_and_can_be_tried_again_or_given_up() -> None:
    async def story() -> None:
        phone, _ = await with_safety_rep()
        case = await phone.client.incidents.send(await written(phone.client))
        phone.outbox.server = lambda row: replace(row, state=OutboxState.PARKED, error="reader_unknown")
        await phone.client.sync.now()
        incident = phone.client.incidents.get(case)
        assert incident is not None
        assert incident.receipt.parked == "reader_unknown"
        item = next(i for i in phone.client.sync.items() if i.label_key == "unsent.incident.reported")
        assert (item.error, str(item.state)) == ("reader_unknown", "parked")
        await phone.client.sync.retry(item.id)
        assert str(next(i for i in phone.client.sync.items() if i.id == item.id).state) == "queued"
        await phone.client.sync.now()
        await phone.client.sync.discard(item.id)
        assert item.id not in {i.id for i in phone.client.sync.items()}
        assert [i.case for i in (await phone.restart()).incidents.mine()] == [case], "what was written stays"

    asyncio.run(story())


def test_a_locked_vault_shows_nothing_and_takes_nothing() -> None:
    async def story() -> None:
        phone, amina = await unit()
        event = amina.send(amina.event("incident.reported", {"line": "x"}))
        await phone.client.sync.now()
        await phone.client.gate.lock()
        assert phone.client.incidents.received() == []
        assert phone.client.incidents.get(event.case) is None
        assert phone.client.people.all() == []
        with pytest.raises(AppError, match="vault_locked"):
            await phone.client.sync.now()
        await phone.client.gate.unlock(PASSPHRASE)
        assert [i.case for i in phone.client.incidents.received()] == [event.case]

    asyncio.run(story())


def test_somebody_who_has_left_acknowledges_nothing_any_more() -> None:
    """With the server's help a former leader could let a person in danger believe that somebody is coming."""

    async def story() -> None:
        phone = Phone()
        await phone.found()
        amina, former, leader = (
            Author(phone.script, phone, roles) for roles in (("employee",), ("leader",), ("leader",))
        )
        alarm = amina.send(amina.event("alarm.raised"))
        await phone.client.sync.now()
        leader.append(removal(member=former.member))
        for author in (former, leader):
            said = author.say(alarm.case, AckState.TAKEN)
            phone.script.add("statement", said["id"], said["statement"])
        await phone.client.sync.now()
        acks = phone.client._journal.acknowledgements(alarm.case)  # ids, where names are not known
        assert {ack.member: ack.verified for ack in acks} == {former.member: False, leader.member: True}

    asyncio.run(story())


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("Amina \u202eidraK\u202c\n\tYusuf ", "Amina idraK Yusuf"),
        ("\u200f\u2066Siv\u2069", "Siv"),
        ("Zahrā Mūsa\u200cvī", "Zahrā Mūsa\u200cvī"),
        ("x" * 200, "x" * 80),
        ("\u202e \x00", ""),
    ],
)
def test_a_name_can_not_turn_a_sentence_around(told: str, shown: str) -> None:
    async def story() -> None:
        phone = Phone()
        await phone.found()
        author = Author(phone.script, phone)
        author.send(author.event("profile.set", {"name": told, "phone": "7"}, case=author.member))
        await phone.client.sync.now()
        assert phone.client.people.name(author.member) == shown

    asyncio.run(story())


@pytest.mark.parametrize("received", [2**53, -1, 1.5, "1", None, True])
def test_a_time_that_is_none_is_not_taken_in(received: object) -> None:
    """A view that tried to write it would fail, with the alarm on it."""

    async def story() -> None:
        phone = Phone()
        await phone.found()
        author = Author(phone.script, phone)
        author.send(author.event("alarm.raised"), received=received)  # type: ignore[arg-type]
        with pytest.raises(AppError, match="not_trygg"):
            await phone.client.sync.now()

    asyncio.run(story())
