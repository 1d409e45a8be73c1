// What Python may ask of the page. Anything it posts is also an event `app:NAME` on window, for the alarm layer.

/** @type {Record<string, (value: any) => Promise<void> | void>} */
const SERVICES = {
  copy: ({ text }) => navigator.clipboard.writeText(text),
  share: async ({ title, text, url }) => {
    if (navigator.share === undefined) return navigator.clipboard.writeText([text, url].filter(Boolean).join("\n"));
    await navigator.share({ title, text, url });
  },
  open: ({ url }) => {
    location.href = allowedTarget(url);
  },
  print: ({ title, text }) => printText(title, text),
  title: ({ text }) => {
    document.title = text;
  },
  reload: () => location.reload(),
};

/**
 * Do what Python asked for, and say how it went.
 * @param {string} name
 * @param {any} value an object; a bare text stands for {text} (or {url} for "open")
 * @param {(name: string, value: any) => void} tell answers Python: event "page" {name, ok, detail}
 */
export async function serve(name, value, tell) {
  window.dispatchEvent(new CustomEvent(`app:${name}`, { detail: value }));
  const service = SERVICES[name];
  if (service === undefined) return;
  const given = typeof value === "string" ? { text: value, url: value } : (value ?? {});
  try {
    await service(given);
    tell("page", { name, ok: true, detail: "" });
  } catch (error) {
    // A person who closes the share sheet has not met an error, but nothing was shared either.
    tell("page", { name, ok: false, detail: error instanceof Error ? error.name : String(error) });
  }
}

/**
 * @param {string} url
 * @returns {string} the same address, if the page may go there: a call, a text message or a place in this app
 */
function allowedTarget(url) {
  const target = new URL(url, document.baseURI);
  if (target.protocol === "tel:" || target.protocol === "sms:") return target.href;
  if (target.origin === location.origin) return target.pathname + target.search;
  throw new TypeError("not allowed");
}

/**
 * Print plain text. A block in the page itself, since printing a frame prints the page around it on iOS.
 * @param {string} [title]
 * @param {string} [text]
 */
function printText(title, text) {
  document.getElementById("print-sheet")?.remove();
  const sheet = document.createElement("pre");
  sheet.id = "print-sheet";
  sheet.textContent = [title, text].filter(Boolean).join("\n\n");
  document.body.append(sheet);
  document.body.classList.add("printing");
  addEventListener(
    "afterprint",
    () => {
      document.body.classList.remove("printing");
      sheet.remove();
    },
    { once: true },
  );
  print();
}
