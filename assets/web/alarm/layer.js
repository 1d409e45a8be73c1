// The alarm over the app: the red strip on every screen, and the alarm page as a layer above the canvas (leaving the page
// would cost the app its state). Loaded before everything else, so that it works while the rest still boots.
//
// From the app: event `app:layer` on window with {mode: "nav" | "flow" | "none"} (where the strip stands) or {open: "alarm"
// | "drill"}. Keyboard: F6 goes to the strip, since Tab stays inside the canvas.

import { autoFlush } from "../device/outbox.js";
import { AlarmCore } from "./core.js";
import { watchHold } from "./hold.js";
import { icon } from "./icons.js";
import { t } from "./messages.js";
import { addStyles } from "./styles.js";
import { AlarmView } from "./view.js";

/** So long a press on the strip shows the ring; a shorter one is a tap. */
const TAP_MS = 250;
const MODES = ["nav", "flow", "none"];

addStyles();
const core = new AlarmCore();
const strip = document.createElement("button");
strip.id = "strip";
strip.type = "button";
strip.className = "ta";
strip.hidden = true;
const layer = document.createElement("div");
layer.id = "trygg-alarm";
layer.className = "ta ta-over";
layer.setAttribute("role", "dialog");
layer.setAttribute("aria-modal", "true");
layer.setAttribute("aria-label", t("alarm"));
layer.hidden = true;
document.body.prepend(strip, layer);
const view = new AlarmView(layer, core, { onClose: () => close(), home: __BASE__ });

let ringTimer = 0;
/** @type {Element | null} */
let cameFrom = null;
/** @type {{destroy(): void} | null} */
let backGesture = null;

/** Everything of the page but the alarm: out of reach while the layer is up. The strip goes on, somebody may be holding it. */
const others = () => [...document.body.children].filter((node) => node !== strip && node !== layer && node.tagName !== "SCRIPT");

/** @param {{drill?: boolean, focus?: boolean}} [how] focus: move it into the layer */
function open({ drill = false, focus = true } = {}) {
  if (layer.hidden) {
    cameFrom = document.activeElement;
    layer.hidden = false;
    others().forEach((node) => node.setAttribute("inert", ""));
    strip.tabIndex = -1;
    const Watcher = /** @type {any} */ (globalThis).CloseWatcher;
    // Android's back gesture and Esc put the layer away, not the app.
    if (Watcher) backGesture = Object.assign(new Watcher(), { onclose: close });
    void core.probe();
  }
  view.prepare(drill);
  view.shown(true);
  if (focus) view.focus();
}

function close() {
  if (layer.hidden) return;
  layer.hidden = true;
  others().forEach((node) => node.removeAttribute("inert"));
  strip.tabIndex = 0;
  backGesture?.destroy();
  backGesture = null;
  if (core.alarm?.state !== "open") core.dismiss();
  view.shown(false);
  if (cameFrom instanceof HTMLElement) cameFrom.focus({ preventScroll: true });
}

/** Redraw the strip. */
function drawStrip() {
  const alarm = core.alarm?.state === "open" ? core.alarm : null;
  const drill = alarm?.drill ?? false;
  const title = alarm ? t(drill ? "stripOpenDrill" : "stripOpen") : t("alarm");
  const hint = alarm ? t("stripSee") : t("stripHold");
  const html = `${icon(drill ? "school" : "campaign", "l")}<span class="ta-tx"><span class="ta-l1">${title}</span><span class="ta-l2"><span class="ta-broad">${hint}</span><span class="ta-narrow">${alarm ? "" : t("stripShort")}</span></span></span><span class="ta-lamp"></span>`;
  if (strip.dataset.drawn !== title) {
    strip.dataset.drawn = title;
    strip.innerHTML = html;
    strip.setAttribute("aria-label", `${title}. ${hint}.`);
    strip.classList.toggle("ta-teal", drill);
  }
  strip.hidden = !core.setup;
  if (!strip.hidden && performance.getEntriesByName("alarm-usable").length === 0) performance.mark("alarm-usable");
}

watchHold(strip, {
  onStart: (start) => {
    view.prepare(false);
    view.holdBegan(start);
    // A tap opens the page as it is; the ring is for those who keep holding.
    // The focus stays with the strip while a key is held on it.
    ringTimer = setTimeout(() => open({ focus: false }), TAP_MS);
  },
  onEnd: (held) => {
    clearTimeout(ringTimer);
    view.holdEnded(held);
    open();
  },
  onFull: () => {
    clearTimeout(ringTimer);
    open();
    view.holdFull();
  },
});
// A press must not take the focus from where the person was writing: it comes back there when the layer is put away.
strip.addEventListener("mousedown", (event) => event.preventDefault());
// A screen reader presses without pointer or key: it opens the page, and there "Trykk i stedet" asks.
strip.addEventListener("click", (event) => {
  if (event.isTrusted && event.detail === 0 && layer.hidden) open();
});
addEventListener(
  "keydown",
  (event) => {
    if (event.key === "F6" && !strip.hidden && layer.hidden) {
      event.preventDefault();
      strip.focus();
    }
    if (event.key === "Escape" && !layer.hidden && !backGesture) close();
  },
  true,
);
addEventListener("app:layer", (event) => {
  const { mode, open: what } = /** @type {CustomEvent} */ (event).detail ?? {};
  if (MODES.includes(mode)) document.documentElement.dataset.strip = mode;
  if (what === "alarm" || what === "drill") open({ drill: what === "drill" });
});
core.subscribe(drawStrip);
core
  .load()
  .then(drawStrip, () => view.fail())
  .then(() => autoFlush());
