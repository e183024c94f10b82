const assert = require("node:assert/strict");
const test = require("node:test");
const { collect, plasmite, scratchPool } = require("./support.js");

/** Five messages, 40 ms apart. */
function fivePaced(t) {
  const scene = scratchPool(t);
  const start = BigInt(Date.now()) * 1_000_000n + 3_600_000_000_000n;
  for (let i = 0n; i < 5n; i++) scene.pool.append({ i: Number(i) }, { timestamp: start + i * 40_000_000n, tags: i % 2n ? ["odd"] : [] });
  return scene;
}

test("pauses are those between the messages, divided by speed", async (t) => {
  const { pool } = fivePaced(t);
  const times = [];
  const start = performance.now();
  for await (const message of pool.replay({ speed: 2, maxMessages: 5 })) times.push([message.data.i, performance.now() - start]);
  assert.deepEqual(
    times.map(([i]) => i),
    [0, 1, 2, 3, 4],
  );
  // Never early: 20 ms each.
  for (const [i, at] of times) assert.ok(at - times[0][1] >= i * 20 - 3, `message ${i} after ${at} ms`);
});

test("filters, starts, and the function", async (t) => {
  const { pool } = fivePaced(t);
  const data = async (messages) => (await collect(messages)).map((message) => message.data.i);
  assert.deepEqual(await data(plasmite.replay(pool, { speed: 1000, tags: "odd", maxMessages: 2 })), [1, 3]);
  assert.deepEqual(await data(pool.replay({ speed: 1000, sinceSeq: 4n, maxMessages: 2 })), [3, 4]);
  // Without a maximum it ends when the time for collecting is over.
  assert.deepEqual(await data(pool.replay({ speed: 1000, timeoutMs: 30 })), [0, 1, 2, 3, 4]);
});

test("what comes after the time is not part of it, though pauses last longer", async (t) => {
  const { pool } = fivePaced(t);
  const seen = [];
  for await (const message of pool.replay({ timeoutMs: 10 })) {
    seen.push(message.data.i);
    if (message.data.i === 2) pool.append({ i: 99 }, { timestamp: message.timestampNs + 10_000_000_000n });
  }
  assert.deepEqual(seen, [0, 1, 2, 3, 4]);
});

test("bad speeds", async (t) => {
  const { pool } = scratchPool(t);
  for (const speed of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) await assert.rejects(collect(pool.replay({ speed })), RangeError);
  await assert.rejects(collect(pool.replay({ speed: "fast" })), TypeError);
});
