// Messages again, with the pauses that were between them.

const args = require("./arguments.js");
const { native } = require("./native.js");

const DEFAULT_COLLECT_MS = 1000;

/** Resolves after `ms`, or rejects when the signal is aborted. */
function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      },
      Math.min(Math.ceil(ms), 0x7fff_ffff),
    );
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

/**
 * Yields what the pool holds and what comes within `timeoutMs` (default 1000) of the start, each as long after the
 * first as it was then, divided by `speed`.
 */
async function* replay(pool, options) {
  const { speed = 1, timeoutMs, ...rest } = args.options(options);
  if (typeof speed !== "number") throw args.invalid("speed must be a number", "NumberExpected");
  if (!(speed > 0) || !Number.isFinite(speed)) throw args.outOfRange(`speed must be a positive, finite number, not ${speed}`);
  const collectMs = Number(args.optionalCount("timeoutMs", timeoutMs) ?? DEFAULT_COLLECT_MS);
  const until = performance.now() + collectMs;
  const signal = args.signal(rest.signal);
  const clock = new (native().Replay)(speed);
  // Opening throws what is wrong with the options.
  const tail = pool.tail({ ...rest, timeoutMs: undefined, collectMs });
  let last = null;
  try {
    for await (const message of tail) {
      if (last !== null && message.seq > last) return;
      const due = performance.now() + clock.schedule(message.timestampNs);
      // Timers may fire early. The time for collecting can be over in the middle of a pause.
      for (let now = performance.now(); now < due; now = performance.now()) {
        await sleep(last === null && until > now ? Math.min(due, until) - now : due - now, signal);
        if (last === null && performance.now() >= until) last = await newest(pool);
      }
      yield message;
      if (last === null && performance.now() >= until) last = await newest(pool);
      if (last !== null && message.seq >= last) return;
    }
  } finally {
    tail.close();
  }
}

/** The newest seq; of a pool that was closed meanwhile none, and the replay ends with what is there. */
async function newest(pool) {
  try {
    return (await pool.boundsAsync()).newest;
  } catch {
    return null;
  }
}

module.exports = { replay };
