"""What else one would use from Python: each appends objects, one by one or 64 at once, and reads them back."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

BATCH = 64


class Sqlite:
    """A table in a file, write-ahead log, no waiting for the disk: as durable as Plasmite's fast appends."""

    name = "sqlite3"

    def __init__(self, directory: Path) -> None:
        self.database = sqlite3.connect(directory / "peer.sqlite", isolation_level=None)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=OFF")
        self.database.execute("CREATE TABLE messages (seq INTEGER PRIMARY KEY, time INTEGER, data TEXT)")

    def append(self, values: list[Any]) -> None:
        execute = self.database.execute
        for value in values:
            execute("INSERT INTO messages (time, data) VALUES (?, ?)", (time.time_ns(), json.dumps(value)))

    def append_many(self, values: list[Any]) -> None:
        for start in range(0, len(values), BATCH):
            rows = [(time.time_ns(), json.dumps(value)) for value in values[start : start + BATCH]]
            self.database.execute("BEGIN")
            self.database.executemany("INSERT INTO messages (time, data) VALUES (?, ?)", rows)
            self.database.execute("COMMIT")

    def read(self, count: int) -> list[Any]:
        rows = self.database.execute("SELECT seq, time, data FROM messages ORDER BY seq LIMIT ?", (count,))
        return [json.loads(data) for _, _, data in rows]

    def close(self) -> None:
        self.database.close()


class Redis:
    """A stream of a server of our own, over a Unix socket, with an append-only file that nobody waits for."""

    name = "redis-py"

    def __init__(self, directory: Path) -> None:
        import redis

        program = shutil.which("redis-server")
        if program is None:
            raise FileNotFoundError("redis-server is not installed (apt-get install redis-server)")
        socket = directory / "redis.sock"
        settings = ["--port", "0", "--unixsocket", str(socket), "--dir", str(directory), "--save", ""]
        settings += ["--appendonly", "yes", "--appendfsync", "no"]
        self.server = subprocess.Popen([program, *settings], stdout=subprocess.DEVNULL)
        self.client = redis.Redis(unix_socket_path=str(socket))
        for _ in range(1000):
            try:
                self.client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.01)

    def append(self, values: list[Any]) -> None:
        for value in values:
            self.client.xadd("messages", {"data": json.dumps(value)})

    def append_many(self, values: list[Any]) -> None:
        for start in range(0, len(values), BATCH):
            pipeline = self.client.pipeline(transaction=False)
            for value in values[start : start + BATCH]:
                pipeline.xadd("messages", {"data": json.dumps(value)})
            pipeline.execute()

    def read(self, count: int) -> list[Any]:
        found: list[Any] = []
        last: Any = "0"
        while len(found) < count:
            [(_, entries)] = self.client.xread({"messages": last}, count=BATCH)
            found += [json.loads(fields[b"data"]) for _, fields in entries]
            last = entries[-1][0]
        return found[:count]

    def close(self) -> None:
        self.client.close()
        self.server.terminate()
        self.server.wait()


def _take(source: Any, count: int, ready: Any) -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    ready.set()
    for _ in range(count):
        source.get()


def queue_pass(values: list[Any]) -> float:
    """Seconds from the first put until another process has every object, through a multiprocessing.Queue."""
    context = multiprocessing.get_context("fork")
    queue, ready = context.Queue(), context.Event()
    child = context.Process(target=_take, args=(queue, len(values), ready))
    child.start()
    ready.wait()
    start = time.perf_counter()
    for value in values:
        queue.put(value)
    child.join()
    return time.perf_counter() - start


def _follow(pool: Any, count: int, ready: Any) -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with pool.tail(from_now=True, max_messages=count, error_on_gap=True) as tail:
        ready.set()
        for message in tail:
            message.data  # noqa: B018 - decodes it


def plasmite_pass(pool: Any, values: list[Any]) -> float:
    """The same through a pool."""
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    child = context.Process(target=_follow, args=(pool, len(values), ready))
    child.start()
    ready.wait()
    start = time.perf_counter()
    for value in values:
        pool.append_receipt(value)
    child.join()
    return time.perf_counter() - start
