// A JSON text as a tree that opens and closes. Branches are made when they are opened.

import { el } from "./dom.js";
import { parse } from "./json.js";

// Children shown at once.
const PORTION = 200;
// Branches this small are open from the start.
const OPEN_TO = 30;
const OPEN_DEPTH = 3;

export function tree(text) {
  return el("div", { class: "tree" }, node(null, parse(text), 0));
}

function node(key, value, depth) {
  const label = key === null ? [] : [el("span", { class: "key" }, key), ": "];
  if (value.type === "string") return el("div", {}, ...label, el("span", { class: "string" }, JSON.stringify(value.value)));
  if (value.type === "number" || value.type === "literal") return el("div", {}, ...label, el("span", { class: value.type }, value.text));
  return branch(label, value, depth);
}

function branch(label, value, depth) {
  const isArray = value.type === "array";
  const children = isArray ? value.items.map((item, place) => [String(place), item]) : value.entries;
  const [open, close] = isArray ? "[]" : "{}";
  if (children.length === 0) return el("div", {}, ...label, open + close);
  const what = isArray ? "item" : "key";
  const size = `${children.length} ${what}${children.length === 1 ? "" : "s"}`;
  const summary = el("summary", {}, ...label, open, el("span", { class: "size" }, ` ${size} `), close);
  const inside = el("div", { class: "branch" });
  const details = el("details", {}, summary, inside);
  let made = 0;
  const more = () => {
    const part = children.slice(made, made + PORTION);
    inside.append(...part.map(([key, child]) => node(isArray ? key : JSON.stringify(key), child, depth + 1)));
    made += part.length;
    if (made === children.length) return;
    const button = el("button", { type: "button", onclick: () => (button.remove(), more()) }, `${children.length - made} more`);
    inside.append(button);
  };
  if (depth < OPEN_DEPTH && children.length <= OPEN_TO) {
    more();
    details.open = true;
  }
  details.addEventListener("toggle", () => details.open && made === 0 && more());
  return details;
}
