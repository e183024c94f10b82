"""Appending to a pool."""

from __future__ import annotations

import builtins
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from . import _arguments as arguments
from ._append import (
    BUSY,
    LOCK_WAIT_MS,
    TRY_ONCE,
    append_many_items,
    append_with_lock,
    busy_or_fail,
    options_of,
)
from ._binding import ffi, lib
from ._codec import Codec, Default, Encoder
from ._enums import Durability, DurabilityLike
from ._errors import closed, fail
from ._handle import Handle, give_back, take_cell
from ._message import BatchItem, Message, Receipt, delivered

_buffer = ffi.buffer
_NULL = ffi.NULL
_FAST = Durability.FAST
_append = lib.plsm_pool_append
_append_json = lib.plsm_pool_append_json
_get_json = lib.plsm_pool_get_json
_buf_free = lib.plsm_buf_free


class Writing(Handle):
    """The methods that append."""

    def append_json(
        self, payload: bytes | bytearray | memoryview, tags: Iterable[str], durability: DurabilityLike
    ) -> bytes:
        """Appends one JSON value (any, not only an object), given as text in UTF-8.

        Args:
            payload: the JSON text, bytes-like.
            tags: the message's tags, kept in order; any text.
            durability: `Durability.FAST` returns when other processes can read the message, `Durability.FLUSH` when
                it is on the disk.

        Returns:
            The whole stored message as JSON text.

        Raises:
            UsageError: not one JSON value (offset tells where), or too large for the pool.
            BusyError: another writer held the lock for 10 seconds.
            PoolNotFoundError: the pool was deleted or replaced.
            PermissionDeniedError: it is open for reading only.
            IoError: of a flush; `maybe_written` is then true.
            TypeError, ValueError: a bad argument.
        """
        return self._append_text(arguments.payload("payload", payload), tags, durability)

    def append(
        self,
        value: Any,
        tags: Iterable[str] | None = None,
        durability: DurabilityLike = Durability.FAST,
        *,
        default: Default | None = None,
        encoder: Encoder | None = None,
    ) -> Message:
        """Appends a value that JSON has a form for; dataclass instances are objects.

        Args:
            value: the message's data.
            tags: its tags, kept in order.
            durability: see `append_json`.
            default: turns an object that JSON has no form for into one it has, as in `json.dumps`.
            encoder: turns the value into JSON text instead, as `orjson.dumps` does.

        Returns:
            The stored message. `append_receipt` is cheaper when only its seq is wanted.

        Raises:
            TypeError: the value has no form in JSON.
            ValueError: it is NaN, infinite or contains itself.
            Otherwise as for `append_json`.
        """
        codec = self._codec if default is None and encoder is None else Codec(encoder, None, default)
        return delivered(self._append_text(codec.encode(value), tags, durability), self._codec.decode)

    def _append_text(self, payload: Any, tags: Iterable[str] | None, durability: DurabilityLike) -> bytes:
        pointer = self._pointer
        if pointer is None:
            raise closed("pool")
        level = 0 if durability is _FAST else arguments.durability(durability)
        if tags is None or (not tags and type(tags) in (list, tuple)):
            native, count = _NULL, 0
        else:
            texts = arguments.strings("tags", tags)
            if b"\0" in b"".join(texts):
                return self._append_and_read(pointer, payload, [str(text, "utf-8") for text in texts], durability)
            buffers = [ffi.from_buffer("char[]", text + b"\0") for text in texts]
            native, count = ffi.new("const char *[]", buffers), len(texts)
        cell = take_cell()
        out = cell[1]
        code = _append_json(pointer, payload, len(payload), native, count, level, out, cell[3])
        if code != 0:
            fail(code, cell[3])
        raw: bytes = _buffer(out.data, out.len)[:]
        _buf_free(out)
        give_back(cell)
        return raw

    def _append_and_read(self, pointer: Any, payload: Any, tags: list[str], durability: DurabilityLike) -> bytes:
        """As `_append_text`, for tags that the call which does both cannot take: they end at a NUL there."""
        stored = self._append_with(payload, tags, durability, None, None, LOCK_WAIT_MS)
        out, slot = ffi.new("plsm_buf_t *"), ffi.new("plsm_error_t **")
        if _get_json(pointer, stored.seq, out, slot) == 0:
            raw: bytes = _buffer(out.data, out.len)[:]
            _buf_free(out)
            return raw
        # It was stored, though other writers have overwritten it meanwhile, or its server went away: no failure.
        lib.plsm_error_free(slot[0])
        head = f'{{"seq":{stored.seq},"time":"{stored.time_rfc3339}","meta":{{"tags":{json.dumps(tags)}}},"data":'
        data: bytes = payload if type(payload) is bytes else _buffer(payload)[:]
        return head.encode() + data + b"}"

    def append_receipt(
        self,
        value: Any,
        tags: Iterable[str] | None = None,
        durability: DurabilityLike = Durability.FAST,
        *,
        timestamp_ns: int | str | datetime | None = None,
        expect_newest: int | None = None,
        lock_wait_ms: int | None = LOCK_WAIT_MS,
    ) -> Receipt:
        """Appends a value and tells only its seq and time: cheaper than `append`.

        Args:
            value: the message's data.
            tags: its tags, kept in order.
            durability: see `append_json`.
            timestamp_ns: its own time (ns since 1970, RFC 3339, or a datetime with a time zone), between 1970 and 2554
                and not below the newest message's.
            expect_newest: append only when this is the newest seq (0: none was ever written).
            lock_wait_ms: how long to wait for the writer lock, in ms; 0 tries once, None has no limit.

        Raises:
            UsageError: `timestamp_ns` is not such a time.
            AlreadyExistsError: the newest seq is another one than `expect_newest`.
            BusyError: the lock was not to be had in time.
            Otherwise as for `append`.
        """
        return self._append_with(self._codec.encode(value), tags, durability, timestamp_ns, expect_newest, lock_wait_ms)

    def append_json_receipt(
        self,
        payload: bytes | bytearray | memoryview,
        tags: Iterable[str] | None = None,
        durability: DurabilityLike = Durability.FAST,
        *,
        timestamp_ns: int | str | datetime | None = None,
        expect_newest: int | None = None,
        lock_wait_ms: int | None = LOCK_WAIT_MS,
    ) -> Receipt:
        """As `append_receipt`, for JSON text."""
        text = arguments.payload("payload", payload)
        return self._append_with(text, tags, durability, timestamp_ns, expect_newest, lock_wait_ms)

    def _append_with(
        self,
        payload: Any,
        tags: Iterable[str] | None,
        durability: DurabilityLike,
        timestamp_ns: int | str | datetime | None,
        expect_newest: int | None,
        lock_wait_ms: int | None,
    ) -> Receipt:
        pointer = self._open_pointer()
        cell = take_cell()
        _, _, receipt, slot = cell
        plain = tags is None and durability is _FAST and timestamp_ns is None and expect_newest is None
        code = BUSY
        if plain and lock_wait_ms == LOCK_WAIT_MS and not self._is_remote:
            # Nearly always the lock is free at once, and then no options have to be made.
            code = _append(pointer, payload, len(payload), TRY_ONCE, receipt, slot)
            if code != 0:
                code = busy_or_fail(code, slot)
        if code == BUSY:
            options, keep = options_of(tags, durability, timestamp_ns, expect_newest)
            code = append_with_lock(
                lambda: int(_append(pointer, payload, len(payload), options, receipt, slot)),
                options,
                lock_wait_ms,
                slot,
                self._is_remote,
            )
            del keep
            if code != 0:
                fail(code, slot)
        stored = Receipt(receipt.seq, receipt.timestamp_ns)
        give_back(cell)
        return stored

    def append_many(
        self,
        values: Iterable[Any],
        tags: Iterable[str] | None = None,
        durability: DurabilityLike = Durability.FAST,
        *,
        lock_wait_ms: int | None = LOCK_WAIT_MS,
    ) -> builtins.range:
        """Appends messages in order, with consecutive seqs, all or none: readers see either every one or none.

        Args:
            values: the messages' data; a `BatchItem` is one with tags or a time of its own.
            tags: tags for every message, before those of its own.
            durability: for the batch; see `append_json`.
            lock_wait_ms: as for `append_receipt`.

        Returns:
            The seqs, as a range.

        Raises:
            As for `append`; the whole batch must fit the pool, and the message names the item.
        """
        pointer = self._open_pointer()
        if isinstance(values, (str, bytes, bytearray, dict)):
            raise TypeError(f"values must be an iterable of values, not one {type(cast('object', values)).__name__}")
        encode = self._codec.encode
        items = list(values)
        if BatchItem not in map(type, items):
            data = list(map(encode, items))
            return append_many_items(pointer, data, None, tags, durability, lock_wait_ms, self._is_remote)
        data = [encode(item.data if type(item) is BatchItem else item) for item in items]
        return append_many_items(pointer, data, items, tags, durability, lock_wait_ms, self._is_remote)

    def append_json_many(
        self,
        payloads: Iterable[bytes | bytearray | memoryview | BatchItem],
        tags: Iterable[str] | None = None,
        durability: DurabilityLike = Durability.FAST,
        *,
        lock_wait_ms: int | None = LOCK_WAIT_MS,
    ) -> builtins.range:
        """As `append_many`, for JSON texts; the data of a `BatchItem` is one then."""
        pointer = self._open_pointer()
        items = list(payloads)
        own = items if BatchItem in map(type, items) else None
        data = [bytes(memoryview(item.data if isinstance(item, BatchItem) else item)) for item in items]
        return append_many_items(pointer, data, own, tags, durability, lock_wait_ms, self._is_remote)

    def append_lite3(self, payload: bytes | bytearray | memoryview, durability: DurabilityLike) -> int:
        """Appends a whole Lite3 message document, `{"meta":{"tags":[…]},"data":…}`, kept byte for byte.

        Returns:
            The message's seq.

        Raises:
            CorruptError: not such a document.
            Otherwise as for `append_json`.
        """
        pointer = self._open_pointer()
        document = arguments.payload("payload", payload)
        seq, slot = ffi.new("uint64_t *"), ffi.new("plsm_error_t **")
        level = arguments.durability(durability)
        code = lib.plsm_pool_append_lite3(pointer, document, len(document), level, seq, slot)
        if code != 0:
            fail(code, slot)
        return int(seq[0])

    def flush(self) -> None:
        """Makes everything appended so far, by this process or others, durable on the disk."""
        slot = ffi.new("plsm_error_t **")
        code = lib.plsm_pool_flush(self._open_pointer(), slot)
        if code != 0:
            fail(code, slot)
