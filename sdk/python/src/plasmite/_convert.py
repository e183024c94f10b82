"""Makes new pools of old and of damaged ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._binding import ffi, lib
from ._errors import buffer_text, fail
from ._info import Bounds, bounds_of
from ._tail_options import Gap

# The library tells no more stretches of lost messages one by one.
_LISTED = 256


@dataclass(frozen=True)
class Migrated:
    """What `Client.migrate` made.

    Attributes:
        bounds: the messages, all converted.
        old_size: size of the old file in bytes.
        size: size of the new file in bytes.
        times_unordered: whether times fall from one message to the next.
        backup: the path of the old file where it was kept beside the new one, or None.
    """

    bounds: Bounds
    old_size: int
    size: int
    times_unordered: bool
    backup: str | None


@dataclass(frozen=True)
class Salvaged:
    """What `Client.salvage` brought.

    Attributes:
        bounds: the messages that were copied; `count` says how many there are between oldest and newest.
        lost: how many messages are known to be lost: between the oldest that is intact and the newest that ever was.
            What was there before the oldest intact one nobody can tell.
        lost_ranges: in how many stretches they stood.
        ranges: the first of these stretches, at most 256, in rising order.
        size: size of the new file in bytes.
    """

    bounds: Bounds
    lost: int
    lost_ranges: int
    ranges: tuple[Gap, ...]
    size: int


def convert(client: Any, reference: bytes, target: bytes | None, options: Any) -> Migrated:
    """Converts a pool of an older format, in its place without a target."""
    made, backup = ffi.new("plsm_migrated_t *"), ffi.new("plsm_buf_t *")
    made.struct_size = ffi.sizeof("plsm_migrated_t")
    slot = ffi.new("plsm_error_t **")
    code = lib.plsm_pool_migrate(client, reference, ffi.NULL if target is None else target, options, made, backup, slot)
    if code != 0:
        fail(code, slot)
    return Migrated(
        bounds=bounds_of(made.bounds),
        old_size=int(made.old_size),
        size=int(made.size),
        times_unordered=bool(made.times_unordered),
        backup=buffer_text(backup) or None,
    )


def rescue(client: Any, reference: bytes, target: bytes, options: Any) -> Salvaged:
    """Copies what is intact of a damaged pool."""
    made, lost = ffi.new("plsm_salvaged_t *"), ffi.new("plsm_gap_t[]", _LISTED)
    made.struct_size = ffi.sizeof("plsm_salvaged_t")
    slot = ffi.new("plsm_error_t **")
    code = lib.plsm_pool_salvage(client, reference, target, options, made, lost, _LISTED, slot)
    if code != 0:
        fail(code, slot)
    return Salvaged(
        bounds=bounds_of(made.bounds),
        lost=int(made.lost),
        lost_ranges=int(made.lost_ranges),
        ranges=tuple(Gap(int(gap.first), int(gap.last), int(gap.count)) for gap in lost if gap.count),
        size=int(made.size),
    )
