"""Fixtures."""

from __future__ import annotations

import faulthandler
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from plasmite import Client, Pool

PROJECT = Path(__file__).resolve().parent.parent
CLONE = PROJECT.parent.parent


@pytest.fixture(autouse=True)
def _more_time(request: pytest.FixtureRequest) -> None:
    """Sets the watchdog of pyproject.toml anew for a test that installs or type-checks."""
    if request.node.get_closest_marker("slow"):
        faulthandler.dump_traceback_later(900, exit=True, file=sys.__stderr__)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path / "pools")


@pytest.fixture
def pool(client: Client) -> Pool:
    return client.create_pool("events")


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a program of its own in a directory of its own: run(SOURCE, ARGUMENT...)."""

    def run(source: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(source), *arguments],
            cwd=tmp_path,
            env={**os.environ, "HOME": str(tmp_path)},
            text=True,
            capture_output=True,
            timeout=50,
        )
        if check:
            assert done.returncode == 0, done.stderr
        return done

    return run
