// Runs a program that came with this package, in place of this process as far as that can be done.

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { directory, platform } = require("./place.js");

const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2", "SIGCONT", "SIGWINCH"];

function runProgram(name) {
  const program = path.join(directory, process.platform === "win32" ? `${name}.exe` : name);
  if (!fs.existsSync(program)) {
    console.error(`${name}: no program for ${platform}: expected it at ${program}`);
    process.exit(1);
  }
  const args = process.argv.slice(2);
  // Newer versions can become the program.
  if (typeof process.execve === "function" && process.platform !== "win32") process.execve(program, [name, ...args], process.env);
  const child = spawn(program, args, { stdio: "inherit", argv0: name });
  for (const signal of PASSED_ON) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`${name}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (status, signal) => {
    if (signal === null) process.exit(status);
    for (const each of PASSED_ON) process.removeAllListeners(each);
    process.kill(process.pid, signal);
    // A signal that does not end this process.
    setTimeout(() => process.exit(128 + os.constants.signals[signal]), 100);
  });
}

module.exports = { runProgram };
