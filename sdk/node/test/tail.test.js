"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const { collect, kind, lap, plasmite, scratchPool, sleep } = require("./support.js");

const seqs = async (messages) => (await collect(messages)).map(({ seq }) => Number(seq));

test("starts and ends", async (t) => {
  const { pool } = scratchPool(t);
  for (let i = 1; i <= 10; i++) pool.append({ i }, i % 2 ? ["odd"] : ["even", "2"], 0);
  const end = { follow: false };
  assert.deepEqual(await seqs(pool.tail({ ...end })), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(await seqs(pool.tail({ ...end, start: "oldest", endSeq: 3 })), [1, 2, 3]);
  assert.deepEqual(await seqs(pool.tail({ ...end, start: "now" })), []);
  assert.deepEqual(await seqs(pool.tail({ ...end, last: 2 })), [9, 10]);
  assert.deepEqual(await seqs(pool.tail({ ...end, last: 2, tags: "odd" })), [7, 9]);
  assert.deepEqual(await seqs(pool.tail({ ...end, sinceSeq: 9n })), [9, 10]);
  assert.deepEqual(await seqs(pool.tail({ ...end, sinceTime: pool.get(8).timestampNs })), [8, 9, 10]);
  assert.deepEqual(await seqs(pool.tail({ ...end, sinceTime: pool.get(8).timeRfc3339 })), [8, 9, 10]);
  assert.deepEqual(await seqs(pool.tail({ ...end, sinceTime: new Date(Date.now() + 60_000) })), []);
  assert.deepEqual(await seqs(pool.tail({ sinceSeq: 4, maxMessages: 2 })), [4, 5]);
  assert.deepEqual(await seqs(pool.tail({ tags: ["even", "2"], maxMessages: 2 })), [2, 4]);
  assert.deepEqual(await seqs(pool.tail({ totalMs: 20, sinceSeq: 9 })), [9, 10]);
  assert.deepEqual(await seqs(pool.tail({ maxMessages: 20, timeoutMs: 20, sinceSeq: 9 })), [9, 10]);
  assert.deepEqual((await collect(pool.tailLite3({ ...end, last: 1 }))).map(({ seq }) => seq), [10n]);
});

test("waits for what comes, at once", async (t) => {
  const { pool } = scratchPool(t);
  const tail = pool.tail();
  for (let i = 0; i < 50; i++) {
    const next = tail.next();
    if (i % 2) await sleep(1);
    pool.append(i);
    assert.equal((await next).value.data, i);
  }
  await tail.return();
  assert.deepEqual(await tail.next(), { value: undefined, done: true });
});

test("next may be called again before it is answered", async (t) => {
  const { pool } = scratchPool(t);
  const tail = pool.tail({ maxMessages: 4, timeoutMs: 10_000 });
  const answers = Array.from({ length: 6 }, () => tail.next());
  setTimeout(() => pool.appendMany([1, 2]), 5);
  setTimeout(() => pool.appendMany([3, 4]), 15);
  assert.deepEqual((await Promise.all(answers)).map(({ value, done }) => (done ? "end" : value.data)), [1, 2, 3, 4, "end", "end"]);
});

test("leaving the loop closes the tail", async (t) => {
  const { pool } = scratchPool(t);
  pool.appendMany([1, 2, 3]);
  const tail = pool.tail();
  for await (const message of tail) if (message.data === 2) break;
  assert.equal(tail.nextSeq, undefined);
  assert.deepEqual(await tail.next(), { value: undefined, done: true });
  const thrown = pool.tail();
  await assert.rejects(thrown.throw(new Error("stop")), /stop/);
  assert.deepEqual(await thrown.next(), { value: undefined, done: true });
});

test("close ends a next that waits", async (t) => {
  const { pool } = scratchPool(t);
  const tail = pool.tail({ start: "now" });
  const next = tail.next();
  await sleep(5);
  tail.close();
  tail.close();
  assert.deepEqual(await next, { value: undefined, done: true });
});

test("batches", async (t) => {
  const { pool } = scratchPool(t);
  pool.appendMany(Array.from({ length: 1000 }, (_, i) => ({ i })));
  let count = 0;
  for await (const batch of pool.tail({ follow: false }).batches()) {
    assert.ok(batch.length > 0 && batch.every(({ data }, i) => data.i === count + i));
    count += batch.length;
  }
  assert.equal(count, 1000);
});

test("position and token", async (t) => {
  const { pool } = scratchPool(t);
  pool.appendMany([1, 2, 3, 4]);
  const tail = pool.tail();
  assert.equal((await tail.next()).value.seq, 1n);
  assert.equal(tail.nextSeq, 2n);
  const token = tail.token();
  await tail.next();
  tail.close();
  assert.equal(tail.token(), undefined);
  assert.deepEqual(await seqs(pool.tail({ token, follow: false })), [2, 3, 4]);
  await assert.rejects(pool.tail({ token: "none" }).next(), kind("Usage"));
});

test("gaps: passed over, told, or an error", async (t) => {
  const { pool } = scratchPool(t, 64 * 1024);
  pool.append("first");
  const patient = pool.tail();
  const gaps = [];
  const told = pool.tail({ onGap: (gap) => gaps.push(gap), tags: ["wanted"] });
  const strict = pool.tail({ errorOnGap: true });
  const hidden = pool.tail({ sinceSeq: 1, errorOnGap: true, tags: ["matches nothing"] });
  for (const tail of [patient, strict]) assert.equal((await tail.next()).value.data, "first");
  pool.append("second");
  lap(pool);
  pool.append("wanted", ["wanted"]);
  const { oldest } = pool.bounds();
  assert.equal((await patient.next()).value.seq, oldest);
  assert.equal(patient.dropped, oldest - 2n);
  assert.equal((await told.next()).value.data, "wanted");
  assert.deepEqual(gaps, [{ first: 1n, last: oldest - 1n, count: oldest - 1n }].filter(() => gaps.length > 0));
  await assert.rejects(strict.next(), (error) => error instanceof plasmite.RetentionGapError && error.seq === 2);
  assert.deepEqual(await strict.next(), { value: undefined, done: true });
  await assert.rejects(hidden.next(), (error) => kind("RetentionGap")(error) && error.seq === 1);
  patient.close();
  told.close();
});

test("a deleted pool ends its tails with NotFound", async (t) => {
  const { client, pool } = scratchPool(t);
  const next = pool.tail().next();
  await sleep(5);
  await client.deletePool("events");
  await assert.rejects(next, kind("NotFound"));
});

test("aborting", async (t) => {
  const { pool } = scratchPool(t);
  pool.append(1);
  const reason = new Error("enough");
  await assert.rejects(collect(pool.tail({ signal: AbortSignal.abort(reason) })), reason);
  const controller = new AbortController();
  const seen = [];
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(
    (async () => {
      for await (const message of pool.tail({ signal: controller.signal })) seen.push(message.data);
    })(),
    { name: "AbortError" },
  );
  assert.deepEqual(seen, [1]);
  await assert.rejects(pool.wait({ signal: AbortSignal.timeout(10) }), { name: "TimeoutError" });
  const late = new AbortController();
  setTimeout(() => late.abort(reason), 20);
  await assert.rejects(collect(pool.replay({ signal: late.signal, timeoutMs: 10_000 })), reason);
});

test("wait", async (t) => {
  const { pool } = scratchPool(t);
  pool.append({ status: "green" }, ["ci"]);
  setTimeout(() => pool.append({ status: "red" }, ["ci"]), 10);
  assert.deepEqual((await pool.wait({ tags: "ci" })).data, { status: "red" });
  assert.deepEqual((await pool.wait({ tags: "ci", start: "oldest" })).data, { status: "green" });
  assert.equal(await pool.wait({ timeoutMs: 10 }), null);
  assert.equal(await pool.wait({ timeoutMs: 0 }), null);
});

test("as a Readable", async (t) => {
  const { Readable } = require("node:stream");
  const { pool } = scratchPool(t);
  pool.appendMany([1, 2, 3]);
  const readable = Readable.from(pool.tail({ follow: false }));
  assert.deepEqual((await readable.toArray()).map(({ data }) => data), [1, 2, 3]);
});
