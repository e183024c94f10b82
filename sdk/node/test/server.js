// A server of one test, on a port of its own.

const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { root, scratch, sleep } = require("./support.js");

const program = path.join(root, "native", `${process.platform}-${process.arch}`, "plasmite");

/** { url, pools, directory, stop, pause }: its address, and the directory of its pools. Killed after the test. */
async function serve(t, options = [], { scheme = "http", directory = scratch(t), bind = "127.0.0.1:0" } = {}) {
  const ready = path.join(directory, "ready");
  const pools = path.join(directory, "served");
  fs.rmSync(ready, { force: true });
  const child = spawn(program, ["--dir", pools, "serve", "--bind", bind, ...options], {
    env: { ...process.env, HOME: directory, PLASMITE_SERVE_READY_FILE: ready },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (data) => (stderr += data));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = (signal = "SIGKILL") => {
    child.kill(signal);
    return ended;
  };
  const pause = async () => {
    child.kill("SIGSTOP");
    while (!/\) T /.test(fs.readFileSync(`/proc/${child.pid}/stat`, "utf8"))) await sleep(1);
  };
  t.after(() => stop());
  while (!fs.existsSync(ready)) {
    if (child.exitCode !== null) throw new Error(`the server ended: ${stderr}`);
    await sleep(5);
  }
  return { url: `${scheme}://${fs.readFileSync(ready, "utf8")}`, pools, directory, stop, pause };
}

/** A host of this process alone, so that nobody else takes a port of it that was free. */
const ownHost = () => `127.${((process.pid >> 16) & 127) | 128}.${(process.pid >> 8) & 255}.${(process.pid & 127) | 1}`;

/** A token and a certificate of `serve init`, and the options of a server that uses them: { token, certificate, options }. */
function secrets(t) {
  const directory = path.join(scratch(t), "made");
  execFileSync(program, ["serve", "init", "--output-dir", directory], { stdio: "ignore" });
  const [token, certificate, key] = ["auth-token.txt", "tls-cert.pem", "tls-key.pem"].map((name) =>
    path.join(directory, `plasmite-${name}`),
  );
  return { token, certificate, options: ["--token-file", token, "--tls-cert", certificate, "--tls-key", key] };
}

module.exports = { serve, secrets, ownHost };
