// The remote client, which needs no addon, against a real server.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const test = require("node:test");
const { secrets, serve } = require("./server.js");
const { collect, lap, plasmite, sleep } = require("./support.js");
const { Client, Durability, ErrorKind, Message, RemoteClient, RemoteError, RemotePool } = plasmite;

const remote = (name) => (error) => error instanceof RemoteError && error.kind === ErrorKind[name];

test("pools and messages", async (t) => {
  const server = await serve(t);
  const client = new RemoteClient(server.url);
  assert.deepEqual(await client.listPools(), []);
  const info = await client.createPool("lab", 65536);
  assert.deepEqual([info.name, info.file_size], ["lab", 65536]);
  const near = new Client(server.pools).openPool("lab");
  const pool = await client.openPool("lab");
  assert.ok(pool instanceof RemotePool && pool.poolRef() === "lab");
  const message = await pool.append({ é: 1 }, ["a", "b"], Durability.Flush);
  assert.ok(message instanceof Message);
  assert.deepEqual([message, await pool.get(1n)], [near.get(1), near.get(1)]);
  near.appendMany([2, 3], { eachTags: [["b"], ["c"]] });
  assert.deepEqual((await client.poolInfo("lab")).bounds, near.info().bounds);
  assert.deepEqual(
    (await client.listPools()).map(({ name }) => name),
    ["lab"],
  );
  const some = async (options) => (await collect(pool.tail(options))).map(({ seq }) => Number(seq));
  assert.deepEqual(await some({ maxMessages: 3 }), [1, 2, 3]);
  assert.deepEqual(await some({ maxMessages: 1, tags: "c" }), [3]);
  assert.deepEqual(await some({ sinceSeq: 2, timeoutMs: 50 }), [2, 3]);
  assert.deepEqual(await some({ where: ".data == 2", timeoutMs: 50 }), [2]);
  assert.deepEqual(await some({ last: 1, timeoutMs: 50 }), [3]);
  assert.deepEqual(await some({ sinceTime: message.time, maxMessages: 1 }), [1]);
  assert.deepEqual(await some({ start: "now", timeoutMs: 50 }), []);
  // Whatever the server's limit of time is, one that reconnects goes on, and misses nothing in between.
  for (const start of [{ start: "now" }, { last: 1, tags: "late" }]) {
    const tail = pool.tail({ ...start, reconnect: true, timeoutMs: 5 });
    const next = tail.next();
    await sleep(100);
    const { firstSeq } = near.appendMany(["late", "later"], { tags: start.tags ? ["late"] : [] });
    assert.deepEqual([(await next).value.seq, (await tail.next()).value.seq], [firstSeq, firstSeq + 1n]);
    await tail.return();
  }
  lap(near);
  await assert.rejects(collect(pool.tail({ sinceSeq: 1, errorOnGap: true })), (error) => remote("RetentionGap")(error) && error.seq === 1);
  assert.equal(await client.deletePool("lab"), undefined);
  assert.equal(near.isCurrent(), false);
});

test("the last few that pass a filter come, however long the search and however short the tails", async (t) => {
  const server = await serve(t);
  const { pool: near } = await new Client(server.pools).ensurePool("lab");
  near.appendMany(Array.from({ length: 2000 }, (_, i) => i));
  const pool = new RemotePool(new RemoteClient(server.url), "lab");
  // About a millisecond for each message.
  const where = "(.data + ([range(10000)] | length) - 10000) | . == 0 or . == 1 or . == 2000";
  const tail = pool.tail({ last: 2, where, timeoutMs: 100, reconnect: true });
  for (const seq of [1n, 2n]) assert.equal((await tail.next()).value.seq, seq);
  const next = tail.next();
  near.append(2000);
  assert.equal((await next).value.seq, 2001n);
  await tail.return();
});

test("bytes are stored as they are", async (t) => {
  const server = await serve(t);
  const client = new RemoteClient(server.url);
  await client.createPool("lab", null);
  const text = '{"x":1.0,"y":12345678901234567890}';
  const { seq } = await (await client.openPool("lab")).append(Buffer.from(text));
  const near = new Client(server.pools).openPool("lab");
  assert.ok(near.getJson(seq).toString().endsWith(`"data":${text}}`));
  const far = await new Client(server.url).openPoolAsync("lab");
  assert.ok((await far.appendJsonAsync(Buffer.from(text))).toString().endsWith(`"data":${text}}`));
});

test("errors", async (t) => {
  const server = await serve(t);
  const client = new RemoteClient(server.url);
  await client.createPool("lab", 65536);
  const pool = new RemotePool(client, "lab");
  const failure = (promise) => promise.then(assert.fail, (error) => error);
  for (const [status, name, call] of [
    [404, "NotFound", () => client.openPool("none")],
    [404, "NotFound", () => client.poolInfo("none")],
    [404, "NotFound", () => client.deletePool("none")],
    [404, "NotFound", () => new RemotePool(client, "none").append(1)],
    [404, "NotFound", () => collect(new RemotePool(client, "none").tail())],
    [409, "AlreadyExists", () => client.createPool("lab")],
    [400, "Usage", () => client.createPool("tiny", 1)],
    [400, "Usage", () => client.createPool("a/b")],
    [400, "Usage", () => collect(pool.tail({ where: ".[" }))],
  ]) {
    const error = await failure(call());
    assert.ok(error instanceof RemoteError, String(error));
    assert.deepEqual([error.status, error.kind], [status, ErrorKind[name]], error.message);
    assert.ok(!error.message.includes(server.pools));
  }
  const missing = await failure(pool.get(7));
  assert.deepEqual([missing.status, missing.kind, missing.seq], [404, ErrorKind.NotFound, 7]);
  const large = await failure(pool.append("x".repeat(100_000)));
  assert.deepEqual([large.kind, large.tooLarge], [ErrorKind.Usage, true]);
});

test("a token, and none", async (t) => {
  const { token, options } = secrets(t);
  const server = await serve(t, options.slice(0, 2));
  const client = new RemoteClient(server.url);
  const error = await client.listPools().then(assert.fail, (error) => error);
  assert.deepEqual([error.status, error.kind], [401, ErrorKind.Permission]);
  await assert.rejects(client.withToken("guess").listPools(), remote("Permission"));
  assert.deepEqual(await client.withToken(fs.readFileSync(token, "utf8").trim()).listPools(), []);
});

test("a server that writes only, and one that reads only", async (t) => {
  const writing = await serve(t, ["--access", "write-only"]);
  const client = new RemoteClient(writing.url);
  await client.createPool("lab");
  assert.equal((await new RemotePool(client, "lab").append(1)).seq, 1n);
  await assert.rejects(client.listPools(), (error) => remote("Permission")(error) && error.status === 403);
  const reading = await serve(t, ["--access", "read-only"]);
  await assert.rejects(new RemoteClient(reading.url).createPool("lab"), remote("Permission"));
  assert.deepEqual(await new RemoteClient(reading.url).listPools(), []);
});
