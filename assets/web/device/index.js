// The object `trygg` beside Python: see docs/architecture.md. Strings in, strings out, failures as PortError.
//
// Whoever holds the Web Lock `trygg-app` has the vault. It is taken when the worker starts and held for its life; a second
// tab is told "elsewhere", and by the host event `free` when the first one is gone.

import { ownAlarms, provision, readSetup } from "./alarm-store.js";
import { onNews, tellAll } from "./channel.js";
import { PortError } from "./errors.js";
import { importSigner, signText, verifyText } from "./jws.js";
import { generateKeys, oneTimeKey, ownKey } from "./keys.js";
import { hushLive, listenLive, sendRequest, sendSigned } from "./net.js";
import { discardRow, flushOutbox, outboxRows, retryRow } from "./outbox.js";
import { importReader, openPackage, openText, sealPackage, sealText } from "./sealer.js";
import { applyChanges, createVault, damaged, loadRows, lockVault, unlockVault, vaultState } from "./vault.js";

const PERSIST_PATIENCE = 3_000;

let mine = false;
const decided = takeApp();

/** @returns {Promise<void>} settled as soon as it is known who has the app */
function takeApp() {
  if (!navigator.locks) {
    mine = true;
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const hold = () => {
      mine = true;
      resolve();
      return new Promise(() => {}); // until the worker ends
    };
    void navigator.locks.request("trygg-app", { ifAvailable: true }, (lock) => {
      if (lock) return hold();
      resolve();
      void navigator.locks.request("trygg-app", () => {
        const held = hold();
        tell("free", {});
        return held;
      });
      return undefined;
    });
  });
}

/** @throws {PortError} other_tab */
async function mustBeMine() {
  await decided;
  if (!mine) throw new PortError("other_tab");
}

/** @param {string} name @param {any} value */
function tell(name, value) {
  const callback = /** @type {any} */ (self).onHostEvent;
  if (typeof callback === "function") callback(name, JSON.stringify(value));
}

onNews((message) => {
  if (message.type === "outbox") tell("outbox", {});
  if (message.type === "alarm") tell("alarm", { case: message.case });
});

/** A promise of the device to keep our storage. Only a page may ask for it; where none answers, whether it has been given. */
async function persist() {
  const asked = new Promise((resolve) => {
    const stop = onNews((message) => {
      if (message.type !== "persisted") return;
      stop();
      resolve(Boolean(message.kept));
    });
    setTimeout(() => {
      stop();
      resolve(null);
    }, PERSIST_PATIENCE);
  });
  tellAll({ type: "persist" });
  return (await asked) ?? (await navigator.storage?.persisted?.()) ?? false;
}

export const trygg = {
  keys: {
    async generate() {
      await mustBeMine();
      // New keys beside a vault would sign as somebody else.
      if ((await vaultState()) !== "none") throw new PortError("vault_exists");
      const { field, member, encryption } = await generateKeys();
      return JSON.stringify({ field: field.jwk, member: member.jwk, encryption: encryption.jwk });
    },
    async kept() {
      if ((await vaultState()) !== "open") throw new PortError("vault_locked");
      const [field, member, encryption] = await Promise.all(["field", "member", "encryption"].map(ownKey));
      return JSON.stringify({ field: field.jwk, member: member.jwk, encryption: encryption.jwk });
    },
    oneTime: async () => JSON.stringify(await oneTimeKey()),
  },
  sealer: {
    /** @param {string} use @param {string} typ @param {string} payload */
    sign: async (use, typ, payload) => signText(await ownKey(use), typ, payload),
    /** @param {string} jwk @param {string} typ @param {string} payload */
    signWith: async (jwk, typ, payload) => signText(await importSigner(JSON.parse(jwk)), typ, payload),
    /** @param {string} jws @param {string} jwk */
    verify: async (jws, jwk) => verifyText(jws, JSON.parse(jwk)),
    /** @param {string} plaintext @param {string} header @param {string} readers */
    seal: async (plaintext, header, readers) =>
      sealText(plaintext, header, await Promise.all(JSON.parse(readers).map(importReader))),
    /** @param {string} envelope */
    open: async (envelope) => openText(envelope, await ownKey("encryption")),
    sealPackage,
    openPackage,
  },
  vault: {
    async state() {
      await decided;
      return mine ? vaultState() : "elsewhere";
    },
    /** @param {string} passphrase */
    async create(passphrase) {
      await mustBeMine();
      await createVault(passphrase);
    },
    /** @param {string} passphrase */
    async unlock(passphrase) {
      await mustBeMine();
      await unlockVault(passphrase);
    },
    lock: async () => lockVault(),
    async load() {
      await mustBeMine();
      return JSON.stringify(await loadRows());
    },
    damaged: async () => JSON.stringify(damaged()),
    /** @param {string} rows @param {string} outbox @param {string} settled */
    async apply(rows, outbox, settled) {
      await mustBeMine();
      await applyChanges(JSON.parse(rows), JSON.parse(outbox), JSON.parse(settled));
    },
  },
  outbox: {
    rows: async () => JSON.stringify(await outboxRows()),
    async flush() {
      const { sent, left } = await flushOutbox();
      return JSON.stringify({ sent, left });
    },
    /** @param {string} id */
    retry: async (id) => retryRow(id),
    /** @param {string} id */
    discard: async (id) => discardRow(id),
  },
  alarm: {
    /** @param {string} setup */
    provision: async (setup) => provision(JSON.parse(setup)),
    async setup() {
      const known = await readSetup();
      return known ? JSON.stringify(known) : "";
    },
    alarms: async () => JSON.stringify(await ownAlarms()),
  },
  net: {
    /** @param {string} method @param {string} path @param {string | null} body @param {number} timeoutMs */
    send: async (method, path, body, timeoutMs) => JSON.stringify(await sendRequest(method, path, body, timeoutMs)),
    /** @param {string} method @param {string} path @param {string | null} body @param {string} id @param {number} timeoutMs */
    signed: async (method, path, body, id, timeoutMs) => JSON.stringify(await sendSigned(method, path, body, id, timeoutMs)),
    /** @param {string} unit */
    listen: async (unit) => listenLive(unit, () => tell("nudge", {})),
    hush: async () => hushLive(),
  },
  host: {
    persist,
    /** @param {string} name @param {string} valueJson */
    post: async (name, valueJson) => {
      /** @type {any} */ (self).toPage(name, JSON.parse(valueJson || "null"));
    },
  },
};
