// HTTP to the one server for Python, and the live stream that says when to ask for news.

import { readSetup } from "./alarm-store.js";
import { PortError } from "./errors.js";
import { fieldKey } from "./keys.js";
import { Unreachable, ask, authorization } from "./request.js";

const LONGEST_PAUSE = 60_000;

/**
 * @param {string} method @param {string} path @param {string | null | undefined} body @param {any} how
 * @throws {PortError} offline, timeout, not_trygg
 */
async function reply(method, path, body, how) {
  try {
    const { status, headers, body: content } = await ask(method, path, body, how);
    return { status, headers: Object.fromEntries(headers), body: content };
  } catch (error) {
    throw error instanceof Unreachable ? new PortError(error.code) : error;
  }
}

/** Plain request with the read session's cookie. @param {string} method @param {string} path @param {string | null | undefined} body @param {number} timeout ms */
export async function sendRequest(method, path, body, timeout) {
  return reply(method, path, body, { timeout, server: (await readSetup())?.server });
}

/**
 * The same, signed with the field key.
 * @param {string} method @param {string} path @param {string | null | undefined} body
 * @param {string} id empty for a random one, or the challenge answered @param {number} timeout ms
 * @throws {PortError} not_provisioned
 */
export async function sendSigned(method, path, body, id, timeout) {
  const [known, field] = await Promise.all([readSetup(), fieldKey()]);
  if (!known || !field) throw new PortError("not_provisioned");
  const sender = { server: known.server, device: known.device, field };
  const header = await authorization(sender, known.unit, method, path, body ?? "", [], id);
  return reply(method, path, body, { timeout, server: known.server, headers: { Authorization: header } });
}

/** @type {EventSource | null} */
let stream = null;
let reopening = 0;

/**
 * Keep the live stream open and call back at each nudge. EventSource recovers from a broken line by itself; not from a
 * refusal (the session has ended), so that is a nudge too: pulling the feed begins a new session.
 * @param {string} unit @param {() => void} onNudge @param {number} [failures]
 */
export function listenLive(unit, onNudge, failures = 0) {
  hushLive();
  const opened = new EventSource(`/api/v1/units/${unit}/live`);
  stream = opened;
  let heard = false;
  opened.onopen = () => {
    failures = 0;
    heard = true;
    onNudge(); // something may have come while nobody listened
  };
  opened.onmessage = onNudge;
  opened.addEventListener("nudge", onNudge);
  opened.onerror = () => {
    if (stream !== opened) return;
    // A line that breaks is news too: the screen must not say for another minute that all is well.
    if (heard || opened.readyState === EventSource.CLOSED) onNudge();
    heard = false;
    if (opened.readyState !== EventSource.CLOSED) return;
    const pause = 1000 + Math.random() * Math.min(LONGEST_PAUSE, 1000 * 2 ** Math.min(failures + 1, 10));
    reopening = setTimeout(() => listenLive(unit, onNudge, failures + 1), pause);
  };
}

/** Close the stream. */
export function hushLive() {
  clearTimeout(reopening);
  stream?.close();
  stream = null;
}
