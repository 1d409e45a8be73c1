// The page /alarm: plain HTML and this script, no Flutter and no Python, so that it works at once and alone.

import { autoFlush } from "../device/outbox.js";
import { AlarmCore } from "./core.js";
import { addStyles } from "./styles.js";
import { AlarmView } from "./view.js";

addStyles();
const root = /** @type {HTMLElement} */ (document.getElementById("trygg-alarm"));
root.className = "ta ta-page";
const core = new AlarmCore();
const view = new AlarmView(root, core, { onClose: null, home: __BASE__ });

core
  .load()
  .catch(() => view.fail())
  .then(() => {
    view.shown(true);
    performance.mark("alarm-usable");
    // What can wait, waits until the page is there to be used.
    requestAnimationFrame(() => setTimeout(startRest));
  });

function startRest() {
  autoFlush();
  void core.probe();
  navigator.serviceWorker?.register(`${__BASE__}sw.js`, { scope: __BASE__ }).catch(() => {});
}
