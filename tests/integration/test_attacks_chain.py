"""Real server, real clients: what a colleague or a stranger with an invite tries against an alarm."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from protocol import jose
from protocol.encoding import b64url, compact_json
from protocol.errors import ErrorCode
from protocol.ids import new_id
from protocol.invites import PACKAGE_INFO, Join, parse_link
from protocol.jws import Typ
from protocol.roster import join_change, step, version_payload
from tests.conftest import ServerFactory
from tests.support.server_client import error_code, loopback
from tests.support.simulated import Fleet, Person, Story

pytestmark = pytest.mark.integration


async def rings(sender: Person, leader: Person) -> str:
    """An alarm by `sender` reaches `leader`, place and all. Returns the case."""
    case = await sender.device.raise_alarm()
    await sender.device.native.alarm_store.tell_position(62.73, 7.16, 8.0)
    alarm = await leader.until(
        lambda c: next((a for a in c.alarms.active() if a.case == case and a.position), None),
        "the alarm and where it is",
    )
    assert alarm is not None
    assert alarm.position is not None
    assert (alarm.position.latitude, alarm.position.longitude, alarm.position.accuracy) == (62.73, 7.16, 8.0)
    assert alarm.position.at > 0
    return case


def test_an_invite_used_with_a_key_that_is_none_changes_nothing(
    server_factory: ServerFactory, tell: Callable[[Story], None]
) -> None:
    """Whoever gets hold of an invite could else put a key into the roster that makes everybody's sealing fail."""
    server = server_factory()

    async def story(fleet: Fleet) -> None:
        kari = await fleet.founder("Kari Nordmo", server.url, server.setup_link)
        amina = await fleet.joiner("Amina Yusuf", server.url, kari)
        link = parse_link((await kari.client.inviting.invite("employee")).link)
        refused = await asyncio.to_thread(join_badly, server.url, link.id, link.secret)
        assert refused == ErrorCode.ROSTER_INVALID
        assert {row.state for row in await kari.client.inviting.refresh() if row.id == link.id} == {"open"}
        await rings(amina, kari)

    tell(story)


def join_badly(url: str, invite: str, secret: bytes) -> str:
    """Use an invite as its rightful owner would, but for the encryption key. Returns the server's answer."""
    wire = loopback(url)
    view = wire("GET", f"/api/v1/invites/{invite}").json()
    roster = None
    for version in view["roster"]:
        roster = step(roster, version).roster
    assert roster is not None
    one_time = jose.open_package(secret, invite, PACKAGE_INFO, view["package"])
    member_key, member, device = jose.generate_key(), new_id(), new_id()
    off_the_curve = {**jose.public(jose.generate_key()), "y": b64url(b"\2" * 32)}
    keys = jose.public(jose.generate_key()), jose.public(member_key), off_the_curve
    join = Join(invite, roster.server, roster.unit, member, device, *keys)
    version = version_payload(
        server=roster.server,
        unit=roster.unit,
        height=roster.height + 1,
        prev=roster.head,
        member=member,
        device=device,
        created=0,
        change=join_change(view["grant"], jose.sign(json.loads(one_time)["key"], Typ.JOIN, join.payload())),
    )
    body = compact_json({"version": jose.sign(member_key, Typ.ROSTER, version)})
    return error_code(wire("POST", f"/api/v1/units/{roster.unit}/roster", body))
