// The errors of this package. `errorOf` is the one place where errors of the library become JavaScript's.

const { ErrorKind, KIND_NAMES, mapErrorKind, errorCode } = require("../mappings.js");

const smallest = (number) => (typeof number === "bigint" && number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : number);

/** What local and remote errors have in common. */
class PlasmiteError extends Error {
  constructor(message, fields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.kind = fields.kind;
    if (fields.kind !== undefined) this.code = errorCode(fields.kind);
    for (const name of ["hint", "path", "seq", "offset"]) {
      if (fields[name] !== undefined && fields[name] !== null) this[name] = smallest(fields[name]);
    }
    for (const name of ["maybeWritten", "tooLarge"]) if (fields[name]) this[name] = true;
  }
}

/** An error of the library. */
class PlasmiteNativeError extends PlasmiteError {}
// On the prototype: an own property would be shown with each error.
for (const [type, name] of [
  [PlasmiteError, "PlasmiteError"],
  [PlasmiteNativeError, "PlasmiteNativeError"],
]) {
  Object.defineProperty(type.prototype, "name", { value: name, writable: true, configurable: true });
}

class InternalError extends PlasmiteNativeError {}
class UsageError extends PlasmiteNativeError {}
class NotFoundError extends PlasmiteNativeError {}
class AlreadyExistsError extends PlasmiteNativeError {}
class BusyError extends PlasmiteNativeError {}
class PermissionDeniedError extends PlasmiteNativeError {}
class CorruptError extends PlasmiteNativeError {}
class IoError extends PlasmiteNativeError {}
class RetentionGapError extends PlasmiteNativeError {}

const CLASSES = {
  [ErrorKind.Internal]: InternalError,
  [ErrorKind.Usage]: UsageError,
  [ErrorKind.NotFound]: NotFoundError,
  [ErrorKind.AlreadyExists]: AlreadyExistsError,
  [ErrorKind.Busy]: BusyError,
  [ErrorKind.Permission]: PermissionDeniedError,
  [ErrorKind.Corrupt]: CorruptError,
  [ErrorKind.Io]: IoError,
  [ErrorKind.RetentionGap]: RetentionGapError,
};

/** An error of the library's fields. */
function errorOf(fields) {
  const kind = mapErrorKind(fields.kind);
  let text = `plasmite error: kind=${KIND_NAMES[kind]}; message=${fields.message}`;
  for (const name of ["path", "seq", "offset", "hint"]) {
    if (fields[name] !== undefined && fields[name] !== null) text += `; ${name}=${fields[name]}`;
  }
  // The outermost cause comes first, so build from the innermost.
  const cause = (fields.causes ?? []).reduceRight((inner, message) => new Error(message, inner && { cause: inner }), undefined);
  const error = new CLASSES[kind](text, { ...fields, kind, cause });
  // The stack begins with the call that failed.
  Error.captureStackTrace?.(error, errorOf);
  return error;
}

/** The error of an argument of a wrong type. */
function invalid(message, code = "InvalidArg") {
  return Object.assign(new TypeError(`plasmite: ${message}`), { code });
}

/** The error of a number or a time out of range. */
function outOfRange(message) {
  return Object.assign(new RangeError(`plasmite: ${message}`), { code: "ERR_OUT_OF_RANGE" });
}

/** The error of using a closed handle. */
function closedError(what) {
  return errorOf({ kind: ErrorKind.Usage, message: `the ${what} is closed` });
}

const errorClasses = {
  PlasmiteError,
  PlasmiteNativeError,
  InternalError,
  UsageError,
  NotFoundError,
  AlreadyExistsError,
  BusyError,
  PermissionDeniedError,
  CorruptError,
  IoError,
  RetentionGapError,
};

/** The error of a call that would keep the event loop waiting. */
function blockingError(method, instead, what = "a server") {
  return errorOf({
    kind: ErrorKind.Usage,
    message: `${method} would keep the event loop waiting for ${what}`,
    hint: `await ${instead}, which does the same`,
  });
}

module.exports = { ...errorClasses, errorClasses, errorOf, invalid, outOfRange, closedError, blockingError };
