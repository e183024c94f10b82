// Bytes that are handed in. Uses nothing that browsers do not have.

const { invalid } = require("./errors.js");

/** The bytes of a Uint8Array, a DataView or an ArrayBuffer; undefined for anything else. */
function bytes(value) {
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof Uint8Array) {
    // Another thread could change shared memory while it is read.
    return value.buffer instanceof ArrayBuffer ? value : Uint8Array.from(value);
  }
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) {
    if (value instanceof DataView) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
    throw invalid(`a ${value.constructor.name} is no JSON: give its bytes as a Uint8Array, or an ordinary array`);
  }
  if (typeof SharedArrayBuffer === "function" && value instanceof SharedArrayBuffer) return new Uint8Array(value).slice();
  return undefined;
}

/** A JSON text as it is now: bytes are the caller's, who may change them while the call goes on. */
function kept(json) {
  if (typeof json === "string") return json;
  // A detached array has no bytes, but cannot be copied.
  return json.length === 0 ? new Uint8Array(0) : new Uint8Array(json);
}

module.exports = { bytes, kept };
