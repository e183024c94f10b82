const assert = require("node:assert/strict");
const test = require("node:test");
const { plasmite, scratchPool, scratch, kind, sleep } = require("./support.js");
const { Durability, Message } = plasmite;

test("appendJson gives the whole message as bytes", (t) => {
  const { pool } = scratchPool(t);
  const bytes = pool.appendJson(Buffer.from('{"x": 1.0, "y": [true, null]}'), ["a", "b"], Durability.Flush);
  assert.ok(Buffer.isBuffer(bytes));
  assert.match(bytes.toString(), /^\{"seq":1,"time":"[^"]+Z","meta":\{"tags":\["a","b"\]\},"data":\{"x":1\.0,"y":\[true,null\]\}\}$/);
  assert.deepEqual(pool.getJson(1), bytes);
});

test("append gives a message whose bytes are those of the pool", (t) => {
  const { pool } = scratchPool(t);
  const before = Date.now();
  const message = pool.append({ big: 1e21, small: 1e-7, text: "é\u0001😀" }, ["t"]);
  assert.ok(message instanceof Message);
  assert.equal(message.seq, 1n);
  assert.deepEqual(message.data, { big: 1e21, small: 1e-7, text: "é\u0001😀" });
  assert.deepEqual(message.tags, ["t"]);
  assert.ok(message.time instanceof Date && message.time.getTime() >= before - 1000);
  assert.deepEqual(message.raw, pool.getJson(1));
  assert.deepEqual(pool.get(1).raw, message.raw);
  assert.equal(pool.get(1).timeRfc3339, message.timeRfc3339);
});

test("bytes are JSON text, everything else is a value", (t) => {
  const { pool } = scratchPool(t);
  const text = '{"n":1}';
  const bytes = new TextEncoder().encode(text);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  for (const payload of [Buffer.from(text), bytes, bytes.buffer, new DataView(bytes.buffer), shared, shared.buffer]) {
    assert.deepEqual(pool.append(payload).data, { n: 1 });
    assert.deepEqual(JSON.parse(pool.appendJson(payload)).data, { n: 1 });
  }
  for (const value of ["{}", "text", 1.5, true, null, [], {}, [1, { a: "b" }], new Date(0)]) {
    assert.deepEqual(pool.append(value).data, JSON.parse(JSON.stringify(value)));
    assert.deepEqual(pool.get(pool.bounds().newest).data, JSON.parse(JSON.stringify(value)));
  }
});

test("options in place of tags", (t) => {
  const { pool } = scratchPool(t);
  const message = pool.append(1, { tags: ["x"], durability: "flush", timestamp: "2100-01-02T03:04:05.123456789Z", expectNewest: 0 });
  assert.equal(message.timeRfc3339, "2100-01-02T03:04:05.123456789Z");
  assert.equal(message.timestampNs % 1_000_000_000n, 123456789n);
  assert.throws(() => pool.append(2, { expectNewest: 7 }), kind("AlreadyExists"));
  assert.throws(() => pool.append(2, { timestamp: new Date(0) }), kind("Usage"));
  assert.equal(pool.bounds().newest, 1n);
});

test("a message's own time is stored as it is, or refused", async (t) => {
  const { pool } = scratchPool(t);
  assert.equal(pool.append(1, { timestamp: "1970-01-01T00:00:00Z" }).timestampNs, 0n);
  const outside = (error) =>
    error instanceof RangeError && error.code === "ERR_OUT_OF_RANGE" && /between 1970 and 2554/.test(error.message);
  for (const time of [new Date(-1), "1969-12-31T23:59:59.999999999Z", -1n, new Date("2600-01-01"), "2600-01-01T00:00:00Z", 2n ** 64n]) {
    assert.throws(() => pool.append(1, { timestamp: time }), outside);
    assert.throws(() => pool.appendMany([1, 2], { eachTimestamp: [null, time] }), outside);
    for (const method of ["appendAsync", "appendJsonAsync"]) await assert.rejects(pool[method](1, { timestamp: time }), outside);
    await assert.rejects(pool.appendManyAsync([1], { timestamp: time }), outside);
  }
  assert.equal(pool.bounds().newest, 1n);
  // Where a tail starts, such a date is as good as any before the first message.
  assert.equal((await pool.tail({ sinceTime: new Date(-1) }).next()).value.seq, 1n);
});

test("batches are stored whole or not at all", (t) => {
  const { pool } = scratchPool(t);
  const receipt = pool.appendMany([{ a: 1 }, "two\nlines", 3, Buffer.from('{\n"four":\n4}')], {
    tags: ["all"],
    eachTags: [["one"], undefined, [], null],
    eachTimestamp: ["2100-01-01T00:00:00Z", undefined, null, "2100-01-01T00:00:01Z"],
  });
  assert.equal(receipt.length, 4);
  assert.deepEqual([receipt.firstSeq, receipt.lastSeq, receipt.at(-1).seq, receipt.at(9)], [1n, 4n, 4n, undefined]);
  assert.deepEqual(
    [...receipt].map(({ seq }) => seq),
    [1n, 2n, 3n, 4n],
  );
  assert.deepEqual(
    [...pool.range()].map((message) => [message.data, message.tags]),
    [
      [{ a: 1 }, ["all", "one"]],
      ["two\nlines", ["all"]],
      [3, ["all"]],
      [{ four: 4 }, ["all"]],
    ],
  );
  assert.equal(pool.get(4).timeRfc3339, "2100-01-01T00:00:01Z");
  assert.throws(() => pool.appendMany([1, 2, { deep: "x".repeat(2 ** 21) }]), kind("Usage"));
  assert.throws(() => pool.appendMany([1, Buffer.from("{")]), kind("Usage"));
  assert.throws(() => pool.appendMany([1, undefined]), TypeError);
  assert.throws(() => pool.appendMany([1], { eachTags: [] }), TypeError);
  assert.equal(pool.appendMany([]).length, 0);
  assert.equal(pool.bounds().newest, 4n);
});

test("asynchronous appends keep their order where they are awaited", async (t) => {
  const { pool } = scratchPool(t);
  assert.equal((await pool.appendAsync({ n: 1 }, { tags: ["a"], durability: "flush" })).seq, 1n);
  const message = await pool.appendAsync({ n: 2 });
  assert.deepEqual([message.seq, message.data, message.raw], [2n, { n: 2 }, pool.getJson(2)]);
  const many = await pool.appendManyAsync([3, 4], { durability: Durability.Flush, tags: ["b"] });
  assert.deepEqual([many.firstSeq, many.lastSeq], [3n, 4n]);
  await pool.flush();
  await assert.rejects(pool.appendAsync(Buffer.from("{")), kind("Usage"));
  await assert.rejects(pool.appendAsync(1, { expectNewest: 9 }), kind("AlreadyExists"));
  await assert.rejects(pool.appendAsync(1, { signal: AbortSignal.abort(new Error("no more")) }), /no more/);
  const large = await pool.appendAsync({ text: "y".repeat(400_000) });
  assert.equal(large.data.text.length, 400_000);
  assert.equal(pool.bounds().newest, 5n);
});

test("JSON and Lite3 converted", (t) => {
  const { pool } = scratchPool(t);
  const { jsonToLite3, lite3ToJson } = plasmite;
  const value = { meta: { tags: ["a"] }, data: { b: 1, a: [true, null, 2.5, "ü"] } };
  const document = jsonToLite3(value);
  assert.deepEqual(jsonToLite3(Buffer.from(JSON.stringify(value))), document);
  assert.equal(lite3ToJson(document).toString(), JSON.stringify(value));
  assert.equal(lite3ToJson(new Uint8Array(document).buffer).toString(), JSON.stringify(value));
  const { data, tags } = pool.get(pool.appendLite3(document));
  assert.deepEqual({ data, tags }, { data: value.data, tags: value.meta.tags });
  for (const wrong of [1, "text", Buffer.from('{"a":'), Buffer.from('{"a":18446744073709551615}'), Buffer.alloc(0), { "\0": 1 }])
    assert.throws(() => jsonToLite3(wrong), kind("Usage"));
  assert.throws(
    () => jsonToLite3(Buffer.from('{"a": nope}')),
    (error) => error.offset === 7,
  );
  for (const damaged of [Buffer.from("nonsense"), Buffer.alloc(0), document.subarray(0, 50), document.subarray(0, -96)])
    assert.throws(() => lite3ToJson(damaged), kind("Corrupt"));
  for (const wrong of [undefined, () => {}, Symbol("x")]) assert.throws(() => jsonToLite3(wrong), TypeError);
  for (const wrong of [undefined, null, "text", 1, {}]) assert.throws(() => lite3ToJson(wrong), TypeError);
});

test("Lite3 documents come back byte for byte", (t) => {
  const { pool } = scratchPool(t);
  pool.append({ temperature: 20.5 }, ["lite"]);
  const frame = pool.getLite3(1);
  assert.equal(frame.seq, 1n);
  assert.equal(frame.flags, 0);
  assert.ok(frame.time instanceof Date);
  const seq = pool.appendLite3(frame.payload, Durability.Fast);
  assert.equal(seq, 2n);
  assert.deepEqual(pool.getLite3(2n).payload, frame.payload);
  assert.deepEqual(pool.get(2).tags, ["lite"]);
  assert.throws(() => pool.appendLite3(Buffer.from("nonsense")), kind("Corrupt"));
  assert.throws(() => pool.appendLite3("text"), TypeError);
});

test("large payloads come without a copy and live on", async (t) => {
  const { pool } = scratchPool(t, 4 * 1024 * 1024);
  const text = "z".repeat(1_000_000);
  const bytes = pool.appendJson({ text });
  assert.equal(JSON.parse(bytes).data.text, text);
  const got = pool.getJson(1);
  pool.close();
  await sleep(5);
  assert.deepEqual(got, bytes);
});

test("a pool that may only be read refuses appends", (t) => {
  const { client, pool } = scratchPool(t);
  pool.append(1);
  const reader = client.openPool("events", { readOnly: true });
  t.after(() => reader.close());
  assert.equal(reader.readOnly, true);
  assert.equal(pool.readOnly, false);
  assert.equal(reader.get(1).data, 1);
  assert.throws(() => reader.append(2), kind("Permission"));
});

test("appends to a deleted pool are NotFound", async (t) => {
  const client = new plasmite.Client(scratch(t));
  const pool = client.pool("gone");
  await client.deletePool("gone");
  await sleep(2);
  assert.equal(pool.isCurrent(), false);
  assert.throws(() => pool.append(1), kind("NotFound"));
  pool.close();
});
