"""Invite links, grants and join statements."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import jose, limits
from protocol.encoding import b64url, digest, thumbprint
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import new_id
from protocol.invites import (
    JOIN_PATH,
    PACKAGE_INFO,
    SECRET_BYTES,
    InviteLink,
    parse_link,
    read_grant,
    read_join,
)
from protocol.jws import Typ
from tests.support.protocol_unit import Person, Unit

pytestmark = pytest.mark.unit

UNIT = Unit()
INVITE = UNIT.invite("employee", "safety_rep")
KEYS = {name: jose.public(jose.generate_key()) for name in ("field", "member_key", "encryption")}
JOIN = {name: new_id() for name in ("invite", "server", "unit", "member", "device")} | KEYS | {"v": 1}
LINK = InviteLink(new_id(), secrets.token_bytes(SECRET_BYTES), digest(b"root"))


@given(
    st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES),
    st.sampled_from(["", " ", "Bli med her:\n", "(https://x.test/a#b) "]),
)
def test_links_there_and_back(secret: bytes, before: str) -> None:
    link = InviteLink(new_id(), secret, digest(secret))
    for text in (link.url("https://trygg.test"), link.fragment(), f"#{link.fragment()}"):
        assert parse_link(f"{before}{text} \n") == link


def test_the_secret_stands_in_the_fragment_only() -> None:
    path, _, fragment = LINK.url("https://trygg.test").partition("#")
    assert path == f"https://trygg.test{JOIN_PATH}"
    assert b64url(LINK.secret) in fragment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://trygg.test/bli-med",
        LINK.fragment()[:-1],
        LINK.fragment() + "x",
        LINK.fragment() + " takk",
        LINK.fragment().replace(".", "-"),
        LINK.fragment().upper(),
        f"{'0' * 36}.{b64url(LINK.secret)}.{LINK.root}",
        f"{LINK.id}.{'A' * 42}B.{LINK.root}",  # not a canonical secret
    ],
)
def test_links_cut_off_or_changed(text: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse_link(text)
    assert refused.value.code is ErrorCode.INVITE_MALFORMED


def test_a_package_opens_with_the_link_alone() -> None:
    package = jose.seal_package(LINK.secret, LINK.id, PACKAGE_INFO, "{}")
    link = parse_link(LINK.fragment())
    assert jose.open_package(link.secret, link.id, PACKAGE_INFO, package) == "{}"
    with pytest.raises(jose.CannotOpen):
        jose.open_package(link.secret, new_id(), PACKAGE_INFO, package)


def test_a_grant_there_and_back() -> None:
    assert read_grant(INVITE.jws) == (INVITE.grant, thumbprint(UNIT.leader.member_key))


def test_a_join_there_and_back() -> None:
    join, kid = read_join(jose.sign(INVITE.key, Typ.JOIN, json.dumps(JOIN)))
    assert json.loads(join.payload()) == JOIN
    assert kid == thumbprint(INVITE.grant.key)


BAD_GRANTS: list[dict[str, Any]] = [
    {"v": True},
    {"v": "1"},
    {"id": "x"},
    {"roles": []},
    {"roles": "leader"},
    {"roles": ["leader", "leader"]},
    {"roles": ["Leader"]},
    {"roles": [["leader"]]},
    {"roles": [f"role_{number}" for number in "abcdefghi"]},
    {"key": {}},
    {"key": INVITE.key},
    {"roster": ""},
    {"created": -1},
    {"hours": 0},
    {"hours": True},
    {"hours": limits.INVITE_HOURS + 1},
    {"more": 1},
]


@pytest.mark.parametrize("changes", BAD_GRANTS)
def test_grants_are_held_to_their_types(changes: dict[str, Any]) -> None:
    payload = json.loads(INVITE.grant.payload()) | changes
    with pytest.raises(ProtocolError) as refused:
        read_grant(jose.sign(UNIT.leader.member_key, Typ.GRANT, json.dumps(payload)))
    assert refused.value.code is ErrorCode.ROSTER_INVALID


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 1.0},
        {"member": 1},
        {"device": None},
        {"field": {}},
        {"encryption": jose.generate_key()},
        {"name": "Kari"},
    ],
)
def test_joins_are_held_to_their_types(changes: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as refused:
        read_join(jose.sign(INVITE.key, Typ.JOIN, json.dumps(JOIN | changes)))
    assert refused.value.code is ErrorCode.ROSTER_INVALID


def test_newer_grants_and_joins_wait_for_an_update() -> None:
    for read, typ in ((read_grant, Typ.GRANT), (read_join, Typ.JOIN)):
        with pytest.raises(ProtocolError) as refused:
            read(jose.sign(INVITE.key, typ, '{"v":2}'))
        assert refused.value.code is ErrorCode.UPDATE_NEEDED


@pytest.mark.parametrize("typ", [typ for name, typ in vars(Typ).items() if name.isupper()])
def test_grants_and_joins_are_not_mixed_up_with_anything(typ: str) -> None:
    person = Person()
    if typ != Typ.GRANT:
        with pytest.raises(ProtocolError):
            read_grant(jose.sign(person.member_key, typ, INVITE.grant.payload()))
    if typ != Typ.JOIN:
        with pytest.raises(ProtocolError):
            read_join(jose.sign(person.member_key, typ, json.dumps(JOIN)))
