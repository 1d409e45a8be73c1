// Starts Flet's prebuilt Flutter client from our own files.

import { rendererOfEngine } from "./renderer.js";

/** What the client reads from the page; the names are Flet's. */
const FLET = {
  pyodide: true,
  multiView: false,
  noCdn: true,
  webSocketEndpoint: "/ws",
  entrypointBaseUrl: __BASE__,
  assetBase: __BASE__,
  routeUrlStrategy: "path",
  canvasKitBaseUrl: `${__BASE__}canvaskit/`,
  fontFallbackBaseUrl: `${__BASE__}assets/fonts/`,
};

/**
 * Load the client and let it take the page over.
 * @param {() => void} onFirstFrame Flutter has drawn something (not yet the app's own screen)
 * @returns {Promise<void>} settled when the client runs
 */
export async function bootFlutter(onFirstFrame) {
  keepZoomAllowed();
  keepLanguage();
  addEventListener("flutter-first-frame", onFirstFrame, { once: true });
  /** @type {any} */
  const flet = { ...FLET };
  flet.flutterAppLoaded = new Promise((resolve) => (flet.flutterAppResolve = resolve));
  globalThis.flet = flet;
  await loadScript(`${__BASE__}flutter.js`);
  const engine = rendererOfEngine();
  const config = {
    multiViewEnabled: false,
    entrypointBaseUrl: FLET.entrypointBaseUrl,
    assetBase: FLET.assetBase,
    canvasKitBaseUrl: FLET.canvasKitBaseUrl,
    fontFallbackBaseUrl: FLET.fontFallbackBaseUrl,
    // With several threads skwasm makes a worker from a blob, which the policy forbids.
    forceSingleThreadedSkwasm: true,
    // Named only where skwasm is out of the question: without WebGL the loader leaves skwasm by itself.
    ...(engine === "skwasm" ? {} : { renderer: "canvaskit", canvasKitVariant: engine === "chromium" ? "chromium" : "full" }),
  };
  await new Promise((resolve, reject) => {
    globalThis._flutter.loader
      .load({
        config,
        onEntrypointLoaded: async (/** @type {any} */ initializer) => {
          try {
            flet.flutterApp = await (await initializer.initializeEngine(config)).runApp();
            flet.flutterAppResolve(flet.flutterApp);
            resolve(undefined);
          } catch (error) {
            reject(error);
          }
        },
      })
      .catch(reject);
  });
}

/** @returns {boolean} whether the client runs on the files of another renderer than the engine would have chosen */
export function rendererDiffers() {
  return rendererOfEngine() === "skwasm" && document.querySelector('script[src*="main.dart.js"]') !== null;
}

/**
 * Let screen readers in: Flutter builds its semantics tree once its hidden button is pressed, at the button's own place.
 * @returns {boolean} whether the button was there
 */
export function enableSemantics() {
  const button = document.querySelector("flt-semantics-placeholder");
  if (button === null) return false;
  const box = button.getBoundingClientRect();
  const at = { bubbles: true, clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
  button.dispatchEvent(new MouseEvent("click", at));
  return true;
}

/** Flutter replaces the page's viewport by one that forbids zooming; people who need to zoom would be locked out. */
function keepZoomAllowed() {
  const allow = () => {
    for (const meta of document.head.querySelectorAll('meta[name="viewport"]')) {
      const content = meta.getAttribute("content") ?? "";
      if (/user-scalable|maximum-scale/.test(content)) {
        meta.setAttribute("content", "width=device-width, initial-scale=1, viewport-fit=cover");
      }
    }
  };
  new MutationObserver(allow).observe(document.head, { childList: true });
}

/** Flutter puts the device's language on the page; the app's words are in the page's own, and screen readers go by that. */
function keepLanguage() {
  const page = document.documentElement;
  const language = page.lang;
  const keep = () => {
    if (page.lang !== language) page.lang = language;
  };
  new MutationObserver(keep).observe(page, { attributeFilter: ["lang"] });
}

/** @param {string} url @returns {Promise<void>} */
function loadScript(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve();
    script.onerror = () => reject(new Error(url));
    document.head.append(script);
  });
}
