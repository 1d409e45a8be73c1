// The two databases of the device. Two, since no upgrade of the vault may ever block the alarm.
//
// trygg-vault  rows    {id, iv, ct}: one sealed document each; the id is random and says nothing
//              meta    "vault": passphrase parameters and wrapped keys; "tries": failed passphrases and when the next may come
//              outbox  sealed envelopes and signed statements waiting to be sent
// trygg-alarm  config  "setup": AlarmSetup · keys "field": the field key, not extractable · outbox · alarms: own alarms.
//              Its schema is frozen at version 1: new facts go into the records, never into new stores.
//
// Nothing here may be lost. Every write waits for its transaction with durability "strict": only then is it on disk.

import { storageError } from "./errors.js";

/** @typedef {"vault" | "alarm"} Place */

/** @type {Record<Place, {name: string, stores: Record<string, IDBObjectStoreParameters>}>} */
const PLACES = {
  vault: { name: "trygg-vault", stores: { rows: { keyPath: "id" }, meta: {}, outbox: { keyPath: "id" } } },
  alarm: {
    name: "trygg-alarm",
    stores: { config: {}, keys: {}, outbox: { keyPath: "id" }, alarms: { keyPath: "case" } },
  },
};
const VERSION = 1;

/** @type {Map<Place, Promise<IDBDatabase>>} */
const connections = new Map();

/** @param {Place} place @returns {Promise<IDBDatabase>} */
function connect(place) {
  const open = new Promise((resolve, reject) => {
    const request = indexedDB.open(PLACES[place].name, VERSION);
    request.onupgradeneeded = () => {
      for (const [store, options] of Object.entries(PLACES[place].stores)) request.result.createObjectStore(store, options);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(storageError(request.error));
  }).then((db) => {
    // Closed by the browser (storage cleared, a newer version elsewhere): the next use opens it anew.
    db.onclose = () => connections.delete(place);
    db.onversionchange = () => {
      db.close();
      connections.delete(place);
    };
    return db;
  });
  open.catch(() => connections.delete(place));
  return open;
}

/** @param {Place} place @returns {Promise<IDBDatabase>} */
export function database(place) {
  const known = connections.get(place);
  if (known) return known;
  const opened = connect(place);
  connections.set(place, opened);
  return opened;
}

/**
 * Begin a transaction. A connection the browser has closed without saying so is opened again, once.
 * @param {Place} place @param {string | string[]} stores @param {IDBTransactionMode} mode
 */
async function begin(place, stores, mode) {
  const db = await database(place);
  try {
    return db.transaction(stores, mode, { durability: "strict" });
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "InvalidStateError") throw error;
    connections.delete(place);
    return (await database(place)).transaction(stores, mode, { durability: "strict" });
  }
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
export function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Read from one or more stores of a database.
 * @template T
 * @param {Place} place @param {string | string[]} stores
 * @param {(tx: IDBTransaction) => Promise<T>} work may await results of its own transaction only
 * @returns {Promise<T>}
 * @throws {import("./errors.js").PortError} storage_failed
 */
export async function read(place, stores, work) {
  try {
    return await work(await begin(place, stores, "readonly"));
  } catch (error) {
    throw storageError(error);
  }
}

/**
 * One durable transaction: all of it is on disk when this returns, or none of it happened.
 * @template T
 * @param {Place} place @param {string | string[]} stores
 * @param {(tx: IDBTransaction) => Promise<T> | T} work may await results of its own transaction only
 * @returns {Promise<T>}
 * @throws {import("./errors.js").PortError} quota_full, storage_failed
 */
export async function write(place, stores, work) {
  /** @type {IDBTransaction | undefined} */
  let tx;
  try {
    tx = await begin(place, stores, "readwrite");
    const running = tx;
    const finished = new Promise((resolve, reject) => {
      running.oncomplete = () => resolve(undefined);
      running.onabort = () => reject(running.error ?? new DOMException("aborted", "AbortError"));
    });
    finished.catch(() => {}); // awaited below; until then nobody listens
    const value = await work(running);
    running.commit?.();
    await finished;
    return value;
  } catch (error) {
    const cause = tx?.error ?? error;
    try {
      tx?.abort();
    } catch {
      // it has ended already
    }
    throw storageError(cause);
  }
}
