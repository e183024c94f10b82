"""A worker of the soak in Python: worker.py ROLE DIR POOL WRITER SPREAD N. See worker.c."""

import json
import os
import sys
import time

from plasmite import Client

BATCH = 3
MASK = 0xFFFFFFFF


def message(writer: int, n: int, spread: int) -> bytes:
    state = (writer * 0x9E3779B1 + n * 0x85EBCA77) & MASK
    state = (state * 1664525 + 1013904223) & MASK
    length = 30 + (state >> 8) % spread
    text = f'{{"w":{writer},"n":{n},"p":"'
    padding = []
    for _ in range(length - len(text)):
        state = (state * 1664525 + 1013904223) & MASK
        padding.append(chr(97 + (state >> 8) % 26))
    return (text + "".join(padding) + '"}').encode()


def say(line: str) -> None:
    os.write(1, line.encode())


def main(role: str, directory: str, name: str, writer: int, spread: int, n: int) -> None:
    pool = Client(directory).open_pool(name)
    if role == "read":
        tail = pool.tail(on_gap=lambda gap: say(f"g {gap.first} {gap.last} {pool.bounds().oldest or 0}\n"))
        say("r\n")
        for found in tail:
            say(f"m {found.seq} {json.dumps(found.data, separators=(',', ':'))}\n")
        return
    say("r\n")
    count = BATCH if role == "batch" else 1
    while True:
        texts = [message(writer, n + index, spread) for index in range(count)]
        begin = time.monotonic_ns()
        if count == 1:
            seq = pool.append_json_receipt(texts[0]).seq
        else:
            seq = pool.append_json_many(texts)[0]
        say(f"a {n} {seq} {count} {begin} {time.monotonic_ns()}\n")
        n += count


main(*sys.argv[1:4], *map(int, sys.argv[4:7]))
