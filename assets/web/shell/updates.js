// The page's end of the service worker: first download, offers of new versions, and taking one when the person says so.

import { showDownload } from "./screen.js";

const CHECK_AGAIN_MS = 60 * 60 * 1000;

/**
 * Register the service worker and watch for new versions.
 * @param {(name: string, value: any) => void} tell passes news on to Python: "update" {version}
 * @param {() => boolean} holdsOtherRenderer whether the page runs on files the worker would not have kept
 */
export function watchUpdates(tell, holdsOtherRenderer) {
  if (!("serviceWorker" in navigator)) return;
  const container = navigator.serviceWorker;
  const firstTime = container.controller === null;
  /** @type {ServiceWorkerRegistration | null} */
  let registration = null;
  let applying = false;
  let checked = Date.now();

  const tryggUpdate = {
    /** Version on offer, or "". */
    ready: "",
    /** Take the offered version: the page is loaded anew with it. Nothing happens when none is on offer. */
    apply() {
      if (!registration?.waiting) return;
      applying = true;
      registration.waiting.postMessage({ type: "SKIP_WAITING" });
    },
    /** Look for a new version now. */
    async check() {
      checked = Date.now();
      await registration?.update();
    },
  };
  window.tryggUpdate = tryggUpdate;

  container.addEventListener("controllerchange", () => {
    if (applying) location.reload();
  });
  container.addEventListener("message", ({ data }) => {
    if (data?.type === "precache" && firstTime) showDownload(data.done, data.total);
    if (data?.type === "waiting") offer(data.version);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && Date.now() - checked > CHECK_AGAIN_MS) tryggUpdate.check().catch(() => {});
  });
  window.addEventListener("app:update", () => tryggUpdate.apply());
  container.register(`${__BASE__}sw.js`, { scope: __BASE__, updateViaCache: "none" }).then(follow, (error) => {
    // Without a service worker the app still runs, but not without coverage.
    console.warn("Trygg ute: service worker", error);
  });

  /** @param {string} version */
  function offer(version) {
    if (tryggUpdate.ready === version) return;
    tryggUpdate.ready = version;
    tell("update", { version });
    window.dispatchEvent(new CustomEvent("update-ready", { detail: { version } }));
  }

  /** @param {ServiceWorkerRegistration} found */
  function follow(found) {
    registration = found;
    const ask = (/** @type {ServiceWorker | null} */ worker) => {
      // On the very first visit there is no old version, and the new one takes over by itself.
      if (worker?.state === "installed" && container.controller) worker.postMessage({ type: "VERSION" });
    };
    ask(found.waiting);
    const watch = (/** @type {ServiceWorker | null} */ worker) => worker?.addEventListener("statechange", () => ask(worker));
    watch(found.installing);
    found.addEventListener("updatefound", () => watch(found.installing));
    container.ready.then(({ active }) => {
      if (holdsOtherRenderer()) active?.postMessage({ type: "HOLD", renderer: "chromium" });
    });
  }
}
