// Makes a memory image of Python as it stands after starting and importing what the app will need, so that a phone copies
// some megabytes of memory instead of running the start.
// usage: node snapshot.mjs PYODIDE_DIR STDLIB_ZIP PACKAGES_ZIP NAMES_FILE OUT
//   NAMES_FILE: JSON {modules: [module to import], flet: [name to look up in flet, which imports what defines it]}
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideDir, stdlib, packages, names, out] = process.argv.slice(2).map((arg) => path.resolve(arg));

// The program's name, times and random numbers end up in the image, and the same input must give the same bytes. Nothing
// secret is made here: what needs chance asks the browser for it where the image is used.
process.argv[1] = "/python";
crypto.randomFillSync = (view) => view.fill(7);
let clock = 0;
performance.now = () => (clock += 1);
const EPOCH = Date.UTC(2026, 0, 1);
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length > 0 ? args : [EPOCH]));
  }
  static now() {
    return EPOCH;
  }
};

const { loadPyodide } = await import(pathToFileURL(path.join(pyodideDir, "pyodide.mjs")).href);
const pyodide = await loadPyodide({
  _makeSnapshot: true,
  stdLibURL: stdlib,
  lockFileContents: { info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten", python: "3.14" }, packages: {} },
  env: { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1", PYTHONOPTIMIZE: "2", MSGPACK_PUREPYTHON: "1", PYTHONHASHSEED: "0" },
});
pyodide.FS.writeFile("/packages.zip", fs.readFileSync(packages));
pyodide.globals.set("NAMES", fs.readFileSync(names, "utf8"));
const report = pyodide.runPython(`
import gc, importlib, json, random, sys

class NotHere:
    """Modules that only exist in the browser: what needs them is imported there."""
    def find_spec(self, name, path=None, target=None):
        if name in ("js", "flet_js", "pyodide_js"):
            raise ImportError(name)

sys.path.insert(0, "/packages.zip")
sys.meta_path.insert(0, NotHere())
wanted = json.loads(NAMES)
missing = []
for name in wanted["modules"]:
    try:
        importlib.import_module(name)
    except ImportError as error:
        missing.append(f"{name}: {error}")
import flet
for name in wanted["flet"]:
    try:
        getattr(flet, name)
    except (AttributeError, ImportError) as error:
        missing.append(f"flet.{name}: {error}")
sys.meta_path.pop(0)
count = len(sys.modules)
random.seed(0)  # the worker seeds it anew
del NotHere, wanted, name, NAMES
gc.collect()
json.dumps({"modules": count, "missing": missing})
`);
const image = pyodide.makeMemorySnapshot();
fs.writeFileSync(out, image);
console.log(report);
