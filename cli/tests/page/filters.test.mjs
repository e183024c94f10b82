// Filters by text, tag and jq.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, open, rowCount, rows, Server, status } from "./harness.mjs";

after(closeBrowser);

async function opened(t, query = "", options = {}) {
  const server = await Server.start(t);
  await server.create("lab");
  await server.appendMany("lab", Array.from({ length: 40 }, (_, n) => ({
    data: { n: n + 1, name: `Item ${n + 1}` },
    tags: n % 2 === 0 ? ["odd", "all"] : ["even", "all"],
  })));
  const page = await open(t, `${server.url}/ui/pools/lab${query}`, options);
  return { server, page };
}

test("text narrows what is shown, also of what comes", async (t) => {
  const { server, page } = await opened(t);
  await rowCount(page, 40);
  await page.getByLabel("Text").fill("ITEM 4");
  await rowCount(page, 2);
  await page.locator("#shown", { hasText: "2 of 40 messages" }).waitFor();
  await server.append("lab", '{"name":"item 400"}');
  await rowCount(page, 3);
  await server.append("lab", '{"name":"other"}');
  await page.locator("#shown", { hasText: "3 of 42 messages" }).waitFor();
  await page.getByLabel("Text").fill("");
  await rowCount(page, 42);
});

test("tags and jq conditions are the server's work", async (t) => {
  const { server, page } = await opened(t);
  await rowCount(page, 40);
  await page.getByRole("searchbox", { name: "Tags" }).fill("odd, all");
  await page.keyboard.press("Enter");
  await rowCount(page, 20);
  await page.getByLabel("jq").fill(".data.n > 30");
  await page.getByRole("button", { name: "Apply" }).click();
  await rowCount(page, 5);
  assert.deepEqual(await page.locator("#messages .seq").allTextContents(), ["31", "33", "35", "37", "39"]);
  await server.append("lab", '{"n":50}', ["even", "all"]);
  await server.append("lab", '{"n":51}', ["odd", "all"]);
  await rowCount(page, 6);
  assert.equal(await rows(page).last().locator(".seq").textContent(), "42");
  // The address says it all, so that it can be passed on.
  const { searchParams } = new URL(page.url());
  assert.deepEqual(searchParams.getAll("tag"), ["odd", "all"]);
  assert.equal(searchParams.get("where"), ".data.n > 30");
  await page.reload();
  await rowCount(page, 6);
});

test("several conditions of the address hold together, each as it is", async (t) => {
  const each = [".data.n < 3 or .data.n > 38", "true or .data.n == 1 # all of them"];
  const { page } = await opened(t, `?${each.map((where) => `where=${encodeURIComponent(where)}`).join("&")}`);
  await rowCount(page, 4);
  assert.equal(await page.getByLabel("jq").inputValue(), `(${each[0]}) and (${each[1]})`);
  await page.getByRole("searchbox", { name: "Tags" }).fill("odd");
  await page.keyboard.press("Enter");
  await rowCount(page, 2);
  assert.deepEqual(new URL(page.url()).searchParams.getAll("where"), each);
  await page.getByLabel("jq").fill(".data.n < 6");
  await page.keyboard.press("Enter");
  await rowCount(page, 3);
});

test("conditions are joined so that they can be edited", async (t) => {
  const each = [".data.n < 3 or .data.n > 38", ".data.n > 1"];
  const { page } = await opened(t, `?${each.map((where) => `where=${encodeURIComponent(where)}`).join("&")}`);
  await rowCount(page, 3);
  await page.getByLabel("jq").press("End");
  await page.keyboard.type(" and .data.n < 40");
  await page.keyboard.press("Enter");
  await rowCount(page, 2);
});

test("a tag is what it is, with commas and blanks", async (t) => {
  const odd = ["a, b", " x ", '"y', "plain"];
  const server = await Server.start(t);
  await server.create("lab");
  await server.append("lab", "1", odd);
  await server.append("lab", "2", ["a", "b", "x", "y", "plain"]);
  const page = await open(t, `${server.url}/ui/pools/lab?${odd.map((tag) => `tag=${encodeURIComponent(tag)}`).join("&")}`);
  await rowCount(page, 1);
  const tags = page.getByRole("searchbox", { name: "Tags" });
  assert.equal(await tags.inputValue(), '"a, b", " x ", "\\"y", plain');
  await tags.fill('plain, " x "');
  await page.keyboard.press("Enter");
  await rowCount(page, 1);
  assert.deepEqual(new URL(page.url()).searchParams.getAll("tag"), ["plain", " x "]);
  await tags.fill(" plain ,");
  await page.keyboard.press("Enter");
  await rowCount(page, 2);
  const form = page.getByRole("form", { name: "Append a message" });
  await page.getByLabel("JSON", { exact: true }).fill("3");
  await form.getByLabel("Tags").fill('plain, "c, d"');
  await page.getByRole("button", { name: "Append" }).click();
  await rowCount(page, 3);
  assert.deepEqual(await rows(page).last().locator(".tag").allTextContents(), ["plain", "c, d"]);
});

test("history is filtered too, and a filter ends a pause", async (t) => {
  const { page } = await opened(t, "?n=5&tag=even");
  await rowCount(page, 5);
  await page.getByRole("button", { name: "Load earlier" }).click();
  await rowCount(page, 20);
  await status(page, "paused");
  await page.getByRole("searchbox", { name: "Tags" }).fill("");
  await page.keyboard.press("Enter");
  await rowCount(page, 5);
  await status(page, "live");
});

test("what is wrong with a condition is said at its field", async (t) => {
  const { page } = await opened(t, "", { expected: /400/ });
  await rowCount(page, 40);
  await page.getByLabel("jq").fill(".data.n >");
  await page.keyboard.press("Enter");
  await page.locator("#filter-said", { hasText: /\w+/ }).waitFor();
  assert.equal(await page.getByLabel("jq").getAttribute("aria-invalid"), "true");
  await page.getByLabel("jq").fill(".data.n == 7");
  await page.keyboard.press("Enter");
  await rowCount(page, 1);
  await page.locator("#filter-said").waitFor({ state: "hidden" });
});
