const assert = require("node:assert/strict");
const test = require("node:test");
const { collect, kind, lap, scratchPool } = require("./support.js");

const seqs = (messages) => [...messages].map(({ seq }) => Number(seq));

test("get by number and by bigint", (t) => {
  const { pool } = scratchPool(t);
  pool.append({ v: 1 });
  assert.deepEqual(pool.get(1).data, { v: 1 });
  assert.deepEqual(pool.get(1n).data, { v: 1 });
  for (const missing of [0, 2, 2 ** 32 + 1, 2n ** 64n - 1n]) {
    assert.throws(
      () => pool.get(missing),
      (error) => kind("NotFound")(error) && BigInt(error.seq) === BigInt(missing) && error.path === undefined,
    );
    assert.throws(() => pool.getJson(missing), kind("NotFound"));
    assert.throws(() => pool.getLite3(missing), kind("NotFound"));
  }
});

test("range goes both ways and takes filters", (t) => {
  const { pool } = scratchPool(t);
  for (let i = 1; i <= 600; i++) pool.append({ i, pad: "·".repeat(i % 50) }, i % 3 === 0 ? ["third", "é"] : []);
  assert.deepEqual(
    seqs(pool.range()),
    Array.from({ length: 600 }, (_, i) => i + 1),
  );
  assert.deepEqual(seqs(pool), seqs(pool.range()));
  assert.deepEqual(seqs(pool.range({ from: 10, to: 13n })), [10, 11, 12, 13]);
  assert.deepEqual(seqs(pool.range({ from: 10, to: 13, backwards: true })), [13, 12, 11, 10]);
  assert.deepEqual(seqs(pool.range({ backwards: true, maxMessages: 2 })), [600, 599]);
  assert.deepEqual(seqs(pool.range({ tags: "third", from: 590 })), [591, 594, 597, 600]);
  assert.deepEqual(seqs(pool.range({ tags: ["third", "é"], maxMessages: 1 })), [3]);
  assert.deepEqual(seqs(pool.range({ from: 601 })), []);
  assert.deepEqual(seqs(pool.range({ tags: ["none"] })), []);
  for (const message of pool.range()) assert.deepEqual(message.raw, pool.getJson(message.seq));
});

test("a range over everything that laps have left", (t) => {
  const { pool } = scratchPool(t, 64 * 1024);
  for (let i = 1; i <= 3000; i++) pool.append({ i, pad: "x".repeat((i * 7) % 60) }, i % 40 === 0 ? ["t"] : undefined);
  const { oldest, newest, count } = pool.bounds();
  const all = [...pool.range()];
  assert.deepEqual([all[0].seq, all.at(-1).seq, BigInt(all.length)], [oldest, newest, count]);
  for (const message of all) assert.equal(message.data.i, Number(message.seq));
  for (const message of pool.range({ tags: "t" })) assert.equal(message.data.i % 40, 0);
  assert.throws(() => [...pool.range({ from: 1, errorOnGap: true })], kind("RetentionGap"));
});

test("synchronous streams", (t) => {
  const { pool } = scratchPool(t);
  for (let i = 1; i <= 5; i++) pool.append(i);
  const read = (...args) => [...pool.openStream(...args)].map((bytes) => JSON.parse(bytes).data);
  assert.deepEqual(read(null, 2), [1, 2]);
  assert.deepEqual(read(3n, 2n, null), [3, 4]);
  assert.deepEqual(read(undefined, undefined, 20), [1, 2, 3, 4, 5]);
  assert.deepEqual(read(1, 0), []);
  assert.deepEqual(read(1, 5, 0), []);
  const stream = pool.openStream(5, null, 20);
  assert.deepEqual(JSON.parse(stream.nextJson()).seq, 5);
  assert.equal(stream.nextJson(), null);
  assert.equal(stream.nextJson(), null);
  stream.close();
  stream.close();
  assert.throws(() => stream.nextJson(), kind("Usage"));
  assert.throws(() => [...stream], kind("Usage"));
  const frames = [...pool.openLite3Stream(2, 3)];
  assert.deepEqual(seqs(frames), [2, 3, 4]);
  const lite = pool.openLite3Stream(null, 1);
  assert.equal(lite.next().seq, 1n);
  assert.equal(lite.next(), null);
  lite[Symbol.dispose]();
  assert.throws(() => lite.next(), kind("Usage"));
});

test("streams outlive their pool", (t) => {
  const { pool } = scratchPool(t);
  pool.append("kept");
  const stream = pool.openStream(null, 1);
  const tail = pool.tail({ maxMessages: 1 });
  pool.close();
  assert.equal(JSON.parse(stream.nextJson()).data, "kept");
  return tail.next().then(({ value }) => assert.equal(value.data, "kept"));
});

test("for await over synchronous streams", async (t) => {
  const { pool } = scratchPool(t);
  setTimeout(() => pool.append("late"), 20);
  assert.deepEqual(
    (await collect(pool.openStream(null, 1))).map((bytes) => JSON.parse(bytes).data),
    ["late"],
  );
  assert.deepEqual(
    (await collect(pool.openLite3Stream(null, 1))).map(({ seq }) => seq),
    [1n],
  );
});

test("a strict stream fails at a gap, and is over", (t) => {
  const { pool } = scratchPool(t, 64 * 1024);
  pool.append("first");
  lap(pool);
  const stream = pool.openStream(1, null, 1000, true);
  assert.throws(
    () => stream.nextJson(),
    (error) => kind("RetentionGap")(error) && error.seq === 1 && error.path === undefined,
  );
  assert.equal(stream.nextJson(), null);
});
