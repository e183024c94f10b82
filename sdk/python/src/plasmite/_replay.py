"""Messages with the pauses that were between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._arguments import number
from ._binding import ffi, lib
from ._codec import Decoder
from ._errors import fail
from ._message import Message
from ._streams import Tail
from ._tail_options import Gap
from ._waiting import deadline_of, hear_signals, is_over, step_ms


def check_speed(speed: float) -> float:
    """A speed: above 0; infinity leaves the pauses out."""
    value = number("speed", speed)
    if not value > 0:
        raise ValueError(f"speed must be above 0 (infinity leaves the pauses out), not {speed!r}")
    return value


class Replay(Tail):
    """Messages, each when it is due. What `Pool.replay` returns; otherwise as `Tail`."""

    _what = "replay"

    def __init__(
        self,
        pointer: Any,
        timeout_ms: int | None,
        on_gap: Callable[[Gap], object] | None,
        decode: Decoder,
        speed: float,
    ) -> None:
        super().__init__(pointer, timeout_ms, on_gap, decode)
        clock = ffi.new("plsm_replay_t **")
        # The library's 0 leaves the pauses out.
        code = lib.plsm_replay_new(0.0 if speed == float("inf") else speed, clock, self._slot)
        if code != 0:
            fail(code, self._slot)
        self._clock = ffi.gc(clock[0], lib.plsm_replay_free)
        self._careful = True  # each message is waited for
        self._due: Message | None = None

    def _next(self, wait_ms: int | None = None) -> Message | None:
        with self._lock:
            if self._due is None:
                message = super()._next(wait_ms)
                if message is None:
                    return None
                self._check(lib.plsm_replay_schedule(self._clock, message.timestamp_ns, ffi.NULL, self._slot))
                self._due = message
            deadline = deadline_of(wait_ms)
            while True:
                code = lib.plsm_replay_wait(self._clock, min(step_ms(deadline), step_ms(self._deadline)), self._slot)
                if code == lib.PLSM_NEXT_MESSAGE:
                    message, self._due = self._due, None
                    return message
                if code == lib.PLSM_NEXT_CANCELLED:
                    return self._ended(code)
                if code < 0:
                    fail(code, self._slot)
                if is_over(self._deadline):
                    return self._ended(lib.PLSM_NEXT_DEADLINE)
                if is_over(deadline):
                    raise TimeoutError(f"no message was due within {wait_ms} ms")
                hear_signals()

    def _pause(self) -> tuple[float | None, bool]:
        left, watch = super()._pause()
        if self._due is None:
            return left, watch
        out = ffi.new("uint64_t *")
        self._check(lib.plsm_replay_left(self._clock, out, self._slot))
        due = float(out[0]) / 1e9
        return (due if left is None else min(left, due)), False

    def cancel(self) -> None:
        """Ends a wait at once, also from another thread, and every later one until `reset_cancel`."""
        super().cancel()
        lib.plsm_replay_cancel(self._clock)

    def reset_cancel(self) -> None:
        """Takes a cancel back."""
        super().reset_cancel()
        self._careful = True
        lib.plsm_replay_reset_cancel(self._clock)

    def close(self) -> None:
        """Ends the iteration, also from another thread. Closing again does nothing."""
        super().close()
        lib.plsm_replay_cancel(self._clock)
