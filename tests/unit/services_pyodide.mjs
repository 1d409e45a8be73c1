// Runs the client core under Pyodide in Node, over ports that keep rows in memory. Prints what it came to as JSON.
// Usage: node services_pyodide.mjs PYODIDE_FOLDER PROJECT_ROOT PACKAGES_FOLDER

import { pathToFileURL } from "node:url";

const [folder, root, packages] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
const python = await loadPyodide({ indexURL: `${folder}/` });
for (const [place, source] of [["/app", root], ["/packages", packages]]) {
  python.FS.mkdir(place);
  python.mountNodeFS(place, source);
}
const found = await python.runPythonAsync(`
import sys, json, asyncio
sys.path[:0] = ["/app", "/packages"]
from dataclasses import replace
from mobile_app.services.client import Client, Ports, Timing, build_client
from mobile_app.ports import PortError, VaultState

class Absent:
    def __getattr__(self, name):
        async def absent(*given, **named):
            raise PortError("offline")
        return absent

class Host:
    def now(self): return 1795000000000
    async def persist(self): return True

class Vault:
    def __init__(self): self.rows = {}
    async def state(self): return VaultState.OPEN
    async def load(self): return list(self.rows.items())
    async def damaged(self): return []
    async def lock(self): pass
    async def apply(self, rows, outbox, settled):
        for row, text in rows:
            self.rows[row] = text

vault = Vault()
client = build_client(Ports(Absent(), Absent(), vault, Absent(), Absent(), Absent(), Host()))
await client.gate.start()
draft = await client.visits.begin("home_visit")
draft = await client.visits.save(replace(draft, place="Fjellveien 8, Ålesund", answers={"staffing": "alone", "history": "yes"}))
advice = client.visits.advise(draft)
running = asyncio.ensure_future(client.run())
await asyncio.sleep(0)
await client.stop()
await running
left_out = sorted(name for name in sys.modules if name.partition(".")[0] in {"requests", "cryptography", "sqlite3", "flet", "joserfc"})
json.dumps([client.gate.state, [d.place for d in client.visits.drafts()], advice.outcome, len(vault.rows), left_out])
`);
console.log(found);
