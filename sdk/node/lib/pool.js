// An open pool.

const args = require("./arguments.js");
const { readBatch, AppendedMessage, BatchReceipt } = require("./batch.js");
const { kept } = require("./bytes.js");
const { blockingError, closedError } = require("./errors.js");
const { parseExact } = require("./exact.js");
const { parseMessageJson } = require("../message.js");
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
  #isRemote;

  constructor(pool) {
    if (typeof pool?.isRemote !== "function") throw new TypeError("plasmite: a Pool is made by a Client");
    this.#native = pool;
    this.#facts = undefined;
    this.#isRemote = pool.isRemote();
  }

  /** The native pool, or the error of a closed one. */
  get #open() {
    if (this.#native === null) throw closedError("pool");
    return this.#native;
  }

  /** The native pool, for a call that the event loop waits for; a server's pool is asked by the method `instead`. */
  #here(method, instead) {
    const pool = this.#open;
    if (this.#isRemote) throw blockingError(`Pool.${method}`, `Pool.${instead}`);
    return pool;
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
    return this.#here("appendJson", "appendJsonAsync").appendJson(
      args.json(payload),
      args.strings("tags", tags),
      args.durability(durability),
    );
  }

  async appendJsonAsync(payload, options) {
    return write.jsonPatiently(this.#open, this.#isRemote, args.json(payload), args.options(options));
  }

  append(payload, tags, durability) {
    const pool = this.#here("append", "appendAsync");
    const json = args.json(payload);
    const [list, ...rest] = write.appendOptions(tags, durability);
    pool.append(json, list, ...rest);
    const { receipt } = native();
    return new AppendedMessage(receipt[0], receipt[1], list, kept(json), pool);
  }

  async appendAsync(payload, options) {
    const pool = this.#open;
    const json = args.json(payload);
    const given = args.options(options);
    if (this.#isRemote) return parseMessageJson(await write.jsonPatiently(pool, true, json, given));
    return write.patiently(pool, json, given);
  }

  appendMany(values, options) {
    const pool = this.#here("appendMany", "appendManyAsync");
    if (args.array("values", values).length === 0) return new BatchReceipt(new BigUint64Array(0));
    return new BatchReceipt(pool.appendBatch(false, ...write.batchArguments(values, args.options(options))));
  }

  async appendManyAsync(values, options) {
    const pool = this.#open;
    if (args.array("values", values).length === 0) return new BatchReceipt(new BigUint64Array(0));
    const given = args.options(options);
    return new BatchReceipt(await write.batchPatiently(pool, this.#isRemote, values, given));
  }

  appendLite3(payload, durability) {
    return this.#here("appendLite3", "appendLite3Async").appendLite3(args.lite3(payload), args.durability(durability));
  }

  async appendLite3Async(payload, durability) {
    return this.#open.appendLite3InBackground(args.lite3(payload), args.durability(durability));
  }

  async flush() {
    await this.#open.flush();
  }

  // Reading one message

  getJson(seq) {
    return this.#here("getJson", "getJsonAsync").getJson(args.unsigned("seq", seq));
  }

  async getJsonAsync(seq) {
    return this.#open.getJsonInBackground(args.unsigned("seq", seq));
  }

  get(seq) {
    return readBatch(this.#here("get", "getAsync").get(args.unsigned("seq", seq)))[0];
  }

  async getAsync(seq) {
    return parseMessageJson(await this.getJsonAsync(seq));
  }

  getLite3(seq) {
    return new Lite3Frame(this.#here("getLite3", "getLite3Async").getLite3(args.unsigned("seq", seq)));
  }

  async getLite3Async(seq) {
    return new Lite3Frame(await this.#open.getLite3InBackground(args.unsigned("seq", seq)));
  }

  // About the pool

  info() {
    return parseExact(this.#here("info", "infoAsync").info(false));
  }

  async infoAsync() {
    return parseExact(await this.#open.info(true));
  }

  bounds() {
    return boundsOf(this.#here("bounds", "boundsAsync").bounds(false));
  }

  async boundsAsync() {
    return boundsOf(await this.#open.bounds(true));
  }

  writers() {
    return this.#here("writers", "writersAsync").writers(false);
  }

  async writersAsync() {
    return this.#open.writers(true);
  }

  warnings() {
    return linesOf(this.#here("warnings", "warningsAsync").warnings(false));
  }

  async warningsAsync() {
    return linesOf(await this.#open.warnings(true));
  }

  isCurrent() {
    return this.#here("isCurrent", "isCurrentAsync").isCurrent(false);
  }

  async isCurrentAsync() {
    return this.#open.isCurrent(true);
  }

  // Reading many

  openStream(sinceSeq, maxMessages, timeoutMs, errorOnGap = false) {
    return new Stream(this.#here("openStream", "tail").tail(streamOptions(sinceSeq, maxMessages, timeoutMs, errorOnGap)));
  }

  openLite3Stream(sinceSeq, maxMessages, timeoutMs, errorOnGap = false) {
    return new Lite3Stream(this.#here("openLite3Stream", "tailLite3").tail(streamOptions(sinceSeq, maxMessages, timeoutMs, errorOnGap)));
  }

  /**
   * Opens at once, so that what is appended from now on is seen, or, of a server's pool, with a request; what is wrong is told
   * by the first next().
   */
  #tail(options, take) {
    let stream = null;
    try {
      const { tail, ...settings } = tailOptions(options);
      settings.signal?.throwIfAborted();
      if (this.#isRemote) return new Tail(null, { take, opening: this.#open.tailInBackground(tail), ...settings });
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
    const totalMs = args.optionalCount("timeoutMs", timeoutMs);
    const placed = ["start", "last", "sinceSeq", "sinceTime", "token"].some((name) => !args.isNothing(rest[name]));
    const tail = this.tail({
      ...(placed ? {} : { start: "now" }),
      ...rest,
      maxMessages: 1,
      totalMs,
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
    const stream = this.#here("range", "tail({ follow: false })").tail(rangeOptions(options));
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

const boundsOf = ([oldest, newest, count]) => ({ oldest, newest, count });
const linesOf = (text) => text.split("\n").slice(0, -1);

module.exports = { Pool };
