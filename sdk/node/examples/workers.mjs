// Worker threads take jobs from one pool and answer through another: node workers.mjs DIRECTORY
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { Client } from "plasmite";

const directory = isMainThread ? process.argv[2] : workerData.directory;
const client = new Client(directory);
const [jobs, answers] = [client.pool("jobs"), client.pool("answers")];

if (isMainThread) {
  const replies = answers.tail({ start: "now", maxMessages: 10, timeoutMs: 10_000 });
  const workers = [0, 1].map((index) => new Worker(new URL(import.meta.url), { workerData: { directory, index } }));
  for (let n = 0; n < 10; n++) jobs.append({ n }, [`worker-${n % workers.length}`]);
  for await (const { data } of replies) console.log(`${data.n}² = ${data.square}`);
  jobs.append({ stop: true }, ["worker-0", "worker-1"]);
} else {
  for await (const { data } of jobs.tail({ tags: `worker-${workerData.index}` })) {
    if (data.stop) break;
    answers.append({ n: data.n, square: data.n ** 2 });
  }
}
