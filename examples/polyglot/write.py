"""Python writes: five readings from a sensor, with tags: write.py DIRECTORY."""

import sys
import time

from plasmite import Client

with Client(sys.argv[1]).ensure_pool("readings") as pool:
    for number, value in enumerate((21.5, 21.7, 30.9, 22.0, 31.4), start=1):
        tags = ["alarm"] if value > 30 else []
        message = pool.append({"sensor": "boiler", "number": number, "celsius": value}, tags=tags)
        print(f"python  wrote   {message.seq}: {value} °C", flush=True)
        time.sleep(0.2)
