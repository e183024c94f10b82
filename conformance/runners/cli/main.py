#!/usr/bin/env python3
"""The host `cli`: each step is a command of `plasmite`."""

import json
import os
import subprocess
import sys
import time
from urllib.parse import quote

from engine import Failure, SdkError, main, need


def message(line):
    """A message from its line."""
    text = json.loads(line)
    return {"seq": text["seq"], "time": text["time"], "tags": text["meta"]["tags"], "data": text["data"], "raw": line,
            "data_text": line[line.index(']},"data":') + len(']},"data":') : -1]}


def error_of(stderr, status):
    """The error that a command has told in the last line of its standard error."""
    try:
        told = json.loads(stderr.splitlines()[-1])["error"]
    except (ValueError, IndexError, KeyError, TypeError):
        raise Failure(f"exit status {status}, and no error on standard error: {stderr.strip()!r}") from None
    return SdkError(told["kind"], told["message"], told.get("path"), told.get("seq"), told.get("offset"))


class Cli:
    def __init__(self, runner):
        self.runner = runner
        self.connect(runner.home)

    def connect(self, home, token=()):
        """Commands take a server's pools as URLs; the directory is an option."""
        self.server = home if "://" in home else None
        self.program = [os.environ["PLASMITE_BIN"], *([] if self.server else ["--dir", home])]
        self.token = token

    def op_connect(self, step, given):
        token = [f"--{name.replace('_', '-')}={given[name]}" for name in ("token", "token_file") if name in given]
        self.connect(given.get("home", self.runner.home), token)
        return {}

    def command(self, *arguments, stdin=None, fine=(0,)):
        """Standard output of a command, or the error that it told."""
        # Options of the connection stand behind the command, before its arguments.
        arguments = list(arguments)
        at = arguments.index("--") if "--" in arguments else len(arguments)
        arguments[at:at] = self.token
        done = subprocess.run([*self.program, *arguments], input=stdin if stdin is not None else b"", capture_output=True)
        if done.returncode not in fine:
            raise error_of(done.stderr.decode(), done.returncode)
        return done.stdout.decode()

    def pool(self, step):
        if "on" in step or "keep" in step:
            raise Failure("a command has no handles")
        name = need(step, "pool")
        return f"{self.server}/{quote(name, safe='')}" if self.server and "://" not in name else name

    # Pools

    def op_create_pool(self, step, given):
        options = [f"--size={given['size_bytes'] or 1048576}"] if "size_bytes" in given else []
        options += [f"--index-capacity={given['index_capacity']}"] if "index_capacity" in given else []
        self.command("pool", "create", "--json", *options, "--", self.pool(step))
        return {}

    def op_pool_info(self, step, given):
        told = json.loads(self.command("pool", "info", "--json", "--", self.pool(step)))
        bounds = {end: told["bounds"].get(end) for end in ("oldest", "newest")}
        return {**{name: told[name] for name in ("name", "file_size", "ring_size", "index_capacity")}, "bounds": bounds,
                "count": told["metrics"]["message_count"]}

    def op_list_pools(self, step, given):
        told = json.loads(self.command("pool", "list", "--json", *([self.server] if self.server else [])))["pools"]
        broken = [{"name": pool["name"], "kind": pool["error"]["error"]["kind"]} for pool in told if "error" in pool]
        return {"names": [pool["name"] for pool in told], "broken": broken}

    def op_delete_pool(self, step, given):
        # A refusal is in the report, not on standard error.
        told = json.loads(self.command("pool", "delete", "--json", "--", self.pool(step), fine=range(10)) or "{}")
        for failed in told.get("failed", []):
            error = failed["error"]
            raise SdkError(error["kind"], error["message"], error.get("path"), error.get("seq"), error.get("offset"))
        return {}

    def op_check_pools(self, step, given):
        which = ["--", self.pool(step)] if "pool" in step else [self.server or "--all"]
        told = json.loads(self.command("doctor", "--json", *which, fine=(0, 7)))
        reports = [
            {
                "name": os.path.basename(report["path"]).removesuffix(".plasmite"),
                **{name: report[name] for name in ("status", "last_good_seq", "issue_count")},
                "codes": sorted({issue["code"] for issue in report["issues"]}),
            }
            for report in told["reports"]
        ]
        return {"reports": sorted(reports, key=lambda report: report["name"])}

    def op_migrate_pool(self, step, given):
        to = [given["to"]] if "to" in given else []
        told = json.loads(self.command("pool", "migrate", "--json", "--", self.pool(step), *to))["migrated"]
        return {"bounds": told["bounds"], "count": told["message_count"]}

    # Messages

    def op_append(self, step, given):
        if "hex" in given:
            text = bytes.fromhex(given["hex"])
        elif isinstance(given.get("data"), dict) and set(given["data"]) == {"$json"} and self.runner.version == 1:
            text = given["data"]["$json"].encode()
        else:
            text = json.dumps(need(given, "data")).encode()
        options = [f"--tag={tag}" for tag in given.get("tags", [])] + [f"--durability={given.get('durability', 'fast')}"]
        told = json.loads(self.command("feed", "--in=json", *options, "--", self.pool(step), stdin=text))
        return {"seq": told["seq"], "time": told["time"]}

    def op_get(self, step, given):
        return message(self.command("fetch", "--", self.pool(step), str(need(given, "seq"))).rstrip("\n"))

    def op_tail(self, step, given):
        options = ["--quiet-drops", *(f"--tag={tag}" for tag in given.get("tags", []))]
        options += [f"--where={predicate}" for predicate in given.get("where", [])]
        start = given.get("start", "oldest")
        if "since_seq" in given:
            options.append(f"--from={given['since_seq']}")
        elif isinstance(start, dict):
            options.append(f"--tail={start['last']}" if "last" in start else f"--since={start['time']}")
        elif start == "oldest":
            options.append("--from=1")
        options.append("--no-follow" if given.get("snapshot") else f"--timeout={given.get('timeout_ms', 500)}ms")
        expected = step.get("expect", {}) if self.runner.version == 0 else {}
        count = len(expected.get("messages", expected.get("messages_unordered", []))) or None
        return {"messages": self.follow(self.pool(step), options, given.get("max", count)), "end": None}

    def op_replay(self, step, given):
        options = [f"--replay={need(given, 'speed')}", f"--from={given.get('since_seq', 1)}", *(f"--tag={tag}" for tag in given.get("tags", []))]
        started = time.monotonic()
        messages = self.follow(self.pool(step), options, need(given, "max"))
        return {"messages": messages, "elapsed_ms": int((time.monotonic() - started) * 1000)}

    def follow(self, pool, options, most):
        """The messages that `follow` prints, at most so many: then it is ended."""
        following = subprocess.Popen([*self.program, "follow", "--jsonl", *options, *self.token, "--", pool], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        messages = []
        while most is None or len(messages) < most:
            line = following.stdout.readline().decode()
            if not line:
                break
            messages.append(message(line.rstrip("\n")))
        ended = most is not None and len(messages) >= most
        if ended:
            following.kill()
        stderr = following.communicate()[1].decode()
        if not ended and following.returncode not in (0, 124):
            raise error_of(stderr, following.returncode)
        if any(first["seq"] >= second["seq"] for first, second in zip(messages, messages[1:])):
            raise Failure("the seqs do not rise")
        return messages

    def op_cli(self, step, given):
        done = subprocess.run([*self.program, *need(given, "args")], input=given.get("stdin", "").encode(), capture_output=True)
        stdout, stderr = done.stdout.decode(), done.stderr.decode()
        try:
            failure = error_of(stderr, 0) and json.loads(stderr.splitlines()[-1])["error"]
        except Failure:
            failure = None
        return {"exit": done.returncode, "stdout": stdout, "stderr": stderr, "lines": [parsed(line) for line in stdout.splitlines()], "failure": failure}


def parsed(line):
    try:
        return json.loads(line)
    except ValueError:
        return None


if __name__ == "__main__":
    sys.exit(main(Cli))
