// Numbers and names that the C ABI, the wire and JavaScript share.

/** When an append returns: `Fast` survives every process, `Flush` also a crash of the machine. */
const Durability = Object.freeze({ Fast: 0, Flush: 1 });

/** What went wrong, in one word. */
const ErrorKind = Object.freeze({
  Internal: 1,
  Usage: 2,
  NotFound: 3,
  AlreadyExists: 4,
  Busy: 5,
  Permission: 6,
  Corrupt: 7,
  Io: 8,
  RetentionGap: 9,
});

const KIND_NAMES = Object.freeze(Object.fromEntries(Object.entries(ErrorKind).map(([name, number]) => [number, name])));

/** The number of a kind's name, or of a number that is one; unknown ones are Io. */
function mapErrorKind(kind) {
  if (typeof kind === "string" && Object.hasOwn(ErrorKind, kind)) return ErrorKind[kind];
  if (typeof kind === "number" && Object.hasOwn(KIND_NAMES, kind)) return kind;
  return ErrorKind.Io;
}

/** The code of a kind, for example PLASMITE_NOT_FOUND. */
function errorCode(kind) {
  return `PLASMITE_${KIND_NAMES[kind].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase()}`;
}

/** "fast" or "flush" of 0, 1 or these names in any case. */
function mapDurability(durability) {
  if (durability === Durability.Fast) return "fast";
  if (durability === Durability.Flush) return "flush";
  const name = typeof durability === "string" ? durability.toLowerCase() : undefined;
  if (name === "fast" || name === "flush") return name;
  throw new TypeError(`plasmite: durability must be "fast", "flush", Durability.Fast or Durability.Flush, not ${describe(durability)}`);
}

/** A value in a few words, for messages of errors. */
function describe(value) {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? "an array" : `an object (${value.constructor?.name ?? "no class"})`;
  return String(value);
}

module.exports = { Durability, ErrorKind, KIND_NAMES, mapErrorKind, errorCode, mapDurability, describe };
