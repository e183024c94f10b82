"""A worker of the soak in Python: worker.py ROLE DIR POOL WRITER SPREAD N. See worker.c."""

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import NoReturn

from plasmite import Client, Pool

BATCH = 3
OF_CHILDREN = 1_000_000
TURNS = 50
MASK = 0xFFFFFFFF


def message(writer: int, n: int, spread: int) -> bytes:
    state = (writer * 0x9E3779B1 + n * 0x85EBCA77) & MASK
    state = (state * 1664525 + 1013904223) & MASK
    length = 30 + (state >> 8) % spread
    text = f'{{"w":{writer},"n":{n},"p":"'
    padding = []
    for _ in range(length - len(text)):
        state = (state * 1664525 + 1013904223) & MASK
        padding.append(chr(97 + (state >> 8) % 26))
    return (text + "".join(padding) + '"}').encode()


class Worker:
    """One worker, or a child of one."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.prefix = ""
        self.wanted: set[int] = set()
        # Whether there may be children; before starting anew there may have been.
        self.children = True
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            signal.signal(number, lambda number, _: self.wanted.add(number))

    def say(self, line: str) -> None:
        os.write(1, (self.prefix + line).encode())

    def reap(self) -> None:
        """Takes note of children that have ended, and waits for none."""
        while self.children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self.children = False
                return
            if pid == 0:
                return
            assert status == 0, f"a child: {status}"
            self.say("f\n")

    def branch(self) -> int:
        """A child's number, in the child; 0 in the parent, which goes on beside it."""
        self.wanted.discard(signal.SIGUSR1)
        self.children = True
        if os.fork() != 0:
            return 0
        number = OF_CHILDREN + os.getpid()
        self.prefix = f"c {number} "
        return number

    def is_child(self) -> bool:
        return self.prefix != ""

    def read(self, most: int | None = None, timeout_ms: int | None = None) -> None:
        pool = self.pool
        tail = pool.tail(
            on_gap=lambda gap: self.say(f"g {gap.first} {gap.last} {pool.bounds().oldest or 0}\n"),
            max_messages=most,
            timeout_ms=timeout_ms,
        )
        if not self.is_child():
            self.say("r\n")
        for found in tail:
            self.say(f"m {found.seq} {json.dumps(found.data, separators=(',', ':'))}\n")
            self.after_a_turn(lambda _: self.read(TURNS, 200), 1)

    def write(self, count: int, writer: int, spread: int, n: int, most: int | None = None) -> None:
        while most is None or n < most:
            texts = [message(writer, n + index, spread) for index in range(count)]
            begin = time.monotonic_ns()
            if count == 1:
                seq = self.pool.append_json_receipt(texts[0]).seq
            else:
                seq = self.pool.append_json_many(texts)[0]
            self.say(f"a {n} {seq} {count} {begin} {time.monotonic_ns()}\n")
            n += count
            self.after_a_turn(lambda number: self.write(count, number, spread, 1, TURNS), n)

    def after_a_turn(self, in_child: Callable[[int], None], n: int) -> None:
        if self.is_child():
            return
        self.reap()
        if signal.SIGUSR1 in self.wanted:
            number = self.branch()
            if number:
                end_after(lambda: in_child(number))
        if signal.SIGUSR2 in self.wanted:
            os.execv(sys.executable, [sys.executable, *sys.argv[:-1], str(n)])


def end_after(work: Callable[[], None]) -> NoReturn:
    """Nothing of the parent's is left, ended or flushed."""
    try:
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(3)


def main(role: str, directory: str, name: str, writer: int, spread: int, n: int) -> None:
    worker = Worker(Client(directory).open_pool(name))
    if role == "read":
        worker.read()
    else:
        worker.say("r\n")
        worker.write(BATCH if role == "batch" else 1, writer, spread, n)


main(*sys.argv[1:4], *map(int, sys.argv[4:7]))
