"""Processes: Ctrl-C, fork, multiprocessing, logging."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import Run

from plasmite import Client, Message, Pool

WAITS = {
    "tail": "next(pool.tail())",
    "stream": "pool.open_stream().next_json()",
    "lite3": "pool.open_lite3_stream().next()",
    "views": "next(pool.tail_views())",
    "timeout": "pool.tail().next_message(60_000)",
    "replay": "pool.append(1); pool.append_receipt(2, timestamp_ns='2100-01-01T00:00:00Z'); list(pool.replay())",
    "wait_any": "plasmite.wait_any([pool.tail(), pool.open_stream()])",
    "asyncio": "asyncio.run(first())",
    "lock": "hold(); pool.append_receipt(1, lock_wait_ms=None)",
    "lock of a batch": "hold(); pool.append_many([1], lock_wait_ms=None)",
}


@pytest.mark.parametrize("wait", WAITS)
def test_ctrl_c(tmp_path: Path, wait: str) -> None:
    source = f"""
import asyncio, plasmite, sys
from plasmite import Client
from plasmite._binding import ffi, lib
pool = Client("data").create_pool("events")
async def first():
    async for message in pool.tail_async():
        return message
def hold():
    options = ffi.new("plsm_append_options_t *")
    options.struct_size = ffi.sizeof("plsm_append_options_t")
    held, place, slot = ffi.new("plsm_reservation_t **"), ffi.new("uint8_t **"), ffi.new("plsm_error_t **")
    assert lib.plsm_pool_reserve(pool._pointer, 64, options, held, place, slot) == 0
print("ready", flush=True)
try:
    {WAITS[wait]}
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", source], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.15)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=30)
    assert (out, process.returncode) == ("interrupted\n", 0), errors


def test_other_signal_handlers_run(pool: Pool) -> None:
    """A handler appends; the wait goes on and finds the message."""
    previous = signal.signal(signal.SIGUSR1, lambda number, frame: pool.append("from the handler"))
    try:
        timer = threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGUSR1))
        timer.start()
        assert next(pool.tail()).data == "from the handler"
        timer.join()
    finally:
        signal.signal(signal.SIGUSR1, previous)


def test_fork(run: Run) -> None:
    done = run(
        """
        import os, plasmite
        from plasmite import Client
        pool = Client("data").create_pool("events")
        pool.append("before")
        tail = pool.tail()
        next(tail)
        children = []
        for child in range(4):
            pid = os.fork()
            if pid == 0:
                for i in range(100):
                    pool.append([child, i])
                own = pool.tail(from_now=True)
                pool.append("own")
                assert own.next_message(10_000) is not None
                os._exit(0)
            children.append(pid)
        assert all(os.waitpid(pid, 0)[1] == 0 for pid in children)
        for i in range(100):
            pool.append(i)
        assert sum(1 for _ in zip(range(504), tail)) == 504
        assert len(pool) == 505
        print("done")
        """
    )
    assert done.stdout == "done\n"


def test_fork_on_a_thread_still_hears_ctrl_c(run: Run) -> None:
    done = run(
        """
        import os, signal, sys, threading
        from plasmite import Client
        pool = Client("data").create_pool("events")
        statuses = []
        def fork():
            pid = os.fork()
            if pid == 0:
                threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
                try:
                    next(pool.tail())
                except KeyboardInterrupt:
                    os._exit(7)
                os._exit(1)
            statuses.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        thread = threading.Thread(target=fork)
        thread.start()
        thread.join()
        print(statuses)
        """
    )
    assert done.stdout == "[7]\n"


def work(pool: Pool, count: int) -> int:
    return len([pool.append({"pid": os.getpid(), "i": i}) for i in range(count)])


def read(pool: Pool, count: int) -> list[Message]:
    return list(pool.tail(1, max_messages=count))


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_multiprocessing(client: Client, method: str) -> None:
    pool = client.create_pool("events", 4 << 20)
    with multiprocessing.get_context(method).Pool(3) as workers:
        reading = workers.apply_async(read, (pool, 200))
        assert workers.starmap(work, [(pool, 100)] * 2) == [100, 100]
        assert reading.get(30) == list(pool)


def test_killed_writer(run: Run, tmp_path: Path) -> None:
    for _ in range(5):
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from plasmite import Client\npool = Client('data').ensure_pool('events')\nprint(flush=True)\n"
                "while True: pool.append({'a': 1})",
            ],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05)
        process.kill()
        process.wait()
        process.stdout.close()
        pool = Client(tmp_path / "data").open_pool("events")
        assert pool.append("after").seq == pool.bounds().newest


def test_logging(run: Run) -> None:
    """The library says that it repaired what a killed writer left behind."""
    done = run(
        """
        import logging, time
        import plasmite
        from plasmite._binding import ffi, lib
        logging.basicConfig(level=logging.INFO, format="%(name)s %(levelname)s %(message)s")
        # What the library would do, from a thread that is not Python's as well as from this one.
        lib.plasmite_log_line(ffi.NULL, lib.PLSM_LOG_WARN, ffi.new("char[]", b"repaired"))
        for _ in range(100):
            time.sleep(0.01)
        lib.plasmite_log_line(ffi.NULL, lib.PLSM_LOG_ERROR, ffi.new("char[]", b"at the end"))
        """
    )
    assert "plasmite WARNING repaired" in done.stderr
    assert "plasmite ERROR at the end" in done.stderr
