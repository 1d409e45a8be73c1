// The page's end of the Python worker: Flet's three functions, the host bridge, and the marks Python sets.
//
// page → worker   {connect: url} · {host: name, value} · Uint8Array (Flet's packets)
// worker → page   {connected} · {failed: code, detail} · {rendered} · {mark, t} · {page: name, value} · Uint8Array

import { mark } from "./marks.js";

/**
 * @typedef {object} Listeners
 * @property {(code: string, detail: string) => void} onFailed Python could not start
 * @property {() => void} onRendered the app's first own screen has been handed to Flutter
 * @property {(name: string, value: any) => void} onPage Python asks something of the page
 */

/** @param {Listeners} listeners */
export function startPythonWorker(listeners) {
  /** @type {Worker | null} */
  let worker = null;
  /** @type {((packet: Uint8Array) => void) | null} */
  let toFlutter = null;
  /** @type {{resolve: () => void, reject: (error: Error) => void} | null} */
  let connecting = null;
  /** @type {Error | null} */
  let failure = null;

  function start() {
    failure = null;
    worker = new Worker(`${__BASE__}python-worker.js`, { type: "module", name: "python" });
    worker.onmessage = ({ data }) => receive(data);
    let ready = false;
    worker.addEventListener("message", ({ data }) => (ready ||= Boolean(data.connected)));
    worker.onerror = (event) => {
      event.preventDefault();
      // An error in a running app is not a failed start: it is told where people look for errors, and the app goes on.
      if (ready) console.error("Trygg ute: worker", event.message);
      else fail("download", event.message || "python-worker.js");
    };
  }

  /** @param {string} code @param {string} detail */
  function fail(code, detail) {
    failure = new Error(`${code}: ${detail}`);
    connecting?.reject(failure);
    listeners.onFailed(code, detail);
  }

  /** @param {any} data */
  function receive(data) {
    if (data instanceof Uint8Array) toFlutter?.(data);
    else if (data.mark) mark(data.mark, data.t);
    else if (data.page) listeners.onPage(data.page, data.value);
    else if (data.connected) connecting?.resolve();
    else if (data.rendered) listeners.onRendered();
    else if (data.failed) fail(data.failed, data.detail);
  }

  // Dart calls these by name. The worker is older than the first call: it started with the page, not with Flutter.
  globalThis.jsConnect = async (/** @type {number} */ _app, /** @type {any} */ _args, /** @type {any} */ onPacket) => {
    mark("flutter-connected");
    if (!worker) start();
    toFlutter = onPacket;
    await new Promise((resolve, reject) => {
      connecting = { resolve: () => resolve(undefined), reject };
      if (failure) reject(failure);
      else /** @type {Worker} */ (worker).postMessage({ connect: location.href });
    });
  };
  globalThis.jsSend = async (/** @type {number} */ _app, /** @type {Uint8Array} */ packet) => {
    worker?.postMessage(packet, [packet.buffer]);
  };
  globalThis.jsDisconnect = async () => {
    worker?.terminate();
    worker = null;
  };

  start();
  return {
    /**
     * Tell Python something. What is told before Python listens is kept and told then, once.
     * @param {string} name
     * @param {any} value anything JSON can hold
     */
    tell(name, value) {
      worker?.postMessage({ host: name, value });
    },
  };
}
