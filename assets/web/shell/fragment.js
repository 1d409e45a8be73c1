// The fragment of an invite or set-up link is a secret. It is taken out of the address before anything else runs, so that
// no history, no restored tab and no later script finds it. This module must be the first one the shell imports.

const SECRET_PATHS = ["bli-med", "oppsett"];

/**
 * Take the secret fragment out of the address, if there is one.
 * @returns {{path: string, fragment: string} | null} what was taken; the fragment comes without its "#"
 */
export function takeFragment() {
  const { pathname, search, hash } = location;
  const path = pathname.startsWith(__BASE__) ? pathname.slice(__BASE__.length).replace(/\/+$/, "") : "";
  if (hash.length < 2 || !SECRET_PATHS.includes(path)) return null;
  history.replaceState(history.state, "", pathname + search);
  return { path: `/${path}`, fragment: hash.slice(1) };
}

/** What the address held when the page was opened. */
export const firstFragment = takeFragment();
