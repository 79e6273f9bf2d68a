"""Aim's repositories: RocksDB's files against RocksDB itself, and what is told of a repository that is damaged."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import struct
from pathlib import Path

import pytest

from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.aim_keys import ARRAY, OBJECT, OTHER, Value, path_of, tree_of, value_of
from runfolio.readers.checksums import masked_crc
from runfolio.readers.contract import Budget
from runfolio.readers.folder import Folder
from runfolio.readers.parse import parse
from runfolio.readers.rocksdb_files import Store, read_store
from runfolio.readers.snappy import Damaged, unpack_snappy
from support.inspected import CORPUS, claims_on

AIM = CORPUS / "aim"
FAST = "18f88ca961ee44fc8ff08a8a"
KILLED = "7f4e20f7a9ec4fdb9f9297ac"


def store_of(folder: Path) -> Store:
    return read_store(Folder(folder), Budget())


def truth(name: str) -> dict[bytes, bytes]:
    """What RocksDB 10.4 (by rocksdict) gave for the store that it wrote: 900 puts and deletes, flushed twice."""
    written = json.loads((AIM / "rocksdb" / f"{name}.json").read_text())
    return {bytes.fromhex(key): bytes.fromhex(value) for key, value in written.items()}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    shutil.copytree(AIM / "runs", tmp_path / "runs")
    return tmp_path / "runs"


def read(root: Path) -> tuple[dict[str, Recording], list[Problem]]:
    """Recordings by Aim's hash, and all problems; every run of a repository has one path."""
    recordings: dict[str, Recording] = {}
    problems: list[Problem] = []
    for claim in claims_on(root):
        if claim.reader == "aim":
            parsed = parse(root, claim, Budget())
            problems += parsed.problems
            for recording in parsed.recordings:
                recordings[recording.id] = recording
                problems += recording.problems
    return recordings, problems


# --- RocksDB -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["snappy", "none", "zlib"])
def test_every_key_has_the_value_that_rocksdb_gives(name: str) -> None:
    store = store_of(AIM / "rocksdb" / name)
    assert store.problems == []
    assert store.values == truth(name)


def test_blocks_packed_in_a_way_that_is_not_known_are_told() -> None:
    store = store_of(AIM / "rocksdb" / "zstd")
    assert {p.code for p in store.problems} == {"store-damaged"}
    assert "packed in a way (7) that is not known" in store.problems[0].message
    assert store.values == {}


@pytest.mark.parametrize("seed", range(40))
def test_damaged_files_cost_what_lies_there_and_never_invent_anything(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    folder = tmp_path / "store"
    shutil.copytree(AIM / "rocksdb" / "snappy", folder)
    file = rng.choice(sorted(folder.glob("*.sst")))
    data = bytearray(file.read_bytes())
    if rng.random() < 0.5:
        del data[rng.randrange(len(data)) :]
    else:
        for _ in range(rng.randrange(1, 9)):
            data[rng.randrange(len(data))] = rng.randrange(256)
    file.write_bytes(data)
    # With a file damaged an older value may show, or what was deleted; but always one that was written.
    written = b"".join(f.read_bytes() for f in sorted((AIM / "rocksdb" / "none").iterdir()))
    store = store_of(folder)
    assert all(key in truth("snappy") or value in written for key, value in store.values.items())
    assert store.values == truth("snappy") or store.problems


def varint(number: int) -> bytes:
    made = b""
    while number > 0x7F:
        made += bytes((number & 0x7F | 0x80,))
        number >>= 7
    return made + bytes((number,))


def log_of(*pairs: tuple[bytes, bytes], sequence: int = 1 << 40) -> bytes:
    """A write-ahead log that puts these values."""
    batch = struct.pack("<QI", sequence, len(pairs))
    for key, value in pairs:
        batch += b"\x01" + varint(len(key)) + key + varint(len(value)) + value
    log, at = b"", 0
    while at < len(batch):
        part = batch[at : at + 32_768 - len(log) % 32_768 - 7]
        first, last = at == 0, at + len(part) == len(batch)
        body = bytes(((1 if last else 2) if first else (4 if last else 3),)) + part
        log += struct.pack("<IH", masked_crc(body), len(part)) + body
        at += len(part)
    return log


def test_a_log_that_goes_over_many_blocks_is_put_together(tmp_path: Path) -> None:
    value = bytes(range(256)) * 400
    (tmp_path / "000004.log").write_bytes(log_of((b"key", value), (b"other", b"")) + bytes(100))
    store = store_of(tmp_path)
    assert store.values == {b"key": value, b"other": b""}
    assert store.problems == []


def test_a_log_cut_anywhere_gives_the_batches_before_the_cut(tmp_path: Path) -> None:
    one, two = log_of((b"a", b"1")), log_of((b"b", b"2"))
    for cut in range(len(one), len(one + two)):
        (tmp_path / "000004.log").write_bytes((one + two)[:cut])
        assert store_of(tmp_path).values == {b"a": b"1"}


def test_snappy_blocks_of_every_kind_of_element() -> None:
    assert unpack_snappy(b"\x05\x10hello") == b"hello"
    # A copy that overlaps what it makes: "ab" five times over.
    assert unpack_snappy(b"\x0a\x04ab\x11\x02") == b"ababababab"
    # A copy with an offset of two bytes, and a literal whose length has a byte of its own.
    assert unpack_snappy(b"\x46\xf0\x41" + b"x" * 66 + b"\x0e\x42\x00") == b"x" * 70
    for bad in (b"", b"\xff\xff\xff\xff\xff\x7f", b"\x05\x10hel", b"\x04\x11\x02", b"\x02\x10hello"):
        with pytest.raises(Damaged):
            unpack_snappy(bad)


# --- Aim's trees ---------------------------------------------------------------------------------------------------


def test_paths_and_values_are_those_of_aims_encoding() -> None:
    assert path_of(b"meta\xfe\xfe\x00\x00\x00\x00\x00\x00\x00\x05\xfeloss\xfe") == ("meta", 5, "loss")
    assert path_of(b"meta\xfe\xfe\x00\x01") is None
    assert path_of(b"no end") is None
    assert [value_of(d) for d in (b"\x00", b"\x01\x01", b"\x02" + b"\xff" * 8, b"\x04\xc3\xa9")] == [
        None,
        True,
        -1,
        "é",
    ]
    assert [value_of(d) for d in (b"", b"\x02\x01", b"\x05x", b"\x0fimage", b"\x06", b"\x07")] == [
        OTHER, OTHER, OTHER, OTHER, ARRAY, OBJECT,
    ]  # fmt: skip


def test_trees_have_their_lists_and_empty_containers() -> None:
    leaves: list[tuple[tuple[str | int, ...], Value]] = [
        ((), OBJECT),
        (("a",), ARRAY),
        (("a", 0), 1),
        (("a", 1), 2.5),
        (("b",), OBJECT),
        (("c", "d"), "x"),
    ]
    assert tree_of(leaves) == {"a": [1, 2.5], "b": {}, "c": {"d": "x"}}


# --- repositories --------------------------------------------------------------------------------------------------


def test_a_run_that_was_killed_is_running_and_has_all_its_points() -> None:
    recordings, _ = read(AIM / "runs")
    assert len(recordings) == 6
    killed = recordings[KILLED]
    assert (killed.status, killed.ended_us, killed.extra["active"]) == ("running", None, True)
    assert {m.name: len(m) for m in killed.metrics} == {
        'loss {"subset": "train"}': 3,
        'loss {"fold": 1, "subset": "val"}': 3,
        "int metric": 3,
        "val/top 1 acc": 3,
    }


def test_code_and_program_are_facts_and_the_environment_is_left_alone(repository: Path) -> None:
    at = b"meta\xfechunks\xfe" + FAST.encode() + b"\xfeattrs\xfe__system_params\xfe"
    pairs = (
        (at + b"env_variables\xfeTOKEN\xfe", b"\x04hidden"),
        (at + b"git_info\xfebranch\xfe", b"\x04main"),
        (at + b"git_info\xfecommit\xfehash\xfe", b"\x04" + b"a1" * 20),
        (at + b"arguments\xfe", b"\x06"),
        (at + b"arguments\xfe\xfe" + bytes(8) + b"\xfe", b"\x04train.py"),
        (at + b"arguments\xfe\xfe" + bytes(7) + b"\x01\xfe", b"\x04--lr=1"),
    )
    (repository / ".aim/meta/chunks" / FAST / "000099.log").write_bytes(log_of(*pairs))
    run = read(repository)[0][FAST]
    assert run.facts == {"git.branch": "main", "git.commit": "a1" * 20, "command": "train.py --lr=1"}
    assert "hidden" not in repr(run)


def test_points_keyed_by_their_step_are_those_of_the_first_layout(repository: Path) -> None:
    at = b"seqs\xfechunks\xfe" + FAST.encode() + b"\xfe\xfe" + bytes(8) + b"\xfeold\xfeval\xfe\xfe"
    pairs = [(at + step.to_bytes(8, "big") + b"\xfe", b"\x03" + struct.pack("<d", step / 4)) for step in (10, 2, 300)]
    (repository / ".aim/seqs/chunks" / FAST / "000099.log").write_bytes(log_of(*pairs))
    (old,) = [m for m in read(repository)[0][FAST].metrics if m.name.startswith("old")]
    assert (old.step.tolist(), old.value.tolist()) == ([2, 10, 300], [0.5, 2.5, 75.0])


def test_without_its_names_every_run_is_there_with_its_figures(repository: Path) -> None:
    (repository / ".aim" / "run_metadata.sqlite").unlink()
    recordings, problems = read(repository)
    assert len(recordings) == 6
    assert recordings[FAST].name is None
    assert len(recordings[FAST].metrics) == 4
    assert [p.code for p in problems] == ["names-missing"]


def test_without_its_stores_every_run_is_named_and_says_what_is_missing(repository: Path) -> None:
    shutil.rmtree(repository / ".aim" / "meta" / "chunks")
    recordings, problems = read(repository)
    assert recordings[FAST].name == "fast"
    assert recordings[FAST].params == ()
    assert {p.code for p in problems} == {"store-missing"}
    names = sorted(m.name for m in recordings[FAST].metrics)
    assert names[0].startswith("int metric (context ")


def test_a_damaged_store_costs_its_run_only(repository: Path) -> None:
    (file,) = (repository / ".aim/seqs/chunks" / FAST).glob("*.sst")
    file.write_bytes(file.read_bytes()[:-20])
    recordings, problems = read(repository)
    assert recordings[FAST].metrics == ()
    assert [p.code for p in problems] == ["store-damaged"]
    assert FAST in problems[0].path
    assert len(recordings[KILLED].metrics) == 4


def test_names_in_a_damaged_database_are_told(repository: Path) -> None:
    (repository / ".aim" / "run_metadata.sqlite").write_bytes(b"no database")
    recordings, problems = read(repository)
    assert len(recordings) == 6
    assert [p.code for p in problems] == ["names-unreadable"]


def test_old_tables_without_newer_columns_are_read(repository: Path) -> None:
    file = repository / ".aim" / "run_metadata.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("alter table run drop column finalized_at")
        connection.execute("drop table run_info")
    connection.close()
    recordings, problems = read(repository)
    assert recordings[FAST].name == "fast"
    assert problems == []


def test_a_renamed_repository_is_read_as_well(repository: Path) -> None:
    (repository / ".aim").rename(repository / "aim-of-kim")
    assert len(read(repository)[0]) == 6
