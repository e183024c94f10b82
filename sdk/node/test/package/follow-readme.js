// Runs every program of the README: follow-readme.js README PROJECT. A block of `js` is a CommonJS file, one of `mjs` or `ts`
// an ES module (types are checked elsewhere); blocks that begin with a `// name.js` line are files under that name,
// and a block of `sh` that runs such files is run too.

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const [readme, project] = process.argv.slice(2);
const text = fs.readFileSync(readme, "utf8");
let count = 0;
for (const [, language, body] of text.matchAll(/^```(js|mjs|sh)\n([\s\S]*?)^```$/gm)) {
  if (language === "sh") {
    // Commands that install something are what this test has done already.
    if (/npm|make|git/.test(body)) continue;
    check("sh", ["-euc", body], body);
    continue;
  }
  const [, name] = /^\/\/ (\S+\.m?js)\n/.exec(body) ?? [null, `block-${count}.${language}`];
  fs.writeFileSync(path.join(project, name), body);
  if (!/^\/\/ \S+\.m?js\n/.test(body)) check(process.execPath, [name], body);
}

function check(program, args, body) {
  const { status, signal, stdout, stderr } = spawnSync(program, args, {
    cwd: project,
    encoding: "utf8",
    timeout: 30_000,
    env: { ...process.env, PATH: `${path.join(project, "node_modules", ".bin")}:${process.env.PATH}`, HOME: project },
  });
  count++;
  if (status === 0) return;
  console.error(`README: exit ${status ?? signal}\n${body}\n${stdout}${stderr}`);
  process.exit(1);
}

if (count < 7) {
  console.error(`README: only ${count} programs were found`);
  process.exit(1);
}
console.log(`README: ${count} programs`);
