// Every public type, as an ES module uses it. Compiled, never run.
import plasmite, {
  AlreadyExistsError,
  type BatchReceipt,
  type Client,
  Durability,
  ErrorKind,
  Gap,
  hasFeature,
  installGuard,
  jsonToLite3,
  type Lite3Frame,
  type LocalTailOptions,
  lite3ToJson,
  type Message,
  type MessageEnvelope,
  NotFoundError,
  PlasmiteError,
  PlasmiteNativeError,
  type Pool,
  parseMessage,
  RemoteClient,
  RemoteError,
  type RemotePool,
  RetentionGapError,
  replay,
  type Salvaged,
  type Stream,
  type Tail,
} from "plasmite";
import { RemoteClient as Alone } from "plasmite/remote";

interface Reading {
  sensor: string;
  value: number;
}

const same: typeof RemoteClient = Alone;
const client: Client = new plasmite.Client("./data");
const pool: Pool<Reading> = client.createPool<Reading>("events", 1024n);
const message: Message<Reading> = pool.append({ sensor: "a", value: 1 }, ["x"], Durability.Fast);
const value: number = message.data.value;
const seq: bigint = message.seq;
pool.append(Buffer.from("{}"), { tags: ["x"], durability: "flush", timestamp: new Date(), lockWaitMs: 5, expectNewest: 3n });
const receipt: BatchReceipt = pool.appendMany([{ sensor: "a", value: 1 }], { eachTags: [["x"], null] });
for (const { seq, timestampNs } of receipt) console.log(seq + timestampNs);
// @ts-expect-error not a reading
pool.append({ sensor: 5 });
const server: Client = new plasmite.Client(new URL("http://host:9700"), { tokenFile: "token", tlsCaFile: "ca.pem", requestTimeoutMs: 5n });
const there: Pool<Reading> = await server.openPoolAsync<Reading>(new URL("http://host:9700/events"));
const fetched: Message<Reading> = await there.getAsync(1);
const stored: Buffer = await there.appendJsonAsync(fetched.data, { tags: ["x"], signal: AbortSignal.timeout(5) });
const newest: bigint = (await there.boundsAsync()).newest;
console.log(stored, newest, (await there.getLite3Async(1n)).payload, await there.appendLite3Async(stored), await there.warningsAsync());
// @ts-expect-error a token is text
new plasmite.Client("http://host:9700", { token: 5 });
// @ts-expect-error no such durability
pool.append({ sensor: "a", value: 1 }, [], 2);
// @ts-expect-error a seq is no string
pool.get("1");
// @ts-expect-error pools are made by clients
new plasmite.Pool();
// @ts-expect-error messages do not change
message.seq = 1n;

const durability: Durability = Durability.Flush;
const numbers: Record<ErrorKind, string> = { 1: "", 2: "", 3: "", 4: "", 5: "", 6: "", 7: "", 8: "", 9: "" };

const options = {
  sinceSeq: 1,
  maxMessages: null,
  tags: "x",
  where: [".data.value > 1"],
  signal: AbortSignal.timeout(5),
} satisfies LocalTailOptions;
for await (const item of pool.tail({ gapPolicy: "event" })) console.log(item instanceof Gap ? item.first : item.data.value);
const soon: Message<Reading> | null = await pool.tail().take(10);
const tail: Tail<Message<Reading>> = pool.tail(options);
for await (const { data } of tail) console.log(data.sensor.length);
for await (const batch of pool.tail().batches()) console.log(batch[0]?.data.value);
for await (const other of pool.tail<{ other: boolean }>()) console.log(other.data.other);
for await (const frame of pool.tailLite3()) console.log((frame satisfies Lite3Frame).payload.byteLength);
for await (const again of replay(pool, { speed: 2 })) console.log(again.data.value);
for (const there of pool.range({ from: 1, to: 5n, backwards: true })) console.log(there.data.value);
for (const there of pool) console.log(there.data.value);
const stream: Stream = pool.openStream(1n, null, 100, true);
for (const bytes of stream) console.log(bytes.toString());
for await (const bytes of stream) console.log(bytes.toString());
const green: Message<Reading> | null = await pool.wait({ where: ".data.value > 5", timeoutMs: 100 });
const { created } = await client.ensurePool("x", { sizeBytes: 5, indexCapacity: 0, fileMode: 0o600 });
for (const entry of await client.listPools()) console.log(entry.name, entry.bounds?.newest);
const { lost, ranges }: Salvaged = await client.salvagePool("a", "b", { sizeBytes: 5 });
// @ts-expect-error a new pool has a name
await client.salvagePool("a");
const codec: Buffer = lite3ToJson(jsonToLite3({ a: 1 }));
const facts: [number, string[], bigint, Gap | undefined, boolean] = [pool.writers(), pool.warnings(), lost, ranges[0], hasFeature("pools")];
installGuard();
for (const report of await client.doctor(null, { onProgress: ({ bytes }) => console.log(bytes) }))
  console.log(report.status, report.issues[0]?.advice);

try {
  client.openPool("nope");
} catch (error) {
  if (error instanceof NotFoundError || error instanceof AlreadyExistsError)
    console.log(error.path?.length, error.code === "PLASMITE_NOT_FOUND");
  if (error instanceof RetentionGapError && typeof error.seq === "bigint") console.log(error.seq);
  if (error instanceof PlasmiteNativeError && error.kind === ErrorKind.Busy) console.log(error.hint);
  if (error instanceof RemoteError) console.log(error.status);
  if (error instanceof PlasmiteError) console.log(error.message);
}

const envelope: MessageEnvelope<Reading> = { seq: "1", time: "", meta: { tags: [] }, data: { sensor: "", value: 0 } };
const parsed: Message<Reading> = parseMessage(envelope);
const anything: unknown = parseMessage(Buffer.from("{}")).data;
const remote: RemotePool<Reading> = await new RemoteClient("https://example.org", { token: "t" }).withToken(null).openPool<Reading>("p");
const sent: Message<Reading> = await remote.append(new TextEncoder().encode('{"sensor":"","value":0}'));
await new RemoteClient("https://example.org").createPool("p", null);
for await (const { data } of remote.tail({ sinceSeq: 1, reconnect: true })) console.log(data.value);
console.log(sent, soon, same, value, seq, durability, numbers, green, created, parsed, anything, codec, facts);
