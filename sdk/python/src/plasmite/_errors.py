"""The exceptions, and the one place where the library's errors become them."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Any, NoReturn

from ._binding import ffi, lib
from ._enums import ErrorKind


class PlasmiteError(RuntimeError):
    """The base of every error that the library reports.

    Attributes:
        kind: the kind, an `ErrorKind`.
        path: the file concerned, or None.
        seq: the message concerned, or None.
        offset: the byte concerned (in a file, document or text, as the message says), or None.
        hint: what to do about it, or None.
        causes: deeper causes, the outermost first.
        maybe_written: whether a failed append may have stored its message all the same (a flush that failed), so that
            repeating it could store it twice; or a server that did not answer.
        too_large: whether a message was refused for its size alone.
    """

    kind: ErrorKind
    path: str | None
    seq: int | None
    offset: int | None
    hint: str | None
    causes: tuple[str, ...]
    maybe_written: bool
    too_large: bool

    _errno: int | None = None

    def __init__(
        self,
        kind: ErrorKind | int,
        message: str,
        path: str | None = None,
        seq: int | None = None,
        offset: int | None = None,
        *,
        hint: str | None = None,
        causes: Sequence[str] = (),
        maybe_written: bool = False,
        too_large: bool = False,
    ) -> None:
        super().__init__(message)
        try:
            self.kind = ErrorKind(kind)
        except ValueError:
            self.kind = ErrorKind.INTERNAL  # of a newer library
        self.path = path
        self.seq = seq
        self.offset = offset
        self.hint = hint
        self.causes = tuple(causes)
        self.maybe_written = maybe_written
        self.too_large = too_large
        if isinstance(self, OSError):
            _as_os_error(self, self._errno, message, path)

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def __repr__(self) -> str:
        details = "".join(
            f", {name}={value!r}"
            for name, value in (("path", self.path), ("seq", self.seq), ("offset", self.offset))
            if value is not None
        )
        return f"{type(self).__name__}({self.kind.name}, {str(self)!r}{details})"

    def __reduce__(self) -> tuple[Any, ...]:
        state = {name: getattr(self, name) for name in ("hint", "causes", "maybe_written", "too_large")}
        return type(self), (self.kind, str(self), self.path, self.seq, self.offset), state


class InternalError(PlasmiteError):
    """A fault of the library or of the machine that no caller can act on."""


class UsageError(PlasmiteError, ValueError):
    """A bad argument, bad JSON, or a request that cannot be met as asked."""


class ClosedError(UsageError):
    """A handle was used after it was closed."""


class NotFoundError(PlasmiteError):
    """No such pool, or no such message."""


class PoolNotFoundError(NotFoundError, FileNotFoundError):
    """No such pool."""

    _errno = errno.ENOENT


class MessageNotFoundError(NotFoundError, KeyError):
    """No such message: never written, or overwritten. `seq` tells which."""


class AlreadyExistsError(PlasmiteError, FileExistsError):
    """The pool (or the expected seq) is there already."""

    _errno = errno.EEXIST


class BusyError(PlasmiteError, TimeoutError):
    """The writer lock could not be had in time."""

    _errno = errno.ETIMEDOUT


class PermissionDeniedError(PlasmiteError, PermissionError):
    """The system or the server refused access, or the pool is open for reading only."""

    _errno = errno.EACCES


class CorruptError(PlasmiteError):
    """The pool's bytes, or a Lite3 document, are damaged."""


class IoError(PlasmiteError, OSError):
    """Any other failure of the system, or a server that does not answer."""

    _errno = errno.EIO


class RetentionGapError(PlasmiteError):
    """Messages were overwritten before they were read; `seq` is the first missing one."""


def _as_os_error(error: OSError, number: int | None, message: str, path: str | None) -> None:
    error.errno, error.strerror, error.filename = number, message, path


_CLASSES: dict[int, type[PlasmiteError]] = {
    ErrorKind.INTERNAL: InternalError,
    ErrorKind.USAGE: UsageError,
    ErrorKind.ALREADY_EXISTS: AlreadyExistsError,
    ErrorKind.BUSY: BusyError,
    ErrorKind.PERMISSION: PermissionDeniedError,
    ErrorKind.CORRUPT: CorruptError,
    ErrorKind.IO: IoError,
    ErrorKind.RETENTION_GAP: RetentionGapError,
}


def text(pointer: Any) -> str | None:
    """A C string of the library as text; None for NULL."""
    if pointer == ffi.NULL:
        return None
    found: bytes = ffi.string(pointer)
    return found.decode("utf-8", "replace")


def buffer_text(out: Any) -> str:
    """The text, a path for one, of a filled `plsm_buf_t *`, which is freed."""
    found = str(ffi.buffer(out.data, out.len)[:], "utf-8", "surrogateescape")
    lib.plsm_buf_free(out)
    return found


def from_library(error: Any) -> PlasmiteError:
    """The exception for an error object, which stays the library's."""
    kind = int(error.kind)
    seq = int(error.seq) if error.has_seq else None
    if kind == ErrorKind.NOT_FOUND:
        cls: type[PlasmiteError] = PoolNotFoundError if seq is None else MessageNotFoundError
    else:
        cls = _CLASSES.get(kind, InternalError)
    causes = [text(lib.plsm_error_cause(error, i)) or "" for i in range(lib.plsm_error_cause_count(error))]
    return cls(
        kind,
        text(error.message) or "",
        text(error.path),
        seq,
        int(error.offset) if error.has_offset else None,
        hint=text(lib.plsm_error_hint(error)),
        causes=causes,
        maybe_written=bool(lib.plsm_error_maybe_written(error)),
        too_large=bool(lib.plsm_error_too_large(error)),
    )


def failure(code: int, error: Any) -> Exception:
    """The exception for a failed call, whose error object (or NULL) stays the library's."""
    if code == lib.SHIM_NO_MEMORY:
        return MemoryError("plasmite: out of memory")
    if error == ffi.NULL:
        return InternalError(ErrorKind.INTERNAL, f"the library failed ({code}) without saying why")
    return from_library(error)


def fail(code: int, slot: Any) -> NoReturn:
    """Raises what a failed call stored in an error slot (`plsm_error_t **`), and frees it."""
    error = slot[0]
    slot[0] = ffi.NULL
    try:
        exception = failure(code, error)
    finally:
        lib.plsm_error_free(error)
    raise exception


def closed(what: str) -> ClosedError:
    """The error of a closed handle."""
    return ClosedError(ErrorKind.USAGE, f"plasmite: {what} is closed")
