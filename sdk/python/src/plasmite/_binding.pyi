from typing import Any

# Made by cffi from include/plasmite.h; everything behind the header is untyped.
ffi: Any
lib: Any
