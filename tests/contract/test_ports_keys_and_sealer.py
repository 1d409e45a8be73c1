"""Ports `Keys` and `Sealer`: one suite for both platforms, each against `protocol.jose` as the other side of the wire."""

from __future__ import annotations

import json

import pytest

from mobile_app.ports import PortError
from protocol import jose
from protocol.encoding import b64url, compact_json, thumbprint, unb64url
from protocol.envelope import Header, pad, parse_envelope
from protocol.errors import ErrorCode
from protocol.ids import new_id
from protocol.jws import Typ, is_public_p256, peek
from protocol.kinds import Act, Coarse
from tests.support.port_rigs import PASSPHRASE, Rig

pytestmark = pytest.mark.contract

PAYLOAD = compact_json({"text": "Blåbær på Ås", "n": 1})


def header() -> str:
    """The header of an alarm, with ids of its own."""
    return Header(new_id(), new_id(), new_id(), Coarse.URGENT, new_id(), Act.RAISE).text()


def changed(envelope: str, member: str) -> str:
    """The envelope with one bit of a member turned."""
    raw = json.loads(envelope)
    data = bytearray(unb64url(raw[member]))
    data[0] ^= 1
    raw[member] = b64url(bytes(data))
    return compact_json(raw)


def refused(rig: Rig, code: str, coroutine: object) -> None:
    """The coroutine ends in a PortError with this code."""
    with pytest.raises(PortError) as failure:
        rig.run(coroutine)  # type: ignore[arg-type]
    assert failure.value.code == code


def test_device_keys_are_three_different_public_keys(rig: Rig) -> None:
    keys = rig.run(rig.keys.generate())
    assert all(is_public_p256(key) for key in (keys.field, keys.member, keys.encryption))
    assert len({thumbprint(key) for key in (keys.field, keys.member, keys.encryption)}) == 3


def test_the_keys_of_an_open_vault_are_known_again_after_a_restart(rig: Rig) -> None:
    made = rig.run(rig.keys.generate())
    rig.run(rig.vault.create(PASSPHRASE))
    assert rig.run(rig.keys.kept()) == made
    rig.run(rig.reopen())
    refused(rig, "vault_locked", rig.keys.kept())
    rig.run(rig.vault.unlock(PASSPHRASE))
    assert rig.run(rig.keys.kept()) == made


def test_a_one_time_key_can_be_handed_on(rig: Rig) -> None:
    private = rig.run(rig.keys.one_time())
    assert set(private) == {"crv", "d", "kty", "x", "y"}
    assert thumbprint(private) != thumbprint(rig.run(rig.keys.one_time()))
    signed = rig.run(rig.sealer.sign_with(private, Typ.JOIN, PAYLOAD))
    assert jose.verify(signed, jose.public(private))
    assert jose.verify(jose.sign(private, Typ.JOIN, PAYLOAD), jose.public(private))


@pytest.mark.parametrize("use", ["field", "member"])
def test_signatures_of_the_device_verify_on_the_other_side(rig: Rig, use: str) -> None:
    keys = rig.run(rig.keys.generate())
    public = keys.field if use == "field" else keys.member
    signed = rig.run(rig.sealer.sign(use, Typ.EVENT, PAYLOAD))
    read = peek(signed, Typ.EVENT, ErrorCode.EVENT_INVALID)
    assert read.payload == json.loads(PAYLOAD)
    assert read.kid == thumbprint(public)
    assert unb64url(signed.split(".")[1]).decode() == PAYLOAD
    assert jose.verify(signed, public)
    assert not jose.verify(signed, keys.encryption)


def test_the_signed_text_may_be_checked_here_whoever_signed_it(rig: Rig) -> None:
    private, other = jose.generate_key(), jose.generate_key()
    signed = jose.sign(private, Typ.EVENT, PAYLOAD)
    head, body, signature = signed.split(".")
    assert rig.run(rig.sealer.verify(signed, jose.public(private)))
    assert not rig.run(rig.sealer.verify(signed, jose.public(other)))
    assert not rig.run(rig.sealer.verify(f"{head}.{b64url(b'{}')}.{signature}", jose.public(private)))
    for broken in ("", "a.b", f"{head}.{body}", f"{head}.{body}.AAAA"):
        assert not rig.run(rig.sealer.verify(broken, jose.public(private)))


def test_a_signature_with_further_header_members_is_refused(rig: Rig) -> None:
    private = rig.run(rig.keys.one_time())
    signed = rig.run(rig.sealer.sign_with(private, Typ.EVENT, PAYLOAD))
    head = json.loads(unb64url(signed.split(".")[0]))
    assert set(head) == {"alg", "kid", "typ"}
    longer = ".".join(
        [b64url(compact_json({**head, "jwk": jose.public(private)}).encode()), *signed.split(".")[1:]]
    )
    assert not rig.run(rig.sealer.verify(longer, jose.public(private)))


@pytest.mark.parametrize("readers", [1, 2, 5])
def test_every_reader_opens_what_is_sealed_here(rig: Rig, readers: int) -> None:
    privates = [jose.generate_key() for _ in range(readers)]
    text, head = pad("eyJ.eyJ.AAAA"), header()
    envelope = rig.run(rig.sealer.seal(text, head, [jose.public(private) for private in privates]))
    parsed = parse_envelope(envelope)
    assert parsed.header.text() == head
    assert set(parsed.readers) == {thumbprint(private) for private in privates}
    assert [jose.open_envelope(envelope, private) for private in privates] == [text] * readers


def test_what_is_sealed_to_this_device_opens_here(rig: Rig) -> None:
    keys = rig.run(rig.keys.generate())
    text = pad("eyJ.eyJ.BBBB")
    for others in (0, 3):
        readers = [*(jose.public(jose.generate_key()) for _ in range(others)), keys.encryption]
        assert rig.run(rig.sealer.open(jose.seal(text, header(), readers))) == text


def test_nothing_opens_that_is_for_others_or_was_touched(rig: Rig) -> None:
    keys = rig.run(rig.keys.generate())
    text = pad("eyJ.eyJ.CCCC")
    refused(
        rig, "cannot_open", rig.sealer.open(jose.seal(text, header(), [jose.public(jose.generate_key())]))
    )
    envelope = jose.seal(text, header(), [keys.encryption, jose.public(jose.generate_key())])
    for member in ("ciphertext", "tag", "iv"):
        refused(rig, "cannot_open", rig.sealer.open(changed(envelope, member)))
    other = json.loads(envelope) | {"aad": b64url(header().encode())}
    refused(rig, "cannot_open", rig.sealer.open(compact_json(other)))
    refused(rig, "cannot_open", rig.sealer.open("{}"))


def test_packages_open_on_both_sides_with_the_one_secret(rig: Rig) -> None:
    secret, salt, info = bytes(range(32)), new_id(), "trygg-ute test v1"
    text = compact_json({"unit_name": "Ås og Ørsta"})
    sealed = rig.run(rig.sealer.seal_package(secret, salt, info, text))
    assert jose.open_package(secret, salt, info, sealed) == text
    assert (
        rig.run(rig.sealer.open_package(secret, salt, info, jose.seal_package(secret, salt, info, text)))
        == text
    )
    for wrong in ((bytes(32), salt, info), (secret, new_id(), info), (secret, salt, "another")):
        refused(rig, "cannot_open", rig.sealer.open_package(*wrong, sealed))


def test_locked_or_restarted_only_the_field_key_signs(rig: Rig) -> None:
    async def case() -> None:
        await rig.join()
        await rig.vault.lock()

    rig.run(case())
    for again in (False, True):
        if again:
            rig.run(rig.reopen())
        assert rig.run(rig.sealer.sign("field", Typ.EVENT, PAYLOAD))
        refused(rig, "vault_locked", rig.sealer.sign("member", Typ.EVENT, PAYLOAD))
        refused(
            rig, "vault_locked", rig.sealer.open(jose.seal(pad("a"), header(), [jose.public(rig.reader)]))
        )


def test_the_keys_outlive_a_restart(rig: Rig) -> None:
    keys = rig.run(rig.keys.generate())
    rig.run(rig.vault.create("seks ord er nok til dette"))
    rig.run(rig.reopen())
    rig.run(rig.vault.unlock("seks ord er nok til dette"))
    assert jose.verify(rig.run(rig.sealer.sign("member", Typ.EVENT, PAYLOAD)), keys.member)
    assert jose.verify(rig.run(rig.sealer.sign("field", Typ.EVENT, PAYLOAD)), keys.field)
    assert rig.run(rig.sealer.open(jose.seal(pad("a"), header(), [keys.encryption]))) == pad("a")


def test_a_device_that_never_joined_cannot_sign(rig: Rig) -> None:
    refused(rig, "not_provisioned", rig.sealer.sign("field", Typ.EVENT, PAYLOAD))
    refused(rig, "vault_locked", rig.sealer.sign("member", Typ.EVENT, PAYLOAD))
