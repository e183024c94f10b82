// One message in full: its tree, its text, and the command that fetches it.

import { el, setText } from "./dom.js";
import { ageOf, shellWord } from "./format.js";
import { hasToken } from "./session.js";
import { tree } from "./tree.js";

export class Detail {
  #pool;
  #place;
  #said;
  command = null;

  constructor(pool, place) {
    this.#pool = pool;
    this.#place = place;
    this.#place.append(el("p", { class: "quiet" }, "Choose a message: click it, or press j or k."));
  }

  show(message, note = null) {
    const address = `${location.origin}/${encodeURIComponent(this.#pool)}`;
    // The token itself stays here: a command line is seen by others.
    const token = hasToken() ? " --token-file TOKEN_FILE" : "";
    this.command = `pls fetch ${shellWord(address)} ${message.seq}${token}`;
    this.#said = el("span", { role: "status", class: "quiet" });
    const raw = el("pre", { tabindex: "0", "aria-label": "Raw JSON" });
    const text = el("details", { class: "raw", ontoggle: () => setText(raw, message.data) }, el("summary", {}, "Raw JSON"), raw);
    this.#place.replaceChildren(
      el("h2", {}, "Message ", el("span", { id: "detail-seq" }, String(message.seq))),
      note === null ? "" : el("p", { class: "notice" }, note),
      el("p", { class: "when" }, el("time", { datetime: message.time }, message.time), ` · ${ageOf(message.time)}`),
      el("p", { class: "tags" }, ...message.tags.map((tag) => el("span", { class: "tag" }, tag))),
      el("p", { class: "copy" }, el("code", {}, this.command), " ",
        el("button", { type: "button", title: "The command that fetches this message, on any machine that reaches the server (c)", onclick: () => this.copy() }, "Copy command"), " ", this.#said),
      tree(message.data),
      text);
    this.#place.scrollTop = 0;
  }

  fail(text) {
    this.command = null;
    this.#place.replaceChildren(el("p", { class: "notice", role: "alert" }, text));
  }

  async copy() {
    if (this.command === null) return;
    setText(this.#said, (await copyText(this.command)) ? "copied" : "the browser does not allow it: select the command");
  }
}

// The clipboard is there on HTTPS and on this machine; the old way works elsewhere.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { class: "offscreen", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
