// Node follows: every reading as it comes, until the fifth: node follow.mjs DIRECTORY
import { Client } from "../../sdk/node/index.mjs";

const pool = new Client(process.argv[2]).openPool("readings");
for await (const { seq, data } of pool.tail({ maxMessages: 5 })) console.log(`node    saw     ${seq}: ${data.celsius} °C`);
