// Finds and loads the addon: native/<platform>-<arch>/index.node, with the library and the programs beside it.

const path = require("node:path");
const { errorOf } = require("./errors.js");
const { directory, platform } = require("./place.js");

const expected = path.join(directory, "index.node");

let addon = null;
let reason = null;
try {
  addon = require(expected);
  addon.setErrorFactory(errorOf);
} catch (error) {
  reason = error;
}

/** The addon, or an error that says why there is none. */
function native() {
  if (addon !== null) return addon;
  throw new Error(
    `plasmite: the native addon for ${platform} could not be loaded (${reason.message.split("\n", 1)[0]}); expected it at ${expected}. ` +
      "RemoteClient works without it; to build it, run `npm install` in a clone of the repository.",
    { cause: reason },
  );
}

module.exports = { native };
