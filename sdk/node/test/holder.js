// A process that holds a pool's writer lock, through the reservation of the C library.

const { spawn, execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { root } = require("./support.js");

const PROGRAM = `#include <plasmite.h>
#include <stdio.h>
int main(int argc, char **argv) {
    plsm_client_t *client = NULL; plsm_pool_t *pool = NULL; plsm_reservation_t *reservation = NULL; uint8_t *place = NULL;
    if (argc < 2 || plsm_client_new(argv[1], &client, NULL) || plsm_pool_open(client, "events", &pool, NULL)) return 1;
    if (plsm_pool_reserve(pool, 64, NULL, &reservation, &place, NULL)) return 1;
    puts("held"); fflush(stdout);
    getchar();
    plsm_reservation_abort(reservation); plsm_pool_free(pool); plsm_client_free(client);
    return 0;
}`;

/** { release() }, or null where there is no C compiler. */
async function spawnHolder(directory) {
  const native = path.join(root, "native", `${process.platform}-${process.arch}`);
  const include = process.env.PLASMITE_INCLUDE_DIR || path.join(root, "..", "..", "include");
  const program = path.join(directory, "holder");
  fs.writeFileSync(`${program}.c`, PROGRAM);
  const compiler = process.env.CC || "cc";
  try {
    execFileSync(compiler, ["--version"], { stdio: "ignore" });
  } catch {
    return null;
  }
  execFileSync(compiler, [`${program}.c`, "-o", program, `-I${include}`, path.join(native, "libplasmite.so.1"), `-Wl,-rpath,${native}`]);
  const child = spawn(program, [directory], { stdio: ["pipe", "pipe", "inherit"] });
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.once("exit", (status) => reject(new Error(`the holder ended with ${status}`)));
  });
  return { release: () => child.stdin.end() };
}

module.exports = { spawnHolder };
