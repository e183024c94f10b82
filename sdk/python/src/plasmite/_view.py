"""Messages looked at in place, without copying or decoding them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, NoReturn, cast

from ._binding import ffi, lib
from ._codec import Decoder
from ._enums import ErrorKind
from ._errors import RetentionGapError, fail
from ._message import Message, delivered
from ._reader import GeneratorLike, Ready
from ._tail_options import Gap

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MESSAGE: int = lib.PLSM_NEXT_MESSAGE


class View:
    """A message, looked at where it lies.

    In place (`in_place`), that is the pool's memory, which a writer may overwrite at any time: what was read from
    `payload` counts only if `is_valid()` says so afterwards; everything else here asks for itself. Not in place, it is
    a private copy, valid for ever. The memory stays as long as the view or a memoryview of it exists, whatever
    is closed meanwhile.

    If somebody truncates a pool's file, access to a `payload` in place kills the process, as with any mapped file.

    Attributes:
        seq: the message's number.
        timestamp_ns: its time, in ns since 1970.
        in_place: whether it lies in the pool's memory.
    """

    __slots__ = ("_decode", "_keep", "_view", "in_place", "seq", "timestamp_ns")

    def __init__(self, view: Any, keep: Any, decode: Decoder) -> None:
        self._view = view
        self._keep = keep
        self._decode = decode
        self.seq = int(view.seq)
        self.timestamp_ns = int(view.timestamp_ns)
        self.in_place = bool(view.flags & lib.PLSM_VIEW_IN_PLACE)

    @property
    def time(self) -> datetime:
        """Its time, in UTC, in microseconds."""
        return _EPOCH + timedelta(microseconds=self.timestamp_ns // 1000)

    @property
    def payload(self) -> memoryview:
        """The data as stored, read-only: a Lite3 document, or JSON text where Lite3 cannot hold the data."""
        keep = self._keep

        def release(_: Any, keep: Any = keep) -> None:
            """Holds the memory's owner for as long as the pointer lives."""

        pointer = ffi.gc(self._view.payload, release)
        return memoryview(ffi.buffer(pointer, self._view.payload_len)).toreadonly()

    def is_valid(self) -> bool:
        """Whether the message is still there, so that what was read of it before this call counts."""
        return bool(lib.plsm_view_is_valid(self._view))

    @property
    def tags(self) -> list[str]:
        """Its tags, in order.

        Raises:
            RetentionGapError: it was overwritten meanwhile.
        """
        out = ffi.new("plsm_bytes_t *")
        found: list[bytes] = []
        slot = ffi.new("plsm_error_t **")
        for index in range(lib.plsm_view_tag_count(self._view)):
            code = lib.plsm_view_tag(self._view, index, out, slot)
            if code < 0:
                self._failed(code, slot)
            found.append(ffi.buffer(out.data, out.len)[:] if out.len else b"")
        self._still_there()
        return [str(tag, "utf-8") for tag in found]

    def get(self, key: str, default: Any = None) -> Any:
        """A member of the data, found without decoding the rest; `default` when there is none.

        Raises:
            RetentionGapError: the message was overwritten meanwhile.
            CorruptError: it is damaged.
        """
        value, slot = ffi.new("plsm_value_t[2]"), ffi.new("plsm_error_t **")
        code = lib.plsm_view_root(self._view, value, slot)
        if code < 0:
            self._failed(code, slot)
        if code == 0:
            data = self.data
            return cast("dict[str, Any]", data).get(key, default) if isinstance(data, dict) else default
        raw = key.encode("utf-8")
        code = lib.plsm_value_get(value, raw, len(raw), value + 1, slot)
        if code < 0:
            self._failed(code, slot)
        if code == 0:
            self._still_there()
            return default
        return self._native(value + 1)

    def json(self) -> bytes:
        """The whole message as JSON text.

        Raises:
            RetentionGapError: it was overwritten meanwhile.
            CorruptError: it is damaged.
        """
        return self._json(lib.PLSM_PART_ENVELOPE)

    @property
    def data(self) -> Any:
        """The data, decoded. Errors as for `json`."""
        return self._decode(self._json(lib.PLSM_PART_DATA))

    def message(self) -> Message:
        """A message of its own, to keep. Errors as for `json`."""
        return delivered(self.json(), self._decode, self.seq, self.timestamp_ns)

    def _json(self, part: int) -> bytes:
        out, slot = ffi.new("plsm_buf_t *"), ffi.new("plsm_error_t **")
        code = lib.plsm_view_json(self._view, part, out, slot)
        if code != 0:
            fail(code, slot)
        text: bytes = ffi.buffer(out.data, out.len)[:]
        lib.plsm_buf_free(out)
        return text

    def _still_there(self) -> None:
        if not lib.plsm_view_is_valid(self._view):
            raise RetentionGapError(
                ErrorKind.RETENTION_GAP, f"message {self.seq} was overwritten while it was read", seq=self.seq
            )

    def _failed(self, code: int, slot: Any) -> NoReturn:
        """Raises what a call found wrong, unless it read what had been overwritten."""
        try:
            self._still_there()
        except RetentionGapError:
            lib.plsm_error_free(slot[0])
            raise
        fail(code, slot)

    def _native(self, value: Any) -> Any:
        """A value as a Python object, made once it is known that what was read of it counts."""
        slot = ffi.new("plsm_error_t **")
        kind = value.type
        if kind in (lib.PLSM_TYPE_OBJECT, lib.PLSM_TYPE_ARRAY):
            out = ffi.new("plsm_buf_t *")
            code = lib.plsm_value_json(value, out, slot)
            if code != 0:
                self._failed(code, slot)
            text = ffi.buffer(out.data, out.len)[:]
            lib.plsm_buf_free(out)
            self._still_there()
            return self._decode(text)
        if kind == lib.PLSM_TYPE_NULL:
            self._still_there()
            return None
        ctype, call = _SCALARS[kind]
        place = ffi.new(ctype)
        code = call(value, place, slot)
        if code != 0:
            self._failed(code, slot)
        if kind in (lib.PLSM_TYPE_STRING, lib.PLSM_TYPE_BYTES):
            raw = ffi.buffer(place.data, place.len)[:] if place.len else b""
            self._still_there()
            return raw if kind == lib.PLSM_TYPE_BYTES else str(raw, "utf-8", "replace")
        self._still_there()
        return bool(place[0]) if kind == lib.PLSM_TYPE_BOOL else place[0]

    def __repr__(self) -> str:
        return f"<plasmite.View seq={self.seq} {'in place' if self.in_place else 'copy'}>"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a View cannot be pickled; use message()")


_SCALARS: dict[int, tuple[str, Any]] = {
    lib.PLSM_TYPE_BOOL: ("uint32_t *", lib.plsm_value_bool),
    lib.PLSM_TYPE_I64: ("int64_t *", lib.plsm_value_i64),
    lib.PLSM_TYPE_F64: ("double *", lib.plsm_value_f64),
    lib.PLSM_TYPE_STRING: ("plsm_bytes_t *", lib.plsm_value_string),
    lib.PLSM_TYPE_BYTES: ("plsm_bytes_t *", lib.plsm_value_string),
}


class ViewTail(GeneratorLike[View]):
    """Views in place, in a row. What `Pool.tail_views` returns; otherwise as `Tail`."""

    _what = "tail"

    def __init__(
        self, pointer: Any, timeout_ms: int | None, on_gap: Callable[[Gap], object] | None, decode: Decoder
    ) -> None:
        super().__init__(pointer, timeout_ms, on_gap)
        self._decode = decode

    def _take(self, pointer: Any, wait_ms: int, ready: Ready[View]) -> int:
        batch, view = self._batch, ffi.new("plsm_view_t *")
        code = int(lib.shim_take_view(pointer, batch, ready[0], wait_ms, view))
        if code == _MESSAGE:
            taken = (batch.number, iter((View(view, pointer, self._decode),)))
            if self._ready is ready:
                self._ready = taken
        return code
