"""Bad arguments, closed handles, odd ends: Python's own kinds of error, never a crash."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

import plasmite
from plasmite import Client, Durability, ErrorKind, Pool

NUMBERS = [-1, 2**64, -(2**70), 1 << 200]
NO_NUMBERS = [1.5, "1", None, True, b"1", [1], math.nan, object()]


@pytest.mark.parametrize("value", NUMBERS)
def test_numbers_that_do_not_fit(client: Client, pool: Pool, value: int) -> None:
    calls: dict[str, Callable[[], Any]] = {
        "seq": lambda: pool.get(value),
        "size_bytes": lambda: client.create_pool("x", value),
        "since_seq": lambda: pool.tail(since_seq=value),
        "max_messages": lambda: pool.open_stream(max_messages=value),
        "timeout_ms": lambda: pool.open_lite3_stream(timeout_ms=value),
        "end_seq": lambda: pool.tail(end_seq=value),
        "last": lambda: pool.tail(last=value),
        "expect_newest": lambda: pool.append_receipt(1, expect_newest=value),
        "lock_wait_ms": lambda: pool.append_receipt(1, lock_wait_ms=value),
        "timestamp_ns": lambda: pool.append_receipt(1, timestamp_ns=value),
        "index_capacity": lambda: client.ensure_pool("x", index_capacity=value),
        "spin_us": lambda: pool.tail(spin_us=value),
        "wait_ms": lambda: pool.tail().next_message(value),
    }
    for name, call in calls.items():
        with pytest.raises(ValueError, match=f"{name} must fit"):
            call()
    assert len(pool) == 0
    assert not client.pool_exists("x")


def test_the_largest_numbers_fit(pool: Pool) -> None:
    most = 2**64 - 1
    with pytest.raises(KeyError):
        pool.get(most)
    assert list(pool.tail(since_seq=most, max_messages=most, timeout_ms=0)) == []
    with pool.tail(timeout_ms=most) as tail, pytest.raises(TimeoutError):
        tail.next_message(0)


@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
def test_no_numbers(client: Client, pool: Pool, value: Any) -> None:
    with pytest.raises(TypeError, match="seq"):
        pool.get(value)
    with pytest.raises(TypeError, match="size_bytes"):
        client.create_pool("x", value)
    if value is not None:
        for call in (pool.tail, pool.open_stream, pool.open_lite3_stream, pool.replay, pool.tail_async):
            with pytest.raises(TypeError, match="since_seq"):
                call(since_seq=value)


@pytest.mark.parametrize("value", [None, 1, b"x", [], object()], ids=repr)
def test_no_names(client: Client, value: Any) -> None:
    for call in (client.create_pool, client.open_pool, client.pool, client.delete_pool, client.pool_exists):
        with pytest.raises(TypeError, match="pool_ref"):
            call(value)
    if value is not None:
        with pytest.raises(TypeError, match="pool_dir"):
            Client(value)


@pytest.mark.parametrize("value", ["", "a\0b", "\0", "\ud800"], ids=repr)
def test_bad_names(client: Client, value: str) -> None:
    for call in (client.create_pool, client.open_pool, client.pool, client.delete_pool, client.pool_path):
        with pytest.raises(ValueError, match="pool_ref"):
            call(value)
    with pytest.raises(ValueError, match="pool_dir"):
        Client(value)


@pytest.mark.parametrize("value", [None, 1, b"x", "", "a\0b"], ids=repr)
def test_bad_new_names(client: Client, pool: Pool, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="new_ref"):
        client.salvage("events", value)
    with pytest.raises((TypeError, ValueError), match="file_mode"):
        client.salvage("events", "new", file_mode=-1)


def test_odd_names(client: Client) -> None:
    for name in ("a b", "ü", "..", "-x", "a.plasmite", "x" * 200):
        with client.ensure_pool(name) as pool:
            pool.append(1)
    with pytest.raises(plasmite.PlasmiteError):
        client.create_pool("x" * 5000)
    with pytest.raises(plasmite.UsageError):
        client.open_pool("http://localhost:1/x/y/z/events")


@pytest.mark.parametrize("tags", ["abc", b"abc", 1, [1], [b"x"], [None], ["\ud800"], {"a": 1}.items()], ids=repr)
def test_bad_tags(pool: Pool, tags: Any) -> None:
    for call in (
        lambda: pool.append(1, tags),
        lambda: pool.append_json(b"1", tags, 0),
        lambda: pool.append_receipt(1, tags),
        lambda: pool.append_many([1], tags),
        lambda: pool.append_many([plasmite.BatchItem(1, tags)]),
        lambda: pool.tail(tags=tags),
        lambda: pool.open_stream(tags=tags),
        lambda: pool.replay(tags=tags),
        lambda: pool.range(tags=tags),
    ):
        with pytest.raises((TypeError, ValueError), match="tags must"):
            call()
    assert len(pool) == 0


@pytest.mark.parametrize("durability", [2, -1, 2**40, "FAST", "", 0.0, None, True, b"fast"], ids=repr)
def test_bad_durability(pool: Pool, durability: Any) -> None:
    for call in (
        lambda: pool.append(1, None, durability),
        lambda: pool.append_json(b"1", [], durability),
        lambda: pool.append_lite3(b"1", durability),
        lambda: pool.append_receipt(1, None, durability),
        lambda: pool.append_many([1], None, durability),
    ):
        with pytest.raises((TypeError, ValueError), match="durability"):
            call()


@pytest.mark.parametrize("payload", [None, "text", 1, [], object()], ids=repr)
def test_no_payload(pool: Pool, payload: Any) -> None:
    with pytest.raises(TypeError):
        pool.append_json(payload, [], 0)
    with pytest.raises(TypeError):
        pool.append_lite3(payload, 0)
    with pytest.raises(TypeError):
        plasmite.parse_message(payload)


@pytest.mark.parametrize("payload", [b"", bytearray(), memoryview(b"")], ids=repr)
def test_empty_payload(pool: Pool, payload: Any) -> None:
    with pytest.raises(ValueError, match="payload must not be empty"):
        pool.append_json(payload, [], 0)
    with pytest.raises(ValueError, match="payload must not be empty"):
        pool.append_lite3(payload, 0)


@pytest.mark.parametrize(
    "payload", [b"{", b"nope", b"1 2", b'"\xff"', b"NaN", b"1e400", b'"\\ud800"', b"\0", b"[" * 100_000], ids=repr
)
def test_no_json(pool: Pool, payload: bytes) -> None:
    with pytest.raises(plasmite.UsageError):
        pool.append_json(payload, [], Durability.FAST)
    assert len(pool) == 0


def circle() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def deep() -> Any:
    value: Any = 0
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("make", "kinds"),
    [
        (lambda: math.nan, ValueError),
        (lambda: [math.inf], ValueError),
        (lambda: {"a": -math.inf}, ValueError),
        (object, TypeError),
        (lambda: {1, 2}, TypeError),
        (lambda: b"bytes", TypeError),
        (lambda: {(1, 2): 3}, TypeError),
        (lambda: 1j, TypeError),
        (lambda: "\ud800", ValueError),
        (circle, ValueError),
        (deep, (RecursionError, plasmite.UsageError)),
        (lambda: int, TypeError),
    ],
)
def test_unserialisable(pool: Pool, make: Callable[[], Any], kinds: Any) -> None:
    value = make()
    for call in (lambda: pool.append(value), lambda: pool.append_receipt(value), lambda: pool.append_many([1, value])):
        with pytest.raises(kinds):
            call()
    assert len(pool) == 0
    assert pool.append("fine").seq == 1


def test_too_large(client: Client) -> None:
    pool = client.create_pool("small", 65536)
    with pytest.raises(plasmite.UsageError):
        pool.append("x" * 100_000)
    assert len(pool) == 0


def test_contradictory_options(pool: Pool) -> None:
    with pytest.raises(ValueError, match="only one start"):
        pool.tail(1, last=2)
    with pytest.raises(ValueError, match="exclude"):
        pool.tail(error_on_gap=True, on_gap=print)
    with pytest.raises(TypeError, match="nonsense"):
        pool.tail(nonsense=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="on_gap"):
        pool.tail(on_gap=1)  # type: ignore[arg-type]
    with pytest.raises((ValueError, plasmite.UsageError)):
        pool.tail(token="nonsense")
    with pytest.raises(ValueError, match="exclude"):
        Client("x", encoder=lambda value: b"", default=lambda value: value)
    with pytest.raises(TypeError, match="decoder"):
        Client("x", decoder=1)  # type: ignore[arg-type]


def test_closed_handles(client: Client, pool: Pool, tmp_path: Path) -> None:
    pool.append(1)
    stream, lite3 = pool.open_stream(), pool.open_lite3_stream()
    for handle in (stream, lite3, pool, client):
        handle.close()
        handle.close()
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("pool", lambda: pool.append(1)),
        ("pool", lambda: pool.append_json(b"1", [], 0)),
        ("pool", lambda: pool.append_many([1])),
        ("pool", lambda: pool.append_receipt(1)),
        ("pool", lambda: pool.append_lite3(b"1", 0)),
        ("pool", lambda: pool.get(1)),
        ("pool", lambda: pool.get_json(1)),
        ("pool", lambda: pool.get_lite3(1)),
        ("pool", lambda: pool.get_view(1)),
        ("pool", pool.tail),
        ("pool", pool.open_stream),
        ("pool", pool.open_lite3_stream),
        ("pool", pool.replay),
        ("pool", pool.tail_views),
        ("pool", pool.tail_async),
        ("pool", lambda: list(pool)),
        ("pool", lambda: len(pool)),
        ("pool", pool.info),
        ("pool", pool.flush),
        ("pool", pool.writers),
        ("pool", pool.warnings),
        ("pool", lambda: pool.id),
        ("pool", pool.__enter__),
        ("client", lambda: client.create_pool("x")),
        ("client", lambda: client.open_pool("events")),
        ("client", lambda: client.ensure_pool("x")),
        ("client", client.list_pools),
        ("client", lambda: client.delete_pool("events")),
        ("client", client.validate_all),
        ("client", lambda: client.salvage("events", "new")),
        ("client", client.__enter__),
        ("stream", stream.next_json),
        ("stream", lambda: next(stream)),
        ("stream", stream.stats),
        ("stream", stream.token),
        ("stream", stream.seek),
        ("stream", stream.fileno),
        ("stream", stream.reset_cancel),
        ("stream", stream.__enter__),
        ("Lite3 stream", lite3.next),
    ]
    for what, call in calls:
        with pytest.raises(plasmite.PlasmiteError, match=f"^plasmite: {what} is closed$") as closed:
            call()
        assert closed.value.kind == ErrorKind.USAGE
        assert isinstance(closed.value, plasmite.ClosedError)
    stream.cancel()
    with Client(tmp_path) as inner, inner.ensure_pool("y") as other, other.tail() as tail:
        pass
    assert (inner.closed, other.closed, tail.closed) == (True, True, True)


def test_exit_with_open_handles(run: Run) -> None:
    done = run(
        """
        import threading
        from plasmite import Client
        client = Client("data")
        pool = client.create_pool("events")
        pool.append_many(range(100))
        stream, lite3, tail, views = pool.open_stream(), pool.open_lite3_stream(), pool.tail(), pool.tail_views()
        held = [next(stream), next(lite3), next(tail), next(views)]
        held.append(held[-1].payload)
        memory = pool.get_view(1).payload
        stream.fileno()
        waiting = pool.tail(from_now=True)
        threading.Thread(target=lambda: next(waiting), daemon=True).start()
        circle = [pool, tail]
        circle.append(circle)
        print("done")
        """
    )
    assert done.stdout == "done\n"


def test_garbage(client: Client) -> None:
    for index in range(200):
        pool = client.ensure_pool("events")
        pool.append(index)
        tail = pool.tail()
        next(tail)
    assert sum(1 for _ in client.open_pool("events")) == 200
