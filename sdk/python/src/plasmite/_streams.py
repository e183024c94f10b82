"""The streams of a pool: messages, their JSON text, Lite3 frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

from ._arguments import integer
from ._binding import ffi, lib
from ._codec import Decoder, decode_plainly
from ._message import Lite3Frame, Message, delivered
from ._reader import GeneratorLike, Reader, wait_argument
from ._tail_options import Gap

# How many messages a tail takes in one call. Enough that the crossing does not count.
_BATCH = 64

_MESSAGE: int = lib.PLSM_NEXT_MESSAGE
_OLDEST: int = lib.PLSM_START_OLDEST


class _Wish:
    """A decoder that notes that it was wanted. The messages to come are then decoded together, from what the library
    lends, unless the decoder is the caller's own."""

    __slots__ = ("decode", "is_plain", "wanted")

    def __init__(self, decode: Decoder) -> None:
        self.decode = decode
        self.is_plain = decode is decode_plainly
        self.wanted = False

    def __call__(self, text: bytes) -> Any:
        self.wanted = self.is_plain
        return self.decode(text)


class _JsonReader:
    """Messages as JSON text, many in one call."""

    def __init__(self, capacity: int) -> None:
        batch = lib.shim_batch_new(capacity)
        if batch == ffi.NULL:
            raise MemoryError("plasmite: out of memory")
        self.batch = ffi.gc(batch, lib.shim_batch_free)

    def take(self, pointer: Any, wait_ms: int, slot: Any) -> int:
        return int(lib.shim_take(pointer, self.batch, wait_ms, slot))

    def texts(self) -> list[bytes]:
        batch = self.batch
        count = batch.count
        ends = ffi.unpack(batch.ends, count)
        text = ffi.buffer(batch.text, ends[-1])[:]
        if count == 1:
            return [text]
        return [text[start:end] for start, end in zip([0, *ends], ends)]  # noqa: B905 - one shorter, on purpose

    def messages(self, wish: _Wish) -> Iterator[Message]:
        batch = self.batch
        count = batch.count
        seqs, times = ffi.unpack(batch.seqs, count), ffi.unpack(batch.times, count)
        values: list[Any] = []
        if wish.wanted:
            lib.shim_values(batch, id(values))
        if len(values) != count:
            values = [...] * count
        return map(delivered, self.texts(), repeat(wish), seqs, times, values)


class Stream(Reader[bytes]):
    """Messages as JSON text, one at a time. What `Pool.open_stream` returns.

    An iterator of `bytes`, each the whole message; iteration waits for messages to come and ends with the maximum,
    the timeout, or `cancel`.
    """

    def __init__(
        self, pointer: Any, timeout_ms: int | None, on_gap: Callable[[Gap], object] | None, decode: Decoder
    ) -> None:
        super().__init__(pointer, timeout_ms, on_gap)
        self._decode = decode
        self._reader = _JsonReader(1)

    def _take(self, pointer: Any, wait_ms: int) -> int:
        code = self._reader.take(pointer, wait_ms, self._slot)
        if code == _MESSAGE:
            self._ready = iter(self._reader.texts())
        return code

    def next_json(self, wait_ms: int | None = None) -> bytes | None:
        """The next message as JSON text, or None at the end.

        Args:
            wait_ms: how long to wait at most, in ms; None has no limit, 0 does not wait.

        Raises:
            TimeoutError: nothing came within `wait_ms`.
            RetentionGapError: messages are missing, and `error_on_gap` was set; then the stream is at its end.
            ClosedError: the stream was closed before. (If it is closed while it waits, it ends.)
        """
        return self._next(wait_argument(wait_ms))

    def next_message(self, wait_ms: int | None = None) -> Message | None:
        """The next message, or None at the end. As `next_json` otherwise."""
        text = self._next(wait_argument(wait_ms))
        return None if text is None else delivered(text, self._decode)

    def token(self) -> str:
        """A short text that tells where the stream stands, for `token=`: in this program or another, now or later."""
        out = ffi.new("plsm_buf_t *")
        with self._lock:
            self._check(lib.plsm_stream_token(self._open_pointer(), out, self._slot))
        try:
            return str(ffi.buffer(out.data, out.len)[:], "utf-8")
        finally:
            lib.plsm_buf_free(out)

    def seek(self, seq: int | None = None) -> None:
        """Moves the stream: its next message is the one with this seq, or the oldest. One that had ended goes on."""
        start = _OLDEST if seq is None else lib.PLSM_START_SEQ
        with self._lock:
            pointer = self._open_pointer()
            self._check(lib.plsm_stream_seek(pointer, start, 0 if seq is None else integer("seq", seq), self._slot))
            self._ready = iter(())
            self._reason = None


class Lite3Stream(Reader[Lite3Frame]):
    """Messages as Lite3. What `Pool.open_lite3_stream` returns; an iterator of `Lite3Frame`."""

    _what = "Lite3 stream"

    def __init__(self, pointer: Any, timeout_ms: int | None, on_gap: Callable[[Gap], object] | None) -> None:
        super().__init__(pointer, timeout_ms, on_gap)
        self._view = ffi.new("plsm_view_t *")

    def _take(self, pointer: Any, wait_ms: int) -> int:
        view = self._view
        code = int(lib.plsm_stream_next_view(pointer, wait_ms, view, self._slot))
        if code == _MESSAGE:
            out = ffi.new("plsm_buf_t *")
            self._check(lib.plsm_view_lite3(view, out, self._slot))
            document = ffi.buffer(out.data, out.len)[:]
            lib.plsm_buf_free(out)
            self._ready = iter([Lite3Frame(int(view.seq), int(view.timestamp_ns), 0, document)])
        return code

    def next(self, wait_ms: int | None = None) -> Lite3Frame | None:
        """The next message, or None at the end.

        Args:
            wait_ms: how long to wait at most, in ms; None has no limit, 0 does not wait.

        Raises:
            TimeoutError: nothing came within `wait_ms`.
            UsageError: Lite3 cannot hold the message (an integer above 2^63-1, a key with a NUL), whose seq it
                tells; the next call goes on with the one after.
            RetentionGapError: messages are missing, and `error_on_gap` was set; then the stream is at its end.
            ClosedError: the stream was closed before.
        """
        return self._next(wait_argument(wait_ms))


class Tail(GeneratorLike[Message]):
    """Messages in a row, as fast as they come. What `Pool.tail` and `Pool.range` return.

    An iterator with what a generator has, and more: `close()` and `cancel()` from any thread end a wait;
    `end_reason` tells why the iteration ended; use it in a `with` statement to close it at once.
    """

    _what = "tail"

    def __init__(
        self, pointer: Any, timeout_ms: int | None, on_gap: Callable[[Gap], object] | None, decode: Decoder
    ) -> None:
        super().__init__(pointer, timeout_ms, on_gap)
        self._wish = _Wish(decode)
        self._reader = _JsonReader(_BATCH)

    def _take(self, pointer: Any, wait_ms: int) -> int:
        code = self._reader.take(pointer, wait_ms, self._slot)
        if code == _MESSAGE:
            self._ready = self._reader.messages(self._wish)
        return code

    def next_message(self, wait_ms: int | None = None) -> Message | None:
        """The next message, or None at the end.

        Args:
            wait_ms: how long to wait at most, in ms; None has no limit, 0 does not wait.

        Raises:
            TimeoutError: nothing came within `wait_ms`.
            RetentionGapError: messages are missing, and `error_on_gap` was set; then the tail is at its end.
            ClosedError: the tail was closed before. (Its iteration only ends then, as that of a generator.)
        """
        self._open_pointer()
        return self._next(wait_argument(wait_ms))
