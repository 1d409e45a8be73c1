// Which of Flutter's renderers an engine runs. The page and the service worker must agree, or the files that were kept for
// offline use would be the wrong ones; hence one function, with only what both can see.

const WASM_GC_PROBE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 95, 1, 120, 0]);

/**
 * @returns {"skwasm" | "chromium" | "canvaskit"} skwasm: Chromium with WasmGC. chromium: Chromium without; this build of
 *   CanvasKit leaves line breaking to V8. canvaskit: every other engine.
 */
export function rendererOfEngine() {
  if (typeof Intl.v8BreakIterator === "undefined" || typeof Intl.Segmenter === "undefined") return "canvaskit";
  return WebAssembly.validate(WASM_GC_PROBE) ? "skwasm" : "chromium";
}
