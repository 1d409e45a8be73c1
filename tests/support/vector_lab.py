"""The browser's half of the known answers: the device's own JavaScript in a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page, Route

from tests.support.device_page import bundle

# localhost counts as a secure context, without which a page has no WebCrypto. Nothing listens there: the answers are ours.
ORIGIN = "http://localhost"
LAB = """
import * as jws from "./device/jws.js";
import * as sealer from "./device/sealer.js";
import * as codec from "./device/codec.js";
import { authorization } from "./device/request.js";
async function own(jwk) {
  const { crv, kty, x, y, d } = jwk;
  const algorithm = { name: "ECDH", namedCurve: "P-256" };
  const key = await crypto.subtle.importKey("jwk", { crv, kty, x, y, d }, algorithm, false, ["deriveBits"]);
  return { key, kid: await codec.thumbprint(jwk) };
}
globalThis.lab = {
  ...jws,
  ...sealer,
  ...codec,
  own,
  sign: async (jwk, typ, payload) => jws.signText(await jws.importSigner(jwk), typ, payload),
  seal: async (plaintext, header, readers) => sealer.sealText(plaintext, header, await Promise.all(readers.map(sealer.importReader))),
  open: async (envelope, jwk) => sealer.openText(envelope, await own(jwk)),
  authorization: async (jwk, server, device, rest) =>
    authorization({ server, device, field: await jws.importSigner(jwk) }, ...rest),
};
"""


def open_lab(context: BrowserContext) -> Page:
    """A page with `lab` in it."""
    script = bundle(LAB).decode()
    page_text = "<!doctype html><meta charset=utf-8><title>vectors</title><script src=/lab.js></script>"
    answers: dict[str, Callable[[Route], None]] = {
        "/": lambda route: route.fulfill(content_type="text/html", body=page_text),
        "/lab.js": lambda route: route.fulfill(content_type="text/javascript", body=script),
    }
    for path, answer in answers.items():
        context.route(ORIGIN + path, answer)
    page = context.new_page()
    page.goto(ORIGIN + "/")
    return page


def call(page: Page, name: str, *arguments: Any) -> Any:
    """`lab[name](…arguments)`, or {"error": message} when it fails."""
    return page.evaluate(
        "async ([name, rest]) => { try { return await lab[name](...rest); } catch (error) { return { error: error.message }; } }",
        [name, list(arguments)],
    )
