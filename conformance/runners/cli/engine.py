"""Runs the steps of a manifest on a host: what format.md says, but for the operations on pools, which the host brings.

A host is an object with a method `op_NAME(step, given)` for each operation it has; `given` is the step's input. It raises
SdkError for what the SDK answers, and Failure for a step that is wrong. `reference(step)` and so on are its own matter;
`runner.handles` has what is open, by name, as objects with `close()`.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from values import Failure, outcome_mismatch, replace, shown, unsafe

V0_OPS = {"create_pool", "append", "get", "fetch", "tail", "retention_gap", "list_pools", "pool_info", "delete_pool", "spawn_poke",
          "corrupt_pool_header", "chmod_path"}
CONTAINERS = ("steps", "branches")


class SdkError(Exception):
    """An error of the SDK: the kind's name, the message, and what else it tells."""

    def __init__(self, kind, message, path=None, seq=None, offset=None):
        super().__init__(f"{kind}: {message}")
        self.fields = {"kind": kind, "message": message, "path": path, "seq": seq, "offset": offset}


class StepFailure(Exception):
    """A failure with the path of its step."""


def need(given, name):
    if name not in given:
        raise Failure(f"the step has no {name!r}")
    return given[name]


class Process:
    """A spawned runner."""

    def __init__(self, popen, out):
        self.popen, self.out = popen, out

    @property
    def closed(self):
        return self.popen.poll() is not None

    def close(self):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
            raise Failure("a spawned process was not joined")


class Runner:
    def __init__(self, manifest, workdir, make_host):
        self.version = manifest["conformance_version"]
        self.manifest, self.workdir = manifest, Path(workdir)
        self.home = os.environ.get("PLASMITE_CONFORMANCE_HOME", str(workdir))
        self.captures = dict(manifest.get("captures", {}))
        self.handles = {}
        self.lock = threading.Lock()
        self.host = make_host(self)
        self.completed = 0

    # Steps

    def run(self):
        for index, step in enumerate(self.manifest["steps"]):
            self.step(step, str(index))
            self.completed += 1
        for name in list(self.handles):
            self.handles.pop(name).close()

    def steps(self, steps, path):
        for index, step in enumerate(steps):
            self.step(step, f"{path}.{index}")

    def step(self, step, path):
        try:
            outer = {key: value for key, value in step.items() if key not in CONTAINERS}
            if self.version == 1:
                outer = replace(outer, self.captures)
                if isinstance(outer.get("input"), dict):
                    outer["input"] = {key: value if key == "data" else unsafe(value) for key, value in outer["input"].items()}
            self.execute({**step, **outer}, path)
        except (Failure, SdkError) as failure:
            name = f" ({step['id']})" if "id" in step else ""
            raise StepFailure(f"step {path}{name}: {failure}") from failure

    def execute(self, step, path):
        op, given = need(step, "op"), step.get("input", {})
        if hasattr(self, f"control_{op}") and self.version == 1:
            getattr(self, f"control_{op}")(step, given, path)
            return
        call = getattr(self, f"op_{op}", None) or getattr(self.host, f"op_{op}", None)
        if call is None or (self.version == 0 and op not in V0_OPS):
            raise Failure(f"unknown op {op!r}")
        if "expect" not in step and op != "join":
            result, error = call(step, given), None
        else:
            try:
                result, error = call(step, given), None
            except SdkError as failed:
                result, error = None, failed.fields
            expect = step.get("expect", {"exit": 0})
            if self.version == 0:
                expect = {{"messages_unordered": "messages"}.get(key, key): value for key, value in expect.items() if key != "created"}
                if "messages_unordered" in step["expect"]:
                    expect["messages"] = {"$unordered": expect["messages"]}
                if "names" in expect:
                    expect["names"] = sorted(expect["names"])
            found = outcome_mismatch(expect, result, error, matchers=self.version == 1 or "messages_unordered" in step["expect"])
            if found and op == "join":
                found += "; it says: " + result["stderr"].strip()
            if found:
                raise Failure(found)
        if "as" in step:
            self.captures[step["as"]] = result if error is None else error

    def keep(self, step, handle):
        """Binds a handle to the name of the step."""
        with self.lock:
            if not getattr(self.handles.get(step["keep"]), "closed", True):
                raise Failure(f"there is a handle {step['keep']!r} already")
            self.handles[step["keep"]] = handle

    def on(self, step):
        if need(step, "on") not in self.handles:
            raise Failure(f"there is no handle {step['on']!r}")
        return self.handles[step["on"]]

    # Control

    def control_repeat(self, step, given, path):
        until, items = given.get("until"), given.get("for")
        done, ended = 0, until is None
        for n in range(given.get("count", 0) if items is None else len(items)):
            item = items[n] if items else None
            if "as" in step:
                self.captures[step["as"]] = {"n": n, "item": item}
            try:
                self.steps(step["steps"], path)
            except StepFailure as failure:
                cause = failure.__cause__
                if until and isinstance(cause, SdkError) and cause.fields["kind"] == until:
                    ended = True
                    break
                raise StepFailure(f"{failure} [round {n}: {shown(item)}]") from cause
            done += 1
        if not ended:
            raise Failure(f"no {until} within {done} rounds")
        if "as" in step:
            self.captures[step["as"]] = {"n": done, "item": None}

    def control_parallel(self, step, given, path):
        failures = []

        def branch(index, steps):
            try:
                self.steps(steps, f"{path}.{index}")
            except StepFailure as failure:
                failures.append(failure)

        threads = [threading.Thread(target=branch, args=entry) for entry in enumerate(step["branches"])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def op_spawn(self, step, given):
        host = {"self": os.environ["PLASMITE_CONFORMANCE_HOST"], "peer": os.environ.get("PLASMITE_CONFORMANCE_PEER")}.get(given["host"], given["host"])
        commands = json.loads(Path(os.environ["PLASMITE_CONFORMANCE_HOSTS"]).read_text())
        if host not in commands:
            raise Failure(f"there is no host {host!r}")
        stem = self.workdir / f"spawn-{need(step, 'keep')}"
        manifest = {"conformance_version": 1, "name": stem.name, "captures": self.captures, "steps": step["steps"]}
        stem.with_suffix(".json").write_text(json.dumps(manifest))
        with stem.with_suffix(".out").open("wb") as out, stem.with_suffix(".err").open("wb") as err:
            command = [*commands[host], str(stem.with_suffix(".json")), "--workdir", str(self.workdir)]
            popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=self.workdir,
                                     env={**os.environ, "PLASMITE_CONFORMANCE_HOST": host})
        self.keep(step, Process(popen, stem.with_suffix(".out")))
        return {}

    def op_join(self, step, given):
        process = self.on(step)
        status = process.popen.wait()
        lines = process.out.read_text().splitlines()
        captures = json.loads(lines[-1]).get("captures", {}) if lines and status == 0 else {}
        name = None if status >= 0 else signal.Signals(-status).name.removeprefix("SIG")
        return {"exit": status if status >= 0 else None, "signal": name, "captures": captures,
                "stderr": process.out.with_suffix(".err").read_text()}

    def op_kill(self, step, given):
        self.on(step).popen.send_signal(signal.Signals["SIG" + need(given, "signal")])
        return {}

    def op_await(self, step, given):
        path, deadline = self.workdir / need(given, "path"), time.monotonic() + 30
        while not path.exists():
            if time.monotonic() > deadline:
                raise Failure(f"{path.name} has not come in 30 s")
            time.sleep(0.002)
        return {}

    def op_sleep(self, step, given):
        time.sleep(need(given, "ms") / 1000)
        return {}

    def op_close(self, step, given):
        self.on(step).close()
        return {}

    def op_start_server(self, step, given):
        done = subprocess.run([os.environ["PLASMITE_CONFORMANCE_SERVER"], step["op"], json.dumps(given)], stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode != 0:
            raise Failure(done.stderr.decode(errors="replace"))
        return {}

    op_stop_server = op_start_server

    # Files

    def op_file(self, step, given):
        do, path = need(given, "do"), self.workdir / need(given, "path")
        if do == "write":
            content = given["text"].encode() if "text" in given else bytes.fromhex(need(given, "hex"))
            self.patch(path, given["offset"], content) if "offset" in given else path.write_bytes(content)
        elif do == "flip":
            self.patch(path, need(given, "offset"), None)
        elif do == "copy":
            source = need(given, "from")
            root = Path(os.environ["PLASMITE_CONFORMANCE_DIR"]) if source.startswith("fixtures/") else self.workdir
            shutil.copyfile(root / source, path)
        elif do == "rename":
            path.rename(self.workdir / need(given, "to"))
        elif do == "remove":
            path.unlink(missing_ok=True)
        elif do == "truncate":
            os.truncate(path, need(given, "size"))
        elif do == "chmod":
            path.chmod(int(need(given, "mode"), 8))
        elif do == "mkdir":
            path.mkdir(parents=True, exist_ok=True)
        else:
            raise Failure(f"unknown file operation {do!r}")
        return {}

    @staticmethod
    def patch(path, offset, content):
        with path.open("r+b") as file:
            file.seek(offset, os.SEEK_END if offset < 0 else os.SEEK_SET)
            content = content or bytes([file.read(1)[0] ^ 255])
            file.seek(offset, os.SEEK_END if offset < 0 else os.SEEK_SET)
            file.write(content)

    # Version 0

    def op_fetch(self, step, given):
        return self.host.op_get(step, given)

    def op_corrupt_pool_header(self, step, given):
        (self.workdir / f"{need(step, 'pool')}.plasmite").write_bytes(b"NOPE")

    def op_chmod_path(self, step, given):
        return self.op_file(step, {"do": "chmod", **given})

    def op_spawn_poke(self, step, given):
        messages = need(given, "messages")
        commands = [[os.environ["PLASMITE_BIN"], "--dir", str(self.workdir), "feed", need(step, "pool"), json.dumps(need(message, "data")),
                     *(f"--tag={tag}" for tag in message.get("tags", []))] for message in messages]
        running = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for command in commands]
        if any([process.wait() for process in running]):
            raise Failure("a writer failed")

    def op_retention_gap(self, step, given):
        path = Path(os.environ["PLASMITE_CONFORMANCE_DIR"]) / "v0-retention-gap.json"
        scenario = json.loads(path.read_text())
        inner = Runner({**scenario, "captures": {"in": {"base": need(step, "pool"), "size": given.get("size_bytes", 65536)}}},
                       self.workdir, type(self.host))
        try:
            inner.run()
        except StepFailure as failure:
            raise Failure(str(failure)) from failure


def prepare_v0(path, manifest):
    """The emptied working directory of a version 0 manifest."""
    name = manifest.get("workdir", "work")
    if not isinstance(name, str) or not re.fullmatch(r"work(-[A-Za-z0-9_-]+)?", name):
        raise Failure(f"a bad workdir: {shown(name)}")
    workdir = path.parent.resolve() / name
    if workdir.is_symlink():
        raise Failure(f"the workdir {name} is a symbolic link")
    if workdir.exists():
        shutil.rmtree(workdir)
    workdir.mkdir()
    return workdir


def main(make_host, arguments=sys.argv[1:]):
    """Runs the manifest that the arguments name, prints its line, and tells the exit status."""
    started, runner, error, manifest = time.monotonic(), None, None, {}
    try:
        path = Path(arguments[0])
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version = manifest.get("conformance_version")
        if isinstance(version, bool) or version not in (0, 1):
            raise Failure(f"unknown conformance_version {shown(version)}")
        workdir = prepare_v0(path, manifest) if version == 0 else Path(arguments[arguments.index("--workdir") + 1])
        runner = Runner(manifest, workdir, make_host)
        runner.run()
    except (StepFailure, Failure) as failure:
        error = str(failure)
        print(error, file=sys.stderr)
    finally:
        for handle in runner.handles.values() if runner else []:
            if isinstance(handle, Process):
                handle.popen.kill()
    line = {"manifest": manifest.get("name"), "host": os.environ.get("PLASMITE_CONFORMANCE_HOST"), "outcome": "fail" if error else "pass",
            "steps": runner.completed if runner else 0, "ms": round((time.monotonic() - started) * 1000)}
    line |= {"error": error} if error else {"captures": runner.captures}
    print(json.dumps(line), flush=True)
    return 1 if error else 0
