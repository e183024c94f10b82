// Pools of a server, over plain fetch: works without the addon, and in browsers.

const { bytes } = require("./lib/bytes.js");
const { PlasmiteError } = require("./lib/errors.js");
const { MAX_U64, memberText, parseExact } = require("./lib/exact.js");
const { parseTime } = require("./lib/time.js");
const { ErrorKind, describe, mapDurability, mapErrorKind } = require("./mappings.js");
const { messageOfParsed } = require("./message.js");

const REDIRECTS = [301, 302, 303, 307, 308];
/** Between two attempts of a tail that reconnects, in ms: doubled each time that one fails, up to the last. */
const RETRY_MS = 250;
const LONGEST_RETRY_MS = 8000;

/** An error of a server, or of the way to it. */
class RemoteError extends PlasmiteError {
  constructor(status, fields) {
    const { maybe_written: maybeWritten, too_large: tooLarge = status === 413 } = fields;
    super(fields.message, { ...fields, kind: mapErrorKind(fields.kind), maybeWritten, tooLarge });
    this.status = status;
  }
}
Object.defineProperty(RemoteError.prototype, "name", { value: "RemoteError", writable: true, configurable: true });

/** The kind that a status means where a server does not say. */
function kindOfStatus(status) {
  if (status === 400 || status === 413 || status === 415 || status === 422) return ErrorKind.Usage;
  if (status === 401 || status === 403) return ErrorKind.Permission;
  if (status === 404) return ErrorKind.NotFound;
  if (status === 409) return ErrorKind.AlreadyExists;
  if (status === 410) return ErrorKind.RetentionGap;
  if (status === 423) return ErrorKind.Busy;
  return status >= 500 ? ErrorKind.Internal : ErrorKind.Io;
}

/** The error of `{"error": {…}}`, of the bare object, or of a text that is neither. */
function errorOfBody(status, body) {
  let fields = null;
  try {
    const parsed = parseExact(body);
    fields = parsed?.error ?? parsed;
  } catch {
    // Not JSON.
  }
  if (typeof fields?.message === "string") return new RemoteError(status, fields);
  const text = body.trim().slice(0, 300);
  return new RemoteError(status, { kind: kindOfStatus(status), message: `the server answered ${status}${text && `: ${text}`}` });
}

function isLoopback(host) {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

function nonNegative(name, value) {
  if (value === undefined || value === null) return null;
  if (typeof value !== "number" && typeof value !== "bigint")
    throw new TypeError(`plasmite: ${name} must be a number or a bigint, not ${describe(value)}`);
  if (typeof value === "number" && !Number.isSafeInteger(value))
    throw new RangeError(`plasmite: ${name} must be a safe integer or a bigint, not ${value}`);
  if (value < 0 || value > MAX_U64) throw new RangeError(`plasmite: ${name} must be between 0 and 2^64-1, not ${value}`);
  return String(value);
}

function name(pool) {
  if (typeof pool !== "string" || pool.length === 0)
    throw new TypeError(`plasmite: a pool's name must be a string that is not empty, not ${describe(pool)}`);
  return pool;
}

const list = (value) => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]);

/** JSON text of a value. */
function encode(object) {
  const text = JSON.stringify(object);
  if (text === undefined) throw new TypeError(`plasmite: ${describe(object)} cannot be written as JSON`);
  return text;
}

/** JSON text of what is appended: bytes are such a text, anything else is a value. */
function jsonText(data) {
  const given = bytes(data);
  if (given === undefined) return encode(data);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(given);
    // It goes into the request as it is, and must not reach beyond its place there.
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new RemoteError(0, { kind: "Usage", message: `the bytes are no JSON text: ${error.message}`, cause: error });
  }
}

/** What an answer says about pools, with exact numbers. */
const infoOf = (answer) => answer && parseExact(answer.text);

// For RemotePool.
let request;
let call;

class RemoteClient {
  constructor(baseUrl, { token = null, insecureToken = false, fetch: fetcher } = {}) {
    let url;
    try {
      url = new URL(baseUrl);
    } catch {
      throw new Error(`plasmite: the base URL is none: ${describe(baseUrl)}`);
    }
    if (url.protocol !== "http:" && url.protocol !== "https:")
      throw new Error(`plasmite: the base URL must be http or https, not ${url.protocol}`);
    if (url.pathname !== "/" || url.search || url.hash) throw new Error(`plasmite: the base URL must have no path: ${url.origin}`);
    this.baseUrl = url;
    this.token = token;
    Object.defineProperty(this, "insecureToken", { value: insecureToken, writable: true });
    Object.defineProperty(this, "fetch", { value: fetcher ?? ((...request) => globalThis.fetch(...request)) });
  }

  withToken(token) {
    this.token = token;
    return this;
  }

  /** The response of a request that the server has accepted. */
  async #request(method, path, { body, query, signal } = {}) {
    const url = new URL(path, this.baseUrl);
    for (const [key, value] of query ?? []) url.searchParams.append(key, value);
    const headers = { accept: "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    if (this.token !== null && this.token !== undefined) {
      if (url.protocol !== "https:" && !isLoopback(url.hostname) && !this.insecureToken) {
        throw new RemoteError(0, {
          kind: "Usage",
          message: `the token would cross the network unencrypted to ${url.host}`,
          hint: "use https, or set insecureToken where the network is trusted",
        });
      }
      headers.authorization = `Bearer ${this.token}`;
    }
    let response;
    try {
      response = await this.fetch(url, { method, headers, body, signal, redirect: "manual" });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw new RemoteError(0, {
        kind: "Io",
        message: `cannot reach ${url.origin}: ${error?.cause?.message ?? error?.message}`,
        path: url.origin,
        cause: error,
      });
    }
    if (response.type === "opaqueredirect" || REDIRECTS.includes(response.status)) {
      await response.body?.cancel();
      throw new RemoteError(response.status, { kind: "Io", message: `the server redirects (${response.status}), which is not followed` });
    }
    if (!response.ok) throw errorOfBody(response.status, await response.text());
    return response;
  }

  /** The parsed answer of a request: { text, value }; null for an empty one. */
  async #call(method, path, options) {
    const response = await this.#request(method, path, options);
    if (response.status === 204) return null;
    const text = await response.text();
    try {
      return { text, value: JSON.parse(text) };
    } catch (error) {
      throw new RemoteError(response.status, { kind: "Io", message: "the server's answer is not JSON", cause: error });
    }
  }

  async createPool(pool, sizeBytes, { signal } = {}) {
    const size = nonNegative("sizeBytes", sizeBytes);
    const body = encode({ pool: name(pool), size_bytes: size === null ? undefined : Number(size) });
    const answer = await this.#call("POST", "/v0/pools", { body, signal });
    return infoOf(answer)?.pool ?? null;
  }

  async openPool(pool, { signal } = {}) {
    await this.#call("POST", "/v0/pools/open", { body: encode({ pool: name(pool) }), signal });
    return new RemotePool(this, pool);
  }

  async poolInfo(pool, { signal } = {}) {
    const answer = await this.#call("GET", `/v0/pools/${encodeURIComponent(name(pool))}/info`, { signal });
    return infoOf(answer)?.pool ?? null;
  }

  async listPools({ signal } = {}) {
    const answer = await this.#call("GET", "/v0/pools", { signal });
    return infoOf(answer)?.pools ?? [];
  }

  static {
    request = (client, ...rest) => client.#request(...rest);
    call = (client, ...rest) => client.#call(...rest);
  }

  async deletePool(pool, { signal } = {}) {
    await this.#call("DELETE", `/v0/pools/${encodeURIComponent(name(pool))}`, { signal });
  }
}

class RemotePool {
  constructor(client, pool) {
    this.client = client;
    this.pool = pool;
  }

  poolRef() {
    return this.pool;
  }

  #path(rest) {
    return `/v0/pools/${encodeURIComponent(name(this.pool))}/${rest}`;
  }

  async append(data, tags = [], durability = "fast", { signal } = {}) {
    const options = encode({ tags: list(tags), durability: mapDurability(durability) });
    const body = `{"data":${jsonText(data)},${options.slice(1)}`;
    return messageOfAnswer(await call(this.client, "POST", this.#path("append"), { body, signal }));
  }

  async get(seq, { signal } = {}) {
    const number = nonNegative("seq", seq);
    if (number === null) throw new TypeError("plasmite: seq must be a number or a bigint");
    return messageOfAnswer(await call(this.client, "GET", this.#path(`messages/${number}`), { signal }));
  }

  async *tail(options = {}) {
    const { reconnect = false, signal } = options ?? {};
    const query = tailQuery(options ?? {});
    let left = options?.maxMessages === undefined || options.maxMessages === null ? null : BigInt(options.maxMessages);
    let pause = RETRY_MS;
    // Where a tail that goes on stands before its first message, which the server's lines do not tell.
    let behind = null;
    // The server looks for the last few that pass a filter, for as long as that takes where the request names no time.
    let searches = reconnect && query.has("tail") && (query.has("tag") || query.has("where"));
    const time = query.get("timeout_ms");
    if (searches) query.delete("timeout_ms");
    let asked = 0;
    let emptyEnds = 0;
    const goOn = (seq) => {
      goOnAt(query, String(seq));
      if (searches && time !== null) query.set("timeout_ms", time);
      searches = false;
    };
    for (;;) {
      const notBefore = performance.now() + RETRY_MS;
      let came = false;
      try {
        if (reconnect && behind === null && (query.has("start") || query.has("tail"))) {
          const { bounds } = await this.client.poolInfo(this.pool, { signal });
          behind = String(BigInt(bounds?.newest ?? 0) + 1n);
          if (query.get("start") === "now") goOn(behind);
        }
        asked++;
        for await (const message of this.#tailOnce(query, signal)) {
          came = true;
          pause = RETRY_MS;
          // Asked for once more, the last few may be new ones only, with others before them.
          if (asked > 1 && query.has("tail") && message.seq >= BigInt(behind)) {
            goOn(behind);
            break;
          }
          // Where to go on, should the connection break.
          goOn(message.seq + 1n);
          if (left !== null) query.set("max", String(--left));
          yield message;
        }
        if (!reconnect || left === 0n) return;
        // It has ended without a message: there was none to begin with, or the server stopped while it looked. The second time
        // it is the former; a search may be long, and is not made again and again.
        if (query.has("tail") && (!searches || ++emptyEnds > 1)) goOn(behind);
        // Servers may end a tail at once.
        const early = notBefore - performance.now();
        if (!came && early > 0) await delay(early, signal);
      } catch (error) {
        const broken = error instanceof RemoteError && (error.status === 0 || error.status >= 500 || error.kind === ErrorKind.Busy);
        if (!reconnect || !broken) throw error;
        await delay(pause, signal);
        pause = Math.min(pause * 2, LONGEST_RETRY_MS);
      }
    }
  }

  async *#tailOnce(query, signal) {
    signal?.throwIfAborted();
    const abort = new AbortController();
    const forward = () => abort.abort(signal.reason);
    signal?.addEventListener("abort", forward, { once: true });
    try {
      const response = await request(this.client, "GET", this.#path("tail"), { query, signal: abort.signal });
      for await (const line of lines(response.body, abort.signal)) yield messageOfLine(line, response.status);
    } finally {
      signal?.removeEventListener("abort", forward);
      abort.abort();
    }
  }
}

/** Lets the next request begin at a seq. */
function goOnAt(query, seq) {
  for (const key of ["tail", "since", "start"]) query.delete(key);
  query.set("since_seq", seq);
}

function messageOfAnswer(answer) {
  if (answer === null || typeof answer.value?.message !== "object")
    throw new RemoteError(0, { kind: "Io", message: "the server's answer has no message" });
  // The text of the message alone, in which a large seq is exact.
  const text = memberText(answer.text, "message");
  return messageOfParsed(answer.value.message, text, text);
}

function messageOfLine(line, status) {
  let value;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new RemoteError(0, { kind: "Io", message: "the server sent a line that is not JSON", cause: error });
  }
  if (value?.error !== undefined && value.seq === undefined) throw errorOfBody(status, line);
  return messageOfParsed(value, line, line);
}

function tailQuery(options) {
  const query = new URLSearchParams();
  for (const [key, given] of [
    ["since_seq", "sinceSeq"],
    ["max", "maxMessages"],
    ["timeout_ms", "timeoutMs"],
    ["tail", "last"],
  ]) {
    const value = nonNegative(given, options[given]);
    if (value !== null) query.set(key, value);
  }
  if (options.start !== undefined && options.start !== "oldest") query.set("start", options.start);
  if (options.sinceTime !== undefined && options.sinceTime !== null) {
    const since = options.sinceTime instanceof Date ? options.sinceTime.toISOString() : String(options.sinceTime);
    if (parseTime(since) === null) throw new TypeError("plasmite: sinceTime must be a Date or RFC 3339 text");
    query.set("since", since);
  }
  if (options.errorOnGap) query.set("gap_policy", "error");
  for (const tag of list(options.tags)) query.append("tag", tag);
  for (const expression of list(options.where)) query.append("where", expression);
  return query;
}

/** The lines of a body, without those that are empty. */
async function* lines(body, signal) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const parts = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = parts.pop();
      for (const line of parts) if (line.trim() !== "") yield line;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error instanceof RemoteError
      ? error
      : new RemoteError(0, { kind: "Io", message: `the connection broke: ${error?.message}`, cause: error });
  }
  if (rest.trim() !== "") yield rest;
}

function delay(ms, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

module.exports = { RemoteClient, RemotePool, RemoteError };
