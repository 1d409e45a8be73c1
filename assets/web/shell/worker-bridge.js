// The worker's end of the host bridge. Imported before everything else in the worker: other modules use what it sets.
//
// self.onHostEvent  Python assigns its callback (name, valueJson). What came before is kept and delivered once, in order;
//                   until then the name stands for a function that keeps, so that JavaScript can always call it.
// self.toPage       (name, value) asks something of the page.
// self.mark         (name) sets a User Timing mark in the page's timeline.

/** @type {[string, string][]} */
const waiting = [];
/** @type {((name: string, valueJson: string) => void) | null} */
let listener = null;

const keep = (/** @type {string} */ name, /** @type {string} */ valueJson) => void waiting.push([name, valueJson]);

Object.defineProperty(self, "onHostEvent", {
  get: () => listener ?? keep,
  set: (callback) => {
    listener = callback ?? null;
    // Not inside the assignment: Python is still in the middle of a statement there.
    queueMicrotask(deliver);
  },
});

function deliver() {
  while (listener && waiting.length > 0) {
    const [name, valueJson] = /** @type {[string, string]} */ (waiting.shift());
    call(listener, name, valueJson);
  }
}

/** @param {(name: string, valueJson: string) => void} callback @param {string} name @param {string} valueJson */
function call(callback, name, valueJson) {
  try {
    callback(name, valueJson);
  } catch (error) {
    console.error(`Trygg ute: host event ${name}`, error);
  }
}

/**
 * Hand a message from the page to Python.
 * @param {string} name
 * @param {any} value
 */
export function hostEvent(name, value) {
  keep(name, JSON.stringify(value ?? null));
  deliver();
}

self.toPage = (/** @type {string} */ name, /** @type {any} */ value) => {
  // Python's dicts and lists arrive as proxies.
  const plain = typeof value?.toJs === "function" ? value.toJs({ dict_converter: Object.fromEntries }) : value;
  self.postMessage({ page: name, value: plain });
};

self.mark = (/** @type {string} */ name) => {
  self.postMessage({ mark: name, t: performance.timeOrigin + performance.now() });
};
