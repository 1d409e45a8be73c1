// Raising an alarm and following what becomes of it: no Flutter, no Python, no passphrase. Everything is sealed and on disk
// before anything is said to be so; then it is sent, by this page or by whoever comes next.

import { readSetup } from "../device/alarm-store.js";
import { onNews, tellAll } from "../device/channel.js";
import { compactJson } from "../device/codec.js";
import { read, result, write } from "../device/db.js";
import { signText } from "../device/jws.js";
import { fieldKey } from "../device/keys.js";
import { askForSync, flushOutbox, sendUnstored } from "../device/outbox.js";
import { Unreachable, ask, authorization, parsed } from "../device/request.js";
import { importReader, sealText } from "../device/sealer.js";
import { checkStatements } from "./acknowledgements.js";

const POSITION_MS = 4000;
const PADDING_STEPS = [2048, 4096, 8192, 16_384, 32_768, 65_536];
const POLL = { timeout: 8_000, first: 1_000, often: 2_000, seldom: 8_000, oftenFor: 180_000 };
const UNSTORED_RETRY_MS = 3_000;

/**
 * @typedef {object} AlarmEvent one event of an own alarm; times in ms
 * @property {string} id @property {"raise" | "update" | "safe"} act @property {number} at device clock
 * @property {number} received server clock, 0 until then @property {string} error last code, or empty
 */
/**
 * @typedef {object} Alarm an own alarm as the alarm database keeps it
 * @property {string} case @property {string} server @property {string} unit @property {boolean} drill
 * @property {number} raised @property {number} received @property {number} delivered @property {number} deliveredAt
 * @property {number} members @property {any[]} seen @property {"open" | "safe"} state @property {AlarmEvent[]} events
 * @property {{state: "seeking" | "sent" | "none", at: number, accuracy: number} | null} position no coordinates: those
 *   are sealed @property {boolean} [unstored] the device's storage failed; it lives in this page alone
 * @property {boolean} [nobody] the server has it, and none of those it is sealed to is in the unit any more
 */

/** @typedef {import("../device/alarm-store.js").AlarmSetup} AlarmSetup */

export class AlarmCore {
  /** @type {AlarmSetup | undefined} */
  setup = undefined;
  /** Whether the alarm database has been read. */
  loaded = false;
  /** The open alarm of this device, or the one just ended here. @type {Alarm | null} */
  alarm = null;
  /** Whether the server can be reached; null: not known yet. @type {boolean | null} */
  reachable = null;
  /** Where the phone was when it raised the alarm: kept in memory alone, for a text message. @type {string} */
  coordinates = "";

  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** @type {Promise<{key: CryptoKey, kid: string}[]> | null} */
  #readers = null;
  #pollTimer = 0;
  #polling = false;

  constructor() {
    onNews(({ type }) => {
      if (type === "setup" || type === "alarm") void this.load();
    });
    for (const name of ["online", "offline"]) addEventListener(name, () => void this.probe());
    document.addEventListener("visibilitychange", () => this.#schedule(0));
  }

  /** Call back after every change; returns what stops it. @param {() => void} listener */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed() {
    // Whoever of page, worker and service worker got it through: the mark says when this page knew.
    const began = performance.getEntriesByName("alarm-durable").length > 0 || this.alarm?.unstored;
    if (began && this.alarm?.received && performance.getEntriesByName("alarm-accepted").length === 0) {
      performance.mark("alarm-accepted");
    }
    for (const listener of this.#listeners) listener();
  }

  /** Read what there is, and have the keys ready before they are needed. @throws when the storage fails */
  async load() {
    const [setup, stored] = await Promise.all([readSetup(), openAlarm()]);
    this.setup = setup;
    this.loaded = true;
    this.#readers = setup ? readersOf(setup) : null;
    if (stored) this.alarm = stored;
    else if (this.alarm && !this.alarm.unstored) this.alarm = (await storedAlarm(this.alarm.case)) ?? null;
    void fieldKey();
    this.#changed();
    this.#schedule(POLL.first);
  }

  /** Put an ended alarm away. */
  dismiss() {
    if (this.alarm?.state !== "open") this.alarm = null;
    this.#changed();
  }

  /** Find out whether the server answers. */
  async probe() {
    if (!this.setup) return;
    if (!navigator.onLine) this.#reached(false);
    else await ask("GET", "/api/v1/server", null, { timeout: 5_000, server: this.setup.server }).then(() => this.#reached(true), () => this.#reached(false));
  }

  /** @param {boolean} reachable */
  #reached(reachable) {
    if (this.reachable === reachable) return;
    this.reachable = reachable;
    this.#changed();
  }

  /**
   * Raise an alarm, or ring again with the one that is open. Returns when it is on disk; sending goes on.
   * @param {{drill?: boolean}} [how] a drill never rings with an open alarm, and a real alarm ends an open drill
   * @throws {Error} the device has not joined
   */
  async raise({ drill = false } = {}) {
    const setup = this.setup ?? (await readSetup());
    if (!setup) throw new Error("not_provisioned");
    const body = { silent: false, ...(setup.visit && !drill ? { visit: setup.visit } : {}) };
    try {
      this.alarm = await this.#raiseStored(setup, drill, body);
    } catch {
      // A full or broken disk must not stop an alarm: it is sent from memory for as long as this page is open.
      await this.#raiseUnstored(setup, drill, body);
      return;
    }
    performance.mark("alarm-durable");
    this.#changed();
    askForSync();
    tellAll({ type: "alarm", case: this.alarm.case });
    tellAll({ type: "outbox" });
    void this.#deliver();
    if (!drill) void this.#followPosition(setup);
  }

  /** @param {AlarmSetup} setup @param {boolean} drill @param {any} body @returns {Promise<Alarm>} */
  async #raiseStored(setup, drill, body) {
    for (;;) {
      const open = await openAlarm();
      const over = open?.drill && !drill ? open : null;
      const alarm = open && !over ? open : newAlarm(setup, drill);
      const row = await this.#seal(setup, alarm, "alarm.raised", "raise", body);
      const end = over && (await this.#seal(setup, over, "alarm.safe", "safe", {}));
      const stored = await write("alarm", ["alarms", "outbox"], async (tx) => {
        const now = openOf(await result(tx.objectStore("alarms").getAll()));
        // Another page of this device was quicker: ring with its alarm instead.
        if (now?.case !== open?.case) return null;
        if (over && end) put(tx, { ...(now ?? over), state: "safe" }, end);
        return put(tx, (over ? null : now) ?? alarm, row);
      });
      if (stored) return stored;
    }
  }

  /** @param {AlarmSetup} setup @param {boolean} drill @param {any} body */
  async #raiseUnstored(setup, drill, body) {
    const again = this.alarm?.state === "open" && this.alarm.drill === drill ? this.alarm : null;
    const alarm = again ?? { ...newAlarm(setup, drill), unstored: true };
    const row = await this.#seal(setup, alarm, "alarm.raised", "raise", body);
    alarm.events.push(entryOf(row));
    this.alarm = alarm;
    this.#changed();
    await this.#sendUnstored(alarm, row);
  }

  /** @param {Alarm} alarm @param {any} row */
  async #sendUnstored(alarm, row) {
    for (;;) {
      const { received, error, final } = await sendUnstored(row);
      const event = /** @type {AlarmEvent} */ (alarm.events.find(({ id }) => id === row.id));
      Object.assign(event, { received, error });
      if (received && row.act === "raise") alarm.received ||= received;
      this.#changed();
      if (received || final) break;
      await new Promise((resolve) => setTimeout(resolve, UNSTORED_RETRY_MS));
    }
    this.#schedule(POLL.first);
  }

  /** Say that the danger is over. Returns when it is on disk. */
  async safe() {
    const { setup, alarm } = this;
    if (!setup || !alarm || alarm.state !== "open") return;
    const row = await this.#seal(setup, alarm, "alarm.safe", "safe", {});
    if (alarm.unstored) {
      this.alarm = { ...alarm, state: "safe", events: [...alarm.events, entryOf(row)] };
      this.#changed();
      void this.#sendUnstored(this.alarm, row);
      return;
    }
    this.alarm = await write("alarm", ["alarms", "outbox"], async (tx) => {
      const now = (await result(tx.objectStore("alarms").get(alarm.case))) ?? alarm;
      return put(tx, { ...now, state: "safe" }, row);
    });
    this.#changed();
    askForSync();
    tellAll({ type: "alarm", case: alarm.case });
    tellAll({ type: "outbox" });
    void this.#deliver();
  }

  /**
   * An outbox row with one sealed, signed event of an alarm.
   * @param {AlarmSetup} setup @param {Alarm} alarm @param {string} kind @param {string} act @param {any} body
   */
  async #seal(setup, alarm, kind, act, body) {
    const [field, readers] = await Promise.all([fieldKey(), this.#readers ?? readersOf(setup)]);
    if (!field || readers.length === 0) throw new Error("not_provisioned");
    const { server, unit, member, device, roster } = setup;
    const { drill } = alarm;
    const [id, created] = [crypto.randomUUID(), Date.now()];
    const event = {
      v: 1,
      id,
      server,
      unit,
      kind,
      case: alarm.case,
      member,
      device,
      roster,
      created,
      readers: readers.map(({ kid }) => kid).sort(),
      body,
      prev: alarm.events.slice(-1).map((last) => last.id),
      drill,
    };
    const jws = await signText(field, "tu-event+jws", compactJson(event));
    const header = { v: 1, server, unit, id, kind: "urgent", case: alarm.case, act, ...(drill ? { drill } : {}) };
    const size = PADDING_STEPS.find((step) => jws.length <= step) ?? jws.length;
    const content = await sealText(jws.padEnd(size), compactJson(header), readers);
    const state = { state: "queued", tries: 0, error: "", received: 0, next: 0 };
    return { id, unit, type: "event", coarse: "urgent", created, content, ...state, case: alarm.case, act };
  }

  /** Send, and say when the server has it. */
  async #deliver() {
    await flushOutbox({ eager: true, urgentOnly: true }).catch(() => {});
    await this.load().catch(() => {});
    const sent = this.alarm?.events.some(({ act, received }) => act === "raise" && received > 0);
    if (sent) this.#reached(true);
    this.#schedule(0);
  }

  /** The position follows as an event of its own: it never delays the alarm. @param {AlarmSetup} setup */
  async #followPosition(setup) {
    const which = this.alarm?.case;
    await this.#notePosition(which, { state: "seeking", at: 0, accuracy: 0 });
    const found = await findPosition(POSITION_MS);
    const alarm = this.alarm;
    if (!alarm || alarm.case !== which || alarm.state !== "open") return;
    if (!found) return this.#notePosition(which, { state: "none", at: 0, accuracy: 0 });
    const { latitude, longitude, accuracy } = found.coords;
    this.coordinates = `${latitude.toFixed(5)},${longitude.toFixed(5)}`;
    const at = Math.round(found.timestamp);
    const row = await this.#seal(setup, alarm, "alarm.position", "update", { latitude, longitude, accuracy, at });
    const position = { state: "sent", at, accuracy: Math.max(1, Math.round(accuracy)) };
    this.alarm = await write("alarm", ["alarms", "outbox"], async (tx) => {
      const now = (await result(tx.objectStore("alarms").get(alarm.case))) ?? alarm;
      return put(tx, { ...now, position }, row);
    });
    this.#changed();
    await this.#deliver();
  }

  /** @param {string | undefined} which @param {any} position */
  async #notePosition(which, position) {
    if (!which) return;
    await change(which, (alarm) => ({ ...alarm, position })).catch(() => {});
    if (this.alarm?.case === which) this.alarm = { ...this.alarm, position };
    this.#changed();
  }

  /** @param {number} pause ms until the server is asked next */
  #schedule(pause) {
    clearTimeout(this.#pollTimer);
    const { alarm } = this;
    if (alarm?.state !== "open" || !alarm.received || document.visibilityState === "hidden") return;
    this.#pollTimer = setTimeout(() => void this.#poll(alarm), pause);
  }

  /** Ask the server what has become of the alarm. @param {Alarm} asked */
  async #poll(asked) {
    if (this.#polling || !this.setup) return;
    this.#polling = true;
    try {
      const status = await alarmStatus(this.setup, asked);
      if (status) await this.#learn(asked.case, status);
      this.#reached(true);
    } catch (error) {
      if (error instanceof Unreachable) this.#reached(false);
    } finally {
      this.#polling = false;
      const newest = Math.max(...asked.events.map(({ at }) => at));
      this.#schedule(Date.now() - newest < POLL.oftenFor ? POLL.often : POLL.seldom);
    }
  }

  /** @param {string} which @param {any} status AlarmStatus */
  async #learn(which, status) {
    const { setup, alarm } = this;
    if (!setup || alarm?.case !== which) return;
    const seen = await checkStatements(setup, alarm, status.statements);
    /** @type {(old: Alarm) => Alarm} */
    const learn = (old) => ({
      ...old,
      received: old.received || status.received,
      members: status.members,
      nobody: status.members === 0,
      delivered: status.delivered,
      // Noted by this phone when it hears of it, which can be after somebody has said to have seen it.
      deliveredAt: status.delivered > old.delivered ? Math.min(Date.now(), ...seen.map(({ received }) => received)) : old.deliveredAt,
      seen: keepVerified(old.seen, seen),
    });
    const after = learn(alarm);
    if (compactJson(after) === compactJson(alarm)) return;
    this.alarm = alarm.unstored ? after : ((await change(which, learn).catch(() => null)) ?? after);
    this.#changed();
    tellAll({ type: "alarm", case: which });
  }
}

/** What was once proved stays, whatever the server says later. @param {any[]} old @param {any[]} seen */
function keepVerified(old, seen) {
  const has = (/** @type {any} */ one) => seen.some(({ member, state, verified }) => member === one.member && state === one.state && verified);
  const proved = old.filter((one) => one.verified && !has(one));
  const rest = seen.filter((one) => one.verified || !proved.some(({ member, state }) => member === one.member && state === one.state));
  return [...proved, ...rest].sort((a, b) => a.received - b.received);
}

/** @param {AlarmSetup} setup @param {boolean} drill @returns {Alarm} */
function newAlarm({ server, unit }, drill) {
  return {
    case: crypto.randomUUID(),
    server,
    unit,
    drill,
    raised: Date.now(),
    received: 0,
    delivered: 0,
    deliveredAt: 0,
    members: 0,
    seen: [],
    state: "open",
    events: [],
    position: null,
  };
}

/** @param {any} row @returns {AlarmEvent} */
const entryOf = (row) => ({ id: row.id, act: row.act, at: row.created, received: 0, error: "" });

/** @param {IDBTransaction} tx @param {Alarm} alarm @param {any} row @returns {Alarm} as stored */
function put(tx, alarm, row) {
  const stored = { ...alarm, events: [...alarm.events, entryOf(row)] };
  tx.objectStore("alarms").put(stored);
  tx.objectStore("outbox").put(row);
  return stored;
}

/** @param {Alarm[]} alarms @returns {Alarm | null} */
const openOf = (alarms) => alarms.filter(({ state }) => state === "open").sort((a, b) => b.raised - a.raised)[0] ?? null;

const openAlarm = async () => openOf(await read("alarm", "alarms", (tx) => result(tx.objectStore("alarms").getAll())));

/** @param {string} which @returns {Promise<Alarm | undefined>} */
const storedAlarm = (which) => read("alarm", "alarms", (tx) => result(tx.objectStore("alarms").get(which)));

/** @param {string} which @param {(alarm: Alarm) => Alarm} how @returns {Promise<Alarm | null>} */
function change(which, how) {
  return write("alarm", "alarms", async (tx) => {
    const alarm = await result(tx.objectStore("alarms").get(which));
    if (!alarm) return null;
    const after = how(alarm);
    tx.objectStore("alarms").put(after);
    return after;
  });
}

/** Every key the alarm is sealed to, each once. A key that is no key must not cost the others the alarm. @param {AlarmSetup} setup */
async function readersOf({ readers, recovery }) {
  const tried = await Promise.allSettled([...readers.map(({ key }) => key), recovery].map(importReader));
  const good = tried.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  return [...new Map(good.map((reader) => [reader.kid, reader])).values()];
}

/** @param {number} most ms @returns {Promise<GeolocationPosition | null>} */
function findPosition(most) {
  return new Promise((resolve) => {
    if (!navigator.geolocation) return resolve(null);
    setTimeout(() => resolve(null), most);
    const how = { enableHighAccuracy: true, timeout: most, maximumAge: 30_000 };
    navigator.geolocation.getCurrentPosition(resolve, () => resolve(null), how);
  });
}

/**
 * @param {AlarmSetup} setup @param {Alarm} alarm @returns {Promise<any>} AlarmStatus, or null when the server has none to give
 * @throws {Unreachable}
 */
async function alarmStatus({ server, device }, alarm) {
  const field = await fieldKey();
  if (!field) return null;
  const path = `/api/v1/units/${alarm.unit}/alarms/${alarm.case}`;
  const header = await authorization({ server, device, field }, alarm.unit, "GET", path, "", []);
  const { status, body } = await ask("GET", path, null, { timeout: POLL.timeout, server, headers: { Authorization: header } });
  const found = parsed(body);
  const whole = status === 200 && found?.case === alarm.case && Array.isArray(found.statements);
  return whole ? found : null;
}
