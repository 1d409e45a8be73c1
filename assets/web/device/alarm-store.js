// The alarm database as the app sees it: what the alarm page works with, and what came of own alarms.

import { tellAll } from "./channel.js";
import { read, result, write } from "./db.js";

const KEPT_CLOSED = 50;

/**
 * @typedef {object} AlarmSetup as in mobile_app/ports.py
 * @property {string} server @property {string} unit @property {string} member @property {string} device
 * @property {string} roster @property {{member: string, device: string, key: any}[]} readers @property {any} recovery
 * @property {{member: string, name: string, phone: string, keys: any[]}[]} contacts
 * @property {string} visit @property {number} visit_until @property {string} sms
 */

/**
 * Replace what the alarm page works with, durably.
 * @param {AlarmSetup} setup
 */
export async function provision(setup) {
  await write("alarm", ["config", "alarms"], async (tx) => {
    tx.objectStore("config").put(setup, "setup");
    const alarms = tx.objectStore("alarms");
    const closed = (await result(alarms.getAll())).filter(({ state }) => state !== "open").sort((a, b) => b.raised - a.raised);
    for (const { case: old } of closed.slice(KEPT_CLOSED)) alarms.delete(old);
  });
  tellAll({ type: "setup" });
}

/** @returns {Promise<AlarmSetup | undefined>} */
export const readSetup = () => read("alarm", "config", (tx) => result(tx.objectStore("config").get("setup")));

/** Alarms raised on this device, newest first, as OwnAlarm. */
export async function ownAlarms() {
  const alarms = await read("alarm", "alarms", (tx) => result(tx.objectStore("alarms").getAll()));
  return alarms
    .sort((a, b) => b.raised - a.raised)
    .map(({ case: id, drill, raised, received, delivered, members, seen, state }) => {
      return { case: id, drill, raised, received, delivered, members, seen, state };
    });
}
