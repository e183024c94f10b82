"""Declarations for cffi, made from C headers: include/plasmite.h is the only copy of the interface."""

from __future__ import annotations

import re
from pathlib import Path

_NUMBER = re.compile(r"#define\s+(\w+)\s+-?(?:0x)?[0-9]+[a-fA-FuUlL0-9]*\s*$")
_TEXT = re.compile(r'#define\s+(\w+)\s+"[^"]*"\s*$')


def declarations(header: Path) -> str:
    """What cffi may parse: no comments, no preprocessor, macros of numbers and texts as constants."""
    lines: list[str] = []
    skipping = 0  # inside #ifdef __cplusplus
    logical = re.sub(r"\\\n", " ", header.read_text("utf-8")).splitlines()
    for line in logical:
        line = re.sub(r"//.*", "", line).rstrip()
        if line.startswith("#if"):
            skipping += "__cplusplus" in line or skipping > 0
        elif line.startswith("#endif"):
            skipping -= skipping > 0
        elif skipping:
            continue
        elif match := _NUMBER.match(line):
            lines.append(f"#define {match[1]} ...")
        elif match := _TEXT.match(line):
            lines.append(f"static char *const {match[1]};")
        elif not line.startswith("#"):
            lines.append(line)
    return re.sub(r"/\*.*?\*/", "", "\n".join(lines), flags=re.DOTALL)


def version(header: Path) -> str:
    """The version that the header states."""
    match = re.search(r'^#define PLSM_VERSION_STRING "([^"]+)"', header.read_text("utf-8"), re.MULTILINE)
    if match is None:
        raise SystemExit(f"{header} states no version")
    return match[1]
