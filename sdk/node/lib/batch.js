// Batches of messages, as the addon hands them over: one text with the data of all, numbers beside it.

const { Message, NO_DATA, NO_TAGS, metaOf, rawAround } = require("../message.js");
const { native } = require("./native.js");

/** The text that the messages of one batch were read from; it knows their exact bytes. */
class BatchText {
  #text;
  #places;
  constructor(text, places) {
    this.#text = text;
    this.#places = places;
  }
  rawOf(message, index) {
    return rawAround(message, this.#text.slice(this.#places[index], this.#places[index + 1] - 1));
  }
}

/** The messages of a batch's text. Must run before the next call into the addon, which uses the same arrays. */
function readBatch(text) {
  const { places, numbers } = native();
  const count = places[0] & 0x7fff_ffff;
  const tagged = places[0] > 0x7fff_ffff;
  const source = new BatchText(text, places.slice(1, count + 2));
  const values = JSON.parse(text);
  const messages = new Array(count);
  for (let i = 0; i < count; i++) {
    const meta = tagged ? metaOf(values[count + i]) : NO_TAGS;
    messages[i] = new Message(numbers[2 * i], numbers[2 * i + 1], values[i], meta, source, i);
  }
  return messages;
}

/** Knows the bytes of an AppendedMessage. */
const ofPool = { rawOf: undefined };

/** What an append has stored. Its data is read again from the JSON that was given, when it is asked for: `json` and `tags` are its own. */
class AppendedMessage extends Message {
  #pool;
  #json;
  #data = NO_DATA;

  constructor(seq, timestampNs, tags, json, pool) {
    super(seq, timestampNs, NO_DATA, tags === undefined ? NO_TAGS : metaOf(tags), ofPool);
    this.#pool = pool;
    this.#json = json;
  }

  get #text() {
    return typeof this.#json === "string" ? this.#json : new TextDecoder().decode(this.#json);
  }

  get data() {
    if (this.#data === NO_DATA) this.#data = JSON.parse(this.#text);
    return this.#data;
  }

  #stored() {
    try {
      return this.#pool.getJson(this.seq);
    } catch {
      // Overwritten by now, or the pool was closed.
      return rawAround(this, this.#text.trim());
    }
  }

  static {
    ofPool.rawOf = (message) => message.#stored();
  }
}

/** The seqs and times that a batch was stored under. */
class BatchReceipt {
  #numbers;
  constructor(numbers) {
    this.#numbers = numbers;
  }
  get length() {
    return this.#numbers.length / 2;
  }
  get firstSeq() {
    return this.#numbers[0];
  }
  get lastSeq() {
    return this.#numbers[this.#numbers.length - 2];
  }
  at(index) {
    const place = 2 * (index < 0 ? this.length + index : index);
    if (!(place >= 0 && place < this.#numbers.length)) return undefined;
    return { seq: this.#numbers[place], timestampNs: this.#numbers[place + 1] };
  }
  *[Symbol.iterator]() {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

module.exports = { readBatch, AppendedMessage, BatchReceipt };
