"""Acknowledgements of an alarm."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protocol import jose
from protocol.encoding import digest, thumbprint
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import new_id
from protocol.jws import Typ
from protocol.statements import AckState, Statement, read_statement

pytestmark = pytest.mark.unit

KEY = jose.generate_key()
IDS = [new_id() for _ in range(6)]


def statement(state: AckState = AckState.SEEN) -> Statement:
    server, unit, case, member, device, own = IDS
    return Statement(own, server, unit, case, member, device, state, digest(b"roster"), 1)


@pytest.mark.parametrize("state", AckState)
def test_a_statement_there_and_back(state: AckState) -> None:
    jws = jose.sign(KEY, Typ.STATEMENT, statement(state).payload())
    assert read_statement(jws) == (statement(state), thumbprint(KEY))
    assert jose.verify(jws, jose.public(KEY))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"v": 3, "more": 1}, ErrorCode.UPDATE_NEEDED),
        ({"state": "asleep"}, ErrorCode.UPDATE_NEEDED),
        ({"v": False}, ErrorCode.STATEMENT_INVALID),
        ({"state": ["seen"]}, ErrorCode.STATEMENT_INVALID),
        ({"state": None}, ErrorCode.STATEMENT_INVALID),
        ({"case": "x"}, ErrorCode.STATEMENT_INVALID),
        ({"member": None}, ErrorCode.STATEMENT_INVALID),
        ({"roster": IDS[0]}, ErrorCode.STATEMENT_INVALID),
        ({"created": True}, ErrorCode.STATEMENT_INVALID),
        ({"note": "på vei"}, ErrorCode.STATEMENT_INVALID),
    ],
)
def test_members_are_held_to_their_types(changes: dict[str, Any], code: ErrorCode) -> None:
    payload = json.loads(statement().payload()) | changes
    with pytest.raises(ProtocolError) as refused:
        read_statement(jose.sign(KEY, Typ.STATEMENT, json.dumps(payload)))
    assert refused.value.code is code


@pytest.mark.parametrize(
    "typ", [typ for name, typ in vars(Typ).items() if name.isupper() and typ != Typ.STATEMENT]
)
def test_no_other_signed_text_passes_as_a_statement(typ: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        read_statement(jose.sign(KEY, typ, statement().payload()))
    assert refused.value.code is ErrorCode.STATEMENT_INVALID
