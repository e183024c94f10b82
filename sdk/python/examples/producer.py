"""Appends a message now and then: python examples/producer.py [POOL]."""

import random
import sys
import time

from plasmite import Client


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "sensors"
    with Client().ensure_pool(name) as pool:
        while True:
            message = pool.append({"sensor": "temp", "value": round(random.uniform(18, 26), 1)}, tags=["lab"])
            print(f"stored {message.seq}")
            time.sleep(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
