// Options of tails, streams and ranges, as the addon takes them.

const args = require("./arguments.js");
const { Flag, Gap, Start } = require("./next.js");

const DEFAULT_IDLE_MS = 1000;

const GAP_POLICIES = { continue: Gap.Continue, error: Gap.Error, event: Gap.Event };

const always = () => Number.POSITIVE_INFINITY;

/** Of the positional arguments of openStream: the time is that of the whole stream. */
function streamOptions(sinceSeq, maxMessages, timeoutMs, errorOnGap) {
  const since = args.optionalUnsigned("sinceSeq", sinceSeq);
  return {
    start: since === undefined ? Start.Oldest : Start.Seq,
    startValue: since ?? 0,
    maxMessages: args.optionalUnsigned("maxMessages", maxMessages),
    timeoutMs: args.optionalUnsigned("timeoutMs", timeoutMs),
    gapPolicy: args.flag("errorOnGap", errorOnGap) ? Gap.Error : Gap.Continue,
    flags: 0,
  };
}

/** Where to start: at most one of the options says so. */
function startOf(given) {
  const names = ["start", "last", "sinceSeq", "sinceTime", "token"].filter((name) => !args.isNothing(given[name]));
  if (names.length > 1) throw args.invalid(`${names.join(" and ")} exclude each other`);
  switch (names[0]) {
    case "start":
      if (given.start === "now") return { start: Start.Now, startValue: 0 };
      if (given.start === "oldest") return { start: Start.Oldest, startValue: 0 };
      throw args.invalid('start must be "oldest" or "now"');
    case "last":
      return { start: Start.Last, startValue: args.unsigned("last", given.last) };
    case "sinceSeq":
      return { start: Start.Seq, startValue: args.optionalCount("sinceSeq", given.sinceSeq) };
    case "sinceTime":
      return { start: Start.Time, startValue: args.startTime("sinceTime", given.sinceTime) };
    case "token":
      return { start: Start.Token, startValue: 0, token: args.text("token", given.token) };
    default:
      return { start: Start.Oldest, startValue: 0 };
  }
}

function filtersOf(given) {
  return { tags: args.strings("tags", given.tags, true), filters: args.strings("where", given.where, true) };
}

function gapPolicyOf(given) {
  const errorOnGap = args.flag("errorOnGap", given.errorOnGap);
  if (args.isNothing(given.gapPolicy)) return errorOnGap ? Gap.Error : Gap.Continue;
  if (!Object.hasOwn(GAP_POLICIES, given.gapPolicy)) throw args.invalid('gapPolicy must be "continue", "error" or "event"');
  const policy = GAP_POLICIES[given.gapPolicy];
  if (errorOnGap && policy !== Gap.Error) throw args.invalid(`errorOnGap and gapPolicy "${given.gapPolicy}" exclude each other`);
  return policy;
}

/** For Pool.tail: { tail, patience, signal }. */
function tailOptions(options) {
  const given = args.options(options);
  const maxMessages = args.optionalCount("maxMessages", given.maxMessages);
  const follow = args.isNothing(given.follow) || args.flag("follow", given.follow);
  const totalMs = args.optionalCount("totalMs", given.totalMs);
  const tail = {
    ...startOf(given),
    ...filtersOf(given),
    endSeq: args.optionalCount("endSeq", given.endSeq),
    maxMessages,
    timeoutMs: totalMs,
    gapPolicy: gapPolicyOf(given),
    flags: (follow ? 0 : Flag.Snapshot) | (args.flag("backwards", given.backwards) ? Flag.Backwards : 0),
  };
  return { tail, patience: patienceOf(given, maxMessages, totalMs), signal: args.signal(given.signal) };
}

/**
 * How long a tail waits for more. A maximum makes `timeoutMs` count, as the longest time in which no message at all
 * came, before the filters; `collectMs`, of replay, counts from the opening, as `totalMs` does.
 */
function patienceOf(given, maxMessages, totalMs) {
  // Zero and below mean the default.
  const asked =
    args.isNothing(given.timeoutMs) || given.timeoutMs <= 0 ? DEFAULT_IDLE_MS : Number(args.unsigned("timeoutMs", given.timeoutMs));
  const idleMs = maxMessages === undefined || given.collectMs !== undefined ? Number.POSITIVE_INFINITY : asked;
  const collectMs = given.collectMs ?? Number.POSITIVE_INFINITY;
  if (idleMs === Number.POSITIVE_INFINITY && collectMs === Number.POSITIVE_INFINITY && totalMs === undefined) return () => always;
  return (stream) => {
    const opened = performance.now();
    let seen = stream.nextSeq();
    let seenAt = opened;
    return () => {
      const now = performance.now();
      const next = idleMs === Number.POSITIVE_INFINITY ? seen : stream.nextSeq();
      if (next !== seen) {
        seen = next;
        seenAt = now;
      }
      // The library tells when the total time is over, which may be a moment later than the timer.
      const total = totalMs === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Number(totalMs) - (now - opened));
      return Math.min(idleMs - (now - seenAt), collectMs - (now - opened), total);
    };
  };
}

/** For Pool.range: what is there, from seq `from` to seq `to`, both inclusive. */
function rangeOptions(options) {
  const given = args.options(options);
  const backwards = args.flag("backwards", given.backwards);
  const from = args.optionalUnsigned("from", given.from);
  const to = args.optionalUnsigned("to", given.to);
  const first = backwards ? to : from;
  return {
    ...filtersOf(given),
    start: first === undefined ? Start.Oldest : Start.Seq,
    startValue: first ?? 0,
    endSeq: backwards ? from : to,
    maxMessages: args.optionalUnsigned("maxMessages", given.maxMessages),
    gapPolicy: args.flag("errorOnGap", given.errorOnGap) ? Gap.Error : Gap.Continue,
    flags: Flag.Snapshot | (backwards ? Flag.Backwards : 0),
  };
}

module.exports = { streamOptions, tailOptions, rangeOptions };
