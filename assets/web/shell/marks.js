/**
 * Set a User Timing mark, once.
 * @param {string} name
 * @param {number} [epochMs] when it happened (milliseconds since 1970, as another context saw it); now when left out
 */
export function mark(name, epochMs) {
  if (performance.getEntriesByName(name, "mark").length > 0) return;
  const startTime = epochMs === undefined ? performance.now() : epochMs - performance.timeOrigin;
  performance.mark(name, { startTime: Math.max(0, startTime) });
}
