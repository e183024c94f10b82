"""A directory of pools, or a server of some."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any

from . import _arguments as arguments
from ._binding import ffi, lib
from ._codec import Codec, Decoder, Default, Encoder
from ._convert import Migrated, Salvaged, convert, rescue
from ._doctor import examine
from ._errors import buffer_text, closed, fail, from_library, text
from ._info import PoolEntry, PoolInfo, PoolReport, info_of
from ._pool import Pool, open_reference, pool_of
from ._servers import ServerOptions, is_url, maybe_on_server, new_client, server_options

DEFAULT_POOL_SIZE_BYTES = 1024 * 1024
"""The size of a new pool's file, in bytes, unless another is given."""
DEFAULT_POOL_SIZE = DEFAULT_POOL_SIZE_BYTES


def default_pool_dir() -> str:
    """The directory of a client made without one: ~/.plasmite/pools, HOME being read at the call.

    Raises:
        UsageError: HOME is not set.
    """
    out, slot = ffi.new("plsm_buf_t *"), ffi.new("plsm_error_t **")
    code = lib.plsm_default_pool_dir(out, slot)
    if code != 0:
        fail(code, slot)
    return buffer_text(out)


class Client:
    """A directory of pools, which need not exist; or a server of some.

    A pool reference (`pool_ref`) is the name of a pool in the directory, or, with a slash in it or as an os.PathLike,
    the path of its file, or the address of a server's pool, `http://host:9700/events`. Every method may be called from
    any number of threads at once. `close` closes the client only; pools opened through it live on. A client with a
    token cannot be pickled, one with a `token_file` can.

    Args:
        pool_dir: the directory, a str or an os.PathLike; None means ~/.plasmite/pools. `http://host:9700` (or https)
            means a server: plain names are then pools of it.
        encoder: turns values into JSON text (bytes or str) for `append`, as orjson.dumps does.
        decoder: turns JSON text (bytes) into values for messages, as orjson.loads does.
        default: turns an object that JSON has no form for into one it has, as in json.dumps; not beside `encoder`.
        token: the bearer token for servers. Given with a server it goes to that one alone, otherwise to each whose
            pools are opened; over plain HTTP to loopback addresses only.
        token_file: a file with the token, instead.
        tls_ca_file: a PEM file of the certificates by which servers are trusted, instead of those that browsers trust.
        tls_skip_verify: trust every server, whatever its certificate.
        insecure_token: send the token over plain HTTP to other machines too, where anybody on the way can read it.
        request_timeout: for how long one request may take, in seconds; None means 30. Tails go on as long as wanted.

    Raises:
        UsageError: no directory was given and HOME is not set; options that exclude each other.
        FileNotFoundError, PermissionError, OSError: a file cannot be read.
        TypeError, ValueError: a bad argument.
    """

    def __init__(
        self,
        pool_dir: str | os.PathLike[str] | None = None,
        *,
        encoder: Encoder | None = None,
        decoder: Decoder | None = None,
        default: Default | None = None,
        token: str | None = None,
        token_file: str | os.PathLike[str] | None = None,
        tls_ca_file: str | os.PathLike[str] | None = None,
        tls_skip_verify: bool = False,
        insecure_token: bool = False,
        request_timeout: float | None = None,
    ) -> None:
        path = None if pool_dir is None else arguments.directory("pool_dir", pool_dir)
        self._codec = Codec(encoder, decoder, default)
        self._server = server_options(token, token_file, tls_ca_file, tls_skip_verify, insecure_token, request_timeout)
        self._is_remote = is_url(pool_dir)
        self._pointer: Any = new_client(path, self._server)
        name, slot = ffi.new("plsm_buf_t *"), ffi.new("plsm_error_t **")
        code = lib.plsm_client_pool_dir(self._pointer, name, slot)
        if code != 0:
            fail(code, slot)
        self._pool_dir = buffer_text(name)

    def _open_pointer(self) -> Any:
        pointer = self._pointer
        if pointer is None:
            raise closed("client")
        return pointer

    @property
    def pool_dir(self) -> str:
        """The directory, or the server's address."""
        return self._pool_dir

    # Pools.

    @maybe_on_server
    def create_pool(
        self,
        pool_ref: str | os.PathLike[str],
        size_bytes: int = DEFAULT_POOL_SIZE_BYTES,
        *,
        index_capacity: int | None = None,
        file_mode: int = 0o600,
    ) -> Pool:
        """Creates a pool and opens it. Missing directories are created.

        Args:
            pool_ref: its name or path.
            size_bytes: the exact size of its file, which never grows.
            index_capacity: how many messages the index can point at; 0 for no index, None for as many as needed.
            file_mode: the mode of its file, less the umask; not for a server's pool.

        Raises:
            AlreadyExistsError: it is there already.
            UsageError: too small (the message names the least).
            PermissionDeniedError, IoError: as the system or the server says, a full disk for one.
        """
        client = self._open_pointer()
        reference = arguments.pool_reference("pool_ref", pool_ref)
        options = _new_pool_options(size_bytes, index_capacity, file_mode)
        out, slot = ffi.new("plsm_pool_t **"), ffi.new("plsm_error_t **")
        code = lib.plsm_pool_create_with(client, reference, options, out, slot)
        if code != 0:
            fail(code, slot)
        return pool_of(out, self._codec, self._server, created=True)

    @maybe_on_server
    def ensure_pool(
        self,
        pool_ref: str | os.PathLike[str],
        size_bytes: int = DEFAULT_POOL_SIZE_BYTES,
        *,
        index_capacity: int | None = None,
        file_mode: int = 0o600,
    ) -> Pool:
        """Opens a pool, creating it first when it is not there; of many callers at once exactly one creates it.

        The arguments apply to creation only. `Pool.created` tells whether this call has created it.
        """
        client = self._open_pointer()
        reference = arguments.pool_reference("pool_ref", pool_ref)
        options = _new_pool_options(size_bytes, index_capacity, file_mode)
        out, slot = ffi.new("plsm_pool_t **"), ffi.new("plsm_error_t **")
        created = ffi.new("uint32_t *")
        code = lib.plsm_pool_ensure(client, reference, options, out, created, slot)
        if code != 0:
            fail(code, slot)
        return pool_of(out, self._codec, self._server, created=bool(created[0]))

    def pool(self, pool_ref: str | os.PathLike[str], size_bytes: int = DEFAULT_POOL_SIZE_BYTES) -> Pool:
        """As `ensure_pool`."""
        return self.ensure_pool(pool_ref, size_bytes)

    @maybe_on_server
    def open_pool(self, pool_ref: str | os.PathLike[str], *, read_only: bool = False) -> Pool:
        """Opens a pool: for reading and writing, or, where writing is not permitted or wanted, for reading only.

        Raises:
            PoolNotFoundError: no such pool.
            CorruptError: the file is damaged or no pool.
            UsageError: its format is older or newer than the library knows.
        """
        client = self._open_pointer()
        reference = arguments.pool_reference("pool_ref", pool_ref)
        return open_reference(client, reference, bool(read_only), self._codec, self._server)

    @maybe_on_server
    def delete_pool(self, pool_ref: str | os.PathLike[str]) -> None:
        """Deletes a pool. Programs that have it open learn of it: their next append, or a wait, fails with NotFound.

        Raises:
            PoolNotFoundError: no such pool.
            BusyError: a writer held its lock for too long.
        """
        client = self._open_pointer()
        slot = ffi.new("plsm_error_t **")
        code = lib.plsm_pool_delete(client, arguments.pool_reference("pool_ref", pool_ref), slot)
        if code != 0:
            fail(code, slot)

    @maybe_on_server
    def pool_exists(self, pool_ref: str | os.PathLike[str]) -> bool:
        """Whether a pool's file is there; it is not opened."""
        client = self._open_pointer()
        slot = ffi.new("plsm_error_t **")
        code = lib.plsm_pool_exists(client, arguments.pool_reference("pool_ref", pool_ref), slot)
        if code < 0:
            fail(code, slot)
        return bool(code)

    def pool_path(self, pool_ref: str | os.PathLike[str]) -> str:
        """The path of the file that a reference means; it need not exist. UsageError for a server's pool."""
        client = self._open_pointer()
        out, slot = ffi.new("plsm_buf_t *"), ffi.new("plsm_error_t **")
        code = lib.plsm_pool_resolve(client, arguments.pool_reference("pool_ref", pool_ref), out, slot)
        if code != 0:
            fail(code, slot)
        return buffer_text(out)

    def pool_info(self, pool_ref: str | os.PathLike[str]) -> PoolInfo:
        """Settings and contents of a pool.

        Raises:
            As for `open_pool`.
        """
        with self.open_pool(pool_ref, read_only=True) as pool:
            return pool.info()

    @maybe_on_server
    def list_pools(self) -> list[PoolEntry]:
        """The pools of the directory, sorted by name; one that cannot be read is an entry with its error."""
        client = self._open_pointer()
        out, slot = ffi.new("plsm_pool_list_t **"), ffi.new("plsm_error_t **")
        code = lib.plsm_pool_list_open(client, out, slot)
        if code != 0:
            fail(code, slot)
        listed = ffi.gc(out[0], lib.plsm_pool_list_free)
        return [_entry(listed, index, slot) for index in range(lib.plsm_pool_list_count(listed))]

    # Care.

    def validate(self, pool_ref: str | os.PathLike[str]) -> PoolReport:
        """Examines a pool: everything a reader relies on. Writes nothing; works on pools in use.

        Takes time in proportion to the messages.

        Raises:
            PoolNotFoundError: no such pool.
            PermissionDeniedError, IoError: it cannot be looked at.
        """
        return examine(self._open_pointer(), arguments.pool_reference("pool_ref", pool_ref))[0]

    def validate_all(self) -> list[PoolReport]:
        """Examines every pool of the directory, by name.

        Raises:
            NotFoundError: no such directory.
        """
        return examine(self._open_pointer(), None)

    def migrate(
        self,
        pool_ref: str | os.PathLike[str],
        new_ref: str | os.PathLike[str] | None = None,
        *,
        size_bytes: int = 0,
        index_capacity: int | None = None,
        file_mode: int = 0,
    ) -> Migrated:
        """Converts a pool of format 3 (builds up to version 1.2), with every message, its seq, time and tags.

        With `new_ref` a new pool is made and the old one left as it is; without, the new pool takes the old one's
        place, and the old file is kept with ".bak" behind its name: stop the programs that use it first. A failure
        leaves nothing behind. Ctrl-C waits for its end.

        Args:
            pool_ref: the old pool.
            new_ref: the new pool.
            size_bytes: its size; 0 means the old one's, or as much more as the messages need.
            index_capacity: as for `create_pool`; None takes the default, or no index if the old pool had none.
            file_mode: the mode of its file; 0 means the old one's.

        Raises:
            UsageError: of another format, or too large for the size asked for.
            BusyError: a writer holds the old pool.
            AlreadyExistsError: the new pool, or the ".bak" file.
            CorruptError: the old pool is damaged.
        """
        client = self._open_pointer()
        reference = arguments.pool_reference("pool_ref", pool_ref)
        target = None if new_ref is None else arguments.pool_reference("new_ref", new_ref)
        return convert(client, reference, target, _pool_options(size_bytes, index_capacity, file_mode))

    def salvage(
        self,
        pool_ref: str | os.PathLike[str],
        new_ref: str | os.PathLike[str],
        *,
        size_bytes: int = 0,
        index_capacity: int | None = None,
        file_mode: int = 0,
    ) -> Salvaged:
        """Copies every intact message of a damaged pool into a new one, each with its seq, time, tags and bytes, and
        proves the copy by reading both again. `Salvaged` tells what is lost.

        The damaged file is read and left as it is; stop the programs that use it first. The new pool gives no seq that
        the old one had given. Takes time in proportion to the file, without the GIL; Ctrl-C waits for its end, so for
        a large pool of an asyncio program use `asyncio.to_thread`. A failure leaves nothing behind.

        Args:
            pool_ref: the damaged pool.
            new_ref: the new pool.
            size_bytes: its size; 0 means the old one's, or as much more as the messages need.
            index_capacity: as for `create_pool`.
            file_mode: the mode of its file; 0 means the old one's.

        Raises:
            PoolNotFoundError: no such pool.
            AlreadyExistsError: the new pool.
            UsageError: of another format, or too large for the size asked for.
            CorruptError: no pool, or too little is left of it to find or check a message.
        """
        client = self._open_pointer()
        reference = arguments.pool_reference("pool_ref", pool_ref)
        target = arguments.pool_reference("new_ref", new_ref)
        return rescue(client, reference, target, _pool_options(size_bytes, index_capacity, file_mode))

    # Ending.

    def close(self) -> None:
        """Closes the client. Closing again does nothing."""
        self._pointer = None

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._pointer is None

    def __enter__(self) -> Client:
        self._open_pointer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<plasmite.Client {self._pool_dir!r}{' closed' if self._pointer is None else ''}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _client_with, (self._pool_dir, self._codec, self._server)


def _client_with(pool_dir: str, codec: Codec, server: ServerOptions) -> Client:
    client = Client(pool_dir)
    client._codec, client._server = codec, server
    client._pointer = new_client(os.fsencode(pool_dir), server)
    return client


def _new_pool_options(size_bytes: int, index_capacity: int | None, file_mode: int) -> Any:
    # The library's own choice, the same as the default here, serves on servers too, where no other can be made.
    return _pool_options(size_bytes, index_capacity, 0 if file_mode == 0o600 else file_mode)


def _pool_options(size_bytes: int, index_capacity: int | None, file_mode: int) -> Any:
    options = ffi.new("plsm_pool_options_t *")
    options.struct_size = ffi.sizeof("plsm_pool_options_t")
    options.size_bytes = arguments.integer("size_bytes", size_bytes)
    capacity = arguments.optional_integer("index_capacity", index_capacity, arguments.U32_MAX)
    if capacity is not None:
        options.has_index_capacity, options.index_capacity = 1, capacity
    options.file_mode = arguments.integer("file_mode", file_mode, 0o777)
    return options


def _entry(listed: Any, index: int, slot: Any) -> PoolEntry:
    entry = ffi.new("plsm_list_entry_t *")
    entry.struct_size = ffi.sizeof("plsm_list_entry_t")
    code = lib.plsm_pool_list_entry(listed, index, entry, slot)
    if code != 0:
        fail(code, slot)
    name, path = text(entry.name) or "", text(entry.path) or ""
    return PoolEntry(
        name=name,
        path=path,
        info=None if entry.info == ffi.NULL else info_of(entry.info, name, path),
        error=None if entry.error == ffi.NULL else from_library(entry.error),
        modified_ns=int(entry.mtime_ns) if entry.has_mtime else None,
    )
