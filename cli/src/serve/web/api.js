// What the page asks the server for.

import { elements, members } from "./json.js";
import { Message } from "./message.js";
import { request } from "./session.js";

const poolPath = (pool) => `/v0/pools/${encodeURIComponent(pool)}`;
const uiPath = (pool) => `/v0/ui/pools/${encodeURIComponent(pool)}`;

// The seqs of an info's bounds, exactly: `text` is the info.
function exactBounds(text) {
  const found = members(members(text).bounds ?? "{}");
  const seq = (name) => (found[name] === undefined ? 0n : BigInt(found[name]));
  return { oldest: seq("oldest"), newest: seq("newest") };
}

function info(text) {
  return { ...JSON.parse(text), exact: exactBounds(text) };
}

export async function listPools() {
  const response = await request("/v0/ui/pools");
  return elements(members(await response.text()).pools).map(info);
}

export async function poolInfo(pool) {
  const response = await request(`${uiPath(pool)}/info`);
  return info(members(await response.text()).pool);
}

// What this page may do: {read, write}.
export async function access() {
  const response = await request("/v0/ui/access");
  return response.json();
}

export async function fetchMessage(pool, seq) {
  const response = await request(`${poolPath(pool)}/messages/${seq}`);
  return new Message(members(await response.text()).message);
}

// At most `max` messages before `seq`, in rising order.
export async function earlier(pool, seq, filters, max) {
  if (seq <= 1n) return [];
  const query = new URLSearchParams(filters);
  query.append("since_seq", String(seq - 1n));
  query.append("backwards", "1");
  query.append("snapshot", "1");
  query.append("max", String(max));
  const response = await request(`${poolPath(pool)}/tail?${query}`);
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  const failed = lines.find((line) => line.startsWith('{"error":'));
  if (failed !== undefined) throw new Error(JSON.parse(failed).error.message);
  return lines.map((line) => new Message(line)).filter((message) => message.seq < seq).reverse();
}

// Appends `data`, a JSON text, as it stands.
export async function append(pool, data, tags, durability) {
  const body = `{"data":${data},"tags":${JSON.stringify(tags)},"durability":${JSON.stringify(durability)}}`;
  const headers = { "content-type": "application/json" };
  const response = await request(`${poolPath(pool)}/append`, { method: "POST", headers, body });
  return new Message(members(await response.text()).message);
}

export const eventsPath = (pool) => `${uiPath(pool)}/events`;
