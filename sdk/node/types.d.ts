/**
 * Plasmite for Node: JSON messages between processes, through bounded pools on disk.
 *
 * Units: times named `…Ms` are milliseconds, `…Ns` nanoseconds since 1970-01-01T00:00:00Z; sizes are bytes. A seq, size or
 * count is a safe integer or a bigint; others are a `RangeError`, other types a `TypeError`, both with a `code`.
 *
 * Errors of the library are {@link PlasmiteNativeError}s: one subclass for each {@link ErrorKind}, with `code`, `hint`, `path`,
 * `seq` and `offset`. A closed handle is a {@link UsageError}.
 *
 * Blocking: methods that return promises and async generators never block the event loop. The others are quick, with
 * three exceptions: {@link Stream.nextJson} and {@link Lite3Stream.next} wait by design; an append waits while another
 * process holds the writer lock (usually less than a microsecond, at most 10 s, then {@link BusyError}); and
 * `Durability.Flush` waits for the disk. {@link Pool.appendAsync} and {@link Pool.appendManyAsync} do neither.
 *
 * Servers: `http://host:9700/events` names a pool of a server wherever a pool is named, and `new Client("http://host:9700")` is
 * a client of that server. Every call is a request then, so the methods that return no promise are a {@link UsageError} whose
 * hint names the one that does the same. What the server answers keeps its kind and message; no answer is an {@link IoError}.
 *
 * What is handed in is the caller's again when a call returns: bytes and arrays may change while an append still waits.
 *
 * Threads: worker threads load the package as usual. Handles belong to the thread that opened them; open the pool again
 * in the other one.
 *
 * @packageDocumentation
 */

/// <reference types="node" />

import type { DoctorOptions, DoctorReport, Migrated, PoolInfo, PoolListEntry, PoolOptions, Salvaged } from "./info.js";
import type {
  AppendAsyncOptions,
  AppendManyOptions,
  AppendOptions,
  LocalTailOptions,
  RangeOptions,
  ReplayOptions,
  StartOptions,
  WaitOptions,
} from "./options.js";

/** When an append returns: `Fast` when other processes can read the message, `Flush` when it is on the disk. */
export declare const Durability: { readonly Fast: 0; readonly Flush: 1 };
export type Durability = (typeof Durability)[keyof typeof Durability];
/** Durability, by number or by name. */
export type DurabilityLike = Durability | "fast" | "flush";

/** What went wrong, in one word. The numbers are also the exit codes of the command line. */
export declare const ErrorKind: {
  readonly Internal: 1;
  readonly Usage: 2;
  readonly NotFound: 3;
  readonly AlreadyExists: 4;
  readonly Busy: 5;
  readonly Permission: 6;
  readonly Corrupt: 7;
  readonly Io: 8;
  readonly RetentionGap: 9;
};
export type ErrorKind = (typeof ErrorKind)[keyof typeof ErrorKind];

/** An {@link ErrorKind} as the `code` of an error. */
export type ErrorCode =
  | "PLASMITE_INTERNAL"
  | "PLASMITE_USAGE"
  | "PLASMITE_NOT_FOUND"
  | "PLASMITE_ALREADY_EXISTS"
  | "PLASMITE_BUSY"
  | "PLASMITE_PERMISSION"
  | "PLASMITE_CORRUPT"
  | "PLASMITE_IO"
  | "PLASMITE_RETENTION_GAP";

/** What local and remote errors have in common. */
export declare class PlasmiteError extends Error {
  readonly kind?: ErrorKind;
  readonly code?: ErrorCode;
  /** What to do about it. */
  readonly hint?: string;
  /** The file concerned. */
  readonly path?: string;
  /** The message concerned; a bigint where a number is not exact. For a gap the first missing one. */
  readonly seq?: number | bigint;
  /** The byte concerned, in a file, document or text as the message says. */
  readonly offset?: number | bigint;
  /** Of an append: the message may have been stored all the same, so repeating it could store it twice. */
  readonly maybeWritten?: true;
  /** A message was refused for its size alone. */
  readonly tooLarge?: true;
}

/** An error of the library. Its text is `plasmite error: kind=…; message=…; path=…; seq=…; offset=…; hint=…`. */
export declare class PlasmiteNativeError extends PlasmiteError {}
export declare class InternalError extends PlasmiteNativeError {}
export declare class UsageError extends PlasmiteNativeError {}
export declare class NotFoundError extends PlasmiteNativeError {}
export declare class AlreadyExistsError extends PlasmiteNativeError {}
export declare class BusyError extends PlasmiteNativeError {}
export declare class PermissionDeniedError extends PlasmiteNativeError {}
export declare class CorruptError extends PlasmiteNativeError {}
export declare class IoError extends PlasmiteNativeError {}
export declare class RetentionGapError extends PlasmiteNativeError {}

/**
 * `$HOME/.plasmite/pools`, as of loading the package; undefined where there is no home, of which
 * {@link defaultPoolDir} tells.
 */
export declare const DEFAULT_POOL_DIR: string | undefined;
/** 1 MiB. */
export declare const DEFAULT_POOL_SIZE: number;
/** 1 MiB. */
export declare const DEFAULT_POOL_SIZE_BYTES: number;
/** The directory of `new Client()`, as of now. @throws {@link UsageError} HOME is not set. */
export declare function defaultPoolDir(): string;
/** The version of this package. */
export declare const version: string;
/** The version of the library: not for parsing, but for a report. */
export declare function libraryVersion(): { version: string; abiVersion: number; buildInfo: string };
/** Whether the library has a feature, by the names of `plsm_has_feature` in plasmite.h; unknown ones are not there. */
export declare function hasFeature(name: string): boolean;
/**
 * Installs, once for the process, a SIGBUS handler: access of the library to a pool file that somebody truncated becomes a
 * {@link CorruptError}. Without it that access kills the process, as with any mapped file. Faults elsewhere go to the
 * handler that was there before. @throws {@link IoError} The system refuses the handler.
 */
export declare function installGuard(): void;
/**
 * Encodes a JSON object or array (a value, or JSON text as bytes) as a Lite3 document, as {@link Pool.appendLite3} takes it.
 * @throws {@link UsageError} Not such a value; or what Lite3 cannot hold: an integer above 2^63-1, a key with a NUL.
 */
export declare function jsonToLite3(payload: unknown): Buffer;
/** Writes a Lite3 document as compact JSON text, members in their order. @throws {@link CorruptError} It is damaged. */
export declare function lite3ToJson(payload: Uint8Array | ArrayBuffer): Buffer;

export interface MessageMeta {
  readonly tags: readonly string[];
}

/** A message as JSON shows it. */
export interface MessageEnvelope<T = unknown> {
  seq: number | bigint | string;
  time: string;
  data: T;
  meta: { tags: string[] };
}

/** A message: plain data, detached from its pool. `JSON.stringify` writes it as {@link MessageEnvelope}. */
export declare class Message<T = unknown> {
  private constructor();
  readonly seq: bigint;
  /** Exact. */
  readonly timestampNs: bigint;
  /** To the millisecond. */
  readonly time: Date;
  /** Exact. */
  readonly timeRfc3339: string;
  readonly data: T;
  readonly meta: MessageMeta;
  readonly tags: readonly string[];
  /** The message's JSON bytes, as {@link Pool.getJson} gives them. */
  readonly raw: Buffer;
  toJSON(): { seq: number | string; time: string; meta: MessageMeta; data: T };
}

/**
 * A message of its JSON bytes (the seq exact for all of uint64), of an envelope object, or of a message.
 * @throws TypeError or RangeError for what is no message, SyntaxError for what is no JSON.
 */
export declare function parseMessage<T = unknown>(payload: Uint8Array | ArrayBuffer | Message<T> | MessageEnvelope<T>): Message<T>;

/** A message as a Lite3 document, `{"meta":{"tags":[…]},"data":…}`. */
export interface Lite3Frame {
  readonly seq: bigint;
  readonly timestampNs: bigint;
  readonly flags: number;
  readonly payload: Buffer;
  readonly time: Date;
  readonly timeRfc3339: string;
}

/** Seqs that were overwritten before they could be read: `first` to `last`. */
export declare class Gap {
  private constructor();
  readonly first: bigint;
  readonly last: bigint;
  readonly count: bigint;
}

/** What goes to servers only: pools given by their address, or all pools of a client of a server. */
export interface ClientOptions {
  /**
   * The bearer token. Of a client of a server it goes to that server alone, otherwise to every server whose pools are opened;
   * over plain HTTP to loopback addresses only.
   */
  token?: string | null;
  /** A file with the token; excludes `token`. */
  tokenFile?: string | URL | null;
  /** A PEM file of the certificates by which servers are trusted, instead of those that browsers trust. */
  tlsCaFile?: string | URL | null;
  /** Trust every server, whatever its certificate. */
  tlsSkipVerify?: boolean | null;
  /** Send the token over plain HTTP to other machines too, where anybody on the way can read it. */
  insecureToken?: boolean | null;
  /** For how long one request may take (default 30000). Tails go on for as long as they are wanted. */
  requestTimeoutMs?: number | bigint | null;
}

/** A pool's name, the path of its file (with a slash in it, or a `file:` URL), or the address of a server's pool. */
export type PoolRef = string | URL;

/** A directory of pools, or a server of some. Making one touches no file and no network. */
export declare class Client {
  /**
   * @param poolDir The directory, which need not exist (default `$HOME/.plasmite/pools`), or a server's address.
   * @throws {@link UsageError} Options that exclude each other. @throws {@link NotFoundError} A file that is named.
   */
  constructor(poolDir?: string | URL, options?: ClientOptions | null);
  /** The directory, or the server's address. */
  readonly poolDir: string;
  /** Creates a pool, of 1 MiB unless a size is given. Not on servers. @throws {@link AlreadyExistsError} */
  createPool<T = unknown>(poolRef: PoolRef, sizeBytes?: number | bigint | PoolOptions | null): Pool<T>;
  createPoolAsync<T = unknown>(poolRef: PoolRef, sizeBytes?: number | bigint | PoolOptions | null): Promise<Pool<T>>;
  /** Opens a pool, for reading only where writing is not permitted or `readOnly` is set. Not on servers. @throws {@link NotFoundError} */
  openPool<T = unknown>(poolRef: PoolRef, options?: { readOnly?: boolean }): Pool<T>;
  openPoolAsync<T = unknown>(poolRef: PoolRef, options?: { readOnly?: boolean }): Promise<Pool<T>>;
  /** Opens a pool, creating it first when it is not there; of many callers one creates it. Not on servers. */
  pool<T = unknown>(poolRef: PoolRef, sizeBytes?: number | bigint | PoolOptions | null): Pool<T>;
  /** As {@link pool}, and tells whether this call created it. */
  ensurePool<T = unknown>(poolRef: PoolRef, sizeBytes?: number | bigint | PoolOptions | null): Promise<{ pool: Pool<T>; created: boolean }>;
  poolExists(poolRef: PoolRef): Promise<boolean>;
  /** The path of the file that a reference means. @throws {@link UsageError} A server's pool. */
  poolPath(poolRef: PoolRef): string;
  poolInfo(poolRef: PoolRef): Promise<PoolInfo>;
  /** The pools of the directory or the server, by name. */
  listPools(): Promise<PoolListEntry[]>;
  /** Deletes a pool; who has it open is told NotFound. @throws {@link NotFoundError} */
  deletePool(poolRef: PoolRef): Promise<void>;
  /** Converts a pool of an older format, in place or to `newRef`. */
  migratePool(poolRef: PoolRef, newRef?: PoolRef | null, options?: PoolOptions): Promise<Migrated>;
  /**
   * Copies every intact message of a damaged pool into the new pool `newRef`, each with its seq, time, tags and bytes, and
   * proves the copy by reading both again. The damaged file is left as it is; stop the programs that use it first. Takes time
   * in proportion to the file, on a thread of Node's pool, and runs to its end: nothing can cancel it. Options left out mean:
   * as in the damaged pool, or as much more as the messages need. A failure leaves nothing behind.
   * @throws {@link NotFoundError} No such pool. @throws {@link AlreadyExistsError} The new pool.
   * @throws {@link UsageError} Of another format, or too large for the size asked for.
   * @throws {@link CorruptError} No pool, or too little is left of it to find or check a message.
   */
  salvagePool(poolRef: PoolRef, newRef: PoolRef, options?: PoolOptions): Promise<Salvaged>;
  /** Examines a pool, or all pools of the directory. Writes nothing. */
  doctor(poolRef?: PoolRef | null, options?: DoctorOptions): Promise<DoctorReport[]>;
  /** Pools that were opened live on. */
  close(): void;
  [Symbol.dispose](): void;
}

/** The seqs and times that a batch was stored under; seqs are consecutive. */
export interface BatchReceipt extends Iterable<{ seq: bigint; timestampNs: bigint }> {
  readonly length: number;
  readonly firstSeq: bigint | undefined;
  readonly lastSeq: bigint | undefined;
  at(index: number): { seq: bigint; timestampNs: bigint } | undefined;
}

/**
 * An async generator of messages. It opens with the call, and closes when the loop is left. Of a server's pool it asks the server
 * then ({@link Tail.ready} tells when it is open), and connects again by itself, going on where it stood.
 */
export interface Tail<M> extends AsyncGenerator<M, void, undefined> {
  /** Resolves when the tail is open; rejects with what was wrong with the options, which the first `next()` would tell else. */
  ready(): Promise<void>;
  /**
   * The next message, or null when none came for it within `waitMs`, or none will: {@link end} tells. 0 does not wait. Of several
   * calls that wait, those that came first have the messages first; a `take` behind them gives up its turn when its time is over.
   * @throws {@link UsageError} The tail was closed.
   */
  take(waitMs?: number): Promise<M | null>;
  /** All messages at hand, at least one; undefined at the end. Faster than `next`, where many come. */
  nextBatch(): Promise<M[] | undefined>;
  batches(): AsyncGenerator<M[], void, undefined>;
  /**
   * Where to go on later (`sinceSeq`): behind what was delivered, however far the tail has read ahead. Undefined once closed or at
   * the end. While the `last` few that pass tags or filters are searched for, the oldest of those found: await {@link tokenAsync} first.
   */
  readonly nextSeq: bigint | undefined;
  /** How many messages were overwritten before they could be read; undefined once closed. */
  readonly dropped: bigint | undefined;
  /**
   * The same place as a text for {@link StartOptions.token}; undefined once closed or at the end, and before it is open. Asks no
   * server, and waits for nothing.
   * @throws {@link UsageError} It starts at the `last` few that pass tags or filters, nothing came of it so far, and
   * {@link tokenAsync} has not found out where that is.
   */
  token(): string | undefined;
  /** As {@link token}, once the tail is open and its start is found, which may take as long as a search through the whole pool. */
  tokenAsync(): Promise<string | undefined>;
  /** Let waits keep the process alive (as at first), or not. */
  ref(): this;
  unref(): this;
  /** Ends the tail; a `next()` that waits gets `done`. */
  close(): void;
  /** Calls that wait, and later ones, find no more, until {@link resume}. */
  cancel(): void;
  /** Takes a {@link cancel} back: the tail goes on where it stood. */
  resume(): void;
  /** Why there is no more: the maximum, snapshot or last seq; the time without messages; `totalMs`; … null while there may be more. */
  readonly end: "end" | "timeout" | "deadline" | "cancelled" | "closed" | "error" | null;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * An open pool. `T` is the type of its data, which is not checked.
 *
 * What is appended: a Uint8Array (Buffer), DataView or ArrayBuffer is JSON text in UTF-8; anything else, a string too, is a
 * value and goes through `JSON.stringify`.
 */
export declare class Pool<T = unknown> {
  private constructor();
  readonly name: string;
  /** The path, or the address, by which it was opened. */
  readonly path: string;
  readonly readOnly: boolean;

  /** Appends and returns the whole stored message as JSON bytes. As all methods that return no promise, not on servers. */
  appendJson(payload: T | Uint8Array | ArrayBuffer, tags?: readonly string[] | null, durability?: DurabilityLike | null): Buffer;
  appendJsonAsync(payload: T | Uint8Array | ArrayBuffer, options?: AppendAsyncOptions): Promise<Buffer>;
  append(payload: T | Uint8Array | ArrayBuffer, tags?: readonly string[] | null, durability?: DurabilityLike | null): Message<T>;
  append(payload: T | Uint8Array | ArrayBuffer, options: AppendOptions): Message<T>;
  /** As {@link append}; waits for other writers and for the disk without blocking the event loop. */
  appendAsync(payload: T | Uint8Array | ArrayBuffer, options?: AppendAsyncOptions): Promise<Message<T>>;
  /** Appends all values, or none, in order, with one lock and one flush. */
  appendMany(values: readonly (T | Uint8Array | ArrayBuffer)[], options?: AppendManyOptions): BatchReceipt;
  appendManyAsync(
    values: readonly (T | Uint8Array | ArrayBuffer)[],
    options?: AppendManyOptions & AppendAsyncOptions,
  ): Promise<BatchReceipt>;
  /** Appends a Lite3 message document; returns its seq. */
  appendLite3(payload: Uint8Array | ArrayBuffer, durability?: DurabilityLike | null): bigint;
  appendLite3Async(payload: Uint8Array | ArrayBuffer, durability?: DurabilityLike | null): Promise<bigint>;
  /** Makes everything appended so far durable. */
  flush(): Promise<void>;

  /** @throws {@link NotFoundError} with the seq: never written, or overwritten. */
  getJson(seq: number | bigint): Buffer;
  get(seq: number | bigint): Message<T>;
  getLite3(seq: number | bigint): Lite3Frame;
  getJsonAsync(seq: number | bigint): Promise<Buffer>;
  getAsync(seq: number | bigint): Promise<Message<T>>;
  getLite3Async(seq: number | bigint): Promise<Lite3Frame>;

  info(): PoolInfo;
  infoAsync(): Promise<PoolInfo>;
  /** Which messages there are; all 0 for none. */
  bounds(): { oldest: bigint; newest: bigint; count: bigint };
  boundsAsync(): Promise<{ oldest: bigint; newest: bigint; count: bigint }>;
  /**
   * How many processes write to the pool: they have appended, or tried to, since they opened it, and have not closed it. This
   * one counts as well; the first 1000 are counted. @throws {@link IoError} The system does not tell.
   */
  writers(): number;
  writersAsync(): Promise<number>;
  /** What is odd about the pool although it works, a sentence each: of the control page and a sample of the index. {@link Client.doctor} looks at everything. */
  warnings(): string[];
  warningsAsync(): Promise<string[]>;
  /** Whether the path still leads to this pool. */
  isCurrent(): boolean;
  isCurrentAsync(): Promise<boolean>;

  /** Messages from the oldest on, or from where the options say, as they come. */
  tail<U = T>(options: LocalTailOptions & { gapPolicy: "event" }): Tail<Message<U> | Gap>;
  tail<U = T>(options?: (LocalTailOptions & { gapPolicy?: "continue" | "error" | null }) | null): Tail<Message<U>>;
  tailLite3(options: LocalTailOptions & { gapPolicy: "event" }): Tail<Lite3Frame | Gap>;
  tailLite3(options?: (LocalTailOptions & { gapPolicy?: "continue" | "error" | null }) | null): Tail<Lite3Frame>;
  /** Messages again, with the pauses that were between them. */
  replay<U = T>(options?: ReplayOptions | null): AsyncGenerator<Message<U>, void, undefined>;
  /** The first message, from now on unless the options say otherwise, that passes the filters; null after `timeoutMs`. */
  wait<U = T>(options?: WaitOptions | null): Promise<Message<U> | null>;
  /** Messages that are there. Never waits. Not on servers: there {@link tail} with `follow: false` does the same. */
  range<U = T>(options?: RangeOptions | null): Generator<Message<U>, void, undefined>;
  /** A synchronous stream: its waits block the thread. @param timeoutMs Total time from opening. */
  openStream(
    sinceSeq?: number | bigint | null,
    maxMessages?: number | bigint | null,
    timeoutMs?: number | bigint | null,
    errorOnGap?: boolean,
  ): Stream;
  openLite3Stream(
    sinceSeq?: number | bigint | null,
    maxMessages?: number | bigint | null,
    timeoutMs?: number | bigint | null,
    errorOnGap?: boolean,
  ): Lite3Stream;

  /** As {@link range}. */
  [Symbol.iterator](): Generator<Message<T>, void, undefined>;
  /** As {@link tail}. */
  [Symbol.asyncIterator](): Tail<Message<T>>;
  /** Tails and streams that were opened live on. Twice is fine. */
  close(): void;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Messages as JSON bytes. Iterating waits on this thread; `for await` waits in the event loop. */
export declare class Stream {
  private constructor();
  /** The next message, waited for; null at the end. */
  nextJson(): Buffer | null;
  [Symbol.iterator](): Generator<Buffer, void, undefined>;
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined>;
  close(): void;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Messages as Lite3. Iterating waits on this thread; `for await` waits in the event loop. */
export declare class Lite3Stream {
  private constructor();
  /** The next message, waited for; null at the end. */
  next(): Lite3Frame | null;
  [Symbol.iterator](): Generator<Lite3Frame, void, undefined>;
  [Symbol.asyncIterator](): AsyncGenerator<Lite3Frame, void, undefined>;
  close(): void;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** {@link Pool.replay} as a function. */
export declare function replay<T = unknown>(pool: Pool<T>, options?: ReplayOptions | null): AsyncGenerator<Message<T>, void, undefined>;

export * from "./info.js";
export * from "./options.js";
export * from "./remote.js";
