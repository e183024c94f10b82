"""The package: version, surface, loader, commands, declarations."""

from __future__ import annotations

import ctypes
import importlib.metadata
import inspect
import os
import re
import shutil
import subprocess
import sys
from enum import EnumMeta
from pathlib import Path
from typing import Any

import pytest
from conftest import CLONE, PROJECT, Run

import plasmite

SURFACE = Path(__file__).with_name("surface.txt")


def test_one_version() -> None:
    workspace = re.search(r'^version = "(.*)"', (CLONE / "Cargo.toml").read_text("utf-8"), re.MULTILINE)
    assert workspace is not None
    assert plasmite.__version__ == workspace[1] == importlib.metadata.version("plasmite")
    from plasmite._binding import ffi, lib

    assert ffi.string(lib.plsm_version()).decode() == workspace[1]


PROTOCOL = (
    "__init__ __iter__ __next__ __len__ __getitem__ __contains__ __reversed__ __enter__ __exit__ "
    "__aiter__ __anext__ __aenter__ __aexit__"
)


def members(cls: type[Any]) -> list[str]:
    lines = []
    for name, member in inspect.getmembers(cls):
        owner = next((base for base in cls.__mro__ if name in vars(base)), object)
        if not owner.__module__.startswith("plasmite") or (name.startswith("_") and name not in PROTOCOL.split()):
            continue
        if callable(member):
            lines.append(f"    {name}{inspect.signature(member)}")
        elif not isinstance(cls, EnumMeta):
            lines.append(f"    {name}")
    if isinstance(cls, EnumMeta):
        lines += [f"    {item.name} = {int(item)}" for item in cls]  # type: ignore[var-annotated]
    return lines


def surface() -> str:
    """Every public name, with signatures."""
    lines: list[str] = []
    for name in sorted(plasmite.__all__):
        value = getattr(plasmite, name)
        if inspect.isclass(value):
            bases = [base.__name__ for base in value.__mro__[1:] if base not in (object, BaseException, Exception)]
            lines.append(f"class {name}({', '.join(bases)})")
            if not issubclass(value, BaseException) or value is plasmite.PlasmiteError:
                lines += members(value)
        elif callable(value):
            lines.append(f"{name}{inspect.signature(value)}")
        else:
            lines.append(f"{name}: {type(value).__name__}")
    # Names of the standard library that its versions spell differently.
    return re.sub(r"typing\.|collections\.abc\.", "", "\n".join(lines)) + "\n"


def test_library() -> None:
    assert plasmite.library_version() == plasmite.__version__
    assert plasmite.__version__ in plasmite.build_info()
    assert plasmite.has_feature("pools")
    assert not plasmite.has_feature("no such thing")
    for wrong in ("", "pools\0"):
        with pytest.raises(ValueError, match="name"):
            plasmite.has_feature(wrong)
    with pytest.raises(TypeError, match="name"):
        plasmite.has_feature(1)  # type: ignore[arg-type]


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the list is compared on Python 3.11, for one")
def test_surface() -> None:
    """PLASMITE_WRITE_SURFACE=1 writes the list again; only additions keep old programs running."""
    if os.environ.get("PLASMITE_WRITE_SURFACE"):
        SURFACE.write_text(surface(), "utf-8")
    assert surface() == SURFACE.read_text("utf-8")


# What programs written for other builds call: names and parameters, in order, with defaults.
OLD = {
    "Client.__init__": "pool_dir=None",
    "Client.create_pool": "pool_ref size_bytes=1048576",
    "Client.open_pool": "pool_ref",
    "Client.pool": "pool_ref size_bytes=1048576",
    "Client.close": "",
    "Pool.append_json": "payload tags durability",
    "Pool.append": "value tags=None durability=0",
    "Pool.append_lite3": "payload durability",
    "Pool.get_json": "seq",
    "Pool.get": "seq",
    "Pool.get_lite3": "seq",
    "Pool.open_stream": "since_seq=None max_messages=None timeout_ms=None error_on_gap=False",
    "Pool.open_lite3_stream": "since_seq=None max_messages=None timeout_ms=None error_on_gap=False",
    "Pool.tail": "since_seq=None max_messages=None timeout_ms=None tags=None error_on_gap=False",
    "Pool.replay": "speed=1.0 since_seq=None max_messages=None timeout_ms=None tags=None",
    "Pool.close": "",
    "Stream.next_json": "",
    "Stream.close": "",
    "Lite3Stream.next": "",
    "Lite3Stream.close": "",
    "PlasmiteError.__init__": "kind message path=None seq=None offset=None",
    "parse_message": "payload",
    "default_pool_dir": "",
}


@pytest.mark.parametrize("name", OLD)
def test_old_surface(name: str) -> None:
    value: Any = plasmite
    for part in name.split("."):
        value = getattr(value, part)
    parameters = [parameter for parameter in inspect.signature(value).parameters.values() if parameter.name != "self"]
    wanted = OLD[name].split()
    shown = [
        f"{p.name}={int(p.default) if isinstance(p.default, plasmite.Durability) else p.default}"
        if p.default is not p.empty
        else p.name
        for p in parameters
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.POSITIONAL_ONLY)
    ]
    assert shown[: len(wanted)] == wanted
    for extra in parameters[len(wanted) :]:
        assert extra.default is not extra.empty or extra.kind in (extra.VAR_KEYWORD, extra.VAR_POSITIONAL)


def test_old_names() -> None:
    names = """Client Pool Message MessageMeta Stream Lite3Frame Lite3Stream Durability ErrorKind PlasmiteError
        NotFoundError AlreadyExistsError BusyError PermissionDeniedError CorruptError IoError UsageError InternalError
        RetentionGapError DEFAULT_POOL_DIR DEFAULT_POOL_SIZE DEFAULT_POOL_SIZE_BYTES default_pool_dir parse_message"""
    assert set(names.split()) <= set(plasmite.__all__)
    for name in plasmite.__all__:
        assert getattr(plasmite, name) is not None
    with pytest.raises(AttributeError):
        plasmite.nonsense  # noqa: B018


def test_everything_is_documented() -> None:
    for name in plasmite.__all__:
        value = getattr(plasmite, name)
        if inspect.isclass(value) or callable(value):
            assert inspect.getdoc(value), name
        if inspect.isclass(value) and value.__module__.startswith("plasmite"):
            for member, found in vars(value).items():
                if not member.startswith("_") and (callable(found) or isinstance(found, property)):
                    assert inspect.getdoc(found), f"{name}.{member}"


# The loader.

LOADED = """
import plasmite
print([line.split()[-1] for line in open("/proc/self/maps") if "libplasmite" in line][0])
"""


def bundled() -> Path:
    return Path(plasmite.__file__).parent / "_native" / "libplasmite.so.1"


def loaded(run: Run, monkeypatch: pytest.MonkeyPatch, directory: Path | None) -> str:
    monkeypatch.delenv("PLASMITE_LIB_DIR", raising=False)
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    if directory is not None:
        monkeypatch.setenv("PLASMITE_LIB_DIR", str(directory))
    return run(LOADED).stdout.strip()


def test_library_from_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    shutil.copy(bundled(), own / "libplasmite.so")
    assert loaded(run, monkeypatch, own) == str(own / "libplasmite.so")


def test_bundled_library(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert loaded(run, monkeypatch, None) == str(bundled())
    # A directory without one is passed over.
    assert loaded(run, monkeypatch, tmp_path) == str(bundled())


def fake_library(directory: Path, version: int) -> Path:
    """Another library of the same name, which offers nothing but its version."""
    directory.mkdir(exist_ok=True)
    source = directory / "fake.c"
    source.write_text(f"unsigned plsm_abi_version(void) {{ return {version}; }}\n")
    library = directory / "libplasmite.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-Wl,-soname,libplasmite.so.1", "-o", str(library), str(source)], check=True
    )
    shutil.copy(library, directory / "libplasmite.so.1")
    assert ctypes.CDLL is not None
    return directory


def test_another_library_on_the_system_path(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PLASMITE_LIB_DIR", raising=False)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(fake_library(tmp_path / "fake", 0)))
    assert run(LOADED).stdout.strip() == str(bundled())


def test_a_library_that_does_not_fit(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLASMITE_LIB_DIR", str(fake_library(tmp_path / "fake", 0)))
    done = run("import plasmite", check=False)
    assert done.returncode == 1
    assert "OSError: plasmite: cannot load libplasmite from" in done.stderr
    assert "PLASMITE_LIB_DIR" in done.stderr


def without_bundled(tmp_path: Path) -> Path:
    package = tmp_path / "packages" / "plasmite"
    shutil.copytree(Path(plasmite.__file__).parent, package, ignore=shutil.ignore_patterns("_native", "__pycache__"))
    return package.parent


def test_no_library(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PLASMITE_LIB_DIR", raising=False)
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(without_bundled(tmp_path)))
    done = run("import plasmite", check=False)
    if done.returncode == 0:
        pytest.skip("this system has a libplasmite of its own")
    assert "OSError: plasmite: cannot load libplasmite from the system's library path" in done.stderr
    assert "PLASMITE_LIB_DIR (not set)" in done.stderr


def test_the_systems_library(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    system = tmp_path / "system"
    system.mkdir()
    shutil.copy(bundled(), system / "libplasmite.so.1")
    monkeypatch.delenv("PLASMITE_LIB_DIR", raising=False)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(system))
    monkeypatch.setenv("PYTHONPATH", str(without_bundled(tmp_path)))
    assert run(LOADED).stdout.strip() == str(system / "libplasmite.so.1")


# The commands.


@pytest.mark.parametrize("command", ["plasmite", "pls", "module"])
def test_commands(command: str, tmp_path: Path) -> None:
    scripts = Path(sys.executable).parent
    start = [sys.executable, "-m", "plasmite"] if command == "module" else [str(scripts / command)]
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PLASMITE_LIB_DIR", "LD_LIBRARY_PATH")
    }
    done = subprocess.run([*start, "--version"], env=environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert plasmite.__version__ in done.stdout
    arguments = ["--dir", str(tmp_path), "fetch", "missing", "1"]
    assert subprocess.run([*start, *arguments], env=environment, capture_output=True, timeout=30).returncode == 3
    # No process of Python's stays in between.
    process = subprocess.Popen(
        [*start, "--dir", str(tmp_path), "follow", "p", "--create"], env=environment, stdout=subprocess.PIPE
    )
    while not (tmp_path / "p.plasmite").exists():
        assert process.poll() is None
    running = os.readlink(f"/proc/{process.pid}/exe")
    process.terminate()
    process.communicate(timeout=30)
    assert "python" not in Path(running).name


def test_the_command_never_runs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from plasmite import _command

    monkeypatch.setattr(_command, "NATIVE", tmp_path / "none")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert _command.find("pls") is None
    assert _command.run("pls", []) == 1
    native = tmp_path / "bin"
    native.mkdir()
    shutil.copy(bundled().parent / "pls", native / "pls")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{native}")
    assert _command.find("pls") == native / "pls"


def test_declarations_come_from_the_header() -> None:
    """Every function of the header is there, so there is no second list that could fall behind."""
    from plasmite._binding import lib

    header = (CLONE / "include" / "plasmite.h").read_text("utf-8")
    functions = set(re.findall(r"\b(plsm_\w+)\(", re.sub(r"//.*", "", header)))
    assert len(functions) > 100
    assert functions <= set(dir(lib))
    assert not list((PROJECT / "src").rglob("*.h"))
