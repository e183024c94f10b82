// Takes the pictures of the page that are in docs/: screenshots.mjs is run like a test, by `make page-screenshots`.

import { after, test } from "node:test";
import { closeBrowser, open, rows, Server, until } from "./harness.mjs";

const DOCS = new URL("../../../docs/", import.meta.url).pathname;

after(closeBrowser);

const LEVELS = ["info", "info", "warn", "info", "error"];
const STEPS = ["compile", "test", "package", "deploy"];

function builds(count) {
  return Array.from({ length: count }, (_, n) => ({
    data: { step: STEPS[n % 4], status: n % 5 === 4 ? "failed" : "done", took_ms: 140 + ((n * 37) % 900), commit: { id: 9007199254740000 + n, files: ["core/src/ring.rs", "docs/http.md"] } },
    tags: [LEVELS[n % 5], "build"],
  }));
}

async function filled(t) {
  const server = await Server.start(t);
  for (const [pool, size, count] of [["build", 1 << 18, 900], ["chat", 1 << 20, 150], ["sensors", 1 << 17, 700], ["traces", 1 << 22, 4000]]) {
    await server.create(pool, size);
    for (let done = 0; done < count; done += 100) await server.appendMany(pool, builds(Math.min(100, count - done)));
  }
  return server;
}

test("all pools", async (t) => {
  const server = await filled(t);
  const page = await open(t, `${server.url}/ui`, { viewport: { width: 1000, height: 330 } });
  await page.getByRole("row", { name: /^traces/ }).waitFor();
  await server.appendMany("sensors", builds(60));
  await server.append("chat", '"hello"');
  await until(page, () => /[1-9]\d*\/s/.test(document.querySelectorAll("tbody tr")[2].textContent));
  await page.screenshot({ path: `${DOCS}page-pools.png` });
});

test("one pool", async (t) => {
  const server = await filled(t);
  const page = await open(t, `${server.url}/ui/pools/build`, { viewport: { width: 1180, height: 640 }, colorScheme: "dark" });
  await rows(page).last().waitFor();
  await until(page, () => document.getElementById("fact-rate").textContent === "–");
  await server.appendMany("build", builds(25));
  await until(page, () => /[1-9]/.test(document.getElementById("fact-rate").textContent));
  await page.keyboard.press("j");
  for (let n = 0; n < 4; n += 1) await page.keyboard.press("k");
  await page.locator("#detail-seq").waitFor();
  await page.screenshot({ path: `${DOCS}page-pool.png` });
});
