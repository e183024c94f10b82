/**
 * What is known about pools, and how they are made: part of the types of `plasmite`. Sizes and offsets are in bytes.
 *
 * @packageDocumentation
 */

import type { Gap } from "./types.js";

/** How a pool is made. */
export interface PoolOptions {
  /** The exact size of the file (default 1 MiB). */
  sizeBytes?: number | bigint | null;
  /** How many messages the index can point at; 0 for no index. */
  indexCapacity?: number | null;
  /** The mode of the file, less the umask (default 0o600). */
  fileMode?: number | null;
}

/** Settings and contents of a pool: the object that `pls pool info --json` prints. */
export interface PoolInfo {
  name: string;
  path: string;
  file_size: number;
  index_offset: number;
  index_capacity: number;
  index_size_bytes: number;
  ring_offset: number;
  ring_size: number;
  /** Absent or null when the pool is empty; bigints where numbers are not exact. */
  bounds: { oldest?: number | bigint | null; newest?: number | bigint | null };
  metrics?: {
    message_count: number;
    seq_span: number | bigint;
    utilization: { used_bytes: number; free_bytes: number; used_percent: number };
    age: { oldest_time?: string | null; newest_time?: string | null; oldest_age_ms?: number | null; newest_age_ms?: number | null };
  };
  format?: number;
  id?: string;
  generation?: number;
  /** When it was created. */
  created?: string | null;
  /** How many processes write to it; see `Pool.writers`. */
  writers?: number;
  /** What is odd about it; absent when nothing is. */
  warnings?: string[];
}

/** A pool in a list; one that cannot be read has `error`. */
export interface PoolListEntry {
  name: string;
  path: string;
  file_size?: number;
  bounds?: { oldest?: number | bigint | null; newest?: number | bigint | null };
  /** When the file was last changed according to the file system, in RFC 3339. */
  mtime?: string | null;
  error?: { error: { kind: string; message: string; hint?: string; path?: string; seq?: number | bigint; offset?: number | bigint } };
}

/** One thing that is wrong with a pool. */
export interface DoctorIssue {
  /** The broad class: "corrupt", "format", "permission" or "io". */
  code: string;
  /** What exactly: a name that stays the same in all versions, such as "frame". */
  finding: string;
  /** In words, with the place. */
  message: string;
  /** What to do about it. */
  advice: string;
  /** The message concerned, or the first of them. */
  seq?: number | bigint | null;
  /** Where in the file. */
  offset?: number | null;
}

/** What `Client.doctor` found out about one pool. */
export interface DoctorReport {
  /** The reference as given; of a pool found in a directory, its path. */
  pool_ref: string;
  path: string;
  /** "unreadable": it could not be looked at. Only among the pools of a directory. */
  status: "ok" | "corrupt" | "unreadable";
  /** The newest message up to which, from the oldest on, all are intact. */
  last_good_seq?: number | bigint | null;
  issue_count: number;
  /** The first 256 of them. */
  issues: DoctorIssue[];
  /** What to do; one that begins with "warning: " is no damage and worth knowing. */
  remediation_hints?: string[];
  /** Oldest and newest intact message, and how many are intact. */
  bounds: { oldest?: number | bigint; newest?: number | bigint };
  message_count: number;
  /** Bytes of messages looked at, and index slots compared with their messages. */
  checked_bytes: number;
  checked_slots: number;
}

/** How pools are examined. */
export interface DoctorOptions {
  /** Called after each step. */
  onProgress?: (progress: { poolsDone: number; pools: number; bytesDone: number; bytes: number; path?: string }) => void;
  signal?: AbortSignal | null;
}

/** What `Client.migratePool` made. */
export interface Migrated {
  oldest: bigint;
  newest: bigint;
  count: bigint;
  oldSize: bigint;
  size: bigint;
  /** Whether times fall from one message to the next. */
  timesUnordered: boolean;
  /** The path of the kept old file. */
  backup?: string;
}

/** What `Client.salvagePool` brought. */
export interface Salvaged {
  /** The messages that were copied; `count` says how many there are between `oldest` and `newest`. All 0 for none. */
  oldest: bigint;
  newest: bigint;
  count: bigint;
  /** How many are known to be lost: between the oldest that is intact and the newest that ever was. */
  lost: bigint;
  /** In how many stretches they stood. */
  lostRanges: bigint;
  /** The first of these stretches, at most 256, in rising order. */
  ranges: Gap[];
  /** Size of the new file in bytes. */
  size: bigint;
}
