// Holding a button for three seconds, counted by the time stamps of the events, not by when the page got round to them.
//
// While the app boots, the page can be busy for a second at a time. A press and its release then arrive late, but they
// carry when they happened: only that decides. A timer alone would send an alarm for a short press that was read late.

export const HOLD_MS = 3000;
/** How long a late timer waits for a release that may still be in the queue. */
const SETTLE_MS = 80;
/** A touch the system breaks off may be taken up again within this time. */
const BREAK_MS = 400;

/**
 * @typedef {object} HoldListener times as of performance.now()
 * @property {(start: number) => void} onStart
 * @property {(held: number) => void} onEnd let go too early, after so many ms
 * @property {() => void} onFull
 */

/**
 * Watch a button. Pointers and keyboard alike; only what a person did counts (isTrusted).
 * @param {HTMLElement} button @param {HoldListener} listener
 */
export function watchHold(button, listener) {
  /** @type {{start: number, pointer: number | null, timer: number} | null} */
  let hold = null;
  /** @type {{start: number, at: number} | null} */
  let broken = null;

  /** @param {number} start @param {number | null} pointer */
  function begin(start, pointer) {
    const resumed = broken && start - broken.at <= BREAK_MS ? broken.start : start;
    broken = null;
    hold = { start: resumed, pointer, timer: 0 };
    listener.onStart(resumed);
    wait();
  }

  function wait() {
    const left = /** @type {any} */ (hold).start + HOLD_MS - performance.now();
    /** @type {any} */ (hold).timer = setTimeout(due, Math.max(0, left));
  }

  /** The time is up by the clock. If this comes late, a release may be waiting unread: let it be read first. */
  function due() {
    if (!hold) return;
    const late = performance.now() - hold.start - HOLD_MS;
    if (late < 0) return wait();
    if (late <= SETTLE_MS / 2 && !inputWaits()) return full();
    hold.timer = setTimeout(() => (inputWaits() ? due() : full()), SETTLE_MS);
  }

  function full() {
    if (!hold) return;
    clearTimeout(hold.timer);
    hold = null;
    listener.onFull();
  }

  /** @param {number} at when it was let go */
  function end(at) {
    if (!hold) return;
    const held = at - hold.start;
    if (held >= HOLD_MS) return full();
    clearTimeout(hold.timer);
    hold = null;
    listener.onEnd(held);
  }

  button.addEventListener("pointerdown", (event) => {
    if (!event.isTrusted || !event.isPrimary || event.button !== 0 || hold) return;
    // A finger that slips off the button still holds it.
    button.setPointerCapture(event.pointerId);
    begin(event.timeStamp, event.pointerId);
  });
  button.addEventListener("pointerup", (event) => {
    if (hold?.pointer === event.pointerId) end(event.timeStamp);
  });
  button.addEventListener("pointercancel", (event) => {
    if (hold?.pointer !== event.pointerId) return;
    broken = { start: hold.start, at: event.timeStamp };
    end(event.timeStamp);
  });
  button.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault(); // a press of the key is not a click: it is the beginning of a hold
    if (event.isTrusted && !event.repeat && !hold) begin(event.timeStamp, null);
  });
  button.addEventListener("keyup", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (hold?.pointer === null) end(event.timeStamp);
  });
  button.addEventListener("blur", () => {
    if (hold?.pointer === null) end(performance.now());
  });
  // A long press must not open a menu or start a selection.
  for (const name of ["contextmenu", "selectstart", "dragstart"]) button.addEventListener(name, (event) => event.preventDefault());
}

/** Whether the browser knows of input nobody has read yet. */
function inputWaits() {
  return /** @type {any} */ (navigator).scheduling?.isInputPending?.() ?? false;
}
