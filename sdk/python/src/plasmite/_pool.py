"""An open pool."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from types import TracebackType
from typing import Any

from ._binding import ffi, lib
from ._codec import Codec
from ._errors import buffer_text, fail, text
from ._info import Bounds, PoolInfo, bounds_of, info_of
from ._message import Message
from ._reading import Reading
from ._servers import ServerOptions, new_client
from ._waiting import run_interruptibly
from ._writing import Writing


def pool_of(out: Any, codec: Codec, server: ServerOptions, created: bool = False) -> Pool:
    """The pool that a call has put into a `plsm_pool_t **`."""
    pointer = ffi.gc(out[0], lib.plsm_pool_free)
    path = text(lib.plsm_pool_path(pointer)) or ""
    if path.startswith(("http://", "https://")):
        from ._server_pool import ServerPool

        return ServerPool(pointer, path, codec, server, created)
    return Pool(pointer, path, codec, server, created)


def open_reference(client: Any, reference: bytes, read_only: bool, codec: Codec, server: ServerOptions) -> Pool:
    """Opens a pool through a client of the library."""
    options = ffi.new("plsm_open_options_t *")
    options.struct_size = ffi.sizeof("plsm_open_options_t")
    options.flags = lib.PLSM_OPEN_READ_ONLY if read_only else 0
    out, slot = ffi.new("plsm_pool_t **"), ffi.new("plsm_error_t **")
    code = lib.plsm_pool_open_with(client, reference, options, out, slot)
    if code != 0:
        fail(code, slot)
    return pool_of(out, codec, server)


def reopen(path: str, name: str, read_only: bool, codec: Codec, server: ServerOptions) -> Pool:
    """Opens a pool by its path or address, in the process that it was pickled for; its name may lead nowhere there."""
    client = new_client(os.fsencode(os.path.dirname(path)), server)
    pool = run_interruptibly(partial(open_reference, client, os.fsencode(path), read_only, codec, server))
    pool._name = name
    return pool


class Pool(Writing, Reading):
    """An open pool: a bounded file of JSON messages that any number of processes write and read at once.

    Made by a `Client`. Every method may be called from any number of threads at once. After fork a child may go on
    using it. `close` (or leaving the `with` statement) closes the handle; streams that were opened from it live on.

    A pool is iterable (its messages as of now, oldest first), `len(pool)` counts the messages that are there,
    `pool[seq]` is one of them (KeyError when it is not there), `seq in pool` tells whether it is there, and
    `reversed(pool)` goes from the newest to the oldest. An empty pool is true like any other.

    A pool of a server is one too; each call is then a request, during which Ctrl-C works (the request may still be
    carried out). `path` is its address. Only what needs its file or memory fails with UsageError: views in place.

    Pickling a pool, as multiprocessing does, opens it again in the other process. A token is never pickled: give a
    `token_file`.

    Every method raises `ClosedError` after `close`.
    """

    def __init__(self, pointer: Any, path: str, codec: Codec, server: ServerOptions, created: bool = False) -> None:
        super().__init__(pointer, codec)
        self._server = server
        self._created = created
        self._name = text(lib.plsm_pool_name(pointer)) or ""
        self._path = path

    # A collection of messages.

    def __iter__(self) -> Iterator[Message]:
        return self.range()

    def __reversed__(self) -> Iterator[Message]:
        return self.range(backwards=True)

    def __len__(self) -> int:
        return self.bounds().count

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, seq: int) -> Message:
        if isinstance(seq, slice):
            raise TypeError("a pool has no slices; use range(first, last)")
        return self.get(seq)

    def __contains__(self, seq: object) -> bool:
        bounds = self.bounds()
        if not isinstance(seq, int) or bounds.oldest is None or bounds.newest is None:
            return False
        return bounds.oldest <= seq <= bounds.newest

    # What is known about it.

    @property
    def name(self) -> str:
        """The reference by which it was opened, without the address of its server. Pickling keeps it."""
        return self._name

    @property
    def path(self) -> str:
        """The path, or the address, by which it was opened."""
        return self._path

    @property
    def created(self) -> bool:
        """Whether this handle created the pool (`create_pool` always, `ensure_pool` when it was not there)."""
        return self._created

    @property
    def read_only(self) -> bool:
        """Whether it is open for reading only."""
        return bool(lib.plsm_pool_is_read_only(self._open_pointer()))

    @property
    def id(self) -> bytes:
        """The pool's identity, drawn at random when it was created: 16 bytes."""
        out, slot = ffi.new("uint8_t[16]"), ffi.new("plsm_error_t **")
        code = lib.plsm_pool_id(self._open_pointer(), out, slot)
        if code != 0:
            fail(code, slot)
        return bytes(out)

    @property
    def generation(self) -> int:
        """Raised by each recovery after a crash of the machine that may have lost unflushed messages."""
        return int(lib.plsm_pool_generation(self._open_pointer()))

    def is_current(self) -> bool:
        """Whether the path still leads to this pool: false when it was deleted or replaced."""
        slot = ffi.new("plsm_error_t **")
        code = lib.plsm_pool_is_current(self._open_pointer(), slot)
        if code < 0:
            fail(code, slot)
        return bool(code)

    def bounds(self) -> Bounds:
        """Which messages the pool holds; cheap."""
        out, slot = ffi.new("plsm_bounds_t *"), ffi.new("plsm_error_t **")
        code = lib.plsm_pool_bounds(self._open_pointer(), out, slot)
        if code != 0:
            fail(code, slot)
        return bounds_of(out)

    def info(self) -> PoolInfo:
        """Settings and contents of the pool."""
        out, slot = ffi.new("plsm_pool_info_t *"), ffi.new("plsm_error_t **")
        out.struct_size = ffi.sizeof("plsm_pool_info_t")
        code = lib.plsm_pool_info(self._open_pointer(), out, slot)
        if code != 0:
            fail(code, slot)
        return info_of(out, self._name, self._path)

    def writers(self) -> int:
        """How many processes write to the pool: they have appended, or tried to, since they opened it, and have not
        closed it. This one counts as well; the first 1000 are counted.

        Raises:
            IoError: the system does not tell.
        """
        out, slot = ffi.new("uint32_t *"), ffi.new("plsm_error_t **")
        code = lib.plsm_pool_writers(self._open_pointer(), out, slot)
        if code != 0:
            fail(code, slot)
        return int(out[0])

    def warnings(self) -> list[str]:
        """What is odd about the pool although it works, a sentence each.

        Found out from the control page and a sample of the index; `Client.validate` looks at everything.
        """
        out, slot = ffi.new("plsm_buf_t *"), ffi.new("plsm_error_t **")
        code = lib.plsm_pool_warnings(self._open_pointer(), out, slot)
        if code != 0:
            fail(code, slot)
        return [line for line in buffer_text(out).split("\n") if line]

    # Ending.

    def close(self) -> None:
        """Closes the handle. Calls that are running go on to their end. Closing again does nothing."""
        self._pointer = None

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._pointer is None

    def __enter__(self) -> Pool:
        self._open_pointer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<plasmite.Pool {self._name!r} at {self._path!r}{' closed' if self._pointer is None else ''}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self._is_remote:
            return reopen, (self._path, self._name, self.read_only, self._codec, self._server)
        return reopen, (os.path.abspath(self._path), self._name, self.read_only, self._codec, ServerOptions())
