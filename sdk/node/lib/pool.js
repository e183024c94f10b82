// An open pool.

const args = require("./arguments.js");
const { readBatch, AppendedMessage, BatchReceipt } = require("./batch.js");
const { closedError } = require("./errors.js");
const { native } = require("./native.js");
const { Next } = require("./next.js");
const { replay } = require("./replay.js");
const { Stream, Lite3Stream, Lite3Frame, takeFrame } = require("./stream.js");
const { Tail, asyncDispose } = require("./tail.js");
const { rangeOptions, streamOptions, tailOptions } = require("./tail-options.js");
const write = require("./write.js");

/** What Tail takes from a native stream. */
const takeMessages = (stream) => {
  const taken = stream.fill();
  return typeof taken === "number" ? taken : readBatch(taken);
};
const takeFrames = (stream) => {
  const taken = takeFrame(stream, 0);
  return typeof taken === "number" ? taken : [taken];
};

class Pool {
  #native;
  #facts;

  constructor(pool) {
    if (typeof pool?.facts !== "function") throw new TypeError("plasmite: a Pool is made by a Client");
    this.#native = pool;
    this.#facts = undefined;
  }

  /** The native pool, or the error of a closed one. */
  get #open() {
    if (this.#native === null) throw closedError("pool");
    return this.#native;
  }

  #fact(name) {
    this.#facts ??= this.#open.facts();
    return this.#facts[name];
  }

  get name() {
    return this.#fact("name");
  }

  get path() {
    return this.#fact("path");
  }

  get readOnly() {
    return this.#fact("readOnly");
  }

  // Writing

  appendJson(payload, tags, durability) {
    return this.#open.appendJson(args.json(payload), args.strings("tags", tags), args.durability(durability));
  }

  append(payload, tags, durability) {
    const pool = this.#open;
    const json = args.json(payload);
    const [list, ...rest] = write.appendOptions(tags, durability);
    pool.append(json, list, ...rest);
    const { receipt } = native();
    return appended(pool, json, list, receipt[0], receipt[1]);
  }

  async appendAsync(payload, options) {
    const pool = this.#open;
    const json = args.json(payload);
    const given = args.options(options);
    const [seq, timestampNs] = await write.patiently(pool, json, given);
    return appended(pool, json, args.strings("tags", given.tags), seq, timestampNs);
  }

  appendMany(values, options) {
    const pool = this.#open;
    if (values.length === 0) return new BatchReceipt(new BigUint64Array(0));
    return new BatchReceipt(pool.appendBatch(false, ...write.batchArguments(values, args.options(options))));
  }

  async appendManyAsync(values, options) {
    const pool = this.#open;
    if (values.length === 0) return new BatchReceipt(new BigUint64Array(0));
    const given = args.options(options);
    return new BatchReceipt(await write.batchPatiently(pool, write.batchArguments(values, given), given));
  }

  appendLite3(payload, durability) {
    return this.#open.appendLite3(args.lite3(payload), args.durability(durability));
  }

  async flush() {
    await this.#open.flush();
  }

  // Reading one message

  getJson(seq) {
    return this.#open.getJson(args.unsigned("seq", seq));
  }

  get(seq) {
    return readBatch(this.#open.get(args.unsigned("seq", seq)))[0];
  }

  getLite3(seq) {
    return new Lite3Frame(this.#open.getLite3(args.unsigned("seq", seq)));
  }

  // About the pool

  info() {
    const info = JSON.parse(this.#open.info());
    // Where JSON's numbers are not exact.
    if (info.bounds.newest > Number.MAX_SAFE_INTEGER) {
      const { oldest, newest } = this.bounds();
      info.bounds = { oldest, newest };
    }
    return info;
  }

  bounds() {
    const [oldest, newest, count] = this.#open.bounds();
    return { oldest, newest, count };
  }

  writers() {
    return this.#open.writers();
  }

  warnings() {
    return this.#open.warnings().split("\n").slice(0, -1);
  }

  isCurrent() {
    return this.#open.isCurrent();
  }

  // Reading many

  openStream(sinceSeq, maxMessages, timeoutMs, errorOnGap = false) {
    return new Stream(this.#open.tail(streamOptions(sinceSeq, maxMessages, timeoutMs, errorOnGap)));
  }

  openLite3Stream(sinceSeq, maxMessages, timeoutMs, errorOnGap = false) {
    return new Lite3Stream(this.#open.tail(streamOptions(sinceSeq, maxMessages, timeoutMs, errorOnGap)));
  }

  /** Opens at once, so that what is appended from now on is seen; what is wrong is told by the first next(). */
  #tail(options, take) {
    let stream = null;
    try {
      const { tail, ...settings } = tailOptions(options);
      settings.signal?.throwIfAborted();
      stream = this.#open.tail(tail);
      const patience = settings.patience(stream);
      return new Tail(stream, { take, patience, signal: settings.signal });
    } catch (failure) {
      stream?.close();
      return new Tail(null, { take, failure });
    }
  }

  tail(options) {
    return this.#tail(options, takeMessages);
  }

  tailLite3(options) {
    return this.#tail(options, takeFrames);
  }

  replay(options) {
    return replay(this, options);
  }

  async wait(options) {
    const { timeoutMs, ...rest } = args.options(options);
    const placed = ["start", "last", "sinceSeq", "sinceTime", "token"].some((name) => !args.isNothing(rest[name]));
    const tail = this.tail({
      ...(placed ? {} : { start: "now" }),
      ...rest,
      maxMessages: 1,
      totalMs: timeoutMs,
      timeoutMs: Number.MAX_SAFE_INTEGER,
    });
    try {
      const { value, done } = await tail.next();
      return done ? null : value;
    } finally {
      tail.close();
    }
  }

  *range(options) {
    const stream = this.#open.tail(rangeOptions(options));
    try {
      for (;;) {
        const taken = takeMessages(stream);
        if (typeof taken !== "number") yield* taken;
        // A filter that seldom matches answers Timeout in between.
        else if (taken !== Next.Gap && taken !== Next.Timeout) return;
      }
    } finally {
      stream.close();
    }
  }

  [Symbol.iterator]() {
    return this.range();
  }

  [Symbol.asyncIterator]() {
    return this.tail();
  }

  close() {
    const pool = this.#native;
    this.#native = null;
    pool?.close();
  }

  [Symbol.dispose]() {
    this.close();
  }

  async [asyncDispose]() {
    this.close();
  }
}

/** The message that an append has stored. Bytes are the caller's, and may change. */
function appended(pool, json, tags, seq, timestampNs) {
  return new AppendedMessage(seq, timestampNs, tags, typeof json === "string" ? json : new TextDecoder().decode(json), pool);
}

module.exports = { Pool };
