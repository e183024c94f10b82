// Asynchronous reading: a generator over a stream of the library that waits in the event loop.

const { describe } = require("../mappings.js");
const { blockingError, closedError } = require("./errors.js");
const { Next } = require("./next.js");
const { LONGEST_MS, Turns } = require("./turns.js");

/** How long a reader that always finds messages keeps the event loop from other work, in ms. */
const TURN_MS = 8;

const asyncDispose = Symbol.asyncDispose ?? Symbol.for("nodejs.asyncDispose");
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const ignore = () => {};

/** Messages that were overwritten before they could be read. */
class Gap {
  constructor([first, last, count]) {
    this.first = first;
    this.last = last;
    this.count = count;
  }
}

/**
 * An async generator of what `take` gets from a native stream.
 *
 * take(stream)   an array of items, or a number of Next
 * patience()     how many ms more to wait when there is nothing; 0 or less ends the tail; with `opening` patience(stream) makes it
 * opening        of a server's pool: a promise of the stream
 * failure        given to the first next() instead of anything else
 */
class Tail {
  #stream;
  #take;
  #patience;
  #opening = null;
  #search = null;
  #items = [];
  #at = 0;
  #failure;
  #failed = false;
  #cancelled = false;
  #end = null;
  #wake = null;
  #turns = new Turns(() => this.#wake?.());
  #turnEnds = 0;
  #unlisten = ignore;
  #ready = () => this.#wake?.();
  #ref = true;

  constructor(stream, { take, patience = () => Number.POSITIVE_INFINITY, signal, failure, opening }) {
    this.#stream = stream;
    this.#take = take;
    this.#patience = patience;
    if (opening !== undefined) {
      this.#opening = opening.then(
        (stream) => this.#opened(stream, patience),
        (error) => this.#end === null && this.#fail(error),
      );
    }
    if (failure !== undefined) this.#fail(failure);
    if (signal === undefined || this.#failed) return;
    if (signal.aborted) {
      this.#fail(signal.reason);
      return;
    }
    // The signal may outlive a tail that nobody holds any more.
    const weak = new WeakRef(this);
    const abort = () => weak.deref()?.#fail(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    this.#unlisten = () => signal.removeEventListener("abort", abort);
  }

  #opened(stream, patience) {
    this.#opening = null;
    if (this.#end !== null) {
      stream.close();
      return;
    }
    this.#stream = stream;
    this.#patience = patience(stream);
    if (!this.#ref) stream.setRef(false);
  }

  #fail(reason) {
    this.#failure = reason;
    this.#failed = true;
    this.#close("error");
  }

  #close(end) {
    this.#end ??= end;
    this.#unlisten();
    this.#unlisten = ignore;
    this.#items = [];
    this.#at = 0;
    const stream = this.#stream;
    this.#stream = null;
    this.#opening = null;
    stream?.close();
    this.#wake?.();
  }

  /** Waits until the stream has something to say, or there is no patience left. */
  #wait(ms) {
    this.#turns.nothing();
    return new Promise((resolve) => {
      let timer;
      this.#wake = () => {
        this.#wake = null;
        clearTimeout(timer);
        this.#stream?.forget();
        resolve();
      };
      if (Number.isFinite(ms)) {
        timer = setTimeout(this.#ready, Math.min(Math.ceil(ms), LONGEST_MS));
        if (!this.#ref) timer.unref();
      }
      if (this.#stream === null) this.#opening.then(this.#ready);
      else this.#stream.wait(this.#ready);
    });
  }

  /** All items at hand. */
  #rest() {
    const batch = this.#at === 0 ? this.#items : this.#items.slice(this.#at);
    this.#items = [];
    this.#at = 0;
    return batch;
  }

  /**
   * The next item, or all at hand, after waiting for one until then; undefined when there is none. Who asked has them
   * with the return, not a turn later: what is neither delivered nor at hand would be lost to a close and skipped by a token.
   */
  async #deliver(until, all = false) {
    for (;;) {
      if (this.#failed) {
        this.#failed = false;
        const reason = this.#failure;
        this.#failure = undefined;
        throw reason;
      }
      if (this.#cancelled) return undefined;
      if (this.#at < this.#items.length) return all ? this.#rest() : this.#items[this.#at++];
      const now = performance.now();
      if (this.#stream === null && this.#opening === null) return undefined;
      // Also for one who asks again and again while the server has not answered yet.
      if (now > this.#turnEnds) {
        this.#turnEnds = Number.POSITIVE_INFINITY;
        await nextTurn();
        this.#turnEnds = performance.now() + TURN_MS;
        continue;
      }
      if (this.#stream === null) {
        if (now >= until) return undefined;
        await this.#wait(until - now);
        continue;
      }
      // After an error the next call goes on: behind the damage, or behind the message that a filter could not judge.
      const taken = this.#take(this.#stream);
      if (typeof taken !== "number") {
        this.#items = taken;
        this.#at = 0;
      } else if (taken === Next.Timeout) {
        const ms = this.#patience();
        if (ms <= 0) this.#close("timeout");
        else if (now >= until) return undefined;
        else {
          await this.#wait(Math.min(ms, until - now));
          this.#turnEnds = performance.now() + TURN_MS;
        }
      } else if (taken === Next.Gap) {
        this.#items = [new Gap(this.#stream.gap())];
        this.#at = 0;
      } else this.#close(taken === Next.Deadline ? "deadline" : "end");
    }
  }

  next() {
    if (this.#turns.free && this.#at < this.#items.length && !this.#cancelled) {
      return Promise.resolve({ value: this.#items[this.#at++], done: false });
    }
    return this.#turns.run(async () => {
      const value = await this.#deliver(Number.POSITIVE_INFINITY);
      return { value, done: value === undefined };
    });
  }

  /** Resolves when the tail is open, and rejects with what was wrong with its options, which next() would tell else. */
  async ready() {
    await this.#opening;
    if (!this.#failed) return;
    this.#failed = false;
    throw this.#failure;
  }

  /** The next item, or null when none came for it within `waitMs`, or none will: `end` tells. */
  take(waitMs = Number.POSITIVE_INFINITY) {
    if (typeof waitMs !== "number" || !(waitMs >= 0))
      return Promise.reject(new RangeError(`plasmite: waitMs must be a number that is not negative, not ${describe(waitMs)}`));
    if (this.#end === "closed") return Promise.reject(closedError("tail"));
    const until = performance.now() + waitMs;
    return this.#turns.runWithin(waitMs, async () => (await this.#deliver(until)) ?? null, this.#ref);
  }

  /** All items that are at hand, at least one, or undefined at the end. */
  nextBatch() {
    return this.#turns.run(() => this.#deliver(Number.POSITIVE_INFINITY, true));
  }

  async *batches() {
    try {
      for (let batch = await this.nextBatch(); batch !== undefined; batch = await this.nextBatch()) yield batch;
    } finally {
      this.close();
    }
  }

  async return(value) {
    this.close();
    return { value: await value, done: true };
  }

  async throw(error) {
    this.close();
    throw error;
  }

  /** Ends the tail; a next() that waits is told so. Twice is fine. */
  close() {
    this.#failed = false;
    this.#close("closed");
  }

  /** Calls that wait, and later ones, find no more, until resume(). */
  cancel() {
    this.#cancelled = true;
    this.#wake?.();
  }

  /** Takes a cancel back: the tail goes on where it stood. */
  resume() {
    this.#cancelled = false;
  }

  /** Why there is no more: "end", "timeout", "deadline", "cancelled", "closed", "error"; null while there may be more. */
  get end() {
    return this.#end ?? (this.#cancelled ? "cancelled" : null);
  }

  /** The seq of the first item that was taken from the stream and not delivered yet. */
  get #undelivered() {
    if (this.#at >= this.#items.length) return undefined;
    const item = this.#items[this.#at];
    return item instanceof Gap ? item.first : item.seq;
  }

  /** The seq behind what was delivered, for sinceSeq of a later tail; undefined when it was closed. */
  get nextSeq() {
    if (this.#stream === null) return undefined;
    return this.#undelivered ?? this.#stream.nextSeq();
  }

  /** How many messages had been overwritten before they could be read. */
  get dropped() {
    return this.#stream === null ? undefined : this.#stream.dropped();
  }

  /** A text that tells where the tail stands, for `token` of a later one; undefined when it was closed. */
  token() {
    if (this.#stream === null) return undefined;
    if (this.#stream.isSearching()) throw blockingError("Tail.token", "Tail.tokenAsync", "the search for the tail's start");
    return this.#stream.token(this.#undelivered);
  }

  /** As token, after the opening and the search for the start. */
  async tokenAsync() {
    await this.#opening;
    const stream = this.#stream;
    if (stream?.isSearching()) {
      this.#search ??= new Promise((resolve) => stream.search(resolve));
      await this.#search;
    }
    return this.token();
  }

  /** Waits keep the process alive (as at first). */
  ref() {
    this.#ref = true;
    this.#stream?.setRef(true);
    return this;
  }

  /** Waits do not keep the process alive. */
  unref() {
    this.#ref = false;
    this.#stream?.setRef(false);
    return this;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  async [asyncDispose]() {
    this.close();
  }

  get [Symbol.toStringTag]() {
    return "AsyncGenerator";
  }
}

module.exports = { Tail, Gap, asyncDispose };
