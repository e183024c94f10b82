#!/usr/bin/env python3
"""The hosts `python` and `python-async` (argument --async first): each step is a call of the package plasmite.

The second reads through `tail_async` and its kin, in an event loop that runs on a thread of its own.
"""

import asyncio
import json
import os
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))

from engine import Failure, SdkError, main, need
from plasmite import BatchItem, Client, EndReason, Message, PlasmiteError, parse_message  # noqa: E402

KINDS = {
    "INTERNAL": "Internal",
    "USAGE": "Usage",
    "NOT_FOUND": "NotFound",
    "ALREADY_EXISTS": "AlreadyExists",
    "BUSY": "Busy",
    "PERMISSION": "Permission",
    "CORRUPT": "Corrupt",
    "IO": "Io",
    "RETENTION_GAP": "RetentionGap",
}
ENDS = {EndReason.END: "end", EndReason.CANCELLED: "cancelled", EndReason.DEADLINE: "deadline"}


class GapTold(Exception):
    """What on_gap raises, so that the reading stops there."""


def telling(gap):
    raise GapTold(gap)


def answered(call):
    """What the SDK raises, as an SdkError."""

    def calling(self, step, given):
        try:
            return call(self, step, given)
        except PlasmiteError as error:
            raise SdkError(KINDS[error.kind.name], str(error), error.path, error.seq, error.offset) from error
        except (Failure, SdkError, KeyError, AttributeError):
            raise
        except (ValueError, TypeError, RecursionError) as error:
            raise SdkError("Usage", str(error)) from error

    return calling


def told(message):
    """A message, or a Lite3 frame, as the format has it."""
    if not isinstance(message, Message):
        return {"seq": message.seq, "time": message.time_rfc3339, "hex": message.payload.hex()}
    raw = message.raw.decode()
    try:
        data = message.data
    except RecursionError:
        data = None
    text = raw[raw.index(']},"data":') + len(']},"data":') : -1]
    whole = {"seq": message.seq, "time": message.time_rfc3339, "tags": message.tags}
    return {**whole, "data": data, "raw": raw, "data_text": text}


def exact(value):
    """The text of {"$json": text}, or None."""
    return value["$json"].encode() if isinstance(value, dict) and set(value) == {"$json"} else None


class Sync:
    """Reading that waits in the calling thread."""

    @staticmethod
    def open(pool, given, timeout_ms=None):
        options = {name: given[name] for name in ("since_seq", "tags", "where", "end_seq") if name in given}
        options |= {name: True for name in ("snapshot", "backwards") if given.get(name)}
        if "max" in given:
            options["max_messages"] = given["max"]
        if "timeout_ms" in given or timeout_ms is not None:
            options["timeout_ms"] = given.get("timeout_ms", timeout_ms)
        start = given.get("start", "oldest")
        if start == "now":
            options["from_now"] = True
        elif isinstance(start, dict):
            options |= {"last": start["last"]} if "last" in start else {"since_time": start["time"]}
        gap = given.get("gap", "continue")
        if gap == "error":
            options["error_on_gap"] = True
        elif gap == "event":
            options["on_gap"] = telling
        kind = {"json": "json", "lite3": "lite3"}[given.get("encoding", "json")]
        return options, kind

    def tail(self, pool, given, timeout_ms=None):
        options, kind = self.open(pool, given, timeout_ms)
        return pool.open_lite3_stream(**options) if kind == "lite3" else pool.open_stream(**options)

    def next(self, tail, wait_ms):
        return tail.next(wait_ms) if hasattr(tail, "next") else tail.next_message(wait_ms)

    def replay(self, pool, *arguments):
        return list(pool.replay(*arguments))

    def close(self, tail):
        tail.close()


class Async(Sync):
    """Reading in an event loop."""

    def __init__(self):
        self.process, self.loop = None, None

    def run(self, coroutine):
        if self.process != os.getpid():  # a forked child has no thread that runs its parent's loop
            self.process, self.loop = os.getpid(), asyncio.new_event_loop()
            threading.Thread(target=self.loop.run_forever, daemon=True).start()
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def tail(self, pool, given, timeout_ms=None):
        options, kind = self.open(pool, given, timeout_ms)
        tail = pool.lite3_tail_async(**options) if kind == "lite3" else pool.tail_async(**options)
        return self.run(tail.__aenter__())

    def next(self, tail, wait_ms):
        return self.run(tail.next_message(wait_ms))

    def replay(self, pool, *arguments):
        async def collect():
            return [message async for message in pool.replay_async(*arguments)]

        return self.run(collect())


class Host:
    reading = Sync()

    def __init__(self, runner):
        self.runner = runner
        self.client = Client(runner.home)

    def pool(self, step):
        """The pool of a step, and whether it is closed behind it."""
        if "on" in step:
            return Kept(self.runner.on(step))
        return self.client.open_pool(need(step, "pool"))

    def made(self, step, pool):
        if "keep" in step:
            self.runner.keep(step, pool)
        else:
            pool.close()

    @answered
    def op_connect(self, step, given):
        options = {name: given[name] for name in ("token", "token_file") if name in given}
        self.client = Client(given.get("home", self.runner.home), **options)
        return {}

    # Pools

    @answered
    def op_create_pool(self, step, given):
        self.made(step, self.client.create_pool(need(step, "pool"), **given))
        return {}

    @answered
    def op_ensure_pool(self, step, given):
        pool = self.client.ensure_pool(need(step, "pool"), **given)
        self.made(step, pool)
        return {"created": pool.created}

    @answered
    def op_open_pool(self, step, given):
        pool = self.client.open_pool(need(step, "pool"), **given)
        read_only = pool.read_only
        self.made(step, pool)
        return {"read_only": read_only}

    @answered
    def op_pool_info(self, step, given):
        if "on" in step:
            info = self.runner.on(step).info()
        else:
            info = self.client.pool_info(need(step, "pool"))
        same = {name: getattr(info, name) for name in ("name", "file_size", "ring_size", "index_capacity")}
        return {**same, "bounds": ends(info.bounds), "count": info.bounds.count}

    @answered
    def op_list_pools(self, step, given):
        pools = self.client.list_pools()
        broken = [{"name": pool.name, "kind": KINDS[pool.error.kind.name]} for pool in pools if pool.error]
        return {"names": [pool.name for pool in pools], "broken": broken}

    @answered
    def op_delete_pool(self, step, given):
        self.client.delete_pool(need(step, "pool"))
        return {}

    @answered
    def op_check_pools(self, step, given):
        found = [self.client.validate(step["pool"])] if "pool" in step else self.client.validate_all()
        reports = [
            {
                "name": Path(report.path).name.removesuffix(".plasmite"),
                "status": report.status,
                "last_good_seq": report.last_good_seq,
                "issue_count": report.issue_count,
                "codes": sorted({issue.code for issue in report.issues}),
            }
            for report in found
        ]
        return {"reports": sorted(reports, key=lambda report: report["name"])}

    @answered
    def op_migrate_pool(self, step, given):
        made = self.client.migrate(need(step, "pool"), given.get("to"))
        return {"bounds": ends(made.bounds), "count": made.bounds.count}

    # Writing

    @answered
    def op_append(self, step, given):
        names = {"time": "timestamp_ns", "expect_newest": "expect_newest", "lock_wait_ms": "lock_wait_ms"}
        options = {names[name]: given[name] for name in names if name in given}
        text = bytes.fromhex(given["hex"]) if "hex" in given else None
        if text is None and self.runner.version == 1:
            text = exact(need(given, "data"))
        tags, durability = given.get("tags", []), given.get("durability", "fast")
        with self.pool(step) as pool:
            if options and text is not None:
                stored = pool.append_json_receipt(text, tags, durability, **options)
            elif options:
                stored = pool.append_receipt(given["data"], tags, durability, **options)
            elif text is not None:
                stored = told(parse_message(pool.append_json(text, tags, durability)))
                return {"seq": stored["seq"], "time": stored["time"]}
            else:
                stored = pool.append(need(given, "data"), tags, durability)
        return {"seq": stored.seq, "time": stored.time_rfc3339}

    @answered
    def op_append_batch(self, step, given):
        items = need(given, "items")
        texts = [bytes.fromhex(item["hex"]) if "hex" in item else exact(item["data"]) for item in items]
        with self.pool(step) as pool:
            durability = given.get("durability", "fast")
            if any(text is not None for text in texts):
                # One call takes texts, and each of them may have tags of its own.
                encoded = [
                    json.dumps(item["data"]).encode() if text is None else text for item, text in zip(items, texts)
                ]
                own = [BatchItem(text, item.get("tags", [])) for item, text in zip(items, encoded)]
                return {"seqs": list(pool.append_json_many(own, durability=durability))}
            own = [BatchItem(item["data"], item.get("tags", [])) for item in items]
            return {"seqs": list(pool.append_many(own, durability=durability))}

    @answered
    def op_append_lite3(self, step, given):
        with self.pool(step) as pool:
            return {"seq": pool.append_lite3(bytes.fromhex(need(given, "hex")), given.get("durability", "fast"))}

    @answered
    def op_flush(self, step, given):
        with self.pool(step) as pool:
            pool.flush()
        return {}

    # Reading

    @answered
    def op_get(self, step, given):
        with self.pool(step) as pool:
            return told(pool.get(need(given, "seq")))

    @answered
    def op_get_lite3(self, step, given):
        with self.pool(step) as pool:
            return told(pool.get_lite3(need(given, "seq")))

    @answered
    def op_open_tail(self, step, given):
        with self.pool(step) as pool:
            self.runner.keep(step, Reading(self.reading.tail(pool, given), bool(given.get("backwards"))))
        return {}

    @answered
    def op_next(self, step, given):
        return self.collect(self.runner.on(step), given.get("count", 1), given.get("wait_ms", 10_000))

    @answered
    def op_tail(self, step, given):
        expected = step.get("expect", {}) if self.runner.version == 0 else {}
        count = len(expected.get("messages", expected.get("messages_unordered", []))) or None
        if "max" not in given and count:
            given = {**given, "max": count}
        with self.pool(step) as pool:
            reading = Reading(self.reading.tail(pool, given, 500), bool(given.get("backwards")))
        try:
            return self.collect(reading, None, None)
        finally:
            reading.close()

    def collect(self, reading, count, wait_ms):
        messages, end, gap = [], None, None
        while count is None or len(messages) < count:
            try:
                message = self.reading.next(reading.tail, wait_ms)
            except GapTold as found:
                gap, end = vars(found.args[0]), "gap"
                break
            except TimeoutError:
                end = "timeout"
                break
            if message is None:
                end = ENDS[reading.tail.end_reason]
                break
            reading.in_order(message.seq)
            messages.append(told(message))
        return {"messages": messages, "end": end, "gap": gap}

    @answered
    def op_cancel(self, step, given):
        tail = self.runner.on(step).tail
        if given.get("reset"):
            tail.reset_cancel()
        else:
            tail.cancel()
        return {}

    @answered
    def op_replay(self, step, given):
        # Python's name for "without pauses", which is 0 elsewhere.
        speed = need(given, "speed") or float("inf")
        with self.pool(step) as pool:
            started = time.monotonic()
            messages = self.reading.replay(
                pool, speed, given.get("since_seq"), need(given, "max"), None, given.get("tags")
            )
            elapsed_ms = int((time.monotonic() - started) * 1000)
        return {"messages": [told(message) for message in messages], "elapsed_ms": elapsed_ms}

    def op_fork(self, step, given):
        pid = os.fork()
        if pid == 0:
            try:
                self.runner.steps(need(step, "steps"), "fork")
            except BaseException as error:
                print(f"in the child: {error}", file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        if os.waitpid(pid, 0)[1] != 0:
            raise Failure("the forked child failed")
        return {}


class AsyncHost(Host):
    reading = Async()


class Kept:
    """A pool that stays open behind its step."""

    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        return self.pool

    def __exit__(self, *exception):
        pass


class Reading:
    """An open tail and the seq it has come to."""

    def __init__(self, tail, backwards):
        self.tail, self.backwards, self.seq = tail, backwards, None

    @property
    def closed(self):
        return self.tail.closed

    def close(self):
        self.tail.close()

    def in_order(self, seq):
        if self.seq is not None and (seq >= self.seq if self.backwards else seq <= self.seq):
            raise Failure(f"the seqs do not {'fall' if self.backwards else 'rise'}: {self.seq}, then {seq}")
        self.seq = seq


def ends(bounds):
    return {"oldest": bounds.oldest, "newest": bounds.newest}


if __name__ == "__main__":
    asynchronous = sys.argv[1:2] == ["--async"]
    sys.exit(main(AsyncHost if asynchronous else Host, sys.argv[2:] if asynchronous else sys.argv[1:]))
