"""What all streams of a pool have in common: waiting, ending, cancelling, closing.

A handler of a signal may raise between any two steps of the interpreter, and nothing may be lost or told twice by that.
So the extension module keeps what it took from a stream until the next call shows that it was taken over, which
one store into `_ready` does. From there an item goes straight to the caller, by

    for item in self._ready[1]:
        return item

in the function that the caller called itself: the interpreter looks for signals after calls, at the start of
functions and when it jumps back, and there is none of these between taking the item and returning it. A lock that is
waited for with a limit is taken in the same way, since a `with` statement has none:

    for is_mine in map(lock.acquire, …):
        if is_mine:
            try:
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import repeat
from operator import length_hint
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeAlias, TypeVar

from ._arguments import optional_integer
from ._binding import ffi, lib
from ._enums import EndReason
from ._errors import closed, fail, failure
from ._tail_options import Gap
from ._waiting import deadline_of, hear_signals, is_over, slices, step_ms

T = TypeVar("T")
Ready: TypeAlias = tuple[Any, Iterator[T]]
Self = TypeVar("Self", bound="Reader[Any]")

_MESSAGE: int = lib.PLSM_NEXT_MESSAGE
_TIMEOUT: int = lib.PLSM_NEXT_TIMEOUT
_GAP: int = lib.PLSM_NEXT_GAP

MOMENT_S = 0.001
"""How long a lock is waited for before another look at what the thread that has it does."""

NOTHING: Iterator[Any] = iter(())
"""Nothing is ready. It stays at its end, so all may share it."""


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
    from one stream; each message then goes to one of them, and none waits longer than it said because another one
    waits. With `wait_ms=0` a thread lets another one that is just taking a message finish, and then takes what is left.
    While one waits, `seek` and `reset_cancel` wait for it.
    """

    _what = "stream"
    # Whether reading after close ends, as with a generator, instead of being an error.
    _quiet = False
    # How many messages are taken in one call.
    _batch_size = 1
    # What did not happen in time.
    _nothing = "no message"

    def __init__(self, pointer: Any, timeout_ms: int | None, on_gap: Callable[[Gap], object] | None) -> None:
        batch = lib.shim_batch_new(self._batch_size)
        if batch == ffi.NULL:
            raise MemoryError("plasmite: out of memory")
        self._batch = ffi.gc(batch, lib.shim_batch_free)
        self._pointer = pointer
        # Held by whoever takes from the stream, through its wait too: what comes meanwhile is for the others as well,
        # who wait for the lock.
        self._lock = threading.RLock()
        # A cancel has several steps, and the first may end a wait; who takes it back then has to wait for the others.
        self._cancelling = threading.RLock()
        self._slot = ffi.new("plsm_error_t **")
        self._on_gap = on_gap
        self._deadline = deadline_of(timeout_ms)
        # The number of the answer that was taken over last, and what of it was not delivered so far. Replaced only
        # when nothing is left, under the lock.
        self._ready: Ready[T] = (0, NOTHING)
        self._cancelled = False
        # Whether to look at cancel, close and deadline before each message that is ready.
        self._careful = timeout_ms is not None
        self._reason: EndReason | None = None

    # What the kinds of streams differ in.

    def _take(self, pointer: Any, wait_ms: int, ready: Ready[T]) -> int:
        """Takes over what is there, waiting for the first: a plsm_next_t, or an error's code. `ready` is what was taken
        over last as the caller has seen it, with nothing left; it is replaced only if it still stands there, since
        handlers of signals may read as well."""
        raise NotImplementedError

    # Reading.

    def _open_pointer(self) -> Any:
        pointer = self._pointer
        if pointer is None:
            raise closed(self._what)
        return pointer

    def _holds_some(self) -> bool:
        """Whether something was taken from the stream and not delivered; it stays so, unless other threads read."""
        number, items = self._ready
        return number != self._batch.number or length_hint(items) > 0

    def _is_going(self, pointer: Any) -> bool:
        """Whether there is more to read from a stream, which was open or not when reading began; not when close,
        cancel or the deadline have ended it."""
        if pointer is None and not self._quiet:
            raise closed(self._what)
        if pointer is not None and self._cancelled:
            self._reason = EndReason.CANCELLED
        elif pointer is not None and is_over(self._deadline):
            self._reason = EndReason.DEADLINE
        else:
            return self._pointer is not None
        return False

    def _fill(self, wait_ms: int | None = None, deadline: float | None = None) -> bool:
        """Waits until something is ready, or answers False: the end. It is still to be taken, and of several threads
        another one may be quicker. TimeoutError when `deadline`, that of `wait_ms`, has passed."""
        pointer = self._pointer
        if deadline is None:
            with self._lock:
                return self._wait(pointer, None, None)
        # Nearly always the lock is free, and then no slices have to be made.
        for is_mine in map(self._lock.acquire, (False,)):
            if is_mine:
                try:
                    return self._wait(pointer, wait_ms, deadline)
                finally:
                    self._lock.release()
        return self._fill_beside_another(pointer, wait_ms, deadline)

    def _is_idle(self, pointer: Any) -> bool:
        """Whether the thread that has the lock waits, and for good reason: nothing is there."""
        return pointer is None or bool(lib.shim_is_idle(pointer, self._batch))

    def _moments(self, pointer: Any) -> Iterator[float]:
        """As `slices`, for who does not want to wait: as long as the lock is held by a thread that does not wait."""
        while not self._is_idle(pointer):
            yield MOMENT_S
            hear_signals()

    def _fill_beside_another(self, pointer: Any, wait_ms: int | None, deadline: float) -> bool:
        attempts = slices(deadline) if wait_ms else self._moments(pointer)
        for is_mine in map(self._lock.acquire, repeat(True), attempts):
            if is_mine:
                try:
                    return self._wait(pointer, wait_ms, deadline)
                finally:
                    self._lock.release()
        if not self._is_going(pointer):
            return False
        if length_hint(self._ready[1]):
            return True
        raise TimeoutError(f"{self._nothing} within {wait_ms} ms")

    def _wait(self, pointer: Any, wait_ms: int | None, deadline: float | None) -> bool:
        """As `_fill`, under the lock."""
        if (pointer is None or self._careful) and not self._is_going(pointer):
            return False
        while True:
            ready = self._ready
            if length_hint(ready[1]):
                return True
            # 0 looks at all that is there, however long that takes: not for a wait that came late to its turn.
            code = self._take(pointer, step_ms(deadline) or int(wait_ms != 0), ready)
            if code == _MESSAGE:
                return True
            if code < 0:
                self._raise(code, ready)
            elif code == _GAP:
                self._tell_gap(pointer, ready)
            elif code != _TIMEOUT:
                self._reason = EndReason(code)
                return False
            elif is_over(deadline):
                raise TimeoutError(f"{self._nothing} within {wait_ms} ms")
            else:
                hear_signals()

    def _raise(self, code: int, ready: Ready[T]) -> None:
        batch = self._batch
        batch.error_readers += 1
        try:
            number = batch.number
            error = failure(code, batch.error)
            if self._ready is ready:
                self._ready = (number, NOTHING)
                raise error
        finally:
            batch.error_readers -= 1

    def _tell_gap(self, pointer: Any, ready: Ready[T]) -> None:
        number, gap, on_gap = self._batch.number, self._gap(pointer), self._on_gap
        if self._ready is ready:
            self._ready = (number, NOTHING)
            if on_gap is not None:
                on_gap(gap)

    def _gap(self, pointer: Any) -> Gap:
        out = ffi.new("plsm_gap_t *")
        self._check(lib.plsm_stream_gap(pointer, out, self._slot))
        return Gap(int(out.first), int(out.last), int(out.count))

    def _check(self, code: int) -> None:
        if code != 0:
            fail(code, self._slot)

    def __iter__(self) -> Iterator[T]:
        while self._fill():
            for item in self._ready[1]:
                yield item
                if self._careful:
                    break

    def __next__(self) -> T:
        if not self._careful:
            for item in self._ready[1]:
                return item
        while self._fill():
            for item in self._ready[1]:
                return item
        raise StopIteration

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
        out, slot = ffi.new("plsm_stream_stats_t *"), ffi.new("plsm_error_t **")
        code = lib.plsm_stream_stats(self._open_pointer(), out, slot)
        if code != 0:
            fail(code, slot)
        return StreamStats(int(out.delivered), int(out.dropped), int(out.next_seq))

    def fileno(self) -> int:
        """A descriptor for event loops: readable when reading would not wait, as far as is known, and at first.

        It belongs to the stream: do not read or close it. After it became readable, read until TimeoutError with
        `wait_ms=0`, before polling again. It does not tell when `timeout_ms` has passed. Not in a forked child for a
        stream whose parent has called this.
        """
        out, slot = ffi.new("int *"), ffi.new("plsm_error_t **")
        code = lib.plsm_stream_fd(self._open_pointer(), out, slot)
        if code != 0:
            fail(code, slot)
        return int(out[0])

    # Ending.

    def cancel(self) -> None:
        """Ends a wait at once, also from another thread, and every later one until `reset_cancel`."""
        pointer = self._pointer
        if pointer is not None:
            with self._cancelling:
                self._cancelled = self._careful = True
                lib.plsm_stream_cancel(pointer)

    def reset_cancel(self) -> None:
        """Takes a cancel back: reading goes on where it stood."""
        with self._lock, self._cancelling:
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
