// Elements. Content goes in as text, never as HTML.

// An element: properties that start with "on" are listeners, the rest are attributes; null and false are left out,
// true is an attribute without a value. Children are nodes or texts.
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export const byId = (id) => document.getElementById(id);

// Writes a text only when it changed, so that an unchanged page costs no layout.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// What the browser's tab, the line above and screen readers say about the connection.
export function setStatus(kind, text) {
  const node = byId("status");
  node.dataset.kind = kind;
  setText(node, text);
}

// A bar that shows how full a pool is.
export function fillBar(label) {
  const inner = el("div", { class: "fill" });
  const outer = el("div", { class: "bar", role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100 }, inner);
  const set = (percent) => {
    inner.style.width = `${Math.min(100, percent)}%`;
    outer.setAttribute("aria-valuenow", percent);
    outer.title = `${percent} % used`;
  };
  set(0);
  return { node: outer, set };
}
