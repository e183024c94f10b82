// Where the files of this platform are.

const path = require("node:path");

const platform = `${process.platform}-${process.arch}`;
const directory = path.join(__dirname, "..", "native", platform);

module.exports = { directory, platform };
