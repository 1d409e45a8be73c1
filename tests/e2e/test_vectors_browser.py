"""The same known answers in a real Chromium, through the device's own JavaScript; and each side opens what the other makes now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from protocol import jose, limits
from protocol.encoding import b64url, compact_json, digest, thumbprint, unb64url
from protocol.envelope import pad, parse_envelope, unpad
from protocol.events import read_event
from protocol.jws import Typ
from protocol.requests import check_request, read_request
from tests.support.browser import BrowserContextFactory
from tests.support.protocol_unit import Person, Unit, seal_event
from tests.support.vector_lab import call, open_lab
from tests.support.vectors import load

pytestmark = pytest.mark.e2e

ENVELOPES = ["envelope_cpython", "envelope_browser", "envelope_browser_one_reader"]
MAKERS = ["cpython", "browser"]


@pytest.fixture(scope="module")
def lab(module_browser_context_factory: BrowserContextFactory) -> Iterator[Page]:
    page = open_lab(module_browser_context_factory())
    assert page.evaluate("isSecureContext")
    yield page
    page.close()


def fails(answer: Any, code: str) -> bool:
    return isinstance(answer, dict) and str(answer.get("error", "")).startswith(code)


@pytest.mark.parametrize("maker", MAKERS)
def test_signed_events_verify(lab: Page, maker: str) -> None:
    vector = load("signed_event")
    assert call(lab, "verifyText", vector["jws"][maker], vector["signer"]) is True
    assert call(lab, "verifyText", vector["jws"][maker], jose.public(jose.generate_key())) is False
    fresh = call(lab, "sign", vector["private"], Typ.EVENT, vector["payload"])
    assert jose.verify(fresh, vector["signer"])
    assert fresh.split(".")[:2] == vector["jws"]["browser"].split(".")[:2]


@pytest.mark.parametrize("name", ENVELOPES)
def test_envelopes_open_for_each_reader(lab: Page, name: str) -> None:
    vector = load(name)
    for key in vector["readers"]:
        jws = call(lab, "open", vector["envelope"], key).rstrip(" ")
        assert call(lab, "verifyText", jws, vector["signer"]) is True
        assert unb64url(jws.split(".")[1]).decode() == vector["payload"]
    assert fails(call(lab, "open", vector["envelope"], jose.generate_key()), "cannot_open")


@pytest.mark.parametrize("member", ["aad", "iv", "ciphertext", "tag", "protected"])
def test_a_tampered_envelope_opens_for_nobody(lab: Page, member: str) -> None:
    vector = load("envelope_cpython")
    raw = json.loads(vector["envelope"])
    data = bytearray(unb64url(raw[member]))
    data[0] ^= 1
    raw[member] = b64url(bytes(data))
    assert fails(call(lab, "open", compact_json(raw), vector["readers"][0]), "cannot_open")


def test_statement_and_roster_signatures_verify(lab: Page) -> None:
    statement = load("statement")
    assert call(lab, "verifyText", statement["jws"], statement["signer"]) is True
    for checks in load("roster")["checks"]:
        for jws, key in checks:
            assert call(lab, "verifyText", jws, key) is True


@pytest.mark.parametrize("maker", MAKERS)
def test_packages_open(lab: Page, maker: str) -> None:
    vector = load("invite_package")
    given = (vector["secret"], vector["salt"], vector["info"], vector["package"][maker])
    assert call(lab, "openPackage", *given) == vector["plaintext"]
    assert fails(call(lab, "openPackage", vector["secret"], "x", *given[2:]), "cannot_open")
    recovery = load("recovery_code")
    given = (recovery["code"], recovery["unit"], recovery["info"], recovery["sealed"])
    assert call(lab, "openPackage", *given) == recovery["plaintext"]


def test_a_request_signed_now_is_taken(lab: Page) -> None:
    vector, private = load("request"), load("signed_event")["private"]
    rest = [vector["unit"], vector["method"], vector["path"], vector["body"], vector["created"], vector["id"]]
    header = call(lab, "authorization", private, vector["server"], vector["device"], rest)
    claims, _, jws = read_request(header)
    assert jose.verify(jws, vector["signer"])
    given = {name: vector[name] for name in ("server", "unit", "method", "path")}
    check_request(claims, **given, body=vector["body"].encode())


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("size", [limits.PADDING_STEPS[0], limits.EVENT_BYTES])
def test_each_side_opens_what_the_other_seals(lab: Page, count: int, size: int) -> None:
    unit, author = Unit(), Person()
    private = [jose.generate_key() for _ in range(count)]
    readers = [jose.public(key) for key in private]
    event = unit.event(author, "incident.reported", readers, body={"line": "æ" * (size // 4)})
    if size == limits.PADDING_STEPS[0]:
        event = unit.event(author, "incident.reported", readers, body={"line": "æøå ☂"})
    jws = call(lab, "sign", author.member_key, Typ.EVENT, event.payload())
    envelope = call(lab, "seal", pad(jws).decode(), event.header().text(), readers)
    for key in private:
        inside = unpad(jose.open_envelope(envelope, key))
        assert jose.verify(inside, jose.public(author.member_key))
        opened = read_event(parse_envelope(envelope), inside)
        assert opened.event == event
        assert not opened.mismatch

    ours = seal_event(event, author.member_key, readers)
    for key in private:
        inside = call(lab, "open", ours, key).rstrip(" ")
        assert unb64url(inside.split(".")[1]).decode() == event.payload()
        assert call(lab, "verifyText", inside, jose.public(author.member_key)) is True


def test_both_sides_name_keys_and_write_json_alike(lab: Page) -> None:
    key = jose.public(jose.generate_key())
    assert call(lab, "thumbprint", key) == thumbprint(key)
    value = {"b": [1, {"ø": None, "a": True}], "a": 'Blåbær ☂ 𝄞 "\\ \n \u2028', "Z": 0.5}
    assert call(lab, "compactJson", value) == compact_json(value)
    assert call(lab, "digest", "Blåbær") == digest("Blåbær".encode())


@pytest.mark.parametrize(
    "head", [{"alg": "none"}, {"alg": "HS256"}, {"crit": ["b64"], "b64": False}, {"jwk": {}}]
)
def test_the_browser_refuses_other_signatures_too(lab: Page, head: dict[str, Any]) -> None:
    vector = load("signed_event")
    first, body, signature = vector["jws"]["cpython"].split(".")
    changed = b64url(compact_json(json.loads(unb64url(first)) | head).encode())
    assert call(lab, "verifyText", f"{changed}.{body}.{signature}", vector["signer"]) is False
