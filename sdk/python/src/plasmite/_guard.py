"""Protection against pool files that somebody truncates."""

from __future__ import annotations

from ._binding import ffi, lib
from ._errors import fail


def install_guard() -> None:
    """Installs, once for the process, a SIGBUS handler: access of the library to a pool file that somebody truncated
    becomes CorruptError. Without it that access kills the process, as with any mapped file. Faults elsewhere go to the
    handler that was there before.
    """
    slot = ffi.new("plsm_error_t **")
    code = lib.plsm_guard_install(slot)
    if code != 0:
        fail(code, slot)
