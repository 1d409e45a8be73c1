// What waits to be sent, from both databases, and the one piece of code that sends it: used by the worker, the page, the
// alarm page and the service worker. Nothing is ever dropped here: a row ends as sent or, refused for good, as parked.
//
// Two lanes, each under its own Web Lock: an alarm never waits for somebody else's half megabyte. The locks only spare
// double work, since every write is idempotent by its id, so the urgent lane does not wait long for its lock either.

import { readSetup } from "./alarm-store.js";
import { onNews, tellAll } from "./channel.js";
import { read, result, write } from "./db.js";
import { fieldKey } from "./keys.js";
import { PASSING, Unreachable, ask, authorization, onReturn, parsed, retryAfter } from "./request.js";

/** @typedef {import("./db.js").Place} Place */
/**
 * @typedef {object} OutboxRow as in mobile_app/ports.py; times in ms
 * @property {string} id @property {string} unit @property {"event" | "statement"} type @property {string} coarse
 * @property {number} created @property {string} content @property {"queued" | "parked" | "sent"} state
 * @property {number} tries @property {string} error @property {number} received
 * @property {number} [next] not before this time, unless there is a new reason to hope
 * @property {number} [held] not before this time: the server said so
 * @property {string} [case] own alarms only: the case it belongs to
 * @property {string} [act] own alarms only: raise, update, safe
 * @property {Place} [place] where it was read; not stored
 */

const BATCH_EVENTS = 50;
const BATCH_BYTES = 524_288;
const LONGEST_PAUSE = { urgent: 30_000, other: 300_000 };
const LONGEST_HELD = { urgent: 60_000, other: 3_600_000 };
const TIMEOUT = { urgent: 10_000, other: 60_000 };
const LOCK_PATIENCE = 1_500;
const KEEPALIVE_BYTES = 60_000;
/** After so many failures of its own a row goes alone, so that a poisoned one cannot hold others back. */
const ALONE_AFTER = 3;
const PLACES = /** @type {Place[]} */ (["alarm", "vault"]);

const isUrgent = (/** @type {OutboxRow} */ row) => row.coarse === "urgent";
const byteLength = (/** @type {string} */ content) => new TextEncoder().encode(content).length;

/** Every row of both outboxes, oldest first. @returns {Promise<OutboxRow[]>} */
async function allRows() {
  const found = await Promise.all(
    PLACES.map(async (place) => {
      const rows = await read(place, "outbox", (tx) => result(tx.objectStore("outbox").getAll()));
      return rows.map((row) => ({ ...row, place }));
    }),
  );
  return found.flat().sort((a, b) => a.created - b.created);
}

/** Rows as Python sees them: without content. */
export async function outboxRows() {
  return (await allRows()).map(({ id, unit, type, coarse, created, state, tries, error, received }) => {
    return { id, unit, type, coarse, created, content: "", state, tries, error, received };
  });
}

/** Queue a parked row again. @param {string} id */
export const retryRow = (id) => changeParked(id, (row) => ({ ...row, state: "queued", tries: 0, error: "", next: 0, held: 0 }));

/** Drop a parked row for good. @param {string} id */
export const discardRow = (id) => changeParked(id, () => null);

/** @param {string} id @param {(row: OutboxRow) => OutboxRow | null} change */
async function changeParked(id, change) {
  let changed = false;
  for (const place of PLACES) {
    await write(place, "outbox", async (tx) => {
      const store = tx.objectStore("outbox");
      const row = await result(store.get(id));
      if (row?.state !== "parked") return;
      const after = change(row);
      after ? store.put(after) : store.delete(id);
      changed = true;
    });
  }
  if (changed) tellAll({ type: "outbox" });
}

/**
 * @typedef {object} Outcome what became of one row
 * @property {"sent" | "parked" | "again"} state @property {number} [received] ms @property {string} [error]
 * @property {number} [pause] ms the server asked for
 */

/** @param {OutboxRow} row @param {Outcome} outcome @returns {OutboxRow} */
function afterwards(row, { state, received = 0, error = "", pause = 0 }) {
  if (state === "sent") return { ...row, state, received, error: "", content: "" };
  if (state === "parked") return { ...row, state, error };
  const tries = row.tries + 1;
  const lane = isUrgent(row) ? "urgent" : "other";
  const now = Date.now();
  const held = pause > 0 ? now + Math.min(pause, LONGEST_HELD[lane]) : 0;
  // Full jitter: phones that lost the server together do not come back together.
  const next = now + Math.random() * Math.min(LONGEST_PAUSE[lane], 1000 * 2 ** Math.min(tries, 16));
  return { ...row, tries, error, held, next: Math.max(next, held) };
}

/**
 * Write down what became of rows: one transaction a database. A row another context has settled meanwhile stays settled.
 * An own alarm learns of it in the same transaction.
 * @param {[OutboxRow, Outcome][]} outcomes
 */
async function record(outcomes) {
  /** @type {Set<string>} */
  const cases = new Set();
  for (const place of PLACES) {
    const mine = outcomes.filter(([row]) => row.place === place);
    if (mine.length === 0) continue;
    await write(place, place === "alarm" ? ["outbox", "alarms"] : "outbox", async (tx) => {
      const store = tx.objectStore("outbox");
      for (const [{ id }, outcome] of mine) {
        const row = await result(store.get(id));
        if (row?.state !== "queued") continue;
        const after = afterwards(row, outcome);
        if (place === "alarm" && row.case) {
          cases.add(row.case);
          await noteOnAlarm(tx.objectStore("alarms"), after);
          // The alarm's own record knows; the row has nothing more to tell.
          if (after.state === "sent") {
            store.delete(id);
            continue;
          }
        }
        store.put(after);
      }
    });
  }
  tellAll({ type: "outbox" });
  for (const which of cases) tellAll({ type: "alarm", case: which });
}

/** @param {IDBObjectStore} alarms @param {OutboxRow} row as it is after sending */
async function noteOnAlarm(alarms, row) {
  const alarm = await result(alarms.get(/** @type {string} */ (row.case)));
  if (!alarm) return;
  const event = alarm.events.find((/** @type {any} */ entry) => entry.id === row.id);
  if (event) Object.assign(event, { received: row.received, error: row.error });
  if (row.act === "raise" && row.received && !alarm.received) alarm.received = row.received;
  alarms.put(alarm);
}

/**
 * Run under a Web Lock, or without it after `patience` ms, or where there are none.
 * @param {string} name @param {number} patience 0: as long as it takes @param {() => Promise<void>} work
 */
async function underLock(name, patience, work) {
  if (!navigator.locks) return work();
  let began = false;
  const options = patience ? { signal: AbortSignal.timeout(patience) } : {};
  try {
    await navigator.locks.request(name, options, () => {
      began = true;
      return work();
    });
  } catch (error) {
    if (began || !patience) throw error;
    await work();
  }
}

/** @typedef {import("./request.js").Sender} Sender */
/** @typedef {{sent: number, reachable: boolean}} Tally */

/**
 * Send what is due.
 * @param {{eager?: boolean, urgentOnly?: boolean}} [how] eager: there is a new reason to hope (coverage is back, the person
 *   came back), so pauses of our own making don't count; what the server asked for does
 * @returns {Promise<{sent: number, left: number, next: number}>} `next`: when something is due again, ms, 0 for never
 */
export async function flushOutbox({ eager = false, urgentOnly = false } = {}) {
  const [setup, field] = await Promise.all([readSetup(), fieldKey()]);
  let sent = 0;
  if (setup && field) {
    const sender = { server: setup.server, device: setup.device, field };
    const due = (/** @type {OutboxRow} */ row) =>
      row.state === "queued" && Math.max(eager ? 0 : (row.next ?? 0), row.held ?? 0) <= Date.now();
    let reachable = true;
    const count = (/** @type {Tally} */ tally) => {
      sent += tally.sent;
      reachable = tally.reachable;
    };
    await underLock("trygg-flush-urgent", LOCK_PATIENCE, async () => count(await sendUrgent(sender, due)));
    if (reachable && !urgentOnly) await underLock("trygg-flush", 0, async () => count(await sendOthers(sender, due)));
  }
  const left = (await allRows()).filter(({ state }) => state === "queued");
  const next = left.length > 0 ? Math.min(...left.map((row) => Math.max(row.next ?? 0, row.held ?? 0))) : 0;
  return { sent, left: left.length, next: setup && field ? next : 0 };
}

/**
 * One request each, in order; within a case nothing overtakes.
 * @param {Sender} sender @param {(row: OutboxRow) => boolean} due @returns {Promise<Tally>}
 */
async function sendUrgent(sender, due) {
  let sent = 0;
  const tried = new Set();
  const waiting = new Set();
  for (;;) {
    const rows = (await allRows()).filter((row) => isUrgent(row) && due(row) && !tried.has(row.id));
    const row = rows.find((candidate) => !candidate.case || !waiting.has(candidate.case));
    if (!row) return { sent, reachable: true };
    tried.add(row.id);
    const outcomes = await sendRows(sender, [row]);
    if (outcomes === "unreachable") return { sent, reachable: false };
    const stays = outcomes.some(([, { state }]) => state === "again");
    if (stays && row.case) waiting.add(row.case);
    sent += outcomes.filter(([, { state }]) => state === "sent").length;
  }
}

/** In batches. @param {Sender} sender @param {(row: OutboxRow) => boolean} due @returns {Promise<Tally>} */
async function sendOthers(sender, due) {
  let sent = 0;
  let most = BATCH_EVENTS;
  const tried = new Set();
  for (;;) {
    const rows = (await allRows()).filter((row) => !isUrgent(row) && due(row) && !tried.has(row.id));
    if (rows.length === 0) return { sent, reachable: true };
    const batch = nextBatch(rows, most);
    const outcomes = await sendRows(sender, batch);
    if (outcomes === "unreachable") return { sent, reachable: false };
    if (outcomes.length === 0) {
      // Refused as a whole: in halves, down to the one that is to blame.
      most = Math.ceil(batch.length / 2);
      continue;
    }
    most = BATCH_EVENTS;
    batch.forEach(({ id }) => tried.add(id));
    sent += outcomes.filter(([, { state }]) => state === "sent").length;
  }
}

/**
 * The oldest row, and those that may travel with it. After a timeout a batch gets smaller each time.
 * @param {OutboxRow[]} rows @param {number} most @returns {OutboxRow[]}
 */
function nextBatch(rows, most) {
  const [first] = rows;
  const alone = (/** @type {OutboxRow} */ row) => row.type !== "event" || (row.tries >= ALONE_AFTER && row.error === "internal");
  if (alone(first)) return [first];
  const room = first.error === "timeout" ? BATCH_BYTES >> Math.min(first.tries, 6) : BATCH_BYTES;
  /** @type {OutboxRow[]} */
  const batch = [];
  let size = '{"events":[]}'.length;
  for (const row of rows) {
    if (row.unit !== first.unit || alone(row)) continue;
    size += byteLength(JSON.stringify({ id: row.id, envelope: row.content })) + 1;
    if (batch.length > 0 && size > room) break;
    batch.push(row);
    if (batch.length >= most) break;
  }
  return batch;
}

/**
 * Send rows of one unit in one request and write down what came of it.
 * @param {Sender} sender @param {OutboxRow[]} rows
 * @returns {Promise<[OutboxRow, Outcome][] | "unreachable">} an empty list: refused as a whole, halve it
 */
async function sendRows(sender, rows) {
  try {
    const outcomes = await send(sender, rows);
    if (outcomes.length > 0) await record(outcomes);
    return outcomes;
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    // Nobody is there for the others either: they wait together, and nothing more is tried now.
    const { code } = error;
    const sameLane = (await allRows()).filter((row) => row.state === "queued" && isUrgent(row) === isUrgent(rows[0]));
    await record(sameLane.map((row) => [row, { state: "again", error: code }]));
    return "unreachable";
  }
}

/**
 * One request with these rows of one unit.
 * @param {Sender} sender @param {OutboxRow[]} rows
 * @returns {Promise<[OutboxRow, Outcome][]>} empty: refused as a whole, halve it
 * @throws {Unreachable}
 */
async function send(sender, rows) {
  const [{ type, unit }] = rows;
  const lane = isUrgent(rows[0]) ? "urgent" : "other";
  const path = `/api/v1/units/${unit}/${type}s`;
  const content =
    type === "event" ? { events: rows.map((row) => ({ id: row.id, envelope: row.content })) } : { statement: rows[0].content };
  const body = JSON.stringify(content);
  const created = type === "event" ? rows.map((row) => row.created) : [];
  const reply = await ask("POST", path, body, {
    timeout: TIMEOUT[lane],
    server: sender.server,
    headers: { Authorization: await authorization(sender, unit, "POST", path, body, created) },
    keepalive: lane === "urgent" && byteLength(body) < KEEPALIVE_BYTES,
  });
  return judge(rows, reply);
}

/**
 * Send one row that no database holds. Writes nothing down.
 * @param {OutboxRow} row
 * @returns {Promise<{received: number, error: string, final: boolean}>} final: refused for good
 */
export async function sendUnstored(row) {
  const setup = await readSetup().catch(() => null);
  const field = await fieldKey().catch(() => null);
  if (!setup || !field) return { received: 0, error: "not_provisioned", final: false };
  try {
    const [[, outcome]] = await send({ server: setup.server, device: setup.device, field }, [row]);
    const { state, received = 0, error = "" } = outcome;
    return { received, error, final: state === "parked" };
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    return { received: 0, error: error.code, final: false };
  }
}

/**
 * What an answer of our server means for the rows of its request.
 * @param {OutboxRow[]} rows @param {{status: number, headers: Headers, body: string}} reply
 * @returns {[OutboxRow, Outcome][]} empty: to be sent in halves
 * @throws {Unreachable} not_trygg: the answer has not the shape our server gives it
 */
function judge(rows, { status, headers, body }) {
  const answer = parsed(body);
  /** @type {(outcome: Outcome) => [OutboxRow, Outcome][]} */
  const all = (outcome) => rows.map((row) => [row, outcome]);
  if (status >= 200 && status < 300) {
    if (rows[0].type === "statement") {
      if (answer?.id !== rows[0].id || !isTime(answer.received)) throw new Unreachable("not_trygg");
      return all({ state: "sent", received: answer.received });
    }
    const results = new Map(Array.isArray(answer?.results) ? answer.results.map((/** @type {any} */ r) => [r?.id, r]) : []);
    return rows.map((row) => [row, judgeEvent(results.get(row.id))]);
  }
  const code = answer?.error?.code;
  if (typeof code !== "string") throw new Unreachable("not_trygg");
  const pause = 1000 * retryAfter(headers.get("Retry-After"));
  // Who sends is in doubt, not what is sent: kept, with the reason, until a person or the roster has put it right.
  const aboutSender = status === 401 || status === 403;
  if (aboutSender || PASSING.has(code) || status >= 500 || [408, 425, 429].includes(status)) {
    return all({ state: "again", error: code, pause });
  }
  return rows.length > 1 ? [] : all({ state: "parked", error: code });
}

/** @param {any} found one EventResult @returns {Outcome} */
function judgeEvent(found) {
  if (["accepted", "duplicate"].includes(found?.status) && isTime(found.received)) return { state: "sent", received: found.received };
  const code = found?.error?.code;
  if (found?.status !== "refused" || typeof code !== "string") throw new Unreachable("not_trygg");
  return PASSING.has(code) ? { state: "again", error: code } : { state: "parked", error: code };
}

const isTime = (/** @type {any} */ value) => Number.isSafeInteger(value) && value >= 0;

// Whoever is served again takes everybody along: a visit does not sit out its pause while an alarm has gone through.
onReturn(() => void flushOutbox({ eager: true }).catch(() => {}));

/**
 * For pages: send at start, when coverage or the person comes back, when something is queued, and when a pause ends. Where
 * there is Background Sync, the service worker goes on after the page is gone.
 * @returns {() => Promise<void>} sends now
 */
export function autoFlush() {
  let timer = 0;
  /** @param {boolean} eager */
  const run = async (eager) => {
    clearTimeout(timer);
    const { left, next } = await flushOutbox({ eager }).catch(() => ({ left: 1, next: Date.now() + LONGEST_PAUSE.urgent }));
    clearTimeout(timer);
    if (left === 0) return;
    askForSync();
    if (next > 0) timer = setTimeout(() => run(false), Math.max(250, next - Date.now()));
  };
  addEventListener("online", () => void run(true));
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void run(true));
  onNews(({ type }) => {
    if (type !== "outbox" && type !== "setup") return;
    clearTimeout(timer);
    timer = setTimeout(() => run(false), 50);
  });
  void run(true);
  return () => run(true);
}

/** Ask the browser to wake the service worker when there is coverage again. A browser that can't is none the worse. */
export function askForSync() {
  const worker = globalThis.navigator?.serviceWorker;
  worker?.ready.then((/** @type {any} */ registration) => registration.sync?.register("outbox")).catch(() => {});
}
