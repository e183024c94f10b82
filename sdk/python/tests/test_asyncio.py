"""asyncio: waiting in the event loop, cancelling, closing, fairness."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from typing import Any

import pytest

import plasmite
from plasmite import Client, EndReason, Pool


def go(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


def test_what_is_there_and_what_comes(pool: Pool) -> None:
    async def main() -> list[int]:
        pool.append_many(range(100))

        async def later() -> None:
            for i in range(3):
                await asyncio.sleep(0.02)
                pool.append(100 + i)

        task = asyncio.create_task(later())
        found = [message.data async for message in pool.tail_async(max_messages=103)]
        await task
        return found

    assert go(main()) == list(range(103))


def test_no_thread_of_pythons(pool: Pool) -> None:
    async def main() -> None:
        before = threading.active_count()
        async with pool.tail_async() as tail:
            waiting = asyncio.ensure_future(tail.next_message())
            await asyncio.sleep(0.05)
            assert threading.active_count() == before
            pool.append(1)
            message = await waiting
            assert message is not None

    go(main())


def test_cancelled_task_loses_nothing(pool: Pool) -> None:
    async def main() -> None:
        tail = pool.tail_async()
        for i in range(20):
            task = asyncio.ensure_future(tail.next_message())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            pool.append(i)
            message = await tail.next_message(10_000)
            assert message is not None
            assert message.data == i
        with pytest.raises(TimeoutError):
            await tail.next_message(10)
        with pytest.raises(TimeoutError):
            await tail.next_message(0)
        with pytest.raises((TimeoutError, asyncio.TimeoutError)):
            await asyncio.wait_for(tail.__anext__(), 0.01)
        tail.close()

    go(main())


@pytest.mark.parametrize(
    ("wait", "error"), [(-5, ValueError), (2**64, ValueError), (True, TypeError), ("x", TypeError)]
)
def test_no_waits(pool: Pool, wait: Any, error: type[Exception]) -> None:
    async def main() -> None:
        tail = pool.tail_async()
        with pytest.raises(error, match="wait_ms must"):
            await tail.next_message(wait)
        tail.close()
        with pytest.raises(plasmite.ClosedError):
            await tail.next_message(wait)

    go(main())


@pytest.mark.parametrize("end", ["close", "aclose", "cancel", "close from a thread", "cancel from a thread"])
@pytest.mark.parametrize("kind", ["tail_async", "replay_async", "lite3_tail_async"])
def test_ends_from_elsewhere(pool: Pool, kind: str, end: str) -> None:
    async def main() -> None:
        tail = getattr(pool, kind)()

        async def collect() -> list[Any]:
            return [message async for message in tail]

        task = asyncio.create_task(collect())
        await asyncio.sleep(0.03)
        if end == "aclose":
            await tail.aclose()
        elif end.endswith("thread"):
            threading.Timer(0.02, getattr(tail, end.split()[0])).start()
        else:
            getattr(tail, end)()
        assert await task == []
        assert tail.end_reason == EndReason.CANCELLED
        if end.startswith("cancel"):
            tail.reset_cancel()
            pool.append(1)
            assert await tail.__anext__()

    go(main())


def test_deadline(pool: Pool) -> None:
    async def main() -> None:
        pool.append(1)
        started = time.monotonic()
        tail = pool.tail_async(timeout_ms=80)
        assert [message.data async for message in tail] == [1]
        assert tail.end_reason == EndReason.DEADLINE
        assert time.monotonic() - started >= 0.08

    go(main())


def test_others_get_their_turn(pool: Pool) -> None:
    async def main() -> None:
        pool.append_many(range(5000))
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        async for _ in pool.tail_async(snapshot=True):
            pass
        assert turns > 20
        task.cancel()

    go(main())


def test_two_tasks_share_a_tail(pool: Pool) -> None:
    async def main() -> None:
        tail = pool.tail_async()
        tasks = [asyncio.ensure_future(tail.next_message()) for _ in range(3)]
        await asyncio.sleep(0.02)
        tasks[0].cancel()
        pool.append_many([1, 2])
        first, second = await asyncio.gather(*tasks[1:])
        assert first is not None
        assert second is not None
        assert sorted([first.data, second.data]) == [1, 2]

    go(main())


def test_many_tails(client: Client) -> None:
    async def main() -> None:
        pools = [client.create_pool(f"p{i}", 65536) for i in range(10)]

        async def echo(source: Pool, target: Pool | None) -> None:
            async for message in source.tail_async(max_messages=20):
                if target is not None:
                    target.append(message.data)

        tasks = [asyncio.create_task(echo(a, b)) for a, b in zip(pools, [*pools[1:], None], strict=True)]
        for i in range(20):
            pools[0].append(i)
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        assert [message.data for message in pools[-1]] == list(range(20))

    go(main())


def test_gap(client: Client) -> None:
    async def main() -> None:
        pool = client.create_pool("small", 65536)
        pool.append(1)
        tail = pool.tail_async(1, error_on_gap=True)
        while 1 in pool:
            pool.append_many(["x" * 1000] * 8)
        with pytest.raises(plasmite.RetentionGapError):
            await tail.__anext__()
        assert [message async for message in tail] == []

    go(main())


def test_lite3_and_replay(pool: Pool) -> None:
    async def main() -> None:
        base = 4102444800000000000
        for i in range(3):
            pool.append_receipt({"i": i}, timestamp_ns=base + i * 50_000_000)
        frames = [frame async for frame in pool.lite3_tail_async(max_messages=3)]
        assert frames[2] == pool.get_lite3(3)
        started = time.monotonic()
        replay = pool.replay_async(max_messages=3)
        assert [message.seq async for message in replay] == [1, 2, 3]
        assert time.monotonic() - started >= 0.1
        slow = pool.replay_async(0.001)
        asyncio.get_running_loop().call_later(0.05, slow.close)
        assert [message.seq async for message in slow] == [1]

    go(main())


def test_own_event_loop_with_the_descriptor(pool: Pool) -> None:
    import select

    with pool.open_stream() as stream:
        poll = select.poll()
        poll.register(stream, select.POLLIN)
        found = 0
        writer = threading.Thread(target=lambda: [(time.sleep(0.01), pool.append(i)) for i in range(5)])
        writer.start()
        while found < 5:
            assert poll.poll(30_000)
            while True:
                try:
                    found += stream.next_json(0) is not None
                except TimeoutError:
                    break
        writer.join()
