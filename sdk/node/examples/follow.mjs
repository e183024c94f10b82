// Prints messages as they come, one line of JSON each, until Ctrl-C: node follow.mjs DIRECTORY POOL [JQ-PREDICATE]
import { Client } from "plasmite";

const [directory, name, where] = process.argv.slice(2);
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
try {
  for await (const message of new Client(directory).pool(name).tail({ where, signal: stop.signal })) console.log(JSON.stringify(message));
} catch (error) {
  if (!stop.signal.aborted) throw error;
}
