// Times as messages carry them: RFC 3339 text in UTC, nanoseconds since 1970.

const RFC3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;

/** RFC 3339 text of ns since 1970, without trailing zeros. */
function formatTime(timestampNs) {
  let seconds = timestampNs / 1_000_000_000n;
  let fraction = timestampNs % 1_000_000_000n;
  if (fraction < 0n) {
    seconds -= 1n;
    fraction += 1_000_000_000n;
  }
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
  if (fraction === 0n) return `${text}Z`;
  return `${text}.${fraction.toString().padStart(9, "0").replace(/0+$/, "")}Z`;
}

/** Ns since 1970 (negative before) of RFC 3339 text, or null when it is none. Digits beyond the ninth are cut. */
function parseTime(text) {
  const parts = RFC3339.exec(text);
  if (parts === null) return null;
  const [, date, clock, fraction = "", zone] = parts;
  const local = new Date(`${date}T${clock}Z`);
  // Not each day that can be written exists.
  if (Number.isNaN(local.getTime()) || local.toISOString().slice(0, 19) !== `${date}T${clock}`) return null;
  let milliseconds = local.getTime();
  if (zone.length > 1) {
    const hours = Number(zone.slice(1, 3));
    const minutes = Number(zone.slice(4, 6));
    if (hours > 23 || minutes > 59) return null;
    milliseconds -= (zone[0] === "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000;
  }
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
}

/** The Date of ns since 1970. */
function dateOf(timestampNs) {
  let milliseconds = timestampNs / 1_000_000n;
  if (timestampNs < 0n && timestampNs % 1_000_000n !== 0n) milliseconds -= 1n;
  return new Date(Number(milliseconds));
}

module.exports = { formatTime, parseTime, dateOf };
