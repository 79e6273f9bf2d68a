"""MLflow in SQLite: every run of the store, from a private copy, whatever is wrong with the file."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from runfolio.model.problem import Problem, Severity
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget
from runfolio.readers.parse import parse
from runfolio.readers.scanner import scan
from support.inspected import CORPUS, claims_on, inspected_runs

RUNS = CORPUS / "mlflow_sqlite" / "runs"
RUN = "0123456789abcdef0123456789abcdef"
SCHEMA = """
create table experiments(experiment_id integer primary key, name text, artifact_location text, lifecycle_stage text);
create table runs(run_uuid text primary key, name text, status text, start_time bigint, end_time bigint,
                  lifecycle_stage text, artifact_uri text, experiment_id integer);
create table params(key text, value text, run_uuid text);
create table tags(key text, value text, run_uuid text);
create table metrics(key text, value double, timestamp bigint, run_uuid text, step bigint, is_nan boolean);
"""


def read(root: Path) -> tuple[list[Recording], list[Problem]]:
    recordings: list[Recording] = []
    problems: list[Problem] = []
    for claim in claims_on(root):
        if claim.reader == "mlflow_sqlite":
            parsed = parse(root, claim, Budget())
            recordings += parsed.recordings
            problems += parsed.problems
    return recordings, problems


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "any name.sqlite", isolation_level=None)
    connection.executescript(SCHEMA)
    connection.execute("insert into experiments values (1, 'beans', 'file:///lab', 'active')")
    add_run(connection, RUN)
    yield connection
    connection.close()


def add_run(connection: sqlite3.Connection, run: str) -> None:
    uri = f"file:///lab/mlartifacts/{run}/artifacts"
    connection.execute(
        "insert into runs values (?, 'x', 'FINISHED', 1700000000000, 1700000060000, 'active', ?, 1)", (run, uri)
    )
    connection.execute("insert into params values ('lr', '0.1', ?)", (run,))


def add_points(connection: sqlite3.Connection, run: str, *points: tuple[float, int, int, int]) -> None:
    for value, time, step, is_nan in points:
        connection.execute("insert into metrics values ('loss', ?, ?, ?, ?, ?)", (value, time, run, step, is_nan))


def only(root: Path) -> Recording:
    (recording,) = read(root)[0]
    return recording


def test_the_same_run_in_a_file_store_and_in_a_database_has_one_identity(
    store: sqlite3.Connection, tmp_path: Path
) -> None:
    assert only(tmp_path).identity == f"mlflow:{RUN}"


def test_points_are_kept_with_repeated_steps_nan_and_infinities(store: sqlite3.Connection, tmp_path: Path) -> None:
    largest = 1.7976931348623157e308
    add_points(
        store, RUN, (0.5, 1700000000000, 5, 0), (0.0, 1700000001000, 3, 1), (largest, 1, 3, 0), (-largest, 10**18, 4, 0)
    )
    (metric,) = only(tmp_path).metrics
    assert metric.step.tolist() == [3, 5, 3, 4]
    assert [str(v) for v in metric.value.tolist()] == ["inf", "0.5", "nan", "-inf"]
    assert metric.final == 0.5, "the greatest step, where the table of latest values is missing"
    assert metric.wall_time_us[1] == 1_700_000_000_000_000


def test_points_come_in_the_order_that_mlflow_gives_them(store: sqlite3.Connection, tmp_path: Path) -> None:
    """What get_metric_history of MLflow 1.12, 1.24, 2.0, 2.8, 2.15, 3.0, 3.5 and 3.17 gave for these, so written."""
    written = [(1, 5000, 0), (2, 4000, 1), (3, 3000, 2), (9, 3000, 2), (4, 3000, 2), (5, 6000, -1), (7, 6000, -3)]
    add_points(store, RUN, *((value, time, step, 0) for value, time, step in written))
    (metric,) = only(tmp_path).metrics
    assert metric.value.tolist() == [3, 4, 9, 2, 1, 7, 5]
    assert metric.step.tolist() == [2, 2, 2, 1, 0, -3, -1]


def test_artifacts_are_found_beside_the_store_whatever_the_uri_says(store: sqlite3.Connection, tmp_path: Path) -> None:
    place = tmp_path / "mlartifacts" / RUN / "artifacts" / "plots"
    place.mkdir(parents=True)
    (place / "a.png").write_bytes(b"x")
    for uri in (
        f"file:///lab/mlartifacts/{RUN}/artifacts",
        f"s3://bucket/1/{RUN}/artifacts",
        f"C:\\lab\\mlruns\\1\\{RUN}\\artifacts",
        f"mlflow-artifacts:/1/{RUN}/artifacts",
        f"/etc/../../{RUN}/artifacts",
    ):
        store.execute("update runs set artifact_uri = ?", (uri,))
        assert [a.path for a in only(tmp_path).artifacts] == ["plots/a.png"], uri
    for uri in (f"file:///lab/{RUN}/../../..", "", f"{RUN}/..", "file:///etc"):
        store.execute("update runs set artifact_uri = ?", (uri,))
        assert only(tmp_path).artifacts == (), uri


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        (f"file:///lab/store/arts/exp%201/{RUN}/artifacts", f"arts/exp 1/{RUN}/artifacts"),
        (f"/lab/proj/deep/er/{RUN}/artifacts", f"deep/er/{RUN}/artifacts"),
        (f"./mlruns/1/{RUN}/artifacts", f"mlruns/1/{RUN}/artifacts"),
        (f"D:\\lab\\arts\\1\\{RUN}\\artifacts", f"arts/1/{RUN}/artifacts"),
        (f"gs://bucket/team/1/{RUN}/artifacts", f"team/1/{RUN}/artifacts"),
        (f"mlflow-artifacts:/1/{RUN}/artifacts", f"mlartifacts/1/{RUN}/artifacts"),
        (f"dbfs:/databricks/mlflow-tracking/1/{RUN}/artifacts", f"mlruns/1/{RUN}/artifacts"),
    ],
)
@pytest.mark.parametrize("backend", ["", "backend/db"])
def test_artifacts_in_any_layout_are_found_by_how_their_uri_ends(
    store: sqlite3.Connection, tmp_path: Path, uri: str, place: str, backend: str
) -> None:
    store.execute("update runs set artifact_uri = ?", (uri,))
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place / "a.png").write_bytes(b"x")
    (tmp_path / backend).mkdir(parents=True, exist_ok=True)
    database = next(tmp_path.glob("*.sqlite"))
    database.rename(tmp_path / backend / database.name)
    recordings, problems = read(tmp_path)
    assert [a.path for r in recordings for a in r.artifacts] == ["a.png"]
    assert problems == []


def test_what_lies_around_the_opened_folder_is_not_looked_into(store: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "mlartifacts" / RUN / "artifacts").mkdir(parents=True)
    (tmp_path / "mlartifacts" / RUN / "artifacts" / "a.png").write_bytes(b"x")
    (tmp_path / "opened").mkdir()
    (tmp_path / "opened" / "mlartifacts").symlink_to(tmp_path / "mlartifacts")
    database = next(tmp_path.glob("*.sqlite"))
    database.rename(tmp_path / "opened" / database.name)
    recordings, problems = read(tmp_path / "opened")
    assert [r.artifacts for r in recordings] == [()]
    assert "artifacts-elsewhere" in [p.code for p in problems]


@pytest.mark.parametrize("root", ["mlruns/1", "mlartifacts/1", "arts"])
def test_params_and_metrics_among_the_artifacts_are_no_runs_of_their_own(
    store: sqlite3.Connection, tmp_path: Path, root: str
) -> None:
    # MLflow's own default is ./mlruns beside the database, in the layout of a file store but without its files.
    place = tmp_path / root / RUN / "artifacts" / "out"
    place.mkdir(parents=True)
    (place / "params.yaml").write_text("lr: 0.1\n")
    (place / "metrics.csv").write_text("step,loss\n0,1.0\n1,0.5\n")
    assert [claim.reader for claim in claims_on(tmp_path)] == ["mlflow_sqlite"]


def test_runs_of_a_file_store_beside_a_database_are_still_found(store: sqlite3.Connection, tmp_path: Path) -> None:
    shutil.copytree(CORPUS / "mlflow_file" / "runs" / "v2_22" / "mlruns", tmp_path / "mlruns")
    readers = [claim.reader for claim in claims_on(tmp_path)]
    assert readers.count("mlflow_sqlite") == 1
    assert readers.count("mlflow_file") > 5


def test_what_is_only_in_the_log_is_there_and_no_file_appears_or_changes(tmp_path: Path) -> None:
    writer = sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)
    writer.execute("pragma journal_mode = wal")
    writer.execute("pragma wal_autocheckpoint = 0")
    writer.executescript(SCHEMA)
    add_run(writer, RUN)
    before = {p.name: (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns) for p in tmp_path.iterdir()}
    assert "mlflow.db-wal" in before
    assert only(tmp_path).id == RUN
    after = {p.name: (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns) for p in tmp_path.iterdir()}
    assert after == before
    writer.close()


def test_a_store_that_another_process_has_locked_is_read_all_the_same(
    store: sqlite3.Connection, tmp_path: Path
) -> None:
    store.execute("begin exclusive")
    store.execute("insert into tags values ('half', 'done', ?)", (RUN,))
    assert only(tmp_path).tags == {}, "what is not committed is not there"
    store.execute("rollback")


def test_a_cut_store_gives_the_runs_before_the_damage_and_says_so(tmp_path: Path) -> None:
    source = RUNS / "v2_22" / "mlflow.db"
    data = source.read_bytes()
    for share in (0.9, 0.6):
        (tmp_path / "mlflow.db").write_bytes(data[: int(len(data) * share)])
        recordings, problems = read(tmp_path)
        assert len(recordings) <= 13
        assert "cut-database" in [p.code for p in problems], share


def test_garbage_in_the_middle_costs_what_it_covers(tmp_path: Path) -> None:
    data = bytearray((RUNS / "v2_22" / "mlflow.db").read_bytes())
    for place in range(32_768, len(data), 12_288):
        data[place : place + 4096] = b"\xa5" * 4096
    (tmp_path / "mlflow.db").write_bytes(data)
    _, problems = read(tmp_path)
    assert problems
    assert all(p.path.endswith("mlflow.db") for p in problems)


def test_views_in_place_of_tables_are_never_run(store: sqlite3.Connection, tmp_path: Path) -> None:
    store.executescript(
        "drop table params; create view params as with recursive t(i) as (select 1 union all select i + 1 from t) "
        "select 'k' || i as key, 'v' as value, '" + RUN + "' as run_uuid from t;"
    )
    assert only(tmp_path).params == ()


def test_a_store_that_lost_its_experiments_has_its_runs(store: sqlite3.Connection, tmp_path: Path) -> None:
    store.executescript("drop table experiments; drop table tags")
    recordings, problems = read(tmp_path)
    assert [(r.id, {p.key: p.text for p in r.params}) for r in recordings] == [(RUN, {"lr": "0.1"})]
    assert [(p.code, p.path) for p in problems if p.severity is Severity.WARNING] == [
        ("no-experiments", "any name.sqlite")
    ]


@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_a_log_that_is_no_file_is_told(store: sqlite3.Connection, tmp_path: Path, kind: str) -> None:
    log = tmp_path / "any name.sqlite-wal"
    if kind == "pipe":
        os.mkfifo(log)
    else:
        log.symlink_to("/etc/passwd")
    recordings, problems = read(tmp_path)
    assert len(recordings) == 1
    assert [(p.path, kind in p.message) for p in problems if p.code == "not-a-file"] == [(log.name, True)]


def test_a_log_without_its_database_is_told(store: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    (tmp_path / "away" / "mlflow.db-wal").write_bytes(b"\x37\x7f\x06\x82")
    told = [unit for unit in scan(tmp_path) if isinstance(unit, Problem)]
    assert [(p.code, p.path) for p in told] == [("log-alone", "away/mlflow.db-wal")]


def test_texts_that_are_not_utf8_and_odd_types_are_shown_safely(store: sqlite3.Connection, tmp_path: Path) -> None:
    store.execute("insert into params values (cast(x'6bff' as text), cast(x'76fe' as text), ?)", (RUN,))
    store.execute("insert into metrics values ('m', 'no number', 'no time', ?, 1.5, 0)", (RUN,))
    run = only(tmp_path)
    assert {p.key: p.text for p in run.params} == {"lr": "0.1", "k\\xff": "v\\xfe"}
    (metric,) = run.metrics
    assert math.isnan(metric.value[0])


def test_runs_of_another_database_are_not_taken(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "app.db")
    connection.executescript("create table runs(id); create table customers(id);")
    connection.close()
    assert claims_on(tmp_path) == []


def test_a_store_and_its_renamed_copy_are_the_same_runs(tmp_path: Path) -> None:
    shutil.copytree(RUNS / "v2_22", tmp_path / "a")
    shutil.copytree(RUNS / "v2_22", tmp_path / "b")
    (tmp_path / "b" / "mlflow.db").rename(tmp_path / "b" / "old.sqlite")
    runs = inspected_runs(tmp_path / "a")
    assert len(runs) == 1, "many runs share the path of their store"


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_a_store_whose_texts_are_utf16_is_the_same_runs(
    store: sqlite3.Connection, tmp_path: Path, encoding: str
) -> None:
    store.execute("insert into params values ('größe', 'naïve 猫 😀', ?)", (RUN,))
    add_points(store, RUN, (0.5, 1700000000000, 1, 0), (0.25, 1700000001000, 2, 0))
    (tmp_path / "copy").mkdir()
    copy = sqlite3.connect(tmp_path / "copy" / "mlflow.db", isolation_level=None)
    copy.execute(f"pragma encoding = '{encoding}'")
    copy.executescript("\n".join(store.iterdump()))
    assert copy.execute("pragma encoding").fetchone() == (encoding,)
    copy.close()
    recordings, problems = read(tmp_path / "copy")
    (found,) = recordings
    assert [p.code for p in problems] == ["artifacts-elsewhere"]
    assert {p.key: p.text for p in found.params} == {"lr": "0.1", "größe": "naïve 猫 😀"}
    assert [(m.name, m.step.tolist(), m.value.tolist()) for m in found.metrics] == [("loss", [1, 2], [0.5, 0.25])]


def test_a_view_in_place_of_the_runs_is_told(store: sqlite3.Connection, tmp_path: Path) -> None:
    store.execute("alter table runs rename to kept")
    store.execute("create view runs as select * from kept")
    recordings, problems = read(tmp_path)
    assert recordings == []
    (problem,) = (p for p in problems if p.code == "view-not-read")
    assert problem.path == "any name.sqlite"
    assert "runs is a view" in problem.message
