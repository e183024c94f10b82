"""A deploy waits for the tests to be green: python examples/ci_gate.py wait | report COMMIT.

`wait` exits with 0 when a message says green, and with 124 when none has come within ten minutes.
"""

import sys

from plasmite import Client


def wait() -> int:
    pool = Client().ensure_pool("ci")
    for message in pool.tail(from_now=True, where='.data.status == "green"', timeout_ms=600_000):
        print(f"green: {message.data['commit']}")
        return 0
    return 124


def report(commit: str) -> int:
    Client().ensure_pool("ci").append({"status": "green", "commit": commit})
    return 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["wait"]:
            sys.exit(wait())
        case ["report", commit]:
            sys.exit(report(commit))
        case _:
            sys.exit(__doc__)
