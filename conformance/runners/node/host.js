// The operations on pools, each a call of the Node SDK.

const path = require("node:path");
const { Client, Gap } = require("../../../sdk/node/index.js");
const { need } = require("./errors.js");
const { checkOrder, messageOf, payloadOf } = require("./messages.js");
const { small } = require("./values.js");

const frameOf = (frame) => ({ seq: small(frame.seq), time: frame.timeRfc3339, hex: frame.payload.toString("hex") });
const itemOf = (item) => ("payload" in item ? frameOf(item) : messageOf(item));

function tailOptions(given, defaults = {}) {
  const { start = "oldest", gap, encoding: _, ...rest } = { ...defaults, ...given };
  const options = {
    sinceSeq: rest.since_seq,
    maxMessages: rest.max,
    // With a maximum the SDK's tail ends when nothing came for a while; here each call says how long it waits.
    timeoutMs: Number.MAX_SAFE_INTEGER,
    totalMs: rest.timeout_ms,
    tags: rest.tags,
    where: rest.where,
    follow: !rest.snapshot,
    endSeq: rest.end_seq,
    backwards: rest.backwards,
    gapPolicy: gap,
  };
  if (typeof start === "object") Object.assign(options, "last" in start ? { last: start.last } : { sinceTime: start.time });
  else if (rest.since_seq === undefined && start !== "oldest") options.start = start;
  return options;
}

const openTail = (pool, given, defaults) => {
  const options = tailOptions(given, defaults);
  return given.encoding === "lite3" ? pool.tailLite3(options) : pool.tail(options);
};

const isUrl = (reference) => reference.includes("://");

class Host {
  constructor(runner) {
    this.runner = runner;
    this.client = new Client(runner.home);
    this.far = new WeakSet();
    if (isUrl(runner.home)) this.far.add(this.client);
  }

  /** Calls `name`; of a server's pool the form of it that does not keep the event loop waiting. */
  async call(object, name, ...args) {
    const isFar = this.far.has(object) || (object === this.client && isUrl(args[0]));
    const made = isFar && `${name}Async` in object ? await object[`${name}Async`](...args) : object[name](...args);
    if (isFar && object === this.client) this.far.add(made);
    return made;
  }

  /** Runs `action` on the step's pool: an open handle, or one for this step. */
  async on(step, action) {
    if ("on" in step) return action(this.runner.on(step));
    const pool = await this.call(this.client, "openPool", need(step, "pool"));
    try {
      return await action(pool);
    } finally {
      pool.close();
    }
  }

  made(step, pool) {
    if ("keep" in step) this.runner.keep(step, pool);
    else pool.close();
  }

  /** The client from here on. */
  op_connect(_step, given) {
    const home = given.home ?? this.runner.home;
    const options = { token: given.token, tokenFile: given.token_file };
    this.client = "token" in given || "token_file" in given ? new Client(home, options) : new Client(home);
    if (isUrl(home)) this.far.add(this.client);
    return {};
  }

  async op_create_pool(step, given) {
    const options = { sizeBytes: given.size_bytes, indexCapacity: given.index_capacity };
    this.made(step, await this.call(this.client, "createPool", need(step, "pool"), options));
    return {};
  }

  async op_ensure_pool(step, given) {
    const { pool, created } = await this.client.ensurePool(need(step, "pool"), {
      sizeBytes: given.size_bytes,
      indexCapacity: given.index_capacity,
    });
    if (isUrl(step.pool) || this.far.has(this.client)) this.far.add(pool);
    this.made(step, pool);
    return { created };
  }

  async op_open_pool(step, given) {
    const pool = await this.call(this.client, "openPool", need(step, "pool"), { readOnly: given.read_only });
    const result = { read_only: pool.readOnly };
    this.made(step, pool);
    return result;
  }

  op_pool_info(step) {
    return this.on(step, async (pool) => {
      const { name, file_size, ring_size, index_capacity, bounds } = await this.call(pool, "info");
      const { count } = await this.call(pool, "bounds");
      return {
        name,
        file_size,
        ring_size,
        index_capacity,
        bounds: { oldest: bounds.oldest ?? null, newest: bounds.newest ?? null },
        count: small(count),
      };
    });
  }

  async op_list_pools() {
    const list = await this.client.listPools();
    const broken = list.filter(({ error }) => error !== undefined).map(({ name, error }) => ({ name, kind: error.error.kind }));
    return { names: list.map(({ name }) => name), broken };
  }

  async op_delete_pool(step) {
    await this.client.deletePool(need(step, "pool"));
    return {};
  }

  async op_check_pools(step) {
    const reports = (await this.client.doctor(step.pool)).map(({ path: file, status, last_good_seq = null, issue_count, issues }) => {
      const codes = [...new Set(issues.map(({ code }) => code))].sort();
      return { name: path.basename(file).replace(/\.plasmite$/, ""), status, last_good_seq, issue_count, codes };
    });
    return { reports: reports.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  }

  async op_migrate_pool(step, given) {
    const { oldest, newest, count } = await this.client.migratePool(need(step, "pool"), given.to);
    return { bounds: { oldest: count ? small(oldest) : null, newest: count ? small(newest) : null }, count: small(count) };
  }

  op_append(step, given) {
    return this.on(step, async (pool) => {
      const options = {
        tags: given.tags,
        durability: given.durability,
        timestamp: given.time,
        expectNewest: given.expect_newest,
        lockWaitMs: given.lock_wait_ms,
      };
      const payload = payloadOf(given, this.runner.version);
      const name = given.lock_wait_ms === undefined ? "append" : "appendAsync";
      const message = await this.call(pool, name, payload, options);
      return { seq: small(message.seq), time: message.timeRfc3339 };
    });
  }

  op_append_batch(step, given) {
    return this.on(step, async (pool) => {
      const items = need(given, "items");
      const payloads = items.map((item) => payloadOf(item, this.runner.version));
      const receipt = await this.call(pool, "appendMany", payloads, {
        eachTags: items.map(({ tags }) => tags),
        durability: given.durability,
      });
      return { seqs: [...receipt].map(({ seq }) => small(seq)) };
    });
  }

  op_append_lite3(step, given) {
    return this.on(step, async (pool) => ({
      seq: small(await this.call(pool, "appendLite3", Buffer.from(need(given, "hex"), "hex"), given.durability)),
    }));
  }

  op_flush(step) {
    return this.on(step, async (pool) => {
      await pool.flush();
      return {};
    });
  }

  op_get(step, given) {
    return this.on(step, async (pool) => messageOf(await this.call(pool, "get", need(given, "seq"))));
  }

  op_get_lite3(step, given) {
    return this.on(step, async (pool) => frameOf(await this.call(pool, "getLite3", need(given, "seq"))));
  }

  async op_open_tail(step, given) {
    need(step, "keep");
    await this.on(step, async (pool) => {
      const tail = openTail(pool, given);
      tail.backwards = given.backwards;
      // What is wrong with the options is told by the first call.
      await tail.ready();
      this.runner.keep(step, tail);
    });
    return {};
  }

  async op_next(step, given) {
    const tail = this.runner.on(step);
    const { count = 1, wait_ms: waitMs = 10_000 } = given;
    const messages = [];
    let end = null;
    let gap = null;
    while (messages.length < count && end === null) {
      const item = await tail.take(waitMs);
      if (item instanceof Gap) {
        end = "gap";
        gap = { first: small(item.first), last: small(item.last), count: small(item.count) };
      } else if (item !== null) messages.push(itemOf(item));
      else end = tail.end ?? "timeout";
    }
    return { messages: checkOrder(messages, tail.backwards), end, gap };
  }

  op_tail(step, given) {
    return this.on(step, async (pool) => {
      const expected = this.runner.version === 0 ? (step.expect?.messages ?? step.expect?.messages_unordered) : undefined;
      const tail = openTail(pool, given, { timeout_ms: 500, ...(expected && given.max === undefined ? { max: expected.length } : {}) });
      const messages = [];
      for await (const item of tail) messages.push(itemOf(item));
      return { messages: checkOrder(messages, given.backwards), end: tail.end };
    });
  }

  op_cancel(step, given) {
    const tail = this.runner.on(step);
    if (given.reset) tail.resume();
    else tail.cancel();
    return {};
  }

  op_replay(step, given) {
    return this.on(step, async (pool) => {
      const started = performance.now();
      const messages = [];
      const options = { speed: need(given, "speed"), maxMessages: need(given, "max"), sinceSeq: given.since_seq, tags: given.tags };
      for await (const message of pool.replay(options)) messages.push(messageOf(message));
      return { messages: checkOrder(messages), elapsed_ms: Math.floor(performance.now() - started) };
    });
  }
}

module.exports = { Host };
