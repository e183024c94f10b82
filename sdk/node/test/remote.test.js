// The remote client against a server that answers as the protocol says.

const assert = require("node:assert/strict");
const http = require("node:http");
const test = require("node:test");
const { collect, plasmite, run } = require("./support.js");
const { Durability, ErrorKind, RemoteClient, RemoteError, RemotePool } = plasmite;

const line = (seq, data = { n: seq }) =>
  `{"seq":${seq},"time":"2026-01-31T08:05:09.12Z","meta":{"tags":["t"]},"data":${JSON.stringify(data)}}`;

/** A server; `answer(request, response, body)` decides. Gives { client, seen }, seen being the requests so far. */
async function served(t, answer, options) {
  const seen = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (data) => (body += data));
    request.on("end", () => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body: body && JSON.parse(body) });
      answer(request, response, seen.length);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { client: new RemoteClient(`http://127.0.0.1:${server.address().port}`, options), seen };
}

const reply = (response, value, status = 200) =>
  response.writeHead(status, { "content-type": "application/json" }).end(typeof value === "string" ? value : JSON.stringify(value));

test("requests and answers", async (t) => {
  const info = { name: "lab/1", path: "/x", file_size: 65536, bounds: {} };
  const { client, seen } = await served(t, (request, response) => {
    if (request.url.endsWith("/append") || request.url.includes("/messages/")) reply(response, `{"message":${line("9007199254740993")}}`);
    else if (request.method === "GET" && request.url === "/v0/pools") reply(response, { pools: [info] });
    else if (request.method === "DELETE") response.writeHead(204).end();
    else reply(response, { pool: info });
  });
  assert.equal(client.withToken("secret"), client);
  assert.deepEqual(await client.createPool("lab/1", 65536n), info);
  assert.deepEqual(await client.createPool("lab/2", null), info);
  const pool = await client.openPool("lab/1");
  assert.ok(pool instanceof RemotePool && pool.client === client);
  assert.equal(pool.poolRef(), "lab/1");
  assert.deepEqual(await client.poolInfo("lab/1"), info);
  assert.deepEqual(await client.listPools(), [info]);
  assert.equal(await client.deletePool("lab/1"), undefined);
  const message = await pool.append({ a: 1 }, ["x"], Durability.Flush);
  assert.equal(message.seq, 9007199254740993n);
  assert.deepEqual((await pool.get(9007199254740993n)).data, { n: "9007199254740993" });
  await pool.append(null, undefined, "FAST");
  assert.deepEqual(
    seen.map(({ method, url, body }) => [method, url, body]),
    [
      ["POST", "/v0/pools", { pool: "lab/1", size_bytes: 65536 }],
      ["POST", "/v0/pools", { pool: "lab/2" }],
      ["POST", "/v0/pools/open", { pool: "lab/1" }],
      ["GET", "/v0/pools/lab%2F1/info", ""],
      ["GET", "/v0/pools", ""],
      ["DELETE", "/v0/pools/lab%2F1", ""],
      ["POST", "/v0/pools/lab%2F1/append", { data: { a: 1 }, tags: ["x"], durability: "flush" }],
      ["GET", "/v0/pools/lab%2F1/messages/9007199254740993", ""],
      ["POST", "/v0/pools/lab%2F1/append", { data: null, tags: [], durability: "fast" }],
    ],
  );
  for (const { headers } of seen) assert.equal(headers.authorization, "Bearer secret");
});

test("tails", async (t) => {
  const { client, seen } = await served(t, (_request, response) => {
    response.writeHead(200, { "content-type": "application/jsonl" });
    // Cut anywhere, also within a character.
    const bytes = Buffer.from(`${line(1, "é😀")}\n\n${line("18446744073709551615")}\n`);
    for (let i = 0; i < bytes.length; i += 7) response.write(bytes.subarray(i, i + 7));
    response.end();
  });
  const pool = new RemotePool(client, "p");
  const options = { sinceSeq: 1n, maxMessages: 5, timeoutMs: 1000, tags: ["a b", "&"], errorOnGap: true, where: ".data > 1" };
  assert.deepEqual(
    (await collect(pool.tail(options))).map(({ seq, data }) => [seq, data]),
    [
      [1n, "é😀"],
      [18446744073709551615n, { n: "18446744073709551615" }],
    ],
  );
  const query = new URL(seen[0].url, "http://x").searchParams;
  assert.deepEqual(
    [...query],
    [
      ["since_seq", "1"],
      ["max", "5"],
      ["timeout_ms", "1000"],
      ["gap_policy", "error"],
      ["tag", "a b"],
      ["tag", "&"],
      ["where", ".data > 1"],
    ],
  );
  await collect(pool.tail());
  assert.equal(seen[1].url, "/v0/pools/p/tail");
  for (const bad of [{ sinceSeq: -1 }, { maxMessages: 1.5 }]) await assert.rejects(collect(pool.tail(bad)), RangeError);
});

test("leaving a tail aborts its request, and so does a signal", async (t) => {
  const closed = [];
  const { client } = await served(t, (_request, response) => {
    response.on("close", () => closed.push(response.writableFinished));
    response.writeHead(200).write(`${line(1)}\n`);
  });
  const pool = new RemotePool(client, "p");
  for await (const message of pool.tail()) if (message.seq === 1n) break;
  const controller = new AbortController();
  await assert.rejects(
    (async () => {
      for await (const _ of pool.tail({ signal: controller.signal })) controller.abort();
    })(),
    { name: "AbortError" },
  );
  while (closed.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual(closed, [false, false]);
});

test("a tail that reconnects goes on behind the last message", async (t) => {
  const { client, seen } = await served(t, (_request, response, count) => {
    response.writeHead(200);
    response.write(`${line(count * 2 - 1)}\n${line(count * 2)}\n`);
    if (count === 1) setTimeout(() => response.destroy(), 20);
    else response.end();
  });
  const tail = new RemotePool(client, "p").tail({ reconnect: true, maxMessages: 6, tags: "t" });
  assert.deepEqual(
    (await collect(tail)).map(({ seq }) => Number(seq)),
    [1, 2, 3, 4, 5, 6],
  );
  assert.deepEqual(
    seen.map(({ url }) => url.split("?")[1]),
    ["max=6&tag=t", "max=4&tag=t&since_seq=3", "max=2&tag=t&since_seq=5"],
  );
});

test("a tail that reconnects leaves a server in peace that ends it at once", async () => {
  const asked = [];
  const fetch = async () => {
    asked.push(performance.now());
    return new Response(asked.length < 3 ? "" : `${line(7)}\n`);
  };
  const pool = new RemotePool(new RemoteClient("http://localhost", { fetch }), "p");
  assert.equal((await pool.tail({ reconnect: true, timeoutMs: 0 }).next()).value.seq, 7n);
  // Timers may be a little early.
  for (let i = 1; i < 3; i++) assert.ok(asked[i] - asked[i - 1] >= 240, `${asked}`);
  asked.length = 0;
  const controller = new AbortController();
  const next = pool.tail({ reconnect: true, timeoutMs: 0, signal: controller.signal }).next();
  while (asked.length === 0) await new Promise(setImmediate);
  controller.abort(new Error("enough"));
  await assert.rejects(next, /enough/);
});

/** What a tail of the last two that pass a filter asks of a server which answers with the seqs of each list in turn, and what comes of it. */
async function askedOf(answers, count) {
  const asked = [];
  const fetch = async (url) => {
    if (url.pathname.endsWith("/info")) return new Response('{"pool":{"bounds":{"oldest":1,"newest":10,"count":10}}}');
    asked.push({ query: url.search, at: performance.now() });
    return new Response((answers[asked.length - 1] ?? []).map((seq) => `${line(seq)}\n`).join(""));
  };
  const controller = new AbortController();
  const pool = new RemotePool(new RemoteClient("http://localhost", { fetch }), "p");
  const tail = pool.tail({ last: 2, where: ".data.n", timeoutMs: 1000, reconnect: true, signal: controller.signal });
  const seqs = [];
  for (let i = 0; i < count; i++) seqs.push(Number((await tail.next()).value.seq));
  const next = tail.next();
  while (asked.length <= answers.length) await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort();
  await assert.rejects(next, { name: "AbortError" });
  return { seqs, queries: asked.map(({ query }) => query), times: asked.map(({ at }) => at) };
}

const AGAIN = "?tail=2&where=.data.n";
const from = (seq) => `?where=.data.n&since_seq=${seq}&timeout_ms=1000`;

test("a search for the last few that its server ended is asked for again, as long as it takes", async () => {
  const { seqs, queries } = await askedOf([[], [3, 9], [12]], 3);
  assert.deepEqual(seqs, [3, 9, 12]);
  assert.deepEqual(queries, [AGAIN, AGAIN, from(10), from(13)]);
});

test("where nothing passes the search is not made again and again", async () => {
  const { seqs, queries, times } = await askedOf([[], [], [], [12]], 1);
  assert.deepEqual(seqs, [12]);
  assert.deepEqual(queries, [AGAIN, AGAIN, from(11), from(11), from(13)]);
  // Timers may be a little early.
  for (let i = 1; i < 4; i++) assert.ok(times[i] - times[i - 1] >= 240, `${times}`);
});

test("the last few, asked for again, hide none that came between", async () => {
  const { seqs, queries } = await askedOf([[], [12, 13], [11, 12, 13]], 3);
  assert.deepEqual(seqs, [11, 12, 13]);
  assert.deepEqual(queries, [AGAIN, AGAIN, from(11), from(14)]);
});

test("bytes are JSON text", async (t) => {
  const { client, seen } = await served(t, (_request, response) => reply(response, `{"message":${line(1)}}`));
  const pool = new RemotePool(client, "p");
  const bytes = new TextEncoder().encode(' {"a":\n[1, "é"]}');
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  const forms = [bytes, Buffer.from(bytes), bytes.buffer, new DataView(bytes.buffer), shared, shared.buffer];
  for (const form of forms) await pool.append(form, ["x"]);
  assert.equal(seen.length, forms.length);
  for (const { body } of seen) assert.deepEqual(body, { data: { a: [1, "é"] }, tags: ["x"], durability: "fast" });
  for (const text of ["", "{", "1,2", '1,"tags":["mine"]', "\xff", "\xef\xbb\xbf1"])
    await assert.rejects(
      pool.append(Buffer.from(text, "latin1")),
      (error) => error instanceof RemoteError && error.kind === ErrorKind.Usage,
    );
  await assert.rejects(pool.append(new Float64Array(2)), TypeError);
  assert.equal(seen.length, forms.length);
});

test("errors", async (t) => {
  let answer;
  const { client } = await served(t, (_request, response) => answer(response));
  const pool = new RemotePool(client, "p");
  const failure = async (next) => {
    answer = next;
    return pool.get(1).then(assert.fail, (error) => error);
  };
  const given = await failure((response) =>
    reply(response, { error: { kind: "NotFound", message: "no such message", hint: "look", path: "/p", seq: 7, offset: 3 } }, 404),
  );
  assert.ok(given instanceof RemoteError && given instanceof plasmite.PlasmiteError);
  const { name, message, status, kind, code, hint, path, seq, offset } = given;
  assert.deepEqual(
    { name, message, status, kind, code, hint, path, seq, offset },
    {
      name: "RemoteError",
      message: "no such message",
      status: 404,
      kind: ErrorKind.NotFound,
      code: "PLASMITE_NOT_FOUND",
      hint: "look",
      path: "/p",
      seq: 7,
      offset: 3,
    },
  );
  assert.equal((await failure((response) => reply(response, { kind: "Busy", message: "bare" }, 423))).kind, ErrorKind.Busy);
  assert.equal((await failure((response) => reply(response, { error: { kind: "Novel", message: "?" } }, 400))).kind, ErrorKind.Io);
  for (const [code, expected] of Object.entries({
    400: "Usage",
    401: "Permission",
    403: "Permission",
    404: "NotFound",
    409: "AlreadyExists",
    413: "Usage",
    423: "Busy",
    503: "Internal",
    418: "Io",
  })) {
    assert.equal((await failure((response) => reply(response, "plain text", Number(code)))).kind, ErrorKind[expected], code);
  }
  for (const code of [301, 302, 303, 307, 308]) {
    const error = await failure((response) => response.writeHead(code, { location: "/v0/pools" }).end());
    assert.ok(error instanceof RemoteError && error.status === code, `${code}: ${error}`);
  }
  assert.ok((await failure((response) => response.end("{"))) instanceof RemoteError);
  assert.ok((await failure((response) => response.end("{}"))) instanceof RemoteError);
  answer = (response) => response.end(`${line(1)}\n{"error":{"kind":"RetentionGap","message":"gone","seq":2}}\n`);
  const tail = pool.tail();
  assert.equal((await tail.next()).value.seq, 1n);
  await assert.rejects(tail.next(), (error) => error instanceof RemoteError && error.kind === ErrorKind.RetentionGap && error.seq === 2);
  const nobody = new RemoteClient("http://127.0.0.1:1");
  await assert.rejects(
    nobody.listPools(),
    (error) => error instanceof RemoteError && error.status === 0 && error.kind === ErrorKind.Io && error.cause !== undefined,
  );
});

test("arguments are checked before any request", async (t) => {
  const { client, seen } = await served(t, (_request, response) => reply(response, {}));
  for (const url of ["ftp://x", "http://x/y", "http://x/?a=1", "nonsense", undefined, 7]) assert.throws(() => new RemoteClient(url), Error);
  assert.equal(new RemoteClient(new URL("https://example.org")).baseUrl.href, "https://example.org/");
  assert.equal(new RemoteClient("http://x").token, null);
  const pool = new RemotePool(client, "p");
  for (const durability of [2, "slow", null, {}]) await assert.rejects(pool.append(1, [], durability), TypeError);
  for (const value of [undefined, () => {}, 1n]) await assert.rejects(pool.append(value), TypeError);
  for (const seq of [undefined, null, "1", {}]) await assert.rejects(pool.get(seq), TypeError);
  for (const seq of [-1, 1.5, 2 ** 53, 2n ** 64n]) await assert.rejects(pool.get(seq), RangeError);
  for (const name of ["", 7, undefined]) await assert.rejects(client.openPool(name), TypeError);
  assert.equal(seen.length, 0);
});

test("a token crosses no network unencrypted", async () => {
  const sent = [];
  const fetch = async (url) => {
    sent.push(url.hostname);
    return new Response('{"pools":[]}');
  };
  for (const host of ["example.org", "10.0.0.1", "128.0.0.1", "localhost.example.org", "127.0.0.1.example.org"]) {
    const client = new RemoteClient(`http://${host}`, { fetch }).withToken("secret");
    await assert.rejects(
      client.listPools(),
      (error) => error instanceof RemoteError && error.kind === ErrorKind.Usage && !error.message.includes("secret"),
    );
  }
  assert.deepEqual(sent, []);
  for (const base of ["http://localhost", "http://127.9.9.9", "http://[::1]", "https://example.org"])
    await new RemoteClient(base, { fetch, token: "secret" }).listPools();
  await new RemoteClient("http://example.org", { fetch, token: "secret", insecureToken: true }).listPools();
  await new RemoteClient("http://example.org", { fetch }).listPools();
  assert.equal(sent.length, 6);
});

test("works where the addon is missing", async () => {
  const program = `
    const Module = require("node:module");
    const load = Module._extensions[".node"];
    Module._extensions[".node"] = () => { throw new Error("no addon today"); };
    const p = require("./index.js");
    new p.RemoteClient("http://localhost");
    p.parseMessage({ seq: 1, time: "2026-01-31T08:05:09Z", meta: { tags: [] }, data: 1 });
    try { new p.Client("x"); } catch (error) { console.log(error.message); }`;
  const { stdout, stderr } = await run(program);
  assert.equal(stderr, "");
  for (const part of [`${process.platform}-${process.arch}`, "no addon today", "index.node"]) assert.ok(stdout.includes(part), stdout);
});
