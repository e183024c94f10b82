"""Streams for asyncio: they wait on the library's descriptor in the event loop, without a thread of Python's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from time import monotonic
from types import TracebackType
from typing import Generic, TypeVar

from ._enums import EndReason
from ._errors import closed
from ._reader import Reader, StreamStats, wait_argument
from ._waiting import deadline_of

T = TypeVar("T")

# After so many messages in a row the event loop gets a turn.
_TURN = 64


class AsyncTail(AsyncIterator[T], Generic[T]):
    """Messages in a row, for `async for`. What `Pool.tail_async`, `replay_async` and `lite3_tail_async` return.

    Cancelling the task ends the wait; no message is lost by that, and the iteration may be continued. `cancel()` and
    `close()` may be called from any thread. Use it in an `async with` statement to close it at once.
    """

    def __init__(self, reader: Reader[T] | None, opener: Callable[[], Reader[T]] | None = None) -> None:
        # A server's pool takes a request to open one, which another thread makes when the first message is asked for.
        self._reader = reader
        self._opener = opener
        self._opening: asyncio.Future[Reader[T]] | None = None
        # What was asked for before it was open.
        self._cancelled = self._closed = False
        self._in_turn = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiters: set[asyncio.Future[None]] = set()
        # How many of them wait for the descriptor, which the event loop watches while there are any.
        self._watching = 0

    def __aiter__(self) -> AsyncTail[T]:
        return self

    async def __anext__(self) -> T:
        self._in_turn += 1
        if self._in_turn > _TURN:
            self._in_turn = 0
            await asyncio.sleep(0)
        reader = self._reader
        if reader is not None and not reader._careful:
            for item in reader._ready[1]:
                return item
        while not self.closed and (reader := await self._filled()) is not None:
            for item in reader._ready[1]:
                return item
        raise StopAsyncIteration

    async def _filled(self) -> Reader[T] | None:
        """Waits until something is ready; None at the end."""
        reader = self._reader or await self._opened()
        while not reader.closed:
            try:
                return reader if reader._fill(0, 0.0) else None
            except TimeoutError:
                self._in_turn = 0
                await self._readable(reader)
        return None

    async def _opened(self) -> Reader[T]:
        if self._opening is None:
            assert self._opener is not None
            self._opening = asyncio.get_running_loop().run_in_executor(None, self._opener)
            self._opening.add_done_callback(self._has_opened)
        await asyncio.shield(self._opening)
        assert self._reader is not None
        return self._reader

    def _has_opened(self, opening: asyncio.Future[Reader[T]]) -> None:
        if opening.cancelled() or opening.exception() is not None:
            self._opening = None  # the next one tries again
            return
        self._reader = opening.result()
        if self._cancelled:
            self._reader.cancel()
        if self._closed:
            self._reader.close()

    async def next_message(self, wait_ms: int | None = None) -> T | None:
        """The next message, or None at the end.

        Args:
            wait_ms: how long to wait at most, in ms; None has no limit, 0 does not wait.

        Raises:
            TimeoutError: nothing came within `wait_ms`.
            ClosedError: the stream was closed before. (An iteration only ends then.)
            TypeError, ValueError: `wait_ms` is no such number.
        """
        if self.closed:
            raise closed("tail")
        wait = wait_argument(wait_ms)
        deadline = deadline_of(wait)
        while (reader := await self._filled_within(wait, deadline)) is not None:
            for item in reader._ready[1]:
                return item
        return None

    async def _filled_within(self, wait_ms: int | None, deadline: float | None) -> Reader[T] | None:
        if wait_ms == 0:
            reader = self._reader or await self._opened()
            return reader if reader._fill(0, 0.0) else None
        self._in_turn += 1
        if self._in_turn > _TURN:
            self._in_turn = 0
            await asyncio.sleep(0)
        if deadline is None:
            return await self._filled()
        try:
            return await asyncio.wait_for(self._filled(), deadline - monotonic())
        except asyncio.TimeoutError:  # another class before Python 3.11
            raise TimeoutError(f"no message within {wait_ms} ms") from None

    async def _readable(self, reader: Reader[T]) -> None:
        """Waits until reading would not wait, as far as is known."""
        loop = self._loop = asyncio.get_running_loop()
        # Held while the event loop watches its descriptor, whoever closes the stream meanwhile.
        pointer = reader._pointer
        if pointer is None:
            return
        seconds, watch = reader._pause()
        timer = None if seconds is None else loop.call_later(seconds, self._wake)
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.add(waiter)
        descriptor = reader.fileno() if watch else None
        if descriptor is not None:
            if not self._watching:
                loop.add_reader(descriptor, self._wake)
            self._watching += 1
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
            if descriptor is not None:
                self._watching -= 1
                if not self._watching:
                    loop.remove_reader(descriptor)
            if timer is not None:
                timer.cancel()
            del pointer

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _wake_from_anywhere(self) -> None:
        if self._waiters and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    @property
    def end_reason(self) -> EndReason | None:
        """Why the iteration ended; None while it has not."""
        return None if self._reader is None else self._reader.end_reason

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed if self._reader is None else self._reader.closed

    def stats(self) -> StreamStats:
        """What the stream has done so far; up to a batch ahead."""
        return StreamStats(0, 0, 0) if self._reader is None else self._reader.stats()

    def cancel(self) -> None:
        """Ends a wait at once, also from another thread, and every later one until `reset_cancel`."""
        self._cancelled = True
        if self._reader is not None:
            self._reader.cancel()
        self._wake_from_anywhere()

    def reset_cancel(self) -> None:
        """Takes a cancel back: reading goes on where it stood."""
        self._cancelled = False
        if self._reader is not None:
            self._reader.reset_cancel()

    def close(self) -> None:
        """Closes the stream, also from another thread; an iteration that waits then ends."""
        self._closed = True
        if self._reader is not None:
            self._reader.close()
        self._wake_from_anywhere()

    async def aclose(self) -> None:
        """As `close`."""
        self.close()

    async def __aenter__(self) -> AsyncTail[T]:
        """Opens it where that takes a request, so that what is appended from now on is seen."""
        if self._reader is None and not self.closed:
            await self._opened()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<plasmite.AsyncTail of {self._reader or 'a tail to be opened'!r}>"
