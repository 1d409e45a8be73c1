// Errors that cross to Python: the message is `code` or `code: detail`, and the codes are those of PortError.

/** A port could not do what was asked. */
export class PortError extends Error {
  /** @param {string} code @param {string | number} [detail] */
  constructor(code, detail = "") {
    super(detail === "" ? code : `${code}: ${detail}`);
    this.name = "PortError";
    this.code = code;
  }
}

/**
 * What a failure of IndexedDB means to the app.
 * @param {unknown} error
 * @returns {PortError}
 */
export function storageError(error) {
  if (error instanceof PortError) return error;
  const { name = "", message = "" } = /** @type {any} */ (error ?? {});
  if (name === "QuotaExceededError") return new PortError("quota_full");
  return new PortError("storage_failed", [name, message].filter(Boolean).join(" ") || "aborted");
}
