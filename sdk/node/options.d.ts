/**
 * How messages are appended and read: part of the types of `plasmite`. Times named `…Ms` are milliseconds.
 *
 * @packageDocumentation
 */

import type { AlreadyExistsError, BusyError, DurabilityLike, Gap, RetentionGapError, Tail } from "./types.js";

/** A time: a Date, ns since 1970, or RFC 3339 text. */
export type Time = Date | bigint | string;

export interface AppendOptions {
  tags?: readonly string[] | null;
  durability?: DurabilityLike | null;
  /** The message's time (default now); not before the newest message's. Outside of 1970 to 2554 it is a RangeError. */
  timestamp?: Time | null;
  /** How long to wait for other writers before {@link BusyError} (default 10000); 0 tries once. */
  lockWaitMs?: number | bigint | null;
  /** Append only when this is the newest seq (0: none yet). @throws {@link AlreadyExistsError} */
  expectNewest?: number | bigint | null;
}

export interface AppendAsyncOptions extends AppendOptions {
  /** Ends the wait for other writers; of a request to a server, which may still be carried out, the wait for its answer. */
  signal?: AbortSignal | null;
}

export interface AppendManyOptions extends AppendOptions {
  /** Further tags of each value. */
  eachTags?: readonly (readonly string[] | null | undefined)[] | null;
  /** The time of each value. */
  eachTimestamp?: readonly (Time | null | undefined)[] | null;
}

/** Where a tail starts: at most one of these (default: at the oldest message). */
export interface StartOptions {
  start?: "oldest" | "now" | null;
  /** At the last so many messages that pass the filters. */
  last?: number | bigint | null;
  /** At this seq; one in the future is waited for. */
  sinceSeq?: number | bigint | null;
  /** At the first message not older than this; one before 1970 means all. */
  sinceTime?: Time | null;
  /** Where another tail stood; see {@link Tail.token}. */
  token?: string | null;
}

export interface FilterOptions {
  /** Only messages that have all these tags. */
  tags?: readonly string[] | string | null;
  /** Only messages for which these jq predicates over the envelope are true, for example `.data.status == "green"`. */
  where?: readonly string[] | string | null;
}

export interface LocalTailOptions extends StartOptions, FilterOptions {
  /** End after so many messages that pass the filters. */
  maxMessages?: number | bigint | null;
  /** With `maxMessages`: end when no message at all came for so long (default 1000). Without it the tail goes on. */
  timeoutMs?: number | null;
  /** End so long after opening. */
  totalMs?: number | bigint | null;
  /** The last seq wanted. */
  endSeq?: number | bigint | null;
  /** False: end at the newest message as of opening. */
  follow?: boolean | null;
  /** In descending seq, never waiting: `sinceSeq` is where to begin, `endSeq` the lowest wanted. */
  backwards?: boolean | null;
  /** Fail with {@link RetentionGapError} when messages were overwritten before they were read. */
  errorOnGap?: boolean | null;
  /** What to do about messages that were overwritten before they were read: go on (as at first), fail, or yield a {@link Gap}. */
  gapPolicy?: "continue" | "error" | "event" | null;
  /** Ends the tail; `next()` rejects with the signal's reason. */
  signal?: AbortSignal | null;
}

export interface ReplayOptions extends StartOptions, FilterOptions {
  /** Divides the pauses (default 1). Positive and finite. */
  speed?: number;
  maxMessages?: number | bigint | null;
  /** Messages that come later than this after the start are not part of the replay (default 1000). */
  timeoutMs?: number | null;
  errorOnGap?: boolean | null;
  signal?: AbortSignal | null;
}

export interface RangeOptions extends FilterOptions {
  /** The lowest seq wanted. */
  from?: number | bigint | null;
  /** The highest seq wanted. */
  to?: number | bigint | null;
  backwards?: boolean | null;
  maxMessages?: number | bigint | null;
  errorOnGap?: boolean | null;
}

export interface WaitOptions extends StartOptions, FilterOptions {
  /** How long to wait (default: without limit). */
  timeoutMs?: number | bigint | null;
  signal?: AbortSignal | null;
}
