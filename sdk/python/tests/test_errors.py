"""The exceptions: kinds, builtins, attributes, pickling."""

from __future__ import annotations

import errno
import os
import pickle
from pathlib import Path

import pytest

import plasmite
from plasmite import Client, ErrorKind, PlasmiteError, Pool

CLASSES = {
    ErrorKind.INTERNAL: (plasmite.InternalError, RuntimeError),
    ErrorKind.USAGE: (plasmite.UsageError, ValueError),
    ErrorKind.NOT_FOUND: (plasmite.NotFoundError, RuntimeError),
    ErrorKind.ALREADY_EXISTS: (plasmite.AlreadyExistsError, FileExistsError),
    ErrorKind.BUSY: (plasmite.BusyError, TimeoutError),
    ErrorKind.PERMISSION: (plasmite.PermissionDeniedError, PermissionError),
    ErrorKind.CORRUPT: (plasmite.CorruptError, RuntimeError),
    ErrorKind.IO: (plasmite.IoError, OSError),
    ErrorKind.RETENTION_GAP: (plasmite.RetentionGapError, RuntimeError),
}


def test_kinds() -> None:
    assert [(kind.name, int(kind)) for kind in ErrorKind] == [
        ("INTERNAL", 1),
        ("USAGE", 2),
        ("NOT_FOUND", 3),
        ("ALREADY_EXISTS", 4),
        ("BUSY", 5),
        ("PERMISSION", 6),
        ("CORRUPT", 7),
        ("IO", 8),
        ("RETENTION_GAP", 9),
    ]
    assert set(CLASSES) == set(ErrorKind)


@pytest.mark.parametrize("kind", ErrorKind)
def test_classes(kind: ErrorKind) -> None:
    cls, builtin = CLASSES[kind]
    error = cls(kind, "what went wrong", "/a/path", 3, 4)
    assert isinstance(error, (PlasmiteError, builtin))
    assert issubclass(cls, builtin)
    assert issubclass(cls, RuntimeError)
    assert str(error) == "what went wrong"
    assert (error.kind, error.path, error.seq, error.offset) == (kind, "/a/path", 3, 4)
    assert (error.hint, error.causes, error.maybe_written) == (None, (), False)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is cls
    assert (str(again), again.kind, again.path, again.seq, again.offset) == (str(error), kind, "/a/path", 3, 4)
    assert "what went wrong" in repr(error)
    if isinstance(error, OSError):
        assert error.errno is not None
        assert (error.filename, error.strerror) == ("/a/path", "what went wrong")


def test_base() -> None:
    error = PlasmiteError(ErrorKind.IO, "m")
    assert (error.kind, str(error), error.path, error.seq, error.offset) == (ErrorKind.IO, "m", None, None, None)
    assert PlasmiteError(kind=3, message="m").kind is ErrorKind.NOT_FOUND
    assert PlasmiteError(12345, "of a newer library").kind is ErrorKind.INTERNAL


def test_real_ones_carry_everything(client: Client, pool: Pool) -> None:
    with pytest.raises(plasmite.PoolNotFoundError) as missing:
        client.open_pool("missing")
    assert missing.value.errno == errno.ENOENT
    assert missing.value.path is not None
    assert missing.value.path.endswith("missing.plasmite")
    assert missing.value.hint
    again = pickle.loads(pickle.dumps(missing.value))
    assert (again.hint, again.causes, again.errno) == (missing.value.hint, missing.value.causes, errno.ENOENT)
    with pytest.raises(plasmite.MessageNotFoundError) as gone:
        pool.get(42)
    assert (gone.value.seq, gone.value.path) == (42, None)
    assert not isinstance(gone.value, OSError)
    with pytest.raises(plasmite.UsageError) as bad:
        pool.append_json(b'{"a":}', [], 0)
    assert bad.value.offset == 5
    pool.close()
    Path(client.pool_path("events")).write_bytes(b"NOPE")
    with pytest.raises(plasmite.CorruptError) as corrupt:
        client.open_pool("events")
    assert corrupt.value.path


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
def test_permission(client: Client, pool: Pool) -> None:
    pool.close()
    os.chmod(client.pool_path("events"), 0)
    with pytest.raises(PermissionError):
        client.open_pool("events")
