"""Waits that Python's signal handlers can interrupt.

A call of the library does not return for a signal, and Python runs handlers (Ctrl-C among them) on the main thread
only, between two calls. So the main thread waits in slices; all other threads wait without limit, being woken by
cancel. A request to a server cannot be sliced, nor can the search for the start that a token waits for, so the main
thread leaves them to another one.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from math import ceil
from queue import SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from ._arguments import optional_integer
from ._binding import ffi, lib
from ._errors import fail

if TYPE_CHECKING:
    from ._reader import Reader

FOREVER: int = lib.PLSM_WAIT_FOREVER
SLICE_MS = 100

R = TypeVar("R")

_get_ident = threading.get_ident
_main = threading.main_thread().ident
_forked = False


def _after_fork() -> None:
    global _main, _forked
    _main = threading.main_thread().ident
    _forked = True
    _idle.clear()  # the parent's


os.register_at_fork(after_in_child=_after_fork)


def deadline_of(wait_ms: int | None) -> float | None:
    """The moment (of time.monotonic) at which a wait is over; None for never."""
    return None if wait_ms is None else monotonic() + wait_ms / 1000


def step_ms(deadline: float | None) -> int:
    """How many ms the next call may wait."""
    if deadline is None:
        return SLICE_MS if _get_ident() == _main else FOREVER
    left = max(0, ceil((deadline - monotonic()) * 1000))
    # A float rounds the longest wait up to 2^64.
    return min(left, SLICE_MS if _get_ident() == _main else FOREVER)


def slices(deadline: float | None) -> Iterator[float]:
    """A wait for a lock of Python's, as the seconds of each attempt: at least one, and signals are heard in between."""
    while True:
        yield min(step_ms(deadline) / 1000, threading.TIMEOUT_MAX)
        if is_over(deadline):
            return
        hear_signals()


def hear_signals() -> None:
    """To be called between two slices. The interpreter hears signals by itself, but for a child that was forked on
    another thread than the main one under Python 3.13; this call looks for them whatever it was told."""
    if _forked and _get_ident() == _main:
        signal.pthread_sigmask(signal.SIG_BLOCK, ())


def is_over(deadline: float | None) -> bool:
    """Whether a deadline has passed."""
    return deadline is not None and monotonic() >= deadline


class _Helper:
    """A thread that makes calls for the main thread. It does not keep the process from ending."""

    def __init__(self) -> None:
        self.calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        threading.Thread(target=self._run, name="plasmite-call", daemon=True).start()

    def _run(self) -> None:
        while True:
            self.calls.get()()
            _idle.append(self)


_idle: list[_Helper] = []


def run_interruptibly(call: Callable[[], R], cut: Callable[[Callable[[], object]], None] | None = None) -> R:
    """Makes a call that may take long. For the main thread another one makes it, so that signal handlers run; what they
    raise is raised at once, and the call goes on to its end with nobody to tell; or `cut` ends it, which is given a
    function that waits for that, and only then it is raised."""
    if _get_ident() != _main:
        return call()
    context = copy_context()
    done = threading.Lock()
    done.acquire()
    results: list[R] = []
    errors: list[BaseException] = []

    def job() -> None:
        try:
            results.append(context.run(call))
        except BaseException as error:
            errors.append(error)
        finally:
            done.release()

    def wait() -> None:
        # In slices: a signal just before the lock is waited for does not end that.
        while not (results or errors):
            done.acquire(timeout=SLICE_MS / 1000)
            hear_signals()

    try:
        helper = _idle.pop()
    except IndexError:
        helper = _Helper()
    try:
        helper.calls.put(job)
        wait()
    except BaseException:
        if cut is not None:
            cut(wait)
        raise
    if errors:
        try:
            raise errors[0]
        finally:
            errors.clear()  # else the error would refer to itself
    return results[0]


def wait_any(streams: Sequence[Reader[Any]], timeout_ms: int | None = None) -> int | None:
    """Waits until one of several streams has something: a message, its end, a cancel.

    Args:
        streams: what `Pool.open_stream`, `open_lite3_stream`, `tail` and `tail_views` return, of one pool or many.
        timeout_ms: how long to wait at most, in ms; None has no limit, 0 looks once.

    Returns:
        The index of such a stream, or None when time is up. Nothing is taken from any stream, so another thread that
        reads from it may be quicker.

    Raises:
        ClosedError: one of the streams is closed.
        ValueError: no streams.
    """
    wait = optional_integer("timeout_ms", timeout_ms)
    listed = list(streams)
    if not listed:
        raise ValueError("streams must not be empty")
    for index, stream in enumerate(listed):
        if stream._holds_some():
            return index
    pointers = [stream._open_pointer() for stream in listed]
    array = ffi.new("plsm_stream_t *[]", pointers)
    index_out, slot = ffi.new("size_t *"), ffi.new("plsm_error_t **")
    deadline = deadline_of(wait)
    while True:
        code = lib.plsm_wait_any(array, len(pointers), step_ms(deadline), index_out, slot)
        if code == 1:
            return int(index_out[0])
        if code != 0:
            fail(code, slot)
        if is_over(deadline):
            return None
        hear_signals()
