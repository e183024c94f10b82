// The list of messages: bounded, filled once a frame, oldest first, the newest in view until somebody scrolls up.

import { el, setText } from "./dom.js";
import { ageOf, clock, count } from "./format.js";

// Rows made in one frame.
const A_FRAME = 250;
// Characters of a message in its row.
const PREVIEW = 400;
const AT_END = 40;

export class Rows {
  #list;
  #on;
  #limit;
  #kept = []; // messages with rows, in rising seq
  #pending = []; // messages and gaps that wait for a frame
  #frame = null;
  #needle = "";
  #selected = null;
  #clocks = false;

  // `list` is a listbox; `on`: {select(message), changed()}.
  constructor(list, limit, on) {
    this.#list = list;
    this.#limit = limit;
    this.#on = on;
    list.addEventListener("keydown", (event) => this.#arrows(event));
    list.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      const message = this.#kept.find((kept) => kept.row === row);
      if (message !== undefined) this.select(message);
    });
  }

  // What lists do with the arrows while they have the focus.
  #arrows(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.move(step);
  }

  get oldest() {
    return this.#kept[0] ?? null;
  }

  get newest() {
    return this.#kept.at(-1) ?? null;
  }

  get selected() {
    return this.#selected;
  }

  get counts() {
    return { kept: this.#kept.length, shown: this.#kept.filter((message) => !message.row.hidden).length };
  }

  // Adds what has come, messages or {gap}. What would fall off again at once is not even made.
  add(items) {
    for (const item of items) this.#pending.push(item);
    if (this.#pending.length > this.#limit) this.#pending.splice(0, this.#pending.length - this.#limit);
    this.#frame ??= requestAnimationFrame(() => this.#fill());
  }

  #fill() {
    this.#frame = null;
    const stays = this.#isAtEnd();
    const part = this.#pending.splice(0, A_FRAME);
    const fragment = document.createDocumentFragment();
    for (const item of part) {
      if (item.gap !== undefined) fragment.append(gapRow(item.gap));
      else {
        this.#kept.push(item);
        fragment.append(this.#make(item));
      }
    }
    this.#drop(this.#kept.length - this.#limit);
    this.#list.append(fragment);
    if (stays) this.toEnd();
    if (this.#pending.length > 0) this.#frame = requestAnimationFrame(() => this.#fill());
    this.#on.changed();
  }

  // Puts messages before the others, to `most` in all until more come; true when newer ones had to go for them.
  addEarlier(messages, most) {
    const first = this.#list.firstElementChild;
    const before = this.#list.scrollHeight - this.#list.scrollTop;
    const fragment = document.createDocumentFragment();
    fragment.append(...messages.map((message) => this.#make(message)));
    this.#list.insertBefore(fragment, first);
    this.#kept.unshift(...messages);
    // What was in view stays there.
    this.#list.scrollTop = this.#list.scrollHeight - before;
    const over = this.#kept.length - most;
    for (const message of over > 0 ? this.#kept.splice(-over) : []) this.#forget(message);
    this.#on.changed();
    return over > 0;
  }

  clear() {
    this.#kept = [];
    this.#pending = [];
    this.#list.replaceChildren();
    this.#list.removeAttribute("aria-activedescendant");
    this.#selected = null;
    this.#on.changed();
  }

  // Takes the oldest ones away, with the gaps before them.
  #drop(number) {
    if (number <= 0) return;
    for (const message of this.#kept.splice(0, number)) this.#forget(message);
    const first = this.#kept[0]?.row;
    while (this.#list.firstElementChild?.dataset.gap && this.#list.firstElementChild !== first) {
      this.#list.firstElementChild.remove();
    }
  }

  #forget(message) {
    message.row.remove();
    message.row = null;
    if (this.#selected === message) {
      this.#selected = null;
      this.#list.removeAttribute("aria-activedescendant");
    }
  }

  #make(message) {
    const preview = message.data.length > PREVIEW ? `${message.data.slice(0, PREVIEW)}…` : message.data;
    message.row = el("div", { role: "option", id: `m-${message.seq}`, "aria-selected": "false", class: "row" },
      el("span", { class: "seq" }, String(message.seq)),
      el("time", { datetime: message.time, title: message.time }, this.#time(message)),
      el("span", { class: "tags" }, ...message.tags.map((tag) => el("span", { class: "tag" }, tag))),
      el("span", { class: "data" }, preview));
    message.row.hidden = !this.#matches(message);
    return message.row;
  }

  #time(message) {
    return this.#clocks ? clock(message.time) : ageOf(message.time);
  }

  // Times as they are now.
  refresh() {
    for (const message of this.#kept) setText(message.row.children[1], this.#time(message));
  }

  toggleClocks() {
    this.#clocks = !this.#clocks;
    this.refresh();
  }

  #matches(message) {
    return this.#needle === "" || message.contains(this.#needle);
  }

  // Shows only messages with this text.
  filter(text) {
    this.#needle = text.trim().toLowerCase();
    const stays = this.#isAtEnd();
    for (const message of this.#kept) message.row.hidden = !this.#matches(message);
    if (stays) this.toEnd();
    this.#on.changed();
  }

  find(seq) {
    return this.#kept.find((message) => message.seq === seq) ?? null;
  }

  select(message) {
    this.#selected?.row?.setAttribute("aria-selected", "false");
    this.#selected = message;
    message.row.setAttribute("aria-selected", "true");
    this.#list.setAttribute("aria-activedescendant", message.row.id);
    message.row.scrollIntoView({ block: "nearest" });
    this.#on.select(message);
  }

  // Selects the message `step` further among those shown; from the newest when none is selected.
  move(step) {
    const shown = this.#kept.filter((message) => !message.row.hidden);
    if (shown.length === 0) return;
    const at = shown.indexOf(this.#selected);
    const next = at === -1 ? shown.length - 1 : Math.min(shown.length - 1, Math.max(0, at + step));
    this.select(shown[next]);
  }

  #isAtEnd() {
    return this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < AT_END;
  }

  toEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
  }
}

function gapRow({ first, last, count: lost }) {
  const text = `${count(BigInt(lost))} messages (${first}–${last}) were overwritten before they came`;
  return el("div", { class: "gap", "data-gap": "1", role: "presentation" }, text);
}
