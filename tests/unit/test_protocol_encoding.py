"""Bytes and JSON: one spelling each, and nothing that two languages would read differently."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.encoding import b64url, compact_json, digest, parse_json, thumbprint, unb64url
from protocol.ids import is_digest, is_id, new_id
from protocol.times import LONGEST_SECONDS, is_seconds, is_time

pytestmark = pytest.mark.unit

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=200))
def test_base64url_there_and_back(data: bytes) -> None:
    assert unb64url(b64url(data)) == data


@given(st.text(max_size=12))
def test_base64url_has_one_spelling(text: str) -> None:
    try:
        data = unb64url(text)
    except ValueError:
        return
    assert b64url(data) == text


@pytest.mark.parametrize("text", ["=", "QQ==", "QR", "Q", "a+/b", "QUI ", "QUI\n", "æøå", "\ud800"])
def test_base64url_refuses_other_spellings(text: str) -> None:
    with pytest.raises(ValueError, match=r"base64url|ASCII"):
        unb64url(text)


@given(json_values)
def test_json_there_and_back(value: Any) -> None:
    assert parse_json(compact_json(value)) == value
    assert parse_json(compact_json(value).encode()) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"x":{"a":1,"\\u0061":2}}',
        "NaN",
        "[Infinity]",
        "[-Infinity]",
        "[1e999]",
        "[9007199254740992]",
        "[-9007199254740992]",
        "[" + "9" * 5000 + "]",
        '"\\ud800"',
        '{"\\udfff":1}',
        '"\ud800"',
        "[" * 100_000,
        "[" * 65 + "]" * 65,
        '{"a":' * 5_000 + "0" + "}" * 5_000,
        '["\\"",' * 65 + "0" + "]" * 65,
        "",
        "\ufeff{}",
        "{} {}",
    ],
)
def test_json_refuses_what_is_read_differently_elsewhere(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1"])
def test_json_is_utf8_only(encoding: str) -> None:
    data = json.dumps({"å": "æ"}, ensure_ascii=False).encode(encoding)
    with pytest.raises(ValueError, match=r"."):
        parse_json(data)


def test_compact_json_is_sorted_bare_and_finite() -> None:
    assert compact_json({"b": [1, 2], "a": "å"}) == '{"a":"å","b":[1,2]}'
    with pytest.raises(ValueError, match="JSON compliant"):
        compact_json(float("nan"))


def test_thumbprint_is_that_of_rfc_7638() -> None:
    # An independent calculation: the members in the order of RFC 7638 §3.2, hashed.
    jwk = {"kty": "EC", "crv": "P-256", "x": b64url(b"x" * 32), "y": b64url(b"y" * 32), "d": "secret"}
    text = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    assert thumbprint(jwk) == digest(text.encode())
    assert is_digest(thumbprint(jwk))


def test_ids_are_random_version_4() -> None:
    ids = {new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(map(is_id, ids))


@pytest.mark.parametrize(
    "value",
    [
        "018f9c1e-7b1a-7c3d-9e2f-0123456789ab",  # version 7
        "0D2B7C0E-3F1A-4C3D-9E2F-0123456789AB",  # upper case
        "0d2b7c0e3f1a4c3d9e2f0123456789ab",
        "0d2b7c0e-3f1a-4c3d-9e2f-0123456789ab\n",
        "0d2b7c0e-3f1a-4c3d-ce2f-0123456789ab",  # another variant
        "",
        None,
        4,
        ["0d2b7c0e-3f1a-4c3d-9e2f-0123456789ab"],
    ],
)
def test_other_ids_are_refused(value: object) -> None:
    assert not is_id(value)


@pytest.mark.parametrize("value", [True, 1.0, -1, 2**53, "1", None])
def test_times_are_whole_and_exact_everywhere(value: object) -> None:
    assert not is_time(value)
    assert is_time(0)
    assert is_time(2**53 - 1)


def test_durations_end_at_a_week() -> None:
    assert is_seconds(LONGEST_SECONDS)
    assert not is_seconds(LONGEST_SECONDS + 1)
    assert not is_seconds(True)


def test_json_may_be_wide_but_not_deep() -> None:
    """A stack that overflows ends the browser's Python for good, so depth is counted before anything recurses."""
    for text in ("[" * 64 + "]" * 64, "[" + "[]," * 500 + "[]]", '["' + "[{" * 500 + '","\\"[[","\\\\"]'):
        assert parse_json(text) == json.loads(text)
