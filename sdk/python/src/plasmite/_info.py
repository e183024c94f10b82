"""What is known about pools."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ._errors import PlasmiteError

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def _time(nanoseconds: int | None) -> datetime | None:
    return None if nanoseconds is None else _EPOCH + timedelta(microseconds=nanoseconds // 1000)


@dataclass(frozen=True)
class Bounds:
    """Which messages a pool holds.

    Attributes:
        oldest: the oldest message's seq, or None when there is none.
        newest: the newest message's seq, or None when there is none.
        count: how many messages; of a pool as it is, seqs from the oldest to the newest, also those in between that a
            power cut took.
    """

    oldest: int | None
    newest: int | None
    count: int


def bounds_of(native: Any) -> Bounds:
    """From a plsm_bounds_t."""
    if not native.count:
        return Bounds(None, None, 0)
    return Bounds(int(native.oldest), int(native.newest), int(native.count))


@dataclass(frozen=True)
class PoolInfo:
    """Settings and contents of a pool. Sizes and offsets are in bytes.

    Attributes:
        name: the pool's name.
        path: the path of its file.
        file_size: size of the file.
        index_offset: where the index begins.
        index_capacity: how many messages the index can point at.
        index_size_bytes: size of the index.
        ring_offset: where the ring begins.
        ring_size: size of the ring.
        bounds: the oldest and the newest message, and how many there are.
        used_bytes: how much of the ring holds messages.
        free_bytes: the rest of the ring.
        oldest_time_ns, newest_time_ns: times of these messages in ns since 1970, or None.
        generation: raised by each recovery after a crash of the machine.
        format: version of the file format.
        id: the pool's identity, 16 bytes.
        read_only: whether the pool could be opened for reading only.
    """

    name: str
    path: str
    file_size: int
    index_offset: int
    index_capacity: int
    index_size_bytes: int
    ring_offset: int
    ring_size: int
    bounds: Bounds
    used_bytes: int
    free_bytes: int
    oldest_time_ns: int | None
    newest_time_ns: int | None
    generation: int
    format: int
    id: bytes
    read_only: bool

    @property
    def oldest_time(self) -> datetime | None:
        """Time of the oldest message, in UTC, in microseconds."""
        return _time(self.oldest_time_ns)

    @property
    def newest_time(self) -> datetime | None:
        """Time of the newest message, in UTC, in microseconds."""
        return _time(self.newest_time_ns)


_NUMBERS = (
    "file_size",
    "index_offset",
    "index_capacity",
    "index_size_bytes",
    "ring_offset",
    "ring_size",
    "used_bytes",
    "free_bytes",
    "generation",
    "format",
)


def info_of(native: Any, name: str, path: str) -> PoolInfo:
    """From a plsm_pool_info_t."""
    some = bool(native.bounds.count)
    return PoolInfo(
        name=name,
        path=path,
        bounds=bounds_of(native.bounds),
        oldest_time_ns=int(native.oldest_time_ns) if some else None,
        newest_time_ns=int(native.newest_time_ns) if some else None,
        id=bytes(native.id),
        read_only=bool(native.read_only),
        **{number: int(getattr(native, number)) for number in _NUMBERS},
    )


@dataclass(frozen=True)
class PoolEntry:
    """One pool of `Client.list_pools`.

    Attributes:
        name: the pool's name.
        path: the path of its file.
        info: its settings and contents, or None when it could not be read.
        error: why it could not be read, or None.
        modified_ns: when the file was last changed according to the file system, in ns since 1970, or None.
    """

    name: str
    path: str
    info: PoolInfo | None
    error: PlasmiteError | None
    modified_ns: int | None


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong with a pool.

    Attributes:
        code: the broad class: "corrupt", "format", "permission" or "io".
        finding: what exactly, a name that stays the same in all versions, such as "frame".
        message: in words, with the place.
        advice: what to do about it.
        seq: the message concerned, or the first of them, or None.
        offset: where in the file, in bytes, or None.
    """

    code: str
    finding: str
    message: str
    advice: str
    seq: int | None
    offset: int | None


@dataclass(frozen=True)
class PoolReport:
    """What `Client.validate` found out about one pool.

    Attributes:
        pool_ref: the reference as given; of a pool found in a directory, its path.
        path: the path of its file.
        status: "ok", "corrupt" or "unreadable".
        bounds: oldest and newest intact message, and how many are intact.
        last_good_seq: the newest message up to which, from the oldest on, all are intact, or None.
        issues: what is wrong; at most the first 256 of `issue_count`.
        issue_count: how many issues were found.
        hints: what to do; one that begins with "warning: " is no damage and worth knowing.
        checked_bytes: bytes of messages looked at.
        checked_slots: index slots compared with their messages.
    """

    pool_ref: str
    path: str
    status: str
    bounds: Bounds
    last_good_seq: int | None
    issues: tuple[Issue, ...]
    issue_count: int
    hints: tuple[str, ...]
    checked_bytes: int
    checked_slots: int

    @property
    def ok(self) -> bool:
        """Whether everything that a reader relies on is in order."""
        return self.status == "ok"
