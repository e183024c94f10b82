"""Follows a pool from now on: python examples/follower.py [POOL]. Ctrl-C ends it."""

import sys

from plasmite import Client


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "sensors"
    with Client().ensure_pool(name) as pool, pool.tail(from_now=True, on_gap=print) as tail:
        for message in tail:
            print(message.seq, message.time.isoformat(), message.tags, message.data, flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
