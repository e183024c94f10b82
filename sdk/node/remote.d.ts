/**
 * The remote client alone: needs no addon. The types of `plasmite/remote`, and part of those of `plasmite`.
 *
 * @packageDocumentation
 */

import type { PoolInfo } from "./info.js";
import type { DurabilityLike, ErrorKind, FilterOptions, Message } from "./types.js";
import { PlasmiteError } from "./types.js";

export interface RemoteClientOptions {
  /** Sent as `Authorization: Bearer …`; over http only to this machine. */
  token?: string | null;
  /** Send the token over http to other machines too. */
  insecureToken?: boolean;
  /** In place of the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}

/** What a server tells about a pool. */
export type RemotePoolInfo = PoolInfo;

export interface RequestOptions {
  signal?: AbortSignal | null;
}

export interface RemoteTailOptions extends FilterOptions {
  sinceSeq?: number | bigint | null;
  last?: number | bigint | null;
  sinceTime?: Date | string | null;
  start?: "oldest" | "now";
  maxMessages?: number | bigint | null;
  /**
   * How long the server keeps the tail open, in ms; it has a limit of its own, 30 s by default. With {@link reconnect} that does
   * not end the search for the `last` few that pass a filter.
   */
  timeoutMs?: number | bigint | null;
  errorOnGap?: boolean;
  /** Ask again behind the last message when the tail ends or the connection breaks; every 250 ms at most while nothing comes. */
  reconnect?: boolean;
  signal?: AbortSignal | null;
}

/** Pools of a server, over `fetch`; needs no addon. */
export declare class RemoteClient {
  /** @param baseUrl http or https, without a path. */
  constructor(baseUrl: string | URL, options?: RemoteClientOptions);
  readonly baseUrl: URL;
  token: string | null;
  withToken(token: string | null): this;
  /** Creates a pool, of the server's default size unless one is given. */
  createPool(pool: string, sizeBytes?: number | bigint | null, options?: RequestOptions): Promise<RemotePoolInfo>;
  openPool<T = unknown>(pool: string, options?: RequestOptions): Promise<RemotePool<T>>;
  poolInfo(pool: string, options?: RequestOptions): Promise<RemotePoolInfo>;
  listPools(options?: RequestOptions): Promise<RemotePoolInfo[]>;
  deletePool(pool: string, options?: RequestOptions): Promise<void>;
}

export declare class RemotePool<T = unknown> {
  constructor(client: RemoteClient, pool: string);
  readonly client: RemoteClient;
  readonly pool: string;
  poolRef(): string;
  /**
   * Appends bytes, which are JSON text in UTF-8, or a value, which goes through `JSON.stringify`. Bytes that are no JSON text are a
   * {@link RemoteError} of kind Usage, before any request.
   */
  append(
    data: T | Uint8Array | ArrayBuffer,
    tags?: readonly string[],
    durability?: DurabilityLike,
    options?: RequestOptions,
  ): Promise<Message<T>>;
  get(seq: number | bigint, options?: RequestOptions): Promise<Message<T>>;
  tail<U = T>(options?: RemoteTailOptions): AsyncGenerator<Message<U>, void, undefined>;
}

/** An error of a server, or of the way to it. */
export declare class RemoteError extends PlasmiteError {
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly kind: ErrorKind;
}
