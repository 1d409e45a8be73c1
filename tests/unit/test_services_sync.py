"""Rounds with a server that lies, forgets, is restored or is away; and what is honestly said of it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from mobile_app.domain.receipts import ReceiptState
from mobile_app.ports import OutboxRow, OutboxState, PortError, Reply
from mobile_app.services.client import AppError, GateState
from mobile_app.services.gate import IDLE_SECONDS
from mobile_app.services.sync import POLL_SECONDS, RETRY_SECONDS
from protocol.ids import new_id
from protocol.jws import Jwk
from protocol.roster import roles_change, version_hash
from tests.support.fake_ports import NOON, PASSPHRASE, Author, Phone, folded, settled, spoiled

pytestmark = pytest.mark.unit


def state_of(phone: Phone) -> GateState:
    """Asked anew, so that nobody takes an earlier answer for this one."""
    return phone.client.gate.state


async def leader_and_deputy() -> tuple[Phone, Author]:
    phone = Phone()
    await phone.found()
    deputy = Author(phone.script, phone, ("employee", "leader"))
    deputy.send(deputy.event("profile.set", {"name": "Jonas Vik", "phone": "7"}, case=deputy.member))
    await phone.client.sync.now()
    return phone, deputy


async def one_report(phone: Phone) -> str:
    draft = await phone.client.incidents.begin()
    return await phone.client.incidents.send(replace(draft, kinds={"near_miss"}, severity=1, line="uro"))


def test_a_long_feed_is_read_page_by_page() -> None:
    async def story() -> None:
        phone, deputy = await leader_and_deputy()
        phone.script.page_size = 3
        cases = [deputy.send(deputy.event("incident.reported", {"line": str(n)})).case for n in range(10)]
        await phone.client.sync.now()
        assert [i.case for i in phone.client.incidents.received()] == cases[::-1]
        asked = len([path for _, path in phone.script.asked if "/feed" in path])
        await phone.client.sync.now()
        assert len([path for _, path in phone.script.asked if "/feed" in path]) == asked + 1

    asyncio.run(story())


def test_status_says_reachable_only_when_our_server_answered() -> None:
    async def story() -> None:
        phone, _ = await leader_and_deputy()
        client = phone.client
        assert client.sync.status.reachable is True
        phone.script.online = False
        with pytest.raises(AppError, match="offline"):
            await client.sync.now()
        assert client.sync.status.reachable is False
        phone.script.online = True
        phone.script.answers.append(("GET", "/feed", Reply(200, {}, "<html>Logg inn på gjestenettet</html>")))
        with pytest.raises(AppError, match="not_trygg"):
            await client.sync.now()
        assert client.sync.status.reachable is False
        phone.script.answers.append(("GET", "/feed", Reply(502, {}, "bad gateway")))
        with pytest.raises(AppError, match="not_trygg"):
            await client.sync.now()
        await client.sync.now()
        assert client.sync.status.reachable is True

    asyncio.run(story())


def test_a_session_that_has_ended_is_opened_anew() -> None:
    async def story() -> None:
        phone, deputy = await leader_and_deputy()
        phone.script.session = False
        event = deputy.send(deputy.event("incident.reported", {"line": "x"}))
        await phone.client.sync.now()
        assert phone.client.incidents.get(event.case) is not None

    asyncio.run(story())


def test_it_listens_again_after_a_lock_though_the_session_is_still_good() -> None:
    async def story() -> None:
        phone, _ = await leader_and_deputy()
        await settled()
        assert phone.net.listening
        await phone.client.gate.lock()
        assert not phone.net.listening
        begun = len(phone.script.asked)
        await phone.client.gate.unlock(PASSPHRASE)
        await phone.client.sync.now()
        await settled()
        assert not [path for _, path in phone.script.asked[begun:] if "/sessions" in path]
        assert phone.net.listening

    asyncio.run(story())


def test_after_a_restore_the_feed_is_read_again_and_only_what_is_lost_is_queued_again() -> None:
    async def story() -> None:
        phone, deputy = await leader_and_deputy()
        theirs = deputy.send(deputy.event("incident.reported", {"line": "x"}))
        kept_case, lost_case = await one_report(phone), await one_report(phone)
        phone.sent()
        await phone.client.sync.now()
        assert phone.vault.outbox == {}
        rows = {row["case"]: row for row in phone.vault.tables()["events"]}
        phone.script.add("event", rows[kept_case]["id"], rows[kept_case]["raw"])
        await phone.client.sync.now()

        phone.script.epoch = "e2"
        phone.script.refuse("GET", "/feed", "epoch_changed", 409)
        taken: list[str] = []

        def server(row: OutboxRow) -> OutboxRow:
            taken.append(row.id)
            return replace(row, state=OutboxState.SENT, received=NOON + 99)

        phone.outbox.server = server
        await phone.client.sync.now()
        profile = next(
            row["id"] for row in phone.vault.tables()["events"] if row["kind"] == "profile.set" and row["own"]
        )
        assert rows[lost_case]["id"] in taken
        assert rows[kept_case]["id"] not in taken
        assert profile in taken
        assert len(phone.client.incidents.mine()) == 2
        assert len([i for i in phone.client.incidents.received() if i.case == theirs.case]) == 1
        taken.clear()
        await phone.client.sync.now()
        assert taken == []

    asyncio.run(story())


def test_a_new_epoch_without_an_error_is_noticed_too() -> None:
    async def story() -> None:
        phone, _ = await leader_and_deputy()
        await one_report(phone)
        phone.sent()
        await phone.client.sync.now()
        phone.script.epoch = "e2"
        phone.outbox.server = lambda row: row
        await phone.client.sync.now()
        assert any(item.label_key == "unsent.incident.reported" for item in phone.client.sync.items())

    asyncio.run(story())


def test_a_restored_server_gets_back_the_roster_it_lost() -> None:
    async def story() -> None:
        phone, _ = await leader_and_deputy()
        full = list(phone.script.versions)
        phone.script.versions = full[:1]
        phone.script.epoch = "e2"
        phone.script.refuse("GET", "/feed", "epoch_changed", 409)
        await phone.client.sync.now()
        assert phone.script.versions == full
        assert phone.client.sync.status.trouble == ""

    asyncio.run(story())


def test_a_server_restored_to_before_this_device_joined_learns_of_it_again() -> None:
    async def story() -> None:
        phone, _ = await leader_and_deputy()
        full = list(phone.script.versions)
        phone.script.versions, phone.script.session = full[:1], False
        phone.script.refuse("POST", "/challenges", "device_unknown", 403)
        await phone.client.sync.now()
        assert phone.script.versions == full
        assert phone.client.sync.status.trouble == ""

    asyncio.run(story())


def test_an_older_roster_is_told_loudly_until_it_is_right_again() -> None:
    async def story() -> None:
        phone, _ = await leader_and_deputy()
        right = list(phone.script.versions)
        phone.script.versions = right[:1]
        await phone.client.sync.now()
        assert phone.client.sync.status.trouble == "roster_rollback"
        await one_report(phone)
        client = await phone.restart()
        assert client.sync.status.trouble == "roster_rollback"
        phone.script.versions = right
        await client.sync.now()
        assert client.sync.status.trouble == ""

    asyncio.run(story())


def test_two_rosters_of_one_height_stop_all_sealing_but_alarms_for_good() -> None:
    async def story() -> None:
        phone, deputy = await leader_and_deputy()
        right = list(phone.script.versions)
        phone.script.versions = right[:-1]
        Author(phone.script, phone)  # somebody else at the height where the deputy stood
        alarm = deputy.event("alarm.raised", {"visit": ""}, readers=deputy_readers(right))
        phone.script.versions, fork = right, phone.script.versions
        content = deputy.seal(alarm, key=deputy.keys.field)
        phone.script.versions = fork
        phone.script.add("event", alarm.id, content)
        await phone.client.sync.now()
        assert phone.client.sync.status.trouble == "roster_fork"
        assert [a.case for a in phone.client.alarms.active()] == [alarm.case], "alarms still come in"
        draft = await phone.client.incidents.begin()
        with pytest.raises(AppError, match="roster_fork"):
            await phone.client.incidents.send(replace(draft, kinds={"near_miss"}, severity=1, line="x"))
        with pytest.raises(AppError, match="roster_fork"):
            await phone.client.inviting.invite("employee")
        await phone.client.alarms.take(alarm.case)
        phone.script.versions = right[:1]
        await phone.client.sync.now()
        assert phone.client.sync.status.trouble == "roster_fork", "an older roster on top is the smaller news"
        phone.script.versions = right
        client = await phone.restart()
        await client.sync.now()
        assert client.sync.status.trouble == "roster_fork", "only people can settle which one is true"

    asyncio.run(story())


def deputy_readers(versions: list[str]) -> tuple[str, ...]:
    """Reader ids of everybody in these versions; without the recovery key, which the forked chain shares."""
    roster = folded(versions)
    assert roster is not None
    return tuple(sorted(device.reader for device in roster.active_devices()))


def test_a_chain_that_leaves_ours_above_our_height_is_a_fork_too() -> None:
    async def story() -> None:
        phone, deputy = await leader_and_deputy()
        right = list(phone.script.versions)
        phone.script.versions = right[:-1]
        other = Author(phone.script, phone, ("employee", "leader"))
        other.append(roles_change(other.member, ["leader"]))
        assert len(phone.script.versions) > len(right)
        await phone.client.sync.now()
        assert phone.client.sync.status.trouble == "roster_fork"
        assert deputy.member in {person.member for person in phone.client.people.all()}

    asyncio.run(story())


@pytest.mark.parametrize("code", ["device_removed", "wrong_server", "unit_unknown"])
def test_what_the_server_says_of_this_device_is_told(code: str) -> None:
    async def story() -> None:
        phone, _ = await leader_and_deputy()
        phone.script.refuse("GET", "/feed", code, 403)
        with pytest.raises(AppError, match=code):
            await phone.client.sync.now()
        assert phone.client.sync.status.trouble == code
        assert phone.client.sync.status.reachable is True

    asyncio.run(story())


def test_a_forged_roster_version_is_not_pinned() -> None:
    async def story() -> None:
        phone, deputy = await leader_and_deputy()
        real = deputy.version(roles_change(deputy.member, ["leader", "safety_rep"]))
        phone.script.versions.append(spoiled(real))
        with pytest.raises(AppError, match="roster_invalid"):
            await phone.client.sync.now()
        assert phone.client.sync.status.trouble == "roster_invalid"
        assert "safety_rep" not in phone.client.people.get(deputy.member).roles
        phone.script.versions[-1] = real
        await phone.client.sync.now()
        assert "safety_rep" in phone.client.people.get(deputy.member).roles
        assert phone.client.sync.status.trouble == ""

    asyncio.run(story())


@pytest.mark.parametrize("spoil", [True, False])
def test_a_roster_that_can_not_be_followed_stops_no_alarm(spoil: bool) -> None:
    """A lying server's version, or a newer app's: the feed goes on, and that it is not confirmed is said."""

    async def story() -> None:
        phone, deputy = await leader_and_deputy()
        confirmed = phone.client.sync.status.last_confirmed
        strange = deputy.version({"type": "merge"})
        phone.script.head = (2, version_hash(strange))
        phone.script.page_size = 1
        held = {
            "versions": [spoiled(strange) if spoil else strange],
            "height": 2,
            "head": phone.script.head[1],
        }
        phone.script.answers += [("GET", r"/roster\?after", Reply(200, {}, json.dumps(held)))] * 9
        for kind in ("incident.reported", "alarm.raised"):
            deputy.send(deputy.event(kind, {"line": "x"}))
        phone.host.clock += 60_000
        with pytest.raises(AppError, match="update_needed"):
            await phone.client.sync.now()
        assert [alarm.name for alarm in phone.client.alarms.active()] == ["Jonas Vik"]
        assert phone.client.sync.status.last_confirmed == confirmed

    asyncio.run(story())


def test_an_alarm_the_server_knows_by_another_case_holds_up_nothing() -> None:
    """A colleague can write one case inside and another outside; the alarm counts, and asking about it leads nowhere."""

    async def story() -> None:
        phone, deputy = await leader_and_deputy()
        event = deputy.event("alarm.raised")
        outside = replace(event.header(), case=new_id()).text()
        phone.script.add("event", event.id, deputy.seal(event, header=outside), sender=deputy.device)
        for code in ("alarm_unknown", "alarm_unknown"):
            phone.script.refuse("GET", "/alarms/", code, 404)
        late = Author(phone.script, phone, ("employee", "leader"))
        await phone.client.sync.now()
        assert [alarm.case for alarm in phone.client.alarms.active()] == [event.case]
        assert late.device in {reader.device for reader in phone.alarm_store.provisioned[-1].readers}

    asyncio.run(story())


def test_a_thousand_alarms_of_one_phone_do_not_hold_up_another() -> None:
    async def story() -> None:
        phone, deputy = await leader_and_deputy()
        amina = Author(phone.script, phone)
        cases = [deputy.send(deputy.event("alarm.raised"), key=deputy.keys.field).case for _ in range(30)]
        cases.append(amina.send(amina.event("alarm.raised")).case)
        await phone.client.sync.now()
        assert {alarm.case for alarm in phone.client.alarms.active()} == set(cases)
        asked = [path.rpartition("/")[2] for _, path in phone.script.asked if "/alarms/" in path]
        assert sorted(asked) == sorted(cases[-2:])

    asyncio.run(story())


def test_the_alarm_page_is_kept_in_step_although_nothing_can_be_sealed() -> None:
    async def story() -> None:
        phone, _ = await leader_and_deputy()
        late = Author(phone.script, phone, ("employee", "leader"))

        async def broken(plaintext: bytes, header: str, readers: list[Jwk]) -> str:  # the port's names
            raise PortError("cannot_seal")

        phone.sealer.seal = broken  # type: ignore[method-assign]
        with pytest.raises(AppError, match="cannot_seal"):
            await phone.client.sync.now()
        assert late.device in {reader.device for reader in phone.alarm_store.provisioned[-1].readers}

    asyncio.run(story())


def test_the_loop_backs_off_with_jitter_and_a_nudge_wakes_it() -> None:
    async def story() -> None:
        phone, deputy = await leader_and_deputy()
        running = asyncio.ensure_future(phone.client.run())
        await settled()
        assert POLL_SECONDS in phone.clockwork.waits
        phone.script.online = False
        phone.net.nudge()
        await settled()
        phone.clockwork.waits.clear()
        for _ in range(len(RETRY_SECONDS) + 2):
            await phone.clockwork.pass_time(60)
        waits = [wait for wait in phone.clockwork.waits if wait in RETRY_SECONDS]
        assert waits[-3:] == [60.0, 60.0, 60.0]
        assert waits == sorted(waits)
        event = deputy.send(deputy.event("incident.reported", {"line": "x"}))
        phone.script.online = True
        phone.client.host_event("online", {"online": True})
        await settled()
        assert phone.client.incidents.get(event.case) is not None
        await phone.client.stop()
        await running

    asyncio.run(story())


def test_retry_after_is_honoured() -> None:
    async def story() -> None:
        phone, _ = await leader_and_deputy()
        running = asyncio.ensure_future(phone.client.run())
        await settled()
        body = json.dumps({"error": {"code": "rate_limited", "message": "", "detail": ""}})
        phone.script.answers.append(("GET", "/feed", Reply(429, {"retry-after": "77"}, body)))
        phone.clockwork.waits.clear()
        phone.net.nudge()
        await settled()
        assert 77.0 in phone.clockwork.waits
        await phone.client.stop()
        await running

    asyncio.run(story())


def test_while_locked_only_the_outbox_is_flushed() -> None:
    async def story() -> None:
        phone, _ = await leader_and_deputy()
        await one_report(phone)
        await phone.client.gate.lock()
        asked, flushed = len(phone.script.asked), phone.outbox.flushed
        running = asyncio.ensure_future(phone.client.run())
        await settled()
        assert phone.outbox.flushed > flushed
        assert len(phone.script.asked) == asked
        await phone.client.stop()
        await running

    asyncio.run(story())


def test_what_was_sent_while_locked_is_known_after_unlocking() -> None:
    async def story() -> None:
        phone, _ = await leader_and_deputy()
        case = await one_report(phone)
        await phone.client.gate.lock()
        phone.sent()
        await phone.outbox.flush()
        phone.script.online = False
        await phone.client.gate.unlock(PASSPHRASE)
        incident = phone.client.incidents.get(case)
        assert incident is not None
        assert incident.receipt.state is ReceiptState.SENT
        assert case not in phone.vault.outbox

    asyncio.run(story())


def test_it_locks_by_itself_when_nobody_touches_it_and_never_before_text_is_stored() -> None:
    async def story() -> None:
        phone, _ = await leader_and_deputy()
        gate = phone.client.gate
        running = asyncio.ensure_future(phone.client.run())
        await settled()
        await phone.clockwork.pass_time(IDLE_SECONDS - 1)
        gate.touch()
        await phone.clockwork.pass_time(IDLE_SECONDS - 1)
        assert state_of(phone) is GateState.OPEN
        draft = await phone.client.incidents.begin()
        phone.vault.refuse = [PortError("quota_full")] * 3
        with pytest.raises(AppError):
            await phone.client.incidents.save(replace(draft, line="nesten mistet"))
        await phone.clockwork.pass_time(30)
        assert state_of(phone) is GateState.OPEN
        assert phone.client.sync.status.unsaved
        phone.vault.refuse = []
        await phone.clockwork.pass_time(30)
        assert state_of(phone) is GateState.LOCKED
        await gate.unlock(PASSPHRASE)
        assert [d.line for d in phone.client.incidents.drafts()] == ["nesten mistet"]
        await phone.client.stop()
        await running

    asyncio.run(story())


def test_a_mistake_in_one_round_does_not_end_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        phone, deputy = await leader_and_deputy()

        async def broken() -> int:
            raise ZeroDivisionError

        flush, phone.outbox.flush = phone.outbox.flush, broken  # type: ignore[method-assign]
        running = asyncio.ensure_future(phone.client.run())
        await settled()
        assert "ZeroDivisionError" in caplog.text
        phone.outbox.flush = flush  # type: ignore[method-assign]
        event = deputy.send(deputy.event("incident.reported", {"line": "x"}))
        await phone.clockwork.pass_time(60)
        assert phone.client.incidents.get(event.case) is not None
        await phone.client.stop()
        await running

    asyncio.run(story())
