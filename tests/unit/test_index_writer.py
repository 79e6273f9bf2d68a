"""What is written of claimed folders: all of it, again when it changed, and gone when it is forgotten."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from runfolio.index import run_shown
from runfolio.index.linkable import LinkProblem
from runfolio.index.run_writer import linkables, put_runs
from runfolio.index.schema import SCHEMA
from runfolio.model.datasets import ArtifactRef, DatasetRef
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Param
from runfolio.model.problem import Problem, Severity
from runfolio.model.run import Precision, Recording, RunKey, RunStatus, content_identity, params_digest
from runfolio.readers.parse import Parsed
from support.indexing import NOON, Shelf, alone, linked, metric, params, unit

NAN, INF = math.nan, math.inf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.close()


def full(path: str, value: float = 0.5) -> Recording:
    """A recording with a row in every table."""
    return Recording(
        "generic",
        path,
        path,
        params=params({"lr": 0.1}),
        tags={"t": "x"},
        facts={"git.commit": "c"},
        metrics=(metric("acc", value),),
        artifacts=(ArtifactRef("model.pt", 3),),
        datasets=(DatasetRef("beans"),),
        problems=(Problem(Severity.WARNING, "cut-record", path, "cut"),),
    )


def counts(shelf: Shelf) -> dict[str, object]:
    """Rows in each table that is filled by reading."""
    tables = ["units", "recordings", "params", "tags", "facts", "series", "points", "datasets", "artifacts", "problems"]
    return {t: shelf.database.rows(f"select count(*) from {t}")[0][0] for t in tables}


def points(shelf: Shelf, key: str, name: str) -> MetricSeries:
    return shelf.queries.series_for([RunKey(key)], name)[RunKey(key)]


def test_every_point_is_kept_in_written_order_with_its_step_time_and_value(shelf: Shelf) -> None:
    steps = [5, 3, 3, -7, 2**62, 0]
    values = [0.1, NAN, INF, -INF, -0.0, 1e-320]
    times = [NOON, -(2**63), NOON + 1, 0, -5, NOON]  # the second has none
    written = series("val/loss", steps, values, times, final=0.7, final_rule="greatest step", source="events.out")
    shelf.put(Recording("tensorboard", "a", "a", metrics=(metric("first", 1.0), written, metric("last", 2.0))))
    read = points(shelf, "a", "val/loss")
    assert read.step.tolist() == steps
    assert [v.hex() for v in read.value.tolist()] == [v.hex() for v in values]
    assert read.wall_time_us.tolist() == times
    assert (read.final, read.final_rule, read.source, read.has_step) == (0.7, "greatest step", "events.out", True)
    assert not read.value.flags.writeable
    assert points(shelf, "a", "first").value.tolist() == [1.0]


def test_a_series_without_steps_and_an_empty_one(shelf: Shelf) -> None:
    shelf.put(
        Recording("generic", "a", "a", metrics=(series("plain", None, [3.0, 4.0]), series("empty", [], [], final=9.0)))
    )
    plain = points(shelf, "a", "plain")
    assert (plain.step.tolist(), plain.has_step) == ([0, 1], False)
    assert points(shelf, "a", "empty").value.tolist() == []
    rows = shelf.database.rows("select name, n, first_value, last_step, min_value, nan_count, shown from series")
    assert rows == [("plain", 2, 3.0, 1, 3.0, 0, 4.0), ("empty", 0, None, None, None, 0, 9.0)]


def test_the_summary_of_a_series_keeps_nan_and_infinity_apart(shelf: Shelf) -> None:
    figures = """select n, first_value, last_value, min_value, max_value, best_min, best_max, nan_count, inf_count,
                        shown
                 from series order by name"""
    shelf.put(
        Recording(
            "generic",
            "a",
            "a",
            metrics=(
                metric("1 all nan", NAN, NAN),
                metric("2 mixed", 2.0, INF, NAN, -1.0, -INF),
                metric("3 nan last", 1.0, NAN),
                series("4 final", [0], [NAN], final=0.25),
            ),
        )
    )
    rows = [[None if v is None else str(v) for v in row] for row in shelf.database.rows(figures)]
    assert rows == [
        ["2", "nan", "nan", None, None, None, None, "2", "0", "nan"],
        ["5", "2.0", "-inf", "-inf", "inf", "-1.0", "2.0", "1", "2", "-inf"],
        ["2", "1.0", "nan", "1.0", "1.0", "1.0", "1.0", "1", "0", "nan"],
        ["1", "nan", "nan", None, None, None, None, "1", "0", "0.25"],
    ]


def test_params_keep_text_type_and_path(shelf: Shelf) -> None:
    written = (
        Param(("optim", "lr"), "1e-3", 1e-3),
        Param(("a.b",), "True", True),
        Param(("layers",), "[64, 32]", [64, 32]),
        Param(("mlflow",), "0.1", "0.1"),
        Param(("nothing",), "null", None),
        Param(("nan",), ".nan", NAN),
    )
    shelf.put(Recording("generic", "a", "a", params=written))
    rows = shelf.database.rows("select key, path, text, value, num, kind from params order by ordinal")
    assert [str(row) for row in rows] == [
        "('optim.lr', '[\"optim\", \"lr\"]', '1e-3', '0.001', 0.001, 'float')",
        "('a.b', '[\"a.b\"]', 'True', 'true', None, 'bool')",
        "('layers', '[\"layers\"]', '[64, 32]', '[64, 32]', None, 'list')",
        "('mlflow', '[\"mlflow\"]', '0.1', '\"0.1\"', 0.1, 'float')",
        "('nothing', '[\"nothing\"]', 'null', 'null', None, 'null')",
        "('nan', '[\"nan\"]', '.nan', 'NaN', nan, 'float')",
    ]


def test_what_no_column_could_hold_is_spelled_out_instead_of_lost(shelf: Shelf) -> None:
    odd = "x\udc80\x00\ud800\U0001f600"
    spelled = "x\\x80\x00\\ud800\U0001f600"
    huge = 1 << 40_000
    shelf.put(
        Recording(
            "generic",
            f"a/{odd}",
            odd,
            name=odd,
            params=(Param((odd,), odd, odd), Param(("huge",), "hex", huge), Param(("list",), "l", [huge, odd, NAN])),
            tags={odd: odd},
            metrics=(metric(odd, 1.0),),
            datasets=(DatasetRef(odd, rows=10**30),),
            artifacts=(ArtifactRef(odd, 10**30),),
            problems=(Problem(Severity.INFO, "odd", odd, odd, offset=10**30),),
            extra={odd: [odd]},
        )
    )
    run = shelf.detail(f"a/{spelled}")
    assert (run.name, run.tags, run.extra) == (spelled, {spelled: spelled}, {spelled: [spelled]})
    by_key = {p.key: p for p in run.params}
    assert by_key[spelled] == Param((spelled,), spelled, spelled)
    assert by_key["huge"].value == hex(huge)
    assert str(by_key["list"].value) == str([hex(huge), spelled, NAN])
    assert [m.name for m in run.metrics] == [spelled]
    assert run.datasets == (DatasetRef(spelled),)
    assert run.artifacts == (ArtifactRef(spelled),)
    assert run.problems == (Problem(Severity.INFO, "odd", spelled, spelled),)


def test_reading_a_folder_again_replaces_all_that_was_known_of_it(shelf: Shelf) -> None:
    shelf.put(full("a"), full("b"))
    once = counts(shelf)
    assert set(once.values()) == {2}
    shelf.writer.put_units(shelf.source, [unit(full("a", 0.75), fingerprint="2")])
    shelf.link()
    assert counts(shelf) == once
    assert points(shelf, "a", "acc").value.tolist() == [0.75]
    assert points(shelf, "b", "acc").value.tolist() == [0.5]
    assert shelf.writer.units(shelf.source) == {("a", "generic"): "2", ("b", "generic"): "1"}


def test_two_readers_of_one_folder_do_not_replace_each_other(shelf: Shelf) -> None:
    shelf.put(full("a"), Recording("hydra", "a", "a", params=params({"seed": 1}), overlay=True))
    shelf.writer.put_units(shelf.source, [unit(full("a", 0.75))])
    assert len(linkables(shelf.database)) == 2


def test_forgetting_folders_and_sources_leaves_nothing_of_them(shelf: Shelf) -> None:
    other = shelf.writer.add_source(Path("/data/other"))
    shelf.writer.put_units(other, [unit(full("a"))])
    shelf.put(full("a"), full("b"))
    assert set(counts(shelf).values()) == {3}
    shelf.writer.forget_units(shelf.source, [("a", "generic"), ("never was", "generic")])
    assert set(counts(shelf).values()) == {2}
    shelf.writer.forget_source(shelf.source)
    assert set(counts(shelf).values()) == {1}
    shelf.writer.forget_source(other)
    assert set(counts(shelf).values()) == {0}
    shelf.link()
    for table in ["runs", "links", "run_series", "run_params", "run_texts", "fields", "sources"]:
        assert shelf.database.rows(f"select * from {table}") == []


def test_a_folder_of_which_nothing_could_be_made_is_remembered_with_its_problem(shelf: Shelf) -> None:
    broken = unit(full("a"))
    problem = Problem(Severity.ERROR, "folder-unreadable", "a", "no", "look", 7)
    failed = Parsed(broken.claim, (), (problem,), True, "9")
    shelf.writer.put_units(shelf.source, [failed])
    assert shelf.writer.units(shelf.source) == {("a", "generic"): "9"}
    assert [p.problem for p in shelf.queries.problems()] == [problem]
    shelf.writer.put_units(shelf.source, [unit(Recording("generic", "a", "a"))])
    assert shelf.queries.problems() == ()


def test_problems_of_the_walk_are_those_of_the_last_walk(shelf: Shelf) -> None:
    for code in ("first", "second"):
        shelf.writer.source_scanned(shelf.source, [Problem(Severity.ERROR, code, "", "m")], present=code == "second")
    assert [p.problem.code for p in shelf.queries.problems()] == ["second"]
    (source,) = shelf.queries.sources()
    assert source.present
    assert source.scanned_us is not None


def test_a_source_is_added_once(shelf: Shelf) -> None:
    assert shelf.writer.add_source(Path("/data/runs")) == shelf.source
    assert shelf.writer.add_source(Path("/data/runs2")) != shelf.source
    assert [(s.path, s.name) for s in shelf.queries.sources()] == [("/data/runs", "runs"), ("/data/runs2", "runs2")]


def test_linking_sees_every_recording_as_it_was_read(shelf: Shelf) -> None:
    recording = Recording(
        "lightning",
        "x/version_0",
        "version_0",
        name="n",
        status=RunStatus.FAILED,
        status_raw=4,
        started_us=NOON,
        experiment="e",
        parent_id="p",
        params=params({"lr": 0.1}),
        metrics=(series("acc", [3, 9], [0.5, NAN]), series("empty", [], [])),
        precision=Precision.FLOAT32,
        overlay=True,
    )
    shelf.put(recording)
    (item,) = linkables(shelf.database)
    assert (item.source, item.path, item.format, item.tracker_id) == (
        shelf.source, "x/version_0", "lightning", "version_0")  # fmt: skip
    assert (item.identity, item.has_id) == (content_identity(recording), False)
    assert (item.overlay, item.precision, item.name, item.parent_id) == (True, "float32", "n", "p")
    assert (item.experiment, item.status, item.status_raw) == ("e", "failed", "4")
    assert (item.started_us, item.ended_us) == (NOON, None)
    assert item.params_digest == params_digest(recording.params)
    assert repr([tuple(mark) for mark in item.series]) == (
        "[('acc', 2, 3, 0.5, 9, nan, 0.5, 0.5), ('empty', 0, None, None, None, None, None, None)]"
    )


def test_of_several_recordings_the_lowest_rank_is_shown_and_prefixes_go_before_names(shelf: Shelf) -> None:
    shelf.put(
        Recording(
            "lightning",
            "a",
            "a",
            params=params({"lr": 0.1}),
            metrics=(metric("acc", 0.5),),
            tags={"t": "exact"},
            artifacts=(ArtifactRef("m"),),
            datasets=(DatasetRef("beans"),),
            problems=(Problem(Severity.WARNING, "w", "a", "m"), Problem(Severity.INFO, "i", "a", "m")),
        ),
        Recording(
            "tensorboard",
            "a/train",
            "a/train",
            params=params({"lr": 0.2, "seed": 3}),
            metrics=(metric("acc", 0.25), metric("loss", 1.0)),
            tags={"t": "other", "u": "only"},
            facts={"host": "h"},
            artifacts=(ArtifactRef("m"),),
            datasets=(DatasetRef("beans"),),
        ),
        Recording("tensorboard", "a/val", "a/val", metrics=(metric("acc", 0.125),)),
    )
    items = {item.path: item for item in linkables(shelf.database)}
    put_runs(shelf.database, [linked("k", [items["a"], items["a/train"], items["a/val"]], ["", "", "val/"])], [])
    run = shelf.detail("k")
    assert [(m.name, m.shown, m.recording) for m in run.metrics] == [
        ("acc", 0.5, 0),
        ("loss", 1.0, 1),
        ("val/acc", 0.125, 2),
    ]
    assert {p.key: p.value for p in run.params} == {"lr": 0.1, "seed": 3}
    assert (run.tags, run.facts) == ({"t": "exact", "u": "only"}, {"host": "h"})
    assert (len(run.artifacts), len(run.datasets)) == (1, 1)
    assert [(r.format, r.reason) for r in run.recordings] == [
        ("lightning", "member 0"),
        ("tensorboard", "member 1"),
        ("tensorboard", "member 2"),
    ]
    assert [r.primary for r in run.recordings] == [True, False, False]
    assert shelf.keys("acc = 0.5 and val/acc = 0.125 and lr = 0.1 and t = exact and u = only and host = h") == ["k"]
    assert shelf.keys("acc = 0.25 or lr = 0.2 or t = other") == []
    assert shelf.keys("metrics = 3 and points = 3 and problems = 1") == ["k"]
    assert points(shelf, "k", "val/acc").value.tolist() == [0.125]


def test_one_dotted_key_of_two_paths_is_one_field_and_two_params(shelf: Shelf) -> None:
    shelf.put(Recording("generic", "a", "a", params=(Param(("a", "b"), "1", 1), Param(("a.b",), "2", 2))))
    assert shelf.keys("a.b = 1") == ["a"]
    assert shelf.keys("a.b = 2") == []
    assert len(shelf.keys("a.b is not null")) == 1
    assert [p.path for p in shelf.detail("a").params] == [("a", "b"), ("a.b",)]


def test_params_that_are_sorted_in_parts_lie_as_those_sorted_at_once(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = (Param(("a", "b"), "1", 1), Param(("a.b",), "2", 2), Param(("z",), "3", 3))
    shelf.put(
        Recording("generic", "a", "a", params=twice),
        *(Recording("generic", f"r{n}", f"r{n}", params=params({"lr": n, "z": n, "m": {"x": 1}})) for n in range(5)),
        Recording("keras", "a/b", "b", params=params({"z": 9, "lr": 7})),
    )
    items = {item.path: item for item in linkables(shelf.database)}
    runs = [linked("both", [items["a"], items["a/b"]]), *(alone(items[f"r{n}"]) for n in range(5))]
    tables = []
    for at_once in (1, 6, 500_000):
        monkeypatch.setattr(run_shown, "_PARAMS_AT_ONCE", at_once)
        put_runs(shelf.database, runs, [])
        tables.append([shelf.database.rows(f"select * from {table}") for table in ("run_params", "fields")])
    assert tables[0] == tables[1] == tables[2]
    rows = [(key, run, text, first) for run, key, _, text, _, _, _, first in tables[0][0]]
    one = shelf.keys().index("both") + 1
    assert [key for key, *_ in rows] == sorted(["a.b", "a.b", *["lr"] * 6, *["m.x"] * 5, *["z"] * 6])
    # Of the run with two recordings the first one's is shown; of one key with two paths both are, one of them first.
    assert [row for row in rows if row[1] == one] == [
        ("a.b", one, "1", True), ("a.b", one, "2", False), ("lr", one, "7", True), ("z", one, "3", True)]  # fmt: skip


def test_linking_again_replaces_runs_and_the_problems_of_linking(shelf: Shelf) -> None:
    shelf.put(full("a"), full("b"))
    first, second = linkables(shelf.database)
    doubt = Problem(Severity.WARNING, "same-id-other-content", "a", "m")
    put_runs(shelf.database, [linked("k", [first, second])], [LinkProblem(first.id, doubt)])
    assert shelf.keys() == ["k"]
    assert doubt in [p.problem for p in shelf.queries.problems()]
    put_runs(shelf.database, [alone(first), alone(second)], [])
    assert shelf.keys() == ["a", "b"]
    assert doubt not in [p.problem for p in shelf.queries.problems()]


def test_marks_are_replaced_as_a_whole(shelf: Shelf) -> None:
    shelf.put(full("a"), full("b"))
    shelf.mark({"a": ["x", "y"], "b": ["x"]}, {"a": "note"})
    assert (shelf.keys("tag = x"), shelf.keys("note = note")) == (["a", "b"], ["a"])
    shelf.mark({"b": ["z"]})
    assert (shelf.keys("tag = x"), shelf.keys("tag = z"), shelf.keys("note is not null")) == ([], ["b"], [])


def test_points_lie_in_the_order_of_their_series(shelf: Shelf) -> None:
    for round_ in range(3):
        shelf.put(
            *(
                Recording("generic", f"r{i}", f"r{i}", metrics=(metric("m", *np.arange(5.0) + round_),))
                for i in range(20)
            )
        )
    steps_back = """select count(*)
                    from (select series - lag(series) over (order by rowid) as step from points)
                    where step < 0"""
    assert shelf.database.rows(steps_back) == [(0,)]


def test_no_table_has_a_key_or_an_index() -> None:
    for statement in SCHEMA:
        assert "primary key" not in statement.lower()
        assert "unique" not in statement.lower()
        assert "create index" not in statement.lower()
