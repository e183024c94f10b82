"""Signal handlers that raise while something is read: nothing is lost and nothing comes twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from types import CodeType, FrameType
from typing import Any

import pytest
from conftest import Interrupt

import plasmite
from plasmite import Client, Pool

PACKAGE = os.path.dirname(plasmite.__file__)
WAIT = 20_000


class Steps:
    """Raises at a step of the package: where the interpreter looks for signals, after a call of a C function and at
    the start of a function. `left` is what remains of the count afterwards."""

    def __init__(self, step: int) -> None:
        self.left = step

    def __enter__(self) -> Steps:
        sys.setprofile(self.see)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def see(self, frame: FrameType, event: str, _: Any) -> None:
        code: CodeType = frame.f_code
        if event in ("call", "c_return") and code.co_filename.startswith(PACKAGE):
            self.left -= 1
            if self.left == 0:
                raise Interrupt


def seqs(messages: list[Any]) -> list[Any]:
    """The seqs of messages, of what was noted otherwise itself."""
    plain = [json.loads(message)["seq"] if isinstance(message, bytes) else message for message in messages]
    return [getattr(message, "seq", message) for message in plain]


Read = Callable[[Any, list[Any]], None]


def by(take: Callable[[Any], Any]) -> Read:
    """Reads to the end by a call for each message, which answers None there."""

    def read(reader: Any, seen: list[Any]) -> None:
        while (found := take(reader)) is not None:
            seen.append(found)

    return read


def by_iteration(reader: Any, seen: list[Any]) -> None:
    for message in reader:
        seen.append(message)


def by_async_iteration(tail: Any, seen: list[Any]) -> None:
    async def read() -> None:
        async for message in tail:
            seen.append(message)

    try:
        read().send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


# How each reader is opened and read.
KINDS: dict[str, tuple[Callable[..., Any], Read]] = {
    "tail": (Pool.tail, by_iteration),
    "tail, next": (Pool.tail, by(lambda tail: next(tail, None))),
    "tail, next_message": (Pool.tail, by(lambda tail: tail.next_message(WAIT))),
    "stream": (Pool.open_stream, by_iteration),
    "stream, next_json": (Pool.open_stream, by(lambda stream: stream.next_json(WAIT))),
    "stream, next_message": (Pool.open_stream, by(lambda stream: stream.next_message(WAIT))),
    "Lite3": (Pool.open_lite3_stream, by_iteration),
    "Lite3, next": (Pool.open_lite3_stream, by(lambda stream: stream.next(WAIT))),
    "views": (Pool.tail_views, by_iteration),
    "replay": (partial(Pool.replay, speed=float("inf")), by_iteration),
    "replay, next_message": (
        partial(Pool.replay, speed=float("inf")),
        by(lambda replay: replay.next_message(WAIT)),
    ),
    "asyncio": (Pool.tail_async, by_async_iteration),
}


def read_on(reader: Any, read: Read, step: int, seen: list[Any]) -> bool:
    """Reads to the end, being interrupted once, at a step; whether there was such a step."""
    with Steps(step) as steps:
        while True:
            try:
                read(reader, seen)
                break
            except Interrupt as interrupt:
                # An error that was on its way is known by it.
                if isinstance(interrupt.__context__, plasmite.PlasmiteError):
                    seen.append(type(interrupt.__context__))
            except plasmite.UsageError as error:
                seen.append(type(error))
    return steps.left <= 0


def sweep(once: Callable[[int], bool]) -> None:
    step = 1
    while once(step):
        step += 1
    assert step > 10


@pytest.mark.parametrize("kind", KINDS)
def test_every_step(pool: Pool, kind: str) -> None:
    pool.append_many(range(5))
    open_reader, read = KINDS[kind]

    def once(step: int) -> bool:
        seen: list[Any] = []
        there = read_on(open_reader(pool, snapshot=True), read, step, seen)
        assert seqs(seen) == [1, 2, 3, 4, 5], step
        return there

    sweep(once)


@pytest.mark.parametrize("kind", KINDS)
def test_gaps_are_told_once(client: Client, kind: str) -> None:
    pool = client.create_pool("small", 65536)
    for _ in range(100):
        pool.append({"text": "x" * 1000})
    oldest = pool.bounds().oldest
    assert oldest is not None
    expected = [("gap", 1, oldest - 1), oldest, oldest + 1, oldest + 2]
    open_reader, read = KINDS[kind]

    def once(step: int) -> bool:
        seen: list[Any] = []

        def on_gap(gap: plasmite.Gap) -> None:
            seen.append(("gap", gap.first, gap.last))

        reader = open_reader(pool, since_seq=1, end_seq=oldest + 2, on_gap=on_gap)
        there = read_on(reader, read, step, seen)
        assert seqs(seen) == expected, step
        return there

    sweep(once)


@pytest.mark.parametrize("kind", KINDS)
def test_errors_are_told_once(pool: Pool, kind: str) -> None:
    pool.append_many(range(3))
    open_reader, read = KINDS[kind]

    def once(step: int) -> bool:
        seen: list[Any] = []
        there = read_on(
            open_reader(pool, snapshot=True, where='if .seq == 2 then "neither" else true end'), read, step, seen
        )
        assert seqs(seen) == [1, plasmite.UsageError, 3], step
        return there

    sweep(once)


def test_tokens_tell_where_the_caller_stands(pool: Pool) -> None:
    pool.append_many(range(3))

    def once(step: int) -> bool:
        stream, steps = pool.open_stream(snapshot=True), Steps(step)
        seen: list[Any] = []
        try:
            with steps:
                while (text := stream.next_json()) is not None:
                    seen.append(text)
        except Interrupt:
            resumed = pool.open_stream(token=stream.token(), snapshot=True)
            seen += resumed
        assert seqs(seen) == [1, 2, 3], step
        return steps.left <= 0

    sweep(once)


def test_what_is_held_is_seen_by_wait_any(pool: Pool) -> None:
    pool.append(1)
    readers: dict[str, Callable[[], Any]] = {
        "tail": pool.tail,
        "stream": pool.open_stream,
        "Lite3": pool.open_lite3_stream,
        "views": pool.tail_views,
    }
    for kind, open_reader in readers.items():

        def once(step: int, kind: str = kind, open_reader: Callable[[], Any] = open_reader) -> bool:
            reader, steps = open_reader(), Steps(step)
            try:
                with steps:
                    next(reader)
            except Interrupt:
                assert plasmite.wait_any([reader], 0) == 0, (kind, step)
                assert seqs([next(reader)]) == [1]
            return steps.left <= 0

        sweep(once)


def signal_and_append(pool: Pool, count: int) -> threading.Thread:
    """On a thread: a signal for the main thread, which waits in the library by then, and messages, which end that wait.
    The handler runs when it returns."""
    main = threading.main_thread().ident
    assert main is not None

    def send() -> None:
        signal.pthread_kill(main, signal.SIGUSR1)
        pool.append_many(range(count))

    timer = threading.Timer(0.05, send)
    timer.start()
    return timer


@pytest.mark.usefixtures("raising_handler")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "asyncio"])
def test_a_signal_before_messages_come(pool: Pool, kind: str) -> None:
    open_reader, read = KINDS[kind]
    reader = open_reader(pool, end_seq=100)
    seen: list[Any] = []
    sender = signal_and_append(pool, 100)
    with pytest.raises(Interrupt):
        read(reader, seen)
    sender.join()
    read(reader, seen)
    assert seqs(seen) == list(range(1, 101))


@pytest.mark.usefixtures("raising_handler")
def test_a_signal_while_asyncio_waits(pool: Pool) -> None:
    seen: list[int] = []
    tail = pool.tail_async(end_seq=100)

    async def read() -> None:
        async for message in tail:
            seen.append(message.seq)

    sender = signal_and_append(pool, 100)
    with pytest.raises(Interrupt):
        asyncio.run(read())
    sender.join()
    asyncio.run(read())
    assert seen == list(range(1, 101))


@pytest.mark.usefixtures("raising_handler")
def test_a_handler_that_reads_from_the_same_stream(pool: Pool) -> None:
    seen: list[int] = []
    tail = pool.tail(end_seq=200)

    def handler(number: int, frame: FrameType | None) -> None:
        for message in tail:
            seen.append(message.seq)
            if message.seq % 3 == 0:
                break

    signal.signal(signal.SIGUSR1, handler)
    sender = signal_and_append(pool, 200)
    seen += [message.seq for message in tail]
    sender.join()
    assert sorted(seen) == list(range(1, 201))
