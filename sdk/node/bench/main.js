// Measures appends and reads of the standard message; see run.

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { Client } = require("../index.js");
const { redis, sqlite } = require("./peers.js");
const { objects, texts } = require("./messages.js");

const directory = process.env.PLASMITE_BENCH_DIR;
const at = process.argv.indexOf("--rounds");
const rounds = at < 0 ? 7 : Number(process.argv[at + 1]);
/** Messages a round, of the peers too: each works on as much memory. */
const COUNT = 32 * 1024;
const PEER_COUNT = COUNT;
const BATCH = 64;

async function time(count, action) {
  const start = process.hrtime.bigint();
  await action();
  return Number(process.hrtime.bigint() - start) / count;
}

/** Calls `each(start of a batch)` for all messages of a round. */
function batches(count, each) {
  for (let i = 0; i < count; i += BATCH) each(i % texts.length);
}

const slices = Array.from({ length: texts.length / BATCH }, (_, i) => objects.slice(i * BATCH, (i + 1) * BATCH));
let _sink;

async function round(pool, peers) {
  const ns = {};
  const calls = JSON.parse(
    execFileSync(path.join(directory, "calls"), [directory, path.join(directory, "lines"), String(COUNT)], { encoding: "utf8" }),
  );
  for (const [name, value] of Object.entries(calls)) ns[`c ${name}`] = value;
  ns.stringify = await time(COUNT, () => {
    for (let i = 0; i < COUNT; i++) _sink = JSON.stringify(objects[i % objects.length]);
  });
  ns.parse = await time(COUNT, () => {
    for (let i = 0; i < COUNT; i++) _sink = JSON.parse(texts[i % texts.length]);
  });
  ns.append = await time(COUNT, () => {
    for (let i = 0; i < COUNT; i++) _sink = pool.append(objects[i % objects.length]);
  });
  ns["append batch"] = await time(COUNT, () => batches(COUNT, (i) => pool.appendMany(slices[i / BATCH])));
  ns["append async"] = await time(PEER_COUNT, async () => {
    for (let i = 0; i < PEER_COUNT; i++) _sink = await pool.appendAsync(objects[i % objects.length]);
  });
  const last = { last: COUNT, follow: false };
  const sinceSeq = pool.bounds().newest - BigInt(COUNT) + 1n;
  const checked = (count) => {
    if (count !== COUNT) throw new Error(`${count} messages were read, not ${COUNT}`);
  };
  ns.range = await time(COUNT, () => {
    let count = 0;
    for (const { data } of pool.range({ from: sinceSeq })) if (data.count > 0) count++;
    checked(count);
  });
  ns.tail = await time(COUNT, async () => {
    let count = 0;
    for await (const { data } of pool.tail(last)) if (data.count > 0) count++;
    checked(count);
  });
  ns["tail batches"] = await time(COUNT, async () => {
    let count = 0;
    for await (const batch of pool.tail(last).batches()) for (const { data } of batch) if (data.count > 0) count++;
    checked(count);
  });
  for (const [name, peer] of Object.entries(peers)) {
    for (const [action, run] of Object.entries(peer.actions)) ns[`${name} ${action}`] = await time(PEER_COUNT, () => run(PEER_COUNT));
  }
  return ns;
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

async function main() {
  fs.writeFileSync(path.join(directory, "lines"), `${texts.join("\n")}\n`);
  const pool = new Client(directory).createPool("node", 64 * 1024 * 1024);
  // Lapped before the clock starts, as in the other benches.
  for (let i = 0; i < 8; i++) batches(COUNT, (at) => pool.appendMany(slices[at / BATCH]));
  const peers = {};
  for (const [name, open] of Object.entries({ redis, sqlite })) {
    try {
      peers[name] = await open(directory);
    } catch (error) {
      console.log(`${name}: not measured: ${error.message.split("\n", 1)[0]}`);
    }
  }
  const all = [];
  await round(pool, peers);
  for (let i = 0; i < rounds; i++) all.push(await round(pool, peers));
  for (const peer of Object.values(peers)) await peer.close();

  const of = (name) => median(all.map((ns) => ns[name]));
  const ratio = (name, floor) => median(all.map((ns) => ns[name] / floor(ns)));
  const line = (name, what, floor, bar = "") => {
    const divided = floor ? `${ratio(name, floor).toFixed(2)}x ${bar}` : "";
    console.log(`${name.padEnd(18)} ${of(name).toFixed(0).padStart(7)} ns  ${divided.padEnd(14)} ${what}`);
  };
  console.log(`ns a message, medians of ${rounds} rounds; ratios are medians of those within a round`);
  line("c append", "plsm_pool_append");
  line("c batch", "plsm_pool_append_batch, 64");
  line("c read", "plsm_stream_next_views, data written as JSON");
  line("stringify", "JSON.stringify");
  line("parse", "JSON.parse of the data");
  line("append", "of (stringify + c append)", (ns) => ns.stringify + ns["c append"]);
  line("append batch", "appendMany of 64, of (stringify + c batch)", (ns) => ns.stringify + ns["c batch"], "(<= 1.20)");
  line("append async", "awaited one by one, of (stringify + c append)", (ns) => ns.stringify + ns["c append"]);
  line("range", "for…of, of (parse + c read)", (ns) => ns.parse + ns["c read"]);
  line("tail batches", "for await over batches, of (parse + c read)", (ns) => ns.parse + ns["c read"], "(<= 1.20)");
  line("tail", "for await, of (parse + c read)", (ns) => ns.parse + ns["c read"]);
  for (const [name, peer] of Object.entries(peers)) {
    for (const [action, against] of Object.entries(peer.against))
      line(`${name} ${action}`, `times ${against}: ${peer.what}`, (ns) => ns[against]);
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
