"""Threads that share a stream: nobody waits longer than he said because another one waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest
from conftest import Interrupt, InterruptMain
from test_interrupts import Steps

import plasmite
from plasmite import EndReason, Pool, Replay, Stream

# How each reader is opened, and its call that waits at most so long.
KINDS: dict[str, tuple[Callable[..., Any], str]] = {
    "tail": (Pool.tail, "next_message"),
    "stream": (Pool.open_stream, "next_json"),
    "stream, next_message": (Pool.open_stream, "next_message"),
    "Lite3": (Pool.open_lite3_stream, "next"),
    "replay": (Pool.replay, "next_message"),
}


def is_held(lock: Any) -> bool:
    """Whether another thread has a lock."""
    mine = lock.acquire(blocking=False)
    if mine:
        lock.release()
    return not mine


class Waiting(threading.Thread):
    """A thread that waits on a reader. It has the turn there when this is entered, and ends with one message."""

    def __init__(self, reader: Any) -> None:
        super().__init__()
        self.reader = reader
        self.found: Any = None

    def run(self) -> None:
        self.found = next(self.reader, None)

    def __enter__(self) -> Waiting:
        self.start()
        while not is_held(self.reader._lock):
            time.sleep(0.001)
        return self

    def __exit__(self, *_: object) -> None:
        self.join()


class Watched:
    """The lock of a reader, which tells which thread comes to it, each time."""

    def __init__(self, reader: Any, arrived: Callable[[int], object]) -> None:
        self.lock, self.arrived = reader._lock, arrived
        reader._lock = self

    def acquire(self, *arguments: Any, **options: Any) -> bool:
        self.arrived(threading.get_ident())
        return bool(self.lock.acquire(*arguments, **options))

    def release(self) -> None:
        self.lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


@pytest.mark.parametrize("kind", KINDS)
def test_waits_beside_a_wait(pool: Pool, kind: str) -> None:
    open_reader, name = KINDS[kind]
    reader = open_reader(pool)
    read = getattr(reader, name)
    with Waiting(reader) as waiting:
        with pytest.raises(TimeoutError, match="within 0 ms"):
            read(0)
        started = time.monotonic()
        with pytest.raises(TimeoutError, match="within 50 ms"):
            read(50)
        assert time.monotonic() - started >= 0.05
        assert plasmite.wait_any([reader], 0) is None
        assert reader.stats() == plasmite.StreamStats(0, 0, 1)
        assert reader.fileno() >= 0
        pool.append(1)
    assert waiting.found
    pool.append(2)
    assert read(60_000)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_missed_beside_a_take(pool: Pool, kind: str) -> None:
    count = 15_000
    pool.append_many(range(count))
    open_reader, name = KINDS[kind]
    reader = open_reader(pool, **({"speed": float("inf")} if kind == "replay" else {}))
    found: list[Any] = []
    missed: list[plasmite.StreamStats] = []

    def read() -> None:
        while True:
            try:
                found.append(getattr(reader, name)(0))
            except TimeoutError:
                if (stats := reader.stats()).delivered < count:
                    missed.append(stats)
                    continue
                return

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not missed
    assert len(found) == count


def test_beside_the_pause_of_a_replay(pool: Pool) -> None:
    for i in range(2):
        pool.append_receipt(i, timestamp_ns=4102444800000000000 + i * 3_600_000_000_000)
    replay: Replay = pool.replay()
    assert replay.next_message(0)
    with Waiting(replay) as waiting:
        for wait in (0, 20):
            with pytest.raises(TimeoutError, match=f"was due within {wait} ms"):
                replay.next_message(wait)
        assert replay.stats().delivered == 2
        replay.cancel()
    assert waiting.found is None
    assert replay.next_message(0) is None


def test_what_another_thread_took_is_there_for_all(pool: Pool) -> None:
    tail = pool.tail()
    with Waiting(tail) as waiting:
        pool.append_many(range(10))
    rest = [tail.next_message(0) for _ in range(9)]
    assert [message.data for message in [waiting.found, *rest] if message] == list(range(10))


def test_a_token_beside_a_wait(pool: Pool) -> None:
    stream = pool.open_stream(where=".data != 2")

    def rest() -> list[Any]:
        """Takes a token beside a wait, which 10 ends, and reads from there."""
        with Waiting(stream):
            token = stream.token()
            pool.append(10)
        with pool.open_stream(token=token, snapshot=True) as resumed:
            return [plasmite.parse_message(text).data for text in resumed]

    assert rest() == [10]
    assert rest() == [10]
    pool.append(1)
    assert stream.next_json(0)
    pool.append(2)
    assert [data for data in rest() if data != 2] == [10]
    with pytest.raises(TimeoutError):
        stream.next_json(1)
    future = pool.bounds().newest or 0
    stream.seek(future + 3)
    with Waiting(stream):
        assert stream.token().endswith(f".{future + 3}")
        pool.append_many([0] * 3)
    assert stream.token().endswith(f".{future + 4}")


@pytest.mark.parametrize("end", ["close", "cancel"])
@pytest.mark.parametrize("wait", [None, 60_000])
def test_all_waits_are_ended(pool: Pool, end: str, wait: int | None) -> None:
    stream: Stream = pool.open_stream()
    arrivals: SimpleQueue[int] = SimpleQueue()
    Watched(stream, arrivals.put)
    ended: list[object] = []
    threads = [threading.Thread(target=lambda: ended.append(stream.next_json(wait))) for _ in range(3)]
    for thread in threads:
        thread.start()
    arrived: set[int] = set()
    while len(arrived) < len(threads):
        arrived.add(arrivals.get())
    getattr(stream, end)()
    for thread in threads:
        thread.join()
    assert ended == [None, None, None]
    assert stream.end_reason == EndReason.CANCELLED


@pytest.mark.parametrize("wait", [None, 60_000])
def test_signals_beside_a_wait(pool: Pool, interrupt_main: InterruptMain, wait: int | None) -> None:
    tail = pool.tail()
    with Waiting(tail) as waiting:
        arrived = threading.Event()
        Watched(tail, lambda _: arrived.set())
        with pytest.raises(Interrupt), interrupt_main(arrived.is_set):
            tail.next_message(wait)
        pool.append_many(range(2))
    found = tail.next_message(0)
    assert found
    assert [waiting.found.data, found.data] == [0, 1]


def reads(reader: Stream) -> None:
    while reader.next_json(60_000) is not None:
        reader.token()


def test_no_step_keeps_others_out(pool: Pool) -> None:
    """Whatever is interrupted lets go of the lock."""
    pool.append_many(range(3))
    step, left = 1, 0
    while left <= 0:
        stream, steps = pool.open_stream(snapshot=True), Steps(step)
        try:
            with steps:
                reads(stream)
        except Interrupt:
            pass
        held: list[bool] = []
        other = threading.Thread(target=lambda held=held, stream=stream: held.append(is_held(stream._lock)))
        other.start()
        other.join()
        assert held == [False], step
        step, left = step + 1, steps.left
    assert step > 10
