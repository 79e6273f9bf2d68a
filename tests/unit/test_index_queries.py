"""What the index answers: the library, fields, columns, details, series, problems, data sets."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runfolio.errors import NotFound
from runfolio.index import columns, run_ids
from runfolio.index.database import Bound, Row
from runfolio.index.detail import details
from runfolio.index.fields import BUILTINS
from runfolio.index.run_writer import linkables, put_runs
from runfolio.model.answers import CellKind, LibraryNode, Source
from runfolio.model.datasets import DatasetRef
from runfolio.model.direction import Direction
from runfolio.model.metrics import series
from runfolio.model.problem import Problem, Severity
from runfolio.model.promotion import ModelVersion, RunMarks
from runfolio.model.query import Aggregate, FieldKind, FieldRef, RunQuery
from runfolio.model.reports import IndexFacts, PlacedProblem
from runfolio.model.run import Recording, RunKey, RunStatus
from runfolio.model.stage import Stage
from support.indexing import NOON, SECOND, Shelf, alone, metric, params

NAN = math.nan
CUT = Problem(Severity.WARNING, "cut-record", "exp/b/events", "record 3 ends early", "copy it again", 1234)
LOST = Problem(Severity.ERROR, "not-utf8", "exp/b/params.yaml", "cannot be read")
NOTE = Problem(Severity.INFO, "empty-file", "exp/a/empty", "nothing in it")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(Path(tmp_path_factory.mktemp("index")))
    made.put(
        Recording(
            "mlflow_file",
            "exp/a",
            "0f3a91c2",
            name="amber",
            status=RunStatus.FINISHED,
            status_raw="FINISHED",
            started_us=NOON,
            ended_us=NOON + 90 * SECOND,
            experiment="exp",
            params=params({"lr": 1e-3, "optim": {"name": "adam"}, "seed": 1}),
            tags={"mlflow.user": "mira"},
            facts={"git.commit": "abc"},
            metrics=(metric("val/acc", 0.5, 0.9, 0.8), metric("val/loss", 2.0, NAN, 1.0), metric("lr", 0.1)),
            datasets=(DatasetRef("beans", "d1", "train", "mlflow", 10, "s3://x"), DatasetRef("beans", "d1", "eval")),
            problems=(NOTE,),
            extra={"lifecycle": "active"},
        ),
        Recording(
            "lightning",
            "exp/b",
            "version_0",
            name="otter",
            status=RunStatus.FAILED,
            started_us=NOON + SECOND,
            experiment="exp",
            params=params({"lr": 0.01, "optim": {"name": "sgd"}, "seed": 1}),
            metrics=(metric("val/acc", 0.7), metric("val/loss", NAN)),
            datasets=(DatasetRef("beans", "d2"), DatasetRef("noise")),
            problems=(CUT, LOST),
        ),
        Recording("generic", "c", "c", name="otter", params=params({"lr": "auto"})),
    )
    made.mark(
        {"exp/a": ["candidate", "best so far"], "c": ["candidate"]},
        {"c": "odd"},
        [ModelVersion("beans", 1, RunKey("exp/a"), "amber", Stage.STAGING, ("champion",), NOON, "mira")],
    )
    yield made
    made.close()


def ref(kind: str, name: str, aggregate: Aggregate = Aggregate.LAST) -> FieldRef:
    return FieldRef(FieldKind(kind), name, aggregate)


def keys(*names: str) -> list[RunKey]:
    return [RunKey(n) for n in names]


def column(shelf: Shelf, field: FieldRef) -> str:
    """Values of runs c, a, an unknown one, b as text."""
    return str(list(shelf.queries.column(field, keys("c", "exp/a", "gone", "exp/b")).values))


# --- the library -------------------------------------------------------------------------------------------------


def test_sources_and_experiments_with_their_counts(shelf: Shelf) -> None:
    assert shelf.queries.sources() == (Source(shelf.source, "/data/runs", "runs", 3, None, True),)
    assert shelf.queries.library() == (
        LibraryNode(shelf.source, "exp", "exp", ("lightning", "mlflow_file"), 2),
        LibraryNode(shelf.source, None, "(no experiment)", ("generic",), 1),
    )


def test_the_status_bar_counts_runs_recordings_points_and_problems(shelf: Shelf) -> None:
    facts = shelf.queries.facts()
    assert facts == IndexFacts(3, 3, 9, shelf.database.size_bytes, 2)


def test_problems_come_worst_first_with_the_run_they_belong_to(shelf: Shelf) -> None:
    assert shelf.queries.problems() == (
        PlacedProblem("/data/runs", LOST, RunKey("exp/b")),
        PlacedProblem("/data/runs", CUT, RunKey("exp/b")),
        PlacedProblem("/data/runs", NOTE, RunKey("exp/a")),
    )


# --- fields ------------------------------------------------------------------------------------------------------


def test_fields_are_builtins_then_each_kind_by_how_many_runs_have_it(shelf: Shelf) -> None:
    fields = shelf.queries.fields()
    assert [f.field.name for f in fields[: len(BUILTINS)]] == [b.name for b in BUILTINS]
    named = [(f.field.id, f.runs, f.distinct, f.numeric, f.direction.value) for f in fields[len(BUILTINS) :]]
    assert named == [
        ("metric:val/acc:last", 2, None, True, "higher"),
        ("metric:val/loss:last", 2, None, True, "lower"),
        ("metric:lr:last", 1, None, True, "unknown"),
        ("param:lr", 3, 3, True, "unknown"),
        ("param:optim.name", 2, 2, False, "unknown"),
        ("param:seed", 2, 1, True, "unknown"),
        ("tag:mlflow.user", 1, 1, False, "unknown"),
        ("fact:git.commit", 1, 1, False, "unknown"),
    ]
    assert {f.runs for f in fields[: len(BUILTINS)]} == {3}


def test_default_columns_show_shared_metrics_and_params_that_vary(shelf: Shelf) -> None:
    assert [f.id for f in shelf.queries.default_columns(12)] == [
        "builtin:name",
        "builtin:status",
        "builtin:started",
        "builtin:duration",
        "metric:val/acc:best",
        "metric:val/loss:best",
        "param:lr",
        "param:optim.name",
        "builtin:dataset",
        "builtin:format",
        "builtin:tag",
        "builtin:stage",
    ]


@pytest.mark.parametrize(
    ("field", "found"),
    [
        (ref("builtin", "status"), {"failed": 1, "finished": 1, "unknown": 1}),
        (ref("builtin", "name"), {"otter": 2, "amber": 1}),
        (ref("builtin", "experiment"), {"exp": 2}),
        (ref("builtin", "tag"), {"candidate": 2, "best so far": 1}),
        (ref("builtin", "dataset"), {"beans": 2, "noise": 1}),
        (ref("builtin", "stage"), {"staging": 1}),
        (ref("param", "seed"), {"1": 2}),
        (ref("param", "lr"), {"0.001": 1, "0.01": 1, "auto": 1}),
        (ref("tag", "mlflow.user"), {"mira": 1}),
        (ref("fact", "git.commit"), {"abc": 1}),
        (ref("metric", "val/acc"), {}),
        (ref("param", "no such"), {}),
    ],
)
def test_the_values_of_a_field_most_frequent_first(shelf: Shelf, field: FieldRef, found: Mapping[str, int]) -> None:
    assert shelf.queries.values(field, 50) == tuple(found.items())
    assert shelf.queries.values(field, 1) == tuple(found.items())[:1]


# --- columns -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "kind", "values"),
    [
        (ref("builtin", "name"), CellKind.TEXT, "['otter', 'amber', None, 'otter']"),
        (ref("builtin", "status"), CellKind.STATUS, "['unknown', 'finished', None, 'failed']"),
        (ref("builtin", "started"), CellKind.TIME, f"[None, {NOON}, None, {NOON + SECOND}]"),
        (ref("builtin", "duration"), CellKind.DURATION, "[None, 90.0, None, None]"),
        (ref("builtin", "source"), CellKind.TEXT, "['runs', 'runs', None, 'runs']"),
        (ref("builtin", "tag"), CellKind.TAGS, "[('candidate',), ('candidate', 'best so far'), None, None]"),
        (ref("builtin", "dataset"), CellKind.TAGS, "[None, ('beans',), None, ('beans', 'noise')]"),
        (ref("builtin", "dataset.digest"), CellKind.TAGS, "[None, ('d1',), None, ('d2',)]"),
        (ref("builtin", "note"), CellKind.TEXT, "['odd', None, None, None]"),
        (ref("builtin", "stage"), CellKind.TEXT, "[None, 'staging', None, None]"),
        (ref("builtin", "model"), CellKind.TAGS, "[None, ('beans',), None, None]"),
        (ref("builtin", "metrics"), CellKind.NUMBER, "[0.0, 3.0, None, 2.0]"),
        (ref("builtin", "points"), CellKind.NUMBER, "[0.0, 7.0, None, 2.0]"),
        (ref("builtin", "problems"), CellKind.NUMBER, "[0.0, 0.0, None, 2.0]"),
        (ref("metric", "val/acc"), CellKind.NUMBER, "[None, 0.8, None, 0.7]"),
        (ref("metric", "val/acc", Aggregate.BEST), CellKind.NUMBER, "[None, 0.9, None, 0.7]"),
        (ref("metric", "val/loss", Aggregate.BEST), CellKind.NUMBER, "[None, 1.0, None, None]"),
        (ref("metric", "val/loss"), CellKind.NUMBER, "[None, 1.0, None, nan]"),
        (ref("metric", "lr", Aggregate.BEST), CellKind.NUMBER, "[None, 0.1, None, None]"),
        (ref("metric", "val/loss", Aggregate.COUNT), CellKind.NUMBER, "[None, 3.0, None, 1.0]"),
        (ref("metric", "val/loss", Aggregate.FIRST), CellKind.NUMBER, "[None, 2.0, None, nan]"),
        (ref("param", "lr"), CellKind.NUMBER, "['auto', 0.001, None, 0.01]"),
        (ref("param", "optim.name"), CellKind.TEXT, "[None, 'adam', None, 'sgd']"),
        (ref("tag", "mlflow.user"), CellKind.TEXT, "[None, 'mira', None, None]"),
        (ref("fact", "git.commit"), CellKind.TEXT, "[None, 'abc', None, None]"),
        (ref("metric", "no such"), CellKind.NUMBER, "[None, None, None, None]"),
    ],
)
def test_a_column_has_a_value_for_each_run_asked_for(
    shelf: Shelf, field: FieldRef, kind: CellKind, values: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert column(shelf, field) == values
    assert shelf.queries.column(field, keys("c")).kind == kind
    # Long lists of runs are answered from the whole column.
    monkeypatch.setattr(columns, "MANY", 2)
    found = shelf.queries.column(field, keys("c", "exp/a", "gone", "exp/b"))
    assert (str([*found.values]), found.kind) == (values, kind)


def test_a_column_of_params_keeps_the_text_beside_the_number(shelf: Shelf) -> None:
    assert shelf.queries.column(ref("param", "lr"), keys("exp/a", "c")).texts == ("0.001", "auto")
    assert shelf.queries.column(ref("metric", "val/acc"), []).values == ()


def test_columns_asked_for_together_are_those_asked_for_one_by_one(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = [
        *(info.field for info in shelf.queries.fields()),
        *(ref("metric", "val/acc", figure) for figure in (Aggregate.BEST, Aggregate.MEAN)),
        *(ref("param", "no such"), ref("derived", "val/acc / lr"), ref("param", "lr")),
    ]
    wanted = keys("c", "exp/a", "gone", "exp/b")
    alone_each = [str(shelf.queries.column(field, wanted)) for field in fields]
    assert [str(found) for found in shelf.queries.columns(fields, wanted)] == alone_each
    asked: list[str] = []
    rows = shelf.database.rows

    def counted(sql: str, given: Sequence[Bound] = ()) -> list[Row]:
        asked.append(sql)
        return rows(sql, given)

    monkeypatch.setattr(shelf.database, "rows", counted)
    shelf.queries.columns(
        [ref("builtin", "name"), ref("builtin", "status"), ref("param", "lr"), ref("param", "seed")], wanted
    )
    # The state of the index, the builtin values, the params, and which of them are numbers.
    assert len(asked) == 4
    monkeypatch.setattr(columns, "MANY", 2)
    assert [str(found) for found in shelf.queries.columns(fields, wanted)] == alone_each


def test_every_builtin_field_can_be_shown_filtered_and_sorted(shelf: Shelf) -> None:
    for builtin in BUILTINS:
        assert len(shelf.queries.column(builtin.ref, keys("exp/a")).values) == 1
        assert set(shelf.keys(f"{builtin.name} is null or {builtin.name} is not null")) == {"exp/a", "exp/b", "c"}
        assert builtin.title


# --- runs --------------------------------------------------------------------------------------------------------


def test_many_runs_are_answered_in_another_way_but_alike(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [shelf.keys(where) for where in ("", "failed", "val/acc > 0.75", "name = nobody")]
    monkeypatch.setattr(run_ids, "MANY", 1)
    assert [shelf.keys(where) for where in ("", "failed", "val/acc > 0.75", "name = nobody")] == few
    assert few == [["exp/b", "exp/a", "c"], ["exp/b"], ["exp/a"], []]


def test_runs_are_those_of_the_last_linking(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(Recording("g", "b", "b", metrics=(metric("m", 2.0),)))
    assert shelf.keys() == ["b"]
    shelf.put(Recording("g", "a", "a", metrics=(metric("m", 1.0),)))
    assert shelf.keys() == ["a", "b"]
    assert shelf.queries.column(ref("metric", "m"), keys("b", "a")).values == (2.0, 1.0)
    shelf.close()


def test_runs_of_one_source_or_experiment(shelf: Shelf) -> None:
    def found(query: RunQuery) -> list[str]:
        return [*shelf.queries.run_keys(query)]

    assert found(RunQuery(source=shelf.source)) == ["exp/b", "exp/a", "c"]
    assert found(RunQuery(source=shelf.source + 1)) == []
    assert found(RunQuery(experiment="exp")) == ["exp/b", "exp/a"]
    assert found(RunQuery("failed or name = otter", experiment="exp")) == ["exp/b"]


@pytest.mark.parametrize(
    ("text", "key"),
    [("exp/a", "exp/a"), ("amber", "exp/a"), ("0f3a91c2", "exp/a"), ("0f3a", "exp/a"), ("version_0", "exp/b"),
     ("c", "c"), ("exp/b", "exp/b")],
)  # fmt: skip
def test_a_run_is_found_by_key_id_name_path_or_the_start_of_an_id(shelf: Shelf, text: str, key: str) -> None:
    assert shelf.queries.resolve_run(text) == key


@pytest.mark.parametrize(("text", "says"), [("otter", "2 runs are called 'otter'"), ("nobody", "no run 'nobody'")])
def test_a_text_that_means_no_run_or_several_is_refused(shelf: Shelf, text: str, says: str) -> None:
    with pytest.raises(NotFound, match=says):
        shelf.queries.resolve_run(text)


def test_details_hold_everything_but_the_points(shelf: Shelf) -> None:
    run = shelf.detail("exp/a")
    assert (run.key, run.name, run.experiment, run.path) == ("exp/a", "amber", "exp", "exp/a")
    assert (run.status, run.status_raw, run.format, run.source_path) == (
        RunStatus.FINISHED, "FINISHED", "mlflow_file", "/data/runs")  # fmt: skip
    assert (run.started_us, run.ended_us, run.duration_s) == (NOON, NOON + 90 * SECOND, 90.0)
    assert {p.path: (p.text, p.value) for p in run.params} == {
        ("lr",): ("0.001", 0.001), ("optim", "name"): ("adam", "adam"), ("seed",): ("1", 1)}  # fmt: skip
    assert (run.tags, run.facts, run.extra) == ({"mlflow.user": "mira"}, {"git.commit": "abc"}, {"lifecycle": "active"})
    assert run.datasets == (
        DatasetRef("beans", "d1", "train", "mlflow", 10, "s3://x"),
        DatasetRef("beans", "d1", "eval"),
    )
    assert run.problems == (NOTE,)
    assert [(r.format, r.path, r.id, r.primary) for r in run.recordings] == [("mlflow_file", "exp/a", "0f3a91c2", True)]
    acc, loss = (
        next(m for m in run.metrics if m.name == "val/acc"),
        next(m for m in run.metrics if m.name == "val/loss"),
    )
    assert (acc.count, acc.first_step, acc.first, acc.last_step, acc.last) == (3, 0, 0.5, 2, 0.8)
    assert (acc.min, acc.max, acc.best, acc.shown, acc.direction) == (0.5, 0.9, 0.9, 0.8, Direction.HIGHER)
    assert (loss.best_min, loss.best_max, loss.best, loss.nan_count, loss.inf_count) == (1.0, 2.0, 1.0, 1, 0)


def test_details_of_many_runs_come_in_the_order_asked_for(shelf: Shelf) -> None:
    marks = {"c": RunMarks(("candidate",), "odd")}
    found = details(shelf.database, keys("c", "exp/b", "c"), lambda key: marks.get(key, RunMarks()))
    assert [(run.key, run.marks.note) for run in found] == [("c", "odd"), ("exp/b", ""), ("c", "odd")]
    assert details(shelf.database, [], lambda _: RunMarks()) == ()
    with pytest.raises(NotFound, match="gone"):
        shelf.detail("gone")


def test_the_number_of_queries_for_details_does_not_grow_with_the_runs(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    rows = shelf.database.rows

    def counted(sql: str, params: Sequence[Bound] = ()) -> list[Row]:
        asked.append(sql)
        return rows(sql, params)

    monkeypatch.setattr(shelf.database, "rows", counted)
    details(shelf.database, keys("c"), lambda _: RunMarks())
    for_one = len(asked)
    details(shelf.database, keys("c", "exp/a", "exp/b"), lambda _: RunMarks())
    assert len(asked) == 2 * for_one


# --- series and data sets -----------------------------------------------------------------------------------------


def test_series_of_many_runs_leave_out_those_without_the_metric(shelf: Shelf) -> None:
    found = shelf.queries.series_for(keys("exp/b", "c", "exp/a", "gone"), "val/acc")
    assert [*found] == ["exp/b", "exp/a"]
    assert found[RunKey("exp/a")].value.tolist() == [0.5, 0.9, 0.8]
    assert found[RunKey("exp/a")].step.tolist() == [0, 1, 2]
    assert shelf.queries.series_for(keys("exp/a"), "no such") == {}
    assert shelf.queries.series_for([], "val/acc") == {}


def test_series_keep_written_order_when_many_are_read_at_once(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    steps = [3, 1, 2, 1]
    shelf.put(*(Recording("g", f"r{i}", f"r{i}", metrics=(series("m", steps, [i, -i, NAN, 0.5]),)) for i in range(50)))
    found = shelf.queries.series_for(keys(*(f"r{i}" for i in reversed(range(50)))), "m")
    assert [*found] == [f"r{i}" for i in reversed(range(50))]
    for i in range(50):
        one = found[RunKey(f"r{i}")]
        assert one.step.tolist() == steps
        assert str(one.value.tolist()) == str([float(i), float(-i), NAN, 0.5])
    shelf.close()


def test_answers_stay_true_while_runs_are_linked_again(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(*(Recording("g", f"r{i}", f"r{i}", name=f"n{i}", metrics=(metric("m", i),)) for i in range(40)))
    items = linkables(shelf.database)
    done = threading.Event()

    def relink() -> None:
        # Other names, another order, so each run has another id after every linking.
        for turn in range(25):
            put_runs(
                shelf.database, [replace(alone(item), name=f"{(item.id * 7 + turn) % 40:02}") for item in items], []
            )
        done.set()

    thread = threading.Thread(target=relink)
    thread.start()
    asked = 0
    while not done.is_set() or asked < 3:
        found = shelf.queries.run_keys(RunQuery("m >= 20"))
        assert {*found} == {f"r{i}" for i in range(20, 40)}
        assert shelf.queries.column(ref("metric", "m"), found).values == tuple(float(k[1:]) for k in found)
        assert [(r.key, r.metrics[0].shown) for r in details(shelf.database, found, lambda _: RunMarks())] == [
            (key, float(key[1:])) for key in found
        ]
        assert {k: s.value.tolist() for k, s in shelf.queries.series_for(found, "m").items()} == {
            key: [float(key[1:])] for key in found
        }
        asked += 1
    thread.join()
    shelf.close()


def test_data_sets_by_name_and_digest_with_the_runs_that_used_each(shelf: Shelf) -> None:
    found = [(d.name, d.digest, d.contexts, d.rows, d.runs) for d in shelf.queries.datasets()]
    assert found == [
        ("beans", "d1", ("eval", "train"), 10, ("exp/a",)),
        ("beans", "d2", (), None, ("exp/b",)),
        ("noise", None, (), None, ("exp/b",)),
    ]


def test_default_columns_hold_no_times_that_no_run_has_and_seeds_come_last(tmp_path: Path) -> None:
    made = Shelf(tmp_path)
    made.put(*(Recording("generic", f"r{n}", f"r{n}", params=params({"a_seed": n, "lr": 0.1 * n})) for n in (1, 2)))
    found = [f.name for f in made.queries.default_columns(12, lambda name: name == "a_seed")]
    assert found == ["name", "status", "lr", "a_seed", "dataset", "format", "tag", "stage"]
    made.close()


def test_an_empty_index_answers_everything_with_nothing(tmp_path: Path) -> None:
    empty = Shelf(tmp_path)
    asked = empty.queries
    assert (asked.library(), asked.problems(), asked.datasets(), asked.run_keys(RunQuery())) == ((), (), (), ())
    assert asked.facts().runs == 0
    assert len(asked.fields()) == len(BUILTINS)
    assert len(asked.default_columns(12)) == 8
    asked.check_filter("failed and not (name ~ x)")
    empty.close()


def test_a_text_that_is_one_runs_name_and_the_id_of_another_is_ambiguous(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(Recording("generic", "x/p", "m00", name="first"), Recording("generic", "b", "b", name="m00"))
    with pytest.raises(NotFound, match="2 runs are called 'm00'"):
        shelf.queries.resolve_run("m00")
    with pytest.raises(NotFound, match="No run is named"):
        shelf.queries.resolve_run("")
    shelf.close()
