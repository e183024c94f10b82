// What a pool is like at the moment.

import { el, fillBar, setText } from "./dom.js";
import { age, count, rate, size } from "./format.js";
import { Rate } from "./rate.js";

const NAMES = ["Messages", "Seqs", "Rate", "Newest", "Writers", "Size", "Used"];

export class Facts {
  #values = NAMES.map((name) => el("dd", { id: `fact-${name.toLowerCase()}` }, "–"));
  #bar = fillBar("Used of the pool");
  #percent = el("span");
  #rate = new Rate();
  node = el("dl", { class: "facts" }, ...NAMES.map((name, place) => el("div", {}, el("dt", {}, name), this.#values[place])));

  constructor() {
    this.#values[6].replaceChildren(this.#bar.node, this.#percent);
  }

  show(info) {
    const [messages, seqs, speed, newest, writers, bytes] = this.#values;
    const { metrics, exact } = info;
    this.#rate.look(exact.newest);
    setText(messages, count(metrics?.message_count ?? 0));
    setText(seqs, exact.oldest === 0n ? "–" : `${exact.oldest}–${exact.newest}`);
    setText(speed, rate(this.#rate.perSecond));
    setText(newest, age(metrics?.age.newest_age_ms));
    setText(writers, info.writers === undefined ? "–" : count(info.writers));
    setText(bytes, size(info.file_size));
    const percent = metrics?.utilization.used_percent ?? 0;
    this.#bar.set(percent);
    setText(this.#percent, `${percent} %`);
    this.node.classList.remove("stale");
    this.node.removeAttribute("title");
  }

  // The last values stay, marked as old.
  fail(why) {
    this.node.classList.add("stale");
    this.node.title = why;
  }
}
