// What the alarm page shows, on its own page and as a layer over the app: one screen at a time, drawn from what is known.
// The disc is never drawn anew while somebody holds it.

import { HOLD_MS, watchHold } from "./hold.js";
import { icon } from "./icons.js";
import { t } from "./messages.js";

/** After so long without an answer the page says that nobody has the alarm. */
const PATIENCE_MS = 3_000;
const CANCELLED_MS = 6_000;

/** @typedef {import("./core.js").AlarmCore} AlarmCore */
/** @typedef {import("./core.js").Alarm} Alarm */
/** @typedef {"main" | "ask" | "again" | "ask-real" | "safe"} Step what the person is in the middle of */

/** @param {string | number} text */
const esc = (text) => `${text}`.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
const two = (/** @type {number} */ n) => `${n}`.padStart(2, "0");

/** @param {number} at ms */
function clock(at) {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(t("clock"));
}
const clockShort = (/** @type {number} */ at) => clock(at).slice(0, 5);

/** @param {string[]} parts */
const list = (parts) => (parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} ${t("and")} ${parts.at(-1)}`);

/** First names of those who get the alarm. @param {AlarmCore} core */
function names({ setup }) {
  const first = (setup?.contacts ?? []).map(({ name }) => name.trim().split(/\s+/)[0]).filter(Boolean);
  return list(first.length > 3 ? [...first.slice(0, 2), t("others", { n: first.length - 2 })] : first);
}

/** @param {number} at ms */
function ago(at) {
  const seconds = Math.max(1, Math.round((Date.now() - at) / 1000));
  if (seconds < 60) return seconds === 1 ? t("ago1") : t("agoSeconds", { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return minutes === 1 ? t("ago1m") : t("agoMinutes", { n: minutes });
  return t("agoAt", { time: clockShort(at) });
}

/** @param {string} act @param {string} look @param {string} inner */
const button = (act, look, inner) => `<button type="button" class="ta-b ${look}" data-act="${act}">${inner}</button>`;
/** What a press on a node would do: an act, an address to call, or nothing. @param {EventTarget | null} node */
const deedOf = (node) => {
  const found = /** @type {Element | null} */ (node)?.closest?.("[data-act],[href]");
  return found?.getAttribute("data-act") ?? found?.getAttribute("href") ?? "";
};
const PRESS_MS = 2000;
const words = (/** @type {string} */ text) => `<span>${esc(text)}</span>`;
const bodyText = (/** @type {string} */ text) => `<p class="ta-body">${esc(text)}</p>`;
const headline = (/** @type {string} */ text) => `<h2 class="ta-headline" tabindex="-1">${esc(text)}</h2>`;
const GAP = '<div class="ta-gap"></div>';

/** The three numbers. They are written here and nowhere else: nothing can change them. */
const numbers = () => {
  const one = (/** @type {string} */ number, /** @type {string} */ who) =>
    `<a class="ta-b ta-out" href="tel:${number}"><span>${number}<br><span class="ta-small">${esc(who)}</span></span></a>`;
  return `<div class="ta-row ta-c3">${one("112", t("police"))}${one("113", t("ambulance"))}${one("110", t("fire"))}</div>`;
};

/** @param {string} look @param {any} name @param {string} title @param {string} sub */
const filledTop = (look, name, title, sub) =>
  `<header class="ta-top ta-fill ${look}">${icon(name, "l")}<div class="ta-ti"><h1 tabindex="-1">${esc(title)}</h1><p data-live="sub">${esc(sub)}</p></div></header>`;

/**
 * One line of the timeline.
 * @param {"done" | "now" | "wait"} state @param {string} title @param {{at?: number, more?: string}} [facts]
 */
function line(state, title, { at = 0, more = "" } = {}) {
  const name = { done: "check-circle", now: "radio-button-checked", wait: "radio-button-unchecked" }[state];
  // The server's clock may say anything; what is no time must not cost the person the screen.
  const time = at && !Number.isNaN(new Date(at).getTime()) ? `<time datetime="${new Date(at).toISOString()}">${clock(at)}</time>` : "";
  const extra = more && `<span class="ta-d">${esc(more)}</span>`;
  return `<li class="ta-${state}">${icon(/** @type {any} */ (name))}<span class="ta-ev"><span class="ta-tx"><span class="ta-a">${esc(title)}</span>${extra}</span>${time}</span></li>`;
}

/** What is known of how an alarm went out. @param {Alarm} alarm @param {boolean | null} reachable */
function delivery(alarm, reachable) {
  const raises = alarm.events.filter(({ act }) => act === "raise");
  const last = /** @type {import("./core.js").AlarmEvent} */ (raises.at(-1));
  const unreachable = ["offline", "timeout", "not_trygg"].includes(last?.error ?? "");
  const refused = Boolean(last?.error) && !unreachable;
  const failed = !alarm.received && (Boolean(last?.error) || reachable === false || Date.now() - alarm.raised > PATIENCE_MS);
  const why = refused ? t("why_refused") : navigator.onLine ? t("why_unreachable") : t("why_offline");
  return { raises, last, refused, failed, why };
}

/** Who has proved what, best first. @param {Alarm} alarm */
function proof(alarm) {
  const proved = (/** @type {string} */ state) => alarm.seen.find((one) => one.verified && one.state === state);
  return { taken: proved("taken"), seen: proved("seen") };
}

/** @param {any} one */
const nameOf = (one) => one.name || t("someone");

/** @param {Alarm} alarm @param {boolean | null} reachable */
function timeline(alarm, reachable) {
  const { raises, failed, refused, last } = delivery(alarm, reachable);
  const rows = [
    alarm.unstored
      ? line("wait", t("notOnPhone"), { more: t("keepOpen") })
      : line("done", t("onPhone"), { at: alarm.raised }),
  ];
  if (alarm.received) rows.push(line("done", t("atServer"), { at: alarm.received }));
  else rows.push(line("wait", t("atServer"), { more: refused ? t("willNotRetry", { code: last.error }) : failed ? t("retries") : "" }));
  for (const again of raises.slice(1)) {
    rows.push(line(again.received ? "done" : "wait", t("rangAgain"), { at: again.received || again.at, more: again.error && t("retries") }));
  }
  if (alarm.received) {
    const { delivered, members, deliveredAt } = alarm;
    if (delivered) rows.push(line("done", t("deliveredTo", { n: delivered, m: members }), { at: deliveredAt }));
    else rows.push(line("wait", t(alarm.nobody ? "deliveredNobody" : "deliveredNone")));
  }
  const newest = alarm.seen.at(-1);
  for (const one of alarm.seen) {
    const state = one === newest && one.state === "taken" ? "now" : "done";
    const name = nameOf(one);
    if (one.verified) rows.push(line(state, t(one.state === "taken" ? "takenBy" : "seenBy", { name }), { at: one.received }));
    else {
      const more = t(one.state === "taken" ? "unverifiedTaken" : "unverifiedSeen", { name });
      rows.push(line("wait", t("unverified"), { at: one.received, more }));
    }
  }
  if (alarm.received && !alarm.seen.some(({ verified }) => verified)) rows.push(line("wait", t("seenNone")));
  const safe = alarm.events.find(({ act }) => act === "safe");
  const over = t(alarm.drill ? "drillOver" : "youAreSafe");
  if (safe) rows.push(line(safe.received ? "done" : "wait", over, { at: safe.received || safe.at, more: safe.received ? "" : t("retries") }));
  else if (alarm.received) rows.push(line("wait", over));
  return `<ul class="ta-tl">${rows.join("")}</ul>`;
}

/** The one sentence that matters most. @param {Alarm} alarm @param {boolean | null} reachable */
function summary(alarm, reachable) {
  const { taken, seen } = proof(alarm);
  const { failed } = delivery(alarm, reachable);
  const { drill } = alarm;
  if (taken) return t(drill ? "drillTaken" : "headTaken", { name: nameOf(taken) });
  if (seen) return t(drill ? "drillSeen" : "headSeen", { name: nameOf(seen) });
  if (alarm.delivered) return t("headDelivered", { n: alarm.delivered, m: alarm.members });
  if (alarm.nobody) return t("headNobody");
  if (alarm.received) return t(drill ? "drillServer" : "headServer");
  if (failed) return t(drill ? "drillNone" : "headNone");
  if (alarm.unstored) return t("headUnsaved");
  return t(drill ? "drillSaving" : "headSaving");
}

/**
 * The alarm view. One for each page; it lives as long as the page.
 */
export class AlarmView {
  /** @type {Step} */
  #step = "main";
  #drill = false;
  #drawn = "";
  #screen = "";
  #announced = "";
  #holding = 0;
  #frame = 0;
  #cancelled = 0;
  #broken = false;
  #ticker = 0;
  /** Where the last finger went down, and when it was last seen: a hold may be longer than any time that could be set. */
  #began = { deed: "", at: -Infinity };

  /**
   * @param {HTMLElement} root @param {AlarmCore} core
   * @param {{onClose: (() => void) | null, home: string}} how onClose: puts the layer away; null on the page, which has a link home
   */
  constructor(root, core, { onClose, home }) {
    this.root = root;
    this.core = core;
    this.onClose = onClose;
    this.home = home;
    root.innerHTML = '<div class="ta-unseen" role="status" aria-live="polite"></div><div class="ta-app"></div>';
    this.live = /** @type {HTMLElement} */ (root.firstElementChild);
    this.app = /** @type {HTMLElement} */ (root.lastElementChild);
    root.addEventListener("click", (event) => this.#pressed(event));
    addEventListener("pointerdown", ({ target, timeStamp }) => (this.#began = { deed: deedOf(target), at: timeStamp }), true);
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, ({ timeStamp }) => (this.#began.at = timeStamp), true);
    core.subscribe(() => this.draw());
    for (const name of ["online", "offline"]) addEventListener(name, () => this.draw());
    // Back from the browser's cache: nobody is holding anything.
    addEventListener("pageshow", ({ persisted }) => persisted && this.holdEnded(0));
    this.draw();
  }

  /** Whether it is a drill that is asked for. @param {boolean} drill */
  prepare(drill) {
    this.#drill = drill;
    this.#step = "main";
    this.draw();
  }

  /** The storage can't be reached: only the telephone is left. */
  fail() {
    this.#broken = true;
    this.draw();
  }

  /** @param {boolean} on whether somebody looks at it */
  shown(on) {
    clearInterval(this.#ticker);
    this.#ticker = on ? setInterval(() => this.draw(), 1000) : 0;
    if (!on) this.#step = "main";
    this.draw();
  }

  /** Put the focus where the screen begins. */
  focus() {
    const [target] = [".ta-disc", "h2", "h1"].map((where) => this.app.querySelector(where)).filter(Boolean);
    /** @type {HTMLElement | undefined} */ (target)?.focus({ preventScroll: true });
  }

  get #asksDrill() {
    return this.#drill && !this.core.alarm;
  }

  /** Whether the disc is there to be held. */
  get #isReady() {
    return this.#screen === "ready" || this.#screen === "drill";
  }

  // --- holding: called by the disc, and by the strip ---

  /** @param {number} start as of performance.now() */
  holdBegan(start) {
    this.#holding = start;
    this.#cancelled = 0;
    navigator.vibrate?.(40);
    if (!this.#isReady) return;
    this.draw();
    this.#turn();
  }

  /** @param {number} held ms */
  holdEnded(held) {
    cancelAnimationFrame(this.#frame);
    this.#holding = 0;
    if (held > 500) {
      this.#cancelled = Date.now();
      setTimeout(() => this.draw(), CANCELLED_MS);
    }
    this.draw();
  }

  holdFull() {
    cancelAnimationFrame(this.#frame);
    this.#holding = 0;
    navigator.vibrate?.([200, 80, 200]);
    void this.#raise();
  }

  async #raise() {
    // What it says is what is sent: while a drill runs, only "Send ekte alarm" makes it a real one.
    const drill = this.#step !== "ask-real" && (this.#asksDrill || Boolean(this.core.alarm?.drill));
    this.#step = "main";
    try {
      await this.core.raise({ drill });
    } catch {
      this.#broken = true;
    }
    this.#drill = false;
    this.draw();
    this.focus();
  }

  /** Turn the ring and count down; only while it is held. */
  #turn() {
    if (!this.#holding) return;
    const held = Math.min(HOLD_MS, Math.max(0, performance.now() - this.#holding));
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const turn = calm ? Math.floor(held / 1000) / 3 : held / HOLD_MS;
    const ring = /** @type {HTMLElement | null} */ (this.app.querySelector(".ta-ring"));
    ring?.style.setProperty("--turn", `${turn}`);
    const count = this.app.querySelector(".ta-h");
    const left = `${Math.max(1, Math.ceil((HOLD_MS - held) / 1000))}`;
    if (count && count.textContent !== left) count.textContent = left;
    this.#frame = requestAnimationFrame(() => this.#turn());
  }

  // --- drawing ---

  /** Draw what is known now. */
  draw() {
    const { core } = this;
    const alarm = core.alarm;
    let screen = this.#asksDrill ? "drill" : "ready";
    if (!alarm && (this.#broken || !core.setup)) screen = core.setup === undefined && !this.#broken && !core.loaded ? "empty" : "missing";
    else if (alarm && this.#step !== "main") screen = this.#step;
    else if (alarm) screen = alarm.state === "open" ? "open" : "over";
    else if (this.#step === "ask") screen = "ask";
    const changed = screen !== this.#screen;
    this.#screen = screen;
    this.app.classList.toggle("ta-drill", alarm ? alarm.drill : this.#asksDrill);
    this.app.classList.toggle("ta-holding", this.#isReady && this.#holding > 0);
    if (this.#isReady && !changed) return this.#refreshReady();
    const html = this.#html(screen);
    if (html === this.#drawn && !changed) return this.#refreshTexts();
    const hadFocus = this.app.contains(document.activeElement);
    const act = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.act;
    this.#drawn = html;
    this.app.innerHTML = html;
    if (changed) (this.onClose ? this.root : /** @type {Element} */ (document.scrollingElement)).scrollTop = 0;
    if (this.#isReady) this.#readyDrawn();
    this.#refreshTexts();
    if (hadFocus) this.#refocus(changed ? undefined : act);
    this.#announce(screen);
  }

  /** @param {string | undefined} act */
  #refocus(act) {
    const same = act && /** @type {HTMLElement | null} */ (this.app.querySelector(`[data-act="${act}"]`));
    if (same) same.focus({ preventScroll: true });
    else this.focus();
  }

  /** @param {string} screen */
  #announce(screen) {
    const { alarm, reachable } = this.core;
    const said = screen === "open" && alarm ? summary(alarm, reachable) : screen === "over" ? this.#overText() : "";
    if (said && said !== this.#announced) this.live.textContent = said;
    this.#announced = said;
  }

  /** @param {string} screen */
  #html(screen) {
    if (this.#isReady) return this.#ready();
    if (["ask", "again", "ask-real"].includes(screen)) return this.#ask(screen);
    if (screen === "safe") return this.#safe();
    if (screen === "open") return this.#open();
    if (screen === "over") return this.#over();
    if (screen === "missing") return this.#missing();
    return this.#top();
  }

  #top() {
    const back = this.onClose
      ? `<button type="button" class="ta-ib" data-act="close" aria-label="${esc(t("back"))}">${icon("arrow-back")}</button>`
      : `<a class="ta-ib" href="${esc(this.home)}" aria-label="${esc(t("back"))}">${icon("arrow-back")}</a>`;
    const title = this.#asksDrill ? t("drill") : t("alarm");
    return `<header class="ta-top">${back}<div class="ta-ti"><h1 tabindex="-1">${esc(title)}</h1><p class="ta-conn" data-live="conn"></p></div></header>`;
  }

  #connection() {
    const { setup, reachable } = this.core;
    if (!setup) return "";
    const who = names(this.core);
    const duty = who ? t("goesTo", { names: who }) : t("goesToNobody");
    const offline = reachable === false || !navigator.onLine;
    const text = offline ? t("noCoverage", { duty }) : reachable ? t("coverage", { duty }) : duty.charAt(0).toUpperCase() + duty.slice(1);
    const sign = offline ? icon("signal-cellular-off", "s") : reachable ? icon("cloud-done", "s") : "";
    return `${sign}<span>${esc(text)}</span>`;
  }

  #ready() {
    const drill = this.#asksDrill;
    return `${this.#top()}<main class="ta-main">
      <div class="ta-disc-w"><button type="button" class="ta-disc" aria-label="${esc(drill ? `${t("drill")}. ${t("holdLabel")}` : t("holdLabel"))}">
        <span class="ta-ring" aria-hidden="true"></span>${icon(drill ? "school" : "campaign", "l")}<span class="ta-h"></span> <span class="ta-s"></span></button></div>
      <p class="ta-body ta-mid" data-live="hint"></p>
      <div class="ta-row ta-c2 ta-rest">${button("ask", "ta-out", icon("touch-app") + words(t("pressInstead")))}</div>
      <div class="ta-rest" ${drill ? "hidden" : ""}>${numbers()}</div></main>`;
  }

  #readyDrawn() {
    const disc = /** @type {HTMLElement} */ (this.app.querySelector(".ta-disc"));
    watchHold(disc, {
      onStart: (start) => this.holdBegan(start),
      onEnd: (held) => this.holdEnded(held),
      onFull: () => this.holdFull(),
    });
    this.#refreshReady();
    if (this.#holding) this.#turn();
  }

  #refreshReady() {
    const held = this.#holding > 0;
    const set = (/** @type {string} */ where, /** @type {string} */ text) => {
      const node = this.app.querySelector(where);
      if (node && node.textContent !== text) node.textContent = text;
    };
    if (!held) set(".ta-h", t("hold"));
    set(".ta-s", t(held ? "holdOn" : "holdFor"));
    this.#refreshTexts();
  }

  /** Texts that change while the screen stays. */
  #refreshTexts() {
    const { alarm } = this.core;
    const put = (/** @type {string} */ name, /** @type {string} */ html) => {
      const node = this.app.querySelector(`[data-live="${name}"]`);
      if (node && node.innerHTML !== html) node.innerHTML = html;
    };
    put("conn", this.#connection());
    if (alarm && this.#screen === "open") put("sub", esc(this.#subtitle(alarm)));
    if (!this.#isReady) return;
    const full = t(this.#asksDrill ? "fullRingDrill" : "fullRing");
    if (this.#holding) put("hint", `<b>${esc(t("release"))}</b> ${esc(full)}`);
    else if (this.#cancelled && Date.now() - this.#cancelled < CANCELLED_MS) put("hint", esc(t("cancelled")));
    else put("hint", esc(t(this.#asksDrill ? "drillReady" : "toColleagues")));
  }

  /** @param {string} screen */
  #ask(screen) {
    const again = screen === "again";
    const drill = again ? this.core.alarm?.drill : this.#asksDrill;
    const who = names(this.core);
    const title = again ? "askAgain" : drill ? "drillAsk" : who ? "ask" : "askNobody";
    const yes = again ? "askAgainYes" : drill ? "drillAskYes" : "askYes";
    return `${this.#top()}<main class="ta-main">${GAP}${headline(t(title, { names: who }))}
      ${bodyText(t(drill ? "drillAskWhat" : "askWhat"))}
      ${button("raise", `ta-al ta-big ${drill ? "ta-teal" : ""}`, icon(drill ? "school" : "campaign") + words(t(yes)))}
      ${button("no", "ta-out ta-big", words(t("askNo")))}${GAP}${drill ? "" : numbers()}</main>`;
  }

  #safe() {
    const unsent = !this.core.alarm?.received;
    return `${this.#top()}<main class="ta-main">${GAP}${headline(t("safeAsk"))}${bodyText(t(unsent ? "safeWhatUnsent" : "safeWhat"))}
      ${button("safe-yes", "ta-pri ta-big", icon("check-circle") + words(t("safeYes")))}
      ${button("no", "ta-out ta-big", words(t("safeNo")))}${GAP}${numbers()}</main>`;
  }

  /** @param {Alarm} alarm */
  #subtitle(alarm) {
    if (alarm.drill) return t("drillSub");
    const { failed, why } = delivery(alarm, this.core.reachable);
    return failed ? why : ago(alarm.raised);
  }

  #open() {
    const { core } = this;
    const alarm = /** @type {Alarm} */ (core.alarm);
    const { failed, refused } = delivery(alarm, core.reachable);
    const sub = this.#subtitle(alarm);
    if (alarm.drill) return this.#openDrill(alarm, sub);
    if (failed) return this.#unsent(alarm, sub, refused);
    const title = alarm.received ? t("sent") : t("sending");
    return `${filledTop("ta-red", "campaign", title, sub)}<main class="ta-main ta-low">${headline(summary(alarm, core.reachable))}
      ${timeline(alarm, core.reachable)}${this.#position(alarm)}${this.#calls(alarm)}${GAP}
      ${this.#more()}
      ${button("safe", "ta-pri ta-big", icon("check-circle") + words(t("safe")))}${numbers()}</main>`;
  }

  /** @param {Alarm} alarm @param {string} sub */
  #openDrill(alarm, sub) {
    const { seen } = proof(alarm);
    const seconds = seen && alarm.received ? Math.max(0, Math.round((seen.received - alarm.received) / 1000)) : 0;
    const took = seen ? t("drillTime", { n: seconds, name: nameOf(seen) }) : "";
    const box = took && `<div class="ta-box ta-teal">${icon("check-circle")}<p class="ta-small">${esc(took)}</p></div>`;
    return `${filledTop("ta-teal", "school", t("drill"), sub)}<main class="ta-main ta-low">${headline(summary(alarm, this.core.reachable))}
      ${timeline(alarm, this.core.reachable)}${box}${GAP}
      <div class="ta-row ta-c2">${button("ask-real", "ta-txt", words(t("drillReal")))}${this.#leave()}</div>
      ${button("safe-yes", "ta-pri ta-big", icon("check-circle") + words(t("drillEnd")))}</main>`;
  }

  /** @param {Alarm} alarm @param {string} sub @param {boolean} refused */
  #unsent(alarm, sub, refused) {
    const call = (/** @type {string} */ number, /** @type {string} */ text, /** @type {string} */ look) =>
      `<a class="ta-b ${look}" href="tel:${number}">${icon("call")}${words(text)}</a>`;
    return `${filledTop("ta-grey", "signal-cellular-off", t(refused ? "notSentEver" : "notSent"), sub)}<main class="ta-main ta-low">
      ${headline(t(refused ? "headNever" : "headNone"))}
      <div class="ta-sec">${call("112", t("callPolice"), "ta-pri ta-big")}<p class="ta-small ta-dim">${esc(t("emergencyHint"))}</p></div>
      <div class="ta-row ta-c2">${call("113", t("call113"), "ta-out")}${call("110", t("call110"), "ta-out")}</div>
      ${this.#calls(alarm)}${timeline(alarm, this.core.reachable)}${GAP}${this.#more()}
      ${button("safe", "ta-out", icon("check-circle") + words(t("safe")))}</main>`;
  }

  /** Ways to reach a colleague without data: while nobody has proved to have seen the alarm. @param {Alarm} alarm */
  #calls(alarm) {
    const { seen, taken } = proof(alarm);
    const row = (/** @type {string} */ href, /** @type {any} */ name, /** @type {string} */ title, /** @type {string} */ more) =>
      `<a class="ta-ch" href="${esc(href)}">${icon(name)}<span class="ta-tx"><span class="ta-a">${esc(title)}</span><span class="ta-d">${esc(more)}</span></span>${icon("chevron-right")}</a>`;
    const contacts = (this.core.setup?.contacts ?? []).filter(({ phone }) => phone).slice(0, 2);
    const sms = this.core.setup?.sms;
    if (alarm.received && (seen || taken)) return "";
    const rows = contacts.map(({ name, phone }) => row(`tel:${phone.replace(/[^+\d]/g, "")}`, "call", t("call", { name }), t("getsIt")));
    if (sms && !alarm.received) rows.push(row(this.#smsLink(sms, alarm), "sms", t("sms"), t("smsTo")));
    return rows.length > 0 ? `<div class="ta-sec">${rows.join("")}</div>` : "";
  }

  /** @param {string} number @param {Alarm} alarm */
  #smsLink(number, alarm) {
    const position = this.core.coordinates && ` ${t("smsPosition", { position: this.core.coordinates })}`;
    const body = t("smsText", { time: clockShort(alarm.raised) }) + position;
    return `sms:${number.replace(/[^+\d]/g, "")}?body=${encodeURIComponent(body)}`;
  }

  /** @param {Alarm} alarm */
  #position({ position }) {
    if (!position) return "";
    const { state, at, accuracy } = position;
    const text =
      state === "sent" ? t("positionSent", { time: clockShort(at), n: accuracy }) : t(state === "seeking" ? "positionSeeking" : "positionNone");
    return `<div class="ta-box">${icon("my-location")}<p class="ta-small">${esc(text)}</p></div>`;
  }

  #more() {
    return `<div class="ta-row ta-c2">${button("again", "ta-txt", words(t("again")))}${this.#leave()}</div>`;
  }

  /** The way back to the app while an alarm goes on; the strip leads here again. */
  #leave() {
    return this.onClose ? button("close", "ta-txt", words(t("toApp"))) : `<a class="ta-b ta-txt" href="${esc(this.home)}">${words(t("toApp"))}</a>`;
  }

  #overText() {
    const alarm = /** @type {Alarm} */ (this.core.alarm);
    const sent = alarm.events.find(({ act }) => act === "safe")?.received;
    return alarm.drill ? t("drillOver") : t(sent ? "safeSent" : "safeUnsent");
  }

  #over() {
    const alarm = /** @type {Alarm} */ (this.core.alarm);
    const title = alarm.drill ? t("drill") : t("safeTitle");
    const look = alarm.drill ? "ta-teal" : "ta-grey";
    return `${filledTop(look, alarm.drill ? "school" : "check-circle", title, ago(alarm.raised))}<main class="ta-main ta-low">
      ${headline(this.#overText())}${timeline(alarm, this.core.reachable)}${GAP}
      ${button("done", "ta-pri ta-big", words(t("done")))}</main>`;
  }

  #missing() {
    const key = this.#broken ? "broken" : "missing";
    const what = this.#broken ? "brokenWhat" : "missingWhat";
    return `${this.#top()}<main class="ta-main">${GAP}${headline(t(key))}${bodyText(t(what))}${GAP}${numbers()}</main>`;
  }

  /** @param {MouseEvent} event */
  #pressed(event) {
    const deed = deedOf(event.target);
    // The screen may change under a finger: a tap that opened it must not also press what came up there ("Jeg er trygg", 112).
    // A screen reader's press has no finger.
    const { deed: began, at } = this.#began;
    if (deed && deed !== began && event.timeStamp - at < PRESS_MS) return event.preventDefault();
    const act = /** @type {HTMLElement} */ (event.target).closest?.("[data-act]")?.getAttribute("data-act");
    // Only a person presses: no script, extension or test hook may raise or end an alarm by a made-up click.
    if (!act || !event.isTrusted) return;
    if (act === "close") return this.onClose?.();
    if (act === "raise") return void this.#raise();
    if (act === "safe-yes") {
      this.#step = "main";
      void this.core.safe();
    } else if (act === "done") {
      this.core.dismiss();
      this.onClose?.();
    } else this.#step = act === "no" ? "main" : /** @type {Step} */ (act);
    this.draw();
  }
}
