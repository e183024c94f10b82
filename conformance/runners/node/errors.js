// The errors of the SDK, as the format has them.

const { ErrorKind } = require("../../../sdk/node/mappings.js");
const { PlasmiteError } = require("../../../sdk/node/lib/errors.js");
const { Failure } = require("./values.js");

const KINDS = Object.fromEntries(Object.entries(ErrorKind).map(([name, number]) => [number, name]));

function need(given, name) {
  if (!Object.hasOwn(given, name)) throw new Failure(`the step has no ${name}`);
  return given[name];
}

/** The fields of an error of the SDK, or null: JavaScript's own errors for bad arguments are Usage. */
function sdkError(error) {
  const bad = (error instanceof TypeError || error instanceof RangeError) && typeof error.code === "string";
  if (!bad && !(error instanceof PlasmiteError)) return null;
  const { message, path = null, seq = null, offset = null } = error;
  return { kind: bad ? "Usage" : KINDS[error.kind], message, path, seq, offset };
}

module.exports = { KINDS, need, sdkError };
