"""Appending: values, text, tags, durability, receipts, batches, Lite3."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import orjson
import pytest
from conftest import writer_lock

import plasmite
from plasmite import BatchItem, Client, Durability, Pool

VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    2**64 - 1,
    0.1,
    1e300,
    5e-324,
    -0.0,
    "",
    "ümläut 日本 🎉",
    'quotes " and \\ and \n and \x00 and \u2028',
    [],
    {},
    [1, [2, [3, {"a": []}]]],
    {"z": 1, "a": 2, "": 3, "k\x00": 4, 'q"': 5},
    {"a": {"b": {"c": [None, True]}}},
    ["x" * 100_000],
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:30])
def test_values_come_back(pool: Pool, value: Any) -> None:
    message = pool.append(value)
    assert message.data == value
    assert type(message.data) is type(value)
    for same in (pool.get(message.seq), next(iter(pool)), plasmite.parse_message(message.raw)):
        assert same == message
    if isinstance(value, dict):
        assert list(message.data) == list(value)
    assert message.raw == pool.get_json(message.seq)
    assert json.loads(message.raw)["data"] == value


def test_append_json(pool: Pool) -> None:
    raw = pool.append_json(b' {"a": 1.50} ', ["t", ""], Durability.FLUSH)
    assert raw.endswith(b'"meta":{"tags":["t",""]},"data":{"a":1.5}}')
    for payload in (bytearray(b"1"), memoryview(b"12")[:1], memoryview(b"1-1-")[::2][:1]):
        assert plasmite.parse_message(pool.append_json(payload, [], 0)).data == 1


@pytest.mark.parametrize("durability", [Durability.FAST, Durability.FLUSH, 0, 1, "fast", "flush"])
def test_durabilities(pool: Pool, durability: Any) -> None:
    assert pool.append(1, None, durability).seq == 1
    assert pool.append_receipt(1, durability=durability).seq == 2
    assert pool.append_many([1], durability=durability) == range(3, 4)
    pool.flush()


TAGS = ["b", "a", "b", "", " x ", "ü", "long" * 200]


@pytest.mark.parametrize("tags", [TAGS, [*TAGS, "nul\0", "\0", "a\0b"]], ids=["plain", "NUL"])
def test_tags(pool: Pool, tags: list[str]) -> None:
    assert pool.append(1, tags).tags == tags
    assert pool.append(1, tuple(tags)).meta.tags == tags
    assert pool.append(1, (tag for tag in tags)).tags == tags
    assert plasmite.parse_message(pool.append_json(b"1", tags, 0)).tags == tags
    seqs = [pool.append_receipt(1, tags).seq, *pool.append_many([BatchItem(1, tags)]), *pool.append_many([1], tags)]
    assert [pool[seq].tags for seq in seqs] == [tags] * 3
    assert pool.append(1, []).tags == pool.append(1).tags == []
    assert [message.seq for message in pool.tail(tags=tags, snapshot=True)] == list(range(1, 8))


def test_a_tag_with_a_nul_is_no_other_one(pool: Pool) -> None:
    message = pool.append([1.50], ["a\0b"], "flush")
    assert pool[message.seq] == message
    assert list(pool.tail(tags=["a"], snapshot=True)) == []
    assert list(pool.tail(tags=["a\0b"], snapshot=True)) == [message]


@pytest.mark.parametrize("payload", [b' {"a": 1}\n', bytearray(b'{"a":1}')])
def test_stored_and_overwritten_at_once(pool: Pool, monkeypatch: pytest.MonkeyPatch, payload: Any) -> None:
    """What cannot be read again was stored all the same."""
    get_json = plasmite._writing._get_json
    monkeypatch.setattr(plasmite._writing, "_get_json", lambda pool, seq, out, slot: get_json(pool, seq + 1, out, slot))
    tags = ["a\0b", 'q"ü']
    message = plasmite.parse_message(pool.append_json(payload, tags, 0))
    assert (message.data, message.tags, message.timestamp_ns) == ({"a": 1}, tags, pool[1].timestamp_ns)
    assert pool.append({"a": 1}, tags).data == {"a": 1}
    assert len(pool) == 2


def test_receipt(pool: Pool) -> None:
    receipt = pool.append_receipt({"a": 1}, ["t"])
    message = pool[receipt.seq]
    assert (message.timestamp_ns, message.tags, message.data) == (receipt.timestamp_ns, ["t"], {"a": 1})
    plain = pool.append_receipt(2)
    assert pool[plain.seq].timestamp_ns == plain.timestamp_ns
    with pytest.raises(plasmite.AlreadyExistsError):
        pool.append_receipt(3, expect_newest=1)
    assert pool.append_receipt(3, expect_newest=2).seq == 3
    assert pool.append_json_receipt(b"[4]", lock_wait_ms=None).seq == 4
    assert pool[4].data == [4]


def test_own_time(pool: Pool) -> None:
    when = datetime(2100, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)
    for given in (when, "2100-01-02T03:04:05.678901Z", 4102542245678901000):
        receipt = pool.append_receipt(1, timestamp_ns=given)
        assert receipt.timestamp_ns == 4102542245678901000
        assert pool[receipt.seq].time == when
    with pytest.raises(plasmite.UsageError):
        pool.append_receipt(1, timestamp_ns=1)
    with pytest.raises(ValueError, match="time zone"):
        pool.append_receipt(1, timestamp_ns=datetime(2100, 1, 1))
    with pytest.raises(plasmite.UsageError):
        pool.append_receipt(1, timestamp_ns="yesterday")


@pytest.mark.parametrize(
    "given", [0, "1970-01-01T00:00:00Z", "1969-12-31 23:00:00-01:00", datetime(1970, 1, 1, tzinfo=timezone.utc)]
)
def test_the_first_time(client: Client, given: Any) -> None:
    assert client.create_pool("receipt").append_receipt(1, timestamp_ns=given).timestamp_ns == 0
    batch = client.create_pool("batch")
    batch.append_many([BatchItem(1, timestamp_ns=given), 2])
    assert batch[1].timestamp_ns == 0 < batch[2].timestamp_ns


def test_the_last_time(pool: Pool) -> None:
    latest = plasmite.Receipt(0, 2**64 - 1).time_rfc3339
    assert pool.append_receipt(1, timestamp_ns=latest).timestamp_ns == 2**64 - 1
    assert pool.append_receipt(1, timestamp_ns=2**64 - 1).seq == 2


@pytest.mark.parametrize(
    "given",
    [
        *(
            "1969-12-31T23:59:59.999999999Z",
            "1970-01-01T00:30:00+00:31",
            "0000-01-01T00:00:00Z",
            "0001-01-01 00:00:00+01:00",
        ),
        *("2554-07-21T23:34:33.709551616Z", "9999-12-31T23:59:60Z"),
        *(datetime(1969, 12, 31, 23, 59, 59, 999999, timezone.utc), datetime(2554, 8, 1, tzinfo=timezone.utc)),
        *(datetime.min.replace(tzinfo=timezone.utc), datetime.max.replace(tzinfo=timezone.utc)),
    ],
    ids=str,
)
def test_no_times(pool: Pool, given: Any) -> None:
    for append in (
        lambda: pool.append_receipt(1, timestamp_ns=given),
        lambda: pool.append_json_receipt(b"1", timestamp_ns=given),
        lambda: pool.append_many([1, BatchItem(1, timestamp_ns=given)]),
    ):
        with pytest.raises(plasmite.UsageError, match="between 1970 and 2554"):
            append()
    assert len(pool) == 0
    # As a start it selects all or nothing.
    pool.append(1)
    assert len(list(pool.tail(since_time=given, snapshot=True))) == (str(given) < "1971")


def test_batch(pool: Pool) -> None:
    assert pool.append_many([]) == range(0)
    assert pool.append_many(({"i": i} for i in range(1000)), ["all"]) == range(1, 1001)
    assert [message.data["i"] for message in pool.range(1)] == list(range(1000))
    seqs = pool.append_many([1, BatchItem(2, ["x", "ü"]), BatchItem(3, (), 4102444800000000000)], ["b"])
    assert [pool[seq].tags for seq in seqs] == [["b"], ["b", "x", "ü"], ["b"]]
    assert pool[seqs[2]].timestamp_ns == 4102444800000000000
    assert pool.append_json_many([b"1", bytearray(b"2")], lock_wait_ms=0) == range(1004, 1006)


def test_batch_is_all_or_nothing(pool: Pool) -> None:
    with pytest.raises(plasmite.UsageError, match="2"):
        pool.append_json_many([b"1", b"2", b"{"])
    with pytest.raises(TypeError):
        pool.append_many([1, object()])
    with pytest.raises(plasmite.UsageError):
        pool.append_many(["x" * 10_000] * 1000)
    assert len(pool) == 0


def test_lite3_codec(pool: Pool) -> None:
    text = b'{"meta":{"tags":["a"]},"data":{"b":1,"a":[true,null,2.5,"\xc3\xbc"]}}'
    document = plasmite.json_to_lite3(memoryview(text))
    assert plasmite.lite3_to_json(bytearray(document)) == text
    message = pool.get(pool.append_lite3(document, Durability.FAST))
    assert (message.tags, list(message.data)) == (["a"], ["b", "a"])
    for wrong in (b"1", b'{"a":', b'{"a":18446744073709551615}', b'{"a\\u0000":1}', b"\xff"):
        with pytest.raises(plasmite.UsageError):
            plasmite.json_to_lite3(wrong)
    with pytest.raises(plasmite.UsageError) as bad:
        plasmite.json_to_lite3(b'{"a": nope}')
    assert bad.value.offset == 7
    for damaged in (b"nonsense", document[:50], document[:-96]):
        with pytest.raises(plasmite.CorruptError):
            plasmite.lite3_to_json(damaged)
    for call in (plasmite.json_to_lite3, plasmite.lite3_to_json):
        with pytest.raises(TypeError):
            call("text")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="payload"):
            call(b"")


def test_lite3(pool: Pool) -> None:
    pool.append({"a": 1}, ["t"])
    frame = pool.get_lite3(1)
    assert (frame.seq, frame.flags, frame.time) == (1, 0, pool[1].time)
    assert pool.append_lite3(frame.payload, Durability.FAST) == 2
    assert pool.get_lite3(2).payload == frame.payload
    assert (pool[2].data, pool[2].tags) == ({"a": 1}, ["t"])
    with pytest.raises(plasmite.CorruptError):
        pool.append_lite3(b"nonsense", Durability.FAST)
    pool.append(2**64 - 1)
    with pytest.raises(plasmite.UsageError) as refused:
        pool.get_lite3(3)
    assert refused.value.seq == 3


@dataclass
class Reading:
    sensor: str
    value: float


def test_dataclasses_and_hooks(pool: Pool, client: Client) -> None:
    assert pool.append(Reading("temp", 1.5)).data == {"sensor": "temp", "value": 1.5}
    assert pool.append([Reading("a", 1)]).data == [{"sensor": "a", "value": 1}]
    when = datetime(2026, 1, 1)
    with pytest.raises(TypeError, match="datetime"):
        pool.append(when)
    assert pool.append({"at": when}, default=lambda value: value.isoformat()).data == {"at": "2026-01-01T00:00:00"}
    assert pool.append({"at": when}, encoder=orjson.dumps).data == {"at": "2026-01-01T00:00:00"}
    assert pool.append(1, encoder=lambda value: "[1,\n2]").data == [1, 2]
    own = Client(client.pool_dir, encoder=orjson.dumps, decoder=orjson.loads).open_pool("events")
    assert own.append_many([{"at": when}, Reading("b", 2)]) == range(6, 8)
    assert own[7].data == {"sensor": "b", "value": 2}
    assert [message.data for message in own.tail(6, 2)] == [{"at": "2026-01-01T00:00:00"}, own[7].data]
    with pytest.raises(TypeError, match="encoder"):
        pool.append(1, encoder=lambda value: 1)  # type: ignore[arg-type, return-value]


def test_busy(pool: Pool) -> None:
    """A lock that is held: another thread holds it by a reservation."""
    with writer_lock(pool):
        for append in (
            lambda: pool.append_receipt(1, lock_wait_ms=0),
            lambda: pool.append_many([1], lock_wait_ms=150),
        ):
            with pytest.raises(TimeoutError) as busy:
                append()
            assert isinstance(busy.value, plasmite.BusyError)
    assert pool.append_receipt(1, lock_wait_ms=0).seq == 1
