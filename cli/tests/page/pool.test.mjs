// One pool: messages as they come, one of them in full, history, pauses, keys.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, open, rowCount, rows, Server, status, until } from "./harness.mjs";

after(closeBrowser);

const numbered = (count) => Array.from({ length: count }, (_, n) => ({ data: { n: n + 1 } }));
const selected = (page) => page.locator("#messages [aria-selected=true] .seq").textContent();

test("messages appear as they come, and show in full with exact numbers", async (t) => {
  const server = await Server.start(t);
  await server.create("lab");
  await server.append("lab", '{"first":true}');
  const page = await open(t, `${server.url}/ui/pools/lab`, { permissions: ["clipboard-read", "clipboard-write"] });
  await rowCount(page, 1);
  await status(page, "live");
  const big = 2n ** 53n + 1n;
  await server.append("lab", `{"big":${big},"deep":{"list":[1.50,null,"x"]},"huge":18446744073709551615}`, ["a", "b"]);
  await rowCount(page, 2);
  await rows(page).last().click();
  const detail = page.locator("#detail");
  assert.equal(await detail.locator("#detail-seq").textContent(), "2");
  assert.deepEqual(await detail.locator(".tags .tag").allTextContents(), ["a", "b"]);
  assert.equal(await detail.locator(".number").first().textContent(), String(big));
  assert.equal(await detail.locator(".number").last().textContent(), "18446744073709551615");
  await detail.getByText("Raw JSON").click();
  await detail.locator("pre", { hasText: String(big) }).waitFor();
  await page.waitForURL("**/lab#2");
  await detail.getByRole("button", { name: "Copy command" }).click();
  await detail.getByText("copied").waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(command, `pls fetch ${server.url}/lab 2`);
  const fetched = server.pls(...command.split(" ").slice(1));
  assert.ok(fetched.includes(String(big)), fetched);
  await page.locator("#fact-seqs", { hasText: "1–2" }).waitFor();
});

test("a link leads to a message, also to one that is not in the list", async (t) => {
  const server = await Server.start(t);
  await server.create("lab");
  await server.appendMany("lab", numbered(30));
  const page = await open(t, `${server.url}/ui/pools/lab?n=10#3`, { expected: /404/ });
  const seq = page.locator("#detail-seq");
  await rowCount(page, 10);
  await seq.filter({ hasText: /^3$/ }).waitFor();
  await page.goto(`${server.url}/ui/pools/lab?n=10#27`);
  await seq.filter({ hasText: /^27$/ }).waitFor();
  assert.equal(await selected(page), "27");
  await page.goto(`${server.url}/ui/pools/lab?n=10#99`);
  await page.locator("#detail [role=alert]").waitFor();
});

test("a pause holds what comes, and history loads", async (t) => {
  const server = await Server.start(t);
  await server.create("lab");
  await server.appendMany("lab", numbered(500));
  const page = await open(t, `${server.url}/ui/pools/lab?n=50`);
  await rowCount(page, 50);
  await page.getByRole("button", { name: "Pause" }).click();
  await server.append("lab", '"held"');
  await status(page, "paused · 1 new");
  await rowCount(page, 50);
  await page.getByRole("button", { name: "Resume" }).click();
  await rows(page).filter({ hasText: '"held"' }).waitFor();
  await rowCount(page, 50);

  for (const wanted of [250, 450]) {
    await page.getByRole("button", { name: "Load earlier" }).click();
    await rowCount(page, wanted);
  }
  await page.keyboard.press("e");
  await rowCount(page, 501);
  await page.keyboard.press("e");
  await page.getByRole("button", { name: "No earlier messages" }).waitFor();
  const seqs = await page.locator("#messages .seq").allTextContents();
  assert.deepEqual(seqs, Array.from({ length: 501 }, (_, n) => String(n + 1)));
  await server.append("lab", '"after"');
  await status(page, "paused · 1 new");
  await page.keyboard.press(" ");
  await rows(page).filter({ hasText: '"after"' }).waitFor();
  await rowCount(page, 50);
});

test("keys move, pause, and are listed", async (t) => {
  const server = await Server.start(t);
  await server.create("lab");
  await server.appendMany("lab", numbered(20));
  const page = await open(t, `${server.url}/ui/pools/lab`);
  await rowCount(page, 20);
  for (const [key, seq] of [["j", 20], ["k", 19], ["k", 18], ["j", 19], ["g", 1], ["G", 20], ["j", 20]]) {
    await page.keyboard.press(key);
    assert.equal(await selected(page), String(seq), key);
    await page.locator("#detail-seq").filter({ hasText: new RegExp(`^${seq}$`) }).waitFor();
  }
  await page.getByRole("listbox").focus();
  for (const [key, seq] of [["ArrowUp", 19], ["Home", 1], ["ArrowDown", 2], ["End", 20]]) {
    await page.keyboard.press(key);
    assert.equal(await selected(page), String(seq), key);
  }
  const active = await page.getByRole("listbox").getAttribute("aria-activedescendant");
  assert.equal(await page.locator(`#${active} .seq`).textContent(), "20");
  await page.keyboard.press(" ");
  await status(page, "paused");
  await page.keyboard.press(" ");
  await status(page, "live");
  await page.keyboard.press("t");
  await until(page, () => /^\d\d:\d\d:\d\d\.\d{3}$/.test(document.querySelector("#messages time").textContent));
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keys" });
  await help.getByText("load earlier messages").waitFor();
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "hidden" });
  await page.keyboard.press("/");
  await page.keyboard.type("jk ?");
  assert.equal(await page.getByLabel("Text").inputValue(), "jk ?");
  await page.keyboard.press("Escape");
  await page.keyboard.press("u");
  await page.waitForURL("**/ui");
});

test("thousands of messages: all arrive, few are kept, the newest are in view", async (t) => {
  const server = await Server.start(t);
  await server.create("busy", 4 << 20);
  const page = await open(t, `${server.url}/ui/pools/busy`);
  await status(page, "live");
  // The longest time in which the page could not answer.
  await page.evaluate(() => {
    window.longest = 0;
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      window.longest = Math.max(window.longest, now - last);
      last = now;
    }, 5);
  });
  for (let part = 0; part < 6; part += 1) {
    await server.appendMany("busy", numbered(500));
    const most = await page.evaluate(() => document.querySelectorAll("#messages .row").length);
    assert.ok(most <= 400, String(most));
  }
  await until(page, () => document.querySelector("#messages .row:last-child .seq")?.textContent === "3000");
  await rowCount(page, 400);
  assert.equal(await rows(page).first().locator(".seq").textContent(), "2601");
  const list = await page.getByRole("listbox").boundingBox();
  const last = await rows(page).last().boundingBox();
  assert.ok(last.y + last.height <= list.y + list.height + 1, "the newest is in view");
  t.diagnostic(`longest pause of the page: ${Math.round(await page.evaluate(() => window.longest))} ms`);
});

test("dark and light follow the system, and texts stand out from what is behind them", async (t) => {
  const server = await Server.start(t);
  await server.create("lab");
  await server.append("lab", '{"a":"b","n":1,"t":true}', ["tag"]);
  const backs = new Set();
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(t, `${server.url}/ui/pools/lab#1`, { colorScheme });
    await page.locator("#detail-seq").waitFor();
    await rowCount(page, 1);
    const { back, worst } = await page.evaluate(contrasts);
    backs.add(back);
    assert.ok(worst.ratio >= 4.5, `${colorScheme}: ${worst.text} ${worst.ratio}`);
  }
  assert.equal(backs.size, 2);
});

// The least contrast of any text on the page, by the formula of WCAG.
function contrasts() {
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = numbers(color).map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let at = node; at !== null; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (numbers(color)[3] !== 0) return color;
    }
    return "rgb(255,255,255)";
  };
  let worst = { ratio: 99, text: "" };
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim() !== "");
    if (!own || !node.checkVisibility() || node.disabled) continue;
    const [a, b] = [light(getComputedStyle(node).color), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text: `${node.tagName} ${node.className} ${node.textContent.slice(0, 40)}` };
  }
  return { back: getComputedStyle(document.body).backgroundColor, worst };
}
