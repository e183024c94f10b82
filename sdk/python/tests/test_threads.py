"""Threads: sharing handles, closing and cancelling from elsewhere, the GIL."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

import plasmite
from plasmite import Client, EndReason, Pool


def after(seconds: float, call: Callable[[], object]) -> None:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


def test_many_writers_and_readers(client: Client) -> None:
    pool = client.create_pool("busy", 8 << 20)
    seen: list[list[int]] = []

    def read() -> None:
        seen.append([message.seq for message in pool.tail(1, max_messages=2000, error_on_gap=True)])

    def write(thread: int) -> None:
        for i in range(250):
            if i % 2:
                pool.append({"thread": thread, "i": i})
            else:
                pool.append_many([{"thread": thread, "i": i}] * 3)

    threads = [threading.Thread(target=read) for _ in range(3)]
    threads += [threading.Thread(target=write, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [list(range(1, 2001))] * 3


def test_threads_share_a_tail(pool: Pool) -> None:
    tail = pool.tail(max_messages=500)
    seen: list[int] = []

    def read() -> None:
        while (message := next(tail, None)) is not None:
            seen.append(message.seq)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for i in range(500):
        pool.append(i)
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, 501))


@pytest.mark.parametrize("end", ["close", "cancel"])
@pytest.mark.parametrize("where", ["main", "thread"])
def test_a_wait_is_ended_from_elsewhere(pool: Pool, end: str, where: str) -> None:
    readers = [
        pool.tail(),
        pool.open_stream(),
        pool.open_lite3_stream(),
        pool.tail_views(),
        pool.replay(),
    ]
    for reader in readers:
        ended: list[object] = []

        def wait(reader: plasmite.Tail = reader, ended: list[object] = ended) -> None:  # type: ignore[assignment]
            ended.append(next(reader, "end"))

        after(0.05, getattr(reader, end))
        if where == "main":
            wait()
        else:
            thread = threading.Thread(target=wait)
            thread.start()
            thread.join()
        assert ended == ["end"]
        assert reader.end_reason == EndReason.CANCELLED


def test_cancel_is_taken_back(pool: Pool) -> None:
    pool.append_many(range(100))
    tail = pool.tail()
    assert next(tail).seq == 1
    tail.cancel()
    assert list(tail) == []
    tail.reset_cancel()
    assert next(tail).seq == 2
    assert tail.end_reason is None


def test_replay_cancelled_in_a_pause(pool: Pool) -> None:
    base = 4102444800000000000
    for i in range(2):
        pool.append_receipt(i, timestamp_ns=base + i * 3_600_000_000_000)
    replay = pool.replay()
    assert next(replay).data == 0
    after(0.05, replay.cancel)
    assert next(replay, None) is None
    replay.reset_cancel()
    after(0.05, replay.close)
    assert list(replay) == []


def test_a_cancel_is_taken_back_whole(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait ends with the first step of the cancel, and the reader takes it back before the last one."""
    replay = pool.replay()
    cancel = replay._coming.cancel

    def cancel_late() -> None:
        time.sleep(0.2)
        cancel()

    monkeypatch.setattr(replay._coming, "cancel", cancel_late)
    canceller = threading.Timer(0.05, replay.cancel)
    canceller.start()
    assert next(replay, None) is None
    replay.reset_cancel()
    canceller.join()
    pool.append(1)
    assert next(replay).data == 1


def test_pool_closed_under_a_writer(client: Client) -> None:
    for _ in range(20):
        pool = client.ensure_pool("events")
        stopped: list[plasmite.PlasmiteError] = []

        def write(pool: Pool = pool, stopped: list[plasmite.PlasmiteError] = stopped) -> None:
            try:
                while True:
                    pool.append({"a": 1})
            except plasmite.ClosedError as error:
                stopped.append(error)

        threads = [threading.Thread(target=write) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.005)
        pool.close()
        for thread in threads:
            thread.join()
        assert len(stopped) == 3


def test_the_gil_is_free_while_waiting(pool: Pool) -> None:
    counted = 0
    tail = pool.tail()
    thread = threading.Thread(target=lambda: next(tail, None))
    thread.start()
    deadline = time.monotonic() + 0.2
    while time.monotonic() < deadline:
        counted += 1
    tail.close()
    thread.join()
    assert counted > 1000


def test_wait_any_closed_from_elsewhere(client: Client) -> None:
    streams = [client.create_pool(name).open_stream() for name in "ab"]
    after(0.05, streams[1].cancel)
    assert plasmite.wait_any(streams) == 1


def test_the_longest_wait_on_another_thread(pool: Pool) -> None:
    longest = 2**64 - 1
    readers = [pool.tail(), pool.tail(timeout_ms=longest), pool.replay(timeout_ms=longest)]
    found: list[int] = []
    ends: list[plasmite.Message | None] = []

    def call() -> None:
        found.append(pool.append_receipt(1, lock_wait_ms=longest).seq)
        for reader in readers:
            message = reader.next_message(longest)
            assert message is not None
            found.append(message.seq)
            after(0.05, reader.cancel)
            ends.append(reader.next_message(longest))

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert (found, ends) == ([1, 1, 1, 1], [None, None, None])
