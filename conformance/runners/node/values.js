// References and patterns: what format.md says in its sections 3 and 4. No SDK, no files.

/** An expectation that did not hold, or a step that is wrong. */
class Failure extends Error {}

const ABSENT = Symbol("absent");
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value) => typeof value === "number" || typeof value === "bigint";
const isInteger = (value) => typeof value === "bigint" || Number.isInteger(value);

/** JSON in which integers that are not safe are written as the format says. */
const encode = (value) =>
  JSON.stringify(value, (_key, inner) => (typeof inner === "bigint" ? small(inner, (n) => ({ $json: String(n) })) : inner));
const small = (integer, other = (n) => n) =>
  integer >= Number.MIN_SAFE_INTEGER && integer <= Number.MAX_SAFE_INTEGER ? Number(integer) : other(integer);

function shown(value) {
  if (value === ABSENT) return "nothing";
  const text = encode(value) ?? "nothing";
  return text.length < 400 ? text : `${text.slice(0, 400)}…`;
}

/** The integer of {"$json": digits}, else the value itself. */
function unsafe(value) {
  if (isObject(value) && Object.keys(value).length === 1 && /^-?\d+$/.test(value.$json ?? "")) return small(BigInt(value.$json));
  return value;
}

function lookup(path, captures) {
  const [name, ...parts] = path.split(".");
  if (!captures.has(name)) throw new Failure(`nothing was kept as ${name}`);
  let value = captures.get(name);
  for (const part of parts) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part))
      throw new Failure(`${path} is not there: no ${part} in ${shown(value)}`);
    value = value[part];
  }
  return unsafe(value);
}

/** The value with every reference and every joined text in it replaced. */
function replace(value, captures) {
  if (Array.isArray(value)) return value.map((inner) => replace(inner, captures));
  if (!isObject(value)) return value;
  if ("$" in value) {
    const found = lookup(value.$, captures);
    return "+" in value ? small(BigInt(found) + BigInt(value["+"])) : found;
  }
  if ("$cat" in value) {
    const parts = replace(value.$cat, captures).map((part) => (Array.isArray(part) ? part : [part, 1]));
    return parts.map(([text, times]) => String(text).repeat(Number(times))).join("");
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner, captures)]));
}

function isOfType(type, value) {
  if (type === "null") return value === null;
  if (type === "integer") return isInteger(value);
  if (type === "number") return isNumber(value);
  if (type === "array") return Array.isArray(value);
  return type === "object" ? isObject(value) : typeof value === type;
}

const lengthOf = (value) =>
  typeof value === "string" ? Buffer.byteLength(value) : isObject(value) ? Object.keys(value).length : value?.length;

const MATCHERS = {
  $any: () => true,
  $type: isOfType,
  $ge: (given, actual) => isNumber(actual) && actual >= unsafe(given),
  $le: (given, actual) => isNumber(actual) && actual <= unsafe(given),
  $rfc3339: (_given, actual) => typeof actual === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z$/.test(actual),
  $contains: (given, actual) =>
    typeof actual === "string"
      ? typeof given === "string" && actual.includes(given)
      : Array.isArray(actual) && actual.some((element) => mismatch(given, element) === null),
  $regex: (given, actual) => typeof actual === "string" && new RegExp(given).test(actual),
  $json: (given, actual) => isInteger(actual) && String(actual) === given,
  $unordered: (given, actual) => Array.isArray(actual) && given.length === actual.length && pairs(given, actual),
  $len: (given, actual) => lengthOf(actual) === given,
};

/** Whether each pattern finds an element of its own. */
function pairs([first, ...rest], actual) {
  if (first === undefined) return true;
  return actual.some((element, at) => mismatch(first, element) === null && pairs(rest, actual.toSpliced(at, 1)));
}

/** Null when the actual value matches the pattern, else what is wrong. */
function mismatch(pattern, actual, { matchers = true, exact = false, where = "" } = {}) {
  const wrong = `${where || "the result"}: expected ${shown(pattern)}, got ${shown(actual)}`;
  const inside = (key, inner, value, more = {}) =>
    mismatch(inner, value, { matchers, exact, where: where ? `${where}.${key}` : String(key), ...more });
  if (isObject(pattern)) {
    const [name] = Object.keys(pattern);
    if (matchers && Object.keys(pattern).length === 1 && name.startsWith("$")) {
      if (!Object.hasOwn(MATCHERS, name)) throw new Failure(`unknown matcher ${name}`);
      return actual !== ABSENT && MATCHERS[name](pattern[name], actual) ? null : wrong;
    }
    if (!isObject(actual) || (exact && Object.keys(pattern).sort().join("\0") !== Object.keys(actual).sort().join("\0"))) return wrong;
    for (const [key, inner] of Object.entries(pattern)) {
      const found = inside(key, inner, Object.hasOwn(actual, key) ? actual[key] : ABSENT, { exact: exact || key === "data" });
      if (found !== null) return found;
    }
    return null;
  }
  if (Array.isArray(pattern)) {
    if (!Array.isArray(actual) || pattern.length !== actual.length) return wrong;
    for (const [at, inner] of pattern.entries()) {
      const found = inside(at, inner, actual[at]);
      if (found !== null) return found;
    }
    return null;
  }
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number of the same value
  if (isNumber(pattern)) return isNumber(actual) && actual == pattern ? null : wrong;
  return actual === pattern ? null : wrong;
}

/** Null when an error (kind, message, path, seq, offset) is the expected one. */
function errorMismatch(expected, error) {
  const kinds = [expected.kind].flat();
  if (!kinds.includes(error.kind)) return `expected the error ${kinds.join(" or ")}, got ${shown(error)}`;
  for (const field of ["path", "seq", "offset"]) {
    const wanted = expected[`has_${field}`];
    if (wanted !== undefined && wanted !== (error[field] !== null))
      return `the error should ${wanted ? "" : "not "}have a ${field}: ${shown(error)}`;
  }
  if (!error.message.includes(expected.message_contains ?? ""))
    return `the message should contain ${expected.message_contains}: ${shown(error)}`;
  if (!(error.path ?? "").endsWith(expected.path_ends ?? "")) return `the path should end in ${expected.path_ends}: ${shown(error)}`;
  return "seq" in expected ? mismatch(expected.seq, error.seq, { where: "error.seq" }) : null;
}

/** Null when a step's result, or its error, is one of the expected outcomes. */
function outcomeMismatch(expect, result, error, matchers) {
  let found = null;
  for (const outcome of [expect].flat()) {
    const wanted = isObject(outcome.error) && "kind" in outcome.error ? outcome.error : null;
    if (wanted !== null && error === null) found = `expected the error ${shown(wanted.kind)}, got ${shown(result)}`;
    else if (error !== null && wanted === null) found = `failed: ${shown(error)}`;
    else found = wanted !== null ? errorMismatch(wanted, error) : mismatch(outcome, result, { matchers });
    if (found === null) return null;
  }
  return found;
}

module.exports = { Failure, encode, outcomeMismatch, replace, shown, small, unsafe };
