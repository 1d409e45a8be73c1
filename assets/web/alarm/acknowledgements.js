// Who has seen an alarm, checked by the phone itself: the server can hold a statement back, but not make one up.

import { unb64url, text, thumbprint } from "../device/codec.js";
import { verifyText } from "../device/jws.js";

const STATES = ["seen", "taken"];

/**
 * Check the statements the server reports of an alarm. One it can't prove is kept, marked as not verified.
 * @param {import("../device/alarm-store.js").AlarmSetup} setup
 * @param {{case: string, server: string, unit: string}} alarm
 * @param {{statement: string, received: number}[]} reported
 * @returns {Promise<{member: string, name: string, state: string, received: number, verified: boolean}[]>} oldest first;
 *   one for each person and state
 */
export async function checkStatements(setup, alarm, reported) {
  /** @type {Map<string, any>} */
  const found = new Map();
  for (const one of reported) {
    const { statement, received } = one ?? {};
    const said = peek(statement);
    if (!said || !Number.isSafeInteger(received) || !STATES.includes(said.state) || said.case !== alarm.case) continue;
    const contact = setup.contacts.find(({ member }) => member === said.member);
    const verified =
      said.server === alarm.server && said.unit === alarm.unit && contact !== undefined && (await signedByOneOf(contact.keys, statement));
    const key = `${said.member} ${said.state}`;
    const known = found.get(key);
    if (known && (known.verified || !verified)) continue;
    found.set(key, { member: said.member, name: contact?.name ?? "", state: said.state, received, verified });
  }
  return [...found.values()].sort((a, b) => a.received - b.received);
}

/** @param {any[]} keys @param {string} jws */
async function signedByOneOf(keys, jws) {
  const { kid, typ } = header(jws);
  if (typ !== "tu-statement+jws") return false;
  for (const key of keys) if ((await thumbprint(key)) === kid) return verifyText(jws, key);
  return false;
}

/** @param {string} jws */
const header = (jws) => JSON.parse(text(unb64url(jws.split(".")[0])));

/** What a statement says, believed or not. @param {string} jws @returns {any} null when it is none */
function peek(jws) {
  try {
    header(jws);
    const said = JSON.parse(text(unb64url(jws.split(".")[1])));
    return said?.v === 1 ? said : null;
  } catch {
    return null;
  }
}
