"""JSON to Lite3 and back, on bytes alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import _arguments as arguments
from ._binding import ffi, lib
from ._errors import fail


def json_to_lite3(payload: bytes | bytearray | memoryview) -> bytes:
    """Encodes JSON text, whose root is an object or an array, as a Lite3 document, as `Pool.append_lite3` takes it.

    Raises:
        UsageError: not such a text (`offset` tells where), or what Lite3 cannot hold: an integer above 2^63-1, a key
            with a NUL.
        TypeError, ValueError: no bytes, or none in them.
    """
    return _converted(lib.plsm_lite3_from_json, payload)


def lite3_to_json(payload: bytes | bytearray | memoryview) -> bytes:
    """Writes a Lite3 document, as `Lite3Frame.payload` has it, as compact JSON text, members in their order.

    Raises:
        CorruptError: it is damaged; `offset` tells where.
        TypeError, ValueError: no bytes, or none in them.
    """
    return _converted(lib.plsm_lite3_to_json, payload)


def _converted(call: Callable[..., int], payload: bytes | bytearray | memoryview) -> bytes:
    given = arguments.payload("payload", payload)
    out, slot = ffi.new("plsm_buf_t *"), ffi.new("plsm_error_t **")
    code = call(given, len(given), out, slot)
    if code != 0:
        fail(code, slot)
    made: Any = ffi.buffer(out.data, out.len)[:]
    lib.plsm_buf_free(out)
    return bytes(made)
