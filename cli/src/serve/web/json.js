// JSON without loss: numbers keep their digits. JSON.parse rounds integers above 2^53.

// The top-level members of an object, each as its exact text.
export function members(text) {
  const found = {};
  let at = blank(text, 0) + 1; // past "{"
  for (;;) {
    at = blank(text, at);
    if (text[at] !== '"') return found;
    const keyEnd = skip(text, at);
    const key = JSON.parse(text.slice(at, keyEnd));
    const start = blank(text, blank(text, keyEnd) + 1); // past ":"
    const end = skip(text, start);
    found[key] = text.slice(start, end);
    at = blank(text, end);
    if (text[at] === ",") at += 1;
  }
}

// The elements of an array, each as its exact text.
export function elements(text) {
  const found = [];
  let at = blank(text, blank(text, 0) + 1); // past "["
  while (text[at] !== "]" && at < text.length) {
    const end = skip(text, at);
    found.push(text.slice(at, end));
    at = blank(text, end);
    if (text[at] === ",") at = blank(text, at + 1);
  }
  return found;
}

// A whole text as a tree of nodes: {type: "object", entries: [[key, node]…]}, {type: "array", items},
// {type: "string", value}, and {type: "number" | "literal", text}. The text is JSON: it comes from the server.
export function parse(text) {
  let at = blank(text, 0);
  const open = []; // containers that are not closed yet; no recursion, messages may be deep
  let root = null;
  const put = (node) => {
    const inside = open.at(-1);
    if (inside === undefined) root = node;
    else if (inside.type === "array") inside.items.push(node);
    else inside.entries.push([inside.key, node]);
  };
  while (at < text.length) {
    const character = text[at];
    if (character === "{" || character === "[") {
      const node = character === "{" ? { type: "object", entries: [], key: null, wantsKey: true } : { type: "array", items: [] };
      put(node);
      open.push(node);
      at += 1;
    } else if (character === "}" || character === "]") {
      open.pop();
      at += 1;
    } else if (character === "," || character === ":") {
      const inside = open.at(-1);
      if (inside.type === "object") inside.wantsKey = character === ",";
      at += 1;
    } else {
      const end = skip(text, at);
      const raw = text.slice(at, end);
      const inside = open.at(-1);
      if (inside?.type === "object" && inside.wantsKey) inside.key = JSON.parse(raw);
      else if (character === '"') put({ type: "string", value: JSON.parse(raw) });
      else put({ type: /^[tfn]/.test(raw) ? "literal" : "number", text: raw });
      at = end;
    }
    at = blank(text, at);
  }
  return root;
}

function blank(text, at) {
  while (at < text.length && text.charCodeAt(at) <= 32) at += 1;
  return at;
}

// The end of the value that begins at `at`.
function skip(text, at) {
  const first = text[at];
  if (first === '"') return skipString(text, at);
  if (first !== "{" && first !== "[") {
    while (at < text.length && !",]}: \t\r\n".includes(text[at])) at += 1;
    return at;
  }
  let depth = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      at = skipString(text, at);
      continue;
    }
    if (code === 123 || code === 91) depth += 1;
    else if (code === 125 || code === 93) depth -= 1;
    at += 1;
    if (depth === 0) break;
  }
  return at;
}

function skipString(text, at) {
  for (at += 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 92) at += 1;
    else if (code === 34) return at + 1;
  }
  return at;
}
