const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const test = require("node:test");
const { kind, plasmite, run, scratch, scratchPool } = require("./support.js");
const { Client } = plasmite;

test("create, open, and open or create", async (t) => {
  const directory = scratch(t);
  const client = new Client(path.join(directory, "deep", "er"));
  const pool = client.createPool("a", 65536);
  assert.equal(fs.statSync(path.join(directory, "deep", "er", "a.plasmite")).size, 65536);
  assert.equal(fs.statSync(pool.path).mode & 0o777, 0o600);
  assert.equal(pool.name, "a");
  assert.throws(
    () => client.createPool("a"),
    (error) => error instanceof plasmite.AlreadyExistsError && error.path === pool.path,
  );
  assert.throws(
    () => client.openPool("b"),
    (error) => error instanceof plasmite.NotFoundError && /not found/.test(error.message),
  );
  assert.equal(client.pool("a").info().file_size, 65536);
  assert.equal(client.pool("b").info().file_size, plasmite.DEFAULT_POOL_SIZE);
  assert.equal(client.pool("c", 70000n).info().file_size, 70000);
  const ensured = await Promise.all([client.ensurePool("d"), client.ensurePool("d"), client.ensurePool("d", { sizeBytes: 99999 })]);
  assert.equal(ensured.filter(({ created }) => created).length, 1);
  assert.equal((await client.createPoolAsync("e", { sizeBytes: 65536, indexCapacity: 0, fileMode: 0o640 })).info().index_capacity, 0);
  assert.equal((await client.openPoolAsync("e")).info().file_size, 65536);
  await assert.rejects(client.createPoolAsync("e"), kind("AlreadyExists"));
  await assert.rejects(client.openPoolAsync("nope"), kind("NotFound"));
  const elsewhere = path.join(directory, "else.plasmite");
  assert.equal(client.createPool(elsewhere).path, elsewhere);
  assert.throws(() => client.createPool("small", 100), kind("Usage"));
  assert.throws(() => client.openPool("ftp://example.org/x"), kind("Usage"));
});

test("a directory by URL; the default one", async (t) => {
  const directory = scratch(t);
  assert.equal(new Client(pathToFileURL(directory)).poolDir, directory);
  const home = scratch(t);
  const program = `const p = require("./index.js"); const c = new p.Client(); c.createPool("x");
    console.log(JSON.stringify([c.poolDir, p.DEFAULT_POOL_DIR, p.defaultPoolDir()]))`;
  const { stdout, stderr } = await run(program, { env: { HOME: home } });
  assert.equal(stderr, "");
  assert.deepEqual(new Set(JSON.parse(stdout)), new Set([path.join(home, ".plasmite", "pools")]));
  assert.ok(fs.existsSync(path.join(home, ".plasmite", "pools", "x.plasmite")));
});

test("list, info, exists, path, delete", async (t) => {
  const { client, pool, directory } = scratchPool(t);
  client.createPool("another").close();
  fs.writeFileSync(path.join(directory, "broken.plasmite"), "NOPE");
  pool.append(1);
  const list = await client.listPools();
  assert.deepEqual(
    list.map(({ name }) => name),
    ["another", "broken", "events"],
  );
  assert.ok(list[1].error);
  assert.deepEqual((await client.poolInfo("events")).bounds, { oldest: 1, newest: 1 });
  assert.deepEqual(pool.info().bounds, { oldest: 1, newest: 1 });
  assert.deepEqual(pool.bounds(), { oldest: 1n, newest: 1n, count: 1n });
  assert.equal(await client.poolExists("events"), true);
  assert.equal(client.poolPath("x"), path.join(directory, "x.plasmite"));
  await client.deletePool("another");
  assert.equal(await client.poolExists("another"), false);
  await assert.rejects(client.deletePool("another"), (error) => kind("NotFound")(error) && error.path !== undefined);
  await assert.rejects(client.poolInfo("another"), kind("NotFound"));
  await assert.rejects(client.poolInfo("broken"), kind("Corrupt"));
  assert.deepEqual(await new Client(path.join(directory, "none")).listPools(), []);
});

test("doctor", async (t) => {
  const { client, pool, directory } = scratchPool(t);
  for (let i = 0; i < 100; i++) pool.append({ i });
  const progress = [];
  const [report] = await client.doctor("events", { onProgress: (step) => progress.push(step) });
  assert.deepEqual([report.status, report.issue_count, report.last_good_seq], ["ok", 0, 100]);
  assert.ok(progress.length > 0 && progress.at(-1).poolsDone === 1);
  fs.writeFileSync(path.join(directory, "broken.plasmite"), "NOPE");
  assert.deepEqual((await client.doctor()).map(({ status }) => status).sort(), ["corrupt", "ok"]);
  await assert.rejects(client.doctor("nope"), kind("NotFound"));
  await assert.rejects(client.doctor(null, { signal: AbortSignal.abort(new Error("enough")) }), /enough/);
});

test("migrate refuses what is of today's format, and what is missing", async (t) => {
  const { client } = scratchPool(t);
  await assert.rejects(client.migratePool("events"), kind("Usage"));
  await assert.rejects(client.migratePool("nope", "new"), kind("NotFound"));
});

test("a closed client", (t) => {
  const { client, pool } = scratchPool(t);
  client.close();
  client[Symbol.dispose]();
  assert.throws(() => client.openPool("events"), kind("Usage"));
  assert.equal(pool.append(1).seq, 1n);
});
