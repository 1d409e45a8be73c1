"""Both sides of the wire: what the browser seals and signs CPython opens, and the other way round."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from protocol.encoding import b64url, thumbprint
from protocol.envelope import Header, pad, parse_envelope, unpad
from protocol.errors import RULES
from protocol.ids import new_id
from protocol.jose import generate_key, open_envelope, open_package, public, seal, seal_package, sign, verify
from protocol.jws import Typ, peek
from protocol.kinds import Coarse
from tests.support.browser import BrowserContextFactory
from tests.support.device_page import LabDevice, code_of
from tests.support.scripted_server import ScriptedServer

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def device(module_browser_context_factory: BrowserContextFactory) -> Iterator[LabDevice]:
    with ScriptedServer() as server:
        made = LabDevice(module_browser_context_factory(), server)
        made.join()
        yield made


def header(device: LabDevice) -> str:
    return Header(device.server.server, device.server.unit, new_id(), Coarse.OTHER).text()


@pytest.mark.parametrize("others", [0, 1, 7])
def test_the_browser_seals_what_cpython_opens(device: LabDevice, others: int) -> None:
    reader = generate_key()
    readers = [public(reader), *(public(generate_key()) for _ in range(others))]
    plaintext = pad("a.b.c").decode()
    envelope = device.page.evaluate(
        "([text, header, readers]) => trygg.sealer.seal(text, header, readers)",
        [plaintext, header(device), json.dumps(readers)],
    )
    assert parse_envelope(envelope).readers == tuple(thumbprint(key) for key in readers)
    assert open_envelope(envelope, reader).decode() == plaintext


def test_cpython_seals_what_the_browser_opens(
    device: LabDevice, rng: random.Random, count: Callable[[int, int], int]
) -> None:
    for _ in range(count(5, 100)):
        jws = "".join(rng.choices("abcdefghijkl.-_0", k=rng.randrange(1, 5000)))
        readers = [device.keys["encryption"], *(public(generate_key()) for _ in range(rng.randrange(4)))]
        rng.shuffle(readers)
        envelope = seal(pad(jws), header(device), readers)
        opened: str = device.page.evaluate("(envelope) => trygg.sealer.open(envelope)", envelope)
        assert unpad(opened.encode()) == jws


def test_what_is_not_for_us_or_tampered_with_does_not_open(device: LabDevice) -> None:
    page = device.page
    strange = seal(pad("x"), header(device), [public(generate_key())])
    assert code_of(page, "(envelope) => trygg.sealer.open(envelope)", strange).startswith("cannot_open")
    ours: dict[str, Any] = json.loads(seal(pad("x"), header(device), [device.keys["encryption"]]))
    other: dict[str, Any] = json.loads(seal(pad("x"), header(device), [device.keys["encryption"]]))
    for member in ("aad", "iv", "tag", "ciphertext", "recipients"):
        mixed = json.dumps({**ours, member: other[member]})
        assert code_of(page, "(envelope) => trygg.sealer.open(envelope)", mixed).startswith("cannot_open"), (
            member
        )
    assert code_of(page, "(envelope) => trygg.sealer.open(envelope)", "not json").startswith("cannot_open")


def test_signatures_verify_on_both_sides(device: LabDevice) -> None:
    payload = '{"navn":"Åse"}'
    signed = device.page.evaluate(
        "(payload) => trygg.sealer.sign('member', 'tu-event+jws', payload)", payload
    )
    assert verify(signed, device.keys["member"])
    assert not verify(signed, device.keys["field"])
    key = generate_key()
    for jws in (
        sign(key, Typ.JOIN, payload),
        device.page.evaluate(
            "([key, payload]) => trygg.sealer.signWith(key, 'tu-join+jws', payload)",
            [json.dumps(key), payload],
        ),
    ):
        assert verify(jws, public(key))
        ask = "([jws, key]) => trygg.sealer.verify(jws, key)"
        assert device.page.evaluate(ask, [jws, json.dumps(public(key))])
        assert not device.page.evaluate(ask, [jws, json.dumps(public(generate_key()))])
        head, body, signature = jws.split(".")
        for forged in (
            f"{head}.{b64url(b'{}')}.{signature}",
            f"{b64url(json.dumps({'alg': 'none', 'kid': 'x', 'typ': 'y'}).encode())}.{body}.",
            f"{head}.{body}.{signature}.{signature}",
            jws + " ",
        ):
            assert not device.page.evaluate(ask, [forged, json.dumps(public(key))])


def test_a_header_with_more_than_it_needs_is_refused(device: LabDevice) -> None:
    """A true signature over {alg, kid, typ, crit} is still no signature of ours."""
    made = device.page.evaluate(
        """async () => {
          const pair = await crypto.subtle.generateKey({name: 'ECDSA', namedCurve: 'P-256'}, true, ['sign', 'verify']);
          const b64 = (text) => btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
          const input = b64(JSON.stringify({alg: 'ES256', kid: 'x', typ: 'y', crit: ['b64'], b64: false})) + '.' + b64('{}');
          const signature = await crypto.subtle.sign({name: 'ECDSA', hash: 'SHA-256'}, pair.privateKey, new TextEncoder().encode(input));
          const jws = input + '.' + b64(String.fromCharCode(...new Uint8Array(signature)));
          return trygg.sealer.verify(jws, JSON.stringify(await crypto.subtle.exportKey('jwk', pair.publicKey)));
        }"""
    )
    assert made is False


def test_packages_open_on_both_sides(device: LabDevice) -> None:
    secret, salt, info, text = (
        bytes(range(32)),
        new_id(),
        "trygg-ute invite package v1",
        '{"unit_name":"Bjørk"}',
    )
    sealed = device.page.evaluate(
        "(given) => trygg.sealer.sealPackage(...given)", [b64url(secret), salt, info, text]
    )
    assert open_package(secret, salt, info, sealed) == text
    opens = "(given) => trygg.sealer.openPackage(...given)"
    package = seal_package(secret, salt, info, text)
    assert device.page.evaluate(opens, [b64url(secret), salt, info, package]) == text
    for wrong in (
        [b64url(bytes(32)), salt, info],
        [b64url(secret), new_id(), info],
        [b64url(secret), salt, "x"],
    ):
        assert code_of(device.page, opens, [*wrong, package]).startswith("cannot_open")


def test_one_time_keys_are_private_jwks_of_the_allowed_shape(device: LabDevice) -> None:
    key = json.loads(device.page.evaluate("() => trygg.keys.oneTime()"))
    assert sorted(key) == ["crv", "d", "kty", "x", "y"]
    signed = sign(key, Typ.JOIN, "{}")
    assert peek(signed, Typ.JOIN, next(iter(RULES))).kid == thumbprint(key)


def test_the_browser_knows_which_refusals_pass(device: LabDevice) -> None:
    known = set(device.page.evaluate("() => [...lab.PASSING]"))
    assert known == {str(code) for code, rule in RULES.items() if not rule.permanent}
