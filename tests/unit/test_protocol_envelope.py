"""The one shape an envelope may have. A mutation is either refused or means exactly the same."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import jose, limits
from protocol.encoding import b64url, compact_json, unb64url
from protocol.envelope import Envelope, Header, pad, parse_envelope, parse_header, unpad
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import new_id
from protocol.kinds import ACTS, Act, Coarse
from protocol.times import LONGEST_SECONDS

pytestmark = pytest.mark.unit

KEYS = [jose.generate_key() for _ in range(3)]
HEADER = Header(new_id(), new_id(), new_id(), Coarse.DEADLINE, new_id(), Act.ARM, False, 3600, 600)
TEXT = jose.seal(pad("signed"), HEADER.text(), [jose.public(key) for key in KEYS])


def refused(text: str) -> ErrorCode:
    with pytest.raises(ProtocolError) as refusal:
        parse_envelope(text)
    return refusal.value.code


def with_header(**changes: Any) -> str:
    """The header's text with some members replaced; None takes one out."""
    members = json.loads(HEADER.text()) | changes
    return compact_json({name: value for name, value in members.items() if value is not None})


@st.composite
def headers(draw: st.DrawFn) -> Header:
    kind = draw(st.sampled_from(Coarse))
    act = draw(st.sampled_from(sorted(ACTS[kind]))) if ACTS[kind] else None
    timed = act in (Act.ARM, Act.EXTEND)
    seconds = st.integers(0, LONGEST_SECONDS)
    return Header(
        new_id(),
        new_id(),
        new_id(),
        kind,
        new_id() if act else None,
        act,
        draw(st.booleans()),
        draw(seconds) if timed else None,
        draw(st.none() | seconds) if timed else None,
    )


@given(headers())
def test_headers_there_and_back(header: Header) -> None:
    assert parse_header(header.text()) == header


def test_an_envelope_is_read() -> None:
    envelope = parse_envelope(TEXT)
    assert envelope.header == HEADER
    assert len(envelope.readers) == len(KEYS)
    assert envelope.text == TEXT


@pytest.mark.parametrize(
    "changes",
    [
        {"server": "x"},
        {"unit": 1},
        {"id": None},
        {"kind": "secret"},
        {"kind": ["urgent"]},
        {"kind": None},
        {"act": "raise"},
        {"act": ["arm"]},
        {"act": None},
        {"case": None},
        {"case": []},
        {"drill": 1},
        {"drill": "no"},
        {"duration": None},
        {"duration": -1},
        {"duration": True},
        {"duration": 1.5},
        {"duration": LONGEST_SECONDS + 1},
        {"grace": "600"},
        {"v": 0},
        {"v": True},
        {"v": 1.0},
        {"v": "1"},
        {"v": None},
        {"name": "Kari"},
        {"act": "check_out"},
        {"kind": "other"},
        {"kind": "other", "act": None},
        {"kind": "other", "act": None, "case": None},
        {"kind": "urgent", "act": "raise"},
    ],
)
def test_headers_that_say_too_much_or_too_little(changes: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_header(with_header(**changes))
    assert refusal.value.code is ErrorCode.ENVELOPE_INVALID


@pytest.mark.parametrize("text", ["", "[]", "1", "null", "{", '{"v":1}', '{"v":1,"v":2}'])
def test_headers_that_are_none(text: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_header(text)
    assert refusal.value.code is ErrorCode.ENVELOPE_INVALID


def test_a_newer_version_asks_for_an_update_whatever_else_it_holds() -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_header('{"v":2,"something":"new"}')
    assert refusal.value.code is ErrorCode.UPDATE_NEEDED
    raw = json.loads(TEXT)
    raw["aad"] = b64url(b'{"v":2}')
    assert refused(compact_json(raw)) is ErrorCode.UPDATE_NEEDED


def change_at(raw: Any, path: list[Any], value: Any) -> str:
    raw = copy.deepcopy(raw)
    inner = raw
    for name in path[:-1]:
        inner = inner[name]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return compact_json(raw)


RAW = json.loads(TEXT)
OTHER_EPK = {**RAW["recipients"][0]["header"]["epk"]}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["unprotected"], {"zip": "DEF"}),
        (["header"], {}),
        (["protected"], ...),
        (["protected"], b64url(b'{"typ":"tu-event+jwe","enc":"A256GCM"}')),
        (["protected"], b64url(b'{"enc": "A256GCM","typ":"tu-event+jwe"}')),
        (["protected"], b64url(b'{"enc":"A128GCM","typ":"tu-event+jwe"}')),
        (["protected"], b64url(b'{"enc":"A256GCM","typ":"tu-event+jwe","zip":"DEF"}')),
        (["protected"], None),
        (["aad"], ...),
        (["aad"], b64url(b"\xff\xfe{}")),
        (["aad"], b64url("{}".encode("utf-16"))),
        (["aad"], RAW["aad"] + "="),
        (["aad"], 1),
        (["iv"], b64url(bytes(16))),
        (["iv"], []),
        (["tag"], b64url(bytes(12))),
        (["ciphertext"], b64url(bytes(2047))),
        (["ciphertext"], b64url(bytes(131_072))),
        (["ciphertext"], ""),
        (["recipients"], []),
        (["recipients"], {}),
        (["recipients"], [RAW["recipients"][0]] * 2),
        (["recipients"], [None]),
        (["recipients", 0, "header"], None),
        (["recipients", 0, "encrypted_key"], b64url(bytes(32))),
        (["recipients", 0, "name"], "Kari"),
        (["recipients", 0, "header", "alg"], "ECDH-ES"),
        (["recipients", 0, "header", "alg"], ["ECDH-ES+A256KW"]),
        (["recipients", 0, "header", "kid"], "kari"),
        (["recipients", 0, "header", "kid"], [RAW["recipients"][0]["header"]["kid"]]),
        (["recipients", 0, "header", "apu"], "S2FyaQ"),
        (["recipients", 0, "header", "epk"], ...),
        (["recipients", 0, "header", "epk"], {**OTHER_EPK, "d": OTHER_EPK["x"]}),
        (["recipients", 0, "header", "epk"], {**OTHER_EPK, "crv": "P-384"}),
        (["recipients", 0, "header", "epk"], {**OTHER_EPK, "x": "short"}),
        (["recipients", 0, "header", "epk"], {**OTHER_EPK, "x": 5}),
    ],
)
def test_other_shapes_are_refused(path: list[Any], value: Any) -> None:
    assert refused(change_at(RAW, path, value)) is ErrorCode.ENVELOPE_INVALID


@pytest.mark.parametrize(
    "text", ["", "null", "[]", '"x"', "{}", "[" * 50_000, TEXT + "x", '{"a":"\ud800"}', TEXT[:-1]]
)
def test_what_is_no_envelope_at_all(text: str) -> None:
    assert refused(text) is ErrorCode.ENVELOPE_INVALID


def test_a_member_twice_is_refused() -> None:
    assert refused('{"tag":"x",' + TEXT[1:]) is ErrorCode.ENVELOPE_INVALID


def test_too_large_and_too_many() -> None:
    assert refused(TEXT + " " * limits.ENVELOPE_BYTES) is ErrorCode.TOO_LARGE
    entry = RAW["recipients"][0]
    many = [
        {**entry, "header": {**entry["header"], "kid": b64url(number.to_bytes(32, "big"))}}
        for number in range(limits.READERS + 1)
    ]
    assert refused(change_at(RAW, ["recipients"], many)) is ErrorCode.ENVELOPE_INVALID
    assert len(parse_envelope(change_at(RAW, ["recipients"], many[1:])).readers) == limits.READERS


def meaning(text: str) -> tuple[Any, ...]:
    """All an envelope says, spelled out."""
    raw = json.loads(text)
    parts = tuple(unb64url(raw[name]) for name in ("protected", "aad", "iv", "ciphertext", "tag"))
    entries = tuple(
        (
            entry["header"]["alg"],
            entry["header"]["kid"],
            tuple(sorted(entry["header"]["epk"].items())),
            unb64url(entry["encrypted_key"]),
        )
        for entry in raw["recipients"]
    )
    return parts, entries


@given(st.data())
def test_a_mutation_is_refused_or_means_something_an_envelope_may_mean(data: st.DataObject) -> None:
    """Any character replaced, inserted or removed: what is still accepted has the strict shape and says what it then holds."""
    position = data.draw(st.integers(0, len(TEXT)))
    new = data.draw(st.text(st.characters(max_codepoint=0x2FF, exclude_categories=["Cs"]), max_size=2))
    removed = data.draw(st.integers(0, 2))
    mutated = TEXT[:position] + new + TEXT[position + removed :]
    try:
        envelope = parse_envelope(mutated)
    except ProtocolError:
        return
    check_strict(mutated, envelope)
    # And the cryptography: either nothing that counts has changed, or it opens for nobody it was changed for.
    if meaning(mutated) != meaning(TEXT):
        opened = [opens(mutated, key) for key in KEYS]
        assert not all(opened)


def check_strict(text: str, envelope: Envelope) -> None:
    raw = json.loads(text)
    assert set(raw) == {"protected", "aad", "recipients", "iv", "ciphertext", "tag"}
    assert parse_header(unb64url(raw["aad"]).decode()) == envelope.header
    assert [entry["header"]["kid"] for entry in raw["recipients"]] == list(envelope.readers)
    assert raw["protected"] == RAW["protected"]


def opens(text: str, key: dict[str, str]) -> bool:
    try:
        return jose.open_envelope(text, key) == pad("signed")
    except ProtocolError:
        return False


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    st.data(),
)
def test_any_value_in_any_place_never_crashes(value: Any, data: st.DataObject) -> None:
    paths: list[list[Any]] = [[name] for name in RAW]
    paths += [["recipients", 0], ["recipients", 0, "header"], ["recipients", 0, "encrypted_key"]]
    paths += [["recipients", 0, "header", name] for name in ("alg", "kid", "epk")]
    paths += [["recipients", 0, "header", "epk", name] for name in OTHER_EPK]
    text = json.dumps(json.loads(change_at(RAW, data.draw(st.sampled_from(paths)), value)))
    assert refused(text) is ErrorCode.ENVELOPE_INVALID


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    st.sampled_from(["v", "server", "unit", "id", "kind", "case", "act", "drill", "duration", "grace", "x"]),
)
def test_any_value_in_a_header_never_crashes(value: Any, name: str) -> None:
    text = json.dumps({**json.loads(HEADER.text()), name: value})
    code, header = None, None
    try:
        header = parse_header(text)
    except ProtocolError as refusal:
        code = refusal.code
    if header is None:
        assert code in (ErrorCode.ENVELOPE_INVALID, ErrorCode.UPDATE_NEEDED)
    else:
        assert parse_header(header.text()) == header


@given(st.integers(0, limits.EVENT_BYTES))
def test_padding_hides_the_length(size: int) -> None:
    padded = pad("x" * size)
    assert len(padded) in limits.PADDING_STEPS
    assert len(padded) // 2 < max(size, 1025)
    assert unpad(padded) == "x" * size


def test_padding_ends_somewhere() -> None:
    with pytest.raises(ProtocolError) as refusal:
        pad("x" * (limits.EVENT_BYTES + 1))
    assert refusal.value.code is ErrorCode.TOO_LARGE
    with pytest.raises(ProtocolError) as refusal:
        unpad("å".encode())
    assert refusal.value.code is ErrorCode.EVENT_INVALID
