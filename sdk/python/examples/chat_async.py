"""asyncio: two tasks share an event loop, one appends, the other follows: python examples/chat_async.py."""

import asyncio
import tempfile

from plasmite import Client, Pool


async def say(pool: Pool) -> None:
    for text in ("hello", "how are you?", "bye"):
        pool.append({"from": "alice", "msg": text})
        await asyncio.sleep(0.1)


async def listen(pool: Pool) -> None:
    async with pool.tail_async() as tail:
        async for message in tail:
            print(f"{message.data['from']}: {message.data['msg']}")
            if message.data["msg"] == "bye":
                return


async def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        pool = Client(directory).create_pool("chat")
        await asyncio.gather(say(pool), listen(pool))


if __name__ == "__main__":
    asyncio.run(main())
