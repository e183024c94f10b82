#!/usr/bin/env python3
"""The server of one run of a manifest: server.py start_server|stop_server INPUT

The steps of those names run this; the suite itself calls `prepare`, `start` and `stop`. What is known of the server lies in the
file that PLASMITE_CONFORMANCE_SERVER_STATE names, since each start and stop may come from another process.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 30  # seconds; hangs only


def prepare(program, pools, place):
    """Takes an address for the server of the directory `pools`: the environment of the runner, and the socket that holds the port.

    The socket is bound and never listens. While it is there nobody else is given the port, and connections are refused when
    the server is down; the server binds beside it, as both allow that (SO_REUSEADDR).
    """
    place.mkdir()
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    address = "127.0.0.1:{}".format(held.getsockname()[1])
    state = {"command": [str(program), "--dir", str(pools), "serve", "--bind", address], "pools": str(pools), "pid": None}
    (place / "state.json").write_text(json.dumps(state))
    environment = {
        "PLASMITE_CONFORMANCE_HOME": f"http://{address}",
        "PLASMITE_CONFORMANCE_SERVER": str(Path(__file__).resolve()),
        "PLASMITE_CONFORMANCE_SERVER_STATE": str(place / "state.json"),
    }
    return environment, held


def known(environment, pools):
    """What a manifest is told of the server, under the name `server`."""
    url = environment["PLASMITE_CONFORMANCE_HOME"]
    return {"url": url, "address": url.removeprefix("http://"), "dir": str(pools)}


def log(place):
    """What the server has said, over all its starts."""
    path = place / "log"
    return path.read_text(errors="replace") if path.exists() else ""


def start(path, args=()):
    """Starts the server, with more options; ends when it is ready."""
    state = json.loads(path.read_text())
    if state["pid"] is not None:
        raise SystemExit("the server is running already")
    ready = path.with_name("ready")
    with path.with_name("log").open("ab") as out:
        running = subprocess.Popen([*state["command"], *args], cwd=state["pools"], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   env={**os.environ, "PLASMITE_SERVE_READY_FILE": str(ready)})
    deadline = time.monotonic() + PATIENCE
    while not ready.exists():
        if running.poll() is not None or time.monotonic() > deadline:
            running.kill()
            raise SystemExit(f"the server does not start (status {running.wait()}): {log(path.parent)[-2000:]}")
        time.sleep(0.001)
    path.write_text(json.dumps({**state, "pid": running.pid}))
    return running


def stop(path, name="TERM"):
    """Ends the server by a signal, and waits for that."""
    state = json.loads(path.read_text())
    if state["pid"] is None:
        raise SystemExit("the server is not running")
    # Its parent may not have waited for it yet, so that its id is still its own.
    process = os.pidfd_open(state["pid"])
    signal.pidfd_send_signal(process, signal.Signals["SIG" + name])
    if not select.select([process], [], [], PATIENCE)[0]:
        raise SystemExit(f"the server does not end after {name}")
    path.write_text(json.dumps({**state, "pid": None}))
    path.with_name("ready").unlink(missing_ok=True)


def main():
    path = Path(os.environ["PLASMITE_CONFORMANCE_SERVER_STATE"])
    given = json.loads(sys.argv[2])
    if sys.argv[1] == "start_server":
        start(path, given.get("args", []))
    else:
        stop(path, given.get("signal", "TERM"))


if __name__ == "__main__":
    main()
