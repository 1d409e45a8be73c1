// The page shell: starts Python first, then the service worker, then Flutter, and shows the app when it has painted.

import { firstFragment, takeFragment } from "./fragment.js";
import { bootFlutter, enableSemantics, rendererDiffers } from "./flutter.js";
import { mark } from "./marks.js";
import { hideScreen, showFailure } from "./screen.js";
import { serve } from "./services.js";
import { answerPersist } from "./storage.js";
import { watchUpdates } from "./updates.js";
import { startPythonWorker } from "./worker.js";

const SLOW_MS = 60_000;

mark("shell-start");
let flutterDrew = false;
let appRendered = false;
let painted = false;

const python = startPythonWorker({
  onFailed: (code, detail) => showFailure(code === "download" && !navigator.onLine ? "offline" : code, detail),
  onRendered: () => {
    appRendered = true;
    showWhenPainted();
  },
  onPage: (name, value) => serve(name, value, tell),
});

/** @param {string} name @param {any} value */
function tell(name, value) {
  python.tell(name, value);
}

answerPersist();
if (firstFragment) tell("fragment", firstFragment);
addEventListener("hashchange", () => {
  const later = takeFragment();
  if (later) tell("fragment", later);
});
for (const name of ["online", "offline"]) addEventListener(name, () => tell("online", { online: navigator.onLine }));
document.addEventListener("visibilitychange", () => tell("visible", { visible: document.visibilityState === "visible" }));
// The alarm layer and other parts of the page speak to Python by an event, so that none of them needs the worker.
addEventListener("to-app", (event) => {
  const { name, value } = /** @type {CustomEvent} */ (event).detail;
  tell(name, value);
});
// WebKit restores a page from its back/forward cache with Flutter's frames dead.
addEventListener("pageshow", (event) => {
  if (event.persisted && navigator.vendor.startsWith("Apple")) location.reload();
});

watchUpdates(tell, rendererDiffers);
bootFlutter(() => {
  flutterDrew = true;
  mark("flutter-first-frame");
  showWhenPainted();
}).catch((error) => showFailure(navigator.onLine ? "flutter" : "offline", error));
setTimeout(() => painted || showFailure("slow"), SLOW_MS);

/** Two animation frames after Flutter was handed the app's first screen, it is on the glass. */
function showWhenPainted() {
  if (!flutterDrew || !appRendered || painted) return;
  painted = true;
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      mark("app-painted");
      document.documentElement.dataset.painted = "";
      hideScreen();
      enableSemantics();
    }),
  );
}
