"""Searches for the first message that passes a filter: they end with the wait, a signal is heard in them, and the start
of a `last` is no place to go on from before it is found."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from conftest import Interrupt, InterruptMain
from test_shared_streams import Waiting, Watched, is_held

import plasmite
from plasmite import Pool
from plasmite._waiting import _idle, run_interruptibly

COUNT = 5000


def slow(condition: str, steps: int = 10_000) -> str:
    """A filter that takes about a millisecond for 10000 steps before it asks for a condition of a number."""
    return f"(.data + ([range({steps})] | length) - {steps}) | {condition}"


ENDS = slow(f". == 0 or . == {COUNT - 1}")
# Each has a long way to its first message.
STARTS: dict[str, dict[str, Any]] = {"forwards": {"since_seq": 2}, "last": {"last": 2}}


@pytest.fixture
def full(pool: Pool) -> Pool:
    pool.append_many(range(COUNT))
    return pool


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("opened", [Pool.tail, Pool.open_stream])
def test_a_search_ends_with_the_wait(full: Pool, opened: Any, start: str) -> None:
    reader = opened(full, where=ENDS, **STARTS[start])
    for wait in (1, 20):
        # There is a message, at the end of the search.
        with pytest.raises(TimeoutError, match=f"within {wait} ms"):
            reader.next_message(wait)
    assert reader.stats().delivered == 0


def test_a_wait_that_comes_late_to_its_turn(full: Pool) -> None:
    stream = full.open_stream(where=ENDS, since_seq=2)
    Watched(stream, lambda _: time.sleep(0.005))
    with pytest.raises(TimeoutError, match="within 1 ms"):
        stream.next_json(1)
    assert stream.stats().delivered == 0


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("opened", [Pool.tail, Pool.open_stream])
def test_a_signal_ends_a_search(full: Pool, opened: Any, start: str, interrupt_main: InterruptMain) -> None:
    reader = opened(full, where=ENDS, **STARTS[start])
    before = reader.stats().next_seq
    with pytest.raises(Interrupt), interrupt_main(lambda: reader.stats().next_seq != before):
        reader.next_message()
    assert reader.stats().delivered == 0


@pytest.fixture
def helped() -> Callable[[], bool]:
    """Tells whether another thread makes a call for the main thread."""

    def is_idle() -> bool:
        return len(_idle) >= helpers

    run_interruptibly(lambda: None)
    helpers = 1
    while not is_idle():
        time.sleep(0.001)
    helpers = len(_idle)
    return lambda: not is_idle()


def test_a_signal_ends_the_search_for_a_token(
    full: Pool, interrupt_main: InterruptMain, helped: Callable[[], bool]
) -> None:
    stream = full.open_stream(**STARTS["last"], where=ENDS)
    with pytest.raises(Interrupt), interrupt_main(helped):
        stream.token()
    while helped():
        time.sleep(0.001)
    # The search is not at its end, and nobody goes on with it.
    assert stream.stats().next_seq > 1
    # The stream is not cancelled.
    with pytest.raises(TimeoutError):
        stream.next_json(1)


def test_a_signal_ends_a_token_beside_a_search(
    full: Pool, interrupt_main: InterruptMain, helped: Callable[[], bool]
) -> None:
    stream = full.open_stream(last=2, where=slow(f". == 0 or . == {COUNT - 1}", 1000))
    with Waiting(stream) as waiting:
        with pytest.raises(Interrupt), interrupt_main(helped):
            stream.token()
        assert stream.stats().next_seq > 1
    # The other thread's wait was not ended.
    assert plasmite.parse_message(waiting.found).data == 0


@pytest.mark.parametrize("end", ["cancel", "close"])
def test_a_handler_that_ends_the_stream_ends_the_search_for_a_token(
    full: Pool, end: str, interrupt_main: InterruptMain, helped: Callable[[], bool]
) -> None:
    stream = full.open_stream(**STARTS["last"], where=ENDS)

    def handler(number: int, frame: FrameType | None) -> None:
        getattr(stream, end)()
        raise Interrupt

    signal.signal(signal.SIGUSR1, handler)
    with pytest.raises(Interrupt), interrupt_main(helped):
        stream.token()
    # It stays ended.
    assert end == "close" or stream.next_json() is None
    assert stream.end_reason == plasmite.EndReason.CANCELLED


def test_a_token_beside_the_search_for_the_start(full: Pool) -> None:
    stream = full.open_stream(last=2, where=slow(". == 0 or . == 1", 1000))
    with Waiting(stream):
        token = stream.token()
    with full.open_stream(token=token, max_messages=1) as resumed:
        first = resumed.next_message(0)
    # That of the start, unless the other thread was quicker.
    assert first
    assert first.data in (0, 1)


def test_a_token_behind_a_search_that_found_nothing(full: Pool) -> None:
    stream = full.open_stream(last=2, where=slow(f". >= {COUNT}", 100))
    with Waiting(stream) as waiting:
        tokens = [stream.token() for _ in range(2)]
        assert is_held(stream._lock)
        full.append(COUNT)
    assert plasmite.parse_message(waiting.found).data == COUNT
    for token in tokens:
        with full.open_stream(token=token, snapshot=True) as resumed:
            assert [plasmite.parse_message(text).seq for text in resumed] == [COUNT + 1]
