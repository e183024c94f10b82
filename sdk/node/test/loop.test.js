// The event loop goes on while something waits, the process ends when nothing does, and threads are apart.

const assert = require("node:assert/strict");
const test = require("node:test");
const { Worker } = require("node:worker_threads");
const { kind, root, run, scratch, scratchPool, sleep } = require("./support.js");

const prelude = `const { Client } = require("./index.js"); const client = new Client(process.argv[1]); const pool = client.pool("p");`;

async function succeeds(t, program, env) {
  const result = await run(prelude + program, { args: [scratch(t)], env });
  assert.deepEqual({ status: result.status, signal: result.signal, stderr: result.stderr }, { status: 0, signal: null, stderr: "" });
  return result.stdout.trim();
}

test("timers tick while a tail waits, and while one reads a lot", async (t) => {
  const { pool } = scratchPool(t, 16 * 1024 * 1024);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  t.after(() => clearInterval(timer));
  const tail = pool.tail();
  t.after(() => tail.close());
  const waiting = tail.next();
  // Were the loop held, this would not end.
  while (ticks < 5) await sleep(1);
  for (let i = 0; i < 400; i++) pool.appendMany(Array.from({ length: 100 }, (_, j) => ({ i, j })));
  await waiting;
  ticks = 0;
  let count = 0;
  for await (const _ of pool.tail({ follow: false })) count++;
  assert.equal(count, 40_000);
  assert.ok(ticks >= 1, `${ticks} ticks`);
});

test("many tails wait with one thread in the pool", async (t) => {
  const program = `
    const tails = Array.from({ length: 100 }, () => pool.tail());
    const answers = Promise.all(tails.map((tail) => tail.next()));
    require("node:fs").stat(".", (error) => {
      // The pool's only thread is free.
      if (error) throw error;
      pool.appendAsync("for all", { durability: "flush" });
    });
    answers.then((all) => {
      console.log(all.filter(({ value }) => value.data === "for all").length);
      for (const tail of tails) tail.close();
    });`;
  assert.equal(await succeeds(t, program, { UV_THREADPOOL_SIZE: "1" }), "100");
});

test("a wait keeps the process alive; one without reference does not; nor do open handles", async (t) => {
  const other = `const wait = pool.tail().next(); setTimeout(() => client.openPool("p").append("x"), 30); wait.then(({ value }) => { console.log(value.data); });`;
  assert.equal(await succeeds(t, other), "x");
  assert.equal(
    await succeeds(t, `const tail = pool.tail().unref(); tail.next().then(() => console.log("no"), () => {}); console.log("end");`),
    "end",
  );
  assert.equal(await succeeds(t, `pool.tail({ maxMessages: 1, timeoutMs: 1e9 }).unref().next(); console.log("end");`), "end");
  assert.equal(
    await succeeds(t, `globalThis.kept = [pool, pool.tail(), pool.openStream(), pool.openLite3Stream()]; console.log("end");`),
    "end",
  );
  // ref() takes it back.
  assert.equal(
    await succeeds(t, `pool.tail().unref().ref().next().then(() => console.log("got")); setTimeout(() => pool.append(1), 20);`),
    "got",
  );
});

test("leaving with waits and work under way", async (t) => {
  const busy = `for (let i = 0; i < 20; i++) { pool.tail().next(); pool.flush(); pool.appendAsync(i, { durability: "flush" }); client.doctor(); }`;
  assert.equal(await succeeds(t, `${busy} setTimeout(() => process.exit(0), 5);`), "");
  assert.equal(await succeeds(t, `${busy} process.exit(0);`), "");
});

test("tails that nobody holds go away", async (t) => {
  const program = `
    require("node:v8").setFlagsFromString("--expose-gc");
    const gc = require("node:vm").runInNewContext("gc");
    const count = () => require("node:fs").readdirSync("/proc/self/task").length;
    (async () => {
      const before = count();
      for (let i = 0; i < 50; i++) {
        const tail = pool.tail({ signal: new AbortController().signal });
        pool.append(i);
        await tail.next();
        const again = pool.tail({ start: "now" });
        again.next();
        again.close();
      }
      for (let i = 0; i < 100 && count() > before; i++) {
        gc();
        await new Promise(setImmediate);
      }
      console.log(count() - before);
    })();`;
  assert.equal(await succeeds(t, program), "0");
});

const worker = (text, workerData) =>
  new Worker(
    `const { parentPort, workerData } = require("node:worker_threads"); const { Client } = require(${JSON.stringify(root)}); ${text}`,
    { eval: true, workerData },
  );

test("worker threads write and read", async (t) => {
  const { pool, directory } = scratchPool(t, 4 * 1024 * 1024);
  const writers = Array.from({ length: 3 }, (_, w) =>
    worker(
      `const pool = new Client(workerData.directory).openPool("events"); for (let i = 0; i < 500; i++) pool.append({ w: workerData.w, i });`,
      { directory, w },
    ),
  );
  const reader = worker(
    `(async () => { let count = 0; for await (const m of new Client(workerData.directory).openPool("events").tail({ maxMessages: 1500, timeoutMs: 20000 })) count++; parentPort.postMessage(count); })();`,
    { directory },
  );
  const answer = new Promise((resolve) => reader.on("message", resolve));
  const ends = [...writers, reader].map((thread) => new Promise((resolve) => thread.on("exit", resolve)));
  const next = [0, 0, 0];
  for await (const { data } of pool.tail({ maxMessages: 1500, timeoutMs: 20_000 })) assert.equal(data.i, next[data.w]++);
  assert.equal(await answer, 1500);
  assert.deepEqual(await Promise.all(ends), [0, 0, 0, 0]);
});

test("a worker thread is ended in the middle of waits", async (t) => {
  const { pool, directory } = scratchPool(t);
  for (let round = 0; round < 10; round++) {
    const thread = worker(
      `const pool = new Client(workerData.directory).openPool("events");
       for (let i = 0; i < 10; i++) { pool.tail({ start: "now" }).next().catch(() => {}); pool.flush(); pool.tail().unref().next(); }
       parentPort.postMessage("ready");`,
      { directory },
    );
    await new Promise((resolve) => thread.once("message", resolve));
    if (round % 2) pool.append(round);
    assert.equal(typeof (await thread.terminate()), "number");
  }
  assert.equal(pool.bounds().newest, 5n);
});

test("a thread that waits in a synchronous stream can be ended, and holds up no exit", async (t) => {
  const { pool, directory } = scratchPool(t);
  const wait = `const stream = new Client(workerData.directory).openPool("events").openStream(); parentPort.postMessage("ready"); stream.nextJson();`;
  const thread = worker(wait, { directory });
  await new Promise((resolve) => thread.once("message", resolve));
  await sleep(10);
  assert.equal(typeof (await thread.terminate()), "number");
  assert.equal(pool.bounds().newest, 0n);
  const program = `const { Worker } = require("node:worker_threads");
    const thread = new Worker(${JSON.stringify(`const { parentPort, workerData } = require("node:worker_threads"); const { Client } = require(${JSON.stringify(root)}); ${wait.replace('"events"', '"p"')}`)}, { eval: true, workerData: { directory: process.argv[1] } });
    thread.on("message", () => setTimeout(() => process.exit(0), 10));`;
  assert.equal(await succeeds(t, program), "");
});

test("appendAsync waits for other writers without holding the loop, and can be aborted", async (t) => {
  const { pool, directory } = scratchPool(t);
  // Another process holds the writer lock: one that was stopped in the middle of a batch would be rare, so ask the
  // library for room and keep it.
  const { spawnHolder } = require("./holder.js");
  const holder = await spawnHolder(directory);
  if (holder === null) return t.skip("no C compiler here: install one (cc) to hold the writer lock from another process");
  t.after(() => holder.release());
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  t.after(() => clearInterval(timer));
  await assert.rejects(pool.appendAsync(1, { lockWaitMs: 0 }), kind("Busy"));
  const busy = pool.appendAsync(1, { lockWaitMs: 120 });
  while (ticks < 5) await sleep(1);
  await assert.rejects(busy, kind("Busy"));
  assert.throws(() => pool.append(1, { lockWaitMs: 0 }), kind("Busy"));
  await assert.rejects(pool.appendAsync(1, { signal: AbortSignal.timeout(60) }), { name: "TimeoutError" });
  const waiting = [pool.appendAsync("one"), pool.appendManyAsync(["two", "three"])];
  await sleep(20);
  holder.release();
  await Promise.all(waiting);
  assert.equal(pool.bounds().count, 3n);
});
