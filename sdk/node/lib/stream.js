// The synchronous streams. Their waits block the thread; `for await` over them, and Pool.tail, do not.

const { closedError } = require("./errors.js");
const { Next } = require("./next.js");
const { Tail, asyncDispose } = require("./tail.js");
const { dateOf, formatTime } = require("./time.js");

/** A message as Lite3. */
class Lite3Frame {
  constructor([seq, timestampNs, flags, payload]) {
    this.seq = seq;
    this.timestampNs = timestampNs;
    this.flags = flags;
    this.payload = payload;
  }
  get time() {
    return dateOf(this.timestampNs);
  }
  get timeRfc3339() {
    return formatTime(this.timestampNs);
  }
}

/** How long a wait holds the thread before it looks whether the thread is to end, in ms. */
const SLICE_MS = 50;

/** Calls until it is a message (null at the end). */
function takeWaiting(take) {
  for (;;) {
    const taken = take(SLICE_MS);
    if (typeof taken !== "number") return taken;
    if (taken !== Next.Timeout && taken !== Next.Gap) return null;
  }
}

let nativeOf;

class BaseStream {
  #native;
  #what;

  constructor(stream, what) {
    if (typeof stream?.close !== "function") throw new TypeError(`plasmite: a ${what} is opened by a pool`);
    this.#native = stream;
    this.#what = what;
  }

  close() {
    const stream = this.#native;
    this.#native = null;
    stream?.close();
  }

  [Symbol.dispose]() {
    this.close();
  }

  async [asyncDispose]() {
    this.close();
  }

  static {
    nativeOf = (self) => {
      if (self.#native === null) throw closedError(self.#what);
      return self.#native;
    };
  }
}

/** An async iterator that closes the stream when it is left. */
function follow(self, take) {
  const one = () => {
    const taken = take(nativeOf(self), 0);
    return typeof taken === "number" ? taken : [taken];
  };
  const stream = nativeOf(self);
  const waiting = {
    close: () => self.close(),
    wait: (callback) => stream.wait(callback),
    forget: () => stream.forget(),
    setRef: (on) => stream.setRef(on),
    gap: () => stream.gap(),
    nextSeq: () => stream.nextSeq(),
    dropped: () => stream.dropped(),
    token: (seq) => stream.token(seq),
    isSearching: () => stream.isSearching(),
    search: (callback) => stream.search(callback),
  };
  return new Tail(waiting, { take: one });
}

const takeJson = (stream, waitMs) => stream.takeJson(waitMs);
const takeFrame = (stream, waitMs) => {
  const taken = stream.takeFrame(waitMs);
  return typeof taken === "number" ? taken : new Lite3Frame(taken);
};

/** Messages as JSON bytes. */
class Stream extends BaseStream {
  constructor(stream) {
    super(stream, "stream");
  }

  nextJson() {
    const stream = nativeOf(this);
    return takeWaiting((waitMs) => takeJson(stream, waitMs));
  }

  *[Symbol.iterator]() {
    try {
      for (let json = this.nextJson(); json !== null; json = this.nextJson()) yield json;
    } finally {
      this.close();
    }
  }

  [Symbol.asyncIterator]() {
    return follow(this, takeJson);
  }
}

/** Messages as Lite3. */
class Lite3Stream extends BaseStream {
  constructor(stream) {
    super(stream, "Lite3 stream");
  }

  next() {
    const stream = nativeOf(this);
    return takeWaiting((waitMs) => takeFrame(stream, waitMs));
  }

  *[Symbol.iterator]() {
    try {
      for (let frame = this.next(); frame !== null; frame = this.next()) yield frame;
    } finally {
      this.close();
    }
  }

  [Symbol.asyncIterator]() {
    return follow(this, takeFrame);
  }
}

module.exports = { Stream, Lite3Stream, Lite3Frame, takeFrame };
