// Makes the npm package: pack.js DIRECTORY. What it carries was built before (build.js), so it needs no compiler, no
// dependencies and no install scripts where it is installed.

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { directory, platform } = require("../lib/place.js");

const root = path.resolve(__dirname, "..");
const out = path.resolve(process.argv[2] ?? path.join(root, "..", "..", "target", "npm"));
const FILES = [
  "index.js",
  "index.mjs",
  "info.d.ts",
  "options.d.ts",
  "types.d.ts",
  "types.d.mts",
  "message.js",
  "mappings.js",
  "remote.js",
  "remote.mjs",
  "remote.d.ts",
  "remote.d.mts",
  "README.md",
  "bin",
  "lib",
  "examples",
];
const NATIVE = ["index.node", "libplasmite.so.1", "libplasmite.dylib", "plasmite.dll", "plasmite", "pls"];

if (!fs.existsSync(path.join(directory, "index.node"))) throw new Error(`nothing was built for ${platform}: run scripts/build.js first`);
fs.mkdirSync(out, { recursive: true });
const stage = fs.mkdtempSync(path.join(out, "stage-"));
try {
  for (const name of FILES) fs.cpSync(path.join(root, name), path.join(stage, name), { recursive: true });
  for (const name of ["LICENSE", "THIRD_PARTY_NOTICES.md"]) fs.copyFileSync(path.join(root, "..", "..", name), path.join(stage, name));
  const native = path.join(stage, "native", platform);
  fs.mkdirSync(native, { recursive: true });
  for (const name of NATIVE) {
    const file = path.join(directory, name);
    if (!fs.existsSync(file)) continue;
    fs.copyFileSync(file, path.join(native, name));
    strip(path.join(native, name));
  }
  const {
    scripts: _,
    dependencies: __,
    devDependencies: ___,
    ...manifest
  } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
  fs.writeFileSync(path.join(stage, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  const [packed] = JSON.parse(execFileSync("npm", ["pack", "--json", "--pack-destination", out], { cwd: stage, encoding: "utf8" }));
  console.log(path.join(out, packed.filename));
} finally {
  fs.rmSync(stage, { recursive: true, force: true });
}

/** Debug information is as large as the rest. Where there is no strip, it stays. */
function strip(file) {
  try {
    execFileSync("strip", ["--strip-debug", file], { stdio: "ignore" });
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}
