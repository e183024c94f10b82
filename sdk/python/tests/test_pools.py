"""Clients and pools: create, open, list, delete, examine, convert, salvage."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
import stat
from pathlib import Path

import pytest
from conftest import CLONE, Run

import plasmite
from plasmite import Client, ErrorKind, Pool


def test_create_open_ensure(client: Client) -> None:
    with client.create_pool("a", 65536, index_capacity=16, file_mode=0o640) as made:
        assert made.created
        assert made.name == "a"
        info = made.info()
        assert (info.file_size, info.index_capacity, info.bounds.count) == (65536, 16, 0)
        assert info.bounds.oldest is None
        assert info.oldest_time is None
        assert stat.S_IMODE(os.stat(made.path).st_mode) == 0o640
        assert len(made.id) == 16 == len(info.id)
        assert made.is_current()
        assert made.generation == 0
    assert not client.open_pool("a").created
    assert not client.ensure_pool("a").created
    assert client.ensure_pool("b").created
    assert not client.pool("b").created
    assert client.pool("c").created
    with pytest.raises(plasmite.AlreadyExistsError) as already:
        client.create_pool("a")
    assert already.value.kind == ErrorKind.ALREADY_EXISTS
    with pytest.raises(FileExistsError):
        client.create_pool("a")


def test_default_sizes(client: Client) -> None:
    assert client.create_pool("a").info().file_size == plasmite.DEFAULT_POOL_SIZE == 1024 * 1024
    assert plasmite.DEFAULT_POOL_SIZE_BYTES == plasmite.DEFAULT_POOL_SIZE


def test_too_small(client: Client) -> None:
    with pytest.raises(plasmite.UsageError, match=r"\d+"):
        client.create_pool("a", 16)
    assert not client.pool_exists("a")


def test_paths(tmp_path: Path) -> None:
    client = Client(tmp_path)
    direct = client.create_pool(tmp_path / "elsewhere.plasmite")
    assert client.open_pool("elsewhere").id == direct.id
    assert client.pool_path("x") == str(tmp_path / "x.plasmite")
    assert client.pool_dir == str(tmp_path)
    assert Path(client.open_pool(str(tmp_path / "elsewhere.plasmite")).path).samefile(direct.path)


def test_path_object_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Client("pools").create_pool(Path("here.plasmite")).close()
    assert (tmp_path / "here.plasmite").is_file()


def test_default_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert plasmite.default_pool_dir() == str(tmp_path / ".plasmite" / "pools") == plasmite.DEFAULT_POOL_DIR
    Client().create_pool("a").close()
    assert (tmp_path / ".plasmite" / "pools" / "a.plasmite").is_file()
    monkeypatch.delenv("HOME")
    with pytest.raises(plasmite.UsageError):
        Client()


def test_read_only(client: Client, pool: Pool) -> None:
    pool.append(1)
    reader = client.open_pool("events", read_only=True)
    assert reader.read_only
    assert not pool.read_only
    assert reader[1].data == 1
    with pytest.raises(PermissionError) as refused:
        reader.append(2)
    assert isinstance(refused.value, plasmite.PermissionDeniedError)


def test_list_delete(client: Client) -> None:
    assert client.list_pools() == []
    for name in ("b", "a"):
        client.create_pool(name).close()
    Path(client.pool_dir, "c.plasmite").write_bytes(b"NOPE")
    entries = client.list_pools()
    assert [entry.name for entry in entries] == ["a", "b", "c"]
    assert entries[0].info is not None
    assert entries[0].info.file_size == 1024 * 1024
    assert entries[0].modified_ns
    assert entries[2].info is None
    assert isinstance(entries[2].error, plasmite.CorruptError)
    client.delete_pool("a")
    assert not client.pool_exists("a")
    with pytest.raises(FileNotFoundError) as missing:
        client.delete_pool("a")
    assert isinstance(missing.value, plasmite.PoolNotFoundError)
    assert missing.value.filename == missing.value.path
    with pytest.raises(plasmite.NotFoundError):
        client.pool_info("a")
    assert client.pool_info("b").bounds.count == 0


def test_deleted_under_a_handle(client: Client, pool: Pool) -> None:
    client.delete_pool("events")
    assert not pool.is_current()
    with pytest.raises(plasmite.NotFoundError):
        pool.append(1)


def test_validate(client: Client, pool: Pool) -> None:
    pool.append_many(range(100))
    report = client.validate("events")
    assert report.ok
    assert (report.bounds.count, report.last_good_seq, report.issues) == (100, 100, ())
    offset = pool.info().ring_offset + 100
    pool.close()
    with open(client.pool_path("events"), "r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 0xFF]))
    client.create_pool("fine").close()
    damaged, fine = client.validate_all()
    assert damaged.status == "corrupt"
    assert damaged.issue_count >= 1
    assert damaged.issues[0].code == "corrupt"
    assert damaged.issues[0].message
    assert damaged.issues[0].advice
    assert fine.ok
    with pytest.raises(plasmite.NotFoundError):
        client.validate("missing")


def test_migrate(client: Client, tmp_path: Path) -> None:
    old = sorted((CLONE / "core").rglob("*v3*.plasmite")) + sorted((CLONE / "conformance").rglob("v3*.plasmite"))
    if not old:
        pytest.skip("no pool of format 3 in this clone")
    Path(client.pool_dir).mkdir(parents=True, exist_ok=True)
    shutil.copy(old[0], Path(client.pool_dir) / "old.plasmite")
    made = client.migrate("old", "new")
    assert made.bounds.count == len(client.open_pool("new"))
    assert made.backup is None
    made = client.migrate("old")
    assert made.backup is not None
    assert Path(made.backup).is_file()
    with pytest.raises(plasmite.UsageError):
        client.migrate("new")


def damage(path: str, *texts: bytes) -> None:
    """Spoils these bytes of a file, each of which is there once."""
    content = Path(path).read_bytes()
    for text in texts:
        assert content.count(text) == 1
        content = content.replace(text, b"#" * len(text))
    Path(path).write_bytes(content)


def test_salvage(client: Client) -> None:
    pool = client.create_pool("damaged", 65536, file_mode=0o640)
    for n in range(1, 10):
        pool.append({"n": n, "text": f"message-{n}"}, [f"tag-{n}"])
    before = [message.raw for message in pool]
    pool.close()
    damage(client.pool_path("damaged"), b"message-4", b"message-6", b"message-7")
    kept = Path(client.pool_path("damaged")).read_bytes()
    brought = client.salvage("damaged", "rescued")
    assert brought == plasmite.Salvaged(
        bounds=plasmite.Bounds(1, 9, 6),
        lost=3,
        lost_ranges=2,
        ranges=(plasmite.Gap(4, 4, 1), plasmite.Gap(6, 7, 2)),
        size=65536,
    )
    assert Path(client.pool_path("damaged")).read_bytes() == kept
    with client.open_pool("rescued") as rescued:
        assert [message.raw for message in rescued] == [raw for n, raw in enumerate(before, 1) if n not in (4, 6, 7)]
        assert stat.S_IMODE(os.stat(rescued.path).st_mode) == 0o640
        assert rescued.append(1).seq == 10
    larger = client.salvage(
        Path(client.pool_path("damaged")), "larger", size_bytes=100_000, index_capacity=0, file_mode=0o600
    )
    assert larger.size == 100_000
    assert client.pool_info("larger").index_capacity == 0


def test_salvage_of_a_sound_pool(client: Client, pool: Pool) -> None:
    pool.append_many(range(10))
    pool.close()
    brought = client.salvage("events", "copy")
    assert (brought.bounds.count, brought.lost, brought.ranges) == (10, 0, ())


def test_salvage_refuses(client: Client, pool: Pool) -> None:
    pool.append(1)
    pool.close()
    client.create_pool("taken").close()
    with pytest.raises(FileNotFoundError):
        client.salvage("missing", "new")
    for taken in ("taken", "events"):
        with pytest.raises(plasmite.AlreadyExistsError):
            client.salvage("events", taken)
    with pytest.raises(plasmite.UsageError, match=r"\d+"):
        client.salvage("events", "new", size_bytes=100)
    Path(client.pool_dir, "none.plasmite").write_bytes(b"NOPE")
    with pytest.raises(plasmite.CorruptError) as beyond:
        client.salvage("none", "new")
    assert beyond.value.path == client.pool_path("none")
    assert not client.pool_exists("new")


def test_writers_and_warnings(client: Client, pool: Pool, run: Run) -> None:
    assert pool.writers() == 0
    pool.append_many(range(1, 21))
    assert (pool.writers(), pool.warnings()) == (1, [])
    reader = client.open_pool("events", read_only=True)
    assert reader.writers() == 1
    pool.close()
    assert reader.writers() == 0
    content = bytearray(Path(reader.path).read_bytes())
    info = reader.info()
    reader.close()
    at = info.index_offset
    content[at : at + info.index_size_bytes] = b"\xff" * info.index_size_bytes
    Path(info.path).write_bytes(content)
    with client.open_pool("events") as odd:
        assert odd[1].data == 1
        assert len(odd.warnings()) == 1
        assert "index" in odd.warnings()[0]
        other = run(
            """
            import sys
            from plasmite import Client
            pool = Client(sys.argv[1]).open_pool("events")
            pool.append(2)
            print(pool.writers())
            """,
            client.pool_dir,
        )
        assert other.stdout == "1\n"
        assert odd.writers() == 0


def test_pickled(client: Client, pool: Pool) -> None:
    pool.append({"a": 1})
    again = pickle.loads(pickle.dumps(pool))
    assert again.id == pool.id
    assert again[1] == pool[1]
    assert pickle.loads(pickle.dumps(client)).pool_dir == client.pool_dir
    with pytest.raises(TypeError):
        pickle.dumps(pool.tail())


def test_pickling_keeps_the_name(client: Client, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(pool.path)
    monkeypatch.chdir(path.parent)
    for opened in (pool, client.open_pool(path), client.open_pool(Path(path.name)), client.open_pool(f"./{path.name}")):
        pickled = pickle.dumps(opened)
        with monkeypatch.context() as elsewhere:
            elsewhere.chdir("/")
            again = pickle.loads(pickled)
        for same in (again, copy.copy(opened), pickle.loads(pickle.dumps(again))):
            assert (same.name, same.info().name, same.id) == (opened.name, opened.info().name, pool.id)
    assert copy.copy(pool).name == "events"


def test_shown(client: Client, pool: Pool) -> None:
    assert "events" in repr(pool)
    assert client.pool_dir in repr(client)
    pool.close()
    assert "closed" in repr(pool)
    assert pool.closed
