"""Messages and what comes with them. Plain values, safe to keep and to share between threads."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ._binding import ffi, lib
from ._codec import Decoder, decode_plainly
from ._errors import fail

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_new = object.__new__

# Between the head and the data of a message as the library writes it. Cannot occur before: in a tag the quotes
# would be escaped, and what follows a tag is a comma or a bracket.
_DATA = b',"data":'
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)


@dataclass(frozen=True)
class MessageMeta:
    """What a message carries beside its data: `tags`, in order."""

    tags: list[str]


@dataclass(frozen=True)
class Message:
    """A message of a pool. Compares by value; not hashable.

    Attributes:
        seq: its number; rises by one from message to message.
        time: when it was appended, in UTC, in microseconds (`timestamp_ns` is exact).
        time_rfc3339: the same as text, exact.
        data: the value, decoded.
        meta: its tags (`tags` is a shortcut).
        raw: the whole message as JSON.

    What the library delivers is decoded when it is first looked at.
    """

    seq: int
    time: datetime
    time_rfc3339: str
    data: Any
    meta: MessageMeta
    raw: bytes

    __hash__ = None  # type: ignore[assignment]

    @property
    def tags(self) -> list[str]:
        """The tags, in order."""
        return self.meta.tags

    @property
    def timestamp_ns(self) -> int:
        """When it was appended, in ns since 1970, exactly."""
        known = self.__dict__.get("_timestamp_ns")
        return known if known is not None else timestamp_of(self.time_rfc3339)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Decodes the part that is missing so far."""
            parts = self.__dict__
            if name == "data" and "_decode" in parts:
                raw = parts["raw"]
                value = parts["_decode"](raw[raw.index(_DATA) + len(_DATA) : -1])
            elif name == "time" and parts.get("_timestamp_ns") is not None:
                value = _EPOCH + timedelta(microseconds=parts["_timestamp_ns"] // 1000)
            elif name in ("seq", "time", "time_rfc3339", "meta") and "raw" in parts:
                raw = parts["raw"]
                head = decode_plainly(raw[: raw.index(_DATA)] + b"}")
                parts.setdefault("seq", head["seq"])
                parts["time_rfc3339"] = head["time"]
                parts["meta"] = MessageMeta(head["meta"]["tags"])
                if name != "time":
                    return parts[name]
                value = time_of(head["time"])
            else:
                raise AttributeError(f"a Message has no attribute {name!r}")
            parts[name] = value
            return value

    def __reduce__(self) -> tuple[Any, ...]:
        return Message, (self.seq, self.time, self.time_rfc3339, self.data, self.meta, self.raw)


def delivered(
    raw: bytes, decode: Decoder, seq: int | None = None, timestamp_ns: int | None = None, data: Any = ...
) -> Message:
    """A message as the library has written it, to be decoded when it is looked at (`data`, unless it was already)."""
    message = _new(Message)
    if seq is None:
        message.__dict__.update(raw=raw, _decode=decode)
    elif data is ...:
        message.__dict__.update(seq=seq, raw=raw, _timestamp_ns=timestamp_ns, _decode=decode)
    else:
        message.__dict__.update(seq=seq, raw=raw, _timestamp_ns=timestamp_ns, data=data)
    return message


def _fraction(digits: str | None) -> int:
    return int((digits or "")[:9].ljust(9, "0"))


def _parts_of(text: str) -> tuple[datetime, int]:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time: {text!r}")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    leap = second == 60
    whole = datetime(year, month, day, hour, minute, 59 if leap else second, tzinfo=timezone.utc)
    if leap:
        whole += timedelta(seconds=1)
    if match[8]:
        offset = timedelta(hours=int(match[9]), minutes=int(match[10]))
        whole = whole - offset if match[8] == "+" else whole + offset
    return whole, _fraction(match[7])


def time_of(text: str) -> datetime:
    """The instant of an RFC 3339 text, in UTC, cut to microseconds."""
    whole, nanoseconds = _parts_of(text)
    return whole + timedelta(microseconds=nanoseconds // 1000)


def timestamp_of(text: str) -> int:
    """The instant of an RFC 3339 text, in ns since 1970: below 0 before that."""
    whole, nanoseconds = _parts_of(text)
    return (whole - _EPOCH) // timedelta(seconds=1) * 10**9 + nanoseconds


def parse_message(payload: bytes | bytearray | memoryview) -> Message:
    """Reads a whole message from its JSON text, `{"seq": …, "time": …, "data": …, "meta": {"tags": […]}}`.

    Raises:
        TypeError: not bytes-like.
        ValueError: not JSON, or not the shape of a message.
    """
    if not isinstance(payload, (bytes, bytearray, memoryview)):
        raise TypeError(f"payload must be bytes-like, not {type(payload).__name__}")
    raw = bytes(payload)
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a message: {error}") from None
    if not isinstance(value, dict):
        raise ValueError("not a message: no object")
    fields = cast("dict[str, Any]", value)
    seq, time, meta = fields.get("seq"), fields.get("time"), fields.get("meta")
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq < 2**64:
        raise ValueError("not a message: seq must be an integer from 0 to 2^64-1")
    if not isinstance(time, str):
        raise ValueError("not a message: time must be a string")
    tags = cast("dict[str, Any]", meta).get("tags") if isinstance(meta, dict) else None
    if not isinstance(tags, list) or not all(
        isinstance(tag, str)
        for tag in tags  # pyright: ignore[reportUnknownVariableType]
    ):
        raise ValueError("not a message: meta.tags must be an array of strings")
    if "data" not in fields:
        raise ValueError("not a message: data is missing")
    return Message(seq, time_of(time), time, fields["data"], MessageMeta(cast("list[str]", tags)), raw)


def rfc3339(timestamp_ns: int) -> str:
    """A time as messages carry it."""
    out, slot = ffi.new("plsm_buf_t *"), ffi.new("plsm_error_t **")
    code = lib.plsm_time_format(timestamp_ns, out, slot)
    if code != 0:
        fail(code, slot)
    text = str(ffi.buffer(out.data, out.len)[:], "ascii")
    lib.plsm_buf_free(out)
    return text


@dataclass(frozen=True)
class Lite3Frame:
    """A message as Lite3.

    Attributes:
        seq: its number.
        timestamp_ns: when it was appended, in ns since 1970.
        flags: 0 for an ordinary message.
        payload: the message document, `{"meta":{"tags":[…]},"data":…}`.
    """

    seq: int
    timestamp_ns: int
    flags: int
    payload: bytes

    @property
    def time(self) -> datetime:
        """When it was appended, in UTC, in microseconds."""
        return _EPOCH + timedelta(microseconds=self.timestamp_ns // 1000)

    @property
    def time_rfc3339(self) -> str:
        """The same as text, exact."""
        return rfc3339(self.timestamp_ns)


class Receipt(NamedTuple):
    """What an append has stored.

    Attributes:
        seq: the message's number.
        timestamp_ns: its time, in ns since 1970.
    """

    seq: int
    timestamp_ns: int

    @property
    def time(self) -> datetime:
        """The message's time, in UTC, in microseconds."""
        return _EPOCH + timedelta(microseconds=self.timestamp_ns // 1000)

    @property
    def time_rfc3339(self) -> str:
        """The same as text, exact."""
        return rfc3339(self.timestamp_ns)


@dataclass(frozen=True)
class BatchItem:
    """A message of `Pool.append_many` with tags or a time of its own.

    Attributes:
        data: the value.
        tags: its tags, after those of the batch.
        timestamp_ns: its time, as for `Pool.append_receipt`; None takes the clock's.
    """

    data: Any
    tags: tuple[str, ...] | list[str] = ()
    timestamp_ns: int | str | datetime | None = None
