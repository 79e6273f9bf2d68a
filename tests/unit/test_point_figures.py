"""Figures that are worked out of points, against SciPy and NumPy on the same points."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from runfolio.index import long_points, point_spans
from runfolio.index import point_figures as module
from runfolio.model.answers import CellKind
from runfolio.model.key_order import KeyOrder
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.query import Aggregate, FieldKind, FieldRef, RunQuery, SortKey
from runfolio.model.run import Recording, RunKey
from support.indexing import NOON, SECOND, Shelf, params

NAN = math.nan
RNG = np.random.default_rng(7)


def points(steps: list[int], values: list[float], name: str = "loss") -> MetricSeries:
    return series(name, steps, values, [NOON + 2 * SECOND * at for at in range(len(steps))])


SERIES = {
    "long": points([*range(0, 4000, 10)], (1e6 + RNG.normal(size=400).cumsum()).tolist()),
    "short": points([5, 10], [2.0, 1.0]),
    "one": points([7], [3.0]),
    "back": points([0, 10, 20, 10, 20, 30], [6.0, 5.0, 4.0, 4.5, 3.5, 3.0]),
    "broken": points([0, 1, 2, 3], [1.0, 0.5, NAN, 0.25]),
    "same": points([4, 4, 4], [1.0, 2.0, 4.0]),
}


@pytest.fixture(scope="module", params=[500_000, 5], ids=["at once", "some at a time"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(Path(tmp_path_factory.mktemp("index")))
    before, point_spans.CHUNK = point_spans.CHUNK, request.param
    made.put(
        *(
            Recording("generic", key, key, params=params({"lr": 0.5}), metrics=(points([0], [0.0], "other"), own))
            for key, own in SERIES.items()
        ),
        Recording("generic", "none", "none"),
    )
    yield made
    point_spans.CHUNK = before
    made.close()


def figures(shelf: Shelf, aggregate: Aggregate, argument: float | None = None) -> dict[str, float | None]:
    keys = [RunKey(k) for k in (*SERIES, "none")]
    column = shelf.queries.column(FieldRef(FieldKind.METRIC, "loss", aggregate, argument), keys)
    assert column.kind is CellKind.NUMBER
    found = dict(zip(map(str, keys), column.values, strict=True))
    assert all(value is None or isinstance(value, float) for value in found.values())
    return found  # type: ignore[return-value]


def expected(work_out: Callable[[MetricSeries], float | None]) -> dict[str, float | None]:
    return {key: work_out(own) for key, own in SERIES.items()} | {"none": None}


def some(found: dict[str, float | None]) -> dict[str, float]:
    """Those that have a figure."""
    return {key: value for key, value in found.items() if value is not None}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Runs of which some series are long enough for their figures to be kept with them."""
    made = Shelf(Path(tmp_path_factory.mktemp("kept")))
    series = SERIES | {
        "still": points([4] * 20, [float(at % 7) for at in range(20)]),
        "holes": points([*range(20)], [NAN if at == 3 else float(at) for at in range(20)]),
    }
    made.put(*(Recording("generic", key, key, metrics=(points([0], [0.0], "a"), own)) for key, own in series.items()))
    yield made
    made.close()


@pytest.mark.parametrize("aggregate", [Aggregate.MEAN, Aggregate.STD, Aggregate.SLOPE])
def test_what_is_kept_with_long_series_is_what_their_points_give_to_the_last_bit(
    kept: Shelf, aggregate: Aggregate
) -> None:
    stored = kept.database.rows(
        "select count(*), count(std_value), count(slope) from series where mean_value is not null"
    )
    assert stored == [(3, 3, 2)], "where all steps are the same there is no slope"
    found = dict(zip(*module.point_figures(kept.database, FieldRef(FieldKind.METRIC, "loss", aggregate)), strict=True))
    of_points = dict(
        zip(*module.point_figures(kept.database, FieldRef(FieldKind.METRIC, "loss", aggregate, 1e6)), strict=True)
    )
    np.testing.assert_equal(found, of_points)
    one = next(iter(found))
    runs, figure = module.point_figures(kept.database, FieldRef(FieldKind.METRIC, "loss", aggregate), [int(one)])
    np.testing.assert_equal((runs.tolist(), figure.tolist()), ([one], [found[one]]))


def test_a_scaled_name_is_worked_out_of_the_points(kept: Shelf) -> None:
    mean, database = FieldRef(FieldKind.METRIC, "loss", Aggregate.MEAN), kept.database
    run = int(str(database.rows("select id from runs where key = 'long'")[0][0]))
    with database.transaction():
        database.run("update run_series set scale = 3 where run = ? and name = 'loss'", [run])
    scaled = module.point_figures(database, mean, [run])[1]
    np.testing.assert_allclose(scaled, [np.mean(SERIES["long"].value * 3)], rtol=1e-15)
    with database.transaction():
        database.run("update run_series set scale = 1 where run = ? and name = 'loss'", [run])


@pytest.mark.parametrize("last", [None, 2, 3, 100])
def test_mean_deviation_and_slope_of_the_last_points(shelf: Shelf, last: int | None) -> None:
    def tail(own: MetricSeries) -> MetricSeries:
        begin = 0 if last is None else max(0, len(own) - last)
        return MetricSeries(own.name, own.step[begin:], own.value[begin:], own.wall_time_us[begin:])

    def slope(own: MetricSeries) -> float | None:
        some = tail(own)
        if len(set(some.step.tolist())) < 2:
            return None
        return float(stats.linregress(some.step.astype(float), some.value).slope)

    means = expected(lambda own: float(np.mean(tail(own).value)))
    spreads = expected(lambda own: float(np.std(tail(own).value, ddof=1)) if len(tail(own)) > 1 else None)
    for aggregate, wanted in ((Aggregate.MEAN, means), (Aggregate.STD, spreads), (Aggregate.SLOPE, expected(slope))):
        found = figures(shelf, aggregate, last)
        assert {k for k, v in found.items() if v is None} == {k for k, v in wanted.items() if v is None}
        assert some(found) == pytest.approx(some(wanted), rel=1e-9, nan_ok=True)


def test_the_value_at_a_step_is_the_latest_up_to_it_of_runs_that_came_so_far(shelf: Shelf) -> None:
    long = SERIES["long"].value
    assert figures(shelf, Aggregate.AT, 10) == {
        "long": long[1], "short": 1.0, "one": None, "back": 4.5, "broken": None, "same": None, "none": None,
    }  # fmt: skip
    assert figures(shelf, Aggregate.AT, 3) == {
        "long": long[0], "short": None, "one": None, "back": 6.0, "broken": 0.25, "same": None, "none": None,
    }  # fmt: skip
    assert figures(shelf, Aggregate.AT, 4)["same"] == 4.0
    assert figures(shelf, Aggregate.AT, 25)["back"] == 3.5
    assert math.isnan(figures(shelf, Aggregate.AT, 2)["broken"] or 0.0)


@pytest.mark.parametrize("value", [1e9, 1e6 + 3.0, 4.0, 3.5, 1.0, 0.25, -5.0])
@pytest.mark.parametrize("name", ["loss", "quantity"])
def test_a_long_series_is_read_until_it_reaches_a_value_with_the_same_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float, name: str
) -> None:
    shelf = Shelf(tmp_path)
    named = {key: MetricSeries(name, own.step, own.value, own.wall_time_us) for key, own in SERIES.items()}
    shelf.put(*(Recording("generic", key, key, metrics=(own,)) for key, own in named.items()))
    asked = [FieldRef(FieldKind.METRIC, name, a, value) for a in (Aggregate.REACH, Aggregate.REACH_TIME)]
    whole = [dict(zip(*module.point_figures(shelf.database, ref), strict=True)) for ref in asked]
    monkeypatch.setattr(module, "LONG", 1)
    monkeypatch.setattr(long_points, "AT_ONCE", 3)
    assert [dict(zip(*module.point_figures(shelf.database, ref), strict=True)) for ref in asked] == whole
    shelf.close()


def test_the_first_step_and_time_as_good_as_a_value(shelf: Shelf) -> None:
    # A loss is good when it is low.
    assert figures(shelf, Aggregate.REACH, 1.0) == {
        "long": None, "short": 10.0, "one": None, "back": None, "broken": 0.0, "same": 4.0, "none": None,
    }  # fmt: skip
    assert figures(shelf, Aggregate.REACH, 4.0)["back"] == 20.0
    assert figures(shelf, Aggregate.REACH_TIME, 1.0) == {
        "long": None, "short": 2.0, "one": None, "back": None, "broken": 0.0, "same": 0.0, "none": None,
    }  # fmt: skip
    assert figures(shelf, Aggregate.REACH_TIME, 3.5)["back"] == 8.0


def test_they_filter_and_sort(shelf: Shelf) -> None:
    assert shelf.keys("mean(loss, last=2) <= 3 and std(loss, last=2) > 0.6") == ["same", "short"]
    assert shelf.keys("at(loss, step=10) < first(loss)") == ["back", "short"]
    by_mean = SortKey(FieldRef(FieldKind.METRIC, "loss", Aggregate.MEAN), True)
    assert shelf.keys("loss is not null", by_mean) == ["long", "back", "one", "same", "short", "broken"]


def test_a_derived_column_is_worked_out_of_others(shelf: Shelf) -> None:
    ratio = shelf.queries.derived("first(loss)  / lr")
    assert ratio == FieldRef(FieldKind.DERIVED, "first(loss) / lr")
    keys = [RunKey(k) for k in ("short", "none", "same", "gone")]
    column = shelf.queries.column(ratio, keys)
    assert (column.kind, column.values) == (CellKind.NUMBER, (4.0, None, 2.0, None))
    assert shelf.keys("loss is not null", SortKey(ratio))[:2] == ["broken", "same"]
    unknown = shelf.queries.column(FieldRef(FieldKind.DERIVED, "gone / lr"), keys)
    assert unknown.values == (None,) * 4


def test_an_order_answers_without_a_list_of_keys(shelf: Shelf) -> None:
    order = shelf.queries.run_order(RunQuery("loss is not null", (SortKey(FieldRef(FieldKind.BUILTIN, "name")),)))
    names = sorted(SERIES)
    assert [*order] == names
    assert (len(order), order[0], order[-1], order[1:3]) == (6, names[0], names[-1], tuple(names[1:3]))
    assert [order.row_of(RunKey(k)) for k in names] == [*range(6)]
    assert (order.row_of(RunKey("none")), "none" in order, "one" in order, order.index("one")) == (None, False, True, 3)
    with pytest.raises(ValueError, match="is not among the runs"):
        order.index("none")
    assert order == shelf.queries.run_order(
        RunQuery("loss is not null", (SortKey(FieldRef(FieldKind.BUILTIN, "name")),))
    )
    assert order != shelf.queries.run_order(RunQuery())
    assert KeyOrder.of(names) == order  # type: ignore[arg-type]


def value_at(own: MetricSeries, wanted: int) -> float | None:
    """By hand: of the greatest step up to it the point written last, where the series goes that far."""
    steps, values = own.step.tolist(), own.value.tolist()
    upto = [(step, place) for place, step in enumerate(steps) if step <= wanted]
    return values[max(upto)[1]] if upto and max(steps) >= wanted else None


def first_as_low(own: MetricSeries, wanted: float) -> float | None:
    found = [step for step, value in zip(own.step.tolist(), own.value.tolist(), strict=True) if value <= wanted]
    return float(found[0]) if found else None


@pytest.mark.parametrize("many", [1, 40], ids=["every third series", "few of many"])
def test_series_that_rise_stand_and_go_back_among_others(many: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    far = 2**62
    made = {
        "far": points([-far, 0, far, far + 5], [4.0, 3.0, 2.0, 1.0]),
        "odd": points([far, -far, 3], [9.0, 8.0, 7.0]),
    }
    for place in range(30):
        count = int(rng.integers(1, 40))
        steps = rng.integers(0, 20, count).cumsum() if place % 3 else rng.integers(-30, 60, count)
        made[f"r{place}"] = points(steps.tolist(), rng.integers(0, 9, count).astype(float).tolist())
    others = [points([*range(7)], [0.5] * 7, f"other{at}") for at in range(many)]
    shelf = Shelf(tmp_path)
    shelf.put(*(Recording("generic", k, k, metrics=(others[0], own, *others[1:])) for k, own in made.items()))
    keys = [RunKey(key) for key in made]
    before, point_spans.CHUNK = point_spans.CHUNK, 300
    try:
        for wanted in (-far, 0, 17, 40, far + 2):
            column = shelf.queries.column(FieldRef(FieldKind.METRIC, "loss", Aggregate.AT, wanted), keys)
            assert [*column.values] == [value_at(own, wanted) for own in made.values()], wanted
        for low in (0.0, 3.0, 8.0):
            column = shelf.queries.column(FieldRef(FieldKind.METRIC, "loss", Aggregate.REACH, low), keys)
            assert [*column.values] == [first_as_low(own, low) for own in made.values()], low
    finally:
        point_spans.CHUNK = before
        shelf.close()
