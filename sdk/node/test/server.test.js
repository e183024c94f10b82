// Pools of a server by their address: what works here works there, and never on the event loop.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const test = require("node:test");
const { ownHost, secrets, serve } = require("./server.js");
const { collect, kind, lap, plasmite, run, scratch, sleep } = require("./support.js");
const { Client, Gap, Pool } = plasmite;

/** A server, a client of it, its pool "events", and the same pool as a file. */
async function both(t, size) {
  const server = await serve(t);
  const there = new Client(server.url);
  const pool = await there.createPoolAsync("events", size);
  const near = new Client(server.pools).openPool("events");
  t.after(() => near.close());
  return { server, there, pool, near };
}

const seqs = async (tail) => (await collect(tail)).map(({ seq }) => Number(seq));

test("pools are made, listed and deleted", async (t) => {
  const { server, there, pool, near } = await both(t, 65536);
  assert.ok(pool instanceof Pool);
  assert.deepEqual([pool.name, pool.path, pool.readOnly, there.poolDir], ["events", `${server.url}/events`, false, server.url]);
  await assert.rejects(there.createPoolAsync("events"), kind("AlreadyExists"));
  await assert.rejects(there.createPoolAsync("tiny", 1), kind("Usage"));
  await assert.rejects(there.openPoolAsync("none"), kind("NotFound"));
  assert.equal((await there.ensurePool("events")).created, false);
  assert.equal((await there.ensurePool("other")).created, true);
  near.append({ n: 1 });
  const info = await pool.infoAsync();
  assert.equal(info.ring_size, near.info().ring_size);
  assert.deepEqual(info.bounds, (await there.poolInfo("events")).bounds);
  assert.deepEqual(await pool.boundsAsync(), near.bounds());
  assert.deepEqual([await pool.writersAsync(), await pool.warningsAsync(), await pool.isCurrentAsync()], [near.writers(), [], true]);
  assert.deepEqual([await there.poolExists("events"), await there.poolExists("none")], [true, false]);
  assert.deepEqual(
    (await there.listPools()).map(({ name, file_size }) => [name, file_size]),
    [
      ["events", 65536],
      ["other", 1048576],
    ],
  );
  await there.deletePool("events");
  await assert.rejects(pool.appendAsync(1), kind("NotFound"));
  assert.equal(await pool.isCurrentAsync(), false);
  await assert.rejects(there.deletePool("events"), kind("NotFound"));
});

test("an address works where a name does, as text and as a URL", async (t) => {
  const { server, near } = await both(t);
  const here = new Client(pathToFileURL(scratch(t)));
  const url = `${server.url}/events`;
  for (const reference of [url, new URL(url)]) {
    const pool = await here.openPoolAsync(reference);
    const message = await pool.appendAsync({ via: url }, { tags: ["a"] });
    assert.deepEqual([message.data, message.tags, near.get(message.seq).raw], [{ via: url }, ["a"], message.raw]);
    assert.equal(await here.poolExists(reference), true);
  }
  assert.equal((await new Client(new URL(server.url)).listPools()).length, 1);
  assert.equal((await here.poolInfo(new URL(url))).bounds.newest, 2);
  for (const bad of ["ftp://h/p", "http://h", "http://u@h/p", "http://h/a/b", new URL("http://h/p?x")])
    await assert.rejects(here.openPoolAsync(bad), kind("Usage"), String(bad));
  const file = new URL(`${pathToFileURL(server.pools).href}/events.plasmite`);
  assert.equal(here.openPool(file).bounds().newest, 2n);
});

test("what would hold up the event loop names what does not", async (t) => {
  const { server, there, pool } = await both(t);
  await pool.appendAsync(1);
  const here = new Client(scratch(t));
  const calls = {
    createPoolAsync: () => there.createPool("x"),
    openPoolAsync: () => here.openPool(`${server.url}/events`),
    ensurePool: () => there.pool("x"),
    appendAsync: () => pool.append(1),
    appendJsonAsync: () => pool.appendJson(1),
    appendManyAsync: () => pool.appendMany([1]),
    appendLite3Async: () => pool.appendLite3(Buffer.alloc(8)),
    getAsync: () => pool.get(1),
    getJsonAsync: () => pool.getJson(1),
    getLite3Async: () => pool.getLite3(1),
    infoAsync: () => pool.info(),
    boundsAsync: () => pool.bounds(),
    writersAsync: () => pool.writers(),
    warningsAsync: () => pool.warnings(),
    isCurrentAsync: () => pool.isCurrent(),
    "tail({ follow: false })": () => [...pool],
    tail: () => pool.openStream(),
    tailLite3: () => pool.openLite3Stream(),
  };
  for (const [instead, call] of Object.entries(calls))
    assert.throws(call, (error) => kind("Usage")(error) && error.hint.includes(`.${instead},`), instead);
  // What needs the file.
  assert.throws(() => there.poolPath("events"), kind("Usage"));
  for (const call of [
    () => there.doctor(),
    () => there.doctor("events"),
    () => there.migratePool("events"),
    () => there.salvagePool("events", "new"),
  ])
    await assert.rejects(call, kind("Usage"));
  assert.deepEqual(await there.poolExists("x"), false);
});

test("appends and reads", async (t) => {
  const { pool, near } = await both(t, 65536);
  const values = [null, true, 1.5, "é\0😀", [1, [2]], { z: 1, a: { b: null } }];
  for (const value of values) {
    const message = await pool.appendAsync(value, { tags: ["a", "b c"], durability: "flush" });
    assert.deepEqual([message.data, message.tags], [value, ["a", "b c"]]);
    assert.deepEqual(await pool.getAsync(message.seq), near.get(message.seq));
    assert.deepEqual([await pool.getJsonAsync(message.seq), message.raw], [near.getJson(message.seq), near.getJson(message.seq)]);
  }
  assert.deepEqual(await pool.appendJsonAsync(Buffer.from("18446744073709551615")), near.getJson(7));
  await assert.rejects(pool.appendAsync(1, { expectNewest: 3 }), kind("AlreadyExists"));
  const timestamp = near.get(7).timestampNs + 1_000_000_000_000n;
  assert.equal((await pool.appendAsync(1, { expectNewest: 7n, timestamp })).timestampNs, timestamp);
  const receipt = await pool.appendManyAsync([1, { n: 2 }], { tags: ["all"], eachTags: [null, ["own"]] });
  assert.deepEqual([receipt.firstSeq, receipt.lastSeq, near.get(10).tags], [9n, 10n, ["all", "own"]]);
  const { payload } = near.getLite3(10);
  assert.equal(await pool.appendLite3Async(payload), 11n);
  assert.deepEqual((await pool.getLite3Async(11)).payload, payload);
  await pool.flush();
  await assert.rejects(pool.getAsync(99), (error) => kind("NotFound")(error) && error.seq === 99);
  await assert.rejects(pool.appendAsync(Buffer.from("{")), (error) => kind("Usage")(error) && error.offset === 1 && !error.tooLarge);
  await assert.rejects(pool.appendAsync("x".repeat(100_000)), (error) => kind("Usage")(error) && error.tooLarge === true);
  // Also of pools that are here.
  assert.deepEqual([await near.getAsync(10), await near.boundsAsync()], [near.get(10), near.bounds()]);
  assert.deepEqual(await near.appendJsonAsync({ a: 1 }, { tags: ["x"] }), near.getJson(12));
  assert.throws(
    () => near.append("x".repeat(100_000)),
    (error) => error.tooLarge === true,
  );
});

test("tails: starts, filters, gaps, tokens", async (t) => {
  const { pool, near } = await both(t, 65536);
  near.appendMany(
    Array.from({ length: 10 }, (_, i) => ({ n: i + 1 })),
    { eachTags: Array.from({ length: 10 }, (_, i) => [i % 2 ? "even" : "odd"]) },
  );
  const some = (options) => seqs(pool.tail({ follow: false, ...options }));
  assert.deepEqual(await some(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(await some({ sinceSeq: 8 }), [8, 9, 10]);
  assert.deepEqual(await some({ last: 2, tags: "odd" }), [7, 9]);
  assert.deepEqual(await some({ where: ".data.n > 7" }), [8, 9, 10]);
  assert.deepEqual(await some({ start: "now" }), []);
  assert.deepEqual(await some({ backwards: true, sinceSeq: 3 }), [3, 2, 1]);
  assert.deepEqual(await seqs(pool.tail({ maxMessages: 2 })), [1, 2]);
  assert.deepEqual(await seqs(pool.tailLite3({ follow: false, endSeq: 3 })), [1, 2, 3]);
  assert.equal((await pool.wait({ sinceSeq: 4 })).seq, 4n);
  assert.equal(await pool.wait({ timeoutMs: 20 }), null);
  assert.deepEqual(await seqs(pool.replay({ speed: 1000, timeoutMs: 100 })), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  // A token tells exactly where the tail stands, whatever the connection has brought already.
  const tail = pool.tail();
  for (let i = 0; i < 4; i++) await tail.next();
  assert.deepEqual([tail.nextSeq, await seqs(pool.tail({ token: tail.token(), follow: false }))], [5n, [5, 6, 7, 8, 9, 10]]);
  assert.deepEqual(
    (await tail.nextBatch()).map(({ seq }) => seq),
    [5n, 6n, 7n, 8n, 9n, 10n],
  );
  tail.close();
  lap(near);
  const { oldest } = near.bounds();
  const [gap, message] = await collect(pool.tail({ sinceSeq: 1, gapPolicy: "event", maxMessages: 1 }));
  assert.ok(gap instanceof Gap);
  assert.deepEqual([gap.first, gap.last, message.seq], [1n, oldest - 1n, oldest]);
  await assert.rejects(collect(pool.tail({ sinceSeq: 1, errorOnGap: true })), (error) => kind("RetentionGap")(error) && error.seq === 1);
});

test("a tail waits beside the event loop, and can be cancelled, aborted and closed", async (t) => {
  const { there, pool, near } = await both(t);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 2);
  t.after(() => clearInterval(timer));
  const tail = pool.tail({ start: "now" });
  await tail.ready();
  assert.equal(await tail.take(20), null);
  const waiting = tail.next();
  const before = ticks;
  while (ticks < before + 10) await sleep(1);
  near.append({ late: true });
  assert.deepEqual((await waiting).value.data, { late: true });
  setTimeout(() => tail.cancel(), 20);
  assert.deepEqual([await tail.take(), tail.end], [null, "cancelled"]);
  tail.resume();
  near.append(2);
  assert.equal((await tail.take()).data, 2);
  const controller = new AbortController();
  const aborted = pool.tail({ start: "now", signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(aborted.next(), { name: "AbortError" });
  setTimeout(() => tail.close(), 20);
  assert.equal((await tail.next()).done, true);
  // Before it is open.
  const early = pool.tail();
  early.close();
  assert.deepEqual([(await early.next()).done, early.end], [true, "closed"]);
  // Asking again and again without waiting does not keep the answer of the server out.
  const eager = pool.tail();
  let first = null;
  while (first === null) first = await eager.take(0);
  assert.equal(first.seq, 1n);
  eager.close();
  const cancelled = pool.tail();
  cancelled.cancel();
  assert.equal(await cancelled.take(), null);
  cancelled.close();
  await assert.rejects(pool.tail({ where: ".[" }).next(), kind("Usage"));
  await there.deletePool("events");
  await assert.rejects(pool.tail().next(), kind("NotFound"));
  await assert.rejects(pool.tail().ready(), kind("NotFound"));
});

test("tokens", async (t) => {
  const { token, options } = secrets(t);
  const server = await serve(t, options.slice(0, 2));
  const text = fs.readFileSync(token, "utf8").trim();
  for (const wrong of [new Client(server.url), new Client(server.url, { token: "guess" })]) {
    await assert.rejects(wrong.listPools(), kind("Permission"));
    await assert.rejects(wrong.createPoolAsync("p"), kind("Permission"));
  }
  for (const right of [new Client(server.url, { token: text }), new Client(server.url, { tokenFile: pathToFileURL(token) })]) {
    const { pool } = await right.ensurePool("p");
    await pool.appendAsync(1);
    assert.ok(!require("node:util").inspect([right, pool], { showHidden: true, depth: 9 }).includes(text));
  }
  const pool = await new Client(scratch(t), { token: text }).openPoolAsync(`${server.url}/p`);
  assert.equal((await pool.boundsAsync()).count, 2n);
  // Over plain HTTP a token goes to this machine alone.
  await assert.rejects(
    new Client("http://192.0.2.1:9700", { token: text, requestTimeoutMs: 200 }).listPools(),
    (error) => /token/.test(error.message) && !error.message.includes(text),
  );
  assert.throws(() => new Client(server.url, { token: text, tokenFile: token }), kind("Usage"));
  assert.throws(() => new Client(server.url, { tokenFile: `${token}.none` }), kind("NotFound"));
  for (const bad of [{ token: 1 }, { token: "a\nb" }, { tlsSkipVerify: 1 }, { requestTimeoutMs: "1" }, 7])
    assert.throws(() => new Client(server.url, bad), { code: /Arg|Expected/ });
  assert.throws(() => new Client(server.url, { requestTimeoutMs: -1 }), RangeError);
});

test("TLS", async (t) => {
  const { token, certificate, options } = secrets(t);
  const server = await serve(t, options, { scheme: "https" });
  const { pool } = await new Client(server.url, { tokenFile: token, tlsCaFile: certificate }).ensurePool("p");
  await pool.appendAsync("over TLS");
  assert.deepEqual(
    (await collect(pool.tail({ maxMessages: 1 }))).map(({ data }) => data),
    ["over TLS"],
  );
  const trusting = new Client(server.url, { tokenFile: token, tlsSkipVerify: true });
  assert.equal((await trusting.poolInfo("p")).bounds.newest, 1);
  await assert.rejects(
    new Client(server.url, { tokenFile: token }).openPoolAsync("p"),
    (error) => kind("Io")(error) && /certificate/.test(error.message),
  );
});

test("servers that are not there, or silent", async (t) => {
  const sockets = [];
  const silent = net.createServer((socket) => sockets.push(socket)).listen(0, ownHost());
  await new Promise((resolve) => silent.once("listening", resolve));
  t.after(() => silent.close());
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const address = `http://${ownHost()}:${silent.address().port}`;
  await assert.rejects(new Client(address, { requestTimeoutMs: 50 }).listPools(), kind("Io"));
  // An abort does not wait for the answer.
  const controller = new AbortController();
  const server = await serve(t);
  const { pool } = await new Client(server.url).ensurePool("p");
  const stopped = pool.appendAsync(1, { signal: AbortSignal.abort() });
  await assert.rejects(stopped, { name: "AbortError" });
  assert.equal((await pool.boundsAsync()).count, 0n);
  await server.pause();
  const appending = pool.appendAsync(1, { signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(appending, { name: "AbortError" });
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => silent.close(resolve));
  await assert.rejects(new Client(address).openPoolAsync("p"), (error) => kind("Io")(error) && error.hint && !error.maybeWritten);
});

test("a tail goes on when its server comes back", async (t) => {
  const probe = net.createServer().listen(0, ownHost());
  await new Promise((resolve) => probe.once("listening", resolve));
  const bind = `${ownHost()}:${probe.address().port}`;
  await new Promise((resolve) => probe.close(resolve));
  const directory = scratch(t);
  const first = await serve(t, [], { directory, bind });
  const pool = await new Client(first.url).createPoolAsync("events");
  await pool.appendAsync(1);
  const tail = pool.tail();
  assert.equal((await tail.next()).value.data, 1);
  await first.stop("SIGTERM");
  const second = await serve(t, [], { directory, bind });
  new Client(second.pools).openPool("events").append(2);
  assert.equal((await tail.next()).value.data, 2);
  assert.equal((await pool.boundsAsync()).count, 2n);
  tail.close();
});

test("the process ends with tails of a server open", async (t) => {
  const server = await serve(t);
  const program = `
    const { Client } = require("./index.js");
    new Client(process.argv[1]).ensurePool("p").then(async ({ pool }) => {
      const tail = pool.tail().unref();
      await tail.ready();
      tail.next();
      await pool.appendAsync("last");
    });`;
  const { status, signal, stderr } = await run(program, { args: [server.url] });
  assert.deepEqual([status, signal, stderr], [0, null, ""]);
  assert.ok(fs.existsSync(path.join(server.pools, "p.plasmite")));
});

test("a token of a server that is silent while it searches keeps nobody waiting", async (t) => {
  const server = await serve(t);
  const pool = await new Client(server.url).createPoolAsync("events");
  new Client(server.pools).openPool("events").appendMany(Array.from({ length: 2000 }, (_, i) => i));
  // About a millisecond for each message.
  const tail = pool.tail({ last: 1, where: "(.data + ([range(10000)] | length) - 10000) == 0" });
  await tail.ready();
  await server.pause();
  assert.throws(() => tail.token(), kind("Usage"));
  const token = tail.tokenAsync();
  assert.equal(await Promise.race([token, sleep(50)]), undefined);
  tail.close();
  assert.equal(await token, undefined);
});

test("the library says so", () => {
  assert.equal(plasmite.hasFeature("remote"), true);
});
