// From passphrase to the key that wraps the vault key. WebCrypto has no Argon2, so it is hash-wasm's.
// Parameters and why: docs/decisions/0003-keys-and-storage-on-the-device.md. They are stored with each vault.

import { argon2id } from "hash-wasm";
import { utf8 } from "./codec.js";

/** @typedef {{name: "argon2id", memory: number, passes: number, lanes: number, salt: Uint8Array}} Derivation memory in KiB */

/** @returns {Derivation} for a new vault */
export function newDerivation() {
  return { name: "argon2id", memory: 65_536, passes: 3, lanes: 1, salt: crypto.getRandomValues(new Uint8Array(16)) };
}

/**
 * @param {string} passphrase @param {Derivation} how
 * @returns {Promise<CryptoKey>} AES-KW, not extractable
 */
export async function wrappingKey(passphrase, { memory, passes, lanes, salt }) {
  // Composed once: the same words typed on another keyboard give the same bytes.
  const password = utf8(passphrase.normalize("NFKC"));
  const bytes = await argon2id({
    password,
    salt,
    parallelism: lanes,
    iterations: passes,
    memorySize: memory,
    hashLength: 32,
    outputType: "binary",
  });
  return crypto.subtle.importKey("raw", bytes, "AES-KW", false, ["wrapKey", "unwrapKey"]);
}

/** Seconds to wait after so many wrong passphrases in a row. @param {number} failed */
export function secondsToWait(failed) {
  return failed < 3 ? 0 : Math.min(60, 2 ** (failed - 3));
}
