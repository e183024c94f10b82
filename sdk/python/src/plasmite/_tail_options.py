"""What a tail can be asked for, and the struct of the library that says it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast

from ._arguments import U32_MAX, integer, name_text, optional_integer, start_ns, strings
from ._binding import ffi, lib
from ._errors import fail
from ._filter import Where, filters_of


@dataclass(frozen=True)
class Gap:
    """Messages that were overwritten before they were read.

    Attributes:
        first: the first missing seq.
        last: the last missing seq.
        count: how many are missing.
    """

    first: int
    last: int
    count: int


class FilterOptions(TypedDict, total=False):
    """Further filters of everything that reads messages in a row."""

    where: Where
    """Only messages that match this jq program, for example `.data.level == "error"`, or a `Filter`, or all of several.
    It is asked behind the tags. A program that fails on a message does not match it. UsageError while iterating, with
    the message's `seq`, when it gives a number, a string, an array or an object, or goes beyond a limit; the
    iteration may be continued."""


class TailOptions(FilterOptions, total=False):
    """Further keyword arguments of everything that reads messages in a row."""

    from_now: bool
    """Start behind the newest message: only what comes from now on."""
    last: int
    """Start at the last so many messages that pass the filters."""
    since_time: int | str | datetime
    """Start at the first message not older: ns since 1970, an RFC 3339 text, or a datetime with a time zone. A text or
    datetime before 1970 starts at the oldest message, one after 2554 behind all."""
    token: str
    """Start where another stream stood when its `token()` was asked for."""
    end_seq: int
    """End behind this seq (the lowest one with `backwards`)."""
    snapshot: bool
    """End at the newest message as of opening, instead of waiting for more."""
    backwards: bool
    """Deliver in descending seq, from the newest (or `since_seq`) on, and never wait."""
    on_gap: Callable[[Gap], object]
    """Called when messages are missing, before the iteration goes on behind them. What it raises comes out of the
    iteration, which may be continued."""
    spin_us: int
    """Look again and again for so many microseconds before sleeping: wakes sooner, keeps a CPU busy."""


_NAMES = set(FilterOptions.__annotations__) | set(TailOptions.__annotations__)
_STARTS = ("since_seq", "from_now", "last", "since_time", "token")


def _start_of(since_seq: int | None, options: TailOptions) -> tuple[int, int, bytes | None]:
    asked = {**options, "since_seq": since_seq, "from_now": True if options.get("from_now") else None}
    given = [name for name in _STARTS if asked.get(name) is not None]
    if len(given) > 1:
        raise ValueError(f"only one start can be given, not {' and '.join(given)}")
    if not given:
        return lib.PLSM_START_OLDEST, 0, None
    if since_seq is not None:
        return lib.PLSM_START_SEQ, integer("since_seq", since_seq), None
    value = cast("dict[str, Any]", options)[given[0]]
    if given[0] == "last":
        return lib.PLSM_START_LAST, integer("last", value), None
    if given[0] == "since_time":
        return lib.PLSM_START_TIME, start_ns("since_time", value), None
    if given[0] == "token":
        return lib.PLSM_START_TOKEN, 0, name_text("token", value)
    return lib.PLSM_START_NOW, 0, None


def bytes_array(items: list[bytes]) -> tuple[Any, list[Any]]:
    """An array of plsm_bytes_t, and what has to live as long as it does."""
    keep = [ffi.from_buffer("uint8_t[]", item) for item in items]
    array = ffi.new("plsm_bytes_t[]", len(items))
    for place, item, buffer in zip(array, items, keep, strict=True):
        place.data = buffer
        place.len = len(item)
    return array, keep


def open_tail(
    pool: Any,
    since_seq: int | None,
    max_messages: int | None,
    timeout_ms: int | None,
    tags: Iterable[str] | None,
    error_on_gap: bool,
    options: TailOptions,
    flags: int = 0,
) -> Any:
    """Opens a stream of the library, freed when nobody refers to it any more."""
    unknown = set(options) - _NAMES
    if unknown:
        raise TypeError(f"unexpected keyword argument {', '.join(sorted(unknown))}")
    on_gap = options.get("on_gap")
    if on_gap is not None and not callable(on_gap):
        raise TypeError(f"on_gap must be callable, not {type(on_gap).__name__}")
    if on_gap is not None and error_on_gap:
        raise ValueError("on_gap and error_on_gap exclude each other")
    start, start_value, token = _start_of(since_seq, options)
    filters = filters_of(options.get("where"))
    filter_array = ffi.new("plsm_filter_t *[]", [one._pointer for one in filters])
    tag_array, keep = bytes_array(strings("tags", tags))
    native = ffi.new("plsm_tail_options_t *")
    native.struct_size = ffi.sizeof("plsm_tail_options_t")
    native.start, native.start_value = start, start_value
    for name, has, value in (
        ("end_seq", "has_end", options.get("end_seq")),
        ("max_messages", "has_max", max_messages),
        ("timeout_ms", "has_timeout", timeout_ms),
    ):
        if (checked := optional_integer(name, value)) is not None:
            setattr(native, name, checked)
            setattr(native, has, 1)
    native.gap_policy = lib.PLSM_GAP_ERROR if error_on_gap else lib.PLSM_GAP_CONTINUE
    if on_gap is not None:
        native.gap_policy = lib.PLSM_GAP_EVENT
    native.tags, native.tags_len = tag_array, len(tag_array)
    native.filters, native.filters_len = ffi.cast("const plsm_filter_t *const *", filter_array), len(filters)
    if token is not None:
        keep.append(ffi.from_buffer("char[]", token + b"\0"))
        native.token = keep[-1]
    native.spin_us = integer("spin_us", options.get("spin_us", 0), U32_MAX)
    native.flags = (
        flags
        | (lib.PLSM_TAIL_SNAPSHOT if options.get("snapshot") else 0)
        | (lib.PLSM_TAIL_BACKWARDS if options.get("backwards") else 0)
    )
    stream, slot = ffi.new("plsm_stream_t **"), ffi.new("plsm_error_t **")
    code = lib.plsm_pool_tail(pool, native, stream, slot)
    if code != 0:
        fail(code, slot)
    return ffi.gc(stream[0], lib.plsm_stream_free)
