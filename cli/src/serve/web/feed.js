// The box that appends a message, on servers that allow it.

import { append } from "./api.js";
import { el, setText } from "./dom.js";
import { Refused } from "./session.js";
import { readTags } from "./tags.js";

export function feedBox(pool) {
  const data = el("textarea", { id: "feed-data", rows: 2, spellcheck: "false", placeholder: '{"hello":"world"}', required: true, "aria-describedby": "feed-said" });
  const tags = el("input", { id: "feed-tags", autocomplete: "off", placeholder: "tag, tag" });
  const flush = el("input", { id: "feed-flush", type: "checkbox" });
  const button = el("button", {}, "Append");
  const said = el("p", { id: "feed-said", role: "status" });
  const say = (kind, text) => {
    said.className = kind;
    setText(said, text);
  };
  const send = async (event) => {
    event?.preventDefault();
    if (button.disabled) return;
    const text = data.value.trim();
    try {
      JSON.parse(text);
    } catch (error) {
      say("bad", `not JSON: ${error.message}`);
      data.setAttribute("aria-invalid", "true");
      return;
    }
    data.removeAttribute("aria-invalid");
    const list = readTags(tags.value);
    button.disabled = true;
    try {
      const message = await append(pool, text, list, flush.checked ? "flush" : "fast");
      say("good", `appended as ${message.seq}`);
      data.value = "";
    } catch (error) {
      say("bad", error instanceof Refused ? error.whole : "the server cannot be reached; the message may have been written all the same");
    } finally {
      button.disabled = false;
    }
  };
  data.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send(event);
  });
  const form = el("form", { class: "feed", "aria-label": "Append a message", onsubmit: send },
    el("label", { class: "grow" }, "JSON", data),
    el("label", {}, "Tags", tags),
    el("label", { class: "check" }, flush, "on disk before the answer"),
    button, said);
  return { node: form, focus: () => data.focus() };
}
