// The keys of this device while they are in memory, and the field key that lies outside the vault.
//
// Field key: generated not extractable, kept in the alarm database, so that it works on a locked phone. Member and
// encryption key: generated extractable once, wrapped by the vault, forgotten, and never extractable again.

import { publicJwk, thumbprint } from "./codec.js";
import { read, result, write } from "./db.js";
import { PortError } from "./errors.js";

const ECDSA = { name: "ECDSA", namedCurve: "P-256" };
const ECDH = { name: "ECDH", namedCurve: "P-256" };

/** @typedef {{key: CryptoKey, kid: string, jwk: any}} OwnKey */
/** @typedef {{field: OwnKey, member: OwnKey, encryption: OwnKey}} DeviceKeys */

/** Fresh keys that no vault holds yet; `member` and `encryption` are still extractable. @type {DeviceKeys | null} */
let fresh = null;
/** Keys of the open vault. @type {{member: OwnKey, encryption: OwnKey} | null} */
let opened = null;
/** The stored field key: read once, it never changes while a vault exists. @type {OwnKey | null} */
let storedField = null;

/** @param {CryptoKeyPair} pair @returns {Promise<OwnKey>} */
async function named({ publicKey, privateKey }) {
  const jwk = publicJwk(await crypto.subtle.exportKey("jwk", publicKey));
  return { key: privateKey, kid: await thumbprint(jwk), jwk };
}

/** New keys of this device, held in memory until the vault takes them. @returns {Promise<DeviceKeys>} */
export async function generateKeys() {
  const [field, member, encryption] = await Promise.all([
    crypto.subtle.generateKey(ECDSA, false, ["sign", "verify"]).then(named),
    crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]).then(named),
    crypto.subtle.generateKey(ECDH, true, ["deriveBits"]).then(named),
  ]);
  fresh = { field, member, encryption };
  return fresh;
}

/** A private P-256 JWK to be handed on. */
export async function oneTimeKey() {
  const { privateKey } = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  const { crv, d, kty, x, y } = await crypto.subtle.exportKey("jwk", privateKey);
  return { crv, d, kty, x, y };
}

/** @returns {DeviceKeys | null} keys that wait for a vault */
export const freshKeys = () => fresh;

/** @param {{member: OwnKey, encryption: OwnKey} | null} keys of the open vault, or null to forget them */
export function holdKeys(keys) {
  opened = keys;
  fresh = null;
}

/**
 * A private key of this device.
 * @param {string} use "field", "member" or "encryption" @returns {Promise<OwnKey>}
 * @throws {PortError} vault_locked, not_provisioned (no field key yet)
 */
export async function ownKey(use) {
  if (use === "field") {
    const key = fresh?.field ?? (await fieldKey());
    if (!key) throw new PortError("not_provisioned");
    return key;
  }
  const key = (opened ?? fresh)?.[/** @type {"member" | "encryption"} */ (use)];
  if (!key) throw new PortError("vault_locked");
  return key;
}

/** The stored field key, or null before the device has joined. @returns {Promise<OwnKey | null>} */
export async function fieldKey() {
  storedField ??= (await read("alarm", "keys", (tx) => result(tx.objectStore("keys").get("field")))) ?? null;
  return storedField;
}

/** @param {OwnKey} field */
export async function storeFieldKey(field) {
  await write("alarm", "keys", (tx) => void tx.objectStore("keys").put(field, "field"));
  storedField = field;
}
