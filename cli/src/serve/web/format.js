// Numbers, sizes, times and names as people read them.

const STEPS = [["w", 604800], ["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];

// "5m ago"; what is younger than a second, or ahead of this machine's clock, is "now".
export function age(ms) {
  if (ms === null || ms === undefined) return "–";
  const seconds = Math.floor(ms / 1000);
  for (const [unit, size] of STEPS) if (seconds >= size) return `${Math.floor(seconds / size)}${unit} ago`;
  return "now";
}

// The age of a time in RFC 3339.
export const ageOf = (time) => age(Date.now() - Date.parse(time));

// "14:03:04.567", in the time of whoever looks.
export function clock(time) {
  const date = new Date(time);
  const two = (number) => String(number).padStart(2, "0");
  const ms = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

// "1.5K", as the commands write sizes.
export function size(bytes) {
  let value = bytes;
  for (const unit of ["", "K", "M", "G", "T"]) {
    if (value < 1024 || unit === "T") return `${Number.isInteger(value) ? value : value.toFixed(1)}${unit}`;
    value /= 1024;
  }
}

// "12,345"; takes BigInts too.
export const count = (number) => number.toLocaleString("en-US");

// Messages a second.
export function rate(perSecond) {
  if (perSecond === null) return "–";
  if (perSecond === 0) return "0/s";
  return perSecond < 10 ? `${perSecond.toFixed(1)}/s` : `${count(Math.round(perSecond))}/s`;
}

// A word of a shell command, quoted when it needs to be.
export function shellWord(text) {
  return /^[A-Za-z0-9_.\/:@%+=,][A-Za-z0-9_.\/:@%+=,-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
