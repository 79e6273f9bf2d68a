"""The index file: a cache that opens whatever happened to it, for one process at a time, and reaches no other file."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

import runfolio
from runfolio.errors import Cancelled, IndexLocked, IndexStale, UsageError
from runfolio.index.database import Database
from runfolio.index.schema import SCHEMA_VERSION

SLOW = "select count(*) from range(1000000) a(x), range(1000000) b(y) where (x * y) % 7 = 3"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "index.duckdb"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database.open(path)
    yield opened
    opened.close()


def fill(path: Path, runs: int = 3) -> None:
    """An index with something in it, closed again."""
    database = Database.open(path)
    # Digests do not compress, so many of them fill many blocks of the file.
    database.run("insert into run_notes select md5(i::varchar), md5((i + 1)::varchar) from range(?) r(i)", [runs])
    database.close()


def notes(database: Database) -> object:
    return database.rows("select count(*) from run_notes")[0][0]


def test_a_new_index_is_empty_and_knows_its_version(database: Database) -> None:
    assert database.rows("select value from meta where name = 'schema'") == [(str(SCHEMA_VERSION),)]
    assert database.rows("select * from runs") == []
    assert database.size_bytes > 0


def test_what_was_written_is_there_after_opening_again(path: Path) -> None:
    fill(path)
    database = Database.open_or_rebuild(path)
    assert notes(database) == 3
    assert not path.with_name("index.duckdb.old").exists()
    database.close()


def test_nan_null_and_infinity_go_in_and_come_out_apart(database: Database) -> None:
    frame = pl.DataFrame(
        {
            "series": [1, 2, 3, 4],
            "step_diff": [0] * 4,
            "wall_diff": [5, None, 7, 8],
            "value": [math.nan, None, math.inf, 0.1],
        }
    )
    database.insert("points", frame)
    values = [row[0] for row in database.rows("select value from points")]
    assert str(values) == "[nan, None, inf, 0.1]"
    arrays = database.arrays("select series, wall_diff from points order by series")
    assert arrays["series"].tolist() == [1, 2, 3, 4]
    assert arrays["wall_diff"].tolist() == [5, None, 7, 8]  # masked where null


def test_rows_come_one_by_one_as_they_come_at_once(database: Database) -> None:
    many = "select x, x / 2 as half, case when x % 3 = 0 then null else 't' || x end from range(5000) r(x) where x >= ?"
    assert [*database.each(many, [3])] == database.rows(many, [3])
    assert len(database.rows(many, [3])) == 4_997
    assert [*database.each(many, [5_000])] == []


def test_inserting_no_rows_is_no_error(database: Database) -> None:
    database.insert("run_notes", {"key": [], "note": []})
    assert notes(database) == 0


def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    def half() -> None:
        with database.transaction():
            database.insert("run_notes", {"key": ["a"], "note": ["b"]})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert notes(database) == 0


def test_others_see_a_transaction_only_when_it_is_done(database: Database) -> None:
    seen: list[object] = []

    def look() -> None:
        thread = threading.Thread(target=lambda: seen.append(notes(database)))
        thread.start()
        thread.join()

    with database.transaction():
        database.insert("run_notes", {"key": ["a"], "note": ["b"]})
        look()
    look()
    assert seen == [0, 1]


def test_a_snapshot_does_not_change_while_another_thread_writes(database: Database) -> None:
    def write() -> None:
        with database.transaction():
            database.insert("run_notes", {"key": ["a"], "note": ["b"]})

    with database.snapshot():
        before = notes(database)
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        assert (before, notes(database)) == (0, 0)
    assert notes(database) == 1


def test_statements_reach_no_file_and_cannot_change_that(database: Database, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for statement in (
        f"select * from read_csv('{tmp_path}/secret.csv')",
        f"copy runs to '{tmp_path}/out.csv'",
        f"attach '{tmp_path}/other.duckdb'",
        "set enable_external_access = true",
        "install httpfs",
    ):
        with pytest.raises(duckdb.Error, match=r"disabled|locked"):
            database.run(statement)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "secret.csv"]


# --- interrupting and closing -----------------------------------------------------------------------------------


class Running:
    """A thread with a statement that would take for ever."""

    def __init__(self, database: Database, ask: Callable[[], object] | None = None) -> None:
        self.outcome: BaseException | None = None
        self._database = database
        self._ask = ask or (lambda: database.rows(SLOW))
        self._started = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        self._started.wait()

    def _run(self) -> None:
        self._database.rows("select 1")
        self._started.set()
        try:
            self._ask()
        except Cancelled as cancelled:
            self.outcome = cancelled

    def stop(self, thread: int | None) -> None:
        """Interrupt until it ends: an interrupt before the statement has begun has no effect."""
        while self.thread.is_alive():
            self._database.interrupt(thread)
            self.thread.join(0.01)


def test_an_interrupted_statement_raises_cancelled_and_the_thread_goes_on(database: Database) -> None:
    running = Running(database)
    running.stop(running.thread.ident)
    assert isinstance(running.outcome, Cancelled)
    database.interrupt()
    assert notes(database) == 0


@pytest.mark.parametrize("slow", [SLOW, "select i * j as n from range(100000) t(i), range(100000) u(j)"])
def test_numbers_are_those_of_the_rows_and_can_be_interrupted(database: Database, slow: str) -> None:
    found = database.numbers("select i as n, i / 4 as x from range(?) t(i) where i <> ?", [5, 3])
    assert [*zip(*(found[name].tolist() for name in ("n", "x")), strict=True)] == [(0, 0), (1, 0.25), (2, 0.5), (4, 1)]
    assert database.numbers("select series, value from points")["value"].dtype == np.float64, "also of no row"
    running = Running(database, lambda: database.numbers(slow))
    running.stop(running.thread.ident)
    assert isinstance(running.outcome, Cancelled)


def test_interrupting_one_thread_leaves_the_others_alone(database: Database) -> None:
    other = Running(database)
    running = Running(database)
    running.stop(running.thread.ident)
    assert isinstance(running.outcome, Cancelled)
    assert other.thread.is_alive()
    other.stop(None)


def test_an_interrupted_transaction_leaves_nothing_behind(database: Database) -> None:
    main = threading.get_ident()
    done = threading.Event()

    def interrupt() -> None:
        # So often that some arrive while the transaction begins, is written to, committed or rolled back.
        while not done.wait(0.0005):
            database.interrupt(main)

    thread = threading.Thread(target=interrupt)
    thread.start()
    written = 0
    try:
        for turn in range(200):
            try:
                with database.transaction():
                    database.insert("run_notes", {"key": [str(turn)], "note": ["b"]})
                    if turn % 2:
                        database.rows("select count(*) from range(100000000) t(i) where i % 7 = 3")
            except Cancelled:
                continue
            written += 1
    finally:
        done.set()
        thread.join()
    assert written < 200, "some were interrupted"
    assert notes(database) == written


def test_closing_stops_what_is_running(path: Path) -> None:
    database = Database.open(path)
    running = Running(database)
    database.close()
    running.thread.join()
    assert isinstance(running.outcome, Cancelled)
    with pytest.raises(Cancelled, match="closed"):
        database.rows("select 1")
    fill(path)


def test_threads_that_ended_leave_no_cursor_behind(database: Database) -> None:
    for _ in range(20):
        thread = threading.Thread(target=notes, args=(database,))
        thread.start()
        thread.join()
    # This thread's, and that of the last one that ended.
    assert len(database._cursors) <= 2


# --- another process, another version, damage --------------------------------------------------------------------


def test_an_index_that_another_process_holds_says_which(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from runfolio.index.database import Database\n"
        "database = Database.open(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    app = str(Path(runfolio.__file__).parent.parent)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": app},
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(IndexLocked) as caught:
            Database.open_or_rebuild(path)
        holder.communicate()
    assert caught.value.pid == holder.pid
    assert str(holder.pid) in caught.value.message
    assert "--wait" in caught.value.hint
    assert not path.with_name("index.duckdb.old").exists()
    Database.open(path).close()


def test_an_index_of_another_version_is_made_anew(path: Path) -> None:
    fill(path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update meta set value = '0'")
    with pytest.raises(IndexStale, match="another version"):
        Database.open(path)
    database = Database.open_or_rebuild(path)
    assert notes(database) == 0
    database.close()
    assert [p.name for p in path.parent.iterdir()] == ["index.duckdb"]


@pytest.mark.parametrize("damage", ["cut", "header", "empty"])
def test_a_damaged_index_is_made_anew(path: Path, damage: str) -> None:
    fill(path, 200_000)
    if damage == "cut":
        os.truncate(path, path.stat().st_size // 2)
    elif damage == "header":
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 8192)
    else:
        path.write_bytes(b"")
    with pytest.raises(IndexStale):
        Database.open(path)
    database = Database.open_or_rebuild(path)
    assert notes(database) == 0
    assert path.with_name("index.duckdb.old").exists()
    database.close()


def test_damage_that_shows_only_when_it_is_read_is_mended_at_the_next_start(path: Path) -> None:
    fill(path, 200_000)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\x55" * 2000)
    database = Database.open(path)
    with pytest.raises(IndexStale, match="damaged") as caught:
        database.rows("select max(key), max(note) from run_notes")
    with pytest.raises(IndexStale, match="damaged"):
        database.numbers("select length(key) as n, length(note) as m from run_notes")
    assert "rebuilt" in caught.value.hint
    database.close()
    again = Database.open_or_rebuild(path)
    assert notes(again) == 0
    again.close()
    Database.open(path).close()


def test_a_write_ahead_log_that_does_not_fit_is_moved_aside(path: Path) -> None:
    fill(path)
    path.with_name("index.duckdb.wal").mkdir()
    database = Database.open_or_rebuild(path)
    assert notes(database) == 3
    assert path.with_name("index.duckdb.wal.old").exists()
    database.close()


def test_a_cut_write_ahead_log_costs_its_last_transactions_only(path: Path) -> None:
    code = (
        "import sys, os; from pathlib import Path; from runfolio.index.database import Database\n"
        "database = Database.open(Path(sys.argv[1])); database.run('checkpoint')\n"
        "for i in range(9): database.run('insert into run_notes values (?, ?)', [str(i), 'note'])\n"
        "os._exit(0)"
    )
    app = str(Path(runfolio.__file__).parent.parent)
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, env={**os.environ, "PYTHONPATH": app})
    wal = path.with_name("index.duckdb.wal")
    os.truncate(wal, wal.stat().st_size - 30)
    database = Database.open_or_rebuild(path)
    assert notes(database) == 8
    database.close()


@pytest.mark.parametrize("content", ["text", "database"])
def test_a_file_that_never_was_an_index_is_kept(path: Path, content: str) -> None:
    path.parent.mkdir()
    for _ in range(2):
        if content == "text":
            path.write_text("run,acc\n1,0.9\n" * 500)
        else:
            path.unlink(missing_ok=True)
            with duckdb.connect(str(path)) as connection:
                connection.execute("create table mine(a int)")
        Database.open_or_rebuild(path).close()
    kept = sorted(p.name for p in path.parent.iterdir())
    assert kept == ["index.duckdb", "index.duckdb.old", "index.duckdb.old2"]
    # The second file came where the first new index was, so one of each kind is kept.
    Database.open(path).close()


def test_a_folder_in_place_of_the_index_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    with pytest.raises(UsageError, match="a folder of that name"):
        Database.open_or_rebuild(tmp_path / "runs")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be made"):
        Database.open_or_rebuild(tmp_path / "file" / "index.duckdb")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "runs"]


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of a file as only Unix can")
def test_a_full_disk_is_told_and_what_was_there_stays(path: Path) -> None:
    fill(path)
    code = """
import resource, signal, sys
from pathlib import Path
from runfolio.errors import Expected
from runfolio.index.database import Database

database = Database.open(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))
try:
    with database.transaction():
        database.run("insert into run_notes select md5(i::varchar), md5((i + 1)::varchar) from range(500000) r(i)")
except Expected as error:
    print(type(error).__name__, error.message)
"""
    app = str(Path(runfolio.__file__).parent.parent)
    told = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": app},
    )
    assert told.stdout.startswith("Expected The index cannot be read or written"), told
    database = Database.open_or_rebuild(path)
    assert notes(database) == 3
    database.close()


def test_a_place_that_cannot_be_made_is_told_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match="folder cannot be made") as caught:
        Database.open(tmp_path / "file" / "cache" / "index.duckdb")
    assert caught.value.hint is not None
    assert "RUNFOLIO_HOME" in caught.value.hint
