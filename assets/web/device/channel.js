// News between page, worker, service worker and alarm page: {type: "outbox"}, {type: "alarm", case}, {type: "setup"}. From
// the worker to the page and back: {type: "persist"}, {type: "persisted", kept}.
// One channel object a context, since a second one in the same context would hear the first.

const channel = new BroadcastChannel("trygg");
/** @type {Set<(message: any) => void>} */
const listeners = new Set();

channel.onmessage = ({ data }) => {
  for (const listener of listeners) listener(data);
};

/**
 * Tell the other contexts and this one.
 * @param {{type: string, [more: string]: any}} message
 */
export function tellAll(message) {
  channel.postMessage(message);
  queueMicrotask(() => listeners.forEach((listener) => listener(message)));
}

/** @param {(message: any) => void} listener @returns {() => void} stops it */
export function onNews(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
