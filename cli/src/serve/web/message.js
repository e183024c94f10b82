// A message as the page keeps it.

import { members } from "./json.js";

export class Message {
  constructor(envelope) {
    const found = members(envelope);
    this.seq = BigInt(found.seq);
    this.time = JSON.parse(found.time);
    this.tags = JSON.parse(found.meta ?? "{}").tags ?? [];
    this.data = found.data; // exact text
    this.row = null; // its element, while it is shown
  }

  // What the text filter looks at.
  #text = null;
  contains(needle) {
    this.#text ??= `${this.seq} ${this.tags.join(" ")} ${this.data}`.toLowerCase();
    return this.#text.includes(needle);
  }
}
