// What the tests share: scratch directories, pools, child processes, and a watchdog.

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const plasmite = require("../index.js");

/** Catches hangs; no test waits so long. */
const WATCHDOG_MS = 30_000;
const root = path.resolve(__dirname, "..");

/** A directory that is gone after the test. */
function scratch(t) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "plasmite-node-"));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** { client, pool, directory }, closed after the test. */
function scratchPool(t, sizeBytes = 1024 * 1024) {
  const directory = scratch(t);
  const client = new plasmite.Client(directory);
  const pool = client.createPool("events", sizeBytes);
  t.after(() => pool.close());
  return { client, pool, directory };
}

/** Runs JavaScript text in a process of its own: { status, signal, stdout, stderr }. */
function run(text, { args = [], env = {}, input = "commonjs" } = {}) {
  const child = spawn(process.execPath, [`--input-type=${input}`, "-e", text, ...args], { cwd: root, env: { ...process.env, ...env } });
  return finished(child);
}

function finished(child) {
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (data) => (stdout += data));
    child.stderr?.on("data", (data) => (stderr += data));
    const watchdog = setTimeout(() => child.kill("SIGKILL"), WATCHDOG_MS);
    child.on("error", reject);
    child.on("close", (status, signal) => {
      clearTimeout(watchdog);
      resolve({ status, signal, stdout, stderr });
    });
  });
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** All that an iterable gives. */
async function collect(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}

/** Overwrites everything that the pool holds. */
function lap(pool) {
  const { newest } = pool.bounds();
  while (pool.bounds().oldest <= newest) pool.append({ filler: "x".repeat(2000) });
}

/** A matcher of library errors for assert.throws. */
const kind = (name) => (error) => error instanceof plasmite.PlasmiteNativeError && error.kind === plasmite.ErrorKind[name];

module.exports = { plasmite, root, scratch, scratchPool, run, finished, sleep, collect, lap, kind, WATCHDOG_MS };
