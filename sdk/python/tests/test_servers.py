"""Pools of a server, by address: what works here works there."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import PROGRAM, Interrupt, InterruptMain, Run, Server, writer_lock
from test_shared_streams import is_held

import plasmite
from plasmite import Client, EndReason, Gap, Pool

Start = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    servers: list[Server] = []

    def start(*options: str, scheme: str = "http") -> Server:
        directory = tmp_path / f"server{len(servers)}"
        directory.mkdir()
        servers.append(Server(directory, *options, scheme=scheme))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def server(start: Start) -> Server:
    return start()


@pytest.fixture
def there(server: Server) -> Client:
    return Client(server.url)


@pytest.fixture
def events(there: Client) -> Pool:
    return there.create_pool("events")


def test_pools_are_made_listed_and_deleted(server: Server, there: Client) -> None:
    here = Client(server.pools)
    assert there.list_pools() == []
    pool = there.create_pool("lab", 65536)
    assert isinstance(pool, Pool)
    assert pool.created
    assert not pool.read_only
    assert (pool.name, pool.path) == ("lab", f"{server.url}/lab")
    assert there.pool_dir == server.url
    assert repr(there) == f"<plasmite.Client {server.url!r}>"
    near = here.open_pool("lab")
    assert pool.id == near.id
    assert pool.generation == near.generation
    pool.append(1)
    assert pool.bounds() == near.bounds()
    assert len(pool) == 1
    assert 1 in pool
    assert pool.info().ring_size == near.info().ring_size == there.pool_info("lab").ring_size
    assert pool.warnings() == []
    assert pool.is_current()
    assert pool.writers() >= 1
    with pytest.raises(FileExistsError):
        there.create_pool("lab")
    with pytest.raises(plasmite.UsageError):
        there.create_pool("tiny", 1)
    assert not there.ensure_pool("lab").created
    assert there.pool("other").created
    assert there.pool_exists("lab")
    assert not there.pool_exists("none")
    assert [entry.name for entry in there.list_pools()] == ["lab", "other"]
    listed = there.list_pools()[0]
    assert listed.info is not None
    assert listed.info.bounds.count == 1
    with pytest.raises(FileNotFoundError):
        there.open_pool("none")
    there.delete_pool("lab")
    with pytest.raises(plasmite.PoolNotFoundError):
        pool.append(2)
    assert not pool.is_current()
    assert not near.is_current()


def test_an_address_works_where_a_name_does(server: Server, client: Client, events: Pool) -> None:
    url = f"{server.url}/events"
    with client.open_pool(url) as pool:
        assert pool.append("x", ["a"]) == events[1]
    assert client.pool_exists(url)
    assert client.pool_info(url).bounds.count == 1
    assert client.create_pool(f"{server.url}/more", 65536).info().file_size == 65536
    client.delete_pool(f"{server.url}/more")
    for bad in ("ftp://h/p", "http://h", "http://u:p@h/p", "http://h/a/b"):
        with pytest.raises(plasmite.UsageError):
            client.open_pool(bad)


def test_appends_and_reads(server: Server, there: Client, events: Pool) -> None:
    near = Client(server.pools).open_pool("events")
    values: list[Any] = [None, True, 1.5, 2**64 - 1, "é\0", [1, [2]], {"z": 1, "a": {"b": None}}]
    for value in values:
        message = events.append(value, tags=["a", "b c"])
        assert message.data == value
        assert message.tags == ["a", "b c"]
        assert near.get_json(message.seq) == events.get_json(message.seq) == message.raw
    assert events.append_json(b"[1]", [], "flush") == near.get_json(8)
    receipt = events.append_receipt({"n": 1}, expect_newest=8)
    assert receipt.seq == 9
    assert near[9].timestamp_ns == receipt.timestamp_ns
    with pytest.raises(FileExistsError):
        events.append_receipt(1, expect_newest=3)
    items = [1, plasmite.BatchItem({"n": 2}, ["own"])]
    assert events.append_many(items, tags=["all"]) == range(10, 12)
    assert near[11].tags == ["all", "own"]
    assert events.append_json_many([b"1", b"2"]) == range(12, 14)
    document = near.get_lite3(9).payload
    assert events.append_lite3(document, 0) == 14
    assert events.get_lite3(14).payload == document
    events.flush()
    assert [message.seq for message in events] == list(range(1, 15))
    assert events.append(1, ["a\0b"]).tags == near[15].tags == ["a\0b"]
    assert [message.seq for message in events.tail(tags=["a\0b"], snapshot=True)] == [15]
    assert events[14].data == {"n": 1}
    assert [message.seq for message in events.range(3, 5, backwards=True)] == [5, 4, 3]
    assert events.get_view(9, copy=True).data == {"n": 1}
    with pytest.raises(KeyError) as missing:
        events[99]
    assert missing.value.seq == 99  # type: ignore[attr-defined]
    with pytest.raises(plasmite.UsageError) as bad:
        events.append_json(b"{", [], 0)
    assert bad.value.offset == 1
    assert not bad.value.too_large
    with pytest.raises(plasmite.UsageError) as large:
        there.create_pool("small", 65536).append("x" * 100_000)
    assert large.value.too_large
    assert pickle.loads(pickle.dumps(large.value)).too_large


def test_what_needs_the_file_is_usage(there: Client, events: Pool, client: Client, server: Server) -> None:
    events.append(1)
    calls: list[Callable[[], object]] = [
        lambda: events.get_view(1),
        lambda: events.tail_views(),
        lambda: there.pool_path("events"),
        lambda: there.validate("events"),
        lambda: there.validate_all(),
        lambda: client.validate(f"{server.url}/events"),
        lambda: there.migrate("events"),
        lambda: there.salvage("events", "new"),
    ]
    for call in calls:
        with pytest.raises(plasmite.UsageError):
            call()


def test_tails(events: Pool) -> None:
    events.append_many(plasmite.BatchItem({"n": n}, ["odd" if n % 2 else "even"]) for n in range(1, 11))

    def seqs(**options: Any) -> list[int]:
        return [message.seq for message in events.tail(**{"snapshot": True, **options})]

    assert seqs() == list(range(1, 11))
    assert seqs(since_seq=8) == [8, 9, 10]
    assert seqs(last=2) == [9, 10]
    assert seqs(last=0) == []
    assert seqs(from_now=True) == []
    assert seqs(tags=["odd"]) == [1, 3, 5, 7, 9]
    assert seqs(tags=["odd"], last=2) == [7, 9]
    assert seqs(where=".data.n > 7") == [8, 9, 10]
    assert seqs(max_messages=2, snapshot=False) == [1, 2]
    assert seqs(since_time=events[6].timestamp_ns)[-1] == 10
    assert seqs(backwards=True, last=3) == [10, 9, 8]
    with events.open_stream() as stream:
        assert stream.next_json() == events.get_json(1)
        token = stream.token()
        stream.seek(9)
        assert [m.seq for m in (stream.next_message(), stream.next_message()) if m] == [9, 10]
    assert seqs(token=token)[0] == 2
    with events.open_lite3_stream(10) as lite3:
        frame = lite3.next()
        assert frame is not None
        assert frame == events.get_lite3(10)
    assert [m.seq for m in events.replay(float("inf"), snapshot=True)] == list(range(1, 11))


def test_a_tail_waits_and_is_cancelled(events: Pool) -> None:
    tail = events.tail(from_now=True)
    with pytest.raises(TimeoutError):
        tail.next_message(wait_ms=10)
    threading.Timer(0.05, events.append, [{"late": True}]).start()
    assert next(tail).data == {"late": True}
    threading.Timer(0.05, tail.cancel).start()
    assert list(tail) == []
    assert tail.end_reason == EndReason.CANCELLED
    short = events.tail(from_now=True, timeout_ms=20)
    assert list(short) == []
    assert short.end_reason == EndReason.DEADLINE


def test_gaps(there: Client) -> None:
    pool = there.create_pool("small", 65536)
    for _ in range(20):
        pool.append_many(["x" * 500] * 10)
    oldest = pool.bounds().oldest
    assert oldest is not None
    assert oldest > 1
    gaps: list[Gap] = []
    assert next(pool.tail(1, on_gap=gaps.append)).seq == oldest
    assert gaps == [Gap(1, oldest - 1, oldest - 1)]
    with pytest.raises(plasmite.RetentionGapError) as gap:
        next(pool.tail(1, error_on_gap=True))
    assert gap.value.seq == 1


def test_tokens(start: Start, tmp_path: Path, client: Client) -> None:
    file = tmp_path / "token"
    file.write_text("s3cret\n")
    file.chmod(0o600)
    server = start("--token-file", str(file))
    for wrong in (Client(server.url), Client(server.url, token="guess")):
        with pytest.raises(PermissionError):
            wrong.list_pools()
        with pytest.raises(plasmite.PermissionDeniedError):
            wrong.create_pool("p")
    for right in (Client(server.url, token="s3cret"), Client(server.url, token_file=file)):
        assert "s3cret" not in repr(right) + str(vars(right)) + repr(right.ensure_pool("p"))
        right.ensure_pool("p").append(1)
    assert len(Client(tmp_path, token="s3cret").open_pool(f"{server.url}/p")) == 2
    # A token goes nowhere by pickling; the name of its file does.
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(Client(server.url, token="s3cret"))
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(Client(server.url, token="s3cret").open_pool("p"))
    copy = pickle.loads(pickle.dumps(Client(server.url, token_file=file).open_pool("p")))
    assert copy.path == f"{server.url}/p"
    assert len(copy) == 2
    assert len(pickle.loads(pickle.dumps(Client(server.url, token_file=file))).list_pools()) == 1
    # A pool that is here needs none.
    near = Client(server.pools, token="s3cret").open_pool("p")
    assert len(pickle.loads(pickle.dumps(near))) == 2
    # Over plain HTTP a token goes to this machine alone.
    with pytest.raises(plasmite.PlasmiteError) as refused:
        Client("http://192.0.2.1:9700", token="s3cret", request_timeout=0.2).list_pools()
    assert "token" in str(refused.value)
    assert "s3cret" not in str(refused.value)
    for bad in ({"token": "a", "token_file": file}, {"tls_ca_file": file, "tls_skip_verify": True}, {"token": "a\0b"}):
        with pytest.raises(ValueError) as error:
            Client(server.url, **bad)  # type: ignore[arg-type]
        assert "a\0b" not in str(error.value)
    with pytest.raises(FileNotFoundError):
        Client(server.url, token_file=tmp_path / "none")
    for worse in ({"token": 1}, {"request_timeout": "1"}, {"tls_ca_file": 3.5}):
        with pytest.raises(TypeError):
            Client(server.url, **worse)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="request_timeout"):
        Client(server.url, request_timeout=0)


def test_tls(start: Start, tmp_path: Path) -> None:
    made = tmp_path / "made"
    subprocess.run([PROGRAM, "serve", "init", "--output-dir", made], check=True, capture_output=True)
    token, certificate = made / "plasmite-auth-token.txt", made / "plasmite-tls-cert.pem"
    server = start(
        *("--token-file", str(token), "--tls-cert", str(certificate), "--tls-key", str(made / "plasmite-tls-key.pem")),
        scheme="https",
    )
    with Client(server.url, token_file=token, tls_ca_file=certificate).ensure_pool("p") as pool:
        assert pool.append("over TLS").seq == 1
        assert next(pool.tail()).data == "over TLS"
    assert len(Client(server.url, token_file=token, tls_skip_verify=True).open_pool("p")) == 1
    with pytest.raises(plasmite.IoError, match="certificate") as untrusted:
        Client(server.url, token_file=token).open_pool("p")
    assert not untrusted.value.maybe_written


def test_no_server_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(OSError) as error:
            Client(address).open_pool("p")
        assert isinstance(error.value, plasmite.IoError)
        assert error.value.hint
        assert not error.value.maybe_written


def test_a_server_that_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(plasmite.IoError):
            Client(address, request_timeout=0.1).list_pools()


def test_ctrl_c_during_a_request(run: Run) -> None:
    """The main thread hears it although the server never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = run(
            """
            import os, signal, sys, threading
            import plasmite

            client = plasmite.Client(sys.argv[1])
            threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
            try:
                client.open_pool("p")
            except KeyboardInterrupt:
                print("interrupted")
            """,
            f"http://127.0.0.1:{silent.getsockname()[1]}",
        )
        assert done.stdout == "interrupted\n"


def test_waiting_for_the_writer_lock_is_one_request(server: Server, events: Pool) -> None:
    near = Client(server.pools).open_pool("events")
    appends: list[Callable[[int], object]] = [
        lambda wait: events.append_receipt(1, lock_wait_ms=wait),
        lambda wait: events.append_many([1, 2], lock_wait_ms=wait),
    ]
    with writer_lock(near):
        for append in appends:
            for wait in (0, 250):
                before = appended(server)
                with pytest.raises(plasmite.BusyError) as busy:
                    append(wait)
                assert not busy.value.maybe_written
                assert appended(server) == before + 1
        late = threading.Thread(target=events.append_receipt, args=[1], kwargs={"lock_wait_ms": None})
        late.start()
        time.sleep(0.05)
    late.join()
    assert len(near) == 1


def appended(server: Server) -> int:
    """How many requests to append the server has answered."""
    with urllib.request.urlopen(f"{server.url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    totals = [line for line in lines if line.startswith("plasmite_http_requests_total") and "append" in line]
    return sum(int(line.split()[-1]) for line in totals)


def test_asyncio(server: Server, events: Pool) -> None:
    async def main() -> list[Any]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.005)

        ticking = asyncio.create_task(tick())
        found = []
        async with events.tail_async(from_now=True, max_messages=2) as tail:
            with pytest.raises(TimeoutError):
                await tail.next_message(wait_ms=20)
            waiting = asyncio.create_task(tail.next_message())
            before = ticks
            while ticks < before + 10:
                await asyncio.sleep(0.001)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            for n in (1, 2):
                await asyncio.to_thread(events.append, {"n": n})
            async for message in tail:
                found.append(message.data)
            assert tail.stats().delivered == 2
        assert tail.end_reason == EndReason.END
        ticking.cancel()
        waiting = asyncio.create_task(events.tail_async(from_now=True).next_message())
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        early = events.tail_async()
        early.cancel()
        assert [message async for message in early] == []
        assert early.end_reason == EndReason.CANCELLED
        unopened = events.tail_async()
        await unopened.aclose()
        assert [message async for message in unopened] == []
        assert [m.data async for m in events.replay_async(float("inf"), snapshot=True)] == found
        assert len([frame async for frame in events.lite3_tail_async(snapshot=True)]) == 2
        Client(server.url).delete_pool("events")
        with pytest.raises(FileNotFoundError):
            await events.tail_async().next_message()
        return found

    assert asyncio.run(main()) == [{"n": 1}, {"n": 2}]


def test_threads_and_processes(server: Server, events: Pool) -> None:
    threads = [threading.Thread(target=events.append_many, args=[range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(events) == 200
    for method in ("fork", "spawn"):
        process = multiprocessing.get_context(method).Process(target=events.append, args=(method,))
        process.start()
        process.join(30)
        assert process.exitcode == 0
    assert [message.data for message in events.tail(201, snapshot=True)] == ["fork", "spawn"]


def test_a_server_that_comes_back(start: Start, tmp_path: Path) -> None:
    # On an address of its own, so that nobody takes the port between the two servers.
    pid = os.getpid()
    host = f"127.{pid >> 16 & 127 | 128}.{pid >> 8 & 255}.{pid & 127 | 1}"
    with socket.socket() as free:
        free.bind((host, 0))
        address = f"{host}:{free.getsockname()[1]}"
    directory = tmp_path / "again"
    directory.mkdir()
    first = Server(directory, bind=address)
    pool = Client(first.url).create_pool("events")
    pool.append(1)
    tail = pool.tail()
    assert next(tail).data == 1
    first.process.send_signal(signal.SIGTERM)
    first.process.wait(30)
    (directory / "ready").unlink()
    second = Server(directory, bind=address)
    try:
        Client(second.pools).open_pool("events").append(2)
        assert next(tail).data == 2
        assert len(pool) == 2
    finally:
        first.stop()
        second.stop()


def test_the_library_says_so() -> None:
    assert plasmite.has_feature("remote")


def test_a_signal_ends_the_search_for_a_token_of_a_silent_server(
    server: Server, events: Pool, interrupt_main: InterruptMain
) -> None:
    Client(server.pools).open_pool("events").append_many(range(1500))
    # About a millisecond for each message.
    where = "(.data + ([range(10000)] | length) - 10000) | . == 0 or . == 1"
    stream = events.open_stream(last=2, where=where)
    server.process.send_signal(signal.SIGSTOP)
    held: list[bool] = []

    def is_asked_for() -> bool:
        """For some time, so that the call waits."""
        held.append(is_held(stream._lock))
        return held[-20:] == [True] * 20

    try:
        for _ in range(2):
            held.clear()
            with pytest.raises(Interrupt), interrupt_main(is_asked_for):
                stream.token()
        with pytest.raises(TimeoutError):
            stream.next_json(1)
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert stream.token().endswith(".1")
    first = stream.next_message()
    assert first
    assert first.data == 0
