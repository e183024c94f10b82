// Messages: what they hold, and how they are read from JSON. Uses nothing that browsers do not have.

const { MAX_U64, memberText, exactInteger } = require("./lib/exact.js");
const { formatTime, parseTime, dateOf } = require("./lib/time.js");

const NO_TAGS = Object.freeze({ tags: Object.freeze([]) });

/** In place of data: a subclass has it. */
const NO_DATA = Symbol("no data");
const inspect = Symbol.for("nodejs.util.inspect.custom");

const bytesOf = (text) => (typeof Buffer === "function" ? Buffer.from(text) : new TextEncoder().encode(text));
const isSafe = (seq) => seq <= BigInt(Number.MAX_SAFE_INTEGER);

/** `{ tags }`, frozen. */
function metaOf(tags) {
  return tags.length === 0 ? NO_TAGS : Object.freeze({ tags: Object.freeze(tags) });
}

/** A message: plain data, detached from its pool. */
class Message {
  // Knows the message's original bytes: an object with rawOf(message, index), or undefined.
  #source;
  #index;
  #time;

  constructor(seq, timestampNs, data, meta, source, index) {
    this.seq = seq;
    this.timestampNs = timestampNs;
    if (data !== NO_DATA) this.data = data;
    this.meta = meta;
    this.#source = source;
    this.#index = index;
  }

  get time() {
    this.#time ??= dateOf(this.timestampNs);
    return this.#time;
  }

  get timeRfc3339() {
    return this.#source?.timeText ?? formatTime(this.timestampNs);
  }

  get tags() {
    return this.meta.tags;
  }

  get raw() {
    const raw = this.#source?.rawOf?.(this, this.#index);
    if (raw !== undefined) return raw;
    const seq = isSafe(this.seq) ? Number(this.seq) : String(this.seq);
    return bytesOf(JSON.stringify({ seq, time: this.timeRfc3339, data: this.data, meta: this.meta }));
  }

  toJSON() {
    const seq = isSafe(this.seq) ? Number(this.seq) : String(this.seq);
    return { seq, time: this.timeRfc3339, meta: this.meta, data: this.data };
  }

  [inspect](_depth, options, show) {
    const { seq, timeRfc3339: time, tags, data } = this;
    return typeof show === "function" ? `Message ${show({ seq, time, tags, data }, options)}` : this;
  }
}

/** The canonical bytes of a message around the text of its data. */
function rawAround(message, dataText) {
  const head = `{"seq":${message.seq},"time":"${formatTime(message.timestampNs)}","meta":{"tags":${JSON.stringify(message.meta.tags)}},"data":`;
  return bytesOf(`${head}${dataText}}`);
}

/** The bytes of a message that was parsed from them, or from their text. */
class GivenBytes {
  constructor(raw, timeText) {
    this.raw = raw;
    this.timeText = timeText;
  }
  rawOf() {
    if (typeof this.raw === "string") this.raw = bytesOf(this.raw);
    return this.raw;
  }
}

function seqOf(value) {
  let seq;
  if (typeof value === "bigint") seq = value;
  else if (typeof value === "number") {
    if (!Number.isSafeInteger(value))
      throw new RangeError(`plasmite: seq must be a safe integer, a bigint or a decimal string, not ${value}`);
    seq = BigInt(value);
  } else if (typeof value === "string" && /^\d+$/.test(value)) seq = BigInt(value);
  else throw new TypeError("plasmite: seq must be a number, a bigint or a decimal string");
  if (seq < 0n || seq > MAX_U64) throw new RangeError(`plasmite: seq must be between 0 and 2^64-1, not ${seq}`);
  return seq;
}

function fromEnvelope(envelope, raw) {
  if (typeof envelope !== "object" || envelope === null || Array.isArray(envelope))
    throw new TypeError("plasmite: a message must be an object");
  const { time, meta } = envelope;
  if (!Object.hasOwn(envelope, "data")) throw new TypeError("plasmite: a message must have data");
  const seq = seqOf(envelope.seq);
  const timestampNs = typeof time === "string" ? parseTime(time) : null;
  if (timestampNs === null) throw new TypeError("plasmite: time must be RFC 3339 text");
  if (typeof meta !== "object" || meta === null || !Array.isArray(meta.tags))
    throw new TypeError("plasmite: meta must have an array of tags");
  if (!meta.tags.every((tag) => typeof tag === "string")) throw new TypeError("plasmite: tags must be strings");
  const source = raw === undefined ? { timeText: time } : new GivenBytes(raw, time);
  return new Message(seq, timestampNs, envelope.data, metaOf([...meta.tags]), source);
}

/** A message of the text of an envelope; `raw` are its bytes, when they are there. */
function parseMessageJson(input, raw) {
  const text = typeof input === "string" ? input : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(input);
  return messageOfParsed(JSON.parse(text), text, raw ?? input);
}

/** As parseMessageJson, where the text was parsed already. */
function messageOfParsed(envelope, text, raw) {
  if (typeof envelope?.seq !== "number") return fromEnvelope(envelope, raw);
  // The usual message begins with its seq; there the double is exact.
  const start = /^\{"seq":(\d{1,15}),/.exec(text);
  if (start !== null && Number(start[1]) === envelope.seq) return fromEnvelope(envelope, raw);
  const seq = exactInteger(memberText(text, "seq"));
  if (seq === null) throw new RangeError(`plasmite: seq must be an integer, not ${envelope.seq}`);
  return fromEnvelope({ ...envelope, seq }, raw);
}

/** A message of its JSON bytes, of an envelope object, or of a message. */
function parseMessage(payload) {
  if (payload instanceof Message) return payload;
  if (payload instanceof ArrayBuffer) return parseMessage(new Uint8Array(payload));
  if (payload instanceof Uint8Array) {
    const kept = typeof Buffer === "function" ? Buffer.from(payload) : payload.slice();
    return parseMessageJson(kept, kept);
  }
  return fromEnvelope(payload);
}

module.exports = { Message, parseMessage, parseMessageJson, messageOfParsed, metaOf, rawAround, NO_DATA, NO_TAGS };
