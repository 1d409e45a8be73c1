// The page shell's modules, with the few browser things they touch put in by hand.
import assert from "node:assert/strict";
import test from "node:test";

globalThis.__BASE__ = "/";
const source = new URL("../../../assets/web/shell/", import.meta.url);
let loads = 0;
/** A fresh copy of a module, in a worker of its own. */
const load = (name) => {
  globalThis.self = {};
  return import(`${new URL(name, source).href}?${(loads += 1)}`);
};

function openAt(href) {
  const url = new URL(href);
  globalThis.location = url;
  globalThis.history = {
    state: null,
    replaceState: (_state, _title, to) => (globalThis.location = new URL(to, url)),
  };
}

test("an invite's fragment is taken out of the address", async () => {
  for (const path of ["/bli-med", "/oppsett", "/bli-med/"]) {
    openAt(`https://trygg.example${path}?a=1#secret`);
    const { firstFragment } = await load("fragment.js");
    assert.deepEqual(firstFragment, { path: path.replace(/\/$/, ""), fragment: "secret" });
    assert.equal(location.href, `https://trygg.example${path}?a=1`);
  }
});

test("other fragments stay where they are", async () => {
  for (const path of ["/", "/hendelser#x", "/bli-med-noe#x", "/bli-med", "/bli-med#"]) {
    openAt(`https://trygg.example${path}`);
    const before = location.href;
    const { firstFragment } = await load("fragment.js");
    assert.equal(firstFragment, null);
    assert.equal(location.href, before);
  }
});

test("events from before Python listens are delivered once, in order", async () => {
  const { hostEvent } = await load("worker-bridge.js");
  const seen = [];
  hostEvent("fragment", { path: "/bli-med" });
  self.onHostEvent("nudge", "{}"); // JavaScript may call it at any time
  self.onHostEvent = (name, json) => seen.push([name, json]);
  assert.deepEqual(seen, [], "nothing inside the assignment");
  await Promise.resolve();
  hostEvent("online", { online: true });
  self.onHostEvent("outbox", "{}");
  assert.deepEqual(seen, [
    ["fragment", '{"path":"/bli-med"}'],
    ["nudge", "{}"],
    ["online", '{"online":true}'],
    ["outbox", "{}"],
  ]);
});

test("an event that Python fails at does not stop the next", async () => {
  const { hostEvent } = await load("worker-bridge.js");
  const seen = [];
  const complaints = console.error;
  console.error = () => {};
  self.onHostEvent = (name) => {
    seen.push(name);
    if (name === "a") throw new Error("no");
  };
  hostEvent("a", null);
  hostEvent("b", null);
  console.error = complaints;
  assert.deepEqual(seen, ["a", "b"]);
});

test("what Python asks of the page is a plain value", async () => {
  await load("worker-bridge.js");
  const posted = [];
  self.postMessage = (message) => posted.push(message);
  self.toPage("copy", { toJs: () => ({ text: "hei" }) });
  self.toPage("reload", null);
  assert.deepEqual(posted, [
    { page: "copy", value: { text: "hei" } },
    { page: "reload", value: null },
  ]);
});

async function serveAt(name, value, { share } = {}) {
  const opened = [];
  globalThis.location = {
    origin: "https://trygg.example",
    set href(to) {
      opened.push(to);
    },
  };
  const copied = [];
  const events = [];
  Object.defineProperty(globalThis, "navigator", {
    configurable: true,
    value: { clipboard: { writeText: async (text) => void copied.push(text) }, share },
  });
  globalThis.document = { baseURI: "https://trygg.example/" };
  globalThis.window = { dispatchEvent: (event) => events.push([event.type, event.detail]) };
  const told = [];
  const { serve } = await load("services.js");
  await serve(name, value, (event, result) => told.push([event, result]));
  return { copied, events, opened, told };
}

test("Python hears how a service went, and others on the page hear of it", async () => {
  const { copied, events, told } = await serveAt("copy", "tekst");
  assert.deepEqual(copied, ["tekst"]);
  assert.deepEqual(events, [["app:copy", "tekst"]]);
  assert.deepEqual(told, [["page", { name: "copy", ok: true, detail: "" }]]);
});

test("sharing copies where the device cannot share", async () => {
  assert.deepEqual((await serveAt("share", { text: "Bli med", url: "https://x" })).copied, ["Bli med\nhttps://x"]);
  const refused = async () => {
    throw Object.assign(new Error("closed"), { name: "AbortError" });
  };
  const { copied, told } = await serveAt("share", { text: "x" }, { share: refused });
  assert.deepEqual(copied, []);
  assert.deepEqual(told, [["page", { name: "share", ok: false, detail: "AbortError" }]]);
});

test("the page opens calls, messages and its own places, and nothing else", async () => {
  for (const [url, expected] of [
    ["tel:112", "tel:112"],
    ["sms:+4790000000?body=Hei", "sms:+4790000000?body=Hei"],
    ["/alarm", "/alarm"],
    ["https://trygg.example/besok?x=1", "/besok?x=1"],
  ]) {
    const { opened, told } = await serveAt("open", { url });
    assert.equal(told[0][1].ok, true, url);
    assert.deepEqual(opened, [expected]);
  }
  for (const url of ["https://other.example/", "//other.example/", "javascript:alert(1)", "data:text/html,x"]) {
    const { opened, told } = await serveAt("open", url);
    assert.deepEqual(told[0][1], { name: "open", ok: false, detail: "TypeError" });
    assert.deepEqual(opened, []);
  }
});

test("what the page has no service for is still an event", async () => {
  const { events, told } = await serveAt("layer", { drill: true });
  assert.deepEqual(events, [["app:layer", { drill: true }]]);
  assert.deepEqual(told, []);
});

test("the renderer follows the engine", async () => {
  const { rendererOfEngine } = await load("renderer.js");
  const { v8BreakIterator } = Intl;
  const { validate } = WebAssembly;
  Intl.v8BreakIterator = function breakIterator() {};
  WebAssembly.validate = () => true;
  assert.equal(rendererOfEngine(), "skwasm");
  WebAssembly.validate = () => false;
  assert.equal(rendererOfEngine(), "chromium");
  delete Intl.v8BreakIterator;
  WebAssembly.validate = () => true;
  assert.equal(rendererOfEngine(), "canvaskit"); // Firefox and Safari have WasmGC too, but not the rest
  if (v8BreakIterator) Intl.v8BreakIterator = v8BreakIterator;
  WebAssembly.validate = validate;
});

test("the page asks the device to keep our storage when the worker wants it to", async () => {
  const worker = new BroadcastChannel("trygg");
  const told = (asked) =>
    new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve([data, asked()]);
      worker.postMessage({ type: "outbox" });
      worker.postMessage({ type: "persist" });
    });
  let times = 0;
  const storage = { persist: async () => (times += 1) > 1 };
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { storage } });
  const { answerPersist } = await load("storage.js");
  const page = answerPersist();
  assert.deepEqual(await told(() => times), [{ type: "persisted", kept: false }, 1]);
  assert.deepEqual(await told(() => times), [{ type: "persisted", kept: true }, 2]);
  delete storage.persist;
  assert.deepEqual(await told(() => times), [{ type: "persisted", kept: false }, 2]);
  page.close();
  worker.close();
});
