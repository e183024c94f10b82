// Which messages are shown: text is looked for in the page, tags and jq conditions by the server.

import { el, setText } from "./dom.js";
import { readTags, shownTags } from "./tags.js";

export class Filters {
  #text = el("input", { id: "filter-text", type: "search", autocomplete: "off", spellcheck: "false", placeholder: "text  /" });
  #tags = el("input", { id: "filter-tags", type: "search", autocomplete: "off", spellcheck: "false", placeholder: "tag, tag" });
  #where = el("input", { id: "filter-where", type: "search", autocomplete: "off", spellcheck: "false", placeholder: ".data.level == \"error\"", "aria-describedby": "filter-said" });
  #said = el("p", { id: "filter-said", class: "bad", role: "alert" });
  #given; // conditions of the address, and how the field shows them
  #shown;
  #applied = "";

  // `on`: {text(text), server()}.
  constructor(on) {
    const given = new URLSearchParams(location.search);
    this.#tags.value = shownTags(given.getAll("tag"));
    this.#given = given.getAll("where").filter((where) => where.trim() !== "");
    this.#where.value = this.#given.length > 1 ? this.#given.map((where) => `(${where})`).join(" and ") : this.#given.join("");
    this.#shown = this.#where.value;
    this.#applied = this.query().toString();
    this.#text.addEventListener("input", () => on.text(this.#text.value));
    const apply = (event) => {
      event.preventDefault();
      const query = this.query().toString();
      if (query === this.#applied) return;
      this.#applied = query;
      this.refuse("");
      this.#remember();
      on.server();
    };
    this.node = el("form", { class: "filters", role: "search", "aria-label": "Filter messages", onsubmit: apply, onfocusout: apply },
      el("label", {}, "Text", this.#text),
      el("label", {}, "Tags", this.#tags),
      el("label", { class: "grow" }, "jq", this.#where),
      el("button", {}, "Apply"), this.#said);
    for (const field of [this.#tags, this.#where]) field.addEventListener("search", apply);
  }

  // What the server is asked for.
  query() {
    const query = new URLSearchParams();
    for (const tag of readTags(this.#tags.value)) query.append("tag", tag);
    // As they were given, until somebody writes something else: a condition may end in a comment, or be no truth value.
    const wanted = this.#where.value === this.#shown ? this.#given : [this.#where.value.trim()];
    for (const where of wanted) if (where !== "") query.append("where", where);
    return query;
  }

  // Says what the server has against the filters; "" for nothing.
  refuse(text) {
    setText(this.#said, text);
    if (text === "") this.#where.removeAttribute("aria-invalid");
    else this.#where.setAttribute("aria-invalid", "true");
  }

  focus() {
    this.#text.focus();
    this.#text.select();
  }

  // The address stays one that can be passed on.
  #remember() {
    const here = new URL(location.href);
    here.searchParams.delete("tag");
    here.searchParams.delete("where");
    for (const [name, value] of this.query()) here.searchParams.append(name, value);
    history.replaceState(null, "", here);
  }
}
