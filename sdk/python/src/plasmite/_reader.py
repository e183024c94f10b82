"""What all streams of a pool have in common: waiting, ending, cancelling, closing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from ._arguments import optional_integer
from ._binding import ffi, lib
from ._enums import EndReason
from ._errors import closed, fail
from ._tail_options import Gap
from ._waiting import deadline_of, hear_signals, is_over, step_ms

T = TypeVar("T")
Self = TypeVar("Self", bound="Reader[Any]")

_MESSAGE: int = lib.PLSM_NEXT_MESSAGE
_TIMEOUT: int = lib.PLSM_NEXT_TIMEOUT
_GAP: int = lib.PLSM_NEXT_GAP


@dataclass(frozen=True)
class StreamStats:
    """What a stream has done so far.

    Attributes:
        delivered: how many messages it delivered.
        dropped: how many had been overwritten before it could deliver them, counted before the filters.
        next_seq: the seq it will look at next.
    """

    delivered: int
    dropped: int
    next_seq: int


class Reader(Generic[T]):
    """A reader's place in a pool.

    Threads: `cancel` and `close` may be called from any thread and end a wait of another one. Several threads may read
    from one stream; each message then goes to one of them.
    """

    _what = "stream"
    # Whether reading after close ends, as with a generator, instead of being an error.
    _quiet = False

    def __init__(self, pointer: Any, timeout_ms: int | None, on_gap: Callable[[Gap], object] | None) -> None:
        self._pointer = pointer
        self._lock = threading.RLock()
        self._slot = ffi.new("plsm_error_t **")
        self._on_gap = on_gap
        self._deadline = deadline_of(timeout_ms)
        # Messages that were taken together with the one before them.
        self._ready: Iterator[T] = iter(())
        self._cancelled = False
        # Whether to look at cancel, close and deadline before each message that is ready.
        self._careful = timeout_ms is not None
        self._reason: EndReason | None = None

    # What the kinds of streams differ in.

    def _take(self, pointer: Any, wait_ms: int) -> int:
        """Takes what is there into `_ready`, waiting for the first; a plsm_next_t."""
        raise NotImplementedError

    def _holds_some(self) -> bool:
        """Whether a message is ready here; it stays so."""
        with self._lock:
            first = next(self._ready, None)
            if first is None:
                return False
            self._ready = iter([first, *self._ready])
            return True

    # Reading.

    def _open_pointer(self) -> Any:
        pointer = self._pointer
        if pointer is None:
            raise closed(self._what)
        return pointer

    def _next(self, wait_ms: int | None = None) -> T | None:
        """The next one, or None at the end; TimeoutError when `wait_ms` have passed."""
        if not self._careful:
            item = next(self._ready, None)
            if item is not None:
                return item
        with self._lock:
            if self._pointer is None and self._quiet:
                return None
            pointer = self._open_pointer()
            if self._cancelled:
                return self._ended(lib.PLSM_NEXT_CANCELLED)
            if is_over(self._deadline):
                return self._ended(lib.PLSM_NEXT_DEADLINE)
            item = next(self._ready, None)
            if item is not None:
                return item
            deadline = deadline_of(wait_ms)
            while True:
                code = self._step(pointer, step_ms(deadline))
                if code == _MESSAGE:
                    return next(self._ready)
                if code != _TIMEOUT:
                    return self._ended(code)
                if is_over(deadline):
                    raise TimeoutError(f"no message within {wait_ms} ms")
                hear_signals()

    def _step(self, pointer: Any, wait_ms: int) -> int:
        """One call of the library: _MESSAGE fills `_ready`, _TIMEOUT also stands for a gap that was told."""
        code = self._take(pointer, wait_ms)
        if code < 0:
            fail(code, self._slot)
        if code == _GAP:
            if self._on_gap is not None:
                self._on_gap(self._gap(pointer))
            return self._step(pointer, 0)
        return code

    def _ended(self, code: int) -> T | None:
        self._reason = EndReason(code)
        return None

    def _gap(self, pointer: Any) -> Gap:
        out = ffi.new("plsm_gap_t *")
        self._check(lib.plsm_stream_gap(pointer, out, self._slot))
        return Gap(int(out.first), int(out.last), int(out.count))

    def _check(self, code: int) -> None:
        if code != 0:
            fail(code, self._slot)

    def __iter__(self) -> Iterator[T]:
        while True:
            if not self._careful:
                for item in self._ready:
                    yield item
                    if self._careful:
                        break
            last = self._next()
            if last is None:
                return
            yield last

    def __next__(self) -> T:
        item = self._next()
        if item is None:
            raise StopIteration
        return item

    def _pause(self) -> tuple[float | None, bool]:
        """For event loops that found nothing: look again after so many seconds at the latest, and whether the
        descriptor tells anything before that."""
        return (None if self._deadline is None else max(0.0, self._deadline - monotonic())), True

    # What is known about it.

    @property
    def end_reason(self) -> EndReason | None:
        """Why the iteration ended; None while it has not."""
        return self._reason

    def stats(self) -> StreamStats:
        """What the stream has done so far. A tail takes messages in batches and so is up to a batch ahead."""
        with self._lock:
            out = ffi.new("plsm_stream_stats_t *")
            self._check(lib.plsm_stream_stats(self._open_pointer(), out, self._slot))
            return StreamStats(int(out.delivered), int(out.dropped), int(out.next_seq))

    def fileno(self) -> int:
        """A descriptor for event loops: readable when reading would not wait, as far as is known, and at first.

        It belongs to the stream: do not read or close it. After it became readable, read until TimeoutError with
        `wait_ms=0`, before polling again. It does not tell when `timeout_ms` has passed. Not in a forked child for a
        stream whose parent has called this.
        """
        out = ffi.new("int *")
        with self._lock:
            self._check(lib.plsm_stream_fd(self._open_pointer(), out, self._slot))
        return int(out[0])

    # Ending.

    def cancel(self) -> None:
        """Ends a wait at once, also from another thread, and every later one until `reset_cancel`."""
        pointer = self._pointer
        if pointer is not None:
            self._cancelled = self._careful = True
            lib.plsm_stream_cancel(pointer)

    def reset_cancel(self) -> None:
        """Takes a cancel back: reading goes on where it stood."""
        with self._lock:
            lib.plsm_stream_reset_cancel(self._open_pointer())
            self._cancelled = False
            self._careful = self._deadline is not None
            self._reason = None

    def close(self) -> None:
        """Closes the stream, also from another thread, whose wait then ends. Closing again does nothing."""
        pointer, self._pointer = self._pointer, None
        if pointer is not None:
            self._careful = True
            if self._reason is None:
                self._reason = EndReason.CANCELLED
            # Freed when the last running call lets go of the pointer.
            lib.plsm_stream_cancel(pointer)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._pointer is None

    def __enter__(self: Self) -> Self:
        self._open_pointer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._pointer is None else "open"
        return f"<plasmite.{type(self).__name__} {state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be pickled; open one in the other process")


class GeneratorLike(Reader[T], Generator[T, None, None]):
    """A reader that older programs know as a generator."""

    _quiet = True

    def send(self, value: None) -> T:
        """The next one; there is nothing to send."""
        return self.__next__()

    def throw(self, typ: Any, val: Any = None, tb: Any = None) -> T:
        """Closes it and raises the exception."""
        self.close()
        error = typ if isinstance(typ, BaseException) else typ(*(() if val is None else (val,)))
        raise error.with_traceback(tb)

    # Reader's, not the mixins' of Generator.
    if TYPE_CHECKING:

        def __iter__(self) -> Generator[T, None, None]: ...
        def __next__(self) -> T: ...
        def close(self) -> None: ...
    else:
        __iter__ = Reader.__iter__
        __next__ = Reader.__next__
        close = Reader.close


def wait_argument(wait_ms: int | None) -> int | None:
    """Checks a wait in ms."""
    return optional_integer("wait_ms", wait_ms)
