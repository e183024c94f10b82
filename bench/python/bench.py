"""Rows of the Python SDK; see bench/README.md. Started by run."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import peers
from plasmite import Client

BATCH = peers.BATCH
POOL_SIZE = 64 << 20


# On the clock, and of processor time, which other programs on the machine disturb less.
Figures: TypeAlias = tuple[float, float]
WALL, CPU = 0, 1


class CSide:
    """The program c_side, which runs in turns with us."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [os.environ["PLASMITE_BENCH_C"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, *command: object) -> Figures:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(*command, file=self.process.stdin, flush=True)
        wall, cpu = map(float, self.process.stdout.readline().split())
        return wall, cpu

    def close(self) -> None:
        self.process.communicate()


def timed(call: Callable[[], object]) -> Figures:
    """Nanoseconds on the clock and of this process's processor time."""
    start, cpu = time.perf_counter_ns(), time.process_time_ns()
    call()
    return float(time.perf_counter_ns() - start), float(time.process_time_ns() - cpu)


class Rows:
    """Nanoseconds a message, by what was measured, one figure a round."""

    def __init__(self) -> None:
        self.figures: dict[str, list[Figures]] = {}

    def add(self, name: str, took: Figures, count: int) -> None:
        self.figures.setdefault(name, []).append((took[WALL] / count, took[CPU] / count))

    def ratio(self, name: str, floors: list[str], clock: int) -> list[float]:
        """What a path takes divided by its floors, round by round."""
        return [
            took[clock] / sum(self.figures[floor][at][clock] for floor in floors)
            for at, took in enumerate(self.figures[name])
        ]

    def median(self, name: str, clock: int) -> float:
        return statistics.median(took[clock] for took in self.figures[name])


# Row, floors, bar: the ratio is to be at most that. A peer's row: at most 1, for we are to be faster than each.
RATIOS: list[tuple[str, list[str], float | None]] = [
    ("append_receipt", ["json encoder", "C append"], None),
    ("append", ["json encoder", "C append, echoed"], None),
    ("append_many, 64", ["json encoder", "C batch of 64"], 1.2),
    ("append_json", ["C append, echoed"], None),
    ("append_json_many, 64", ["C batch of 64"], None),
    ("tail, data", ["json decoder", "C next_json"], None),
    ("tail, seq", ["C next_json"], None),
    ("append_receipt", ["sqlite3 append"], 1.0),
    ("append_many, 64", ["sqlite3 append, 64"], 1.0),
    ("tail, data", ["sqlite3 read"], 1.0),
    ("append_receipt", ["redis-py append"], 1.0),
    ("append_many, 64", ["redis-py append, 64"], 1.0),
    ("tail, data", ["redis-py read"], 1.0),
    ("to another process", ["multiprocessing.Queue"], None),
]


def measure(directory: Path, rounds: int, count: int) -> Rows:
    c_side, rows = CSide(), Rows()
    c_side.ask("lines", directory / "lines")
    texts = (directory / "lines").read_bytes().splitlines()
    texts = [texts[at % len(texts)] for at in range(count)]
    values = [json.loads(text) for text in texts]
    pool = Client(directory).create_pool("python", POOL_SIZE)
    while pool.bounds().oldest in (None, 1):
        pool.append_many(values)  # until it is lapped: every page was touched
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

    paths: dict[str, Callable[[], object]] = {
        "json encoder": lambda: [encode(value).encode() for value in values],
        "json decoder": lambda: [json.loads(text) for text in texts],
        "append_receipt": lambda: [pool.append_receipt(value) for value in values],
        "append": lambda: [pool.append(value) for value in values],
        "append_many, 64": lambda: [pool.append_many(values[at : at + BATCH]) for at in range(0, count, BATCH)],
        "append_json": lambda: [pool.append_json(text, (), 0) for text in texts],
        "append_json_many, 64": lambda: [
            pool.append_json_many(texts[at : at + BATCH]) for at in range(0, count, BATCH)
        ],
        "tail, data": lambda: [message.data for message in pool.tail(max_messages=count)],
        "tail, seq": lambda: [message.seq for message in pool.tail(max_messages=count)],
    }
    commands = {
        "C append": "append",
        "C append, echoed": "append-echo",
        "C batch of 64": "append-batch",
        "C next_json": "read",
    }
    others = []
    for make in (peers.Sqlite, peers.Redis):
        try:
            others.append(make(directory))
        except FileNotFoundError as missing:
            print(f"{make.name}: not run: {missing}")
    try:
        assert [message.data for message in pool.tail(last=count, snapshot=True)] == values
        for peer in others:
            peer.append_many(values)
            assert peer.read(count) == values
        few = count // 8  # of what is slow
        for _ in range(rounds):
            for name, call in paths.items():
                rows.add(name, timed(call), count)
            for name, command in commands.items():
                rows.add(name, c_side.ask(command, count), count)
            for peer in others:
                rows.add(f"{peer.name} append", timed(lambda peer=peer: peer.append(values[:few])), few)
                rows.add(f"{peer.name} append, 64", timed(lambda peer=peer: peer.append_many(values)), count)
                rows.add(f"{peer.name} read", timed(lambda peer=peer: peer.read(count)), count)
            rows.add("to another process", (peers.plasmite_pass(pool, values) * 1e9, 0), count)
            rows.add("multiprocessing.Queue", (peers.queue_pass(values) * 1e9, 0), count)
    finally:
        for peer in others:
            peer.close()
        c_side.close()
    return rows


def table(rows: Rows) -> list[list[str]]:
    lines = [["path", "divided by", "ratio, median", "least to most", "bar", "", "path, ns", "floor, ns"]]
    for name, floors, bar in RATIOS:
        if not all(floor in rows.figures for floor in floors):
            continue
        # What others do for us, in a server or a child, only the clock tells.
        clock = WALL if floors[0].startswith(("redis", "multiprocessing")) else CPU
        ratios = rows.ratio(name, floors, clock)
        middle = statistics.median(ratios)
        verdict = "" if bar is None else "ok" if middle <= bar else "MISS"
        floor_ns = sum(rows.median(floor, clock) for floor in floors)
        lines.append(
            [
                name,
                " + ".join(floors),
                f"{middle:.2f}",
                f"{min(ratios):.2f} to {max(ratios):.2f}",
                "" if bar is None else f"<= {bar:.2f}",
                verdict,
                f"{rows.median(name, clock):.0f}",
                f"{floor_ns:.0f}",
            ]
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench/python/run")
    parser.add_argument("--rounds", type=int, default=9, help="how often each pair is measured")
    parser.add_argument("--messages", type=int, default=8192, help="how many messages a round, a multiple of 64")
    parser.add_argument("--markdown", type=Path, help="write the table there too")
    given = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows = measure(Path(os.environ["PLASMITE_BENCH_DIR"]), given.rounds, given.messages)
    lines = table(rows)
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    if given.markdown:
        rule = ["---"] * len(lines[0])
        given.markdown.write_text("".join(f"| {' | '.join(line)} |\n" for line in [lines[0], rule, *lines[1:]]))


if __name__ == "__main__":
    main()
