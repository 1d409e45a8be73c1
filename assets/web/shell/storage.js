// Only a page may ask the browser to keep our storage when space runs short; the worker asks the page to ask.

/** Answer {type: "persist"} on the channel `trygg` with {type: "persisted", kept}. @returns {BroadcastChannel} where it listens */
export function answerPersist() {
  const channel = new BroadcastChannel("trygg");
  channel.addEventListener("message", async ({ data }) => {
    if (data?.type !== "persist") return;
    const kept = await navigator.storage?.persist?.().catch(() => false);
    channel.postMessage({ type: "persisted", kept: kept ?? false });
  });
  return channel;
}
