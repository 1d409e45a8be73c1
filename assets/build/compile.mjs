// Compiles a folder of Python to one stored zip of sourceless .pyc files, with the very CPython that will run them.
// usage: node compile.mjs PYODIDE_DIR IN_DIR LIST_FILE OUT_ZIP
//   LIST_FILE: JSON, the paths inside IN_DIR to take, in order. Files that are not .py go in as they are.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideDir, input, list, out] = process.argv.slice(2).map((arg) => path.resolve(arg));
const { loadPyodide } = await import(pathToFileURL(path.join(pyodideDir, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ env: { HOME: "/home/pyodide", PYTHONHASHSEED: "0" } });
pyodide.FS.mkdirTree("/in");
pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: input }, "/in");
pyodide.globals.set("NAMES", fs.readFileSync(list, "utf8"));
const result = pyodide.runPython(`
import importlib._bootstrap_external as external
import io, json, zipfile

archive = io.BytesIO()
with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as bundle:
    for name in json.loads(NAMES):
        with open("/in/" + name, "rb") as file:
            data = file.read()
        if name.endswith(".py"):
            # Unchecked: there is no source to check against. Optimised: no docstrings, no asserts.
            code = compile(data, name, "exec", dont_inherit=True, optimize=2)
            data = external._code_to_hash_pyc(code, b"\\0" * 8, False)
            name += "c"
        entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
        entry.external_attr = 0o644 << 16
        bundle.writestr(entry, data)
archive.getvalue()
`);
fs.writeFileSync(out, result.toJs());
