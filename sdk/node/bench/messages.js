// The standard messages, the same as those of bench/messages.c: flat objects of about 100 bytes with five fields.

const NOTES = ["inlet valve within limits", "outlet pressure steady", "recalibrated by shift 3", "no change"];

let state = 42;
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state >>> 8;
}

const objects = Array.from({ length: 4096 }, () => {
  const sensor = `boiler-${(random() % 90) + 10}`;
  const whole = (random() % 900) + 100;
  const fraction = (random() % 99) + 1;
  const note = NOTES[random() % 4];
  const reading = Number(`${whole}.${String(fraction).padStart(2, "0")}`);
  return { sensor, reading, count: 1_000_000 + (random() % 9_000_000), ok: fraction % 2 === 1, note };
});
const texts = objects.map((object) => JSON.stringify(object));

module.exports = { objects, texts };
