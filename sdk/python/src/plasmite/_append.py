"""The structs of appends."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from . import _arguments as arguments
from ._binding import ffi, lib
from ._enums import DurabilityLike, ErrorKind
from ._errors import fail
from ._message import BatchItem
from ._tail_options import bytes_array
from ._waiting import FOREVER, deadline_of, hear_signals, is_over, step_ms


def options_of(
    tags: Iterable[str] | None,
    durability: DurabilityLike,
    timestamp_ns: int | str | datetime | None = None,
    expect_newest: int | None = None,
) -> tuple[Any, Any]:
    """A plsm_append_options_t, and what has to live as long as it does."""
    options = ffi.new("plsm_append_options_t *")
    options.struct_size = ffi.sizeof("plsm_append_options_t")
    options.durability = arguments.durability(durability)
    keep: Any = None
    texts = arguments.strings("tags", tags)
    if texts:
        tag_array, buffers = bytes_array(texts)
        options.tags, options.tags_len = tag_array, len(texts)
        keep = (tag_array, buffers)
    if timestamp_ns is not None:
        options.timestamp_ns = arguments.timestamp_ns("timestamp_ns", timestamp_ns)
        options.has_timestamp = 1
    if expect_newest is not None:
        options.expect_newest = arguments.integer("expect_newest", expect_newest)
        options.has_expect_newest = 1
    return options, keep


LOCK_WAIT_MS = 10_000
"""How long an append waits for the writer lock, in ms, unless told otherwise."""

TRY_ONCE = ffi.new("plsm_append_options_t *")
"""Options of an append that does not wait for the writer lock; nobody changes them."""
TRY_ONCE.struct_size = ffi.sizeof("plsm_append_options_t")
TRY_ONCE.has_lock_wait = 1

BUSY = 1
"""What `busy_or_fail` answers, unlike any status of the library's."""


def busy_or_fail(code: int, slot: Any) -> int:
    """BUSY if a failed append did not get the writer lock, its error being freed; else raises it."""
    if slot[0] == ffi.NULL or slot[0].kind != ErrorKind.BUSY:
        fail(code, slot)
    lib.plsm_error_free(slot[0])
    slot[0] = ffi.NULL
    return BUSY


def append_with_lock(
    call: Callable[[], int], options: Any, lock_wait_ms: int | None, slot: Any, is_remote: bool
) -> int:
    """Makes an append that waits for the writer lock in steps, between which Ctrl-C works; on a server in one."""
    wait_ms = arguments.optional_integer("lock_wait_ms", lock_wait_ms)
    options.has_lock_wait = 1
    if is_remote:
        options.lock_wait_ms = FOREVER if wait_ms is None else wait_ms
        return call()
    deadline = deadline_of(wait_ms)
    while True:
        options.lock_wait_ms = step_ms(deadline)
        code = call()
        if code == 0 or is_over(deadline):
            return code
        busy_or_fail(code, slot)
        hear_signals()


def append_many_items(
    pool: Any,
    data: Sequence[bytes],
    items: Sequence[Any] | None,
    tags: Iterable[str] | None,
    durability: DurabilityLike,
    lock_wait_ms: int | None,
    is_remote: bool,
) -> range:
    """Appends JSON texts; `items` are given when some are BatchItems with tags or times."""
    options, keep = options_of(tags, durability)
    count = len(data)
    if count == 0:
        return range(0)
    text = b"".join(data)
    lengths = array("Q", map(len, data))
    times = has_times = tag_counts = tag_lengths = tag_text = ffi.NULL
    if items is not None:
        found = [item if type(item) is BatchItem else BatchItem(None) for item in items]
        stamps = [
            0 if item.timestamp_ns is None else arguments.timestamp_ns("timestamp_ns", item.timestamp_ns)
            for item in found
        ]
        texts = [arguments.strings("tags", item.tags) for item in found]
        flat = [tag for of_item in texts for tag in of_item]
        times = _numbers(stamps)
        has_times = bytes(item.timestamp_ns is not None for item in found)
        tag_counts = _numbers([len(of_item) for of_item in texts])
        tag_lengths = _numbers([len(tag) for tag in flat])
        tag_text = b"".join(flat)
    receipt, slot = ffi.new("plsm_receipt_t *"), ffi.new("plsm_error_t **")
    sizes = ffi.from_buffer("uint64_t[]", lengths)
    code = append_with_lock(
        lambda: int(
            lib.shim_append_many(
                *(pool, text, sizes, count, times, has_times),
                *(tag_counts, tag_text, tag_lengths, options, receipt, slot),
            )
        ),
        options,
        lock_wait_ms,
        slot,
        is_remote,
    )
    del keep
    if code != 0:
        fail(code, slot)
    first = int(receipt.seq)
    return range(first, first + count)


def _numbers(values: list[int]) -> Any:
    return ffi.from_buffer("uint64_t[]", array("Q", values))
