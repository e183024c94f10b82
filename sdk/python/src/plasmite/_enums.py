"""The closed lists of the interface, with the numbers that plasmite.h gives them."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal, TypeAlias

from ._binding import lib


class ErrorKind(IntEnum):
    """What went wrong, in one word. The numbers are also the exit codes of the command line."""

    INTERNAL = lib.PLSM_ERROR_INTERNAL
    USAGE = lib.PLSM_ERROR_USAGE
    NOT_FOUND = lib.PLSM_ERROR_NOT_FOUND
    ALREADY_EXISTS = lib.PLSM_ERROR_ALREADY_EXISTS
    BUSY = lib.PLSM_ERROR_BUSY
    PERMISSION = lib.PLSM_ERROR_PERMISSION
    CORRUPT = lib.PLSM_ERROR_CORRUPT
    IO = lib.PLSM_ERROR_IO
    RETENTION_GAP = lib.PLSM_ERROR_RETENTION_GAP


class Durability(IntEnum):
    """When an append returns."""

    FAST = lib.PLSM_DURABILITY_FAST
    """When other processes can read the message; it survives them all, but not a crash of the machine."""
    FLUSH = lib.PLSM_DURABILITY_FLUSH
    """When the message, and all before it, are on the disk."""


class EndReason(IntEnum):
    """Why an iteration ended."""

    END = lib.PLSM_NEXT_END
    """The maximum, the last seq wanted, or the newest message as of opening was reached, or a gap error was raised."""
    CANCELLED = lib.PLSM_NEXT_CANCELLED
    """`cancel()` or `close()` was called."""
    DEADLINE = lib.PLSM_NEXT_DEADLINE
    """`timeout_ms` has passed since opening."""


DurabilityLike: TypeAlias = Durability | int | Literal["fast", "flush"]
"""A durability, its number, or its name."""
