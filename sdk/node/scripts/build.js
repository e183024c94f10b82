// Builds the addon with the system's C++ compiler, and puts it with the library and the programs into
// native/<platform>-<arch>. Needs no headers but those in node_modules, and no build tool but the compiler.
//
//   PLASMITE_LIB_DIR  where libplasmite and the programs are; without it they are built by the Makefile
//   CXX, CXXFLAGS     compiler (c++) and further flags

const { execFileSync, spawn } = require("node:child_process");
const { once } = require("node:events");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const root = path.resolve(__dirname, "..");
const repository = path.resolve(root, "..", "..");
const platform = `${process.platform}-${process.arch}`;
const out = process.env.PLASMITE_NODE_OUT || path.join(root, "native", platform);
const words = (text) => (text || "").split(/\s+/).filter(Boolean);

function run(command, args, options) {
  execFileSync(command, args, { stdio: "inherit", ...options });
}

// As many at once as there are processors.
async function runAll(command, list) {
  const waiting = [...list];
  const worker = async () => {
    for (let args = waiting.shift(); args; args = waiting.shift()) {
      const [status] = await once(spawn(command, args, { stdio: "inherit" }), "close");
      if (status !== 0) throw new Error(`plasmite: ${command} failed: ${args.join(" ")}`);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
}

function libraryDirectory() {
  if (process.env.PLASMITE_LIB_DIR) return path.resolve(process.env.PLASMITE_LIB_DIR);
  if (!fs.existsSync(path.join(repository, "Makefile"))) {
    throw new Error("plasmite: no Makefile above this package; set PLASMITE_LIB_DIR to the directory that has libplasmite");
  }
  run("make", ["-C", repository, "all"]);
  const target = process.env.CARGO_TARGET_DIR ? path.resolve(repository, process.env.CARGO_TARGET_DIR) : path.join(repository, "target");
  return path.join(target, "release");
}

/** npm installs nothing for a package that it links to from a folder: then the headers are fetched here. */
function fetchHeaders() {
  try {
    require.resolve("node-addon-api");
    require.resolve("node-api-headers");
  } catch {
    const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
    run(npm[0], [...npm.slice(1), "ci", "--omit=dev", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"], { cwd: root });
  }
}

async function compile(library) {
  const compiler = process.env.CXX || "c++";
  const objects = path.join(out, "objects");
  fs.mkdirSync(objects, { recursive: true });
  const include = process.env.PLASMITE_INCLUDE_DIR || path.join(repository, "include");
  const header = fs.existsSync(path.join(include, "plasmite.h")) ? include : path.join(library, "..", "include");
  const flags = [
    ...["-std=c++17", "-O2", "-g1", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-missing-field-initializers"],
    ...["-DNAPI_VERSION=8", "-DNAPI_CPP_EXCEPTIONS", "-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "-DNODE_GYP_MODULE_NAME=plasmite"],
    `-I${header}`,
    `-isystem${require("node-api-headers").include_dir}`,
    `-isystem${path.dirname(require.resolve("node-addon-api"))}`,
    ...words(process.env.CXXFLAGS),
  ];
  const sources = fs.readdirSync(path.join(root, "src")).sort();
  const newest = Math.max(...sources.map((name) => fs.statSync(path.join(root, "src", name)).mtimeMs));
  const newestHeader = Math.max(
    fs.statSync(path.join(header, "plasmite.h")).mtimeMs,
    ...sources.filter((name) => name.endsWith(".h")).map((name) => fs.statSync(path.join(root, "src", name)).mtimeMs),
  );
  const linked = [];
  const commands = [];
  for (const name of sources.filter((name) => name.endsWith(".cc"))) {
    const object = path.join(objects, name.replace(/\.cc$/, ".o"));
    const source = path.join(root, "src", name);
    linked.push(object);
    const made = fs.existsSync(object) ? fs.statSync(object).mtimeMs : 0;
    if (made > newestHeader && made > fs.statSync(source).mtimeMs && !process.env.CXXFLAGS) continue;
    commands.push([...flags, "-c", source, "-o", object]);
  }
  await runAll(compiler, commands);
  const addon = path.join(out, "index.node");
  if (fs.existsSync(addon) && fs.statSync(addon).mtimeMs > Math.max(newest, newestHeader) && !process.env.CXXFLAGS) return;
  // An old-style run path is searched before LD_LIBRARY_PATH: the library beside the addon is the one it was built with.
  const place =
    process.platform === "darwin"
      ? ["-undefined", "dynamic_lookup", "-Wl,-rpath,@loader_path"]
      : ["-Wl,--disable-new-dtags", "-Wl,-rpath,$ORIGIN", "-Wl,-z,relro,-z,now"];
  run(compiler, ["-shared", "-o", addon, ...linked, `-L${library}`, "-lplasmite", ...place, ...words(process.env.CXXFLAGS)]);
}

// The library under the name it is looked up by, and the programs, which look beside themselves.
function copyBeside(library) {
  const isLibrary = (name) => /^libplasmite\.(so\.\d+|dylib)$/.test(name);
  for (const name of fs.readdirSync(library)) {
    if (!isLibrary(name) && name !== "plasmite" && name !== "pls") continue;
    const target = path.join(out, name);
    // A running program holds its file: replace the name, not the bytes.
    fs.copyFileSync(fs.realpathSync(path.join(library, name)), `${target}.new`);
    fs.renameSync(`${target}.new`, target);
  }
}

async function main() {
  const library = libraryDirectory();
  fs.mkdirSync(out, { recursive: true });
  copyBeside(library);
  fetchHeaders();
  await compile(library);
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
