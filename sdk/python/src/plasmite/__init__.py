"""Plasmite: easy, robust, fast interprocess communication.

Programs exchange JSON messages through *pools*, bounded ring-buffer files on disk, without a broker:

    from plasmite import Client

    pool = Client("./data").ensure_pool("events")
    pool.append({"sensor": "temp", "value": 23.5}, tags=["lab"])
    for message in pool.tail(tags=["lab"]):
        print(message.seq, message.data)

`Client` is a directory of pools, `Pool` an open pool, `Message` what comes out of it. `async for` goes over
`Pool.tail_async`. Every error is a `PlasmiteError` and, where there is one, also the builtin that people catch.
Times are UTC, waits are in milliseconds, sizes in bytes.
"""

from __future__ import annotations

from . import _loader as _loader  # first: loads the library
from . import _logging as _logging
from ._aio import AsyncTail
from ._binding import ffi, lib
from ._client import DEFAULT_POOL_SIZE, DEFAULT_POOL_SIZE_BYTES, Client, default_pool_dir
from ._convert import Migrated, Salvaged
from ._enums import Durability, EndReason, ErrorKind
from ._errors import (
    AlreadyExistsError,
    BusyError,
    ClosedError,
    CorruptError,
    InternalError,
    IoError,
    MessageNotFoundError,
    NotFoundError,
    PermissionDeniedError,
    PlasmiteError,
    PoolNotFoundError,
    RetentionGapError,
    UsageError,
)
from ._filter import Filter
from ._guard import install_guard
from ._info import Bounds, Issue, PoolEntry, PoolInfo, PoolReport
from ._library import build_info, has_feature, library_version
from ._lite3 import json_to_lite3, lite3_to_json
from ._message import BatchItem, Lite3Frame, Message, MessageMeta, Receipt, parse_message
from ._pool import Pool
from ._reader import StreamStats
from ._replay import Replay
from ._streams import Lite3Stream, Stream, Tail
from ._tail_options import Gap, TailOptions
from ._view import View, ViewTail
from ._waiting import wait_any

__version__: str = ffi.string(lib.PLSM_VERSION_STRING).decode("ascii")

DEFAULT_POOL_DIR: str
"""What `default_pool_dir()` says at the time it is looked at."""


def __getattr__(name: str) -> str:
    if name == "DEFAULT_POOL_DIR":
        return default_pool_dir()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "DEFAULT_POOL_DIR",
    "DEFAULT_POOL_SIZE",
    "DEFAULT_POOL_SIZE_BYTES",
    "AlreadyExistsError",
    "AsyncTail",
    "BatchItem",
    "Bounds",
    "BusyError",
    "Client",
    "ClosedError",
    "CorruptError",
    "Durability",
    "EndReason",
    "ErrorKind",
    "Filter",
    "Gap",
    "InternalError",
    "IoError",
    "Issue",
    "Lite3Frame",
    "Lite3Stream",
    "Message",
    "MessageMeta",
    "MessageNotFoundError",
    "Migrated",
    "NotFoundError",
    "PermissionDeniedError",
    "PlasmiteError",
    "Pool",
    "PoolEntry",
    "PoolInfo",
    "PoolNotFoundError",
    "PoolReport",
    "Receipt",
    "Replay",
    "RetentionGapError",
    "Salvaged",
    "Stream",
    "StreamStats",
    "Tail",
    "TailOptions",
    "UsageError",
    "View",
    "ViewTail",
    "build_info",
    "default_pool_dir",
    "has_feature",
    "install_guard",
    "json_to_lite3",
    "library_version",
    "lite3_to_json",
    "parse_message",
    "wait_any",
]
