// The operations on pools, each a call of the remote client: plain fetch, without the addon.

const { RemoteClient, RemotePool } = require("../../../sdk/node/remote.js");
const { need } = require("./errors.js");
const { checkOrder, messageOf, payloadOf } = require("./messages.js");
const { Failure, small } = require("./values.js");

function tailOptions(given, defaults) {
  const { start = "oldest", gap, since_seq: sinceSeq, max, timeout_ms: timeoutMs, tags, where } = { ...defaults, ...given };
  const options = { sinceSeq, maxMessages: max, timeoutMs, tags, where, errorOnGap: gap === "error" };
  if (typeof start === "object") Object.assign(options, "last" in start ? { last: start.last } : { sinceTime: start.time });
  else if (sinceSeq === undefined) options.start = start;
  return options;
}

/** A tail that is read one message at a time; it asks again when the connection breaks. */
class Reader {
  constructor(pool, options) {
    this.abort = new AbortController();
    this.messages = pool.tail({ ...options, reconnect: true, signal: this.abort.signal });
    this.coming = null;
  }

  /** The next message, undefined at the end, or null when there is none within the time. */
  async take(waitMs) {
    this.coming ??= this.messages.next();
    // Whoever waits for it next learns of an error.
    this.coming.catch(() => {});
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, waitMs, null);
    });
    const found = await Promise.race([this.coming, late]).finally(() => clearTimeout(timer));
    if (found === null) return null;
    this.coming = null;
    return found.done ? undefined : found.value;
  }

  close() {
    this.abort.abort();
  }
}

class Host {
  constructor(runner) {
    this.runner = runner;
    this.client = new RemoteClient(runner.home);
  }

  async pool(step) {
    if ("on" in step) return this.runner.on(step);
    return new RemotePool(this.client, need(step, "pool"));
  }

  async made(step) {
    if (!("keep" in step)) return;
    const pool = await this.client.openPool(step.pool);
    this.runner.keep(step, Object.assign(pool, { close() {} }));
  }

  /** The client from here on. */
  op_connect(_step, given) {
    this.client = new RemoteClient(given.home ?? this.runner.home, { token: given.token });
    return {};
  }

  async op_create_pool(step, given) {
    await this.client.createPool(need(step, "pool"), given.size_bytes);
    await this.made(step);
    return {};
  }

  async op_open_pool(step) {
    await this.client.openPool(need(step, "pool"));
    await this.made(step);
    return {};
  }

  async op_pool_info(step) {
    const { name, file_size, ring_size, index_capacity, bounds, metrics } = await this.client.poolInfo(
      "on" in step ? this.runner.on(step).pool : need(step, "pool"),
    );
    const ends = { oldest: bounds.oldest ?? null, newest: bounds.newest ?? null };
    return { name, file_size, ring_size, index_capacity, bounds: ends, count: metrics.message_count };
  }

  async op_list_pools() {
    const list = await this.client.listPools();
    const broken = list.filter(({ error }) => error !== undefined).map(({ name, error }) => ({ name, kind: error.kind }));
    return { names: list.map(({ name }) => name), broken };
  }

  async op_delete_pool(step) {
    await this.client.deletePool(need(step, "pool"));
    return {};
  }

  async op_append(step, given) {
    const payload = payloadOf(given, this.runner.version);
    // It takes values of JavaScript alone; what is exactly a text of these goes as the value.
    const data = Buffer.isBuffer(payload) ? JSON.parse(payload.toString()) : payload;
    const message = await (await this.pool(step)).append(data, given.tags, given.durability);
    return { seq: small(message.seq), time: message.timeRfc3339 };
  }

  async op_get(step, given) {
    return messageOf(await (await this.pool(step)).get(need(given, "seq")));
  }

  async op_open_tail(step, given) {
    this.runner.keep(step, new Reader(await this.pool(step), tailOptions(given)));
    return {};
  }

  async op_next(step, given) {
    const reader = this.runner.on(step);
    const { count = 1, wait_ms: waitMs = 10_000 } = given;
    const messages = [];
    let end = null;
    while (messages.length < count && end === null) {
      const message = await reader.take(waitMs);
      if (message) messages.push(messageOf(message));
      else end = message === null ? "timeout" : "end";
    }
    return { messages: checkOrder(messages), end, gap: null };
  }

  async op_tail(step, given) {
    if (given.encoding === "lite3") throw new Failure("the remote client has no Lite3");
    const expected = this.runner.version === 0 ? (step.expect?.messages ?? step.expect?.messages_unordered) : undefined;
    const options = tailOptions(given, { timeout_ms: 500, ...(expected && given.max === undefined ? { max: expected.length } : {}) });
    const messages = [];
    for await (const message of (await this.pool(step)).tail(options)) messages.push(messageOf(message));
    return { messages: checkOrder(messages), end: null };
  }

  op_cancel(step, given) {
    if (given.reset) throw new Failure("an aborted tail does not go on");
    this.runner.on(step).close();
    return {};
  }
}

module.exports = { Host };
