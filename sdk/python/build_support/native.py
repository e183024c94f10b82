"""Where the header, the library and the programs come from that a build links to and carries.

PLASMITE_SDK_DIR: an installed SDK (include, lib, bin). PLASMITE_LIB_DIR: one directory with the library and the
programs, the header being that of the clone. Otherwise the clone builds them with its Makefile.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CLONE = PROJECT.parent.parent
LIBRARY = "libplasmite.so"
PROGRAMS = ("plasmite", "pls")


def _sdk() -> Path | None:
    given = os.environ.get("PLASMITE_SDK_DIR")
    return Path(given).resolve() if given else None


def header() -> Path:
    """The path of plasmite.h."""
    sdk = _sdk()
    path = (sdk if sdk else CLONE) / "include" / "plasmite.h"
    if not path.is_file():
        raise SystemExit(
            f"plasmite: there is no {path}. Build from a clone of the repository, or set PLASMITE_SDK_DIR to an "
            "installed SDK (a directory with include, lib and bin)."
        )
    return path


def target() -> Path:
    """Where builds of the clone go."""
    return Path(os.environ.get("CARGO_TARGET_DIR") or CLONE / "target").resolve()


def library_dir() -> Path:
    """The directory of the library to link to; it need not be built yet."""
    sdk = _sdk()
    if sdk:
        return sdk / "lib"
    given = os.environ.get("PLASMITE_LIB_DIR")
    return Path(given).resolve() if given else target() / "release"


def _programs_dir() -> Path:
    sdk = _sdk()
    return sdk / "bin" if sdk else library_dir()


def prepare() -> None:
    """Makes sure that library and programs are there, building them in a clone unless they were given."""
    given = _sdk() or os.environ.get("PLASMITE_LIB_DIR")
    if not given:
        if not (CLONE / "Makefile").is_file():
            raise SystemExit("plasmite: no clone to build the library in; set PLASMITE_SDK_DIR or PLASMITE_LIB_DIR")
        if shutil.which(os.environ.get("CARGO", "cargo")) is None:
            raise SystemExit("plasmite: building the library needs Rust (https://rustup.rs); or set PLASMITE_SDK_DIR")
        subprocess.run(["make", "--no-print-directory", "-C", str(CLONE), "lib", "cli"], check=True)
    needed = [library_dir() / LIBRARY, *(_programs_dir() / name for name in PROGRAMS)]
    missing = [str(path) for path in needed if not path.is_file()]
    if missing:
        raise SystemExit(f"plasmite: missing {', '.join(missing)}")


def bundle(directory: Path) -> None:
    """Copies library and programs, without symbols that nothing needs at run time, into a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    copies = [(library_dir() / LIBRARY, directory / soname())]
    copies += [(_programs_dir() / name, directory / name) for name in PROGRAMS]
    strip = shutil.which("strip")
    for source, destination in copies:
        shutil.copyfile(source.resolve(), destination)
        destination.chmod(0o755)
        if strip:
            subprocess.run([strip, "--strip-unneeded", str(destination)], check=True)


def soname() -> str:
    """The name under which programs ask for the library: libplasmite.so and the major version."""
    from header import version

    return f"{LIBRARY}.{version(header()).split('.')[0]}"
