// Plasmite for Node: see README.md and types.d.ts.

const { Client, DEFAULT_POOL_DIR, DEFAULT_POOL_SIZE, DEFAULT_POOL_SIZE_BYTES, defaultPoolDir } = require("./lib/client.js");
const { errorClasses } = require("./lib/errors.js");
const { version, libraryVersion, hasFeature, installGuard } = require("./lib/library.js");
const { jsonToLite3, lite3ToJson } = require("./lib/lite3.js");
const { Pool } = require("./lib/pool.js");
const { replay } = require("./lib/replay.js");
const { Stream, Lite3Stream } = require("./lib/stream.js");
const { Gap } = require("./lib/tail.js");
const { Durability, ErrorKind } = require("./mappings.js");
const { Message, parseMessage } = require("./message.js");
const { RemoteClient, RemotePool, RemoteError } = require("./remote.js");

module.exports = {
  Client,
  Pool,
  Stream,
  Lite3Stream,
  Message,
  Gap,
  Durability,
  ErrorKind,
  ...errorClasses,
  RemoteClient,
  RemotePool,
  RemoteError,
  DEFAULT_POOL_DIR,
  DEFAULT_POOL_SIZE,
  DEFAULT_POOL_SIZE_BYTES,
  defaultPoolDir,
  parseMessage,
  replay,
  version,
  libraryVersion,
  hasFeature,
  installGuard,
  jsonToLite3,
  lite3ToJson,
};
