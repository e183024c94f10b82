// The versions of this package and of the library that it uses.

const { native } = require("./native.js");

/** The version of this package. */
const { version } = require("../package.json");

/** Version, ABI version and build of the library. */
function libraryVersion() {
  const { version: library, abiVersion, buildInfo } = native();
  return { version: library, abiVersion, buildInfo };
}

module.exports = { version, libraryVersion };
