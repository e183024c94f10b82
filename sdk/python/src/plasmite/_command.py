"""The programs `plasmite` and `pls`: they become the native program, which the package carries."""

from __future__ import annotations

import os
import sys
from pathlib import Path

NATIVE = Path(__file__).resolve().parent / "_native"


def _is_script(path: Path) -> bool:
    """Whether a file is a script, as this package's own commands are, and no native program."""
    try:
        with path.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return True


def find(name: str) -> Path | None:
    """The native program: the bundled one, else the first on PATH; never a script, so never this command itself."""
    places = [NATIVE, *(Path(entry) for entry in os.get_exec_path() if entry)]
    for path in (place / name for place in places):
        if path.is_file() and os.access(path, os.X_OK) and not _is_script(path):
            return path
    return None


def run(name: str, arguments: list[str]) -> int:
    """Becomes the program; returns an exit status only when it cannot be had."""
    path = find(name)
    if path is None:
        print(
            f"{name}: the native program is neither in {NATIVE} nor on PATH; install the package again",
            file=sys.stderr,
        )
        return 1
    sys.stdout.flush()
    try:
        os.execv(path, [name, *arguments])
    except OSError as error:
        print(f"{name}: cannot run {path}: {error}", file=sys.stderr)
    return 1


def main() -> int:
    """The console scripts."""
    name = Path(sys.argv[0]).name
    return run(name if name in ("plasmite", "pls") else "plasmite", sys.argv[1:])
