// Compact JWS with ES256, straight on WebCrypto: WebCrypto's signature is the JWS one already (r and s, 64 bytes), so a
// library would add three times this code to the alarm page and decide nothing. Counterpart: protocol/jws.py and jose.py.

import { b64url, publicJwk, text, thumbprint, unb64url, utf8 } from "./codec.js";

const ECDSA = { name: "ECDSA", namedCurve: "P-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };

/** @typedef {{key: CryptoKey, kid: string}} SigningKey */

/**
 * Compact JWS with exactly the header {alg, kid, typ}.
 * @param {SigningKey} signer @param {string} typ @param {string} payload @returns {Promise<string>}
 */
export async function signText({ key, kid }, typ, payload) {
  const input = `${b64url(utf8(JSON.stringify({ alg: "ES256", kid, typ })))}.${b64url(utf8(payload))}`;
  return `${input}.${b64url(await crypto.subtle.sign(ES256, key, utf8(input)))}`;
}

/** @param {any} jwk private P-256 JWK @returns {Promise<SigningKey>} */
export async function importSigner(jwk) {
  const { crv, kty, x, y, d } = jwk;
  const key = await crypto.subtle.importKey("jwk", { crv, kty, x, y, d }, ECDSA, false, ["sign"]);
  return { key, kid: await thumbprint(jwk) };
}

/**
 * Whether a compact JWS verifies (ES256) with a public key. Anything else in the header than alg, kid and typ is refused:
 * an extension (crit, b64) could make the signature one over another text.
 * @param {string} jws @param {any} jwk @returns {Promise<boolean>}
 */
export async function verifyText(jws, jwk) {
  try {
    const [head, payload, signature, ...more] = jws.split(".");
    const header = JSON.parse(text(unb64url(head)));
    const bytes = unb64url(signature);
    unb64url(payload);
    if (more.length > 0 || bytes.length !== 64 || header.alg !== "ES256") return false;
    if (Object.keys(header).sort().join() !== "alg,kid,typ") return false;
    const key = await crypto.subtle.importKey("jwk", publicJwk(jwk), ECDSA, false, ["verify"]);
    return await crypto.subtle.verify(ES256, key, bytes, utf8(`${head}.${payload}`));
  } catch {
    return false;
  }
}
