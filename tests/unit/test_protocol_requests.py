"""The signature on a request: what it binds, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from protocol import jose, limits
from protocol.encoding import digest, thumbprint
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import new_id
from protocol.jws import Typ
from protocol.requests import SCHEME, SignedRequest, check_request, read_request

pytestmark = pytest.mark.unit

KEY = jose.generate_key()
BODY = b'{"events":[]}'
CLAIMS = SignedRequest(
    server=new_id(),
    unit=new_id(),
    device=new_id(),
    method="POST",
    path="/api/v1/units/x/events?a=1",
    id=new_id(),
    body=digest(BODY),
    sent=1_750_000_000_000,
    created=(1, 2),
)


def authorization(claims: dict[str, Any] | None = None, typ: str = Typ.REQUEST) -> str:
    payload = CLAIMS.payload() if claims is None else json.dumps(json.loads(CLAIMS.payload()) | claims)
    return f"{SCHEME} {jose.sign(KEY, typ, payload)}"


def arrived(**other: Any) -> dict[str, Any]:
    return {
        "server": CLAIMS.server,
        "unit": CLAIMS.unit,
        "method": CLAIMS.method,
        "path": CLAIMS.path,
        "body": BODY,
    } | other


def test_a_request_there_and_back() -> None:
    claims, kid, jws = read_request(authorization())
    assert claims == CLAIMS
    assert kid == thumbprint(KEY)
    assert jose.verify(jws, jose.public(KEY))
    check_request(claims, **arrived())


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"server": new_id()}, ErrorCode.WRONG_SERVER),
        ({"unit": new_id()}, ErrorCode.WRONG_UNIT),
        ({"method": "GET"}, ErrorCode.SIGNATURE_WRONG),
        ({"path": "/api/v1/units/x/events"}, ErrorCode.SIGNATURE_WRONG),
        ({"body": BODY + b" "}, ErrorCode.SIGNATURE_WRONG),
        ({"body": b""}, ErrorCode.SIGNATURE_WRONG),
    ],
)
def test_a_signature_is_good_for_one_request(other: dict[str, Any], code: ErrorCode) -> None:
    with pytest.raises(ProtocolError) as refused:
        check_request(CLAIMS, **arrived(**other))
    assert refused.value.code is code


def test_an_empty_body_is_signed_as_such() -> None:
    check_request(replace(CLAIMS, body=digest(b"")), **arrived(body=b""))


@pytest.mark.parametrize("header", ["", "Trygg", "Trygg ", "Bearer x.y.z", "trygg x", "Basic QQ=="])
def test_without_our_scheme_it_is_not_signed(header: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        read_request(header)
    assert refused.value.code is ErrorCode.SIGNATURE_MISSING


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"v": 2, "more": 1}, ErrorCode.UPDATE_NEEDED),
        ({"v": None}, ErrorCode.SIGNATURE_WRONG),
        ({"more": 1}, ErrorCode.SIGNATURE_WRONG),
        ({"server": "x"}, ErrorCode.SIGNATURE_WRONG),
        ({"method": 1}, ErrorCode.SIGNATURE_WRONG),
        ({"body": "x"}, ErrorCode.SIGNATURE_WRONG),
        ({"sent": -1}, ErrorCode.SIGNATURE_WRONG),
        ({"sent": True}, ErrorCode.SIGNATURE_WRONG),
        ({"sent": 1.5}, ErrorCode.SIGNATURE_WRONG),
        ({"created": None}, ErrorCode.SIGNATURE_WRONG),
        ({"created": ["1"]}, ErrorCode.SIGNATURE_WRONG),
        ({"created": [1] * (limits.BATCH_EVENTS + 1)}, ErrorCode.SIGNATURE_WRONG),
    ],
)
def test_claims_are_held_to_their_types(claims: dict[str, Any], code: ErrorCode) -> None:
    with pytest.raises(ProtocolError) as refused:
        read_request(authorization(claims))
    assert refused.value.code is code


@pytest.mark.parametrize(
    "typ", [typ for name, typ in vars(Typ).items() if name.isupper() and typ != Typ.REQUEST]
)
def test_no_other_signed_text_passes_as_a_request(typ: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        read_request(authorization(typ=typ))
    assert refused.value.code is ErrorCode.SIGNATURE_WRONG


@pytest.mark.parametrize("jws", ["x", "a.b", "a.b.c", "..", "a.b.c.d", "æ.ø.å", "W10.W10." + "A" * 86])
def test_malformed_signatures(jws: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        read_request(f"{SCHEME} {jws}")
    assert refused.value.code is ErrorCode.SIGNATURE_WRONG
