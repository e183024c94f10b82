// A worker of the soak in Node: node worker.mjs ROLE DIR POOL WRITER SPREAD N. See worker.c.
import { writeSync } from "node:fs";
import { Client, Gap } from "../../sdk/node/index.mjs";

const BATCH = 3;
const [role, directory, name] = process.argv.slice(2, 5);
const [writer, spread, first] = process.argv.slice(5, 8).map(Number);
const pool = new Client(directory).openPool(name);

function message(n) {
  let state = (Math.imul(writer, 0x9e3779b1) + Math.imul(n, 0x85ebca77)) >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
  const length = 30 + (next() % spread);
  let text = `{"w":${writer},"n":${n},"p":"`;
  while (text.length < length) text += String.fromCharCode(97 + (next() % 26));
  return Buffer.from(`${text}"}`);
}

if (role === "read") {
  writeSync(1, "r\n");
  for await (const item of pool.tail({ gapPolicy: "event" })) {
    if (item instanceof Gap) writeSync(1, `g ${item.first} ${item.last} ${pool.bounds().oldest}\n`);
    else writeSync(1, `m ${item.seq} ${JSON.stringify(item.data)}\n`);
  }
}
writeSync(1, "r\n");
const count = role === "batch" ? BATCH : 1;
for (let n = first; ; n += count) {
  const texts = Array.from({ length: count }, (_, index) => message(n + index));
  const begin = process.hrtime.bigint();
  const seq = count === 1 ? pool.append(texts[0]).seq : pool.appendMany(texts).firstSeq;
  writeSync(1, `a ${n} ${seq} ${count} ${begin} ${process.hrtime.bigint()}\n`);
}
