"""Messages with the pauses that were between them."""

from __future__ import annotations

from collections.abc import Callable
from operator import length_hint
from typing import Any

from ._arguments import number
from ._binding import ffi, lib
from ._codec import Decoder
from ._enums import EndReason
from ._errors import fail
from ._message import Message
from ._reader import NOTHING
from ._streams import Tail
from ._tail_options import Gap
from ._waiting import hear_signals, is_over, step_ms


def check_speed(speed: float) -> float:
    """A speed: above 0; infinity leaves the pauses out."""
    value = number("speed", speed)
    if not value > 0:
        raise ValueError(f"speed must be above 0 (infinity leaves the pauses out), not {speed!r}")
    return value


class Replay(Tail):
    """Messages, each when it is due. What `Pool.replay` returns; otherwise as `Tail`."""

    _what = "replay"
    _nothing = "no message was due"
    _batch_size = 1  # of no use: it takes nothing itself

    def __init__(
        self,
        pointer: Any,
        timeout_ms: int | None,
        on_gap: Callable[[Gap], object] | None,
        decode: Decoder,
        speed: float,
    ) -> None:
        super().__init__(pointer, timeout_ms, on_gap, decode)
        # Messages come by a tail of its own. One that is due is ready here, with itself in the number's place.
        self._coming = Tail(pointer, timeout_ms, on_gap, decode)
        self._ready = (None, NOTHING)
        clock = ffi.new("plsm_replay_t **")
        # The library's 0 leaves the pauses out.
        code = lib.plsm_replay_new(0.0 if speed == float("inf") else speed, clock, self._slot)
        if code != 0:
            fail(code, self._slot)
        self._clock = ffi.gc(clock[0], lib.plsm_replay_free)
        self._careful = True  # each message is waited for
        # The message that was scheduled last.
        self._next_due: Message | None = None

    def _waits(self) -> bool:
        """Whether there is a message that waits until it is due."""
        return self._next_due is not self._ready[0]

    def _holds_some(self) -> bool:
        return self._waits() or length_hint(self._ready[1]) > 0 or self._coming._holds_some()

    def _is_idle(self, pointer: Any) -> bool:
        if pointer is None or not self._waits():
            return self._coming._is_idle(pointer)
        return self._left_ns() > 0

    def _left_ns(self) -> int:
        """How long it is until the message scheduled last is due."""
        out, slot = ffi.new("uint64_t *"), ffi.new("plsm_error_t **")
        code = lib.plsm_replay_left(self._clock, out, slot)
        if code != 0:
            fail(code, slot)
        return int(out[0])

    def _wait(self, pointer: Any, wait_ms: int | None, deadline: float | None) -> bool:
        if not self._is_going(pointer):
            return False
        ready = self._ready
        if length_hint(ready[1]):
            return True
        while self._next_due is ready[0]:
            coming = self._coming._ready[1]
            if not length_hint(coming):
                if not self._coming._fill(wait_ms, deadline):
                    self._reason = self._coming._reason
                    return False
                coming = self._coming._ready[1]
            if self._next_due is ready[0]:
                for self._next_due in coming:
                    break
        due = self._next_due
        assert due is not None
        # Once more after an interruption, which changes nothing.
        self._check(lib.plsm_replay_schedule(self._clock, due.timestamp_ns, ffi.NULL, self._slot))
        while True:
            code = lib.plsm_replay_wait(self._clock, min(step_ms(deadline), step_ms(self._deadline)), self._slot)
            if code == lib.PLSM_NEXT_MESSAGE:
                now = (due, iter((due,)))
                if self._ready is ready:
                    self._ready = now
                return True
            if code == lib.PLSM_NEXT_CANCELLED:
                self._reason = EndReason.CANCELLED
                return False
            if code < 0:
                fail(code, self._slot)
            if is_over(self._deadline):
                self._reason = EndReason.DEADLINE
                return False
            if is_over(deadline):
                raise TimeoutError(f"{self._nothing} within {wait_ms} ms")
            hear_signals()

    def _pause(self) -> tuple[float | None, bool]:
        left, watch = super()._pause()
        if not self._waits():
            return left, watch
        due = self._left_ns() / 1e9
        return (due if left is None else min(left, due)), False

    def cancel(self) -> None:
        """Ends a wait at once, also from another thread, and every later one until `reset_cancel`."""
        with self._cancelling:
            super().cancel()
            self._coming.cancel()
            lib.plsm_replay_cancel(self._clock)

    def reset_cancel(self) -> None:
        """Takes a cancel back."""
        with self._lock, self._cancelling:
            super().reset_cancel()
            self._coming.reset_cancel()
            self._careful = True
            lib.plsm_replay_reset_cancel(self._clock)

    def close(self) -> None:
        """Ends the iteration, also from another thread. Closing again does nothing."""
        super().close()
        self._coming.close()
        lib.plsm_replay_cancel(self._clock)
