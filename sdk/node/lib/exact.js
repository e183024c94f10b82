// JSON.parse makes every number a double. A seq can be larger than those are exact, so it is read from the text.

const MAX_U64 = 18446744073709551615n;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\]|\\.)*"/sy;
const SCALAR = /[^,[\]{} \t\n\r]+/y;

function skip(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

// Behind the value that starts at `at`. The text is known to be JSON.
function skipValue(text, at) {
  let depth = 0;
  for (let i = at; ; ) {
    const c = text[i];
    if (c === '"') i = skip(STRING, text, i);
    else if (c === "{" || c === "[") {
      depth++;
      i++;
    } else if (c === "}" || c === "]") {
      depth--;
      i++;
    } else if (depth > 0 && (c === "," || c === ":")) i++;
    else i = skip(SCALAR, text, i);
    if (depth === 0) return i;
    i = skip(SPACE, text, i);
  }
}

/** The text of a member's value in the text of a JSON object, or undefined: of several the last, as JSON.parse does. */
function memberText(text, member) {
  let found;
  let at = skip(SPACE, text, 0) + 1;
  for (;;) {
    at = skip(SPACE, text, at);
    if (text[at] === "}" || at >= text.length) return found;
    const keyEnd = skip(STRING, text, at);
    const key = JSON.parse(text.slice(at, keyEnd));
    at = skip(SPACE, text, keyEnd);
    at = skip(SPACE, text, at + 1);
    const end = skipValue(text, at);
    if (key === member) found = text.slice(at, end);
    at = skip(SPACE, text, end);
    if (text[at] === ",") at++;
  }
}

/** The integer that a JSON number means (1e2 and 100.0 too), or null when it is no integer. */
function exactInteger(text) {
  NUMBER.lastIndex = 0;
  if (!NUMBER.test(text) || NUMBER.lastIndex !== text.length) return null;
  const [, sign, whole, fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  let digits = (whole + fraction).replace(/^0+(?=\d)/, "");
  let power = Number(exponent) - fraction.length;
  while (power < 0 && digits.endsWith("0") && digits.length > 1) {
    digits = digits.slice(0, -1);
    power++;
  }
  if (digits === "0") return 0n;
  if (power < 0) return null;
  if (power > 40) return MAX_U64 + 1n;
  const number = BigInt(digits + "0".repeat(power));
  return sign === "-" ? -number : number;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gs;
/** The key of an object in place of a number. */
const EXACT = "\0exact";

/** JSON.parse, but for integers that a double cannot hold exactly: those are bigints. */
function parseExact(text) {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const marked = text.replace(TOKEN, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `{"\\u0000exact":"${token}"}` : token,
  );
  return JSON.parse(marked, (_key, value) => (typeof value?.[EXACT] === "string" ? BigInt(value[EXACT]) : value));
}

module.exports = { MAX_U64, memberText, exactInteger, parseExact };
