// One request to the one server, signed by the field key where it has to be, and what its answer means.

import { compactJson, digest } from "./codec.js";
import { signText } from "./jws.js";

/** Codes after which the very same thing may be sent again (protocol/errors.py, `permanent=False`). */
export const PASSING = new Set([
  "rate_limited",
  "overloaded",
  "storage_full",
  "internal",
  "session_needed",
  "challenge_expired",
  "roster_conflict",
  "alarm_unknown",
  "epoch_changed",
]);

/** Nobody answered, or not our server: the phone might as well be without coverage. */
export class Unreachable extends Error {
  /** @param {"offline" | "timeout" | "not_trygg"} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/**
 * @typedef {object} Sender who signs a request
 * @property {string} server @property {string} device @property {{key: CryptoKey, kid: string}} field
 */

/**
 * The Authorization header of a signed request (protocol/requests.py).
 * @param {Sender} sender @param {string} unit @param {string} method @param {string} path with its query
 * @param {string} body @param {number[]} created ms per event of the body
 * @param {string} [id] random, or the challenge answered
 */
export async function authorization({ server, device, field }, unit, method, path, body, created, id) {
  const claims = {
    v: 1,
    server,
    unit,
    device,
    method,
    path,
    id: id || crypto.randomUUID(),
    body: await digest(body),
    sent: Date.now(),
    created,
  };
  return `Trygg ${await signText(field, "tu-request+jws", compactJson(claims))}`;
}

let away = false;
/** @type {Set<() => void>} */
const returning = new Set();

/** Call back each time our server answers after it did not: what waited for no other reason need not wait longer. @param {() => void} callback */
export const onReturn = (callback) => void returning.add(callback);

/**
 * Fetch from our own server, and be sure that it was our server that answered.
 * @param {string} method @param {string} path @param {string | null | undefined} body @param {How} how
 * @throws {Unreachable}
 */
export async function ask(method, path, body, how) {
  try {
    const reply = await fetchOurs(method, path, body, how);
    if (away) {
      away = false;
      returning.forEach((callback) => callback());
    }
    return reply;
  } catch (error) {
    if (error instanceof Unreachable) away = true;
    throw error;
  }
}

/**
 * @typedef {{timeout: number, server?: string, headers?: Record<string, string>, keepalive?: boolean}} How
 *   timeout in ms; `server`: the id it must have, if known
 */

/** @param {string} method @param {string} path @param {string | null | undefined} body @param {How} how */
async function fetchOurs(method, path, body, { timeout, server, headers = {}, keepalive = false }) {
  const given = body === null || body === undefined || body === "" ? undefined : body;
  /** @type {Response} */
  let response;
  let content;
  try {
    response = await fetch(path, {
      method,
      body: given,
      headers: given === undefined ? headers : { "Content-Type": "application/json", ...headers },
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      keepalive,
      signal: AbortSignal.timeout(timeout),
    });
    content = await response.text();
  } catch (error) {
    throw new Unreachable(error instanceof DOMException && error.name === "TimeoutError" ? "timeout" : "offline");
  }
  // A captive portal answers anything with anything; it does not know who our server is.
  const answered = response.headers.get("Trygg-Server");
  if (!answered || (server && answered !== server)) throw new Unreachable("not_trygg");
  return { status: response.status, headers: response.headers, body: content };
}

/**
 * Seconds until a retry, from a Retry-After of either form; 0 when there is none.
 * @param {string | null} value
 */
export function retryAfter(value) {
  if (!value) return 0;
  const seconds = /^\d+$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}

/** @param {string} body @returns {any} undefined when it is not JSON */
export function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
