"""The library's log lines, in the logger "plasmite" of Python's logging.

The library may speak from any thread and in the middle of its work, where no handler must call it again. So a line is
only put down there, and a thread of its own, made with the first line, gives it to logging.
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
from typing import Any

from ._binding import ffi, lib

logger = logging.getLogger("plasmite")
logger.addHandler(logging.NullHandler())

_LEVELS = {
    lib.PLSM_LOG_ERROR: logging.ERROR,
    lib.PLSM_LOG_WARN: logging.WARNING,
    lib.PLSM_LOG_INFO: logging.INFO,
}

# None ends the thread.
_lines: queue.SimpleQueue[tuple[int, str] | None] = queue.SimpleQueue()
_thread: threading.Thread | None = None


@ffi.def_extern()  # type: ignore[untyped-decorator, unused-ignore]
def plasmite_log_line(user: Any, level: int, message: Any) -> None:
    """Called by the library."""
    global _thread
    _lines.put((_LEVELS.get(level, logging.INFO), ffi.string(message).decode("utf-8", "replace")))
    if _thread is None:
        _thread = threading.Thread(target=_speak, name="plasmite-log", daemon=True)
        _thread.start()


def _speak() -> None:
    while (line := _lines.get()) is not None:
        level, message = line
        logger.log(level, "%s", message)


def _after_fork() -> None:
    """The thread is the parent's, and so is what it has yet to say."""
    global _thread, _lines
    _thread, _lines = None, queue.SimpleQueue()


def _stop() -> None:
    """At exit: everything that was put down is said."""
    lib.plsm_log_set(ffi.NULL, ffi.NULL, 0)
    if _thread is not None:
        _lines.put(None)
        _thread.join(5)


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_stop)
lib.plsm_log_set(lib.plasmite_log_line, ffi.NULL, lib.PLSM_LOG_INFO)
