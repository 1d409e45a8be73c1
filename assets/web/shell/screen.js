// The calm first screen: shown from the first byte of HTML until the app has painted, and again when it can't start.

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @type {boolean} nothing but "Prøv igjen" leads on from a failure */
let failed = false;

/** Words for why the app did not start; the keys are the codes of worker.js and flutter.js. */
const WHY = {
  offline: ["Ingen dekning", "Appen er ikke lastet ned ennå. Prøv igjen når telefonen har nett."],
  download: ["Noe manglet", "En del av appen kom ikke fram. Det du har lagret, er trygt."],
  python: ["Appen kom ikke i gang", "Det du har lagret, ligger fortsatt på telefonen."],
  flutter: ["Appen kom ikke i gang", "Det du har lagret, ligger fortsatt på telefonen."],
  slow: ["Dette tar lang tid", "Vent litt til, eller prøv igjen."],
};

/**
 * Show how far the first download has come.
 * @param {number} done bytes
 * @param {number} total bytes
 */
export function showDownload(done, total) {
  if (failed || byId("start").hidden || total <= 0) return;
  const percent = Math.min(100, Math.floor((100 * done) / total));
  byId("start-bar").style.visibility = "visible";
  /** @type {HTMLElement} */ (byId("start-bar").firstElementChild).style.transform = `scaleX(${percent / 100})`;
  byId("start-note").textContent = percent < 100 ? `Laster ned appen første gang: ${percent} prosent.` : "Alt er lastet ned.";
}

/** Put the screen away: the app has painted. */
export function hideScreen() {
  if (!failed) byId("start").hidden = true;
}

/**
 * Say in words that the app did not start, and offer to try again. The alarm strip stays where it is.
 * @param {keyof typeof WHY} code
 * @param {unknown} [detail] for whoever helps; shown small
 */
export function showFailure(code, detail) {
  if (detail !== undefined) console.error(`Trygg ute: ${code}`, detail);
  if (failed) return; // the first one is the cause
  const [title, words] = WHY[code] ?? WHY.python;
  failed = code !== "slow";
  byId("start").hidden = false;
  byId("start-title").textContent = title;
  byId("start-title").setAttribute("role", "alert");
  byId("start-note").textContent = words;
  byId("start-bar").style.visibility = "hidden";
  const again = /** @type {HTMLButtonElement} */ (byId("start-again"));
  again.hidden = false;
  again.onclick = () => location.reload();
}
