// Bytes and JSON as they go over the wire; the counterpart of protocol/encoding.py.

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** @param {string} text */
export const utf8 = (text) => encoder.encode(text);

/** @param {BufferSource} bytes @throws {TypeError} when it is not UTF-8 */
export const text = (bytes) => decoder.decode(bytes);

/** Base64url without padding. @param {ArrayBuffer | Uint8Array} data */
export function b64url(data) {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  let binary = "";
  // In parts: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 32_768) binary += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @param {string} encoded @returns {Uint8Array} @throws {Error} on anything but the one canonical spelling */
export function unb64url(encoded) {
  const bytes = Uint8Array.from(atob(encoded.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  if (b64url(bytes) !== encoded) throw new Error("not base64url");
  return bytes;
}

/** JSON with sorted keys and no white space. @param {any} value @returns {string} */
export function compactJson(value) {
  return JSON.stringify(value, (_, part) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** SHA-256 in base64url. @param {string} content */
export async function digest(content) {
  return b64url(await crypto.subtle.digest("SHA-256", utf8(content)));
}

/**
 * RFC 7638 thumbprint of a P-256 key: its key id.
 * @param {any} jwk @returns {Promise<string>}
 */
export function thumbprint({ crv, kty, x, y }) {
  return digest(compactJson({ crv, kty, x, y }));
}

/** The public half of a JWK, with exactly the members the protocol allows. @param {any} jwk */
export function publicJwk({ crv, kty, x, y }) {
  return { crv, kty, x, y };
}
