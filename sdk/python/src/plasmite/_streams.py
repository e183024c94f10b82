"""The streams of a pool: messages, their JSON text, Lite3 frames."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import repeat
from operator import length_hint
from typing import Any

from ._arguments import integer
from ._binding import ffi, lib
from ._codec import Decoder, decode_plainly
from ._errors import buffer_text, fail
from ._message import Lite3Frame, Message, delivered
from ._reader import MOMENT_S, NOTHING, GeneratorLike, Reader, Ready, wait_argument
from ._tail_options import Gap
from ._waiting import deadline_of, run_interruptibly

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


def _texts(batch: Any) -> list[bytes]:
    count = batch.count
    ends = ffi.unpack(batch.ends, count)
    # Nothing is left when a signal handler has read meanwhile; then nobody wants it.
    text: bytes = ffi.unpack(batch.text, ends[-1] if ends else 0)
    if count == 1:
        return [text]
    return [text[start:end] for start, end in zip([0, *ends], ends)]  # noqa: B905 - one shorter, on purpose


def _messages(batch: Any, wish: _Wish) -> list[Message]:
    count = batch.count
    seqs, times = ffi.unpack(batch.seqs, count), ffi.unpack(batch.times, count)
    values: list[Any] = []
    if wish.wanted:
        lib.shim_values(batch, id(values))
    if len(values) != count:
        values = [...] * count
    return list(map(delivered, _texts(batch), repeat(wish), seqs, times, values))


def _token(pointer: Any) -> str:
    out, slot = ffi.new("plsm_buf_t *"), ffi.new("plsm_error_t **")
    code = lib.plsm_stream_token(pointer, out, slot)
    if code != 0:
        fail(code, slot)
    return buffer_text(out)


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

    def _take(self, pointer: Any, wait_ms: int, ready: Ready[bytes]) -> int:
        batch = self._batch
        code = int(lib.shim_take(pointer, batch, ready[0], wait_ms))
        if code == _MESSAGE:
            taken = (batch.number, iter(_texts(batch)))
            if self._ready is ready:
                self._ready = taken
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
        wait = wait_argument(wait_ms)
        if not self._careful:
            for text in self._ready[1]:
                return text
        deadline = deadline_of(wait)
        while self._fill(wait, deadline):
            for text in self._ready[1]:
                return text
        return None

    def next_message(self, wait_ms: int | None = None) -> Message | None:
        """The next message, or None at the end. As `next_json` otherwise."""
        wait = wait_argument(wait_ms)
        # Made before its text is taken, which comes to stand in it.
        message = delivered(b"", self._decode)
        parts = message.__dict__
        if not self._careful:
            for parts["raw"] in self._ready[1]:
                return message
        deadline = deadline_of(wait)
        while self._fill(wait, deadline):
            for parts["raw"] in self._ready[1]:
                return message
        return None

    def token(self) -> str:
        """A short text that tells where the stream stands, for `token=`: in this program or another, now or later.

        Before the first call of a stream that starts at the `last` few which pass a filter it looks for them first,
        which may take long; `cancel` from another thread and `timeout_ms` end that, and so does what a signal handler
        raises.
        """
        seq = 0
        # Another thread that has the lock soon lets go of it, or waits, and then tells where the stream stands.
        for is_mine in map(self._lock.acquire, repeat(True), repeat(MOMENT_S)):
            if is_mine:
                try:
                    # The stream stands behind what it holds, and the caller before it.
                    return self._token_at(self._batch.seq if self._holds_some() else 0)
                finally:
                    self._lock.release()
            ready = self._ready
            seq = 0 if length_hint(ready[1]) else lib.shim_stands_at(self._batch, ready[0])
            if seq and self._ready is ready:
                break
            if self._batch.searches and ready[0] == 0:
                # This finishes the search for the start. There it stands, unless that thread has taken something.
                pointer, text = self._open_pointer(), self._token_at(0, beside=True)
                if self._is_idle(pointer) and self._ready is ready:
                    return text
        return self._token_at(seq)

    def _token_at(self, seq: int, beside: bool = False) -> str:
        """The token for a seq; 0 is where the stream stands. Under the lock, unless `beside` another thread's call."""
        pointer, batch = self._open_pointer(), self._batch
        call = partial(_token, pointer)
        if batch.searches and not batch.seq:
            # A cancel would end the other thread's call as well, which searches anyway.
            text = run_interruptibly(call, None if beside else partial(self._cut, pointer))
        else:
            text = call()
        # It ends with the next seq.
        return f"{text.rpartition('.')[0]}.{seq}" if seq else text

    def _cut(self, pointer: Any, wait: Callable[[], object]) -> None:
        """Ends a call on the stream that another thread makes for this one; `wait` waits for its end."""
        lib.plsm_stream_cancel(pointer)
        try:
            wait()
        finally:
            with self._cancelling:
                # Unless others want it cancelled, or closed.
                if self._pointer is pointer and not self._cancelled:
                    lib.plsm_stream_reset_cancel(pointer)

    def seek(self, seq: int | None = None) -> None:
        """Moves the stream: its next message is the one with this seq, or the oldest. One that had ended goes on.
        Waits for a thread that waits on the stream."""
        start = _OLDEST if seq is None else lib.PLSM_START_SEQ
        with self._lock:
            pointer = self._open_pointer()
            self._check(lib.plsm_stream_seek(pointer, start, 0 if seq is None else integer("seq", seq), self._slot))
            self._batch.stands_for = self._batch.searches = 0
            self._ready = (self._batch.number, NOTHING)
            self._reason = None


class Lite3Stream(Reader[Lite3Frame]):
    """Messages as Lite3. What `Pool.open_lite3_stream` returns; an iterator of `Lite3Frame`."""

    _what = "Lite3 stream"

    def _take(self, pointer: Any, wait_ms: int, ready: Ready[Lite3Frame]) -> int:
        batch = self._batch
        code = int(lib.shim_take_lite3(pointer, batch, ready[0], wait_ms))
        if code == _MESSAGE:
            frame = Lite3Frame(batch.seqs[0], batch.times[0], 0, ffi.unpack(batch.text, batch.ends[0]))
            taken = (batch.number, iter((frame,)))
            if self._ready is ready:
                self._ready = taken
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
        wait = wait_argument(wait_ms)
        if not self._careful:
            for frame in self._ready[1]:
                return frame
        deadline = deadline_of(wait)
        while self._fill(wait, deadline):
            for frame in self._ready[1]:
                return frame
        return None


class Tail(GeneratorLike[Message]):
    """Messages in a row, as fast as they come. What `Pool.tail` and `Pool.range` return.

    An iterator with what a generator has, and more: `close()` and `cancel()` from any thread end a wait;
    `end_reason` tells why the iteration ended; use it in a `with` statement to close it at once.
    """

    _what = "tail"
    # Enough that the crossing does not count.
    _batch_size = 64

    def __init__(
        self, pointer: Any, timeout_ms: int | None, on_gap: Callable[[Gap], object] | None, decode: Decoder
    ) -> None:
        super().__init__(pointer, timeout_ms, on_gap)
        self._wish = _Wish(decode)

    def _take(self, pointer: Any, wait_ms: int, ready: Ready[Message]) -> int:
        batch = self._batch
        code = int(lib.shim_take(pointer, batch, ready[0], wait_ms))
        if code == _MESSAGE:
            taken = (batch.number, iter(_messages(batch, self._wish)))
            if self._ready is ready:
                self._ready = taken
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
        wait = wait_argument(wait_ms)
        if not self._careful:
            for message in self._ready[1]:
                return message
        deadline = deadline_of(wait)
        while self._fill(wait, deadline):
            for message in self._ready[1]:
                return message
        return None
