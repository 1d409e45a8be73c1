"""Makes protocol/vectors anew: `python -m tests.support.make_vectors`. Only for a new version of a format.

ES256 and ECDH are randomised, so these are not answers to compare with but texts to open and verify. They stay as they are:
a side that can't open them any more can't open what people have stored either.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright

from protocol import jose
from protocol.encoding import b64url, compact_json, digest
from protocol.envelope import pad
from protocol.ids import new_id
from protocol.invites import PACKAGE_INFO
from protocol.jws import Typ
from protocol.requests import SCHEME, SignedRequest
from protocol.roster import RECOVERY_INFO, roles_change
from protocol.statements import AckState, Statement
from protocol.words import encode_code, fingerprint_words
from tests.support.browser import find_chromium, open_phone
from tests.support.protocol_unit import NOW, Person, Unit, follow, seal_event
from tests.support.vector_lab import call, open_lab
from tests.support.vectors import VECTORS


def make() -> dict[str, Any]:
    """Every file's content, by name."""
    unit = Unit()
    person = Person()
    invite = unit.invite("employee")
    unit.append(unit.joining(invite, person))
    unit.append(unit.version(unit.leader, roles_change(person.member, ["employee", "safety_rep"])))
    heads = [digest(version.encode()) for version in unit.versions]

    private = [person.encryption, unit.leader.encryption, unit.recovery_keys["encryption"]]
    readers = [jose.public(key) for key in private]
    body = {
        "latitude": 59.913868,
        "longitude": 10.752245,
        "accuracy": 12.5,
        "at": NOW,
        "note": "Blåbær på Ås ☂ 𝄞",
    }
    event = unit.event(person, "alarm.position", readers, body=body, prev=(new_id(),))
    signed = jose.sign(person.field_key, Typ.EVENT, event.payload())
    statement = Statement(
        new_id(),
        unit.server,
        unit.id,
        event.case,
        unit.leader.member,
        unit.leader.device,
        AckState.TAKEN,
        heads[2],
        NOW,
    )
    request_body = '{"events":[{"id":"å"}]}'
    claims = SignedRequest(
        unit.server, unit.id, person.device, "POST", f"/api/v1/units/{unit.id}/events?x=1",
        new_id(), digest(request_body.encode()), NOW + 5, (NOW,),
    )  # fmt: skip
    secret, salt = secrets.token_bytes(32), invite.grant.id
    text = compact_json({"unit_name": "Bydel Ås", "inviter": "Kari", "key": invite.key, "profiles": []})
    envelope = seal_event(event, person.field_key, readers)

    with sync_playwright() as playwright, TemporaryDirectory() as profile:
        chromium = find_chromium()
        assert chromium, "no Chromium"
        context = open_phone(playwright, chromium, Path(profile))
        page = open_lab(context)
        browser_signed = call(page, "sign", person.field_key, Typ.EVENT, event.payload())
        plaintext = pad(browser_signed).decode()
        browser_envelope = call(page, "seal", plaintext, event.header().text(), readers)
        browser_alone = call(page, "seal", plaintext, event.header().text(), readers[:1])
        browser_package = call(page, "sealPackage", b64url(secret), salt, PACKAGE_INFO, text)
        rest = [unit.id, claims.method, claims.path, request_body, list(claims.created), claims.id]
        browser_authorization = call(
            page, "authorization", person.field_key, unit.server, person.device, rest
        )
        context.close()

    common = {
        "header": event.header().text(),
        "payload": event.payload(),
        "signer": jose.public(person.field_key),
    }
    return {
        "signed_event": {
            "signer": jose.public(person.field_key),
            "private": person.field_key,
            "payload": event.payload(),
            "jws": {"cpython": signed, "browser": browser_signed},
        },
        "envelope_cpython": {**common, "readers": private, "envelope": envelope},
        "envelope_browser": {**common, "readers": private, "envelope": browser_envelope},
        "envelope_browser_one_reader": {**common, "readers": private[:1], "envelope": browser_alone},
        "request": {
            "signer": jose.public(person.field_key),
            "server": unit.server,
            "unit": unit.id,
            "device": person.device,
            "method": claims.method,
            "path": claims.path,
            "id": claims.id,
            "created": list(claims.created),
            "body": request_body,
            "authorization": {
                "cpython": f"{SCHEME} {jose.sign(person.field_key, Typ.REQUEST, claims.payload())}",
                "browser": browser_authorization,
            },
        },
        "statement": {
            "signer": jose.public(unit.leader.member_key),
            "payload": statement.payload(),
            "jws": jose.sign(unit.leader.member_key, Typ.STATEMENT, statement.payload()),
        },
        "roster": {
            "versions": unit.versions,
            "heads": heads,
            "unit": unit.id,
            "leader": {"member": unit.leader.member, "device": unit.leader.device},
            "joined": {"member": person.member, "device": person.device, "roles": ["employee", "safety_rep"]},
            "invite": invite.grant.id,
            "checks": [[[c.jws, c.jwk] for c in _checks(unit.versions, height)] for height in range(3)],
            "fingerprint": fingerprint_words(heads[0]),
        },
        "invite_package": {
            "secret": b64url(secret),
            "salt": salt,
            "info": PACKAGE_INFO,
            "plaintext": text,
            "package": {
                "cpython": jose.seal_package(secret, salt, PACKAGE_INFO, text),
                "browser": browser_package,
            },
        },
        "recovery_code": _recovery(unit),
    }


def _checks(versions: list[str], height: int) -> Any:
    roster = None
    for version in versions[:height]:
        roster = follow(roster, version).roster
    return follow(roster, versions[height]).checks


def _recovery(unit: Unit) -> dict[str, Any]:
    code = secrets.token_bytes(16)
    key = unit.recovery_keys["encryption"]
    return {
        "words": encode_code(code),
        "code": b64url(code),
        "unit": unit.id,
        "info": RECOVERY_INFO["encryption"],
        "plaintext": compact_json(key),
        "sealed": jose.seal_package(code, unit.id, RECOVERY_INFO["encryption"], compact_json(key)),
    }


def main() -> None:
    """Write the files."""
    VECTORS.mkdir(exist_ok=True)
    for name, content in make().items():
        text = json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True)
        (VECTORS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
