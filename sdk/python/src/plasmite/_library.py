"""The library that was loaded: it may be another one than the package was built with."""

from __future__ import annotations

from ._arguments import name_text
from ._binding import lib
from ._errors import text


def library_version() -> str:
    """The version of the loaded library, for example "1.0.0"; `__version__` is the package's."""
    return text(lib.plsm_version()) or ""


def build_info() -> str:
    """What the library was built as: not for parsing, but for a report."""
    return text(lib.plsm_build_info()) or ""


def has_feature(name: str) -> bool:
    """Whether the loaded library has a feature, by the names of `plsm_has_feature` in plasmite.h.

    Raises:
        TypeError, ValueError: no text, or an empty one.
    """
    return bool(lib.plsm_has_feature(name_text("name", name)))
