// Where the files of this platform are.
"use strict";

const path = require("node:path");

const platform = `${process.platform}-${process.arch}`;
const directory = path.join(__dirname, "..", "native", platform);

module.exports = { directory, platform };
