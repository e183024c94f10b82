"""Fixtures."""

from __future__ import annotations

import faulthandler
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import FrameType

import pytest

import plasmite
from plasmite import Client, Pool

# What runs in the background of a shell starts with SIGINT ignored, and so do its children.
signal.signal(signal.SIGINT, signal.default_int_handler)

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


PROGRAM = Path(os.environ.get("PLASMITE_LIB_DIR") or Path(plasmite.__file__).parent / "_native") / "plasmite"


class Server:
    """A running server: its address, and the directory of its pools."""

    def __init__(self, directory: Path, *options: str, scheme: str = "http", bind: str = "127.0.0.1:0") -> None:
        self.pools = directory / "served"
        ready = directory / "ready"
        self.process = subprocess.Popen(
            [PROGRAM, "--dir", self.pools, "serve", "--bind", bind, *options],
            env={**os.environ, "HOME": str(directory), "PLASMITE_SERVE_READY_FILE": str(ready)},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not ready.is_file():
            if self.process.poll() is not None and self.process.stderr is not None:
                raise AssertionError(self.process.stderr.read())
            time.sleep(0.005)
        self.url = f"{scheme}://{ready.read_text()}"

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def writer_lock(pool: Pool) -> Iterator[None]:
    """Holds the writer lock of a pool, by a reservation."""
    from plasmite._binding import ffi, lib

    options = ffi.new("plsm_append_options_t *")
    options.struct_size = ffi.sizeof("plsm_append_options_t")
    held, place, slot = ffi.new("plsm_reservation_t **"), ffi.new("uint8_t **"), ffi.new("plsm_error_t **")
    assert lib.plsm_pool_reserve(pool._pointer, 64, options, held, place, slot) == 0
    try:
        yield
    finally:
        lib.plsm_reservation_abort(held[0])


class Interrupt(BaseException):
    """What the handlers raise."""


@pytest.fixture
def raising_handler() -> Iterator[None]:
    def handler(number: int, frame: FrameType | None) -> None:
        raise Interrupt

    previous = signal.signal(signal.SIGUSR1, handler)
    yield
    signal.signal(signal.SIGUSR1, previous)


InterruptMain = Callable[[Callable[[], bool]], AbstractContextManager[None]]


@pytest.fixture
def interrupt_main(raising_handler: None) -> InterruptMain:
    """For a block: sends the main thread a signal, whose handler raises, once something holds."""

    @contextmanager
    def interrupt_main(holds: Callable[[], bool]) -> Iterator[None]:
        main, left = threading.get_ident(), threading.Event()

        def send() -> None:
            while not holds():
                if left.wait(0.001):
                    return
            signal.pthread_kill(main, signal.SIGUSR1)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            yield
        finally:
            left.set()
            sender.join()

    return interrupt_main


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
