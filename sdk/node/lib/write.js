// How appends take their options, and how they wait for other writers without holding the event loop.

const { ErrorKind } = require("../mappings.js");
const args = require("./arguments.js");
const { AppendedMessage } = require("./batch.js");
const { kept } = require("./bytes.js");
const { native } = require("./native.js");

/** How long a thread of the pool may wait for the writer lock at a time, in ms. */
const SLICE_MS = 50;
/** As the library: how long to wait for the writer lock when nothing is said, in ms. */
const DEFAULT_LOCK_WAIT_MS = 10_000;
/** Larger texts take so long to parse that it is done on another thread. */
const LARGE = 256 * 1024;

const isOptions = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Tags as they are now: the array is the caller's. Undefined for none. */
const tagsOf = (name, value) => args.strings(name, value)?.slice();

/** [tags, durability, time, lock wait, expected newest], the last three only where they are wanted. */
function appendOptions(tags, durability) {
  if (!isOptions(tags)) return [tagsOf("tags", tags), args.durability(durability)];
  const { timestamp, lockWaitMs, expectNewest } = tags;
  const basic = [tagsOf("tags", tags.tags), args.durability(tags.durability)];
  if (args.isNothing(timestamp) && args.isNothing(lockWaitMs) && args.isNothing(expectNewest)) return basic;
  return [
    ...basic,
    args.isNothing(timestamp) ? undefined : args.messageTime("timestamp", timestamp),
    args.optionalUnsigned("lockWaitMs", lockWaitMs),
    args.optionalUnsigned("expectNewest", expectNewest),
  ];
}

/**
 * Repeats `attempt(ms to wait for the lock)` while it fails with Busy, until the time is up or the signal aborts. What is appended
 * must not be the caller's: a repetition comes turns later.
 */
async function untilLocked(given, first, attempt) {
  const signal = args.signal(given.signal);
  const most = Number(args.optionalUnsigned("lockWaitMs", given.lockWaitMs) ?? DEFAULT_LOCK_WAIT_MS);
  const until = performance.now() + most;
  let wait = first ? 0 : Math.min(SLICE_MS, most);
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await (wait === 0 && first ? first() : attempt(wait));
    } catch (error) {
      // Busy says that nothing was stored.
      const left = until - performance.now();
      if (error?.kind !== ErrorKind.Busy || left <= 0) throw error;
      wait = Math.max(1, Math.min(SLICE_MS, Math.ceil(left)));
    }
  }
}

/** Appends; what may take long is done on another thread, in slices that the signal can end. Gives the message. */
async function patiently(pool, payload, given) {
  const json = kept(payload);
  const [tags, durability, time, , expectNewest] = appendOptions(given);
  const quick = durability === 0 && json.length <= LARGE;
  // With nobody in the way this is faster than handing it to another thread.
  const first = () => {
    pool.append(json, tags, durability, time, 0, expectNewest);
    const { receipt } = native();
    return [receipt[0], receipt[1]];
  };
  const [seq, timestampNs] = await untilLocked(given, quick ? first : undefined, (wait) =>
    pool.appendInBackground(json, tags, durability, time, wait, expectNewest),
  );
  return new AppendedMessage(seq, timestampNs, tags, json, pool);
}

/** A promise, but for a signal that is aborted before. Its call goes on: a server may still carry it out. */
function unlessAborted(promise, signal) {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** One request to a server, which does the waiting for its writer lock. */
async function ask(given, request) {
  const signal = args.signal(given.signal);
  signal?.throwIfAborted();
  return unlessAborted(request(args.optionalUnsigned("lockWaitMs", given.lockWaitMs) ?? DEFAULT_LOCK_WAIT_MS), signal);
}

/** How an append on another thread waits for the writer lock: in slices, or, on a server, in one request. */
const waiting = (isRemote, given, attempt) => (isRemote ? ask(given, attempt) : untilLocked(given, undefined, attempt));

/** Appends on another thread. Gives the bytes of the stored message. */
function jsonPatiently(pool, isRemote, payload, given) {
  // A request to a server is one attempt, for which the addon copies.
  const json = isRemote ? payload : kept(payload);
  const [tags, durability, time, , expectNewest] = appendOptions(given);
  return waiting(isRemote, given, (wait) => pool.appendJsonInBackground(json, tags, durability, time, wait, expectNewest));
}

/** What the addon's appendBatch takes, without its first argument. */
function batchArguments(values, given) {
  const [tags, durability, time, lockWait, expectNewest] = appendOptions({ ...given });
  const { eachTags, eachTimestamp } = given;
  for (const [name, each] of [
    ["eachTags", eachTags],
    ["eachTimestamp", eachTimestamp],
  ]) {
    if (args.isNothing(each)) continue;
    if (!Array.isArray(each) || each.length !== values.length) throw args.invalid(`${name} must be an array with one entry for each value`);
  }
  const tagsOfEach = eachTags?.map((list, i) => tagsOf(`eachTags[${i}]`, list));
  const timeOfEach = eachTimestamp?.map((time, i) => (args.isNothing(time) ? undefined : args.messageTime(`eachTimestamp[${i}]`, time)));
  return [textsOf(values), tags, durability, time, lockWait, expectNewest, tagsOfEach, timeOfEach];
}

/** One text with a line for each value; or, when some are bytes, an array. */
function textsOf(values) {
  let text = "";
  for (let i = 0; i < values.length; i++) {
    const json = args.json(values[i]);
    // JSON.stringify writes no line feed, but bytes may have some between tokens.
    if (typeof json !== "string") return values.map(args.json);
    text += i === 0 ? json : `\n${json}`;
  }
  return text;
}

function batchPatiently(pool, isRemote, values, given) {
  const [json, tags, durability, time, , expectNewest, ...each] = batchArguments(values, given);
  const texts = isRemote || typeof json === "string" ? json : json.map(kept);
  return waiting(isRemote, given, (wait) => pool.appendBatch(true, texts, tags, durability, time, wait, expectNewest, ...each));
}

module.exports = { appendOptions, patiently, jsonPatiently, batchArguments, batchPatiently };
