// What one would use instead: each gives { what, actions: { name: run(count) }, against: { name: row of ours }, close }.

const path = require("node:path");
const { objects, texts } = require("./messages.js");

const BATCH = 64;
const MAXIMUM = 400_000;

/** A Redis stream of bounded length, in a local server over a Unix socket, with an append-only file that is not synced, as fast durability is not. */
async function redis(directory) {
  const Redis = require("ioredis");
  const socket = path.join(directory, "redis.sock");
  if (!require("node:fs").existsSync(socket)) throw new Error("no redis-server: apt-get install redis-server");
  const client = new Redis.Redis({ path: socket });
  const add = (to, i) => to.xadd("s", "MAXLEN", "~", MAXIMUM, "*", "data", JSON.stringify(objects[i % objects.length]));
  const actions = {
    append: async (count) => {
      for (let i = 0; i < count; i++) await add(client, i);
    },
    batch: async (count) => {
      for (let i = 0; i < count; i += BATCH) {
        const pipeline = client.pipeline();
        for (let j = i; j < i + BATCH; j++) add(pipeline, j);
        await pipeline.exec();
      }
    },
    read: async (count) => {
      let at = "-";
      let seen = 0;
      while (seen < count) {
        const entries = await client.xrange("s", at, "+", "COUNT", 256);
        for (const [, [, data]] of entries) if (JSON.parse(data).count > 0) seen++;
        at = `(${entries.at(-1)[0]}`;
      }
    },
  };
  const what = "ioredis, local stream over a Unix socket, append-only file not synced";
  return { what, actions, against: { append: "append", batch: "append batch", read: "tail batches" }, close: () => client.quit() };
}

/** A table in SQLite with a write-ahead log that is not synced, as fast durability is not. */
async function sqlite(directory) {
  const Database = require("better-sqlite3");
  const database = new Database(path.join(directory, "messages.db"));
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = OFF");
  database.exec("CREATE TABLE messages (seq INTEGER PRIMARY KEY, time INTEGER, data TEXT)");
  const insert = database.prepare("INSERT INTO messages (time, data) VALUES (?, ?)");
  const add = (i) => insert.run(Date.now(), JSON.stringify(objects[i % objects.length]));
  const addMany = database.transaction((start) => {
    for (let i = start; i < start + BATCH; i++) add(i);
  });
  const select = database.prepare("SELECT seq, time, data FROM messages ORDER BY seq DESC LIMIT ?");
  const actions = {
    append: (count) => {
      for (let i = 0; i < count; i++) add(i);
    },
    batch: (count) => {
      for (let i = 0; i < count; i += BATCH) addMany(i % texts.length);
    },
    read: (count) => {
      let seen = 0;
      for (const { data } of select.iterate(count)) if (JSON.parse(data).count > 0) seen++;
      if (seen !== count) throw new Error("messages are missing");
    },
  };
  const what = "better-sqlite3, write-ahead log, synchronous off";
  return { what, actions, against: { append: "append", batch: "append batch", read: "range" }, close: () => database.close() };
}

module.exports = { redis, sqlite };
