"""Founding, joining, inviting, and keeping the alarm page in step: also when answers are lost and apps are killed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from mobile_app.ports import VaultState
from mobile_app.services.client import AppError, GateState
from mobile_app.services.inviting import NewInvite
from protocol.encoding import b64url
from protocol.invites import parse_link
from protocol.roster import RECOVERY_INFO
from protocol.words import decode_code, fingerprint_words
from tests.support.fake_ports import PASSPHRASE, Author, Phone, folded, spoiled

pytestmark = pytest.mark.unit


def test_a_unit_is_founded_and_its_recovery_codes_open_its_recovery_keys() -> None:
    async def story() -> None:
        phone = Phone()
        await phone.client.gate.start()
        assert phone.client.gate.state is GateState.NEW
        sheet = await phone.client.founding.found(
            " token ", "  Hjelpemidler,  Lillevik ", "Kari Nordmo", " 9 ", PASSPHRASE
        )
        client, roster = phone.client, folded(phone.script.versions)
        assert roster is not None
        assert client.gate.state is GateState.OPEN
        assert client.people.unit_name == sheet.unit_name == "Hjelpemidler, Lillevik"
        assert client.people.words == sheet.fingerprint_words == tuple(fingerprint_words(roster.root))
        me = client.people.me
        assert (me.name, me.phone, me.roles) == ("Kari Nordmo", "9", frozenset({"leader", "employee"}))
        for use, words, sealed, public in (
            (
                "encryption",
                sheet.encryption_words,
                roster.recovery.sealed_encryption,
                roster.recovery.encryption,
            ),
            ("signing", sheet.signing_words, roster.recovery.sealed_signing, roster.recovery.signing),
        ):
            code = decode_code(" ".join(words))
            opened = await phone.sealer.open_package(code, roster.unit, RECOVERY_INFO[use], sealed)
            assert public["x"] in opened

    asyncio.run(story())


def test_the_recovery_codes_survive_a_kill_until_they_are_written_down() -> None:
    async def story() -> None:
        phone = Phone()
        await phone.found()
        sheet = phone.client.founding.sheet()
        assert sheet is not None
        client = await phone.restart()
        assert client.founding.sheet() == sheet
        await client.founding.written_down()
        assert client.founding.sheet() is None
        assert (await phone.restart()).founding.sheet() is None
        assert sheet.signing_words[0] not in {
            word for row in phone.vault.rows.values() for word in row.split('"')
        }

    asyncio.run(story())


def test_founding_goes_on_after_a_wrong_token_with_the_same_keys() -> None:
    async def story() -> None:
        phone = Phone()
        phone.script.refuse("POST", "/units$", "setup_token_wrong", 403)
        phone.script.refuse("POST", "/challenges", "unit_unknown", 404)
        with pytest.raises(AppError, match="setup_token_wrong"):
            await phone.client.founding.found("wrong", "Enhet", "Kari", "", PASSPHRASE)
        assert phone.client.gate.state is GateState.NEW
        with pytest.raises(AppError, match="wrong_passphrase") as caught:
            await phone.client.founding.found("right", "Enhet", "Kari", "", "another")
        assert caught.value.wait == 4
        await phone.client.founding.found("right", "Ny enhet", "Kari", "", PASSPHRASE)
        assert phone.client.people.unit_name == "Ny enhet"
        with pytest.raises(AppError, match="vault_exists"):
            await phone.client.founding.found("x", "Enhet", "Kari", "", PASSPHRASE)

    asyncio.run(story())


def test_founding_goes_on_after_an_end_between_the_vault_and_its_first_row() -> None:
    async def story() -> None:
        phone = Phone()
        keys = await phone.keys.generate()
        await phone.vault.create(PASSPHRASE)
        client = await phone.restart()
        assert client.gate.state is GateState.NEW
        await client.founding.found("token", "Enhet", "Kari", "", PASSPHRASE)
        roster = folded(phone.script.versions)
        assert roster is not None
        assert [device.member_key for device in roster.devices.values()] == [keys.member]

    asyncio.run(story())


def test_a_name_that_is_too_long_is_said_to_be_so_before_anything_is_made() -> None:
    async def story() -> None:
        phone = Phone()
        for unit, name in (("E" * 81, "Kari"), ("Enhet", "K" * 81)):
            with pytest.raises(AppError, match="name_too_long"):
                await phone.client.founding.found("token", unit, name, "", PASSPHRASE)
        await phone.client.founding.found("token", "E" * 80, "Kari", "", PASSPHRASE)
        assert phone.client.people.unit_name == "E" * 80

    asyncio.run(story())


def test_the_first_screen_does_not_wait_for_the_promise_to_keep_our_storage() -> None:
    async def story() -> None:
        phone = Phone()
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        phone.host.persist = lambda: answer  # type: ignore[method-assign,assignment,return-value]
        await phone.client.gate.start()
        assert phone.client.gate.state is GateState.NEW
        assert phone.client.gate.storage_promised
        told = asyncio.Event()
        phone.client.subscribe(told.set)
        answer.set_result(False)
        await told.wait()
        assert not phone.client.gate.storage_promised

    asyncio.run(story())


@pytest.mark.parametrize("killed", [True, False])
def test_a_founding_whose_answer_was_lost_is_found_out(killed: bool) -> None:
    async def story() -> None:
        phone = Phone()
        phone.script.swallow = ("POST", "/units$")
        with pytest.raises(AppError, match="timeout"):
            await phone.client.founding.found("token", "Enhet", "Kari", "", PASSPHRASE)
        phone.script.swallow = None
        if killed:
            client = await phone.restart()
        else:
            client = phone.client
            phone.script.refuse("POST", "/units$", "setup_token_wrong", 403)
            await client.founding.found("token", "Enhet", "Kari", "", PASSPHRASE)
        assert client.gate.state is GateState.OPEN
        assert client.founding.sheet() is not None

    asyncio.run(story())


def test_names_are_needed_before_anything_is_made() -> None:
    async def story() -> None:
        phone = Phone()
        for unit, name in (("", "Kari"), ("Enhet", "  ")):
            with pytest.raises(AppError, match="incomplete"):
                await phone.client.founding.found("token", unit, name, "", PASSPHRASE)
        assert await phone.vault.state() is VaultState.NONE
        phone.script.online = False
        with pytest.raises(AppError, match="offline"):
            await phone.client.founding.found("token", "Enhet", "Kari", "", PASSPHRASE)
        assert await phone.vault.state() is VaultState.NONE

    asyncio.run(story())


async def invited(role: str = "employee") -> tuple[Phone, NewInvite, Phone]:
    """A leader's phone, an invite, and a new phone at the same server."""
    leader = Phone()
    await leader.found()
    invite = await leader.client.inviting.invite(role)
    return leader, invite, Phone(leader.script)


def test_an_invite_is_previewed_used_and_shows_the_same_words() -> None:
    async def story() -> None:
        leader, invite, phone = await invited("safety_rep")
        assert invite.link.startswith("https://trygg.example/bli-med#")
        preview = await phone.client.joining.preview(f"Hei! {invite.link} ")
        assert (preview.unit_name, preview.inviter, preview.roles) == (
            "Hjelpemidler, Lillevik",
            "Kari Nordmo",
            ("employee", "safety_rep"),
        )
        assert preview.words == invite.words == leader.client.people.words
        await phone.client.joining.join("Siv Aasen", "411", PASSPHRASE)
        people = {person.name: person for person in phone.client.people.all()}
        assert people["Siv Aasen"].is_me
        assert people["Kari Nordmo"].phone == "900 00 000", "known from the invite before any event has come"
        setup = await phone.alarm_store.setup()
        assert setup is not None
        assert [contact.name for contact in setup.contacts] == ["Kari Nordmo"]
        assert {reader.member for reader in setup.readers} == {
            people["Siv Aasen"].member,
            people["Kari Nordmo"].member,
        }

    asyncio.run(story())


def test_a_link_to_another_root_is_refused_whatever_the_server_says() -> None:
    async def story() -> None:
        _, invite, phone = await invited()
        link = parse_link(invite.link)
        other = replace(link, root=b64url(bytes(32)))
        with pytest.raises(AppError, match="roster_invalid"):
            await phone.client.joining.preview(other.url("https://trygg.example"))
        with pytest.raises(AppError, match="cannot_open"):
            await phone.client.joining.preview(replace(link, secret=bytes(32)).fragment())
        with pytest.raises(AppError, match="invite_malformed"):
            await phone.client.joining.preview("https://trygg.example/bli-med")
        with pytest.raises(AppError, match="words_unknown"):
            await phone.client.joining.join("Siv", "", PASSPHRASE)
        assert await phone.vault.state() is VaultState.NONE

    asyncio.run(story())


def test_a_grant_the_leader_did_not_sign_is_refused() -> None:
    async def story() -> None:
        _, invite, phone = await invited()
        assert phone.script.invite is not None
        phone.script.invite["grant"] = spoiled(phone.script.invite["grant"])
        with pytest.raises(AppError, match="roster_invalid: grant"):
            await phone.client.joining.preview(invite.link)

    asyncio.run(story())


@pytest.mark.parametrize("code", ["invite_used", "invite_expired", "invite_revoked", "invite_unknown"])
def test_a_spent_invite_is_told_as_it_is(code: str) -> None:
    async def story() -> None:
        _, invite, phone = await invited()
        phone.script.refuse("GET", "/invites/", code, 410)
        with pytest.raises(AppError, match=code):
            await phone.client.joining.preview(invite.link)

    asyncio.run(story())


def test_joining_makes_its_version_anew_when_somebody_elses_came_first() -> None:
    async def story() -> None:
        leader, invite, phone = await invited()
        await phone.client.joining.preview(invite.link)
        Author(leader.script, leader)
        phone.script.refuse("POST", "/roster", "roster_conflict", 409)
        await phone.client.joining.join("Amina Yusuf", "", PASSPHRASE)
        roster = folded(phone.script.versions)
        assert roster is not None
        assert roster.height == 2
        assert phone.client.people.me.member in roster.members

    asyncio.run(story())


@pytest.mark.parametrize("way", ["again", "killed"])
def test_a_join_whose_answer_was_lost_is_found_out(way: str) -> None:
    async def story() -> None:
        _, invite, phone = await invited()
        await phone.client.joining.preview(invite.link)
        phone.script.swallow = ("POST", "/roster$")
        with pytest.raises(AppError, match="timeout"):
            await phone.client.joining.join("Amina", "4", PASSPHRASE)
        phone.script.swallow = None
        versions = len(phone.script.versions)
        if way == "killed":
            client = await phone.restart()
        else:
            client = phone.client
            await client.joining.join("Amina", "4", PASSPHRASE)
        assert client.gate.state is GateState.OPEN
        assert len(phone.script.versions) == versions
        assert {person.name for person in client.people.all()} == {"Amina", "Kari Nordmo"}

    asyncio.run(story())


def test_a_refused_join_keeps_the_invite_and_the_link() -> None:
    async def story() -> None:
        _, invite, phone = await invited()
        await phone.client.joining.preview(invite.link)
        phone.script.refuse("POST", "/roster", "overloaded", 503)
        with pytest.raises(AppError, match="overloaded"):
            await phone.client.joining.join("Amina", "", PASSPHRASE)
        phone.script.refuse("POST", "/challenges", "device_unknown", 403)
        client = await phone.restart()
        assert client.gate.state is GateState.NEW
        link = client.joining.unfinished_link
        assert link is not None
        await client.joining.preview(link)
        phone.script.refuse("POST", "/challenges", "device_unknown", 403)
        await client.joining.join("Amina Yusuf", "", PASSPHRASE)
        assert client.people.me.name == "Amina Yusuf"

    asyncio.run(story())


def test_only_leaders_invite() -> None:
    async def story() -> None:
        leader, invite, phone = await invited()
        await phone.client.joining.preview(invite.link)
        await phone.client.joining.join("Amina", "", PASSPHRASE)
        with pytest.raises(AppError, match="not_allowed"):
            await phone.client.inviting.invite("employee")
        with pytest.raises(AppError, match="not_allowed"):
            await leader.client.inviting.invite("king")

    asyncio.run(story())


def test_my_name_is_told_again_when_the_unit_gets_a_device_and_only_then() -> None:
    async def story() -> None:
        phone = Phone()
        await phone.found()

        def told() -> int:
            return len([row for row in phone.vault.tables()["events"] if row["kind"] == "profile.set"])

        assert told() == 1
        await phone.client.sync.now()
        assert told() == 1
        amina = Author(phone.script, phone)
        await phone.client.sync.now()
        assert told() == 2
        newest = max(phone.vault.tables()["events"], key=lambda row: row["written"])
        assert amina.roster().devices[amina.device].reader in newest["readers"]
        await phone.client.sync.now()
        assert told() == 2

    asyncio.run(story())


def test_a_profile_is_believed_only_from_its_own_member() -> None:
    async def story() -> None:
        phone = Phone()
        await phone.found()
        amina, per = Author(phone.script, phone), Author(phone.script, phone)
        amina.send(amina.event("profile.set", {"name": "Amina"}, case=amina.member))
        per.send(per.event("profile.set", {"name": "Kari selv"}, case=amina.member))
        await phone.client.sync.now()
        assert phone.client.people.get(amina.member).name == "Amina"
        assert phone.client.people.get(per.member).name == ""

    asyncio.run(story())


def test_the_alarm_page_follows_visit_and_roster() -> None:
    async def story() -> None:
        phone = Phone()
        await phone.found()
        setup = await phone.alarm_store.setup()
        assert setup is not None
        assert (setup.contacts, setup.visit) == ([], "")
        jonas = Author(phone.script, phone, ("employee", "leader"))
        jonas.send(jonas.event("profile.set", {"name": "Jonas Vik", "phone": "8"}, case=jonas.member))
        await phone.client.sync.now()
        setup = await phone.alarm_store.setup()
        assert setup is not None
        assert [(c.name, c.phone, c.keys) for c in setup.contacts] == [
            ("Jonas Vik", "8", [jonas.keys.public().member])
        ]
        draft = await phone.client.visits.begin("home_visit")
        visit = await phone.client.visits.plan(replace(draft, place="Bekkelia 2", minutes=45))
        started = await phone.client.visits.start(visit.case)
        setup = await phone.alarm_store.setup()
        assert setup is not None
        assert (setup.visit, setup.visit_until) == (visit.case, started.until), "before start has returned"
        await phone.client.visits.extend(visit.case, 15)
        await phone.client.visits.check_out(visit.case)
        setup = await phone.alarm_store.setup()
        assert setup is not None
        assert (setup.visit, setup.visit_until) == ("", 0)
        count = len(phone.alarm_store.provisioned)
        await phone.client.sync.now()
        assert len(phone.alarm_store.provisioned) == count

    asyncio.run(story())


def test_a_vault_open_elsewhere_is_said_so_until_it_is_free() -> None:
    async def story() -> None:
        phone = Phone()
        states = [VaultState.ELSEWHERE, VaultState.NONE]

        async def state() -> VaultState:
            return states.pop(0)

        phone.vault.state = state  # type: ignore[method-assign]
        await phone.client.gate.start()
        shown = [phone.client.gate.state]
        found = asyncio.Event()
        phone.client.subscribe(found.set)
        phone.client.host_event("free", {})
        await asyncio.wait_for(found.wait(), 5)
        assert [*shown, phone.client.gate.state] == [GateState.ELSEWHERE, GateState.NEW]

    asyncio.run(story())
