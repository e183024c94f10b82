"""Reading: single messages, the pool as a collection, ranges, tails and their options, streams, replay, views."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import time
from datetime import datetime, timedelta, timezone
from functools import partial

import pytest
from test_append import VALUES

import plasmite
from plasmite import Client, EndReason, Gap, Message, Pool


def overwrite(pool: Pool, seq: int) -> None:
    """Appends until a message is gone."""
    while seq in pool:
        pool.append_many(["x" * 1000] * 8)


@pytest.fixture
def small(client: Client) -> Pool:
    return client.create_pool("small", 65536)


def test_collection(pool: Pool) -> None:
    assert pool
    assert (len(pool), list(pool), 1 in pool) == (0, [], False)
    pool.append_many(list("abc"))
    assert len(pool) == 3
    assert [message.data for message in pool] == ["a", "b", "c"]
    assert [message.data for message in reversed(pool)] == ["c", "b", "a"]
    assert pool[2].data == "b"
    assert [seq in pool for seq in (0, 1, 3, 4, "a")] == [False, True, True, False, False]
    with pytest.raises(KeyError) as missing:
        pool[4]
    assert isinstance(missing.value, plasmite.NotFoundError)
    assert (missing.value.seq, missing.value.path) == (4, None)
    with pytest.raises(TypeError, match="range"):
        pool[1:2]  # type: ignore[index]
    assert (pool.bounds().oldest, pool.bounds().newest) == (1, 3)


def test_message(pool: Pool) -> None:
    message = pool.append({"a": [1]}, ["t"])
    assert dataclasses.is_dataclass(message)
    assert [field.name for field in dataclasses.fields(Message)] == [
        "seq",
        "time",
        "time_rfc3339",
        "data",
        "meta",
        "raw",
    ]
    assert message.tags == message.meta.tags == ["t"]
    assert message.time.tzinfo is timezone.utc
    assert plasmite.parse_message(message.raw) == message == pool[1] == copy.deepcopy(message)
    assert pickle.loads(pickle.dumps(pool.get(1))) == message
    assert message != dataclasses.replace(message, seq=2)
    assert message.timestamp_ns == next(iter(pool)).timestamp_ns
    with pytest.raises(TypeError):
        hash(message)
    with pytest.raises(dataclasses.FrozenInstanceError):
        message.seq = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="nothing"):
        message.nothing  # type: ignore[attr-defined]  # noqa: B018
    assert dataclasses.asdict(message)["meta"] == {"tags": ["t"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T08:05:09Z", datetime(2026, 1, 31, 8, 5, 9, tzinfo=timezone.utc)),
        ("2026-01-31T08:05:09.1Z", datetime(2026, 1, 31, 8, 5, 9, 100000, tzinfo=timezone.utc)),
        ("2026-01-31T08:05:09.123456789Z", datetime(2026, 1, 31, 8, 5, 9, 123456, tzinfo=timezone.utc)),
        ("2026-01-31T10:05:09+02:00", datetime(2026, 1, 31, 8, 5, 9, tzinfo=timezone.utc)),
        ("2026-12-31T23:59:60Z", datetime(2027, 1, 1, tzinfo=timezone.utc)),
    ],
)
def test_times(text: str, expected: datetime) -> None:
    raw = f'{{"data":1,"seq":18446744073709551615,"time":"{text}","meta":{{"tags":[]}}}}'.encode()
    message = plasmite.parse_message(raw)
    assert (message.time, message.time_rfc3339, message.seq, message.raw) == (expected, text, 2**64 - 1, raw)
    if "123456789" in text:
        assert message.timestamp_ns % 10**9 == 123456789


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"nonsense",
        b"[]",
        b"{}",
        b'{"seq":-1,"time":"2026-01-01T00:00:00Z","data":1,"meta":{"tags":[]}}',
        b'{"seq":true,"time":"2026-01-01T00:00:00Z","data":1,"meta":{"tags":[]}}',
        b'{"seq":18446744073709551616,"time":"2026-01-01T00:00:00Z","data":1,"meta":{"tags":[]}}',
        b'{"seq":1,"time":"yesterday","data":1,"meta":{"tags":[]}}',
        b'{"seq":1,"time":"2026-13-01T00:00:00Z","data":1,"meta":{"tags":[]}}',
        b'{"seq":1,"time":"2026-01-01T00:00:00Z","meta":{"tags":[]}}',
        b'{"seq":1,"time":"2026-01-01T00:00:00Z","data":1,"meta":{"tags":[1]}}',
        b'{"seq":1,"time":"2026-01-01T00:00:00Z","data":1,"meta":{}}',
        b'{"seq":1,"time":"2026-01-01T00:00:00Z","data":1}',
        b"[" * 100_000,
    ],
)
def test_no_message(text: bytes) -> None:
    with pytest.raises(ValueError):
        plasmite.parse_message(text)


def test_ranges(pool: Pool) -> None:
    pool.append_many(range(10))
    pool.append(10, ["t"])
    assert [message.seq for message in pool.range(3, 5)] == [3, 4, 5]
    assert [message.seq for message in pool.range(3, 5, backwards=True)] == [5, 4, 3]
    assert [message.seq for message in pool.range(last=2)] == [1, 2]
    assert [message.seq for message in pool.range(10)] == [10, 11]
    assert [message.seq for message in pool.range(tags=["t"])] == [11]
    assert list(pool.range(20)) == []


def test_starts(pool: Pool) -> None:
    pool.append_many(range(5), ["a"])
    between = pool[5].time + timedelta(microseconds=1)
    time.sleep(0.001)
    pool.append_many(range(5), ["b"])

    def seqs(**options: object) -> list[int]:
        return [message.seq for message in pool.tail(snapshot=True, **options)]  # type: ignore[arg-type]

    assert seqs() == list(range(1, 11))
    assert seqs(since_seq=9) == [9, 10]
    assert seqs(last=2) == [9, 10]
    assert seqs(last=0) == seqs(last=0, backwards=True) == seqs(last=0, tags=["a"]) == []
    for open_reader in (pool.open_stream, pool.open_lite3_stream, pool.tail_views, pool.replay):
        assert list(open_reader(last=0, snapshot=True)) == []
    assert seqs(from_now=False, last=1) == [10]
    assert seqs(last=2, tags=["a"]) == [4, 5]
    assert seqs(tags=["a", "b"]) == []
    assert seqs(since_time=between) == [6, 7, 8, 9, 10]
    assert seqs(since_time=pool[6].time_rfc3339) == [6, 7, 8, 9, 10]
    assert seqs(since_time=pool[10].timestamp_ns) == [6, 7, 8, 9, 10]
    assert seqs(from_now=True) == []
    assert seqs(max_messages=2, tags=["b"]) == [6, 7]
    assert seqs(end_seq=2) == [1, 2]
    assert seqs(backwards=True, last=2) == [10, 9]
    stream = pool.open_stream(since_seq=4)
    next(stream)
    assert seqs(token=stream.token()) == [5, 6, 7, 8, 9, 10]
    stream.seek(9)
    assert stream.next_message() == pool[9]
    stream.seek()
    assert stream.next_message() == pool[1]


def test_ends(pool: Pool) -> None:
    pool.append_many(range(200))
    tail = pool.tail(max_messages=150)
    assert len(list(tail)) == 150
    assert tail.end_reason == EndReason.END
    started = time.monotonic()
    tail = pool.tail(timeout_ms=100)
    assert len(list(tail)) == 200
    assert tail.end_reason == EndReason.DEADLINE
    assert time.monotonic() - started >= 0.1
    tail = pool.tail(timeout_ms=0)
    assert (list(tail), tail.end_reason) == ([], EndReason.DEADLINE)
    tail = pool.tail(max_messages=0)
    assert list(tail) == []


def test_timeout_ends_in_the_middle(pool: Pool) -> None:
    pool.append_many(range(10))
    tail = pool.tail(timeout_ms=50)
    next(tail)
    time.sleep(0.06)
    assert list(tail) == []
    assert tail.end_reason == EndReason.DEADLINE


def test_break_and_go_on(pool: Pool) -> None:
    pool.append_many(range(200))
    tail = pool.tail(snapshot=True)
    for message in tail:
        if message.seq == 70:
            break
    assert next(tail).seq == 71
    assert [message.seq for message in tail] == list(range(72, 201))
    assert list(tail) == []


def test_as_a_generator(pool: Pool) -> None:
    pool.append_many(range(3))
    tail = pool.tail()
    assert next(tail).seq == 1
    assert tail.send(None).seq == 2
    tail.close()
    tail.close()
    assert next(tail, None) is None
    assert list(tail) == []
    with pytest.raises(KeyError, match="x"):
        pool.tail().throw(KeyError("x"))


def test_wait_for_a_message(pool: Pool) -> None:
    tail = pool.tail()
    with pytest.raises(TimeoutError):
        tail.next_message(wait_ms=0)
    with pytest.raises(TimeoutError):
        tail.next_message(wait_ms=20)
    pool.append(1)
    message = tail.next_message(wait_ms=10_000)
    assert message is not None
    assert message.seq == 1


def test_streams(pool: Pool) -> None:
    pool.append_many(range(3))
    with pool.open_stream(None, 2, None, False) as stream:
        assert stream.next_json() == pool.get_json(1)
        assert list(stream) == [pool.get_json(2)]
        assert stream.next_json() is None
        stats = stream.stats()
        assert (stats.delivered, stats.dropped, stats.next_seq) == (2, 0, 3)
    frames = list(pool.open_lite3_stream(2, None, 50))
    assert frames == [pool.get_lite3(2), pool.get_lite3(3)]
    pool.append(2**64 - 1)
    pool.append(5)
    lite3 = pool.open_lite3_stream(since_seq=4)
    with pytest.raises(plasmite.UsageError) as refused:
        lite3.next()
    assert refused.value.seq == 4
    frame = lite3.next()
    assert frame is not None
    assert frame.seq == 5
    with pytest.raises(TimeoutError):
        lite3.next(0)


def test_streams_outlive_the_pool(client: Client, pool: Pool) -> None:
    tail, stream = pool.tail(), pool.open_stream()
    pool.append(1)
    pool.close()
    client.close()
    assert next(tail).data == 1
    assert stream.next_json() is not None


def test_gaps(small: Pool) -> None:
    small.append("first")
    gaps: list[Gap] = []
    tails = [small.tail(error_on_gap=True, since_seq=1), small.tail(since_seq=1), small.tail(1, on_gap=gaps.append)]
    lite3 = small.open_lite3_stream(since_seq=1, error_on_gap=True)
    overwrite(small, 1)
    oldest = small.bounds().oldest
    with pytest.raises(plasmite.RetentionGapError) as gap:
        next(tails[0])
    assert gap.value.seq == 1
    assert list(tails[0]) == []
    with pytest.raises(plasmite.RetentionGapError):
        lite3.next()
    assert lite3.next() is None
    assert next(tails[1]).seq == oldest
    assert tails[1].stats().dropped >= 1
    assert next(tails[2]).seq == oldest
    assert oldest is not None
    assert gaps == [Gap(1, oldest - 1, oldest - 1)]


def test_what_on_gap_raises_comes_out(small: Pool) -> None:
    small.append("first")

    def refuse(gap: Gap) -> None:
        raise LookupError(gap.count)

    tail = small.tail(1, on_gap=refuse)
    overwrite(small, 1)
    with pytest.raises(LookupError):
        next(tail)
    assert next(tail).seq == small.bounds().oldest


def test_a_tag_filter_does_not_hide_a_gap(small: Pool) -> None:
    small.append("first")
    tail = small.tail(since_seq=1, tags=["no such"], error_on_gap=True)
    overwrite(small, 1)
    with pytest.raises(plasmite.RetentionGapError):
        next(tail)


def test_replay(pool: Pool) -> None:
    base = 4102444800000000000
    for i, after_ms in enumerate([0, 100, 300]):
        pool.append_receipt(i, ["t"] if i else None, timestamp_ns=base + after_ms * 1_000_000)
    started = time.monotonic()
    assert [message.data for message in pool.replay(max_messages=3)] == [0, 1, 2]
    assert time.monotonic() - started >= 0.3
    started = time.monotonic()
    assert [message.data for message in pool.replay(4, tags=["t"], max_messages=2)] == [1, 2]
    assert time.monotonic() - started >= 0.05
    assert [message.data for message in pool.replay(float("inf"), max_messages=3)] == [0, 1, 2]
    replay = pool.replay(0.0001, timeout_ms=50)
    assert [message.data for message in replay] == [0]
    assert replay.end_reason == EndReason.DEADLINE
    for speed in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="speed"):
            list(pool.replay(speed))
    with pytest.raises(TypeError, match="speed"):
        pool.replay("1")  # type: ignore[arg-type]


def test_wait_any(client: Client) -> None:
    pools = [client.create_pool(name) for name in "abc"]
    streams: list[plasmite.Tail | plasmite.Stream] = [pools[0].tail(), pools[1].open_stream(), pools[2].tail()]
    assert plasmite.wait_any(streams, 0) is None
    assert plasmite.wait_any(streams, 20) is None
    pools[1].append(1)
    assert plasmite.wait_any(streams) == 1
    assert plasmite.wait_any(streams) == 1  # nothing was taken
    next(streams[1])
    pools[2].append_many([1, 2])
    assert plasmite.wait_any(streams) == 2
    next(streams[2])
    assert plasmite.wait_any(streams, 0) == 2  # the second came along with the first
    next(streams[2])
    assert plasmite.wait_any(streams, 0) is None
    with pytest.raises(ValueError, match="empty"):
        plasmite.wait_any([])
    streams[0].close()
    with pytest.raises(plasmite.ClosedError):
        plasmite.wait_any(streams)


def test_views(pool: Pool) -> None:
    data = {"i": 7, "f": 1.5, "b": True, "n": None, "s": "ü", "o": {"x": [1]}, "a": []}
    pool.append(data, ["t", "ü"])
    pool.append(2**64 - 1)
    pool.append({"k\x00": 1})
    for view in (pool.get_view(1), pool.get_view(1, copy=True), next(pool.tail_views())):
        assert {key: view.get(key) for key in data} == data
        assert view.get("none") is None
        assert view.get("none", 3) == 3
        assert (view.data, view.tags, view.seq) == (data, ["t", "ü"], 1)
        assert view.json() == pool.get_json(1)
        assert view.message() == pool[1]
        assert view.time == pool[1].time
        payload = view.payload
        assert payload.readonly
        assert len(payload) > 0
        assert view.is_valid()
    assert not pool.get_view(1, copy=True).in_place
    assert pool.get_view(2).data == 2**64 - 1
    assert bytes(pool.get_view(2).payload) == b"18446744073709551615"
    assert pool.get_view(3).get("k\x00") == 1
    assert pool.get_view(2).get("x") is None
    with pytest.raises(KeyError):
        pool.get_view(4)


def test_views_outlive_everything(client: Client, pool: Pool) -> None:
    pool.append(["x" * 1000])
    view, copied = pool.get_view(1), pool.get_view(1, copy=True)
    tail = pool.tail_views()
    streamed = next(tail)
    payloads = [view.payload, copied.payload, streamed.payload]
    before = [bytes(payload) for payload in payloads]
    pool.close()
    tail.close()
    client.close()
    del view, copied, streamed, tail, pool, client
    assert [bytes(payload) for payload in payloads] == before


def test_views_overwritten(small: Pool) -> None:
    small.append({"a": 1}, ["t"])
    view, copied = small.get_view(1), small.get_view(1, copy=True)
    overwrite(small, 1)
    assert not view.is_valid()
    assert copied.is_valid()
    assert copied.get("a") == 1
    for read in (view.json, lambda: view.data, view.message, lambda: view.get("a"), lambda: view.tags):
        with pytest.raises(plasmite.RetentionGapError):
            read()


@pytest.mark.parametrize("byte", [6, 7, 32, 127])
def test_views_of_anything_else(small: Pool, byte: int) -> None:
    """What stands in a view's place by now is no document: with 6 it begins like an object. That is no damage."""
    receipts = [small.append_receipt({"a": "b" * length, "c": [length]}, ["t"]) for length in range(40)]
    views = [small.get_view(receipt.seq) for receipt in receipts]
    while views[-1].is_valid():
        small.append({"text": chr(byte) * 10_000})
    for view in views:
        for read in (partial(view.get, "a"), partial(view.get, "c"), lambda view=view: view.tags):
            with pytest.raises(plasmite.RetentionGapError):
                read()


def test_decoded_together(client: Client) -> None:
    """Once data was asked for, later batches are decoded from what the library lends: the same values come out."""
    pool = client.create_pool("many", 16 << 20)
    deep: object = 1
    for _ in range(500):
        deep = [deep]
    values = [
        *VALUES,
        deep,
        {"a": deep},
        {f"key {i} {'x' * i}": i for i in range(100)},
        [list(range(100)), [{}, [], {"": {}}], {"ü": "ü", "日本": ["\x00", 1.5, -0.0, True]}],
        {"same": {"same": {"same": None}}},
    ]
    for _ in range(20):
        pool.append_many(values)
    tail = pool.tail(max_messages=20 * len(values))
    found = [message.data for message in tail]
    assert found == values * 20
    assert [repr(value) for value in found] == [repr(value) for value in values] * 20
    for message in pool.tail(last=5, snapshot=True):
        assert message == pool[message.seq]
    own = Client(client.pool_dir, decoder=lambda text: ("own", text)).open_pool("many")
    assert {message.data[0] for message in own.tail(max_messages=200)} == {"own"}
