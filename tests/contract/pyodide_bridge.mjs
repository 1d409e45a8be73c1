// Runs the browser's adapters under Pyodide in Node, over a `trygg` that only answers, and prints what each side saw as JSON.
// Usage: node pyodide_bridge.mjs PYODIDE_FOLDER PROJECT_ROOT

import { pathToFileURL } from "node:url";

const [folder, root] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
const python = await loadPyodide({ indexURL: `${folder}/` });
python.FS.mkdir("/app");
python.mountNodeFS("/app", root);

/** @type {any[]} */
const asked = [];
const fails = (/** @type {string} */ message) => async () => {
  throw new Error(message);
};
globalThis.self = globalThis;
globalThis.location = { origin: "https://trygg.example" };
globalThis.mark = (/** @type {string} */ name) => void asked.push(["mark", name]);
globalThis.trygg = {
  keys: {
    generate: async () => JSON.stringify({ field: { x: "1" }, member: { x: "2" }, encryption: { x: "3" } }),
    oneTime: fails("quota_full: no room"),
  },
  sealer: { verify: async (...given) => asked.push(["verify", ...given]) > 0 },
  vault: {
    unlock: fails("wrong_passphrase: 4"),
    load: fails("Cannot read properties of undefined"),
    apply: async (...given) => void asked.push(["apply", ...given]),
  },
  outbox: { flush: async () => JSON.stringify({ sent: 1, left: 2 }) },
  alarm: { setup: async () => "", alarms: async () => "[]" },
  net: {
    send: async (method, path, body, timeout) => {
      asked.push(["send", method, path, body ?? null, timeout]);
      return JSON.stringify({ status: 200, headers: { a: "b" }, body: "æ" });
    },
    listen: async (unit) => void asked.push(["listen", unit]),
    hush: async () => {},
  },
  host: { post: async (...given) => void asked.push(["post", ...given]), persist: async () => true },
};

const seen = await python.runPythonAsync(`
import json, sys
sys.path.insert(0, "/app")
import js
from mobile_app.adapters.browser.device import browser_device
from mobile_app.ports import PortError

device = browser_device()
seen, nudges, online = {}, [], []

async def failure(awaitable):
    try:
        await awaitable
    except PortError as error:
        return [error.code, error.detail, error.wait]

keys = await device.keys.generate()
seen["keys"] = [keys.field, keys.member, keys.encryption]
seen["verify"] = await device.sealer.verify("jws", {"x": "å"})
seen["left"] = await device.outbox.flush()
seen["setup"] = await device.alarm_store.setup()
seen["alarms"] = await device.alarm_store.alarms()
seen["one_time"] = await failure(device.keys.one_time())
seen["unlock"] = await failure(device.vault.unlock("feil"))
seen["load"] = await failure(device.vault.load())
reply = await device.net.send("GET", "/a", timeout=2.5)
seen["reply"] = [reply.status, reply.headers, reply.body]
await device.net.listen("unit", lambda: nudges.append(1))
device.events.on("online", online.append)
js.self.onHostEvent("nudge", "{}")
js.self.onHostEvent("online", json.dumps({"online": True}))
await device.net.hush()
js.self.onHostEvent("nudge", "{}")
seen["nudges"], seen["online"] = len(nudges), online
seen["origin"], seen["persist"] = device.net.origin(), await device.host.persist()
seen["offsets"] = [device.host.local_offset(at) for at in (1767225600000, 1782864000000)]
seen["now"] = device.host.now()
device.host.copy("hei")
device.host.print_text("Koder", ["en", "to"])
device.host.mark("app-painted")
await device.vault.apply([(1, "{}"), (2, None)], [], ["a"])
json.dumps(seen)
`);
console.log(JSON.stringify({ seen: JSON.parse(seen), asked }));
