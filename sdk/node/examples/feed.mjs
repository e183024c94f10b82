// Appends each line of standard input as a message: ls | node feed.mjs DIRECTORY POOL
import { createInterface } from "node:readline";
import { Client } from "plasmite";

const [directory, name] = process.argv.slice(2);
const pool = new Client(directory).pool(name);
for await (const line of createInterface({ input: process.stdin })) pool.append({ line });
