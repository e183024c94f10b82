// A directory of pools, or a server of some.

const path = require("node:path");
const args = require("./arguments.js");
const { blockingError, closedError } = require("./errors.js");
const { parseExact } = require("./exact.js");
const { native } = require("./native.js");
const { Pool } = require("./pool.js");
const { Gap } = require("./tail.js");

const DEFAULT_POOL_SIZE = 1024 * 1024;
const DEFAULT_POOL_SIZE_BYTES = DEFAULT_POOL_SIZE;
const HOME_AT_LOADING = process.env.HOME;
/** How much of a pool the doctor looks at between two looks at the signal. */
const DOCTOR_STEP_BYTES = 8 * 1024 * 1024;

/** [size, index capacity, file mode] of a size or of options. */
function poolOptions(value) {
  const given = typeof value === "object" && value !== null ? value : { sizeBytes: value };
  return [
    args.unsigned("sizeBytes", given.sizeBytes ?? DEFAULT_POOL_SIZE),
    args.optionalUnsigned("indexCapacity", given.indexCapacity, args.MAX_U32),
    args.optionalUnsigned("fileMode", given.fileMode, 0o777n) ?? 0,
  ];
}

/** The same of a pool that is made of another one, whose size it takes over without one of its own. */
function optionsOfCopy(options) {
  const given = args.options(options);
  const [, ...rest] = poolOptions(given);
  return [args.optionalUnsigned("sizeBytes", given.sizeBytes) ?? 0, ...rest];
}

/** What goes to servers, as the addon takes it. */
function serverOptions(options) {
  const given = args.options(options);
  const texts = ["token", "tokenFile", "tlsCaFile"].map((name) => {
    const value = given[name];
    if (args.isNothing(value)) return undefined;
    // A token is shown to nobody.
    if (name === "token" && typeof value === "string" && /[^\x21-\x7e]/.test(value)) throw args.invalid("token must be printable ASCII");
    return args.place(name, value);
  });
  const flags = (args.flag("tlsSkipVerify", given.tlsSkipVerify) ? 1 : 0) | (args.flag("insecureToken", given.insecureToken) ? 2 : 0);
  return [...texts, flags, args.optionalUnsigned("requestTimeoutMs", given.requestTimeoutMs)];
}

class Client {
  #native;
  #closed = false;
  #isRemote;

  constructor(poolDir, options) {
    const home = poolDir === undefined ? undefined : args.place("poolDir", poolDir);
    this.#isRemote = home !== undefined && args.isUrl(home);
    this.#native = new (native().Client)(home, ...serverOptions(options));
  }

  /** The native client, or the error of a closed one. */
  get #open() {
    if (this.#closed) throw closedError("client");
    return this.#native;
  }

  /** The native client and a reference, for a call that the event loop waits for; servers are asked by `instead`. */
  #here(poolRef, method, instead) {
    const client = this.#open;
    const reference = args.place("poolRef", poolRef);
    if (this.#isRemote || args.isUrl(reference)) throw blockingError(`Client.${method}`, `Client.${instead}`);
    return [client, reference];
  }

  get poolDir() {
    return this.#native.poolDir();
  }

  createPool(poolRef, size) {
    const [client, reference] = this.#here(poolRef, "createPool", "createPoolAsync");
    return new Pool(client.create(false, reference, ...poolOptions(size)));
  }

  async createPoolAsync(poolRef, size) {
    return new Pool(await this.#open.create(true, args.place("poolRef", poolRef), ...poolOptions(size)));
  }

  openPool(poolRef, options) {
    const readOnly = args.flag("readOnly", args.options(options).readOnly);
    const [client, reference] = this.#here(poolRef, "openPool", "openPoolAsync");
    return new Pool(client.open(false, reference, readOnly));
  }

  async openPoolAsync(poolRef, options) {
    const readOnly = args.flag("readOnly", args.options(options).readOnly);
    return new Pool(await this.#open.open(true, args.place("poolRef", poolRef), readOnly));
  }

  pool(poolRef, size) {
    const [client, reference] = this.#here(poolRef, "pool", "ensurePool");
    const [pool] = client.ensure(false, reference, ...poolOptions(size));
    return new Pool(pool);
  }

  async ensurePool(poolRef, size) {
    const [pool, created] = await this.#open.ensure(true, args.place("poolRef", poolRef), ...poolOptions(size));
    return { pool: new Pool(pool), created };
  }

  async poolExists(poolRef) {
    return this.#open.exists(true, args.place("poolRef", poolRef));
  }

  poolPath(poolRef) {
    return this.#open.resolve(args.place("poolRef", poolRef));
  }

  async poolInfo(poolRef) {
    const pool = await this.openPoolAsync(poolRef, { readOnly: true });
    try {
      return await pool.infoAsync();
    } finally {
      pool.close();
    }
  }

  async listPools() {
    return parseExact(await this.#open.list(true)).pools;
  }

  async deletePool(poolRef) {
    await this.#open.delete(true, args.place("poolRef", poolRef));
  }

  async migratePool(poolRef, newRef, options) {
    const target = args.isNothing(newRef) ? undefined : args.place("newRef", newRef);
    return this.#open.migrate(true, args.place("poolRef", poolRef), target, ...optionsOfCopy(options));
  }

  async salvagePool(poolRef, newRef, options) {
    const from = args.place("poolRef", poolRef);
    const { ranges, ...facts } = await this.#open.salvage(true, from, args.place("newRef", newRef), ...optionsOfCopy(options));
    return { ...facts, ranges: ranges.map((range) => new Gap(range)) };
  }

  async doctor(poolRef, options) {
    const { onProgress, signal } = args.options(options);
    const abort = args.signal(signal);
    if (onProgress !== undefined && typeof onProgress !== "function") throw args.invalid("onProgress must be a function");
    abort?.throwIfAborted();
    const doctor = await this.#open.doctor(true, args.isNothing(poolRef) ? undefined : args.place("poolRef", poolRef));
    for (;;) {
      abort?.throwIfAborted();
      const { done, ...progress } = await doctor.step(DOCTOR_STEP_BYTES);
      onProgress?.(progress);
      if (done) return parseExact(doctor.reports()).reports;
    }
  }

  close() {
    this.#closed = true;
  }

  [Symbol.dispose]() {
    this.close();
  }
}

function defaultPoolDir() {
  return native().defaultPoolDir();
}

/** Without a home undefined, and no error: programs copy and destructure the whole module. */
const DEFAULT_POOL_DIR = HOME_AT_LOADING ? path.join(HOME_AT_LOADING, ".plasmite", "pools") : undefined;

module.exports = { Client, DEFAULT_POOL_DIR, DEFAULT_POOL_SIZE, DEFAULT_POOL_SIZE_BYTES, defaultPoolDir };
