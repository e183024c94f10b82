"""Filters: jq programs in `where=` and as objects."""

from __future__ import annotations

import asyncio
import pickle
import threading
from typing import Any

import pytest

import plasmite
from plasmite import Filter, Pool


@pytest.fixture
def levels(pool: Pool) -> Pool:
    for i in range(10):
        pool.append({"level": "error" if i % 3 == 0 else "info", "n": i}, ["odd"] if i % 2 else ["even"])
    return pool


def numbers(pool: Pool, **options: Any) -> list[int]:
    return [message.data["n"] for message in pool.tail(snapshot=True, **options)]


def test_where(levels: Pool) -> None:
    error = Filter('.data.level == "error"')
    assert numbers(levels, where='.data.level == "error"') == [0, 3, 6, 9]
    assert numbers(levels, where=error) == [0, 3, 6, 9]
    assert numbers(levels, where=[error, ".data.n > 3"]) == [6, 9]
    assert numbers(levels, where=error, tags=["odd"]) == [3, 9]
    assert numbers(levels, where=(item for item in [error]), last=1) == [9]
    assert numbers(levels, where=[], max_messages=2) == [0, 1]
    assert [message.seq for message in levels.range(where=error, backwards=True)] == [10, 7, 4, 1]
    assert [message.seq for message in levels.replay(1000, where=error, max_messages=2)] == [1, 4]
    assert len(list(levels.open_lite3_stream(where=error, snapshot=True))) == 4
    assert len(list(levels.tail_views(where=error, snapshot=True))) == 4

    async def main() -> list[int]:
        return [message.seq async for message in levels.tail_async(where=".data.n >= 8", max_messages=2)]

    assert asyncio.run(main()) == [9, 10]


def test_filter(levels: Pool) -> None:
    chosen = Filter(".seq > 5")
    assert chosen.expression == ".seq > 5"
    assert [chosen.matches(view) for view in (levels.get_view(5), levels.get_view(6))] == [False, True]
    assert pickle.loads(pickle.dumps(chosen)) == chosen
    assert len({chosen, Filter(".seq > 5"), Filter(".seq > 6")}) == 2
    assert ".seq > 5" in repr(chosen)
    assert not Filter(".data + 1").matches(levels.get_view(1))
    assert numbers(levels, where=".data + 1") == []
    with pytest.raises(plasmite.UsageError) as failed:
        Filter(".seq").matches(levels.get_view(3))
    assert failed.value.seq == 3


def test_outlived_by_its_tail(levels: Pool) -> None:
    chosen = Filter(".data.n > 8")
    tail = levels.tail(where=chosen, snapshot=True)
    del chosen
    assert [message.seq for message in tail] == [10]


def test_goes_on_behind_a_failure(levels: Pool) -> None:
    levels.append("no object")
    levels.append({"n": 99})
    tail = levels.tail(10, where='if .seq == 11 then "neither" else .data.n > 8 end', snapshot=True)
    assert next(tail).seq == 10
    with pytest.raises(plasmite.UsageError) as failed:
        next(tail)
    assert failed.value.seq == 11
    assert next(tail).seq == 12


@pytest.mark.parametrize("expression", ["", ".data.n =", "\0", "undefined_function", "\ud800", "(" * 10_000])
def test_no_program(pool: Pool, expression: str) -> None:
    with pytest.raises(ValueError):
        Filter(expression)
    with pytest.raises(ValueError):
        pool.tail(where=expression)


@pytest.mark.parametrize("where", [1, b".seq", [1], [None], object()], ids=repr)
def test_no_filter(pool: Pool, where: Any) -> None:
    with pytest.raises(TypeError, match="where"):
        pool.tail(where=where)
    with pytest.raises(TypeError, match="expression"):
        Filter(where)


def test_shared_by_threads(levels: Pool) -> None:
    chosen = Filter(".data.n % 2 == 0")
    found: list[list[int]] = []
    threads = [threading.Thread(target=lambda: found.append(numbers(levels, where=chosen))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[0, 2, 4, 6, 8]] * 4
