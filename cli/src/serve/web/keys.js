// Keys, and the window that lists them.

import { byId, el } from "./dom.js";

const WRITES = "input, textarea, select";
const PRESSED = "button, summary, a";

// `keys`: [[key, what it does, action]…]; an action of null is only listed. Help is added.
export function bindKeys(keys) {
  const help = byId("help");
  const showHelp = () => help.open || help.showModal();
  const all = [...keys, ["?", "this list", showHelp], ["Escape", "leave a field, close a window", null]];
  byId("help-keys").replaceChildren(...all.flatMap(([key, what]) => [
    el("dt", {}, el("kbd", {}, key === " " ? "Space" : key)),
    el("dd", {}, what),
  ]));
  byId("help-button").onclick = showHelp;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null) return;
    const { target } = event;
    if (target.matches(WRITES) && target.type !== "checkbox") {
      if (event.key === "Escape") target.blur();
      return;
    }
    // Space and Enter belong to what has the focus.
    if ((event.key === " " || event.key === "Enter") && target.matches(`${PRESSED}, ${WRITES}`)) return;
    const action = all.find(([key]) => key === event.key)?.[2];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
