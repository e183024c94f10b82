"""Gives a wheel the manylinux tag that its contents earn: platform_tag.py WHEEL.

The tag names the glibc that the newest symbol asked for has appeared in (PEP 600). Nothing in the wheel may need a
library beside those that PEP 599 and its successors list and those in the wheel itself.
"""

from __future__ import annotations

import io
import platform
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

# Of the libraries that every manylinux policy allows, those that a system with glibc surely has.
_ALLOWED = re.compile(r"(libc|libm|libdl|librt|libpthread|libgcc_s)\.so\.\d+|ld-linux-[\w-]+\.so\.\d+")
# libgcc_s is of GCC; what it offers has been there since long before the oldest glibc in question.
_GLIBC = re.compile(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?")
_OLDEST = (2, 17)


def needs(data: bytes) -> tuple[set[str], set[tuple[int, int]]]:
    """The libraries that an ELF file asks for, and the versions of glibc."""
    elf = ELFFile(io.BytesIO(data))
    libraries: set[str] = set()
    versions: set[tuple[int, int]] = set()
    for section in elf.iter_sections():
        if isinstance(section, DynamicSection):
            libraries |= {tag.needed for tag in section.iter_tags() if tag.entry.d_tag == "DT_NEEDED"}
        elif isinstance(section, GNUVerNeedSection):
            for _, wanted in section.iter_versions():
                for version in wanted:
                    if match := _GLIBC.fullmatch(version.name):
                        versions.add((int(match[1]), int(match[2])))
    return libraries, versions


def tag_of(wheel: Path) -> str:
    """The platform tag for what is in a wheel."""
    newest = _OLDEST
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        own = {name.rsplit("/", 1)[-1] for name in names}
        for name in names:
            data = archive.read(name)
            if not data.startswith(b"\x7fELF"):
                continue
            libraries, versions = needs(data)
            foreign = sorted(library for library in libraries - own if not _ALLOWED.fullmatch(library))
            if foreign:
                raise SystemExit(f"{wheel.name}: {name} needs {', '.join(foreign)}, which not every system has")
            newest = max({newest, *versions})
    return f"manylinux_{newest[0]}_{newest[1]}_{platform.machine()}"


def main(path: str) -> None:
    """Renames the wheel, inside and outside."""
    wheel = Path(path)
    tag = tag_of(wheel)
    command = [sys.executable, "-m", "wheel", "tags", "--remove", "--platform-tag", tag, str(wheel)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(sys.argv[1])
