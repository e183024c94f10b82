// The public names: against the committed list, the types, the ES module, and the product description's program.

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const test = require("node:test");
const ts = require("typescript");
const { plasmite, root, run, scratch } = require("./support.js");

/** { name: members } of the values that the types declare, read from their syntax. */
function declared() {
  const text = ["types.d.ts", "remote.d.ts"].map((name) => fs.readFileSync(path.join(root, name), "utf8")).join("\n");
  const names = {};
  for (const statement of ts.createSourceFile("types.d.ts", text, ts.ScriptTarget.Latest, true).statements) {
    if (ts.isVariableStatement(statement)) for (const { name } of statement.declarationList.declarations) names[name.text] = [];
    if (ts.isFunctionDeclaration(statement)) names[statement.name.text] = [];
    if (!ts.isClassDeclaration(statement)) continue;
    const members = statement.members
      .filter((member) => member.name !== undefined)
      .map(({ name }) => name.getText().replace("[Symbol.", "["));
    names[statement.name.text] = [...new Set(members)].sort();
  }
  return names;
}

/** The same of what index.js exports: methods and accessors. */
function actual() {
  const names = {};
  for (const [name, value] of Object.entries(plasmite)) {
    const isClass = typeof value === "function" && /^class /.test(Function.prototype.toString.call(value));
    names[name] = isClass ? membersOf(value) : [];
  }
  return names;
}

function membersOf(type) {
  const hidden = ["constructor", Symbol.toStringTag, Symbol.for("nodejs.util.inspect.custom")];
  if (type.prototype instanceof Error) hidden.push("name");
  const members = [];
  for (
    let prototype = type.prototype;
    prototype !== Error.prototype && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const key of Reflect.ownKeys(prototype))
      if (!hidden.includes(key)) members.push(typeof key === "symbol" ? `[${key.description.replace(/^(Symbol|nodejs)\./, "")}]` : key);
  }
  return [...new Set(members)].sort();
}

test("the committed list", () => {
  const file = path.join(__dirname, "surface.json");
  const list = Object.fromEntries(Object.entries(actual()).sort());
  if (process.env.PLASMITE_WRITE_SURFACE) fs.writeFileSync(file, `${JSON.stringify(list, null, 2)}\n`);
  assert.deepEqual(list, JSON.parse(fs.readFileSync(file, "utf8")));
});

test("the types", () => {
  const types = declared();
  assert.deepEqual(Object.keys(types).sort(), Object.keys(plasmite).sort());
  for (const [name, members] of Object.entries(actual())) {
    for (const member of members) assert.ok(types[name].includes(member), `types.d.ts lacks ${name}.${member}`);
    // Fields stand in the types alone; methods must be there.
    const fields = [
      "seq",
      "timestampNs",
      "data",
      "meta",
      "baseUrl",
      "token",
      "client",
      "pool",
      "status",
      "kind",
      "code",
      "hint",
      "path",
      "offset",
      "maybeWritten",
      "tooLarge",
      "first",
      "last",
      "count",
    ];
    for (const member of types[name])
      assert.ok(members.includes(member) || fields.includes(member), `types.d.ts invents ${name}.${member}`);
  }
});

test("names that programs rely on", () => {
  for (const name of [
    "Client",
    "Pool",
    "Stream",
    "Lite3Stream",
    "Message",
    "Durability",
    "ErrorKind",
    "PlasmiteNativeError",
    "RemoteClient",
    "RemotePool",
    "RemoteError",
    "DEFAULT_POOL_DIR",
    "DEFAULT_POOL_SIZE",
    "DEFAULT_POOL_SIZE_BYTES",
    "parseMessage",
    "replay",
  ]) {
    assert.ok(name in plasmite, name);
  }
  for (const name of [
    "Lite3Frame",
    "MessageMeta",
    "MessageEnvelope",
    "LocalTailOptions",
    "ReplayOptions",
    "RemoteClientOptions",
    "RemotePoolInfo",
    "RemoteTailOptions",
  ]) {
    const file = name.startsWith("Remote") ? "remote.d.ts" : /^(LocalTail|Replay)/.test(name) ? "options.d.ts" : "types.d.ts";
    assert.match(fs.readFileSync(path.join(root, file), "utf8"), new RegExp(`export (interface|type) ${name}\\b`));
  }
  assert.deepEqual({ ...plasmite.Durability }, { Fast: 0, Flush: 1 });
  assert.equal(plasmite.ErrorKind.RetentionGap, 9);
  assert.equal(plasmite.DEFAULT_POOL_SIZE_BYTES, 1048576);
  const { Message, parseMessage, parseMessageJson } = require("../message.js");
  assert.ok(Message === plasmite.Message && parseMessage === plasmite.parseMessage && typeof parseMessageJson === "function");
  const { mapDurability } = require("../mappings.js");
  assert.deepEqual([mapDurability(0), mapDurability(1), mapDurability("FLUSH")], ["fast", "flush", "flush"]);
  assert.equal(require("../remote.js").RemoteClient, plasmite.RemoteClient);
});

test("as an ES module", async (t) => {
  const program = `import * as all from "plasmite"; import plasmite, { Client } from "plasmite"; import { RemoteClient } from "plasmite/remote";
    import { createRequire } from "node:module"; const required = createRequire(import.meta.url)("plasmite");
    if (required !== plasmite || required.Client !== Client || RemoteClient !== required.RemoteClient) throw new Error("two copies");
    console.log(JSON.stringify(Object.keys(all).filter((name) => name !== "default").sort()));
    for await (const message of (new Client(process.argv[1])).pool("x").tail({ follow: false })) console.log(message);`;
  const { stdout, stderr } = await run(program, { input: "module", args: [scratch(t)] });
  assert.equal(stderr, "");
  assert.deepEqual(JSON.parse(stdout), Object.keys(plasmite).sort());
});

test("without a home", async () => {
  // As where HOME is not set and the user has no entry in the system's list.
  const homeless = 'os.homedir = () => { throw new Error("no home"); };';
  const failure = "const failure = (call) => { try { return call(); } catch (error) { return error.message; } };";
  const print = "console.log(JSON.stringify([() => p.DEFAULT_POOL_DIR, p.defaultPoolDir, () => new p.Client()].map(failure)));";
  const message =
    "plasmite error: kind=Usage; message=there is no default pool directory: HOME is not set; hint=set HOME, or give a pool directory";
  const required = await run(`const os = require("node:os"); ${homeless} ${failure} const p = require("plasmite"); ${print}`, {
    env: { HOME: "" },
  });
  assert.equal(required.stderr, "");
  assert.deepEqual(JSON.parse(required.stdout), [null, message, message]);
  const program = `import os from "node:os"; ${homeless} ${failure} const p = (await import("plasmite")).default; ${print}
    const { DEFAULT_POOL_DIR, Client } = await import("plasmite"); console.log(DEFAULT_POOL_DIR === undefined, typeof Client);`;
  const imported = await run(program, { env: { HOME: "" }, input: "module" });
  assert.equal(imported.stderr, "");
  const [first, second] = imported.stdout.trim().split("\n");
  assert.deepEqual([JSON.parse(first), second], [[null, message, message], "true function"]);
  const copies = await run(
    `const p = require("plasmite"); const { DEFAULT_POOL_DIR, ...rest } = p;
    console.log([{ ...p }, Object.assign({}, p)].every((copy) => copy.Client === p.Client && "DEFAULT_POOL_DIR" in copy), DEFAULT_POOL_DIR, typeof rest.Client);`,
    { env: { HOME: "" } },
  );
  assert.deepEqual([copies.stdout, copies.stderr], ["true undefined function\n", ""]);
  const there = await run('console.log(require("plasmite").DEFAULT_POOL_DIR)', { env: { HOME: "/some/home" } });
  assert.equal(there.stdout, "/some/home/.plasmite/pools\n");
});

test("the product description's program, word for word", async (t) => {
  const program = `const { Client, Durability } = require("plasmite")
const client = new Client("./data")
const pool = client.createPool("events", 1024 * 1024)
pool.appendJson(Buffer.from('{"sensor": "temp", "value": 23.5}'), [], Durability.Fast)`;
  const directory = scratch(t);
  fs.mkdirSync(path.join(directory, "node_modules"));
  fs.symlinkSync(root, path.join(directory, "node_modules", "plasmite"));
  fs.writeFileSync(path.join(directory, "program.js"), program);
  execFileSync(process.execPath, ["program.js"], { cwd: directory });
  const pool = new plasmite.Client(path.join(directory, "data")).openPool("events");
  assert.deepEqual(pool.get(1).data, { sensor: "temp", value: 23.5 });
  assert.equal(pool.info().file_size, 1024 * 1024);
  pool.close();
});

test("one version everywhere", () => {
  const workspace = path.join(root, "..", "..", "Cargo.toml");
  const [, version] = /^version = "(.*)"$/m.exec(fs.readFileSync(workspace, "utf8"));
  assert.equal(plasmite.version, version);
  assert.equal(plasmite.libraryVersion().version, version);
  assert.equal(JSON.parse(fs.readFileSync(path.join(root, "package-lock.json"), "utf8")).version, version);
});

test("the programs forward their arguments and exit status", async () => {
  for (const name of ["plasmite", "pls"]) {
    const { spawnSync } = require("node:child_process");
    const bin = path.join(root, require("../package.json").bin[name]);
    const shown = spawnSync(process.execPath, [bin, "--version"], { encoding: "utf8" });
    assert.deepEqual([shown.status, shown.stdout.includes(plasmite.version)], [0, true], shown.stderr);
    const missing = spawnSync(process.execPath, [bin, "--dir", "/nonexistent", "fetch", "x", "1"], { encoding: "utf8" });
    assert.equal(missing.status, plasmite.ErrorKind.NotFound);
  }
});
