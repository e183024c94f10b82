// Whatever is handed in: an error of JavaScript's kind, and never a crash.

const assert = require("node:assert/strict");
const test = require("node:test");
const { collect, kind, plasmite, scratchPool } = require("./support.js");
const { Client, Pool, Stream, Lite3Stream } = plasmite;

const unfit = [-1, 1.7, 2 ** 53, -(2 ** 60), Number.NaN, Number.POSITIVE_INFINITY, -1n, 2n ** 64n, 2n ** 200n];
const wrong = [Symbol("s"), () => {}, [], "7", true, new Date()];
const hasCode = (type) => (error) => error instanceof type && typeof error.code === "string";

test("numbers out of range are RangeErrors, other types TypeErrors, both with a code", (t) => {
  const { client, pool } = scratchPool(t);
  pool.append(1);
  const calls = {
    get: (value) => pool.get(value),
    getJson: (value) => pool.getJson(value),
    getLite3: (value) => pool.getLite3(value),
    openStream: (value) => pool.openStream(value),
    maximum: (value) => pool.openStream(1, value),
    timeout: (value) => pool.openLite3Stream(1, 1, value),
    from: (value) => [...pool.range({ from: value })],
    expectNewest: (value) => pool.append(1, { expectNewest: value }),
    lockWaitMs: (value) => pool.append(1, { lockWaitMs: value }),
  };
  for (const [name, call] of Object.entries(calls)) {
    for (const value of unfit) assert.throws(() => call(value), hasCode(RangeError), `${name} ${String(value)}`);
    for (const value of [...wrong, {}]) assert.throws(() => call(value), hasCode(TypeError), `${name} ${String(value)}`);
  }
  for (const value of unfit) assert.throws(() => client.createPool("n", value), hasCode(RangeError));
  for (const value of [Symbol("s"), () => {}, "7", true]) assert.throws(() => client.createPool("n", value), hasCode(TypeError));
  assert.throws(() => client.createPool("n", { sizeBytes: "big" }), hasCode(TypeError));
  assert.throws(() => client.createPool("n", { indexCapacity: 2 ** 32 }), hasCode(RangeError));
  // Neither wraps: 2^32 + 8192 must not become 8192.
  assert.throws(() => client.createPool("n", 2 ** 62), hasCode(RangeError));
  assert.throws(() => pool.get(), hasCode(TypeError));
  assert.equal(pool.bounds().newest, 1n);
});

test("negative counts of tail and replay are TypeErrors, as ever", async (t) => {
  const { pool } = scratchPool(t);
  for (const options of [{ sinceSeq: -1 }, { maxMessages: -1 }, { endSeq: -1n }]) {
    await assert.rejects(pool.tail(options).next(), hasCode(TypeError));
    await assert.rejects(
      collect(pool.replay(options)).then((all) => all.length === 0 && Promise.reject(new Error("no error"))),
      (error) => error instanceof TypeError || options.endSeq !== undefined,
    );
  }
  await assert.rejects(pool.wait({ timeoutMs: -1 }), (error) => hasCode(TypeError)(error) && error.message.includes(" timeoutMs "));
  for (const sinceSeq of [1.5, 2 ** 53, 2n ** 64n]) await assert.rejects(pool.tail({ sinceSeq }).next(), hasCode(RangeError));
});

test("bad options of tails come with the first next", async (t) => {
  const { pool } = scratchPool(t);
  for (const options of [
    7,
    "x",
    { start: "yesterday" },
    { last: 1, sinceSeq: 1 },
    { tags: [1] },
    { tags: 5 },
    { tags: ["\ud800"] },
    { signal: {} },
    { gapPolicy: 1 },
    { gapPolicy: "toString" },
    { gapPolicy: "event", errorOnGap: true },
    { errorOnGap: "yes" },
    { sinceTime: "soon" },
    { sinceTime: new Date(Number.NaN) },
    { where: 5 },
    { follow: 1 },
  ]) {
    const tail = pool.tail(options);
    await assert.rejects(pool.tail(options).ready(), hasCode(TypeError));
    await assert.rejects(tail.next(), hasCode(TypeError), JSON.stringify(options));
    assert.deepEqual(await tail.next(), { value: undefined, done: true });
  }
});

test("names", (t) => {
  const { client, pool } = scratchPool(t);
  for (const name of ["", "a\0b", "\ud800", 7, null, undefined, {}, Buffer.from("x")]) {
    for (const method of ["createPool", "openPool", "pool", "poolPath"])
      assert.throws(() => client[method](name), hasCode(TypeError), `${method} ${String(name)}`);
  }
  for (const directory of ["", "a\0b", 7, null, {}, []]) assert.throws(() => new Client(directory), hasCode(TypeError));
  for (const tags of ["text", 5, [1], [null], ["ok", undefined], ["\udc00"], { tags: "x" }])
    assert.throws(() => pool.append(1, tags), hasCode(TypeError));
  for (const durability of [2, -1, "slow", {}, true]) assert.throws(() => pool.append(1, [], durability), hasCode(TypeError));
  // What C strings cannot hold, messages can.
  assert.deepEqual(pool.append(1, ["a\0b", "", " ", "é"]).tags, ["a\0b", "", " ", "é"]);
  assert.deepEqual(JSON.parse(pool.appendJson(2, ["a\0b"])).meta.tags, ["a\0b"]);
  assert.deepEqual(pool.get(1).tags, ["a\0b", "", " ", "é"]);
});

test("values that are no JSON", async (t) => {
  const { pool } = scratchPool(t);
  const circular = {};
  circular.self = circular;
  for (const value of [undefined, () => {}, Symbol("s"), 1n, { big: 1n }, circular, new Float64Array(2), { toJSON() {} }]) {
    for (const method of ["append", "appendJson"]) assert.throws(() => pool[method](value), TypeError);
    assert.throws(() => pool.appendMany([1, value]), TypeError);
  }
  const thrown = new Error("mine");
  assert.throws(
    () =>
      pool.append({
        toJSON() {
          throw thrown;
        },
      }),
    thrown,
  );
  for (const text of ["", "{", "NaN", "1e400", "[1,]", '{"a":1}x', "\xff", '"\\ud800"']) {
    assert.throws(
      () => pool.append(Buffer.from(text, "latin1")),
      (error) => kind("Usage")(error) && /kind=Usage/.test(error.message),
      text,
    );
  }
  assert.throws(() => pool.append("\ud800"), kind("Usage"));
  const detached = new Uint8Array(8);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  assert.throws(() => pool.append(detached), kind("Usage"));
  assert.throws(() => pool.append({ text: "x".repeat(2 ** 21) }), kind("Usage"));
  const noArray = (error) => hasCode(TypeError)(error) && /values must be an array/.test(error.message);
  for (const values of [undefined, null, "", "ab", 5, {}, { length: 0 }, new Set([1])]) {
    assert.throws(() => pool.appendMany(values), noArray);
    await assert.rejects(pool.appendManyAsync(values), noArray);
  }
  assert.equal(pool.bounds().count, 0n);
  // A getter that closes the pool while its value is read.
  assert.throws(() =>
    pool.append({
      get x() {
        pool.close();
        return 1;
      },
    }),
  );
});

test("closed handles", async (t) => {
  const { client, pool } = scratchPool(t);
  pool.append(1);
  const closed = client.openPool("events");
  closed.close();
  closed.close();
  closed[Symbol.dispose]();
  const seq = [1];
  const arguments_ = {
    get: seq,
    getJson: seq,
    getLite3: seq,
    append: [1],
    appendJson: [1],
    appendLite3: [Buffer.from("x")],
    appendMany: [[1]],
  };
  for (const method of [
    "append",
    "appendJson",
    "appendLite3",
    "appendMany",
    "get",
    "getJson",
    "getLite3",
    "info",
    "bounds",
    "isCurrent",
    "openStream",
    "openLite3Stream",
  ]) {
    assert.throws(
      () => closed[method](...(arguments_[method] ?? [])),
      (error) => kind("Usage")(error) && /closed/.test(error.message),
      method,
    );
  }
  const requests = [
    "getAsync",
    "getJsonAsync",
    "getLite3Async",
    "infoAsync",
    "boundsAsync",
    "writersAsync",
    "warningsAsync",
    "isCurrentAsync",
  ];
  for (const method of requests) await assert.rejects(closed[method](1), kind("Usage"), method);
  for (const method of ["appendAsync", "appendJsonAsync", "appendManyAsync", "flush", "wait"])
    await assert.rejects(
      closed[method](method === "appendManyAsync" ? [1] : undefined),
      (error) => kind("Usage")(error) || error instanceof TypeError,
    );
  await assert.rejects(closed.tail().next(), kind("Usage"));
  await assert.rejects(collect(closed.replay()), kind("Usage"));
  assert.throws(() => [...closed], kind("Usage"));
  assert.throws(() => closed.path, kind("Usage"));
  // Work under way keeps what it needs.
  const other = client.openPool("events");
  const flushing = other.flush();
  const appending = other.appendAsync({ still: "there" }, { durability: "flush" });
  other.close();
  await flushing;
  assert.equal((await appending).seq, 2n);
});

test("classes are not for making, methods not for other objects", (t) => {
  const { pool } = scratchPool(t);
  for (const type of [Pool, Stream, Lite3Stream]) {
    assert.throws(() => new type(), TypeError);
    assert.throws(() => new type({}), TypeError);
  }
  for (const method of ["append", "get", "tail", "close", "info"]) assert.throws(() => Pool.prototype[method].call({}, 1), TypeError);
  assert.throws(() => Client.prototype.openPool.call(pool, "x"), TypeError);
  assert.throws(() => Stream.prototype.nextJson.call(pool), TypeError);
  assert.throws(() => Client("x"), TypeError);
});

test("the addon itself checks what its memory depends on", (t) => {
  const { directory } = scratchPool(t);
  const addon = require(`../native/${process.platform}-${process.arch}/index.node`);
  const client = new addon.Client(directory);
  const pool = client.open(false, "events", false);
  const values = [undefined, null, {}, [], 5, -1, Number.NaN, "x", Symbol("s"), 1n, new Float64Array(3), new ArrayBuffer(4), () => {}];
  for (const object of [client, pool, pool.tail({ start: 0, startValue: 0, flags: 1, gapPolicy: 0 })]) {
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(object))) {
      if (["constructor", "close", "takeJson", "takeFrame", "wait"].includes(name)) continue;
      for (const value of values) {
        for (const args of [
          [value],
          [value, value],
          [false, value, value, value, value],
          ["1", value, value, value, value],
          [1, value, 0],
        ]) {
          try {
            const result = object[name](...args);
            if (result instanceof Promise) result.catch(() => {});
          } catch (error) {
            assert.ok(error instanceof Error);
          }
        }
      }
    }
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(object))) {
      if (name !== "constructor") assert.throws(() => Object.getPrototypeOf(object)[name].call({}));
    }
  }
});
