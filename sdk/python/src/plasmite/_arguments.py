"""Checks of arguments, before the library is called: TypeError and ValueError that name the argument."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from ._binding import ffi, lib
from ._enums import Durability, DurabilityLike, ErrorKind
from ._errors import UsageError, fail
from ._message import timestamp_of

U64_MAX = 2**64 - 1
U32_MAX = 2**32 - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_DURABILITIES = {"fast": Durability.FAST, "flush": Durability.FLUSH}


def integer(name: str, value: object, highest: int = U64_MAX, lowest: int = 0) -> int:
    """An int in a range; a bool is none."""
    if type(value) is not int and (isinstance(value, bool) or not isinstance(value, int)):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not lowest <= value <= highest:
        raise ValueError(f"{name} must fit {lowest}..{highest}, and {value} does not")
    return int(value)


def optional_integer(name: str, value: object, highest: int = U64_MAX) -> int | None:
    """An int in a range, or None."""
    return None if value is None else integer(name, value, highest)


def name_text(name: str, value: object) -> bytes:
    """A text for a C string: not empty, UTF-8, without NUL."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if not value:
        raise ValueError(f"{name} must not be empty")
    if "\0" in value:
        raise ValueError(f"{name} must not contain a NUL character: {value!r}")
    return _encoded(name, value)


def _encoded(name: str, value: str) -> bytes:
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} must be text that UTF-8 can hold: {value!r}") from error


def directory(name: str, value: str | os.PathLike[str]) -> bytes:
    """The path of a directory."""
    if isinstance(value, os.PathLike):
        value = os.fsdecode(value)
    return name_text(name, value)


def pool_reference(name: str, value: str | os.PathLike[str]) -> bytes:
    """A pool's name or path; an os.PathLike is always a path."""
    if isinstance(value, os.PathLike):
        path = os.fsdecode(value)
        value = path if not path or os.sep in path else os.path.join(os.curdir, path)
    return name_text(name, value)


def payload(name: str, value: object) -> Any:
    """Bytes that the library may read: the object itself when it is bytes, else a view of its memory."""
    if type(value) is bytes:
        if not value:
            raise ValueError(f"{name} must not be empty")
        return value
    try:
        view = memoryview(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be bytes-like, not {type(value).__name__}") from None
    if view.nbytes == 0:
        raise ValueError(f"{name} must not be empty")
    return ffi.from_buffer("uint8_t[]", view if view.c_contiguous else view.tobytes())


def durability(value: DurabilityLike) -> int:
    """A durability, its number or its name."""
    if isinstance(value, str):
        if value not in _DURABILITIES:
            raise ValueError(f"durability must be 'fast' or 'flush', not {value!r}")
        return int(_DURABILITIES[value])
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"durability must be a Durability, 0, 1, 'fast' or 'flush', not {type(value).__name__}")
    if value not in (0, 1):
        raise ValueError(f"durability must be a Durability, 0, 1, 'fast' or 'flush', not {value!r}")
    return int(value)


def strings(name: str, value: Iterable[str] | None) -> list[bytes]:
    """Texts as UTF-8. One text alone is refused: it would count as its characters."""
    if value is None:
        return []
    if isinstance(value, (str, bytes, bytearray)):
        raise TypeError(f"{name} must be an iterable of str; write [{value!r}] for a single one")
    try:
        items = list(value)
    except TypeError:
        raise TypeError(f"{name} must be an iterable of str, not {type(value).__name__}") from None
    for item in items:
        if not isinstance(item, str):
            raise TypeError(f"{name} must hold str only, not {type(item).__name__}")
    return [_encoded(name, item) for item in items]


def timestamp_ns(name: str, value: int | str | datetime) -> int:
    """A message's time as ns since 1970: such a number itself, a datetime with a time zone, or an RFC 3339 text."""
    if not isinstance(value, (str, datetime)):
        return integer(name, value)
    exact = _unbounded_ns(name, value)
    if not 0 <= exact <= U64_MAX:
        raise UsageError(ErrorKind.USAGE, f"{name} must be a time between 1970 and 2554, and {value} is not")
    return exact


def start_ns(name: str, value: int | str | datetime) -> int:
    """A time to start at, given as for `timestamp_ns`. Before 1970 there is every message, after 2554 none."""
    if not isinstance(value, (str, datetime)):
        return integer(name, value)
    return min(max(_unbounded_ns(name, value), 0), U64_MAX)


def _unbounded_ns(name: str, value: str | datetime) -> int:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{name} must be a datetime with a time zone, such as datetime.now(timezone.utc)")
        return (value - _EPOCH) // timedelta(microseconds=1) * 1000
    raw = _encoded(name, value)
    out, slot = ffi.new("uint64_t *"), ffi.new("plsm_error_t **")
    code = lib.plsm_time_parse(raw, len(raw), out, slot)
    if code != 0:
        fail(code, slot)
    nearest = int(out[0])
    if 0 < nearest < U64_MAX:
        return nearest
    # Either end also stands for everything beyond it.
    try:
        return timestamp_of(f"{value[:10]}T{value[11:]}")
    except (ValueError, OverflowError):  # of a year that no datetime has
        return nearest - 1 if nearest == 0 else nearest + 1


def number(name: str, value: object) -> float:
    """A number that is no bool."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    return float(value)
