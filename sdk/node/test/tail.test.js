const assert = require("node:assert/strict");
const test = require("node:test");
const { WATCHDOG_MS, collect, kind, lap, plasmite, run, scratchPool, sleep } = require("./support.js");

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
  assert.deepEqual(await seqs(pool.tail({ backwards: true, sinceSeq: 3, endSeq: 2 })), [3, 2]);
  assert.deepEqual(await seqs(pool.tail({ ...end, sinceTime: pool.get(8).timestampNs })), [8, 9, 10]);
  assert.deepEqual(await seqs(pool.tail({ ...end, sinceTime: pool.get(8).timeRfc3339 })), [8, 9, 10]);
  assert.deepEqual(await seqs(pool.tail({ ...end, sinceTime: new Date(Date.now() + 60_000) })), []);
  assert.deepEqual(await seqs(pool.tail({ sinceSeq: 4, maxMessages: 2 })), [4, 5]);
  assert.deepEqual(await seqs(pool.tail({ tags: ["even", "2"], maxMessages: 2 })), [2, 4]);
  assert.deepEqual(await seqs(pool.tail({ totalMs: 20, sinceSeq: 9 })), [9, 10]);
  assert.deepEqual(await seqs(pool.tail({ maxMessages: 20, timeoutMs: 20, sinceSeq: 9 })), [9, 10]);
  assert.deepEqual(
    (await collect(pool.tailLite3({ ...end, last: 1 }))).map(({ seq }) => seq),
    [10n],
  );
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
  assert.deepEqual(
    (await Promise.all(answers)).map(({ value, done }) => (done ? "end" : value.data)),
    [1, 2, 3, 4, "end", "end"],
  );
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

/** About a millisecond for each message, and the two that match are the first. */
const SLOW = "(.data + ([range(10000)] | length) - 10000) | . == 0 or . == 1";
/** Never at its end within a test. */
const ENDLESS = SLOW.replace("range(10000)", "range(1000000)");

test("a token while the start is searched for", async (t) => {
  const { pool } = scratchPool(t);
  pool.appendMany(Array.from({ length: 1000 }, (_, i) => i));
  for (const open of ["tail", "tailLite3"]) {
    const tail = pool[open]({ last: 2, where: SLOW });
    const next = tail.next();
    const refused = (error) => kind("Usage")(error) && /tokenAsync/.test(error.hint);
    assert.throws(() => tail.token(), refused);
    assert.equal((await next).value.seq, 1n);
    // It is known from the message.
    const token = tail.token();
    assert.deepEqual(await seqs(pool.tail({ token, where: SLOW, maxMessages: 1 })), [2]);
    assert.equal(await tail.tokenAsync(), token);
    tail.close();
    assert.equal(await tail.tokenAsync(), undefined);
  }
});

test("a token once the start is found", async (t) => {
  const { pool } = scratchPool(t);
  pool.appendMany(Array.from({ length: 500 }, (_, i) => i));
  for (const [where, first] of [
    [SLOW, 1],
    [SLOW.replace(". == 0 or . == 1", "false"), 501],
  ]) {
    const tail = pool.tail({ last: 2, where });
    let found = false;
    const tokens = Promise.all([tail.tokenAsync(), tail.tokenAsync()]).finally(() => (found = true));
    // The event loop goes on meanwhile.
    let turns = 0;
    for (; !found; turns++) await sleep(1);
    assert.ok(turns > 1);
    const [token, same] = await tokens;
    assert.deepEqual([token, same, tail.token()], [token, token, token]);
    assert.ok(token.endsWith(`.${first}`), token);
    assert.equal(tail.nextSeq, BigInt(first));
    tail.close();
  }
  // Without a filter nothing is searched for.
  assert.ok(pool.tail({ last: 2 }).token().endsWith(".499"));
});

test("a close ends the search for a token, and so does an abort", async (t) => {
  const { pool } = scratchPool(t);
  pool.appendMany(Array.from({ length: 5000 }, (_, i) => i));
  const controller = new AbortController();
  for (const end of [(tail) => tail.close(), () => controller.abort()]) {
    const tail = pool.tail({ last: 2, where: ENDLESS, signal: controller.signal });
    const token = tail.tokenAsync();
    await sleep(5);
    end(tail);
    assert.equal(await token, undefined);
  }
});

test("a thread or a process that ends does not wait for the search for a token", async (t) => {
  const { pool, directory } = scratchPool(t);
  pool.appendMany(Array.from({ length: 5000 }, (_, i) => i));
  const open = `
    const { Client } = require("./index.js");
    const tail = new Client(process.env.POOLS).openPool("events").tail({ last: 2, where: process.env.WHERE });`;
  const programs = {
    exit: `${open} tail.tokenAsync(); setTimeout(() => process.exit(), 20);`,
    unref: `${open} tail.tokenAsync(); tail.unref();`,
    thread: `
      const { Worker } = require("node:worker_threads");
      const worker = new Worker(${JSON.stringify(`${open} tail.tokenAsync(); require("node:worker_threads").parentPort.postMessage(1);`)}, { eval: true });
      worker.once("message", () => worker.terminate());`,
  };
  for (const [name, program] of Object.entries(programs)) {
    const { status, signal, stderr } = await run(program, { env: { POOLS: directory, WHERE: ENDLESS } });
    assert.deepEqual([status, signal, stderr], [0, null, ""], name);
  }
});

test("gaps: passed over, told, or an error", async (t) => {
  const { pool } = scratchPool(t, 64 * 1024);
  pool.append("first");
  const patient = pool.tail();
  const told = pool.tail({ gapPolicy: "event", sinceSeq: 1, tags: ["wanted"] });
  const strict = pool.tail({ errorOnGap: true });
  const hidden = pool.tail({ sinceSeq: 1, errorOnGap: true, tags: ["matches nothing"] });
  for (const tail of [patient, strict]) assert.equal((await tail.next()).value.data, "first");
  pool.append("second");
  lap(pool);
  pool.append("wanted", ["wanted"]);
  const { oldest } = pool.bounds();
  assert.equal((await patient.next()).value.seq, oldest);
  assert.equal(patient.dropped, oldest - 2n);
  const gap = (await told.next()).value;
  assert.ok(gap instanceof plasmite.Gap);
  assert.deepEqual({ ...gap }, { first: 1n, last: oldest - 1n, count: oldest - 1n });
  assert.equal((await told.next()).value.data, "wanted");
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
  assert.deepEqual(
    (await readable.toArray()).map(({ data }) => data),
    [1, 2, 3],
  );
});

test("where", async (t) => {
  const { pool } = scratchPool(t);
  for (let i = 1; i <= 20; i++) pool.append({ i, status: i % 5 ? "red" : "green" }, i % 2 ? ["odd"] : []);
  const where = '.data.status == "green"';
  assert.deepEqual(await seqs(pool.tail({ where, follow: false })), [5, 10, 15, 20]);
  assert.deepEqual(await seqs(pool.tail({ where: [where, ".data.i > 5"], tags: "odd", follow: false })), [15]);
  assert.deepEqual(await seqs(pool.tail({ where, last: 2, follow: false })), [15, 20]);
  assert.deepEqual(
    [...pool.range({ where, backwards: true, maxMessages: 1 })].map(({ data }) => data.i),
    [20],
  );
  setTimeout(() => pool.append({ i: 21, status: "red" }), 5);
  setTimeout(() => pool.append({ i: 22, status: "green" }), 10);
  assert.equal((await pool.wait({ where })).data.i, 22);
  await assert.rejects(pool.tail({ where: ".data.[" }).next(), (error) => kind("Usage")(error) && error.offset !== undefined);
  await assert.rejects(pool.tail({ where: ".data.i" }).next(), (error) => kind("Usage")(error) && error.seq === 1);
  assert.throws(() => [...pool.range({ where: "1 +" })], kind("Usage"));
});

test("a filter that seldom matches does not hold the event loop", async (t) => {
  const { pool } = scratchPool(t, 32 * 1024 * 1024);
  for (let i = 0; i < 1000; i++) pool.appendMany(Array.from({ length: 100 }, (_, j) => ({ i, j, text: "x".repeat(20) })));
  pool.append({ last: true });
  let turns = 0;
  const turn = () => {
    turns++;
    immediate = setImmediate(turn);
  };
  let immediate = setImmediate(turn);
  const { value } = await pool.tail({ where: '.data.last == true and (.data.text // "" | test("z") | not)' }).next();
  clearImmediate(immediate);
  assert.equal(value.seq, 100_001n);
  assert.ok(turns >= 3, `${turns} turns`);
  assert.deepEqual(
    [...pool.range({ where: ".data.last == true" })].map(({ seq }) => seq),
    [100_001n],
  );
});

test("a take behind a next that waits", { timeout: WATCHDOG_MS }, async (t) => {
  const { pool } = scratchPool(t);
  const tail = pool.tail();
  const [next, patient] = [tail.next(), tail.take()];
  // Nothing is there, and nothing is left for it.
  for (const waitMs of [0, 5, 0.5]) assert.equal(await tail.take(waitMs), null);
  // It gave up its turn, and those before it keep theirs.
  const unhurried = tail.take(WATCHDOG_MS);
  assert.equal(await tail.take(1), null);
  pool.appendMany([1, 2, 3, 4]);
  // Four are there for four, though none of the others has been answered yet.
  assert.equal((await tail.take(0)).data, 4);
  assert.deepEqual([(await next).value.data, (await patient).data, (await unhurried).data], [1, 2, 3]);
  assert.equal(await tail.take(0), null);
  // None of those who ask as the tail opens goes without what is there.
  const fresh = pool.tail({ follow: false });
  const all = await Promise.all([fresh.next(), fresh.take(0), fresh.take(0), fresh.take(), fresh.take(0)]);
  assert.deepEqual([all[0].value.data, all[1].data, all[2].data, all[3].data, all[4]], [1, 2, 3, 4, null]);
  const closing = [tail.next(), tail.take(WATCHDOG_MS)];
  tail.close();
  assert.deepEqual(await Promise.all(closing), [{ value: undefined, done: true }, null]);
});

test("take, cancel and resume, and why it ended", async (t) => {
  const { pool } = scratchPool(t);
  const tail = pool.tail({ maxMessages: 3, timeoutMs: 10_000 });
  assert.equal(await tail.take(0), null);
  assert.equal(await tail.take(5), null);
  assert.equal(tail.end, null);
  pool.appendMany([1, 2]);
  assert.equal((await tail.take(1000)).data, 1);
  tail.cancel();
  assert.equal(await tail.take(), null);
  assert.deepEqual([tail.end, (await tail.next()).done], ["cancelled", true]);
  tail.resume();
  assert.equal((await tail.take()).data, 2);
  const waiting = tail.take();
  setTimeout(() => tail.cancel(), 5);
  assert.equal(await waiting, null);
  tail.resume();
  pool.append(3);
  assert.equal((await tail.take()).data, 3);
  assert.deepEqual([await tail.take(), tail.end], [null, "end"]);
  const ends = async (options) => {
    const other = pool.tail(options);
    await collect(other);
    return other.end;
  };
  assert.equal(await ends({ totalMs: 5 }), "deadline");
  assert.equal(await ends({ follow: false }), "end");
  assert.equal(await ends({ maxMessages: 9, timeoutMs: 5 }), "timeout");
  const closed = pool.tail();
  closed.close();
  assert.equal(closed.end, "closed");
  await assert.rejects(closed.take(), kind("Usage"));
  for (const waitMs of [-1, Number.NaN, "1", null]) await assert.rejects(pool.tail().take(waitMs), RangeError);
});
