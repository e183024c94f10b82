const assert = require("node:assert/strict");
const test = require("node:test");
const util = require("node:util");
const { plasmite } = require("./support.js");
const { Message, parseMessage } = plasmite;
const { parseMessageJson } = require("../message.js");

const envelope = (seq, more = {}) => ({ seq, time: "2026-01-31T08:05:09.12Z", meta: { tags: ["a"] }, data: { x: 1 }, ...more });
const json = (seq) => Buffer.from(`{"seq":${seq},"time":"2026-01-31T08:05:09.12Z","meta":{"tags":[]},"data":{"seq":18446744073709551615}}`);

test("of bytes", () => {
  const bytes = Buffer.from('{"seq":1,"time":"2026-01-31T08:05:09.12Z","meta":{"tags":["a","b"]},"data":{"x":1.0}}');
  const message = parseMessage(bytes);
  assert.ok(message instanceof Message);
  assert.equal(message.seq, 1n);
  assert.equal(message.time.toISOString(), "2026-01-31T08:05:09.120Z");
  assert.equal(message.timeRfc3339, "2026-01-31T08:05:09.12Z");
  assert.equal(message.timestampNs, 1769846709120000000n);
  assert.deepEqual([message.data, message.tags, message.meta], [{ x: 1 }, ["a", "b"], { tags: ["a", "b"] }]);
  assert.ok(Object.isFrozen(message.meta) && Object.isFrozen(message.meta.tags));
  assert.deepEqual(message.raw, bytes);
  assert.equal(parseMessage(message), message);
  assert.deepEqual(parseMessage(new Uint8Array(bytes)).raw, bytes);
  // The bytes are its own.
  bytes.fill(0);
  assert.equal(message.raw[0], "{".charCodeAt(0));
});

test("seqs are exact for all of uint64", () => {
  for (const [text, seq] of [
    ["0", 0n],
    ["9007199254740991", 9007199254740991n],
    ["9007199254740993", 9007199254740993n],
    ["18446744073709551615", 18446744073709551615n],
    ["1e2", 100n],
    ["100.0", 100n],
    ["1.8446744073709551615e19", 18446744073709551615n],
    ["184467440737095516150e-1", 18446744073709551615n],
  ]) {
    assert.equal(parseMessage(json(text)).seq, seq);
  }
  const spaced = Buffer.from(
    ' { "data" : [{"seq":[1,"}"]}, "x\\"seq"] , "time":"2026-01-31T08:05:09Z" ,"meta":{"tags":[]} , "seq" : 9007199254740993 } ',
  );
  assert.equal(parseMessage(spaced).seq, 9007199254740993n);
  const escaped = Buffer.from('{"\\u0073eq":9007199254740993,"time":"2026-01-31T08:05:09Z","meta":{"tags":[]},"data":0}');
  assert.equal(parseMessage(escaped).seq, 9007199254740993n);
  for (const text of ["-1", "1.5", "18446744073709551616", "1e400", "9007199254740991.5"])
    assert.throws(() => parseMessage(json(text)), RangeError, text);
  assert.deepEqual(parseMessageJson(json("7")).seq, 7n);
});

test("of an envelope", () => {
  for (const seq of [7, 7n, "7"]) assert.equal(parseMessage(envelope(seq)).seq, 7n);
  assert.equal(parseMessage(envelope(7)).raw.toString(), '{"seq":7,"time":"2026-01-31T08:05:09.12Z","data":{"x":1},"meta":{"tags":["a"]}}');
  assert.equal(JSON.parse(parseMessage(envelope(2n ** 63n)).raw).seq, "9223372036854775808");
  for (const seq of [-1, 1.5, 2 ** 53, -1n, 2n ** 64n, "18446744073709551616"])
    assert.throws(() => parseMessage(envelope(seq)), RangeError);
  for (const seq of ["", "1e2", " 1", null, undefined, {}, true]) assert.throws(() => parseMessage(envelope(seq)), TypeError);
  for (const time of ["yesterday", "2026-02-30T00:00:00Z", "2026-01-31", "2026-01-31T25:00:00Z", 5, null, "2026-01-31T08:05:09"]) {
    assert.throws(() => parseMessage(envelope(1, { time })), TypeError);
  }
  for (const meta of [undefined, null, {}, { tags: "a" }, { tags: [1] }])
    assert.throws(() => parseMessage(envelope(1, { meta })), TypeError);
  const { data: _, ...without } = envelope(1);
  for (const none of [without, null, undefined, 5, "{}", [], true]) assert.throws(() => parseMessage(none), TypeError);
  assert.throws(() => parseMessage(Buffer.from("{")), SyntaxError);
  assert.equal(parseMessage(envelope(1, { time: "2026-01-31T09:05:09.123456789+01:00" })).timestampNs, 1769846709123456789n);
  assert.equal(parseMessage(envelope(1, { time: "1969-12-31T23:59:59.5Z" })).time.getTime(), -500);
});

test("JSON.stringify, comparison, and what consoles show", () => {
  const message = parseMessage(envelope(7));
  assert.equal(JSON.stringify(message), '{"seq":7,"time":"2026-01-31T08:05:09.12Z","meta":{"tags":["a"]},"data":{"x":1}}');
  assert.equal(JSON.parse(JSON.stringify(parseMessage(envelope(2n ** 64n - 1n)))).seq, "18446744073709551615");
  assert.deepEqual(parseMessage(JSON.parse(JSON.stringify(message))), message);
  assert.notDeepEqual(parseMessage(envelope(8)), message);
  assert.match(util.inspect(message), /^Message \{ ?\s*seq: 7n/);
});

test("numbers of infos and reports are exact", () => {
  const { parseExact } = require("../lib/exact.js");
  const text =
    '{"a":18446744073709551615,"b":[-9223372036854775808,1,9007199254740991,9007199254740992],"c":"x 18446744073709551615 \\" 1","d":1e300,"e":0.1234567890123456,"f":null}';
  assert.deepEqual(parseExact(text), {
    a: 18446744073709551615n,
    b: [-9223372036854775808n, 1, 9007199254740991, 9007199254740992n],
    c: 'x 18446744073709551615 " 1',
    d: 1e300,
    e: 0.1234567890123456,
    f: null,
  });
  assert.deepEqual(parseExact('{"n":[1,null,"a"]}'), { n: [1, null, "a"] });
  assert.throws(() => parseExact('{"n":12345678901234567890'), SyntaxError);
});
