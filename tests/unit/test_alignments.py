"""Aligned names in the index: rows like any other metric's, scaled, never in the way of a run's own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from runfolio.analysis.align import families
from runfolio.index.alignments import align_again, alignment_facts, name_facts, parts_together, preview, together
from runfolio.index.run_writer import linkables, put_runs
from runfolio.model.alignment import AlignedName, Alignment, NameFacts, Together
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.query import Aggregate, FieldKind, FieldRef, RunQuery
from runfolio.model.run import Recording, RunKey
from support.indexing import Shelf, alone, linked, metric

_ALL = RunQuery()
ACC = Alignment("acc", (AlignedName("val_acc"), AlignedName("top1", 0.01)))


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    made.put(
        run("own", metric("acc", 0.5, 0.75), metric("val_acc", 0.1)),
        run("same", metric("val_acc", 0.25, 0.5), metric("top1", 90.0)),
        run("percent", metric("top1", 50.0, 75.0, 25.0)),
        run("none", metric("loss", 1.0)),
    )
    yield made
    made.close()


def run(path: str, *metrics: MetricSeries) -> Recording:
    return Recording("generic", path, path, metrics=metrics)


def values(shelf: Shelf, name: str, aggregate: Aggregate = Aggregate.LAST) -> dict[str, object]:
    keys = shelf.queries.run_keys(_ALL)
    column = shelf.queries.column(FieldRef(FieldKind.METRIC, name, aggregate), keys)
    return {str(key): value for key, value in zip(keys, column.values, strict=True) if value is not None}


def test_runs_show_their_own_metric_and_else_the_first_of_the_names(shelf: Shelf) -> None:
    assert align_again(shelf.database, [ACC])
    assert values(shelf, "acc") == {"own": 0.75, "same": 0.5, "percent": 0.25}
    assert values(shelf, "acc", Aggregate.BEST) == {"own": 0.75, "same": 0.5, "percent": 0.75}
    assert values(shelf, "acc", Aggregate.MIN) == {"own": 0.5, "same": 0.25, "percent": 0.25}
    assert values(shelf, "acc", Aggregate.FIRST) == {"own": 0.5, "same": 0.25, "percent": 0.5}
    assert values(shelf, "acc", Aggregate.COUNT) == {"own": 2.0, "same": 2.0, "percent": 3.0}
    # The names themselves stay as they were.
    assert values(shelf, "top1") == {"same": 90.0, "percent": 25.0}
    assert not align_again(shelf.database, [ACC]), "nothing to do any more"


def test_filters_sorting_and_fields_know_an_aligned_name(shelf: Shelf) -> None:
    align_again(shelf.database, [Alignment("quality", ACC.names)])
    assert sorted(shelf.keys("quality > 0.2")) == ["percent", "same"]
    assert shelf.keys("quality.max = 0.75") == ["percent"]
    fields = {f.field.name: f for f in shelf.queries.fields() if f.field.kind is FieldKind.METRIC}
    assert (fields["quality"].runs, fields["quality"].origins) == (3, ACC.names)
    assert (fields["top1"].shown_as, fields["top1"].origins, fields["loss"].shown_as) == ("quality", (), "")
    align_again(shelf.database, [])
    assert "quality" not in {f.field.name for f in shelf.queries.fields()}


def test_points_and_figures_are_scaled_alike_and_say_where_they_are_from(shelf: Shelf) -> None:
    written = series("top1", [3, 1, 2], [50.0, math.nan, math.inf], final=64.0, final_rule="greatest step")
    shelf.put(run("rare", written))
    align_again(shelf.database, [ACC])
    key = RunKey("rare")
    points = shelf.queries.series_for([key], "acc")[key]
    assert points.step.tolist() == [3, 1, 2]
    assert [repr(v) for v in points.value.tolist()] == ["0.5", "nan", "inf"]
    assert (points.name, points.final, points.final_rule) == ("acc", 0.64, "greatest step")
    aligned, own = shelf.detail("rare").metrics
    assert (aligned.name, aligned.origin, aligned.scale, aligned.origin_words) == ("acc", "top1", 0.01, "top1 × 0.01")
    assert (aligned.first, aligned.max, aligned.best_max, aligned.shown) == (0.5, math.inf, 0.5, 0.64)
    assert (own.name, own.origin, own.first, own.shown) == ("top1", "", 50.0, 64.0)
    assert [m.name for m in shelf.detail("rare").told_metrics] == ["acc"]
    assert [m.name for m in shelf.detail("own").told_metrics] == ["acc", "val_acc"]


def test_counts_of_metrics_and_points_stay(shelf: Shelf) -> None:
    before = {key: shelf.keys(f"key = {key} and metrics = {n}") for key, n in (("same", 2), ("percent", 1))}
    put_runs(shelf.database, [alone(item) for item in linkables(shelf.database)], [], [ACC])
    assert {key: shelf.keys(f"key = {key} and metrics = {n}") for key, n in (("same", 2), ("percent", 1))} == before
    assert shelf.keys("points = 3 and metrics = 1") == ["percent"]
    assert values(shelf, "acc") == {"own": 0.75, "same": 0.5, "percent": 0.25}


def test_a_name_with_the_prefix_of_its_recording_is_aligned(tmp_path: Path) -> None:
    made = Shelf(tmp_path)
    made.put(run("a", metric("acc", 0.5)), run("a/validation", metric("acc", 0.25)))
    items = linkables(made.database)
    alignments = [Alignment("val_acc", (AlignedName("validation/acc"),))]
    put_runs(made.database, [linked("a", items, ["", "validation/"])], [], alignments)
    assert values(made, "val_acc") == {"a": 0.25}
    made.close()


def test_what_would_happen_is_told_before(shelf: Shelf) -> None:
    names = (AlignedName("acc"), AlignedName("val_acc"), AlignedName("top1", 0.01), AlignedName("no such"))
    told = preview(shelf.database, "acc", names)
    assert (told.own, told.gains, told.both, told.runs) == (1, (1, 1, 0), 1, 3)
    assert preview(shelf.database, "acc", ()).runs == 1
    assert values(shelf, "acc") == {"own": 0.75}


def test_facts_of_names_and_of_alignments(shelf: Shelf) -> None:
    align_again(shelf.database, [ACC])
    assert name_facts(shelf.database) == (
        NameFacts("acc", 1, 0.5, 0.75, 1, 0),
        NameFacts("loss", 1, 1.0, 1.0, 1, 0),
        NameFacts("top1", 2, 25.0, 90.0, 0, 2),
        NameFacts("val_acc", 2, 0.1, 0.5, 2, 0),
    )
    (facts,) = alignment_facts(shelf.database, [ACC])
    assert (facts.runs, [part.shown for part in facts.parts]) == (3, [1, 1])
    assert facts.own is not None
    assert facts.own.runs == 1


def test_names_of_one_run_are_compared_by_their_values(shelf: Shelf) -> None:
    shelf.put(
        run("twice", metric("val_acc", 0.1, 0.3), metric("val/acc", 0.1, 0.3 + 1e-9)),
        run("other", metric("val_acc", 0.1, 0.3), metric("val/acc", 0.1, 0.4)),
        run("empty", metric("val_acc"), metric("val/acc")),
    )
    names = [f.name for f in name_facts(shelf.database)]
    assert together(shelf.database, families(names)) == {
        ("val/acc", "val_acc"): Together(3, 2),
        ("acc", "val_acc"): Together(1, 0),
    }
    parts = parts_together(shelf.database, {"val_acc": "val", "top1": "test", "loss": "eval"})
    assert parts == {("test", "val")}
