// All pools at a glance.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, open, rows, Server, status, until } from "./harness.mjs";

after(closeBrowser);

test("pools are listed, filtered, and come and go by themselves", async (t) => {
  const server = await Server.start(t);
  const page = await open(t, `${server.url}/ui`);
  await page.getByText("No pools here yet").waitFor();
  await server.create("beta", 65536);
  await server.create("alpha");
  await server.appendMany("beta", Array.from({ length: 300 }, (_, n) => ({ data: { n } })));
  const beta = page.getByRole("row", { name: /^beta/ });
  await beta.waitFor();
  await status(page, "live");
  assert.deepEqual(await page.locator("tbody th").allTextContents(), ["alpha", "beta"]);
  await beta.getByRole("cell", { name: "300", exact: true }).waitFor();
  await beta.getByRole("cell", { name: "64K", exact: true }).waitFor();
  const used = Number(await beta.getByRole("meter").getAttribute("aria-valuenow"));
  assert.ok(used > 10 && used < 100, String(used));
  assert.ok((await beta.locator(".fill").boundingBox()).width > 5);
  // A rate once it has looked twice.
  await server.append("beta", "1");
  await until(page, () => /[\d.]+\/s/.test(document.querySelectorAll("tbody tr")[1].textContent));

  await page.keyboard.press("/");
  await page.keyboard.type("ALP");
  await beta.waitFor({ state: "hidden" });
  await page.getByRole("row", { name: /^alpha/ }).waitFor();
  await page.getByLabel("Names with").fill("");
  await page.keyboard.press("Escape");

  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/ui/pools/beta");
  await rows(page).last().waitFor();
  await page.getByRole("link", { name: "Plasmite" }).click();
  await page.waitForURL("**/ui");
  await page.getByRole("row", { name: /^alpha/ }).waitFor();
  await server.remove("alpha");
  await page.getByRole("row", { name: /^alpha/ }).waitFor({ state: "detached" });
});

test("content is text, whatever it looks like", async (t) => {
  const server = await Server.start(t);
  const name = "a b'&<i>ü";
  server.pls("pool", "create", name);
  server.pls("feed", name, '{"<img src=x onerror=alert(1)>":"<script>alert(1)</script>"}', "--tag", "<b>bold</b>");
  const page = await open(t, `${server.url}/ui`);
  await page.getByRole("link", { name }).click();
  await rows(page).first().click();
  await page.locator("#detail .key", { hasText: "<img src=x" }).waitFor();
  await page.locator("#detail .tag", { hasText: "<b>bold</b>" }).waitFor();
  assert.equal(await page.locator("main img, main script, main b, main i").count(), 0);
  await page.locator("#detail code", { hasText: `pls fetch '${server.url}/a%20b'\\''%26%3Ci%3E%C3%BC' 1` }).waitFor();
});
