"""A prepared series covers, in each pixel column, exactly what all of its points cover."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfolio.analysis.axis import XKind
from runfolio.analysis.prepared import prepare, prepare_arrays
from runfolio.analysis.pyramid import Columns, Points
from runfolio.analysis.reduce import min_max_columns
from runfolio.analysis.scales import YKind, YScale
from runfolio.model.metrics import Floats, series


def steps(n: int) -> Floats:
    return np.arange(n, dtype=np.float64)


def noise(n: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal(n)


def covered(columns: Columns, x0: float, x1: float, wide: int) -> dict[int, tuple[float, float]]:
    """Lowest and highest value by pixel column, of the entries in the view."""
    found: dict[int, tuple[float, float]] = {}
    for x, low, high in zip(columns.x, columns.low, columns.high, strict=True):
        if x0 <= x <= x1:
            place = min(wide - 1, math.floor((x - x0) / (x1 - x0) * wide))
            before = found.get(place, (math.inf, -math.inf))
            found[place] = (min(before[0], low), max(before[1], high))
    return found


def test_columns_that_lie_on_block_borders_hold_the_extremes_of_exactly_their_points() -> None:
    y = noise(1_024_000)
    columns = Points(steps(len(y)), y).columns(0.0, float(len(y)), 1000)
    # 1,024 points a column: sixteen blocks of 64, so no border has to be moved.
    rows = y.reshape(1000, 1024)
    np.testing.assert_array_equal(columns.low, rows.min(axis=1))
    np.testing.assert_array_equal(columns.high, rows.max(axis=1))
    np.testing.assert_array_equal(columns.first, rows[:, 0])
    np.testing.assert_array_equal(columns.last, rows[:, -1])
    assert columns.points == len(y)
    assert columns.joined[:-1].all()


@pytest.mark.parametrize("wide", [7, 100, 800, 1237])
@pytest.mark.parametrize("window", [(0.0, 1e6), (123_456.7, 987_654.3), (5000.5, 5100.5), (500_000.0, 500_003.0)])
def test_each_column_holds_true_extremes_of_points_at_most_an_eighth_of_a_pixel_away(
    wide: int, window: tuple[float, float]
) -> None:
    x, y = steps(1_000_000), noise(1_000_000)
    x0, x1 = window
    columns = Points(x, y).columns(x0, x1, wide)
    width = (x1 - x0) / wide
    for place, (low, high) in covered(columns, x0, x1, wide).items():
        left, right = x0 + place * width, x0 + (place + 1) * width
        # Each point stands at its number, so none farther away need be asked.
        near = slice(max(0, math.floor(left - width) - 1), math.ceil(right + width) + 2)
        xs, ys = x[near], y[near]
        least = ys[(xs >= left + width / 8) & (xs < right - width / 8)]
        most = ys[(xs >= left - width / 8) & (xs <= right + width / 8)]
        assert low <= least.min(initial=low), "nothing inside is lost"
        assert high >= least.max(initial=high), "nothing inside is lost"
        assert low >= most.min(), "nothing is invented"
        assert high <= most.max(), "nothing is invented"


def test_one_sample_among_ten_million_is_in_every_view_that_holds_it() -> None:
    y = np.zeros(10_000_000)
    y[7_654_321] = 5.0
    points = Points(steps(len(y)), y)
    for reach in (7_000_000, 1_000_000, 30_000, 1_000, 20, 2):
        seen = points.columns(7_654_321.0 - reach / 3, 7_654_321.0 + reach / 4, 640)
        assert seen.high.max() == 5.0
    assert points.columns(0.0, 7_654_319.0, 640).high[:-1].max() == 0.0


def test_sparse_stretches_of_a_dense_series_stay_where_they_are() -> None:
    # A training that paused: a million points, an hour with ten, a million points.
    x = np.concatenate([np.linspace(0, 10, 1_000_000), np.linspace(20, 80, 10), np.linspace(90, 100, 1_000_000)])
    y = np.concatenate([np.zeros(1_000_000), np.arange(1.0, 11.0), np.zeros(1_000_000)])
    columns = Points(x, y).columns(0.0, 100.0, 500)
    found = covered(columns, 0.0, 100.0, 500)
    for at, value in zip(np.linspace(20, 80, 10), range(1, 11), strict=True):
        assert found[min(499, math.floor(at * 5))] == (value, value)


def test_a_gap_between_columns_stays_and_one_within_a_column_is_closed() -> None:
    y = noise(100_000)
    y[50_000:60_000] = math.nan
    y[20_005] = math.nan
    columns = Points(steps(len(y)), y).columns(0.0, 100_000.0, 100)
    (gap, _end) = np.flatnonzero(~columns.joined)
    # A border may lie an eighth of a column aside, so that the last points before the gap are those of the next.
    assert 49_500.0 <= columns.x[gap] <= 50_500.0
    assert 60_000.0 <= columns.x[gap + 1] <= 60_500.0
    assert columns.points == 100_000 - 10_001


def test_a_point_between_two_gaps_needs_a_dot_also_when_it_is_seen_alone() -> None:
    points = Points(steps(5), np.array([1.0, math.nan, 2.0, math.nan, 3.0]))
    columns = points.columns(0.0, 4.0, 100)
    assert columns.lone.tolist() == [True, True, True]
    assert Points(steps(3), np.array([1.0, 2.0, 3.0])).columns(0.0, 2.0, 100).lone.tolist() == [False] * 3
    assert Points(np.array([5.0]), np.array([1.0])).columns(0.0, 9.0, 10).lone.tolist() == [True]


def test_the_line_enters_and_leaves_the_view_where_the_points_outside_lead_it() -> None:
    columns = Points(np.array([0.0, 10.0, 20.0]), np.array([0.0, 1.0, 0.0])).columns(12.0, 15.0, 100)
    assert (columns.x.tolist(), columns.first.tolist(), columns.points) == ([0.0, 10.0, 20.0], [0.0, 1.0, 0.0], 0)


def test_a_resumed_run_that_goes_back_is_drawn_as_it_was_written() -> None:
    x = np.concatenate([steps(50_000), steps(50_000) + 40_000])
    y = np.concatenate([np.zeros(50_000), np.ones(50_000)])
    columns = Points(x, y).columns(0.0, 90_000.0, 90)
    found = covered(columns, 0.0, 90_000.0, 90)
    assert found[20] == (0.0, 0.0)
    assert found[45] == (0.0, 1.0)
    assert found[70] == (1.0, 1.0)
    assert columns.joined[:-1].all()


def test_a_series_in_no_order_is_reduced_point_by_point() -> None:
    order = np.random.default_rng(3).permutation(5000)
    x, y = order.astype(np.float64), np.sin(order / 700.0)
    y[17] = math.nan
    columns = Points(x, y).columns(0.0, 5000.0, 50)
    line = min_max_columns(x, y, 0.0, 5000.0, 50)
    np.testing.assert_array_equal(columns.x, line.x[np.isfinite(line.y)])
    assert np.count_nonzero(~columns.joined) == 2
    assert columns.points == 4999


def test_nothing_can_be_drawn_and_is_said_so() -> None:
    empty = Points(np.empty(0), np.empty(0))
    assert (len(empty.columns(0.0, 1.0, 10).x), empty.x_bounds, empty.y_bounds) == (0, None, None)
    assert Points(steps(3), np.full(3, math.nan)).y_bounds is None
    for x0, x1, wide in ((1.0, 1.0, 10), (2.0, 1.0, 10), (0.0, 1.0, 0), (math.nan, 1.0, 5)):
        with pytest.raises(ValueError, match="nothing to draw on"):
            empty.columns(x0, x1, wide)


values = st.floats(allow_nan=True, allow_infinity=True, width=64)


@settings(max_examples=150, deadline=None)
@given(
    x=st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(math.nan)), max_size=60),
    y=st.lists(values, min_size=60, max_size=60),
    window=st.tuples(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6)),
    wide=st.integers(1, 30),
    copies=st.sampled_from([1, 3, 400]),
    ordered=st.booleans(),
)
def test_any_points_give_finite_entries_that_hold_every_point_of_the_view(
    x: list[float], y: list[float], window: tuple[float, float], wide: int, copies: int, ordered: bool
) -> None:
    xs = np.repeat(np.array(sorted(x) if ordered else x, dtype=np.float64), copies)
    ys = np.repeat(np.array(y[: len(x)], dtype=np.float64), copies)
    x0, x1 = window[0], window[0] + window[1]
    if not x0 < x1:
        return
    columns = Points(xs, ys).columns(x0, x1, wide)
    for part in (columns.x, columns.first, columns.low, columns.high, columns.last):
        assert np.isfinite(part).all()
    assert (columns.low <= columns.first).all()
    assert (columns.last <= columns.high).all()
    inside = np.isfinite(xs) & np.isfinite(ys) & (xs >= x0) & (xs <= x1)
    assert columns.points == np.count_nonzero(inside)
    if inside.any():
        assert columns.low.min() <= ys[inside].min()
        assert columns.high.max() >= ys[inside].max()
    assert not len(columns.joined) or not columns.joined[-1]


# --- what a chart needs beside the line -----------------------------------------------------------------------------


def test_nan_and_infinite_values_are_marked_at_their_x_and_by_their_kind() -> None:
    y = np.array([1.0, math.nan, math.inf, -math.inf, math.nan, 2.0])
    prepared = prepare_arrays(steps(6), y)
    assert (prepared.nan_x.tolist(), prepared.above_x.tolist(), prepared.below_x.tolist()) == ([1, 4], [2], [3])
    assert prepared.x_bounds == (0.0, 5.0)
    assert (prepared.raw.x_bounds, prepared.raw.y_bounds) == ((0.0, 5.0), (1.0, 2.0))


def test_on_a_log_axis_what_is_not_above_zero_is_a_gap_and_counted_but_no_mark() -> None:
    prepared = prepare_arrays(steps(5), np.array([100.0, 0.0, -1.0, math.nan, 0.01]), scale=YScale(YKind.LOG))
    assert prepared.hidden == 2
    assert prepared.nan_x.tolist() == [3]
    assert prepared.raw.y_bounds == (-2.0, 2.0)
    assert prepared.raw.columns(0.0, 4.0, 50).lone.tolist() == [True, True]


def test_the_last_written_point_at_or_before_a_step_is_found_in_any_order() -> None:
    prepared = prepare_arrays(np.array([0.0, 5.0, 5.0, 3.0, 9.0]), np.array([1.0, 2.0, 3.0, 4.0, math.nan]))
    assert [prepared.at_or_before(x) for x in (-1.0, 0.0, 2.9, 4.0, 5.0, 8.0, 100.0)] == [None, 0, 0, 3, 2, 2, 4]


def test_points_without_a_time_have_no_place_on_a_clock() -> None:
    prepared = prepare(series("m", [0, 1], [1.0, 2.0]), XKind.WALL, 0.0)
    assert prepared.x_bounds is None
    assert prepared.at_or_before(1e18) is None
    assert len(prepared) == 2


def test_smoothing_is_worked_out_over_all_points_and_leaves_short_series_alone() -> None:
    long = prepare(series("m", None, [0.0, 1.0] * 50), XKind.STEP, 0.9)
    assert long.smooth is not None
    assert long.line is not None
    assert 0.3 < long.smooth[-1] < 0.7
    assert prepare(series("m", None, [0.0, 1.0]), XKind.STEP, 0.9).smooth is None
