// JSON to Lite3 and back, on bytes alone.

const args = require("./arguments.js");
const { native } = require("./native.js");

function jsonToLite3(payload) {
  return native().jsonToLite3(args.json(payload));
}

function lite3ToJson(payload) {
  return native().lite3ToJson(args.lite3(payload));
}

module.exports = { jsonToLite3, lite3ToJson };
