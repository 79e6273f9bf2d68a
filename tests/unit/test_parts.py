"""Folders that hold more than should lie in memory come in parts, and are in the index as if they had come whole."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing import parent_process
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

import pytest

from runfolio.errors import FolderUnreadable
from runfolio.index.database import Database
from runfolio.index.frames import joined, pack
from runfolio.index.inspect import inspect_with
from runfolio.index.pipeline import Indexer
from runfolio.index.writer import Writer
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim
from runfolio.readers.parse import Parsed, parse, parse_parts
from runfolio.readers.pool import Limits, ParsePool
from runfolio.readers.spool import Spool
from support.inspected import claims_on

T = TypeVar("T")

RUNS = 4_600
"""Enough for two parts, with little in each."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("store")
    database = sqlite3.connect(root / "mlflow.db")
    database.executescript(
        """create table experiments(experiment_id integer primary key, name text);
           create table runs(run_uuid text primary key, name text, status text, start_time bigint, end_time bigint,
                             experiment_id integer);
           create table params(key text, value text, run_uuid text);
           create table metrics(key text, value double, timestamp bigint, run_uuid text, step bigint, is_nan boolean);
           create index index_metrics_run_uuid on metrics (run_uuid);
           insert into experiments values (1, 'beans');"""
    )
    ids = [f"{n * 7919 % RUNS:032x}" for n in range(RUNS)]
    rows = [(run, f"run {n}", 1_700_000_000_000 + n) for n, run in enumerate(ids)]
    database.executemany("insert into runs values (?, ?, 'FINISHED', ?, 1700000060000, 1)", rows)
    database.executemany("insert into params values ('seed', ?, ?)", [(str(n), run) for n, run in enumerate(ids)])
    metrics = [(n / 8, 1_700_000_000_000 + s, run, s) for n, run in enumerate(ids) for s in range(2)]
    database.executemany("insert into metrics values ('loss', ?, ?, ?, ?, 0)", metrics)
    database.commit()
    database.close()
    return root


def claim_of(root: Path) -> Claim:
    (claim,) = claims_on(root)
    return claim


def content(recording: Recording) -> tuple[object, ...]:
    metrics = [(m.name, m.step.tolist(), m.value.tolist(), m.wall_time_us.tolist()) for m in recording.metrics]
    return (recording.id, recording.params, metrics)


def test_the_parts_of_a_folder_are_together_what_it_is(store: Path) -> None:
    claim = claim_of(store)
    whole = parse(store, claim, Budget())
    parts = [*parse_parts(store, claim, Budget(), rows_at_once=40_000)]
    assert len(parts) > 5
    assert [content(r) for part in parts for r in part.recordings] == [*map(content, whole.recordings)]
    assert [p for part in parts for p in part.problems] == [*whole.problems]
    assert [part.is_first for part in parts] == [True] + [False] * (len(parts) - 1)
    assert [part.is_last for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1].fingerprint == whole.fingerprint
    assert [(r.name, r.params[0].text, r.metrics[0].value.tolist()) for r in whole.recordings[:3]] == [
        ("run 0", "0", [0.0, 0.0]),
        ("run 1", "1", [0.125, 0.125]),
        ("run 2", "2", [0.25, 0.25]),
    ]


def test_a_worker_hands_over_parts_and_leaves_no_file(store: Path) -> None:
    claim = claim_of(store)
    with ParsePool(list[Parsed], Limits(workers=1)) as pool:
        place = pool.parts_folder
        found = [*pool.parse(store, [claim])]
        assert [*place.iterdir()] == []
    assert not place.exists()
    assert [claims for claims, _ in found] == [[], [claim]]
    assert sum(len(parsed.recordings) for _, batch in found for parsed in batch) == RUNS


def test_a_large_store_is_indexed_as_one_folder_and_replaced_as_one(store: Path, tmp_path: Path) -> None:
    database = Database.open(tmp_path / "index.duckdb")
    indexer = Indexer(database, Limits(workers=1))
    source = Writer(database).add_source(store)
    for _ in range(2):
        assert indexer.run([(source, store)], deep=True).read == 1
        found = database.rows("select count(*), count(distinct key), max(points) from runs")
        assert found == [(RUNS, RUNS, 2)]
        assert database.rows("select count(*) from units") == [(1,)]
        assert database.rows("select count(*) from points") == [(2 * RUNS,)]
    assert indexer.run([(source, store)]).unchanged == 1
    indexer.close()
    database.close()


def test_what_came_before_reading_was_stopped_is_replaced_and_not_doubled(store: Path, tmp_path: Path) -> None:
    database = Database.open(tmp_path / "index.duckdb")
    writer = Writer(database)
    source = writer.add_source(store)
    parts = [*parse_parts(store, claim_of(store), Budget(), rows_at_once=200_000)]
    writer.put_batch(source, pack(parts[:1]))
    assert writer.units(source) == {}  # so it is read again
    some = database.rows("select count(*) from recordings")[0][0]
    assert isinstance(some, int)
    assert 0 < some < RUNS
    writer.put_batch(source, joined([pack([part]) for part in parts]))
    assert database.rows("select count(*) from recordings") == [(RUNS,)]
    assert len(writer.units(source)) == 1
    database.close()


def packed_by_a_mortal(deaths: Path, most: int, then: Callable[[Sequence[Parsed]], T], parts: Sequence[Parsed]) -> T:
    """Ends the worker the first few times that it comes to a later part of a folder."""
    is_later = parent_process() is not None and any(not part.is_first for part in parts)
    if is_later and (died := deaths.stat().st_size) < most:
        deaths.write_bytes(b"x" * (died + 1))
        os._exit(9)
    return then(parts)


@contextmanager
def slow_indexer(database: Database, deaths: Path, most: int) -> Iterator[Indexer]:
    """One that writes at the end only, with workers that die so many times."""
    deaths.touch()
    with (
        patch("runfolio.index.pipeline.pack", partial(packed_by_a_mortal, deaths, most, pack)),
        patch("runfolio.index.pipeline._WRITE_S", 1000.0),
    ):
        indexer = Indexer(database, Limits(workers=1))
        indexer._written_at = time.monotonic()
        yield indexer
        indexer.close()


def with_plain_runs(store: Path, root: Path) -> Path:
    """A copy of the store with two other runs in it, so that they are read together."""
    root.mkdir()
    (root / "mlflow.db").hardlink_to(store / "mlflow.db")
    for name in ("a", "b"):
        (root / name).mkdir()
        (root / name / "params.json").write_text(f'{{"name": "{name}"}}')
        (root / name / "metrics.csv").write_text("step,loss\n0,0.5\n")
    return root


def test_a_folder_that_is_read_once_more_is_not_doubled(store: Path, tmp_path: Path) -> None:
    root = with_plain_runs(store, tmp_path / "tree")
    database = Database.open(tmp_path / "index.duckdb")
    source = Writer(database).add_source(root)
    with slow_indexer(database, tmp_path / "deaths", 1) as indexer:
        assert indexer.run([(source, root)]).read == 3
    assert (tmp_path / "deaths").stat().st_size == 1
    assert database.rows("select count(*), count(distinct tracker_id) from recordings") == [(RUNS + 2, RUNS + 2)]
    assert database.rows("select count(*) from points") == [(2 * RUNS + 2,)]
    assert database.rows("select count(*) from problems where severity = 'error'") == [(0,)]
    database.close()


def test_a_folder_that_is_read_once_more_is_inspected_once(store: Path, tmp_path: Path) -> None:
    root = with_plain_runs(store, tmp_path / "tree")
    deaths = tmp_path / "deaths"
    deaths.touch()
    with ParsePool(partial(packed_by_a_mortal, deaths, 1, list[Parsed]), Limits(workers=1)) as pool:
        document = inspect_with(pool, [root])
    assert deaths.stat().st_size == 1
    assert isinstance(document["recordings"], list)
    assert len(document["recordings"]) == RUNS + 2


def leaves(parts: Sequence[Parsed]) -> list[Parsed]:
    """Ends the worker with the exit code of one that has done what it should."""
    if parent_process() is not None:
        os._exit(0)
    return [*parts]


def test_a_worker_that_ends_with_0_is_noticed_at_once(store: Path) -> None:
    claim = claim_of(store)
    with ParsePool(leaves, Limits(workers=1, folder_s=600)) as pool:
        ((claims, (parsed,)),) = pool.parse(store, [claim])
        with pytest.raises(FolderUnreadable, match="ended early"):
            pool.call(os._exit, 0)
    assert claims == [claim]
    assert [problem.code for problem in parsed.problems] == ["reader-crashed"]


def packed_for_ever(notes: Path, then: Callable[[Sequence[Parsed]], T], parts: Sequence[Parsed]) -> T:
    """Hands over the first part of a folder, notes which process is at the second, and never comes to its end."""
    if parent_process() is not None and any(not part.is_first for part in parts):
        with (notes / "new").open("w") as file:
            print(os.getpid(), file=file)
        (notes / "new").rename(notes / "worker")
        time.sleep(600)
    return then(parts)


def is_gone(process: int) -> bool:
    """Whether a process has ended, or does within a moment."""
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(sys.platform == "win32", reason="asks for processes as POSIX does")
@pytest.mark.parametrize("ending", [False, True])
def test_reading_is_left_in_the_middle_of_a_folder(store: Path, tmp_path: Path, ending: bool) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    database = Database.open(tmp_path / "index.duckdb")
    source = Writer(database).add_source(store)
    with patch("runfolio.index.pipeline.pack", partial(packed_for_ever, notes, pack)):
        indexer = Indexer(database, Limits(workers=1))
        asked_at: list[float] = []

        def is_asked() -> bool:
            # A while after it, when what came before has been taken.
            at = (notes / "worker").stat().st_mtime if (notes / "worker").exists() else time.time()
            if not asked_at and time.time() - at > 1:
                asked_at.append(time.monotonic())
                if ending:
                    indexer.end()
            return bool(asked_at) and not ending

        counts = indexer.run([(source, store)], cancelled=is_asked)
        assert time.monotonic() - asked_at[0] < 2
        assert counts.cancelled
        pool = indexer._pool
        assert pool is not None
        assert is_gone(int((notes / "worker").read_text()))
        place = pool.parts_folder
        indexer.close()
    assert not place.exists()
    # What came is there, and the rest comes with the next round.
    ((some,),) = database.rows("select count(*) from recordings")
    assert isinstance(some, int)
    assert RUNS / 2 < some < RUNS
    assert database.rows("select count(*) from runs") == [(some,)]
    database.close()
    again = Database.open_or_rebuild(tmp_path / "index.duckdb", ours=True)
    indexer = Indexer(again, Limits(workers=1))
    assert indexer.run([(source, store)]).read == 1
    assert again.rows("select count(*), max(points) from runs") == [(RUNS, 2)]
    assert again.rows("select count(*) from points") == [(2 * RUNS,)]
    indexer.close()
    again.close()


@pytest.mark.parametrize("wait", [False, True])
def test_what_came_before_the_worker_died_is_kept_and_told(store: Path, tmp_path: Path, wait: bool) -> None:
    database = Database.open(tmp_path / "index.duckdb")
    source = Writer(database).add_source(store)
    with slow_indexer(database, tmp_path / "deaths", 9) as indexer:
        if not wait:
            indexer._written_at = -10_000.0  # what comes first is written at once
        assert indexer.run([(source, store)]).read == 1
    ((some,),) = database.rows("select count(*) from recordings")
    assert isinstance(some, int)
    assert RUNS / 2 < some < RUNS
    assert database.rows("select failed from units") == [(False,)]
    assert database.rows("select code from problems where severity = 'error'") == [("reader-crashed",)]
    database.close()


def test_what_finds_no_room_for_parts_comes_at_once(store: Path) -> None:
    claim = claim_of(store)
    with ParsePool(list[Parsed], Limits(workers=1)) as pool:
        (pool.parts_folder / "0").symlink_to(store / "not there" / "0")
        found = [*pool.parse(store, [claim])]
    ((claims, batch),) = found
    assert claims == [claim]
    assert [r.id for part in batch for r in part.recordings] == [r.id for r in parse(store, claim, Budget()).recordings]
    assert [part.is_last for part in batch] == [False, True]


@pytest.mark.skipif(sys.platform != "linux", reason="memory has no limit elsewhere, or files no holes")
def test_a_file_that_memory_does_not_hold_costs_itself_only(tmp_path: Path) -> None:
    (tmp_path / "params.json").write_text('{"lr": 0.1}')
    (tmp_path / "metrics.csv").write_text("step,loss\n0,1.5\n")
    os.truncate(tmp_path / "metrics.csv", 3 << 30)  # a hole: nothing of it is on the disk
    with ParsePool(list[Parsed], Limits(workers=1, memory_bytes=1 << 30)) as pool:
        ((_, (parsed,)),) = pool.parse(tmp_path, claims_on(tmp_path))
    (run,) = parsed.recordings
    assert {p.key: p.value for p in run.params} == {"lr": 0.1}
    assert [(p.path, "at most" in p.message) for p in run.problems] == [("metrics.csv", True)]
    assert not parsed.failed


@pytest.mark.skipif(sys.platform == "win32", reason="sizes of files have no limit there")
def test_a_database_that_finds_no_room_for_a_copy_says_so(store: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        parsed = parse(store, claim_of(store), Budget())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert parsed.failed
    (problem,) = parsed.problems
    assert problem.path == "mlflow.db"
    assert "copy" in problem.message
    assert "TMPDIR" in problem.hint


def test_a_part_that_is_not_whole_yet_is_left_for_later(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "0")
    assert [*spool.parts()] == []
    spool.put(b"one")
    spool.put(b"")
    (tmp_path / "0").write_bytes((tmp_path / "0").read_bytes() + b"\x05\0\0\0\0\0\0\0tw")
    ((one, _), (empty, end)) = spool.parts()
    assert (one, empty) == (b"one", b"")
    assert [*spool.parts(end)] == []
    with spool.path.open("ab") as file:
        file.write(b"o!!")
    assert [part for part, _ in spool.parts(end)] == [b"two!!"]
    spool.drop()
    spool.drop()
