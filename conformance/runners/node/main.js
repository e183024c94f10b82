#!/usr/bin/env node
// The host `node`: runs the steps of a manifest through the Node SDK, as format.md says.

const { execFile, spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");
const { need, sdkError } = require("./errors.js");
const { Failure, encode, outcomeMismatch, replace, shown, unsafe } = require("./values.js");

// The host `node-fetch` (argument --fetch first) goes through the remote client, which needs no addon.
const fetching = process.argv[2] === "--fetch";
const { Host } = require(fetching ? "./fetch.js" : "./host.js");

const V0_OPS = [
  "create_pool",
  "append",
  "get",
  "fetch",
  "tail",
  "retention_gap",
  "list_pools",
  "pool_info",
  "delete_pool",
  "spawn_poke",
  "corrupt_pool_header",
  "chmod_path",
];
const AWAIT_MS = 30_000;

/** A failure with the path of its step. */
class StepFailure extends Error {}

/** A spawned runner. */
class Process {
  constructor(child, stem) {
    this.child = child;
    this.stem = stem;
    this.closed = false;
    this.ended = new Promise((resolve, reject) => {
      child.on("close", (exit, signal) => resolve({ exit, signal }));
      child.on("error", (error) => reject(new Failure(`a runner cannot be started: ${error.message}`)));
    });
    // Told by join.
    this.ended.catch(() => {});
  }
  close() {
    if (this.closed) return;
    this.child.kill("SIGKILL");
    throw new Failure("a spawned process was not joined");
  }
}

class Runner {
  constructor(manifest, workdir) {
    this.version = manifest.conformance_version;
    this.manifest = manifest;
    this.workdir = workdir;
    this.home = process.env.PLASMITE_CONFORMANCE_HOME ?? workdir;
    this.captures = new Map(Object.entries(manifest.captures ?? {}));
    this.handles = new Map();
    this.closedNames = new Set();
    this.host = new Host(this);
    this.completed = 0;
  }

  async run() {
    for (const [index, step] of this.manifest.steps.entries()) {
      await this.step(step, String(index));
      this.completed++;
    }
    for (const handle of this.handles.values()) handle.close();
  }

  async steps(steps, at) {
    for (const [index, step] of steps.entries()) await this.step(step, `${at}.${index}`);
  }

  async step(step, at) {
    try {
      const { steps, branches, ...own } = step;
      const outer = this.version === 1 ? replace(own, this.captures) : own;
      if (this.version === 1 && outer.input) {
        outer.input = Object.fromEntries(Object.entries(outer.input).map(([key, value]) => [key, key === "data" ? value : unsafe(value)]));
      }
      await this.execute({ ...outer, steps, branches }, at);
    } catch (error) {
      if (error instanceof StepFailure) throw error;
      const name = "id" in step ? ` (${step.id})` : "";
      const fields = sdkError(error);
      if (!(error instanceof Failure) && fields === null) throw new StepFailure(`step ${at}${name}: ${error.stack}`);
      throw Object.assign(new StepFailure(`step ${at}${name}: ${fields === null ? error.message : `failed: ${shown(fields)}`}`), {
        fields,
      });
    }
  }

  async execute(step, at) {
    const op = need(step, "op");
    const given = step.input ?? {};
    if (this.version === 1 && `control_${op}` in this) {
      await this[`control_${op}`](step, given, at);
      return;
    }
    const owner = `op_${op}` in this ? this : this.host;
    if (!(`op_${op}` in owner) || (this.version === 0 && !V0_OPS.includes(op))) throw new Failure(`unknown op ${op}`);
    let result = null;
    let error = null;
    try {
      result = (await owner[`op_${op}`](step, given)) ?? {};
    } catch (thrown) {
      error = sdkError(thrown);
      if (error === null || step.expect === undefined) throw thrown;
    }
    const expect = this.expected(step);
    const matchers = this.version === 1 || step.expect?.messages_unordered !== undefined;
    const found = expect === undefined ? null : outcomeMismatch(expect, result, error, matchers);
    if (found !== null) throw new Failure(op === "join" ? `${found}; it says: ${result.stderr.trim()}` : found);
    if ("as" in step) this.captures.set(step.as, error ?? result);
  }

  expected({ op, expect }) {
    if (expect === undefined) return op === "join" ? { exit: 0 } : undefined;
    if (this.version === 1) return expect;
    const { created: _, messages_unordered: unordered, names, ...rest } = expect;
    return { ...rest, ...(unordered && { messages: { $unordered: unordered } }), ...(names && { names: [...names].sort() }) };
  }

  keep(step, handle) {
    if (this.handles.has(step.keep) && !this.closedNames.has(step.keep)) throw new Failure(`there is a handle ${step.keep} already`);
    this.closedNames.delete(step.keep);
    this.handles.set(step.keep, handle);
  }

  on(step) {
    const name = need(step, "on");
    if (!this.handles.has(name)) throw new Failure(`there is no handle ${name}`);
    return this.handles.get(name);
  }

  // Control

  async control_repeat(step, given, at) {
    const rounds = given.for?.length ?? given.count ?? 0;
    let done = 0;
    let ended = given.until === undefined;
    for (let n = 0; n < rounds; n++) {
      const item = given.for?.[n] ?? null;
      if ("as" in step) this.captures.set(step.as, { n, item });
      try {
        await this.steps(need(step, "steps"), at);
      } catch (error) {
        if (given.until === undefined || error.fields?.kind !== given.until) throw error;
        ended = true;
        break;
      }
      done++;
    }
    if (!ended) throw new Failure(`no ${given.until} within ${done} rounds`);
    if ("as" in step) this.captures.set(step.as, { n: done, item: null });
  }

  async control_parallel(step, _given, at) {
    const ends = await Promise.allSettled(need(step, "branches").map((steps, index) => this.steps(steps, `${at}.${index}`)));
    for (const { status, reason } of ends) if (status === "rejected") throw reason;
  }

  op_spawn(step, given) {
    const { PLASMITE_CONFORMANCE_HOST: self, PLASMITE_CONFORMANCE_PEER: peer, PLASMITE_CONFORMANCE_HOSTS: file } = process.env;
    const host = { self, peer }[given.host] ?? given.host;
    const commands = JSON.parse(fs.readFileSync(file, "utf8"));
    if (!Object.hasOwn(commands, host)) throw new Failure(`there is no host ${host}`);
    const stem = path.join(this.workdir, `spawn-${need(step, "keep")}`);
    const captures = Object.fromEntries(this.captures);
    fs.writeFileSync(`${stem}.json`, encode({ conformance_version: 1, name: path.basename(stem), captures, steps: need(step, "steps") }));
    const [program, ...args] = [...commands[host], `${stem}.json`, "--workdir", this.workdir];
    const [out, err] = ["out", "err"].map((end) => fs.openSync(`${stem}.${end}`, "w"));
    const child = spawn(program, args, {
      cwd: this.workdir,
      stdio: ["ignore", out, err],
      env: { ...process.env, PLASMITE_CONFORMANCE_HOST: host },
    });
    fs.closeSync(out);
    fs.closeSync(err);
    this.keep(step, new Process(child, stem));
    return {};
  }

  async op_join(step) {
    const joined = this.on(step);
    const { exit, signal } = await joined.ended;
    joined.closed = true;
    const line = fs.readFileSync(`${joined.stem}.out`, "utf8").trim().split("\n").at(-1);
    const captures = exit === 0 && line ? (JSON.parse(line).captures ?? {}) : {};
    return { exit, signal: signal?.replace(/^SIG/, "") ?? null, captures, stderr: fs.readFileSync(`${joined.stem}.err`, "utf8") };
  }

  op_kill(step, given) {
    this.on(step).child.kill(`SIG${need(given, "signal")}`);
    return {};
  }

  async op_await(_step, given) {
    const file = path.join(this.workdir, need(given, "path"));
    for (const until = performance.now() + AWAIT_MS; !fs.existsSync(file); await sleep(2)) {
      if (performance.now() > until) throw new Failure(`${given.path} has not come in ${AWAIT_MS} ms`);
    }
    return {};
  }

  async op_sleep(_step, given) {
    await sleep(need(given, "ms"));
    return {};
  }

  op_start_server(step, given) {
    return new Promise((resolve, reject) => {
      execFile(process.env.PLASMITE_CONFORMANCE_SERVER, [step.op, encode(given)], (error, _said, told) =>
        error === null ? resolve({}) : reject(new Failure(told || error.message)),
      );
    });
  }

  op_stop_server(step, given) {
    return this.op_start_server(step, given);
  }

  op_close(step) {
    this.on(step).close();
    this.closedNames.add(step.on);
    return {};
  }

  // Files

  op_file(_step, given) {
    const file = path.join(this.workdir, need(given, "path"));
    const other = (name) =>
      path.join(given[name].startsWith("fixtures/") ? process.env.PLASMITE_CONFORMANCE_DIR : this.workdir, need(given, name));
    const bytes = () => ("text" in given ? Buffer.from(given.text) : Buffer.from(need(given, "hex"), "hex"));
    const actions = {
      write: () => ("offset" in given ? patch(file, given.offset, bytes) : fs.writeFileSync(file, bytes())),
      flip: () => patch(file, need(given, "offset"), (old) => Buffer.from([old ^ 255])),
      copy: () => fs.copyFileSync(other("from"), file),
      rename: () => fs.renameSync(file, other("to")),
      remove: () => fs.rmSync(file, { force: true }),
      truncate: () => fs.truncateSync(file, need(given, "size")),
      chmod: () => fs.chmodSync(file, Number.parseInt(need(given, "mode"), 8)),
      mkdir: () => fs.mkdirSync(file, { recursive: true }),
    };
    if (!Object.hasOwn(actions, need(given, "do"))) throw new Failure(`unknown file operation ${given.do}`);
    actions[given.do]();
    return {};
  }

  // Version 0

  op_fetch(step, given) {
    return this.host.op_get(step, given);
  }

  op_corrupt_pool_header(step) {
    fs.writeFileSync(path.join(this.workdir, `${need(step, "pool")}.plasmite`), "NOPE");
  }

  op_chmod_path(step, given) {
    return this.op_file(step, { do: "chmod", ...given });
  }

  async op_spawn_poke(step, given) {
    const commands = need(given, "messages").map((message) => [
      ...["--dir", this.workdir, "feed", need(step, "pool"), JSON.stringify(need(message, "data"))],
      ...(message.tags ?? []).flatMap((tag) => ["--tag", tag]),
    ]);
    const running = commands.map(
      (args) =>
        new Promise((resolve) => spawn(process.env.PLASMITE_BIN, args, { stdio: ["ignore", "ignore", "inherit"] }).on("close", resolve)),
    );
    if ((await Promise.all(running)).some((status) => status !== 0)) throw new Failure("a writer failed");
  }

  async op_retention_gap(step, given) {
    const scenario = JSON.parse(fs.readFileSync(path.join(process.env.PLASMITE_CONFORMANCE_DIR, "v0-retention-gap.json"), "utf8"));
    await new Runner({ ...scenario, captures: { in: { base: need(step, "pool"), size: given.size_bytes ?? 65536 } } }, this.workdir).run();
  }
}

/** Writes what `content(old byte)` gives at a place of a file; a negative one counts from the end. */
function patch(file, offset, content) {
  const descriptor = fs.openSync(file, "r+");
  try {
    const at = offset < 0 ? fs.fstatSync(descriptor).size + offset : offset;
    const old = Buffer.alloc(1);
    fs.readSync(descriptor, old, 0, 1, at);
    const bytes = content(old[0]);
    fs.writeSync(descriptor, bytes, 0, bytes.length, at);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** The emptied working directory of a version 0 manifest. */
function prepareV0(file, manifest) {
  const name = "workdir" in manifest ? manifest.workdir : "work";
  if (typeof name !== "string" || !/^work(-[A-Za-z0-9_-]+)?$/.test(name)) throw new Failure(`a bad workdir: ${shown(name)}`);
  const workdir = path.join(path.dirname(path.resolve(file)), name);
  if (fs.lstatSync(workdir, { throwIfNoEntry: false })?.isSymbolicLink()) throw new Failure(`the workdir ${name} is a symbolic link`);
  fs.rmSync(workdir, { recursive: true, force: true });
  fs.mkdirSync(workdir);
  return workdir;
}

async function main([file, ...rest]) {
  const started = performance.now();
  let manifest = {};
  let runner = null;
  let error = null;
  try {
    manifest = JSON.parse(fs.readFileSync(file, "utf8"));
    if (![0, 1].includes(manifest.conformance_version))
      throw new Failure(`unknown conformance_version ${shown(manifest.conformance_version)}`);
    const workdir = manifest.conformance_version === 0 ? prepareV0(file, manifest) : rest[rest.indexOf("--workdir") + 1];
    runner = new Runner(manifest, workdir);
    await runner.run();
  } catch (failure) {
    error = failure instanceof StepFailure || failure instanceof Failure ? failure.message : failure.stack;
    console.error(error);
  }
  for (const handle of runner?.handles.values() ?? []) if (handle instanceof Process && !handle.closed) handle.child.kill("SIGKILL");
  const outcome = error === null ? { outcome: "pass" } : { outcome: "fail", error };
  const line = {
    manifest: manifest.name,
    host: process.env.PLASMITE_CONFORMANCE_HOST,
    ...outcome,
    steps: runner?.completed ?? 0,
    ms: Math.round(performance.now() - started),
  };
  if (error === null) line.captures = Object.fromEntries(runner.captures);
  fs.writeSync(1, `${encode(line)}\n`);
  process.exit(error === null ? 0 : 1);
}

main(fetching ? process.argv.slice(3) : process.argv.slice(2));
