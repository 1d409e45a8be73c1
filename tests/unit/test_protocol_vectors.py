"""Texts made once, by CPython and by a browser, still open and verify. Whatever breaks this breaks what people have stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protocol import jose
from protocol.encoding import thumbprint, unb64url
from protocol.envelope import parse_envelope, unpad
from protocol.errors import ErrorCode
from protocol.events import read_event
from protocol.jws import SignatureCheck, Typ, peek
from protocol.requests import check_request, read_request
from protocol.roster import Roster, step
from protocol.statements import AckState, read_statement
from protocol.words import decode_code, encode_code, fingerprint_words
from tests.support.vectors import VECTORS, load

pytestmark = pytest.mark.unit

ENVELOPES = ["envelope_cpython", "envelope_browser", "envelope_browser_one_reader"]
MAKERS = ["cpython", "browser"]


def test_no_vector_is_forgotten() -> None:
    assert sorted(path.stem for path in VECTORS.glob("*.json")) == sorted(
        [*ENVELOPES, "signed_event", "request", "statement", "roster", "invite_package", "recovery_code"]
    )


@pytest.mark.parametrize("maker", MAKERS)
def test_signed_events_verify(maker: str) -> None:
    vector = load("signed_event")
    jws = vector["jws"][maker]
    assert jose.verify(jws, vector["signer"])
    assert unb64url(jws.split(".")[1]).decode() == vector["payload"]
    assert peek(jws, Typ.EVENT, ErrorCode.EVENT_INVALID).kid == thumbprint(vector["signer"])
    # ES256 is randomised, its header and payload are not: both sides write them byte for byte alike.
    fresh = jose.sign(vector["private"], Typ.EVENT, vector["payload"])
    assert fresh.split(".")[1] == jws.split(".")[1]
    assert json.loads(unb64url(fresh.split(".")[0])) == json.loads(unb64url(jws.split(".")[0]))


@pytest.mark.parametrize("name", ENVELOPES)
def test_envelopes_open_for_each_reader(name: str) -> None:
    vector = load(name)
    envelope = parse_envelope(vector["envelope"])
    assert envelope.header.text() == vector["header"]
    assert envelope.readers == tuple(thumbprint(key) for key in vector["readers"])
    for key in vector["readers"]:
        jws = unpad(jose.open_envelope(vector["envelope"], key))
        assert jose.verify(jws, vector["signer"])
        opened = read_event(envelope, jws)
        assert opened.event.payload() == vector["payload"]
        assert opened.mismatch == (len(vector["readers"]) == 1)  # sealed to fewer than it names, on purpose
    with pytest.raises(jose.CannotOpen):
        jose.open_envelope(vector["envelope"], jose.generate_key())


def test_envelopes_of_both_makers_have_one_shape() -> None:
    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: shape(inner) for name, inner in value.items()}
        return [shape(inner) for inner in value] if isinstance(value, list) else len(value)

    ours, theirs = (json.loads(load(name)["envelope"]) for name in ENVELOPES[:2])
    assert shape(ours) == shape(theirs)
    assert ours["protected"] == theirs["protected"]
    assert ours["aad"] == theirs["aad"]


@pytest.mark.parametrize("maker", MAKERS)
def test_signed_requests_verify(maker: str) -> None:
    vector = load("request")
    claims, kid, jws = read_request(vector["authorization"][maker])
    assert jose.verify(jws, vector["signer"])
    assert kid == thumbprint(vector["signer"])
    assert (claims.device, claims.id, list(claims.created)) == (
        vector["device"],
        vector["id"],
        vector["created"],
    )
    given = {name: vector[name] for name in ("server", "unit", "method", "path")}
    check_request(claims, **given, body=vector["body"].encode())


def test_the_statement_verifies() -> None:
    vector = load("statement")
    statement, kid = read_statement(vector["jws"])
    assert jose.verify(vector["jws"], vector["signer"])
    assert kid == thumbprint(vector["signer"])
    assert statement.state is AckState.TAKEN
    assert statement.payload() == vector["payload"]


def test_the_roster_is_followed_to_its_end() -> None:
    vector = load("roster")
    roster: Roster | None = None
    for height, version in enumerate(vector["versions"]):
        taken = step(roster, version)
        roster = taken.roster
        assert taken.checks == tuple(SignatureCheck(*check) for check in vector["checks"][height])
        assert all(jose.verify(check.jws, check.jwk) for check in taken.checks)
        assert (roster.height, roster.head) == (height, vector["heads"][height])
        assert taken.invite == (vector["invite"] if height == 1 else None)
    assert roster is not None
    assert roster.unit == vector["unit"]
    assert roster.members[vector["joined"]["member"]].roles == set(vector["joined"]["roles"])
    assert [device.id for device in roster.devices_of(vector["leader"]["member"])] == [
        vector["leader"]["device"]
    ]
    assert fingerprint_words(roster.root) == vector["fingerprint"]


@pytest.mark.parametrize("maker", MAKERS)
def test_invite_packages_open(maker: str) -> None:
    vector = load("invite_package")
    secret = unb64url(vector["secret"])
    assert (
        jose.open_package(secret, vector["salt"], vector["info"], vector["package"][maker])
        == vector["plaintext"]
    )


def test_the_recovery_code_opens_the_recovery_key() -> None:
    vector = load("recovery_code")
    code = decode_code(" ".join(vector["words"]))
    assert code == unb64url(vector["code"])
    assert encode_code(code) == vector["words"]
    assert jose.open_package(code, vector["unit"], vector["info"], vector["sealed"]) == vector["plaintext"]
