"""The extension module plasmite._binding: include/plasmite.h and shim.h in cffi's API mode."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from header import declarations  # noqa: E402
from native import PROJECT, header, library_dir  # noqa: E402

# The library's log lines arrive here, from whatever thread has something to say.
_LOG = 'extern "Python" void plasmite_log_line(void *user, uint32_t level, const char *message);'

_SOURCE = """
#include <plasmite.h>
#include "shim.h"
"""

ffibuilder = FFI()
ffibuilder.cdef(declarations(header()))
ffibuilder.cdef(declarations(HERE / "shim.h"))
ffibuilder.cdef(_LOG)
ffibuilder.set_source(
    "plasmite._binding",
    _SOURCE,
    sources=[os.path.relpath(HERE / name, PROJECT) for name in ("shim.c", "values.c")],
    include_dirs=[str(header().parent), str(HERE)],
    library_dirs=[str(library_dir())],
    libraries=["plasmite"],
    # No run path: plasmite._loader loads the library that is wanted before this module asks for it.
    extra_compile_args=[
        "-O2",
        "-Wall",
        "-Wextra",
        "-Wno-unused-parameter",
        "-Wno-missing-field-initializers",
        *os.environ.get("PLASMITE_SHIM_CFLAGS", "").split(),
    ],
    extra_link_args=os.environ.get("PLASMITE_SHIM_LDFLAGS", "").split(),
    py_limited_api=True,
)
