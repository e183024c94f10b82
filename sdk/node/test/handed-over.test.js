// What is handed to an append is the caller's again when the call returns, whatever has become of the append by then.

const assert = require("node:assert/strict");
const test = require("node:test");
const { spawnHolder } = require("./holder.js");
const { scratchPool, sleep } = require("./support.js");

const SIZE = 4 * 1024 * 1024;
const filler = "x".repeat(300 * 1024);

/** Appends of a Buffer with tags, each giving what it stored. */
const appends = {
  appendAsync: (pool, bytes, options) => pool.appendAsync(bytes, options),
  "appendAsync, flushed": (pool, bytes, options) => pool.appendAsync(bytes, { ...options, durability: "flush" }),
  "appendAsync, large": (pool, bytes, options) => pool.appendAsync(bytes, options),
  appendJsonAsync: async (pool, bytes, options) => JSON.parse(await pool.appendJsonAsync(bytes, options)),
  appendManyAsync: async (pool, bytes, options) => pool.get((await pool.appendManyAsync([bytes], options)).firstSeq),
  "appendManyAsync, tags of each": async (pool, bytes, { tags, ...options }) =>
    pool.get((await pool.appendManyAsync([bytes], { ...options, eachTags: [tags] })).firstSeq),
};

/** Begins an append, changes what was handed in, and gives the check of what came of it. */
function appendAndChange(pool, name, options) {
  const text = (n) => JSON.stringify({ n, ...(name.endsWith("large") && { filler }) });
  const bytes = Buffer.from(text(1));
  const tags = ["early"];
  const appending = appends[name](pool, bytes, { ...options, tags });
  bytes.write(text(2));
  tags[0] = "late";
  tags.push("later");
  return async () => {
    const message = await appending;
    const stored = pool.get(message.seq);
    assert.deepEqual([stored.data.n, stored.tags], [1, ["early"]], name);
    assert.deepEqual([message.data.n, message.meta.tags], [1, ["early"]], name);
    if (message.raw !== undefined) assert.deepEqual(message.raw, pool.getJson(message.seq), name);
  };
}

test("bytes and tags that change after the call", async (t) => {
  const { pool } = scratchPool(t, SIZE);
  for (const name of Object.keys(appends)) await appendAndChange(pool, name)();
});

test("bytes and tags that change while another process holds the writer lock", async (t) => {
  const { pool, directory } = scratchPool(t, SIZE);
  const holder = await spawnHolder(directory);
  if (holder === null) return t.skip("no C compiler here: install one (cc) to hold the writer lock from another process");
  t.after(() => holder.release());
  const attempts = [];
  const checks = Object.keys(appends).map((name, i) => {
    attempts[i] = 0;
    const { signal } = new AbortController();
    // It is asked before each attempt.
    signal.throwIfAborted = () => {
      attempts[i]++;
    };
    return appendAndChange(pool, name, { signal });
  });
  while (attempts.some((count) => count < 3)) await sleep(1);
  holder.release();
  for (const check of checks) await check();
});

test("the message of a synchronous append", (t) => {
  const { pool } = scratchPool(t);
  const bytes = Buffer.from('{"n":1}');
  const tags = ["early"];
  const message = pool.append(bytes, tags);
  bytes.write('{"n":2}');
  tags[0] = "late";
  assert.deepEqual([message.data, message.tags, message.raw], [{ n: 1 }, ["early"], pool.getJson(1)]);
});
