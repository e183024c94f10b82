"""Types and lints: strict mypy, strict pyright, ruff."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typed_program
from conftest import PROJECT

TOOLS = Path(sys.executable).parent
OUT = Path(os.environ.get("PYTHON_OUT", PROJECT.parent.parent / "target" / "python"))


def check(*command: str) -> None:
    environment = {**os.environ, "PYRIGHT_PYTHON_CACHE_DIR": str(OUT / "pyright")}
    done = subprocess.run(
        [str(TOOLS / command[0]), *command[1:]], cwd=PROJECT, env=environment, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_typed_program_runs(tmp_path: Path) -> None:
    typed_program.main(tmp_path)


@pytest.mark.slow
def test_mypy() -> None:
    check("mypy", "--cache-dir", str(OUT / "mypy"))


@pytest.mark.slow
def test_pyright() -> None:
    check("pyright", "--pythonpath", sys.executable)


def test_ruff() -> None:
    check("ruff", "check", ".")
    check("ruff", "format", "--check", ".")


def test_typed_marker() -> None:
    import plasmite

    assert (Path(plasmite.__file__).parent / "py.typed").is_file()
