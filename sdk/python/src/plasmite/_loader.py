"""Loads libplasmite, then the extension module that calls it.

The first of these is taken: the library in the directory PLASMITE_LIB_DIR, the one that the package carries, the
system's. The extension module asks for the library by its name (libplasmite.so.1); whichever was loaded before under
that name serves it.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

NATIVE = Path(__file__).resolve().parent / "_native"

_FILES = ("plasmite.dll", "libplasmite.dylib", "libplasmite.so", "libplasmite.so.1")


def _in(directory: Path) -> Path | None:
    for name in _FILES:
        if (directory / name).is_file():
            return directory / name
    return None


def find() -> Path | None:
    """The library that is to be loaded by its path; None leaves the choice to the system's loader."""
    given = os.environ.get("PLASMITE_LIB_DIR")
    return (_in(Path(given)) if given else None) or _in(NATIVE)


def load() -> None:
    """Makes plasmite._binding importable, or raises OSError that tells where was looked."""
    path = find()
    where = str(path) if path else "the system's library path"
    try:
        if path is not None:
            ctypes.CDLL(str(path))
        from . import _binding
    except (OSError, ImportError) as error:
        raise OSError(
            f"plasmite: cannot load libplasmite from {where}: {error}. Looked in PLASMITE_LIB_DIR "
            f"({os.environ.get('PLASMITE_LIB_DIR') or 'not set'}), in {NATIVE}, then in the system's library path. "
            "Install the package again, or set PLASMITE_LIB_DIR to the directory of libplasmite.so."
        ) from error
    has, needs = _binding.lib.plsm_abi_version(), _binding.lib.PLSM_ABI_VERSION
    if has < needs:
        raise OSError(
            f"plasmite: libplasmite from {where} offers version {has} of its interface and this package needs {needs}; "
            "install a newer library"
        )


load()
