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
  const [{ issues }] = await client.doctor("broken");
  assert.deepEqual(Object.keys(issues[0]).sort(), ["advice", "code", "finding", "message", "offset", "seq"]);
  assert.deepEqual((await client.doctor()).map(({ status }) => status).sort(), ["corrupt", "ok"]);
  await assert.rejects(client.doctor("nope"), kind("NotFound"));
  await assert.rejects(client.doctor(null, { signal: AbortSignal.abort(new Error("enough")) }), /enough/);
});

test("migrate refuses what is of today's format, and what is missing", async (t) => {
  const { client } = scratchPool(t);
  await assert.rejects(client.migratePool("events"), kind("Usage"));
  await assert.rejects(client.migratePool("nope", "new"), kind("NotFound"));
});

/** Spoils these texts in a file, each of which is there once. */
function damage(file, ...texts) {
  const content = fs.readFileSync(file);
  for (const text of texts) {
    const at = content.indexOf(text);
    assert.ok(at > 0 && content.indexOf(text, at + 1) === -1, text);
    content.fill("#", at, at + text.length);
  }
  fs.writeFileSync(file, content);
}

test("salvage brings what is intact, and tells what is lost", async (t) => {
  const { client, directory } = scratchPool(t);
  const pool = client.createPool("damaged", { sizeBytes: 65536, fileMode: 0o640 });
  for (let n = 1; n <= 9; n++) pool.append({ n, text: `message-${n}` }, [`tag-${n}`]);
  const before = [...pool].map(({ raw }) => raw.toString());
  pool.close();
  const file = client.poolPath("damaged");
  damage(file, "message-4", "message-6", "message-7");
  const kept = fs.readFileSync(file);
  // The event loop goes on meanwhile.
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const brought = await client.salvagePool("damaged", "rescued");
  clearInterval(timer);
  const { ranges, ...facts } = brought;
  assert.deepEqual(facts, { oldest: 1n, newest: 9n, count: 6n, lost: 3n, lostRanges: 2n, size: 65536n });
  assert.ok(ranges.every((range) => range instanceof plasmite.Gap));
  assert.deepEqual(
    ranges.map(({ first, last, count }) => [first, last, count]),
    [
      [4n, 4n, 1n],
      [6n, 7n, 2n],
    ],
  );
  assert.deepEqual(fs.readFileSync(file), kept);
  const rescued = client.openPool("rescued");
  t.after(() => rescued.close());
  assert.deepEqual(
    [...rescued].map(({ raw }) => raw.toString()),
    before.filter((_, index) => ![4, 6, 7].includes(index + 1)),
  );
  assert.equal(fs.statSync(rescued.path).mode & 0o777, 0o640);
  assert.equal(rescued.append(1).seq, 10n);
  const larger = await client.salvagePool(file, path.join(directory, "larger.plasmite"), { sizeBytes: 100_000, indexCapacity: 0 });
  assert.equal(larger.size, 100_000n);
  assert.equal((await client.poolInfo("larger")).index_capacity, 0);
});

test("salvage refuses", async (t) => {
  const { client, pool, directory } = scratchPool(t);
  pool.append(1);
  await assert.rejects(client.salvagePool("missing", "new"), kind("NotFound"));
  await assert.rejects(client.salvagePool("events", "events"), kind("AlreadyExists"));
  await assert.rejects(client.salvagePool("events", "new", { sizeBytes: 100 }), kind("Usage"));
  fs.writeFileSync(path.join(directory, "none.plasmite"), "NOPE");
  await assert.rejects(client.salvagePool("none", "new"), (error) => kind("Corrupt")(error) && error.path === client.poolPath("none"));
  for (const wrong of [undefined, null, 1, "", "a\0b", "\ud800"])
    await assert.rejects(client.salvagePool("events", wrong), { name: "TypeError", message: /newRef/ });
  await assert.rejects(client.salvagePool("events", "new", { sizeBytes: -1 }), RangeError);
  await assert.rejects(client.salvagePool("events", "new", 5), TypeError);
  assert.equal(await client.poolExists("new"), false);
  client.close();
  await assert.rejects(client.salvagePool("events", "new"), kind("Usage"));
});

test("writers and warnings", async (t) => {
  const { client, pool } = scratchPool(t);
  assert.equal(pool.writers(), 0);
  pool.appendMany(Array.from({ length: 20 }, (_, index) => index + 1));
  assert.deepEqual([pool.writers(), pool.warnings()], [1, []]);
  const program = `const pool = new (require("./index.js").Client)(process.argv[1]).openPool("events");
    pool.append(2); console.log(pool.writers());`;
  assert.deepEqual(await run(program, { args: [client.poolDir] }), { status: 0, signal: null, stdout: "2\n", stderr: "" });
  assert.equal(pool.writers(), 1);
  const { index_offset: at, index_size_bytes: size } = pool.info();
  pool.close();
  assert.throws(() => pool.writers(), kind("Usage"));
  assert.throws(() => pool.warnings(), kind("Usage"));
  const content = fs.readFileSync(client.poolPath("events"));
  content.fill(0xff, at, at + size);
  fs.writeFileSync(client.poolPath("events"), content);
  const odd = client.openPool("events");
  t.after(() => odd.close());
  assert.match(odd.warnings().join("\n"), /^[^\n]*index[^\n]*$/);
  assert.deepEqual(odd.info().warnings, odd.warnings());
  assert.deepEqual([odd.info().writers, odd.get(1).data], [0, 1]);
});

test("features; a guard against truncated files", async (t) => {
  assert.equal(plasmite.hasFeature("pools"), true);
  assert.equal(plasmite.hasFeature("no such thing"), false);
  assert.throws(() => plasmite.hasFeature(""), TypeError);
  assert.throws(() => plasmite.hasFeature(1), TypeError);
  const program = `const p = require("./index.js"); p.installGuard(); p.installGuard();
    const pool = new p.Client(process.argv[1]).createPool("cut");
    for (let n = 0; n < 1000; n++) pool.append({ n });
    require("node:fs").truncateSync(pool.path, 8192);
    try { pool.get(900); } catch (error) { console.log(error.code); }`;
  const done = await run(program, { args: [scratch(t)] });
  assert.deepEqual(done, { status: 0, signal: null, stdout: "PLASMITE_CORRUPT\n", stderr: "" });
});

test("a closed client", (t) => {
  const { client, pool } = scratchPool(t);
  client.close();
  client[Symbol.dispose]();
  assert.throws(() => client.openPool("events"), kind("Usage"));
  assert.equal(pool.append(1).seq, 1n);
});
