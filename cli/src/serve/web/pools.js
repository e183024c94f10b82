// All pools at a glance.

import { listPools } from "./api.js";
import { byId, el, fillBar, setStatus, setText } from "./dom.js";
import { age, count, rate, size } from "./format.js";
import { every } from "./timer.js";
import { bindKeys } from "./keys.js";
import { Rate } from "./rate.js";
import { Refused } from "./session.js";

const LOOK_MS = 2000;
const HEADS = ["Pool", "Messages", "Rate", "Newest", "Used", "Size"];

export function showPools() {
  document.title = "Pools · Plasmite";
  const filter = el("input", { id: "pool-filter", type: "search", autocomplete: "off", "aria-label": "Names with", placeholder: "filter names  /" });
  const body = el("tbody");
  const table = el("table", { class: "pools" },
    el("caption", { class: "offscreen" }, "Pools"),
    el("thead", {}, el("tr", {}, ...HEADS.map((head) => el("th", { scope: "col" }, head)))), body);
  const empty = el("p", { class: "notice" }, "No pools here yet. Make one: ", el("code", {}, "pls pool create NAME"));
  empty.hidden = true;
  byId("main").replaceChildren(el("div", { class: "toolbar" }, el("h1", {}, "Pools"), filter), table, empty);
  const rows = new Map(); // by name

  const narrow = () => {
    const needle = filter.value.trim().toLowerCase();
    for (const [name, row] of rows) row.node.hidden = !name.toLowerCase().includes(needle);
  };
  filter.addEventListener("input", narrow);

  const update = (pools) => {
    const names = new Set(pools.map((pool) => pool.name));
    for (const [name, row] of rows) {
      if (names.has(name)) continue;
      row.node.remove();
      rows.delete(name);
    }
    pools.forEach((pool, place) => {
      let row = rows.get(pool.name);
      if (row === undefined) {
        row = new Row(pool.name);
        rows.set(pool.name, row);
      }
      // The server lists by name; a new pool takes its place among the others.
      if (body.children[place] !== row.node) body.insertBefore(row.node, body.children[place] ?? null);
      row.show(pool);
    });
    empty.hidden = pools.length > 0;
    table.hidden = pools.length === 0;
    narrow();
  };

  every(LOOK_MS, async () => {
    try {
      update(await listPools());
      setStatus("live", "live");
    } catch (error) {
      setStatus("waiting", error instanceof Refused ? error.whole : "the server cannot be reached; trying again");
    }
  });

  const move = (step) => {
    const links = [...body.querySelectorAll("tr:not([hidden]) a")];
    const at = links.indexOf(document.activeElement);
    links[at === -1 ? 0 : Math.min(links.length - 1, Math.max(0, at + step))]?.focus();
  };
  bindKeys([
    ["j", "next pool", () => move(1)],
    ["k", "previous pool", () => move(-1)],
    ["Enter", "open the pool", null],
    ["/", "filter by name", () => filter.focus()],
  ]);
}

class Row {
  #bar;
  #cells;
  #rate = new Rate();

  constructor(name) {
    this.#bar = fillBar(`Used of ${name}`);
    this.#cells = HEADS.slice(1).map(() => el("td"));
    this.#cells[3].append(this.#bar.node);
    const link = el("a", { href: `/ui/pools/${encodeURIComponent(name)}` }, name);
    this.node = el("tr", {}, el("th", { scope: "row" }, link), ...this.#cells);
  }

  show(pool) {
    const [messages, speed, newest, , bytes] = this.#cells;
    if (pool.error !== undefined) {
      setText(messages, "–");
      setText(newest, pool.error.message);
      newest.className = "bad";
      return;
    }
    newest.className = "";
    this.#rate.look(pool.exact.newest);
    setText(messages, count(pool.metrics?.message_count ?? 0));
    setText(speed, rate(this.#rate.perSecond));
    setText(newest, age(pool.metrics?.age.newest_age_ms));
    this.#bar.set(pool.metrics?.utilization.used_percent ?? 0);
    setText(bytes, size(pool.file_size));
  }
}
