// The service worker. Every file of a release is known by its SHA-256; nothing is kept, and no release takes over, unless
// all of them are there and right. Files live in one content-addressed store that releases share, so an update fetches
// only what changed and a broken download goes on where it stopped.
//
// What may be lost: everything here. The store is filled again from the server; nothing of the person's is in it.

import { flushOutbox } from "../device/outbox.js";
import { rendererOfEngine } from "../shell/renderer.js";

/**
 * Filled in by the build.
 * @type {{version: string, classes: Record<string, Record<string, string>>,
 *   files: [name: string, sha256: string, bytes: number, headerClass: string, type: string, sets: string[]][]}}
 */
const RELEASE = __RELEASE__;
const STORE = "trygg-files-1";
const PARALLEL = 4;
const REPORT_EVERY_MS = 200;
const NEVER_OURS = "api/";

const base = new URL(self.registration.scope).pathname;
const byPath = new Map(RELEASE.files.map((file) => [base + file[0], file]));

/**
 * The key of a file in the store: its content and the headers it was stored with.
 * @param {[string, string, number, string, string, string[]]} file
 */
function keyOf([name, sha256, , headerClass]) {
  return `${base}${name}?sha256=${sha256}&class=${headerClass}-${classDigest(headerClass)}`;
}

/** A short digest, so that changed headers make a new entry (FNV-1a; nothing rests on it but that). @param {string} name */
function classDigest(name) {
  let hash = 0x811c9dc5;
  for (const char of JSON.stringify(RELEASE.classes[name])) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return hash.toString(16);
}

/**
 * The files a set of renderers needs, with what all of them need.
 * @param {string[]} renderers
 */
function filesFor(renderers) {
  return RELEASE.files.filter(([, , , , , sets]) => sets.some((set) => set === "common" || renderers.includes(set)));
}

/**
 * Fetch what is missing of a list of files. Each is checked before it is kept.
 * @param {typeof RELEASE.files} files
 */
async function fill(files) {
  const store = await caches.open(STORE);
  const kept = new Set((await store.keys()).map((request) => new URL(request.url).pathname + new URL(request.url).search));
  const missing = files.filter((file) => !kept.has(keyOf(file)));
  const total = files.reduce((sum, file) => sum + file[2], 0);
  let done = total - missing.reduce((sum, file) => sum + file[2], 0);
  let reported = 0;
  const report = async (/** @type {number} */ bytes) => {
    done += bytes;
    if (done < total && Date.now() - reported < REPORT_EVERY_MS) return;
    reported = Date.now();
    await broadcast({ type: "precache", done, total, version: RELEASE.version });
  };
  await report(0);
  const line = async () => {
    for (let file; (file = missing.shift()); ) await store.put(keyOf(file), await fetchChecked(file, report));
  };
  await Promise.all(Array.from({ length: PARALLEL }, line));
}

/** The server answered with something else than the file of this release. */
class ContentError extends Error {}

/**
 * Fetch one file and check it.
 * @param {[string, string, number, string, string, string[]]} file
 * @param {(bytes: number) => Promise<void>} report
 * @returns {Promise<Response>} with the headers of the file's class, whatever the server sent
 * @throws {ContentError} when the server has something else: half a deployment, a captive portal, a damaged file
 */
async function fetchChecked([name, sha256, bytes, headerClass, type], report) {
  const response = await fetch(base + name, { cache: "no-cache", credentials: "same-origin", redirect: "error" });
  if (!response.ok || !response.body) throw new Error(`${name}: HTTP ${response.status}`);
  const content = new Uint8Array(bytes);
  let at = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (at + part.value.length > bytes) throw new ContentError(`${name}: too long`);
    content.set(part.value, at);
    at += part.value.length;
    await report(part.value.length);
  }
  if (at !== bytes) throw new ContentError(`${name}: too short`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== sha256) throw new ContentError(`${name}: wrong content`);
  return new Response(content, { headers: { ...RELEASE.classes[headerClass], "Content-Type": type } });
}

/** @param {any} message */
async function broadcast(message) {
  for (const client of await self.clients.matchAll({ includeUncontrolled: true, type: "window" })) client.postMessage(message);
}

/** The renderers kept on this device: the engine's own, and any other that a page has had to fall back to. */
async function heldRenderers() {
  const kept = new Set((await (await caches.open(STORE)).keys()).map((request) => new URL(request.url).pathname));
  const only = (/** @type {string} */ renderer) => RELEASE.files.filter(([, , , , , sets]) => sets.length === 1 && sets[0] === renderer);
  const others = ["skwasm", "chromium", "canvaskit"].filter(
    (renderer) => only(renderer).length > 0 && only(renderer).every(([name]) => kept.has(base + name)),
  );
  return [...new Set([rendererOfEngine(), ...others])];
}

/** Delete what this release does not use. */
async function prune() {
  const store = await caches.open(STORE);
  const used = new Set(RELEASE.files.map(keyOf));
  for (const request of await store.keys()) {
    const url = new URL(request.url);
    if (!used.has(url.pathname + url.search)) await store.delete(request);
  }
}

/**
 * Which file answers a request, if any of ours does.
 * @param {Request} request
 */
function fileFor(request) {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return undefined;
  if (!url.pathname.startsWith(base) || url.pathname.startsWith(base + NEVER_OURS)) return undefined;
  const exact = byPath.get(url.pathname);
  if (exact || request.mode !== "navigate") return exact;
  // A place in the app has no file of its own, unless a page of that name exists (/alarm is alarm.html).
  if (url.pathname.slice(url.pathname.lastIndexOf("/") + 1).includes(".")) return undefined;
  return byPath.get(`${url.pathname}.html`) ?? byPath.get(`${base}index.html`);
}

self.addEventListener("install", (event) => {
  // Chromium may ask the network beside the worker "in case"; what is kept needs no such help.
  event.addRoutes?.({ condition: { requestMode: "navigate" }, source: "fetch-event" })?.catch(() => {});
  // A failed install leaves the old release in charge; what was fetched stays for the next try.
  event.waitUntil(heldRenderers().then((renderers) => fill(filesFor(renderers))));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(prune().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const file = fileFor(event.request);
  if (!file) return;
  event.respondWith(answer(file));
});

/**
 * A file of this release, whatever the server has by now: two releases never mix.
 * @param {typeof RELEASE.files[0]} file
 */
async function answer(file) {
  const store = await caches.open(STORE);
  const kept = await store.match(keyOf(file));
  if (kept) return kept;
  try {
    const fetched = await fetchChecked(file, async () => {});
    await store.put(keyOf(file), fetched.clone());
    return fetched;
  } catch (error) {
    // The browser has thrown the file away and the server no longer has it. Give the place up: the next load takes the
    // server's release whole.
    if (error instanceof ContentError) await self.registration.unregister();
    throw error;
  }
}

self.addEventListener("message", (event) => {
  const message = event.data ?? {};
  if (message.type === "SKIP_WAITING") event.waitUntil(self.skipWaiting());
  if (message.type === "VERSION") event.source?.postMessage({ type: "waiting", version: RELEASE.version });
  if (message.type === "HOLD") event.waitUntil(fill(filesFor([message.renderer])));
});

/**
 * Send what waits: there is coverage again, so pauses of our own making don't count.
 * @throws {Error} when something is left, so that the browser comes back later
 */
async function flush() {
  const { left } = await flushOutbox({ eager: true });
  if (left > 0) throw new Error(`${left} left in the outbox`);
}

self.addEventListener("sync", (event) => {
  if (event.tag === "outbox") event.waitUntil(flush());
});
