"""The wheel that `make wheel` has built: what is in it, and that it works in clean environments."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import CLONE, PROJECT
from test_readme import ALONE, SNIPPET, follow_gate

import plasmite

OUT = Path(os.environ.get("PYTHON_OUT", CLONE / "target" / "python"))
UV = Path(sys.executable).parent / "uv"
# What a clean environment has not: our library path, our virtual environment.
NOT_INHERITED = ("PLASMITE_LIB_DIR", "PLASMITE_SDK_DIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH")


def pythons() -> list[str]:
    """Every version from 3.10 on that is on PATH or below pyenv, and this one."""
    found = {f"{sys.version_info[0]}.{sys.version_info[1]}": sys.executable}
    for minor in range(10, 20):
        name = f"3.{minor}"
        managed = sorted(Path.home().glob(f".pyenv/versions/{name}.*/bin/python3"))
        path = str(managed[-1]) if managed else shutil.which(f"python{name}")
        if path and subprocess.run([path, "-c", "import venv"], capture_output=True).returncode == 0:
            found.setdefault(name, path)
    return [found[name] for name in sorted(found, key=lambda name: int(name.split(".")[1]))]


@pytest.fixture(scope="module")
def wheel() -> Path:
    wheels = sorted((OUT / "dist").glob("*.whl"))
    assert len(wheels) == 1, f"{OUT / 'dist'} has {len(wheels)} wheels; run make wheel"
    return wheels[0]


@pytest.fixture
def clean(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    home = tmp_path / "home"
    home.mkdir()
    return {
        **kept,
        "HOME": str(home),
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(OUT / "uv")),
        "UV_PYTHON_DOWNLOADS": "never",
    }


def done(environment: dict[str, str], directory: Path, *command: str | Path) -> str:
    result = subprocess.run(
        [str(part) for part in command], env=environment, cwd=directory, text=True, capture_output=True, timeout=300
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def use(environment: dict[str, str], directory: Path, programs: Path, blocks: list[str] = ALONE[:2]) -> None:
    """Follows the README: the snippet, then other programs of it, then the commands on the pool that they made."""
    python = programs / "python"
    work = directory / "work"
    work.mkdir()
    for source in (SNIPPET, *blocks):
        done(environment, work, python, "-c", source)
    for command in ([programs / "plasmite"], [programs / "pls"], [python, "-m", "plasmite"]):
        shown = done(environment, work, *command, "--dir", "data", "fetch", "events", "1")
        assert '"sensor":"temp"' in re.sub(r"\s", "", shown)
    where = done(
        environment,
        work,
        python,
        "-c",
        "import plasmite\nprint(*(line.split()[-1] for line in open('/proc/self/maps') if 'libplasmite' in line))",
    )
    assert all(path.endswith("/plasmite/_native/libplasmite.so.1") for path in where.split())
    assert where.strip()


def test_what_is_in_it(wheel: Path) -> None:
    tag = re.fullmatch(rf"plasmite-{re.escape(plasmite.__version__)}-cp310-abi3-manylinux_2_(\d+)_\w+\.whl", wheel.name)
    assert tag is not None, wheel.name
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(f"plasmite-{plasmite.__version__}.dist-info/WHEEL").decode()
        binaries = {name: archive.read(name) for name in names if archive.read(name).startswith(b"\x7fELF")}
    sources = {f"plasmite/{path.name}" for path in (PROJECT / "src" / "plasmite").iterdir() if path.is_file()}
    native = {f"plasmite/_native/{name}" for name in ("libplasmite.so.1", "plasmite", "pls")}
    own = {name for name in names if ".dist-info/" not in name}
    assert own == sources | native | {"plasmite/_binding.abi3.so"}
    assert f"Tag: cp310-abi3-{wheel.stem.split('-')[-1]}" in metadata
    assert any(name.endswith("LICENSE") for name in names)
    # The tag is what the newest symbol of glibc asks for: no less, no more.
    found = {int(minor) for data in binaries.values() for minor in re.findall(rb"GLIBC_2\.(\d+)", data)}
    assert max(found) == int(tag[1])
    assert set(binaries) == native | {"plasmite/_binding.abi3.so"}


@pytest.mark.slow
@pytest.mark.parametrize("python", pythons(), ids=lambda path: Path(os.path.realpath(path)).name)
def test_clean_environment(wheel: Path, clean: dict[str, str], tmp_path: Path, python: str) -> None:
    done(clean, tmp_path, UV, "venv", "--quiet", "--python", python, "env")
    programs = tmp_path / "env" / "bin"
    done(clean, tmp_path, UV, "pip", "install", "--quiet", "--python", programs / "python", wheel)
    use(clean, tmp_path, programs)


@pytest.mark.slow
def test_pip(wheel: Path, clean: dict[str, str], tmp_path: Path) -> None:
    done(clean, tmp_path, sys.executable, "-m", "venv", "env")
    programs = tmp_path / "env" / "bin"
    done(clean, tmp_path, programs / "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    use(clean, tmp_path, programs, ALONE)
    follow_gate(programs / "python", clean, tmp_path)


@pytest.mark.slow
def test_uv_tool_install(wheel: Path, clean: dict[str, str], tmp_path: Path) -> None:
    environment = {**clean, "UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    done(environment, tmp_path, UV, "tool", "install", "--quiet", "--python", sys.executable, wheel)
    for name in ("plasmite", "pls"):
        assert plasmite.__version__ in done(environment, tmp_path, tmp_path / "bin" / name, "--version")
    done(environment, tmp_path, tmp_path / "bin" / "pls", "feed", "build", "--create", '{"step": "compile"}')
    shown = done(environment, tmp_path, tmp_path / "bin" / "pls", "follow", "build", "--no-follow", "--jsonl")
    assert '"compile"' in shown
    use(environment, tmp_path, tmp_path / "tools" / "plasmite" / "bin")


@pytest.mark.slow
def test_uv_add(wheel: Path, clean: dict[str, str], tmp_path: Path) -> None:
    project = tmp_path / "project"
    done(clean, tmp_path, UV, "init", "--quiet", "--bare", "--python", sys.executable, project)
    done(clean, project, UV, "add", "--quiet", "--python", sys.executable, wheel)
    done(clean, project, UV, "run", "--quiet", "python", "-c", SNIPPET)
    assert plasmite.__version__ in done(clean, project, UV, "run", "--quiet", "pls", "--version")
    use(clean, tmp_path, project / ".venv" / "bin")


@pytest.mark.slow
@pytest.mark.parametrize("given", ["the clone", "an installed SDK"])
def test_pip_install_of_the_sources(clean: dict[str, str], tmp_path: Path, given: str) -> None:
    """`pip install ./sdk/python`: from a clone, which builds the library, or with an SDK that was installed."""
    environment = {
        **clean,
        "HOME": str(Path.home()),  # of Rust
        "PLASMITE_BUILD_BASE": str(tmp_path / "base"),
    }
    if given == "an installed SDK":
        sdk, library = tmp_path / "sdk", Path(os.environ.get("PLASMITE_LIB_DIR", CLONE / "target" / "release"))
        for directory, files in {
            "include": [CLONE / "include" / "plasmite.h"],
            "lib": [library / "libplasmite.so"],
            "bin": [library / "plasmite", library / "pls"],
        }.items():
            (sdk / directory).mkdir(parents=True)
            for file in files:
                shutil.copy(file, sdk / directory)
        environment["PLASMITE_SDK_DIR"] = str(sdk)
        environment["PATH"] = ":".join(
            entry for entry in clean["PATH"].split(":") if not (Path(entry) / "cargo").exists()
        )
    done(environment, tmp_path, sys.executable, "-m", "venv", "env")
    programs = tmp_path / "env" / "bin"
    done(environment, tmp_path, programs / "pip", "install", "--quiet", "--disable-pip-version-check", PROJECT)
    use({**environment, "HOME": clean["HOME"]}, tmp_path, programs)
