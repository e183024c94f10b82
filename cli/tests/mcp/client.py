"""An independent client of the Model Context Protocol against the programs: `client.py PLASMITE`.

The official Python SDK checks what it gets: the form of every message, and `structuredContent` against the output
schema of each tool. The same session runs over standard input and output and over HTTP.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

from mcp import ClientSession, McpError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamablehttp_client

PATIENCE = 30
TOOLS = ["pool_list", "pool_create", "pool_info", "pool_delete", "feed", "fetch", "read", "wait"]


def check(condition, *about):
    if not condition:
        raise AssertionError(about)


async def call(session, tool, **arguments):
    """Calls a tool that is to succeed."""
    result = await session.call_tool(f"plasmite_{tool}", arguments)
    check(not result.isError, tool, arguments, result)
    check(result.content[0].type == "text" and result.content[0].text, result)
    return result.structuredContent


async def refused(session, kind, tool, **arguments):
    """Calls a tool that is to fail in this way."""
    result = await session.call_tool(f"plasmite_{tool}", arguments)
    check(result.isError and result.structuredContent["error_kind"] == kind, tool, arguments, result)
    return result.structuredContent


async def talk(session, name):
    """Everything a client does, in one session."""
    hello = await session.initialize()
    check(hello.protocolVersion == "2025-11-25", hello)
    check(hello.serverInfo.name == "plasmite" and "plasmite_wait" in hello.instructions, hello)
    await session.send_ping()
    tools = (await session.list_tools()).tools
    check([tool.name for tool in tools] == [f"plasmite_{tool}" for tool in TOOLS], tools)
    check(all(tool.outputSchema and tool.annotations for tool in tools), tools)

    made = await call(session, "pool_create", name=name, size=1 << 20)
    check(made["pool"]["file_size"] == 1 << 20, made)
    await refused(session, "AlreadyExists", "pool_create", name=name)
    listed = await call(session, "pool_list")
    check(name in [pool["name"] for pool in listed["pools"]], listed)
    empty = await call(session, "read", pool=name)
    check(empty["messages"] == [] and empty["next_after_seq"] is None, empty)

    values = [{"n": 1, "big": 2**63}, [1, None], "é", None, 0.1, True]
    for seq, value in enumerate(values, 1):
        fed = await call(session, "feed", pool=name, data=value, tags=["odd" if seq % 2 else "even"])
        check(fed["message"]["seq"] == seq and fed["message"]["data"] == value, fed)
        check(await call(session, "fetch", pool=name, seq=seq) == fed, fed)
    batch = await call(session, "read", pool=name, tags=["odd"], count=2)
    check([message["seq"] for message in batch["messages"]] == [3, 5], batch)
    batch = await call(session, "read", pool=name, where=".data.n? == 1")
    check([message["seq"] for message in batch["messages"]] == [1], batch)
    batch = await call(session, "read", pool=name, after_seq=4)
    check(batch["next_after_seq"] == 6 and len(batch["messages"]) == 2, batch)
    info = await call(session, "pool_info", pool=name)
    check(info["pool"]["bounds"] == {"oldest": 1, "newest": 6}, info)

    field = (await refused(session, "Usage", "read", pool=name, since="5é"))["field"]
    check(field == "since", field)
    await refused(session, "NotFound", "fetch", pool=name, seq=99)
    await refused(session, "NotFound", "read", pool="no such pool")

    late = await call(session, "wait", pool=name, timeout_ms=20)
    check(late["timed_out"] and late["next_after_seq"] == 6, late)
    # Ten waits at once, and what they wait for afterwards.
    waits = [
        asyncio.create_task(call(session, "wait", pool=name, tags=[f"t{n}"], timeout_ms=25_000, after_seq=6))
        for n in range(10)
    ]
    await session.send_ping()
    for n in reversed(range(10)):
        await call(session, "feed", pool=name, data=n, tags=[f"t{n}"])
    for n, batch in enumerate(await asyncio.gather(*waits)):
        check([message["data"] for message in batch["messages"]] == [n], batch)
        check(not batch["timed_out"], batch)

    resources = (await session.list_resources()).resources
    uris = {resource.name: resource.uri for resource in resources}
    read = await session.read_resource(uris[name])
    newest = json.loads(read.contents[0].text)
    check(newest["newest_available_seq"] == 16 and len(newest["messages"]) == 16, newest)
    for uri, code in [("plasmite:///pools/none", -32000), ("plasmite:///pools/a/b", -32602)]:
        try:
            await session.read_resource(uri)
        except McpError as error:
            check(error.error.code == code, error.error)
        else:
            raise AssertionError(f"{uri} was read")
    try:
        await session.list_prompts()
    except McpError as error:
        check(error.error.code == -32601, error.error)
    else:
        raise AssertionError("there are prompts")

    gone = await call(session, "pool_delete", pool=name)
    check(gone == {"deleted": {"pool": name}}, gone)


async def over_stdio(program, directory):
    server = StdioServerParameters(command=program, args=["--dir", directory, "mcp"], env=dict(os.environ))
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await talk(session, "lab one")


@asynccontextmanager
async def serving(program, directory, *options):
    ready = Path(directory) / "ready"
    server = subprocess.Popen(
        [program, "--dir", directory, "serve", "--bind", "127.0.0.1:0", *options],
        env={**os.environ, "PLASMITE_SERVE_READY_FILE": str(ready)},
        stderr=subprocess.DEVNULL,
    )
    try:
        while not ready.exists() or not ready.read_text():
            check(server.poll() is None, "the server ended")
            await asyncio.sleep(0.005)
        yield f"http://{ready.read_text()}/mcp"
    finally:
        server.terminate()
        check(server.wait() == 0, "the server's end")


async def over_http(program, directory):
    headers = {"authorization": "Bearer secret"}
    async with serving(program, directory, "--token", "secret") as url:
        async with streamablehttp_client(url, headers=headers) as (read, write, session_id):
            async with ClientSession(read, write) as session:
                await talk(session, "lab two")
                check(session_id() is None, "there are no sessions")


async def main(program):
    for transport in (over_stdio, over_http):
        with tempfile.TemporaryDirectory() as directory:
            await asyncio.wait_for(transport(program, directory), PATIENCE)
        print(f"{transport.__name__}: ok")


if len(sys.argv) != 2:
    sys.exit("usage: client.py PLASMITE")
asyncio.run(main(os.path.abspath(sys.argv[1])))
