// A server in a directory of its own, and a browser that looks at it.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { PAGE_MODULES, PAGE_PROGRAM, PAGE_CHROMIUM } = process.env;
const { chromium } = createRequire(join(PAGE_MODULES, "package.json"))("playwright-core");

// A wait that takes longer hangs.
const PATIENCE_MS = 30000;

let browser = null;

export async function closeBrowser() {
  await browser?.close();
  browser = null;
}

// What a test leaves behind is cleared away in the reverse order: pages go before their server.
const leftovers = new WeakMap();

function finallyDo(t, work) {
  if (!leftovers.has(t)) {
    leftovers.set(t, []);
    t.after(async () => {
      for (const next of leftovers.get(t).reverse()) await next();
    });
  }
  leftovers.get(t).push(work);
}

// `serve OPTIONS` on a port of its own.
export class Server {
  #child = null;
  #directory = mkdtempSync(join(tmpdir(), "plasmite-page-"));
  #token;
  address = "127.0.0.1:0";

  static async start(t, options = [], token = null) {
    const server = new Server();
    server.#token = token;
    finallyDo(t, async () => {
      await server.stop();
      rmSync(server.#directory, { recursive: true });
    });
    await server.run(options);
    return server;
  }

  // Starts it, again on the same port when it ran before.
  async run(options = []) {
    const ready = join(this.#directory, "ready");
    rmSync(ready, { force: true });
    const all = ["--dir", join(this.#directory, "pools"), "serve", "--bind", this.address, ...options];
    if (this.#token !== null) all.push("--token", this.#token);
    const child = spawn(PAGE_PROGRAM, all, { env: { ...process.env, PLASMITE_SERVE_READY_FILE: ready }, stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    let said = "";
    child.stderr.on("data", (piece) => (said += piece));
    while (!existsSync(ready)) {
      assert.equal(child.exitCode, null, said);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.address = readFileSync(ready, "utf8");
  }

  async stop() {
    const child = this.#child;
    if (child === null || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }

  get url() {
    return `http://${this.address}`;
  }

  pls(...args) {
    return this.#run(args, "");
  }

  // Appends without the server.
  feed(pool, lines) {
    return this.#run(["feed", pool, "--file", "-"], lines.join("\n"));
  }

  #run(args, input) {
    const done = spawnSync(PAGE_PROGRAM, ["--dir", join(this.#directory, "pools"), ...args], { encoding: "utf8", input, timeout: PATIENCE_MS });
    assert.equal(done.status, 0, done.stderr);
    return done.stdout;
  }

  async #post(path, body, type) {
    const headers = { "content-type": type };
    if (this.#token !== null) headers.authorization = `Bearer ${this.#token}`;
    const response = await fetch(this.url + path, { method: "POST", headers, body });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return text;
  }

  create(pool, size = 1 << 20) {
    return this.#post("/v0/pools", JSON.stringify({ pool, size_bytes: size }), "application/json");
  }

  // `data` is JSON text, as it goes out.
  append(pool, data, tags = []) {
    return this.#post(`/v0/pools/${pool}/append`, `{"data":${data},"tags":${JSON.stringify(tags)}}`, "application/json");
  }

  // Many at once; `items` are {data, tags?, time?}.
  appendMany(pool, items) {
    return this.#post(`/v0/pools/${pool}/append`, items.map((item) => JSON.stringify(item)).join("\n"), "application/jsonl");
  }

  remove(pool) {
    return fetch(`${this.url}/v0/pools/${pool}`, { method: "DELETE" });
  }
}

// Opens a page. At the test's end its console must hold no errors but those that `expected` describes.
export async function open(t, url, { expected = null, ...options } = {}) {
  browser ??= await chromium.launch({
    executablePath: PAGE_CHROMIUM,
    args: process.getuid() === 0 ? ["--no-sandbox"] : [],
  });
  const context = await browser.newContext({ viewport: { width: 1180, height: 720 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !expected?.test(message.text())) errors.push(message.text());
  });
  finallyDo(t, async () => {
    await context.close();
    assert.deepEqual(errors, []);
  });
  await page.goto(url);
  return page;
}

// Waits until the browser says yes.
export async function until(page, check, argument) {
  await page.waitForFunction(check, argument);
}

export const status = (page, text) => page.locator("#status", { hasText: text }).waitFor();
export const rows = (page) => page.locator("#messages .row:not([hidden])");
export const rowCount = (page, number) =>
  until(page, (wanted) => document.querySelectorAll("#messages .row:not([hidden])").length === wanted, number);
