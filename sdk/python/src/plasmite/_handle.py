"""The handle of a pool, and the room for what calls on it give back."""

from __future__ import annotations

from typing import Any, TypeAlias

from ._binding import ffi
from ._codec import Codec
from ._errors import closed

Cell: TypeAlias = tuple[Any, Any, Any, Any]
"""Room for the outputs of one call, and pointers to its parts: text (`plsm_buf_t *`), receipt, error slot."""

# Used again and again: making one, or a pointer into one, costs as much as an append.
_cells: list[Cell] = []

give_back = _cells.append


def take_cell() -> Cell:
    """Room for the outputs of one call; to be given back unless the call failed."""
    try:
        return _cells.pop()
    except IndexError:
        cell = ffi.new("shim_cell_t *")
        return cell, ffi.addressof(cell, "text"), ffi.addressof(cell, "receipt"), ffi.addressof(cell, "error")


class Handle:
    """An open pool of the library. Freed when nobody refers to it any more: neither this nor a running call."""

    # Whether it is a server's.
    _is_remote = False

    def __init__(self, pointer: Any, codec: Codec) -> None:
        self._pointer = pointer
        self._codec = codec

    def _open_pointer(self) -> Any:
        pointer = self._pointer
        if pointer is None:
            raise closed("pool")
        return pointer
