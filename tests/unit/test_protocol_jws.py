"""What may stand in a compact JWS before anybody has verified it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import jose
from protocol.encoding import b64url, compact_json, thumbprint, unb64url
from protocol.errors import ErrorCode, ProtocolError
from protocol.jws import Typ, is_public_p256, peek, signed_by

pytestmark = pytest.mark.unit

KEY = jose.generate_key()
HEAD = {"alg": "ES256", "kid": thumbprint(KEY), "typ": Typ.GRANT}


def text(head: Any = HEAD, payload: bytes = b'{"a":1}', signature: bytes = bytes(64)) -> str:
    return f"{b64url(compact_json(head).encode())}.{b64url(payload)}.{b64url(signature)}"


def test_a_jws_is_read_without_being_trusted() -> None:
    read = peek(text(), Typ.GRANT, ErrorCode.ROSTER_INVALID)
    assert (read.kid, read.payload) == (thumbprint(KEY), {"a": 1})
    assert signed_by(read, text(), jose.public(KEY), ErrorCode.ROSTER_INVALID).jwk == jose.public(KEY)
    with pytest.raises(ProtocolError) as refused:
        signed_by(read, text(), jose.public(jose.generate_key()), ErrorCode.ROSTER_INVALID)
    assert refused.value.code is ErrorCode.ROSTER_INVALID


@pytest.mark.parametrize(
    "jws",
    [
        text({**HEAD, "alg": "none"}),
        text({**HEAD, "alg": "HS256"}),
        text({**HEAD, "kid": "kari"}),
        text({**HEAD, "kid": None}),
        text({**HEAD, "kid": thumbprint(KEY) + "\n"}),
        text({**HEAD, "typ": Typ.JOIN}),
        text({**HEAD, "crit": []}),
        text({"alg": "ES256", "typ": Typ.GRANT}),
        text([]),
        text(None),
        text(payload=b"[]"),
        text(payload=b"1"),
        text(payload=b'{"a":1,"a":2}'),
        text(payload='{"a":"æ"}'.encode("latin-1")),
        text(payload=b"\xef\xbb\xbf{}"),
        text(payload=b"[" * 100_000),
        text(signature=bytes(63)),
        text(signature=b""),
        text() + "=",
        text() + ".",
        text().rsplit(".", 1)[0],
        "",
        "..",
    ],
)
def test_any_other_shape_is_refused(jws: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        peek(jws, Typ.GRANT, ErrorCode.ROSTER_INVALID)
    assert refused.value.code is ErrorCode.ROSTER_INVALID


@given(st.text())
def test_any_text_is_refused_and_nothing_else_happens(jws: str) -> None:
    with pytest.raises(ProtocolError):
        peek(jws, Typ.GRANT, ErrorCode.ROSTER_INVALID)


def moved(jwk: dict[str, str], member: str, by: int) -> dict[str, str]:
    number = (int.from_bytes(unb64url(jwk[member]), "big") + by) % 2**256
    return {**jwk, member: b64url(number.to_bytes(32, "big"))}


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "x",
        {},
        {**jose.public(KEY), "kid": "x"},
        {**jose.public(KEY), "y": None},
        {**jose.public(KEY), "y": b64url(bytes(31))},
        moved(jose.public(KEY), "x", 1),
        moved(jose.public(KEY), "y", 1),
        {**jose.public(KEY), "x": b64url(bytes(32)), "y": b64url(bytes(32))},
        {**jose.public(KEY), "x": b64url(b"\xff" * 32)},
    ],
)
def test_what_is_no_public_key(value: object) -> None:
    assert not is_public_p256(value)


def test_a_key_is_a_point_of_the_curve_by_the_same_measure_as_the_library() -> None:
    for _ in range(20):
        assert is_public_p256(jose.public(jose.generate_key()))
