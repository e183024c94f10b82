// The types as CommonJS uses them. Compiled, never run.
import plasmite = require("plasmite");
import remote = require("plasmite/remote");

const pool: plasmite.Pool = new plasmite.Client().pool("events");
const bytes: Buffer = pool.appendJson("x", [], plasmite.Durability.Fast);
const data: unknown = pool.get(1).data;
const client: plasmite.RemoteClient = new remote.RemoteClient("http://localhost");
const kind: plasmite.ErrorKind = plasmite.ErrorKind.NotFound;
console.log(bytes, data, client, kind);
