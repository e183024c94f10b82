"""Touches every public name in the way that a typed program would; checked by mypy and pyright, and run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from typing_extensions import assert_type

import plasmite
from plasmite import (
    AsyncTail,
    BatchItem,
    Bounds,
    Client,
    Durability,
    EndReason,
    ErrorKind,
    Filter,
    Gap,
    Issue,
    Lite3Frame,
    Lite3Stream,
    Message,
    MessageMeta,
    Migrated,
    PlasmiteError,
    Pool,
    PoolEntry,
    PoolInfo,
    PoolReport,
    Receipt,
    Replay,
    Salvaged,
    Stream,
    StreamStats,
    Tail,
    TailOptions,
    View,
    ViewTail,
)


def clients(directory: Path) -> Pool:
    client = Client(directory)
    assert_type(client.create_pool("a", 65536, index_capacity=4), Pool)
    assert_type(client.open_pool(directory / "a.plasmite", read_only=True), Pool)
    assert_type(client.ensure_pool("a").created, bool)
    assert_type(client.list_pools(), list[PoolEntry])
    assert_type(client.pool_info("a"), PoolInfo)
    assert_type(client.salvage("a", directory / "b.plasmite", size_bytes=0), Salvaged)
    report = client.validate("a")
    assert_type(report, PoolReport)
    assert_type(report.issues, tuple[Issue, ...])
    assert_type(client.validate_all(), list[PoolReport])
    try:
        assert_type(client.migrate("a"), Migrated)
    except plasmite.UsageError as error:
        assert_type(error.kind, ErrorKind)
        assert_type(error.seq, int | None)
    return client.pool("a")


def writing(pool: Pool) -> None:
    assert_type(pool.append_json(b"1", [], Durability.FAST), bytes)
    assert_type(pool.append({"a": 1}, ["t"], "flush"), Message)
    assert_type(pool.append_receipt([1], durability=0), Receipt)
    assert_type(pool.append_many([1, BatchItem(2, ["x"])]), range)
    frame = pool.get_lite3(2)
    assert_type(frame, Lite3Frame)
    assert_type(pool.append_lite3(frame.payload, Durability.FLUSH), int)
    pool.flush()
    assert_type(pool.writers(), int)
    assert_type(pool.warnings(), list[str])
    assert_type(plasmite.lite3_to_json(plasmite.json_to_lite3(bytearray(b"{}"))), bytes)


def on_gap(gap: Gap) -> None:
    print(gap.first, gap.last, gap.count)


def reading(pool: Pool) -> None:
    message = pool[1]
    assert_type(message, Message)
    assert_type(message.meta, MessageMeta)
    assert_type(message.tags, list[str])
    assert_type(plasmite.parse_message(message.raw), Message)
    assert_type(pool.bounds(), Bounds)
    assert_type(reversed(pool), Iterator[Message])
    options: TailOptions = {"last": 2, "snapshot": True, "on_gap": on_gap, "where": [".seq > 0", Filter("true")]}
    tail = pool.tail(**options)
    assert_type(tail, Tail)
    for message in tail:
        assert_type(message.seq, int)
    assert_type(tail.end_reason, EndReason | None)
    assert_type(tail.stats(), StreamStats)
    with pool.open_stream(1, 2, 1000) as stream:
        assert_type(stream, Stream)
        for raw in stream:
            assert_type(raw, bytes)
        assert_type(stream.next_message(0), Message | None)
    with pool.open_lite3_stream(max_messages=1) as lite3:
        assert_type(lite3, Lite3Stream)
        assert_type(next(lite3), Lite3Frame)
    with pool.tail_views(max_messages=1) as views:
        assert_type(views, ViewTail)
        for view in views:
            assert_type(view, View)
            assert_type(view.payload, memoryview)
    assert_type(pool.replay(float("inf"), max_messages=1), Replay)
    assert_type(plasmite.wait_any([pool.tail(), pool.open_stream()], 0), int | None)


async def reading_async(pool: Pool) -> None:
    async with pool.tail_async(max_messages=1) as tail:
        assert_type(tail, AsyncTail[Message])
        async for message in tail:
            assert_type(message, Message)
    async for frame in pool.lite3_tail_async(max_messages=1):
        assert_type(frame, Lite3Frame)


def failing(pool: Pool) -> None:
    try:
        pool.get(99)
    except KeyError as error:
        print(isinstance(error, PlasmiteError), error)


def of_servers(directory: Path) -> None:
    Client("http://localhost:9700", token="t", insecure_token=False, request_timeout=1.5).close()
    Client(directory, tls_skip_verify=True).close()
    error = plasmite.UsageError(plasmite.ErrorKind.USAGE, "too large", too_large=True)
    assert_type(error.too_large, bool)


def main(directory: Path) -> None:
    of_servers(directory)
    with clients(directory) as pool:
        writing(pool)
        reading(pool)
        asyncio.run(reading_async(pool))
        failing(pool)
    assert_type(plasmite.default_pool_dir(), str)
    assert_type(plasmite.DEFAULT_POOL_DIR, str)
    assert_type(plasmite.__version__, str)
    assert_type(plasmite.library_version(), str)
    assert_type(plasmite.build_info(), str)
    assert_type(plasmite.has_feature("pools"), bool)
