// Seals and opens with jose on WebCrypto. The format is protocol/envelope.py; the same with joserfc is protocol/jose.py,
// and protocol/vectors holds answers both must open.

import { CompactEncrypt, GeneralEncrypt, compactDecrypt, generalDecrypt } from "jose";
import { publicJwk, text, thumbprint, unb64url, utf8 } from "./codec.js";
import { PortError } from "./errors.js";

const ECDH = { name: "ECDH", namedCurve: "P-256" };
const KEY_ALGORITHM = "ECDH-ES+A256KW";
const ENVELOPE_HEADER = { enc: "A256GCM", typ: "tu-event+jwe" };
const PACKAGE_HEADER = { alg: "dir", enc: "A256GCM" };

/** @typedef {{key: CryptoKey, kid: string}} ReaderKey */

/** @param {any} jwk public P-256 JWK @returns {Promise<ReaderKey>} */
export async function importReader(jwk) {
  const key = await crypto.subtle.importKey("jwk", publicJwk(jwk), ECDH, false, []);
  return { key, kid: await thumbprint(jwk) };
}

/**
 * Envelope text for these readers. The header of each recipient is not protected, so that the protected one is the same
 * for all; epk stands there too, also when there is but one reader (jose would otherwise protect it).
 * @param {string} plaintext ASCII, padded @param {string} header authenticated as it stands @param {ReaderKey[]} readers
 * @returns {Promise<string>}
 */
export async function sealText(plaintext, header, readers) {
  const one = readers.length === 1;
  // jose writes the epk of a lone recipient into the protected header: a second one, dropped again, keeps the shape.
  const keys = one ? [...readers, await decoy()] : readers;
  const sealing = new GeneralEncrypt(utf8(plaintext)).setProtectedHeader(ENVELOPE_HEADER);
  sealing.setAdditionalAuthenticatedData(utf8(header));
  for (const { key, kid } of keys) sealing.addRecipient(key).setUnprotectedHeader({ alg: KEY_ALGORITHM, kid });
  const jwe = await sealing.encrypt();
  if (one) jwe.recipients.length = 1;
  for (const recipient of jwe.recipients) recipient.header = { ...recipient.header, epk: publicJwk(recipient.header?.epk) };
  return JSON.stringify(jwe);
}

/** @returns {Promise<ReaderKey>} a key nobody holds */
async function decoy() {
  const { publicKey } = await crypto.subtle.generateKey(ECDH, false, ["deriveBits"]);
  return { key: publicKey, kid: "decoy" };
}

/**
 * Plaintext of an envelope sealed to `own`, from the own recipient entry alone.
 * @param {string} envelope @param {ReaderKey} own @returns {Promise<string>}
 * @throws {PortError} cannot_open
 */
export async function openText(envelope, own) {
  try {
    const jwe = JSON.parse(envelope);
    const recipients = jwe.recipients.filter((/** @type {any} */ entry) => entry.header.kid === own.kid);
    if (recipients.length !== 1) throw new Error("not a reader");
    const opened = await generalDecrypt({ ...jwe, recipients }, own.key, {
      keyManagementAlgorithms: [KEY_ALGORITHM],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
    return text(opened.plaintext);
  } catch (error) {
    throw new PortError("cannot_open", error instanceof Error ? error.message : "");
  }
}

/** @param {Uint8Array} secret @param {string} salt @param {string} info @returns {Promise<Uint8Array>} */
async function packageKey(secret, salt, info) {
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: utf8(salt), info: utf8(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, material, 256));
}

/**
 * Compact JWE, "dir" + A256GCM, key = HKDF-SHA-256(secret, salt, info).
 * @param {string} secret base64url @param {string} salt @param {string} info @param {string} plaintext
 */
export async function sealPackage(secret, salt, info, plaintext) {
  const key = await packageKey(unb64url(secret), salt, info);
  return new CompactEncrypt(utf8(plaintext)).setProtectedHeader(PACKAGE_HEADER).encrypt(key);
}

/**
 * @param {string} secret base64url @param {string} salt @param {string} info @param {string} jwe
 * @throws {PortError} cannot_open
 */
export async function openPackage(secret, salt, info, jwe) {
  try {
    const key = await packageKey(unb64url(secret), salt, info);
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, key, {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
    if (Object.keys(protectedHeader).sort().join() !== "alg,enc") throw new Error("not a package");
    return text(plaintext);
  } catch (error) {
    throw new PortError("cannot_open", error instanceof Error ? error.message : "");
  }
}
