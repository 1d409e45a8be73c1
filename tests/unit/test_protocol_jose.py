"""Sealing and signing on CPython, against everything that must not open or verify."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey

from protocol import jose, limits
from protocol.encoding import b64url, compact_json, thumbprint, unb64url
from protocol.envelope import Header, pad, parse_envelope, unpad
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import new_id
from protocol.jws import Typ, is_public_p256, peek
from protocol.kinds import Coarse

pytestmark = pytest.mark.unit

KEY, OTHER = jose.generate_key(), jose.generate_key()


def header() -> str:
    return Header(new_id(), new_id(), new_id(), Coarse.OTHER).text()


def signed(head: dict[str, Any], payload: bytes = b"{}") -> str:
    """A JWS with any header, signed as it should be over exactly what it says."""
    text = f"{b64url(json.dumps(head).encode())}.{b64url(payload)}"
    private = ECKey.import_key(dict(KEY)).private_key
    assert private is not None
    r, s = utils.decode_dss_signature(private.sign(text.encode(), ec.ECDSA(SHA256())))
    return f"{text}.{b64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def test_keys_have_the_members_the_wire_has() -> None:
    assert set(KEY) == {"crv", "d", "kty", "x", "y"}
    assert is_public_p256(jose.public(KEY))
    assert not is_public_p256(KEY)
    # Coordinates that start with a zero byte keep their 32 bytes: one key in 128 has one.
    assert all(len(unb64url(jose.generate_key()[name])) == 32 for _ in range(300) for name in ("d", "x", "y"))


def test_signature_verifies_with_its_key_alone() -> None:
    jws = jose.sign(KEY, Typ.EVENT, '{"å":1}')
    assert jose.verify(jws, jose.public(KEY))
    assert not jose.verify(jws, jose.public(OTHER))
    read = peek(jws, Typ.EVENT, ErrorCode.EVENT_INVALID)
    assert read.kid == thumbprint(KEY)
    assert read.payload == {"å": 1}


@given(position=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_bit_of_a_signed_text_can_change(position: int, bit: int) -> None:
    jws = jose.sign(KEY, Typ.EVENT, compact_json({"a": "b" * 40}))
    data = bytearray(jws.encode())
    data[position % len(data)] ^= 1 << bit
    assert not jose.verify(data.decode("latin-1"), jose.public(KEY))


GOOD = {"alg": "ES256", "kid": thumbprint(KEY), "typ": Typ.EVENT}


def test_the_hand_made_signature_of_these_tests_is_right() -> None:
    assert jose.verify(signed(GOOD), jose.public(KEY))


@pytest.mark.parametrize(
    "head",
    [
        {**GOOD, "alg": "none"},
        {**GOOD, "alg": "HS256"},
        {**GOOD, "alg": "ES384"},
        {**GOOD, "b64": False, "crit": ["b64"]},
        {**GOOD, "crit": []},
        {**GOOD, "jwk": jose.public(KEY)},
        {**GOOD, "jku": "https://example.test/keys"},
        {"alg": "ES256"},
        {},
        [],
        "ES256",
        None,
    ],
)
def test_other_headers_never_verify(head: Any) -> None:
    assert not jose.verify(signed(head), jose.public(KEY))


@given(st.text() | st.binary().map(lambda data: b64url(data) + "." + b64url(data) + "." + b64url(data)))
def test_verify_never_raises(text: str) -> None:
    assert jose.verify(text, jose.public(KEY)) is False


@pytest.mark.parametrize(
    "key",
    [
        {},
        {**jose.public(KEY), "crv": "P-384"},
        {**jose.public(KEY), "x": b64url(b"\1" * 32)},  # not on the curve
        {**jose.public(KEY), "x": b64url(b"\xff" * 32)},  # beyond the field
        {**jose.public(KEY), "x": "æ"},
        {**jose.public(KEY), "kty": "oct", "k": "AA"},
        KEY,
    ],
)
def test_verify_with_something_that_is_no_public_key(key: dict[str, str]) -> None:
    assert not jose.verify(jose.sign(KEY, Typ.EVENT, "{}"), key)


@pytest.mark.parametrize("count", [1, 2, 17, limits.READERS])
def test_every_reader_opens_and_nobody_else(count: int) -> None:
    keys = [jose.generate_key() for _ in range(count)]
    text, head = pad("x" * 3000), header()
    envelope = jose.seal(text, head, [jose.public(key) for key in keys])
    assert parse_envelope(envelope).readers == tuple(thumbprint(key) for key in keys)
    assert parse_envelope(envelope).header.text() == head
    for key in (keys[0], keys[-1]):
        assert jose.open_envelope(envelope, key) == text
    with pytest.raises(jose.CannotOpen):
        jose.open_envelope(envelope, OTHER)


@pytest.mark.parametrize("step", limits.PADDING_STEPS)
def test_every_size_fits_and_opens(step: int) -> None:
    text = pad("x" * step)
    assert len(text) == step
    assert jose.open_envelope(jose.seal(text, header(), [jose.public(KEY)]), KEY) == text


def test_the_largest_event_to_the_most_readers_is_within_the_limit() -> None:
    keys = [jose.public(jose.generate_key()) for _ in range(limits.READERS)]
    envelope = jose.seal(pad("x" * limits.EVENT_BYTES), header(), keys)
    assert len(envelope) <= limits.ENVELOPE_BYTES
    # A batch carries the envelope as a JSON string, its quotes escaped.
    assert len(json.dumps({"events": [{"id": new_id(), "envelope": envelope}]})) <= limits.BATCH_BYTES


def test_two_seals_of_one_text_have_nothing_in_common() -> None:
    one, two = (json.loads(jose.seal(pad("x"), header(), [jose.public(KEY)])) for _ in range(2))
    for name in ("iv", "ciphertext", "tag"):
        assert one[name] != two[name]
    assert one["recipients"][0]["header"]["epk"] != two["recipients"][0]["header"]["epk"]


def test_seal_makes_nothing_the_server_would_refuse() -> None:
    reader = jose.public(KEY)
    for plaintext, head, readers in (
        (b"not padded", header(), [reader]),
        (pad("x"), "{}", [reader]),
        (pad("x"), header(), [reader, reader]),
        (pad("x"), header(), [reader] * (limits.READERS + 1)),
    ):
        with pytest.raises(ProtocolError) as refused:
            jose.seal(plaintext, head, readers)
        assert refused.value.code is ErrorCode.ENVELOPE_INVALID
    with pytest.raises(ValueError, match="P-256"):
        jose.seal(pad("x"), header(), [KEY])


@pytest.mark.parametrize("member", ["aad", "iv", "ciphertext", "tag", "encrypted_key", "epk"])
def test_tampering_is_seen(member: str) -> None:
    raw = json.loads(jose.seal(pad("x"), header(), [jose.public(KEY), jose.public(OTHER)]))
    mine = raw["recipients"][0]
    if member == "encrypted_key":
        mine["encrypted_key"] = raw["recipients"][1]["encrypted_key"]
    elif member == "epk":
        mine["header"]["epk"] = raw["recipients"][1]["header"]["epk"]
    elif member == "aad":
        raw["aad"] = b64url(header().encode())
    else:
        data = bytearray(unb64url(raw[member]))
        data[0] ^= 1
        raw[member] = b64url(bytes(data))
    with pytest.raises(jose.CannotOpen):
        jose.open_envelope(compact_json(raw), KEY)


def test_an_ephemeral_key_off_the_curve_opens_nothing() -> None:
    raw = json.loads(jose.seal(pad("x"), header(), [jose.public(KEY)]))
    raw["recipients"][0]["header"]["epk"]["y"] = b64url(b"\2" * 32)
    with pytest.raises(ProtocolError) as refused:
        jose.open_envelope(compact_json(raw), KEY)
    assert refused.value.code is ErrorCode.ENVELOPE_INVALID


def test_a_damaged_entry_of_another_reader_harms_nobody_else() -> None:
    raw = json.loads(jose.seal(pad("x"), header(), [jose.public(KEY), jose.public(OTHER)]))
    raw["recipients"][1]["encrypted_key"] = b64url(b"\0" * 40)
    assert unpad(jose.open_envelope(compact_json(raw), KEY)) == "x"


def test_cannot_open_is_a_protocol_error_and_holds_no_content() -> None:
    assert issubclass(jose.CannotOpen, ProtocolError)
    with pytest.raises(ProtocolError) as refused:
        jose.open_envelope("{}", KEY)
    assert refused.value.code is ErrorCode.ENVELOPE_INVALID
    assert not isinstance(refused.value, jose.CannotOpen)


@given(st.binary(min_size=16, max_size=32), st.text(max_size=40), st.text(max_size=40), st.text(max_size=300))
def test_package_there_and_back(secret: bytes, salt: str, info: str, text: str) -> None:
    package = jose.seal_package(secret, salt, info, text)
    assert jose.open_package(secret, salt, info, package) == text
    others = (
        (bytes([secret[0] ^ 1]) + secret[1:], salt, info),
        (secret, salt + "x", info),
        (secret, salt, info + "x"),
    )
    for other in others:
        with pytest.raises(jose.CannotOpen):
            jose.open_package(*other, package)


def test_the_largest_package_opens() -> None:
    text = "å" * (limits.PACKAGE_BYTES // 2)
    assert jose.open_package(b"s" * 32, "a", "b", jose.seal_package(b"s" * 32, "a", "b", text)) == text


@pytest.mark.parametrize(
    "head",
    [
        {"alg": "dir", "enc": "A256GCM", "zip": "DEF"},
        {"alg": "dir", "enc": "A256GCM", "kid": "x"},
        {"alg": "A256KW", "enc": "A256GCM"},
        {"alg": "dir", "enc": "A128GCM"},
        [],
    ],
)
def test_packages_of_another_make_stay_shut(head: Any) -> None:
    parts = jose.seal_package(b"s" * 32, "a", "b", "text").split(".")
    parts[0] = b64url(json.dumps(head).encode())
    with pytest.raises(jose.CannotOpen):
        jose.open_package(b"s" * 32, "a", "b", ".".join(parts))


@pytest.mark.parametrize("more", [{"kid": "x"}, {"zip": "DEF"}])
def test_a_well_sealed_package_with_another_header_stays_shut(more: dict[str, str]) -> None:
    """Sealed by the holder of the secret, so that nothing but the header speaks against it."""
    key = OctKey.import_key(jose.derive(b"s" * 32, "a", "b"))
    registry = jwe.JWERegistry(algorithms=["dir", "A256GCM", "DEF"])
    for head, opens in ((jose.PACKAGE_HEADER, True), ({**jose.PACKAGE_HEADER, **more}, False)):
        package = jwe.encrypt_compact(dict(head), b"text", key, registry=registry)
        if opens:
            assert jose.open_package(b"s" * 32, "a", "b", package) == "text"
            continue
        with pytest.raises(jose.CannotOpen):
            jose.open_package(b"s" * 32, "a", "b", package)


@given(st.text(max_size=60))
def test_any_text_is_no_package(text: str) -> None:
    with pytest.raises(jose.CannotOpen):
        jose.open_package(b"s" * 32, "a", "b", text)


def test_hkdf_is_that_of_rfc_5869() -> None:
    # The two steps of RFC 5869 §2 by hand.
    extracted = hmac.new("sælt".encode(), b"secret", hashlib.sha256).digest()
    expanded = hmac.new(extracted, b"info" + b"\1", hashlib.sha256).digest()
    assert jose.derive(b"secret", "sælt", "info") == expanded
