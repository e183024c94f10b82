// A directory of pools.

const os = require("node:os");
const path = require("node:path");
const { fileURLToPath } = require("node:url");
const args = require("./arguments.js");
const { closedError } = require("./errors.js");
const { native } = require("./native.js");
const { Pool } = require("./pool.js");
const { Gap } = require("./tail.js");

const DEFAULT_POOL_SIZE = 1024 * 1024;
const DEFAULT_POOL_SIZE_BYTES = DEFAULT_POOL_SIZE;
const DEFAULT_POOL_DIR = path.join(process.env.HOME || os.homedir(), ".plasmite", "pools");
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

const directoryOf = (value) => (value instanceof URL ? fileURLToPath(value) : value);

class Client {
  #native;
  #closed = false;

  constructor(poolDir) {
    const directory = poolDir === undefined ? undefined : args.text("poolDir", directoryOf(poolDir));
    this.#native = new (native().Client)(directory);
  }

  /** The native client, or the error of a closed one. */
  get #open() {
    if (this.#closed) throw closedError("client");
    return this.#native;
  }

  get poolDir() {
    return this.#native.poolDir();
  }

  createPool(poolRef, size) {
    return new Pool(this.#open.create(false, args.text("poolRef", poolRef), ...poolOptions(size)));
  }

  async createPoolAsync(poolRef, size) {
    return new Pool(await this.#open.create(true, args.text("poolRef", poolRef), ...poolOptions(size)));
  }

  openPool(poolRef, options) {
    const readOnly = args.flag("readOnly", args.options(options).readOnly);
    return new Pool(this.#open.open(false, args.text("poolRef", poolRef), readOnly));
  }

  async openPoolAsync(poolRef, options) {
    const readOnly = args.flag("readOnly", args.options(options).readOnly);
    return new Pool(await this.#open.open(true, args.text("poolRef", poolRef), readOnly));
  }

  pool(poolRef, size) {
    const [pool] = this.#open.ensure(false, args.text("poolRef", poolRef), ...poolOptions(size));
    return new Pool(pool);
  }

  async ensurePool(poolRef, size) {
    const [pool, created] = await this.#open.ensure(true, args.text("poolRef", poolRef), ...poolOptions(size));
    return { pool: new Pool(pool), created };
  }

  async poolExists(poolRef) {
    return this.#open.exists(true, args.text("poolRef", poolRef));
  }

  poolPath(poolRef) {
    return this.#open.resolve(args.text("poolRef", poolRef));
  }

  async poolInfo(poolRef) {
    const pool = await this.openPoolAsync(poolRef, { readOnly: true });
    try {
      return pool.info();
    } finally {
      pool.close();
    }
  }

  async listPools() {
    return JSON.parse(await this.#open.list(true)).pools;
  }

  async deletePool(poolRef) {
    await this.#open.delete(true, args.text("poolRef", poolRef));
  }

  async migratePool(poolRef, newRef, options) {
    const target = args.isNothing(newRef) ? undefined : args.text("newRef", newRef);
    return this.#open.migrate(true, args.text("poolRef", poolRef), target, ...optionsOfCopy(options));
  }

  async salvagePool(poolRef, newRef, options) {
    const from = args.text("poolRef", poolRef);
    const { ranges, ...facts } = await this.#open.salvage(true, from, args.text("newRef", newRef), ...optionsOfCopy(options));
    return { ...facts, ranges: ranges.map((range) => new Gap(range)) };
  }

  async doctor(poolRef, options) {
    const { onProgress, signal } = args.options(options);
    const abort = args.signal(signal);
    if (onProgress !== undefined && typeof onProgress !== "function") throw args.invalid("onProgress must be a function");
    abort?.throwIfAborted();
    const doctor = await this.#open.doctor(true, args.isNothing(poolRef) ? undefined : args.text("poolRef", poolRef));
    for (;;) {
      abort?.throwIfAborted();
      const { done, ...progress } = await doctor.step(DOCTOR_STEP_BYTES);
      onProgress?.(progress);
      if (done) return JSON.parse(doctor.reports()).reports;
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

module.exports = { Client, DEFAULT_POOL_DIR, DEFAULT_POOL_SIZE, DEFAULT_POOL_SIZE_BYTES, defaultPoolDir };
