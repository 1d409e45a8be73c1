// The worker Python lives in. The shell starts it before Flutter has loaded a byte; it does not wait for Flutter either:
// the app's modules are imported while the client downloads, and the first connection finds them ready.

import { hostEvent } from "./worker-bridge.js";
import { trygg } from "../device/index.js";
import bootSource from "./boot.py";

const REGISTER_CLIENT = 1;
const PATCH_CONTROL = 2;

self.trygg = trygg;

/** What Flet's Python finds as the module `flet_js`; it adds `start_connection` and `send`. @type {any} */
const fletJs = { documentUrl: "", args: null, receive_callback: receiveFromPython };

/** A part of the app could not be fetched. */
class DownloadError extends Error {}

let registered = false;
let rendered = false;

const started = boot();
started.catch(reportFailure);

self.onmessage = ({ data }) => {
  if (data instanceof Uint8Array) fletJs.send(data);
  else if (data.host) hostEvent(data.host, data.value);
  else if (data.connect) connect(data.connect);
};

/** @param {string} url the page's address, where the app takes its first route from */
async function connect(url) {
  fletJs.documentUrl = url;
  try {
    await started;
  } catch {
    return; // reported where it happened
  }
  try {
    await fletJs.start_connection(receiveFromPython);
    self.postMessage({ connected: true });
  } catch (error) {
    reportFailure(error);
  }
}

/** Start Python and the app in it. */
async function boot() {
  self.mark("python-worker");
  const files = { packages: get("py/packages.zip"), app: get("py/app.zip") };
  for (const file of Object.values(files)) file.catch(() => {}); // awaited below; until then nobody listens
  const pyodide = await startPython();
  self.mark("python-ready");
  for (const [name, file] of Object.entries(files)) pyodide.FS.writeFile(`/${name}.zip`, await file);
  pyodide.registerJsModule("flet_js", fletJs);
  pyodide.runPython(bootSource, { filename: "boot.py" });
  await pyodide.globals.get("boot")();
  if (typeof fletJs.start_connection !== "function") throw new Error("mobile_app.main:start() did not run a Flet app");
  self.mark("app-imported");
}

/**
 * Start Python from the memory image the build made, or, where that does not work, from nothing: slower, else the same.
 * @returns {Promise<any>} Pyodide
 */
async function startPython() {
  const image = __SNAPSHOT__ ? get("py/memory.bin") : null;
  image?.catch(() => {});
  const { loadPyodide } = await import(`${__BASE__}pyodide/pyodide.mjs`).catch((error) => {
    throw new DownloadError(String(error));
  });
  const options = {
    indexURL: `${self.location.origin}${__BASE__}pyodide/`,
    // No package is ever loaded by name; an empty list spares the download of Pyodide's own.
    lockFileContents: { info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten", python: "3.14" }, packages: {} },
    stdout: (/** @type {string} */ line) => console.log(line),
    stderr: (/** @type {string} */ line) => console.warn(line),
    env: { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1", PYTHONOPTIMIZE: "2", MSGPACK_PUREPYTHON: "1" },
  };
  if (image) {
    try {
      const pyodide = await loadPyodide({ ...options, _loadSnapshot: image });
      self.mark("python-from-image");
      return pyodide;
    } catch (error) {
      console.warn("Trygg ute: memory image", String(error));
    }
  }
  return loadPyodide(options);
}

/** @param {string} name @returns {Promise<Uint8Array>} */
async function get(name) {
  const response = await fetch(__BASE__ + name).catch((error) => {
    throw new DownloadError(`${name}: ${error}`);
  });
  if (!response.ok) throw new DownloadError(`${name}: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** @param {any} message a packet from Flet's Python: bytes */
function receiveFromPython(message) {
  /** @type {Uint8Array} */
  const packet = message.toJs();
  const first = !rendered && isFirstRender(packet);
  self.postMessage(packet, [packet.buffer]);
  if (first) {
    rendered = true;
    self.mark("app-rendered");
    self.postMessage({ rendered: true });
  }
}

/**
 * Whether a packet carries the app's first screen: the first change of a control after the client was registered.
 * A packet is one type byte (0: protocol) and a MessagePack array of action and body.
 * @param {Uint8Array} packet
 */
function isFirstRender(packet) {
  if (packet[0] !== 0) return false;
  if (packet[2] === REGISTER_CLIENT) registered = true;
  return registered && packet[2] === PATCH_CONTROL;
}

/** @param {unknown} error */
function reportFailure(error) {
  self.postMessage({ failed: error instanceof DownloadError ? "download" : "python", detail: String(error) });
}
