// One pool: its facts, its messages as they come, and one of them in full.

import { access, earlier, fetchMessage, poolInfo } from "./api.js";
import { Detail } from "./detail.js";
import { byId, el, setStatus, setText } from "./dom.js";
import { Facts } from "./facts.js";
import { feedBox } from "./feed.js";
import { Filters } from "./filters.js";
import { count } from "./format.js";
import { bindKeys } from "./keys.js";
import { Rows } from "./rows.js";
import { Refused } from "./session.js";
import { Stream } from "./stream.js";
import { every } from "./timer.js";

const KEPT = 400;
const MOST_KEPT = 2000;
const EARLIER = 200;
const LOOK_MS = 2000;
const AGES_MS = 5000;
const ADDRESS_MS = 150;

export function showPool(name) {
  new PoolView(name);
}

// `?n=`: how many messages are kept.
function keptMessages() {
  const wanted = Number.parseInt(new URLSearchParams(location.search).get("n"), 10);
  return Number.isNaN(wanted) ? KEPT : Math.min(MOST_KEPT, Math.max(1, wanted));
}

class PoolView {
  #name;
  #limit = keptMessages();
  #stream = null;
  #last = 0n; // newest seq that came
  #paused = false;
  #held = []; // what came during a pause
  #cut = false; // newer messages fell off during a pause
  #wanted = null; // seq of a link, until its row is there
  #address = null; // timer
  #feed = null;
  #rows;
  #detail;
  #facts = new Facts();
  #filters;
  #pauseButton = el("button", { type: "button", "aria-pressed": "false", onclick: () => this.#pause(!this.#paused) }, "Pause");
  #earlierButton = el("button", { type: "button", class: "earlier", onclick: () => this.#earlier() }, "Load earlier");
  #shown = el("span", { class: "quiet", id: "shown" });

  constructor(name) {
    this.#name = name;
    document.title = `${name} · Plasmite`;
    byId("crumb").replaceChildren("/ ", name);
    this.#filters = new Filters({ text: (text) => this.#rows.filter(text), server: () => this.#follow() });
    const list = el("div", { id: "messages", class: "messages", role: "listbox", tabindex: "0", "aria-label": `Messages of ${name}` });
    const pane = el("section", { id: "detail", class: "detail", "aria-label": "Chosen message" });
    this.#detail = new Detail(name, pane);
    this.#rows = new Rows(list, this.#limit, { select: (message) => this.#select(message), changed: () => this.#changed() });
    const tools = el("div", { class: "toolbar" }, el("h1", { class: "offscreen" }, `Pool ${name}`), this.#filters.node, this.#pauseButton);
    const left = el("section", { class: "left", "aria-label": "Messages" }, el("div", { class: "above" }, this.#earlierButton, this.#shown), list);
    byId("main").replaceChildren(this.#facts.node, tools, el("div", { class: "panes" }, left, pane));
    byId("main").classList.add("pool");
    this.#follow();
    every(LOOK_MS, () => this.#look());
    every(AGES_MS, async () => this.#rows.refresh());
    window.addEventListener("hashchange", () => this.#link());
    this.#link();
    this.#offerFeed();
    this.#keys();
  }

  // Starts the stream anew, with the filters as they are.
  #follow() {
    this.#stream?.stop();
    this.#showPaused(false);
    this.#rows.clear();
    this.#held = [];
    this.#last = 0n;
    this.#cut = false;
    this.#earlierButton.disabled = false;
    setText(this.#earlierButton, "Load earlier");
    setStatus("waiting", "connecting");
    const query = this.#filters.query();
    query.append("tail", String(this.#limit));
    this.#stream = new Stream(this.#name, query, {
      messages: (messages) => this.#take(messages),
      gap: (gap) => this.#add([{ gap }]),
      state: (kind, text) => this.#say(kind, text),
      refused: (error) => {
        const filter = error.status === 400 && this.#filters.query().size > 0;
        this.#filters.refuse(filter ? error.whole : "");
        setStatus("bad", filter ? "the filter is not accepted" : error.whole);
      },
    });
  }

  #take(messages) {
    // Another pool has taken the name.
    if (messages[0].seq <= this.#last) {
      this.#rows.clear();
      this.#held = [];
    }
    this.#last = messages.at(-1).seq;
    this.#add(messages);
  }

  #add(items) {
    if (!this.#paused) {
      this.#rows.add(items);
      return;
    }
    for (const item of items) this.#held.push(item);
    if (this.#held.length > this.#limit) this.#held.splice(0, this.#held.length - this.#limit);
    this.#say("live", "live");
  }

  #say(kind, text) {
    if (!this.#paused || kind !== "live") {
      setStatus(kind, text);
      return;
    }
    const held = this.#held.length;
    setStatus("paused", `paused · ${count(held)}${held === this.#limit ? " or more" : ""} new`);
  }

  #pause(paused) {
    if (this.#paused === paused) return;
    this.#showPaused(paused);
    if (!paused && this.#cut) {
      this.#follow();
      return;
    }
    if (!paused) {
      this.#rows.add(this.#held);
      this.#held = [];
      this.#rows.toEnd();
    }
    this.#say("live", "live");
  }

  #showPaused(paused) {
    this.#paused = paused;
    setText(this.#pauseButton, paused ? "Resume" : "Pause");
    this.#pauseButton.setAttribute("aria-pressed", String(paused));
  }

  async #earlier() {
    const { oldest } = this.#rows;
    if (oldest === null || this.#earlierButton.disabled) return;
    // What one looks at is not to be pushed away by what comes.
    this.#pause(true);
    this.#earlierButton.disabled = true;
    try {
      const found = await earlier(this.#name, oldest.seq, this.#filters.query(), EARLIER);
      // The list may have become another one in the meantime.
      if (this.#rows.oldest === oldest) this.#cut = this.#rows.addEarlier(found, MOST_KEPT) || this.#cut;
      setText(this.#earlierButton, found.length === 0 ? "No earlier messages" : "Load earlier");
      this.#earlierButton.disabled = found.length === 0;
    } catch (error) {
      this.#earlierButton.disabled = false;
      setStatus("bad", error instanceof Refused ? error.whole : error.message);
    }
  }

  #select(message) {
    this.#wanted = null;
    this.#detail.show(message);
    // Browsers refuse to change the address as often as a held key moves.
    clearTimeout(this.#address);
    this.#address = setTimeout(() => history.replaceState(null, "", `#${message.seq}`), ADDRESS_MS);
  }

  // Shows the message that the address names.
  async #link() {
    const text = location.hash.slice(1);
    if (!/^\d{1,20}$/.test(text)) return;
    const seq = BigInt(text);
    const there = this.#rows.find(seq);
    if (there !== null) {
      this.#rows.select(there);
      return;
    }
    this.#wanted = seq;
    try {
      const message = await fetchMessage(this.#name, seq);
      if (this.#wanted === seq) this.#detail.show(message);
    } catch (error) {
      if (this.#wanted === seq) this.#detail.fail(error instanceof Refused ? error.message : "the server cannot be reached");
    }
  }

  #changed() {
    const { kept, shown } = this.#rows.counts;
    setText(this.#shown, kept === shown ? `${count(kept)} messages` : `${count(shown)} of ${count(kept)} messages`);
    const there = this.#wanted === null ? null : this.#rows.find(this.#wanted);
    if (there === null) return;
    this.#wanted = null;
    this.#rows.select(there);
  }

  async #look() {
    try {
      this.#facts.show(await poolInfo(this.#name));
    } catch (error) {
      this.#facts.fail(error instanceof Refused ? error.whole : "");
    }
  }

  // A feed box only where appending is allowed.
  async #offerFeed() {
    try {
      const { write } = await access();
      if (!write) return;
    } catch {
      return; // the stream tells what is wrong
    }
    this.#feed = feedBox(this.#name);
    byId("main").append(this.#feed.node);
  }

  #keys() {
    const newest = () => this.#rows.newest !== null && this.#rows.select(this.#rows.newest);
    const oldest = () => this.#rows.oldest !== null && this.#rows.select(this.#rows.oldest);
    bindKeys([
      ["j", "next message", () => this.#rows.move(1)],
      ["k", "previous message", () => this.#rows.move(-1)],
      ["g", "oldest message shown", oldest],
      ["G", "newest message", newest],
      [" ", "pause, or resume", () => this.#pause(!this.#paused)],
      ["/", "filter by text", () => this.#filters.focus()],
      ["e", "load earlier messages", () => this.#earlier()],
      ["c", "copy the command that fetches the message", () => this.#detail.copy()],
      ["t", "ages, or times of day", () => this.#rows.toggleClocks()],
      ["f", "write a message (where that is allowed)", () => this.#feed?.focus()],
      ["u", "up to all pools", () => location.assign("/ui")],
    ]);
  }
}
