// The library itself, and its package.

const args = require("./arguments.js");
const { native } = require("./native.js");

/** The version of this package. */
const { version } = require("../package.json");

/** Version, ABI version and build of the library. */
function libraryVersion() {
  const { version: library, abiVersion, buildInfo } = native();
  return { version: library, abiVersion, buildInfo };
}

function hasFeature(name) {
  return native().hasFeature(args.text("name", name));
}

function installGuard() {
  native().installGuard();
}

module.exports = { version, libraryVersion, hasFeature, installGuard };
