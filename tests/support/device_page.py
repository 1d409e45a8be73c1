"""The device's JavaScript in a real page, without the app around it: its own bundle, and a unit to be a member of."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from playwright.sync_api import BrowserContext, Page

from assets.build.plan import PROJECT_ROOT, Plan
from assets.build.tools import install_web_packages, node
from protocol.encoding import compact_json, thumbprint
from protocol.envelope import parse_envelope, unpad
from protocol.events import Event, read_event
from protocol.ids import new_id
from protocol.jose import generate_key, open_envelope, public, sign, verify
from protocol.jws import Jwk, Typ
from protocol.statements import AckState, Statement
from tests.support.scripted_server import ScriptedServer

WEB = PROJECT_ROOT / "assets" / "web"
LAB = """
import { trygg } from "./device/index.js";
import { autoFlush, flushOutbox } from "./device/outbox.js";
import { read, result, write } from "./device/db.js";
import { PASSING } from "./device/request.js";
import { secondsToWait } from "./device/passphrase.js";
import { AlarmCore } from "./alarm/core.js";
const lab = { autoFlush, flushOutbox, read, result, write, PASSING, secondsToWait, AlarmCore };
Object.assign(globalThis, { trygg, lab });
"""
PAGE = b"<!doctype html><meta charset=utf-8><title>lab</title><script src=/lab.js></script>"
APP_PAGE = b"""<!doctype html><html lang="nb"><meta charset="utf-8"><title>app</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<body style="margin:0"><main><button id="own">Noe i appen</button></main><script src="/alarm-layer.js"></script>"""


@cache
def bundle(source: str) -> bytes:
    """Bundle JavaScript that may import from assets/web, as the build does it."""
    modules = install_web_packages(
        Plan(PROJECT_ROOT, PROJECT_ROOT / "build" / "pwa", PROJECT_ROOT / "build" / "cache")
    )
    command = [
        str(node()),
        str(modules / "esbuild" / "bin" / "esbuild"),
        "--bundle",
        "--format=iife",
        "--target=es2022",
    ]
    command += [
        "--minify",
        "--charset=utf8",
        "--legal-comments=none",
        "--log-level=warning",
        '--define:__BASE__="/"',
    ]
    done = subprocess.run(
        command, input=source.encode(), cwd=WEB, capture_output=True, timeout=120, check=False
    )
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    return done.stdout


@dataclass
class Colleague:
    """Someone who gets the alarm, with the private keys of their one device."""

    name: str
    phone: str
    member: str = field(default_factory=new_id)
    device: str = field(default_factory=new_id)
    member_key: Jwk = field(default_factory=generate_key)
    encryption: Jwk = field(default_factory=generate_key)

    def statement(self, server: ScriptedServer, case: str, state: AckState, *, key: Jwk | None = None) -> str:
        """A signed acknowledgement; `key` signs in place of the own one, to forge it."""
        said = Statement(
            new_id(),
            server.server,
            server.unit,
            case,
            self.member,
            self.device,
            state,
            "A" * 43,
            1_700_000_000_000,
        )
        return sign(key or self.member_key, Typ.STATEMENT, said.payload())


class LabDevice:
    """A page with `trygg` in it, and what the server knows of its keys."""

    def __init__(self, context: BrowserContext, server: ScriptedServer, path: str = "/lab.html") -> None:
        self.server = server
        self.context = context
        self.member = new_id()
        self.device = new_id()
        self.recovery = generate_key()
        self.kari = Colleague("Kari Nordmo", "+4790000001")
        self.jonas = Colleague("Jonas Berg", "+4790000002")
        server.files["/lab.html"] = PAGE
        server.files["/lab.js"] = bundle(LAB)
        self.page = self.open(path)

    def open(self, path: str = "/lab.html") -> Page:
        """Another page of the same device."""
        page = self.context.new_page()
        page.goto(self.server.url + path)
        return page

    def serve_alarm(self) -> None:
        """Put the alarm page at /alarm, and a page with the alarm layer at /app.html."""
        files = self.server.files
        files["/alarm"] = (WEB / "alarm" / "alarm.html").read_bytes()
        files["/alarm.js"] = bundle('import "./alarm/alarm.js";')
        files["/alarm-layer.js"] = bundle('import "./alarm/layer.js";')
        files["/app.html"] = APP_PAGE
        files["/"] = APP_PAGE

    def alarms(self) -> list[dict[str, Any]]:
        """Own alarms in the alarm database, newest first."""
        found: list[dict[str, Any]] = json.loads(self.page.evaluate("() => trygg.alarm.alarms()"))
        return found

    def setup(self, **changes: Any) -> dict[str, Any]:
        """An AlarmSetup as JSON holds it."""
        people = [self.kari, self.jonas]
        return {
            "server": self.server.server,
            "unit": self.server.unit,
            "member": self.member,
            "device": self.device,
            "roster": "A" * 43,
            "readers": [
                {"member": p.member, "device": p.device, "key": public(p.encryption)} for p in people
            ],
            "recovery": public(self.recovery),
            "contacts": [
                {"member": p.member, "name": p.name, "phone": p.phone, "keys": [public(p.member_key)]}
                for p in people
            ],
            "visit": "",
            "visit_until": 0,
            "sms": "+4790000009",
            **changes,
        }

    def join(self, passphrase: str = "riktig hest batteri stift", **changes: Any) -> dict[str, Jwk]:
        """Generate keys, make the vault, provision the alarm. Returns the public keys by use."""
        keys: dict[str, Jwk] = self.page.evaluate(
            """async ([passphrase, setup]) => {
              const keys = await trygg.keys.generate();
              await trygg.vault.create(passphrase);
              await trygg.alarm.provision(setup);
              return JSON.parse(keys);
            }""",
            [passphrase, compact_json(self.setup(**changes))],
        )
        self.server.field_key = keys["field"]
        self.keys = keys
        return keys

    def opened(self, envelope: str, reader: Jwk | None = None) -> Event:
        """The event in an envelope, as Kari reads it: opened, its signature checked with the field or member key."""
        parsed = parse_envelope(envelope)
        jws = unpad(open_envelope(envelope, reader or self.kari.encryption))
        opened = read_event(parsed, jws)
        assert not opened.mismatch
        signer = next(key for key in self.keys.values() if thumbprint(key) == opened.kid)
        assert verify(jws, signer)
        return opened.event

    def events(self) -> list[Event]:
        """Every event the server has accepted, in order, as Kari reads them."""
        return [self.opened(text) for text in list(self.server.accepted.values())]


def code_of(page: Page, expression: str, argument: Any = None) -> str:
    """The message of the error an expression ends with, or "no error"."""
    outcome: str = page.evaluate(
        "([source, argument]) => (0, eval)(source)(argument).then(() => 'no error', (error) => error.message)",
        [expression, argument],
    )
    return outcome
