// Sealed rows under a passphrase. passphrase → Argon2id → AES-KW → random vault key → rows and private keys (AES-GCM).
// A forgotten passphrase is final: nothing here can open the vault without it, and nothing here ever wipes it.

import { text, utf8 } from "./codec.js";
import { tellAll } from "./channel.js";
import { read, result, write } from "./db.js";
import { PortError } from "./errors.js";
import { freshKeys, holdKeys, storeFieldKey } from "./keys.js";
import { newDerivation, secondsToWait, wrappingKey } from "./passphrase.js";

const GCM = { name: "AES-GCM", length: 256 };
const KEY_KINDS = /** @type {const} */ ({
  member: { algorithm: { name: "ECDSA", namedCurve: "P-256" }, usages: ["sign"] },
  encryption: { algorithm: { name: "ECDH", namedCurve: "P-256" }, usages: ["deriveBits"] },
});
const USES = /** @type {("member" | "encryption")[]} */ (Object.keys(KEY_KINDS));

/** @type {CryptoKey | null} */
let vaultKey = null;
/** @type {number[]} */
let damagedRows = [];

/** @returns {CryptoKey} @throws {PortError} vault_locked */
function key() {
  if (!vaultKey) throw new PortError("vault_locked");
  return vaultKey;
}

const meta = (/** @type {string} */ name) => read("vault", "meta", (tx) => result(tx.objectStore("meta").get(name)));

/** @param {string | number} id */
const boundTo = (id) => ({ name: "AES-GCM", iv: crypto.getRandomValues(new Uint8Array(12)), additionalData: utf8(`${id}`) });

/** @returns {Promise<"none" | "locked" | "open">} */
export async function vaultState() {
  if (vaultKey) return "open";
  return (await meta("vault")) ? "locked" : "none";
}

/**
 * Make the vault around the fresh keys and open it.
 * @param {string} passphrase
 * @throws {PortError} vault_exists, not_provisioned (no keys were generated), quota_full, storage_failed
 */
export async function createVault(passphrase) {
  if (await meta("vault")) throw new PortError("vault_exists");
  const keys = freshKeys();
  if (!keys) throw new PortError("not_provisioned", "no keys");
  const derivation = newDerivation();
  const wrapping = await wrappingKey(passphrase, derivation);
  const made = await crypto.subtle.generateKey(GCM, true, ["encrypt", "decrypt", "wrapKey", "unwrapKey"]);
  const wrapped = await crypto.subtle.wrapKey("raw", made, wrapping, "AES-KW");
  /** @type {Record<string, {iv: Uint8Array, wrapped: ArrayBuffer, kid: string, jwk: any}>} */
  const kept = {};
  for (const use of USES) {
    const how = boundTo(use);
    // AES-KW takes whole blocks of 8 bytes only, which a PKCS #8 key is not; so the private keys go under AES-GCM.
    const inner = await crypto.subtle.wrapKey("pkcs8", keys[use].key, made, how);
    kept[use] = { iv: how.iv, wrapped: inner, kid: keys[use].kid, jwk: keys[use].jwk };
  }
  const record = { v: 1, derivation, wrapped, keys: kept };
  // The field key first: a vault without it would be a device that cannot speak, the other way round nothing is lost.
  await storeFieldKey(keys.field);
  await write("vault", "meta", (tx) => void tx.objectStore("meta").put(record, "vault"));
  await openWith(wrapping, record);
}

/** @param {CryptoKey} wrapping @param {any} record */
async function openWith(wrapping, record) {
  const usages = /** @type {KeyUsage[]} */ (["encrypt", "decrypt", "unwrapKey"]);
  const unwrapped = await crypto.subtle.unwrapKey("raw", record.wrapped, wrapping, "AES-KW", GCM, false, usages);
  /** @type {any} */
  const keys = {};
  for (const use of USES) {
    const { iv, wrapped, kid, jwk } = record.keys[use];
    const { algorithm, usages: may } = KEY_KINDS[use];
    const how = { name: "AES-GCM", iv, additionalData: utf8(use) };
    const opened = await crypto.subtle
      .unwrapKey("pkcs8", wrapped, unwrapped, how, algorithm, false, may)
      .catch(() => Promise.reject(new PortError("storage_failed", `the ${use} key is damaged`)));
    keys[use] = { key: opened, kid, jwk };
  }
  vaultKey = unwrapped;
  holdKeys(keys);
}

/**
 * Open the vault. The try is counted on disk before it is made, so that killing the app in between gains nothing.
 * @param {string} passphrase
 * @throws {PortError} no_vault, wrong_passphrase (detail: seconds until the next try; one made earlier does not count)
 */
export async function unlockVault(passphrase) {
  const record = await meta("vault");
  if (!record) throw new PortError("no_vault");
  const tries = (await meta("tries")) ?? { failed: 0, at: 0 };
  const wait = secondsLeft(tries);
  if (wait > 0) throw new PortError("wrong_passphrase", wait);
  const counted = { failed: tries.failed + 1, at: Date.now() };
  await putTries(counted);
  const wrapping = await wrappingKey(passphrase, record.derivation);
  try {
    await openWith(wrapping, record);
  } catch (error) {
    if (error instanceof PortError) throw error;
    await putTries({ ...counted, at: Date.now() });
    throw new PortError("wrong_passphrase", secondsToWait(counted.failed));
  }
  await putTries({ failed: 0, at: 0 });
}

/** @param {{failed: number, at: number}} tries @returns {number} seconds */
function secondsLeft({ failed, at }) {
  const wait = secondsToWait(failed);
  // A clock put back must not lengthen the wait, nor one put forward and back undo it.
  const since = Math.max(0, Date.now() - at) / 1000;
  return Math.max(0, Math.ceil(wait - since));
}

/** @param {{failed: number, at: number}} tries */
const putTries = (tries) => write("vault", "meta", (tx) => void tx.objectStore("meta").put(tries, "tries"));

/** Forget all keys held in memory. */
export function lockVault() {
  vaultKey = null;
  holdKeys(null);
}

/**
 * Every row, decrypted. Rows that do not open are left out and reported by `damaged`.
 * @returns {Promise<[number, string][]>}
 */
export async function loadRows() {
  const using = key();
  const rows = await read("vault", "rows", (tx) => result(tx.objectStore("rows").getAll()));
  /** @type {number[]} */
  const damaged = [];
  const opened = await Promise.all(
    rows.map(async ({ id, iv, ct }) => {
      try {
        const how = { name: "AES-GCM", iv, additionalData: utf8(`${id}`) };
        return /** @type {[number, string]} */ ([id, text(await crypto.subtle.decrypt(how, using, ct))]);
      } catch {
        damaged.push(id);
        return null;
      }
    }),
  );
  damagedRows = damaged;
  return opened.filter((row) => row !== null);
}

/** Ids of rows the last `loadRows` could not open. */
export const damaged = () => damagedRows;

/**
 * One durable transaction over rows and outbox.
 * @param {[number, string | null][]} rows null deletes
 * @param {import("./outbox.js").OutboxRow[]} outbox rows to send
 * @param {string[]} settled ids of sent outbox rows that may go
 * @throws {PortError} vault_locked, quota_full, storage_failed; then nothing was changed
 */
export async function applyChanges(rows, outbox, settled) {
  const using = key();
  // Sealed before the transaction begins: one that waits for anything but its own requests ends by itself.
  const sealed = await Promise.all(
    rows.map(async ([id, content]) => {
      if (content === null) return { id, gone: true };
      const how = boundTo(id);
      return { id, iv: how.iv, ct: await crypto.subtle.encrypt(how, using, utf8(content)) };
    }),
  );
  await write("vault", ["rows", "outbox"], async (tx) => {
    const [rowStore, outboxStore] = [tx.objectStore("rows"), tx.objectStore("outbox")];
    for (const row of sealed) "gone" in row ? rowStore.delete(row.id) : rowStore.put(row);
    for (const row of outbox) outboxStore.put({ state: "queued", tries: 0, error: "", received: 0, next: 0, ...row });
    for (const id of settled) {
      const known = await result(outboxStore.get(id));
      if (known?.state === "sent") outboxStore.delete(id);
    }
  });
  if (outbox.length > 0) tellAll({ type: "outbox" });
}
