"""The programs of the README and the examples run."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import PROJECT, Run, Server

README = (PROJECT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

# As the product description has it.
SNIPPET = """from plasmite import Client, Durability
client = Client("./data")
pool = client.create_pool("events", 1024*1024)
pool.append_json(b'{"sensor": "temp", "value": 23.5}', [], Durability.FAST)
"""


def test_the_snippet_of_the_product_description(run: Run) -> None:
    assert BLOCKS[0] == SNIPPET
    run(SNIPPET)


# Programs that need each other have their names in the first line.
ALONE = [block for block in BLOCKS[1:] if not re.match(r"# \w+\.py\n", block)]
TOGETHER = {block.split("\n", 1)[0][2:]: block for block in BLOCKS[1:] if block not in ALONE}


def follow_gate(python: str | Path, environment: dict[str, str], directory: Path) -> None:
    """Runs the two programs of the gate."""
    assert set(TOGETHER) == {"deploy.py", "test_runner.py", "there.py"}
    for name in ("deploy.py", "test_runner.py"):
        (directory / name).write_text(TOGETHER[name])
    deploy = subprocess.Popen([python, "deploy.py"], cwd=directory, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        while deploy.poll() is None:
            # Said again until the gate, which starts at what is newest, has heard it.
            subprocess.run([python, "test_runner.py"], cwd=directory, env=environment, check=True, timeout=30)
        out, _ = deploy.communicate()
        assert (out, deploy.returncode) == ("deploying abc123\n", 0)
    finally:
        deploy.kill()


def test_servers_of_the_readme(tmp_path: Path, run: Run) -> None:
    server = Server(tmp_path)
    try:
        done = run(TOGETHER["there.py"].replace("http://localhost:9700", server.url))
        assert done.stdout == "1 {'sensor': 'temp', 'value': 23.5}\n"
    finally:
        server.stop()


@pytest.mark.parametrize("index", range(len(ALONE)))
def test_readme(run: Run, index: int) -> None:
    run(ALONE[index])


def test_gate_of_the_readme(tmp_path: Path) -> None:
    follow_gate(sys.executable, {**os.environ, "HOME": str(tmp_path)}, tmp_path)


def test_readme_names_every_error() -> None:
    import plasmite

    for name in plasmite.__all__:
        if name.endswith("Error") and name != "NotFoundError":
            assert f"`{name}`" in README, name


def test_chat_example(tmp_path: Path) -> None:
    program = PROJECT / "examples" / "chat_async.py"
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=30, cwd=tmp_path)
    assert done.stdout == "alice: hello\nalice: how are you?\nalice: bye\n", done.stderr


def test_gate_example(tmp_path: Path) -> None:
    program, home = str(PROJECT / "examples" / "ci_gate.py"), {**os.environ, "HOME": str(tmp_path)}
    gate = subprocess.Popen([sys.executable, program, "wait"], env=home, stdout=subprocess.PIPE, text=True)
    pools = tmp_path / ".plasmite" / "pools"
    while not (pools / "ci.plasmite").is_file():
        time.sleep(0.01)
    while gate.poll() is None:
        # Said again until the gate, which starts at what is newest, has heard it.
        subprocess.run([sys.executable, program, "report", "abc"], env=home, check=True)
    out, _ = gate.communicate(timeout=30)
    assert (out, gate.returncode) == ("green: abc\n", 0)


def test_producer_and_follower_examples(tmp_path: Path) -> None:
    home = {**os.environ, "HOME": str(tmp_path)}
    follower, producer = (
        subprocess.Popen(
            [sys.executable, str(PROJECT / "examples" / f"{name}.py"), "p"],
            env=home,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("follower", "producer")
    )
    assert follower.stdout is not None
    assert "'sensor': 'temp'" in follower.stdout.readline()
    for process in (follower, producer):
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 130
