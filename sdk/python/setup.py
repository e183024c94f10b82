"""Builds the extension module and bundles library and programs; the rest is in pyproject.toml."""

import os
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).resolve().parent / "build_support"))

import native
from header import version

# Everything that a build makes goes below the clone's target directory, so that nothing stale lies beside the sources.
base = native.target() / "python" if (native.CLONE / "Cargo.toml").is_file() else Path("build")
base = Path(os.environ.get("PLASMITE_BUILD_BASE", base))
(base / "egg").mkdir(parents=True, exist_ok=True)


class BuildExtension(build_ext):
    """Links to the library, which has to be there first."""

    def run(self) -> None:  # noqa: D102
        native.prepare()
        super().run()


class BuildPackage(build_py):
    """Adds the library and the programs to the package."""

    def run(self) -> None:  # noqa: D102
        super().run()
        if not self.editable_mode:
            native.prepare()
            native.bundle(Path(self.build_lib) / "plasmite" / "_native")


class Wheel(bdist_wheel):
    """One wheel for every Python from 3.10 on."""

    def finalize_options(self) -> None:  # noqa: D102
        self.py_limited_api = "cp310"
        super().finalize_options()


setup(
    version=version(native.header()),
    cffi_modules=["build_support/binding.py:ffibuilder"],
    cmdclass={"build_ext": BuildExtension, "build_py": BuildPackage, "bdist_wheel": Wheel},
    options={"build": {"build_base": str(base / "build")}, "egg_info": {"egg_base": str(base / "egg")}},
)
