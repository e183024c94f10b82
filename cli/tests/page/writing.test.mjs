// The feed box, tokens, and a server that goes away.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, open, rowCount, rows, Server, status } from "./harness.mjs";

after(closeBrowser);

test("the feed box appends, and says what is wrong", async (t) => {
  const server = await Server.start(t, ["--max-body-bytes", "300"]);
  await server.create("lab");
  const page = await open(t, `${server.url}/ui/pools/lab`, { expected: /413/ });
  const json = page.getByLabel("JSON", { exact: true });
  await json.waitFor();
  await page.locator("body").press("f");
  await page.keyboard.type('{"big":9007199254740993}');
  await page.getByRole("form", { name: "Append a message" }).getByLabel("Tags").fill("x, y");
  await page.getByLabel("on disk before the answer").check();
  await page.getByRole("button", { name: "Append" }).click();
  await page.getByText("appended as 1").waitFor();
  await rowCount(page, 1);
  assert.deepEqual(await rows(page).locator(".tag").allTextContents(), ["x", "y"]);
  assert.ok(server.pls("fetch", "lab", "1").includes("9007199254740993"));
  await json.fill('{"a":');
  await json.press("Control+Enter");
  await page.getByText("not JSON").waitFor();
  await json.fill(JSON.stringify("x".repeat(400)));
  await json.press("Control+Enter");
  await page.locator("#feed-said.bad", { hasText: /300|large/ }).waitFor();
  await rowCount(page, 1);
});

test("there is no feed box where writing is not allowed", async (t) => {
  const server = await Server.start(t, ["--access", "read-only"]);
  server.pls("pool", "create", "lab");
  server.pls("feed", "lab", "1");
  const page = await open(t, `${server.url}/ui/pools/lab`);
  const answered = page.waitForResponse("**/v0/ui/access");
  await page.reload();
  await answered;
  await rowCount(page, 1);
  assert.equal(await page.getByRole("form", { name: "Append a message" }).count(), 0);
});

test("a token is asked for, kept for the tab, and out of the address", async (t) => {
  const server = await Server.start(t, [], "s3cret-token");
  await server.create("lab");
  await server.append("lab", "1");
  const page = await open(t, `${server.url}/ui/pools/lab`, { expected: /401/ });
  const dialog = page.getByRole("dialog", { name: "This server needs a token" });
  await dialog.getByLabel("Token").fill("wrong");
  await page.keyboard.press("Enter");
  await dialog.getByText("the token is wrong").waitFor();
  // There is nothing to see without one: the window does not go away.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await dialog.waitFor();
  await dialog.getByLabel("Token").fill("s3cret-token");
  await dialog.getByRole("button", { name: "Use token" }).click();
  await rowCount(page, 1);
  await page.reload();
  await rowCount(page, 1);

  const other = await open(t, `${server.url}/ui/pools/lab?n=7&token=s3cret-token#1`);
  // The command to copy names a file, not the token.
  await other.locator("#detail code", { hasText: `pls fetch ${server.url}/lab 1 --token-file TOKEN_FILE` }).waitFor();
  await rowCount(other, 1);
  assert.equal(other.url(), `${server.url}/ui/pools/lab?n=7#1`);
  assert.equal(await other.getByRole("dialog").count(), 0);
});

test("streams go on where they ended: at the server's limit, and after a restart", async (t) => {
  const limit = ["--max-tail-timeout-ms", "300"];
  const server = await Server.start(t, limit);
  await server.create("lab");
  const page = await open(t, `${server.url}/ui/pools/lab`, { expected: /ERR_|404/ });
  for (let n = 1; n <= 20; n += 1) {
    await server.append("lab", String(n));
    await rowCount(page, n);
  }
  await server.stop();
  await status(page, "the server cannot be reached");
  server.pls("feed", "lab", "21");
  await server.run(limit);
  await rowCount(page, 21);
  await status(page, "live");
  const seqs = await page.locator("#messages .seq").allTextContents();
  assert.deepEqual(seqs, Array.from({ length: 21 }, (_, n) => String(n + 1)));
  // Another pool takes the name: its messages replace the old ones.
  await server.remove("lab");
  await status(page, /trying again/);
  await server.create("lab");
  await server.append("lab", '"new"');
  await rowCount(page, 1);
  await rows(page).filter({ hasText: '"new"' }).waitFor();
});

test("messages that were overwritten before they came leave a note", async (t) => {
  const server = await Server.start(t);
  await server.create("small", 65536);
  await server.append("small", '"seen"');
  const page = await open(t, `${server.url}/ui/pools/small?n=2000`, { expected: /ERR_/ });
  await rowCount(page, 1);
  await server.stop();
  server.feed("small", Array.from({ length: 1500 }, (_, n) => JSON.stringify({ n })));
  await server.run();
  const oldest = JSON.parse(server.pls("pool", "info", "small", "--json")).bounds.oldest;
  assert.ok(oldest > 2, "some were overwritten");
  await page.locator(".gap", { hasText: `(2–${oldest - 1}) were overwritten` }).waitFor();
  await rowCount(page, 1 + 1501 - oldest + 1);
});
