// The place of a reader: a later tail from its token, or from its nextSeq, delivers exactly what was not delivered yet, however the
// messages are read and however far the library is ahead.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const test = require("node:test");
const { serve } = require("./server.js");
const { lap, plasmite, scratchPool } = require("./support.js");
const { Client, Gap, PlasmiteNativeError } = plasmite;

// Ways of reading: each yields [messages delivered by one call, where the reader stands behind them]. Errors of single messages,
// behind which a tail goes on, are passed over.

/** Nowhere, when the call met the end as well: the tail is closed then. */
const placeOf = (tail) => (tail.end === null ? { token: tail.token(), sinceSeq: tail.nextSeq } : {});
const placeBehind = (message) => ({ sinceSeq: message.seq + 1n });

async function* calls(tail, ...ask) {
  for (let turn = 0; ; turn++) {
    let messages;
    try {
      messages = await ask[turn % ask.length](tail);
    } catch (error) {
      if (error instanceof PlasmiteNativeError && error.seq !== undefined) continue;
      throw error;
    }
    if (messages === undefined || messages.length === 0) break;
    yield [messages, placeOf(tail)];
  }
  tail.close();
}

const one = async (tail) => {
  const { value, done } = await tail.next();
  return done ? [] : [value];
};
const taken = async (tail) => {
  const message = await tail.take();
  return message === null ? [] : [message];
};
const polled = async (tail) => {
  while (tail.end === null) {
    const message = await tail.take(0);
    if (message !== null) return [message];
  }
  return [];
};
const batch = (tail) => tail.nextBatch();
const three = async (tail) => {
  const answers = await Promise.allSettled([tail.next(), tail.next(), tail.next()]);
  const messages = answers.map(({ value }) => value?.value).filter((message) => message !== undefined);
  const failed = answers.find(({ status }) => status === "rejected");
  if (messages.length === 0 && failed) throw failed.reason;
  return messages;
};
const cancelled = async (tail) => {
  tail.cancel();
  assert.equal((await tail.next()).done, true);
  tail.resume();
  return one(tail);
};

async function* loop(tail) {
  for await (const message of tail) yield [[message], placeOf(tail)];
}
async function* batches(tail) {
  for await (const messages of tail.batches()) yield [messages, placeOf(tail)];
}

const TAILS = {
  "for await": loop,
  next: (tail) => calls(tail, one),
  take: (tail) => calls(tail, taken),
  "take(0)": (tail) => calls(tail, polled),
  nextBatch: (tail) => calls(tail, batch),
  batches,
  "next and nextBatch by turns": (tail) => calls(tail, one, one, batch),
  "three next at once": (tail) => calls(tail, three),
  "next behind a cancel": (tail) => calls(tail, cancelled),
};

const WAYS = {};
for (const [name, way] of Object.entries(TAILS)) {
  WAYS[`tail: ${name}`] = (pool, options) => way(pool.tail({ follow: false, ...options }));
  WAYS[`tailLite3: ${name}`] = (pool, options) => way(pool.tailLite3({ follow: false, ...options }));
}

// Those that are synchronous, or wait for the messages' own times, have no place of their own; the next seq is as good.
const LOCAL_WAYS = {
  async *range(pool) {
    for (const message of pool.range()) yield [[message], placeBehind(message)];
  },
  async *replay(pool) {
    for await (const message of pool.replay({ speed: 1e6, timeoutMs: 1 })) yield [[message], placeBehind(message)];
  },
  async *openStream(pool) {
    for (const json of pool.openStream(null, (await pool.boundsAsync()).count)) {
      const message = plasmite.parseMessage(json);
      yield [[message], placeBehind(message)];
    }
  },
  async *openLite3Stream(pool) {
    for (const frame of pool.openLite3Stream(null, pool.bounds().count)) yield [[frame], placeBehind(frame)];
  },
  async *"openStream, for await"(pool) {
    const tail = pool.openStream(null, pool.bounds().count)[Symbol.asyncIterator]();
    for await (const [[json], place] of loop(tail)) yield [[plasmite.parseMessage(json)], place];
  },
  "openLite3Stream, for await": (pool) => loop(pool.openLite3Stream(null, pool.bounds().count)[Symbol.asyncIterator]()),
};

/** The seqs that a tail delivers, whatever single messages are wrong. */
async function rest(pool, options) {
  const seqs = [];
  for await (const [messages] of calls(pool.tail({ follow: false, ...options }), batch))
    for (const { seq } of messages) if (seq !== undefined) seqs.push(seq);
  return seqs;
}

/** Reads everything in one way, and from each place on once more. */
async function check(pool, way, options = {}) {
  const { sinceSeq, ...filter } = options;
  const all = await rest(pool, options);
  let delivered = 0;
  for await (const [items, place] of way(pool, options)) {
    const messages = items.filter((item) => !(item instanceof Gap));
    for (const { seq } of messages) assert.equal(seq, all[delivered++]);
    if (items.at(-1) instanceof Gap) continue;
    for (const [option, value] of Object.entries(place))
      assert.deepEqual(await rest(pool, { ...filter, [option]: value }), all.slice(delivered), `${option} ${value} behind ${delivered}`);
  }
  assert.equal(delivered, all.length);
  assert.ok(delivered > 20);
}

/** Messages that take six times as much as JSON text as in the pool, of which the addon renders a dozen at once. */
const wide = (pool) => {
  for (let i = 1; i <= 40; i++) pool.append({ i, text: "\u0001".repeat(900) }, i % 3 ? ["kept"] : []);
};
/** More than a call gives at most. */
const many = (pool) => pool.appendMany(Array.from({ length: 300 }, (_, i) => ({ i })));
const ordinary = (pool) => pool.appendMany(Array.from({ length: 150 }, (_, i) => ({ i, text: "x".repeat(1000) })));
/** Behind damage in its middle, at which a batch ends. */
const damaged = (pool, file) => {
  wide(pool);
  pool.append({ text: "to be damaged" });
  wide(pool);
  const bytes = fs.readFileSync(file);
  fs.writeSync(fs.openSync(file, "r+"), "!", bytes.indexOf("to be damaged"));
};
const lapped = (pool) => {
  wide(pool);
  lap(pool);
  wide(pool);
};

const HERE = [
  ["wide messages", wide],
  ["many messages", many],
  ["damage", damaged, {}, { fails: true }],
  ["tags", wide, { tags: ["kept"] }],
  ["a filter", wide, { where: ".data.i % 5 > 0" }],
  ["a filter that fails", wide, { where: "if .data.i % 7 == 0 then 1 else true end" }, { fails: true }],
  ["a last seq", wide, { endSeq: 35 }],
  ["backwards", wide, { backwards: true }],
  ["a gap passed over", lapped, { sinceSeq: 1 }, { size: 128 * 1024 }],
  ["a gap told", lapped, { sinceSeq: 1, gapPolicy: "event" }, { size: 128 * 1024 }],
];

for (const [name, fill, options, { size, fails = false } = {}] of HERE) {
  test(`in a file: ${name}`, async (t) => {
    const { client, pool } = scratchPool(t, size);
    fill(pool, client.poolPath("events"));
    const ways = options === undefined ? { ...WAYS, ...LOCAL_WAYS } : WAYS;
    // A loop ends at the error of a single message.
    for (const [way, read] of Object.entries(ways))
      if (!fails || !/await|batches/.test(way)) await t.test(way, () => check(pool, read, options));
  });
}

test("on a server", async (t) => {
  const server = await serve(t);
  const there = new Client(server.url);
  for (const [name, fill, options, names = /tail/] of [
    ["wide messages", wide],
    ["a filter", wide, { where: ".data.i % 5 > 0" }],
    ["backwards", wide, { backwards: true }],
    ["ordinary messages", ordinary, {}, /tail: .*[bB]atch/],
  ]) {
    const pool = await there.createPoolAsync(name.replace(" ", "-"));
    fill(new Client(server.pools).openPool(pool.name));
    for (const [way, read] of Object.entries(WAYS)) if (names.test(way)) await t.test(`${name}, ${way}`, () => check(pool, read, options));
  }
});

test("a close, an abort or a cancel behind a call takes nothing away", async (t) => {
  const { pool } = scratchPool(t);
  wide(pool);
  const all = await rest(pool);
  const ends = {
    close: (tail) => tail.close(),
    abort: (_, controller) => controller.abort(),
    cancel: (tail) => tail.cancel(),
  };
  for (const ask of [one, taken, batch, three])
    for (const [name, end] of Object.entries(ends))
      for (let before = 0; before < 30; before++) {
        const controller = new AbortController();
        const tail = pool.tail({ signal: controller.signal });
        for (let i = 0; i < before; i++) await one(tail);
        const place = placeOf(tail);
        // Nothing is under way, so that the call is answered before the end.
        await new Promise((resolve) => setImmediate(resolve));
        const asked = ask(tail);
        end(tail, controller);
        const messages = await asked.catch((error) => {
          assert.equal(error.name, "AbortError");
        });
        const seqs = (messages ?? []).map(({ seq }) => seq);
        const what = `${ask.name}, ${name} behind ${before}`;
        assert.deepEqual(seqs, all.slice(before, before + seqs.length), what);
        assert.ok(messages === undefined || ask !== batch || messages.length > 0, what);
        assert.deepEqual(await rest(pool, { token: place.token }), all.slice(before), what);
        assert.deepEqual(await rest(pool, { sinceSeq: place.sinceSeq }), all.slice(before), what);
        if (name === "cancel") {
          assert.deepEqual(await rest(pool, { token: tail.token() }), all.slice(before + seqs.length), what);
          tail.close();
        } else {
          assert.deepEqual([tail.token(), tail.nextSeq], [undefined, undefined]);
        }
      }
});
