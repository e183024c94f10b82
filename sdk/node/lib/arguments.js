// Checks of arguments, before the library is called. A wrong type is a TypeError, a number out of range a
// RangeError; both have a `code`.

const { fileURLToPath } = require("node:url");
const { bytes } = require("./bytes.js");
const { invalid, outOfRange } = require("./errors.js");
const { Durability, describe, mapDurability } = require("../mappings.js");
const { MAX_U64 } = require("./exact.js");
const { parseTime } = require("./time.js");

const MAX_U32 = 0xffff_ffffn;

const isNothing = (value) => value === undefined || value === null;

/** A text that C can take: no NUL, no half of a surrogate pair. */
function text(name, value) {
  if (typeof value !== "string") throw invalid(`${name} must be a string, not ${describe(value)}`, "StringExpected");
  if (value.length === 0) throw invalid(`${name} must not be empty`);
  if (value.includes("\0")) throw invalid(`${name} must not contain a NUL character`);
  if (!value.isWellFormed()) throw invalid(`${name} must not contain half of a surrogate pair`);
  return value;
}

/** Whether a reference is an address and no name or path. */
const isUrl = (reference) => reference.includes("://");

/** A directory, a server or a pool: text, or a URL. */
function place(name, value) {
  if (!(value instanceof URL)) return text(name, value);
  return value.protocol === "file:" ? fileURLToPath(value) : value.href;
}

/** A number from 0 to `most`: a safe integer, or a bigint. */
function unsigned(name, value, most = MAX_U64) {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) {
      throw outOfRange(`${name} must be a whole number that is safe (up to 2^53-1), or a bigint, not ${value}`);
    }
  } else if (typeof value !== "bigint") {
    throw invalid(`${name} must be a number or a bigint, not ${describe(value)}`, "NumberExpected");
  }
  if (value < 0 || value > most) throw outOfRange(`${name} must be between 0 and ${most}, not ${value}`);
  return value;
}

const optional =
  (check) =>
  (name, value, ...rest) =>
    isNothing(value) ? undefined : check(name, value, ...rest);
const optionalUnsigned = optional(unsigned);

/** As optionalUnsigned for the counts of tail and replay, where a negative number has always been a TypeError. */
function optionalCount(name, value) {
  if ((typeof value === "number" || typeof value === "bigint") && value < 0) throw invalid(`${name} must not be negative`);
  return optionalUnsigned(name, value);
}

function flag(name, value) {
  if (isNothing(value)) return false;
  if (typeof value !== "boolean") throw invalid(`${name} must be true or false, not ${describe(value)}`);
  return value;
}

function options(value) {
  if (isNothing(value)) return {};
  if (typeof value !== "object") throw invalid(`options must be an object, not ${describe(value)}`);
  return value;
}

function array(name, value) {
  if (!Array.isArray(value)) throw invalid(`${name} must be an array, not ${describe(value)}`);
  return value;
}

/** An array of strings; one string counts as such an array where `single` says so. Undefined for none. */
function strings(name, value, single) {
  if (isNothing(value)) return undefined;
  const list = single && typeof value === "string" ? [value] : value;
  if (!Array.isArray(list)) throw invalid(`${name} must be an array of strings, not ${describe(value)}`);
  for (let i = 0; i < list.length; i++) {
    if (typeof list[i] !== "string") throw invalid(`${name}[${i}] must be a string, not ${describe(list[i])}`, "StringExpected");
    if (!list[i].isWellFormed()) throw invalid(`${name}[${i}] must not contain half of a surrogate pair`);
  }
  return list.length === 0 ? undefined : list;
}

/** 0 or 1. */
function durability(value) {
  if (value === undefined || value === null || value === Durability.Fast) return Durability.Fast;
  if (value === Durability.Flush) return Durability.Flush;
  if (typeof value === "string") {
    try {
      return mapDurability(value) === "fast" ? Durability.Fast : Durability.Flush;
    } catch (error) {
      throw invalid(error.message.replace("plasmite: ", ""));
    }
  }
  if (typeof value === "number") throw invalid(`durability must be 0 (fast) or 1 (flush), not ${value}`);
  throw invalid(`durability must be "fast", "flush", Durability.Fast or Durability.Flush, not ${describe(value)}`, "NumberExpected");
}

/** Ns since 1970, negative before, of a Date, a bigint of ns, or RFC 3339 text. */
function nanoseconds(name, value) {
  if (typeof value === "bigint") return value;
  let ns = null;
  if (value instanceof Date && !Number.isNaN(value.getTime())) ns = BigInt(value.getTime()) * 1_000_000n;
  else if (typeof value === "string") ns = parseTime(value);
  if (ns === null) throw invalid(`${name} must be a Date, a bigint of nanoseconds since 1970, or RFC 3339 text, not ${describe(value)}`);
  return ns;
}

/** A time to start at, in ns since 1970. All messages are younger than that, so a date before is as good. */
function startTime(name, value) {
  const ns = nanoseconds(name, value);
  return ns < 0n && typeof value !== "bigint" ? 0n : unsigned(name, ns);
}

/** A message's own time, in ns since 1970. */
function messageTime(name, value) {
  const ns = nanoseconds(name, value);
  if (ns >= 0n && ns <= MAX_U64) return ns;
  throw outOfRange(`${name} must be between 1970 and 2554, not ${value instanceof Date ? value.toISOString() : describe(value)}`);
}

function signal(value) {
  if (isNothing(value)) return undefined;
  if (typeof value !== "object" || typeof value.addEventListener !== "function" || typeof value.aborted !== "boolean") {
    throw invalid(`signal must be an AbortSignal, not ${describe(value)}`);
  }
  return value;
}

/** The bytes of a Lite3 document. */
function lite3(value) {
  const document = bytes(value);
  if (document === undefined) throw invalid("payload must be a Buffer with a Lite3 document");
  return document;
}

/** What to append: bytes are JSON text, anything else is turned into JSON. */
function json(value) {
  if (ArrayBuffer.isView(value)) return bytes(value);
  const encoded = JSON.stringify(value);
  if (encoded === undefined) throw invalid(`the value (${describe(value)}) cannot be written as JSON`);
  // What an ArrayBuffer would become, too. To ask each value costs more.
  return encoded === "{}" ? (bytes(value) ?? encoded) : encoded;
}

module.exports = {
  MAX_U32,
  invalid,
  outOfRange,
  isNothing,
  isUrl,
  place,
  text,
  unsigned,
  optionalUnsigned,
  optionalCount,
  flag,
  options,
  array,
  strings,
  durability,
  startTime,
  messageTime,
  signal,
  lite3,
  json,
};
