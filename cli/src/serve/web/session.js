// Requests to the server, with the token when it wants one. The token is in memory and in this tab's session storage,
// never in the address bar.

import { byId } from "./dom.js";
import { members } from "./json.js";

const STORED = "plasmite-token";
let token = sessionStorage.getItem(STORED);
let asking = null;

// What the server said when it refused.
export class Refused extends Error {
  constructor(status, error) {
    super(error.message ?? `the server answered ${status}`);
    this.status = status;
    this.kind = error.kind ?? null;
    this.hint = error.hint ?? null;
    this.maybeWritten = error.maybe_written === true;
  }

  get whole() {
    const notes = [this.hint, this.maybeWritten ? "the message may have been written all the same" : null];
    return [this.message, ...notes.filter(Boolean)].join(" – ");
  }
}

// Takes `?token=` out of the address.
export function takeToken() {
  const here = new URL(location.href);
  const given = here.searchParams.get("token");
  if (given === null) return;
  here.searchParams.delete("token");
  history.replaceState(null, "", here);
  if (given !== "") keep(given);
}

function keep(text) {
  token = text;
  sessionStorage.setItem(STORED, text);
}

// Whether the server wants one, as far as is known.
export function hasToken() {
  return token !== null;
}

// The answer of a request that succeeded. Asks for a token on 401 and tries again.
export async function request(path, { headers = {}, ...options } = {}) {
  for (;;) {
    const used = token;
    const all = used === null ? headers : { ...headers, authorization: `Bearer ${used}` };
    const response = await fetch(path, { cache: "no-store", ...options, headers: all });
    if (response.ok) return response;
    const refused = await refusal(response);
    if (response.status !== 401) throw refused;
    if (token === used) await askToken(used === null ? "" : refused.message);
  }
}

async function refusal(response) {
  try {
    return new Refused(response.status, JSON.parse(members(await response.text()).error));
  } catch {
    return new Refused(response.status, {});
  }
}

// One dialog, however many requests wait for it.
function askToken(reason) {
  asking ??= new Promise((resolve) => {
    const dialog = byId("token");
    const input = byId("token-input");
    byId("token-reason").textContent = reason;
    // Without a token there is nothing to see.
    dialog.onclose = () => asking !== null && dialog.showModal();
    byId("token-form").onsubmit = (event) => {
      event.preventDefault();
      // A header cannot hold anything else.
      if (!/^[\x21-\x7e]+$/.test(input.value.trim())) {
        byId("token-reason").textContent = "a token has only ASCII letters, digits and signs, and no blanks";
        return;
      }
      keep(input.value.trim());
      input.value = "";
      asking = null;
      dialog.close();
      resolve();
    };
    if (!dialog.open) dialog.showModal();
    input.focus();
  });
  return asking;
}
