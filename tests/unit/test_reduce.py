"""Series reduced to pixels: what is seen is what all the points would have shown."""

from __future__ import annotations

import numpy as np
import pytest

from runfolio.analysis.axis import XKind, x_axis
from runfolio.analysis.reduce import inf_marks, min_max_columns, nan_marks
from runfolio.model.metrics import Floats, series
from runfolio.model.times import NO_TIME

NAN = np.nan


def line(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


def test_each_pixel_column_keeps_its_first_lowest_highest_and_last_point_in_order() -> None:
    y = line(5, 9, 1, 4, 6, 7, 6, 8, 2, 2, 3, 2)
    found = min_max_columns(np.arange(12.0), y, 0, 12, 2)
    assert found.x.tolist() == [0, 1, 2, 5, 6, 7, 8, 11]
    assert found.y.tolist() == [5, 9, 1, 7, 6, 8, 2, 2]
    assert found.points == 12


def test_one_spike_among_a_million_points_is_kept() -> None:
    y = np.zeros(1_000_000)
    y[777_777] = 1e6
    found = min_max_columns(np.arange(1e6), y, 0, 1e6, 800)
    assert found.y.max() == 1e6
    assert found.x[found.y.argmax()] == 777_777
    assert len(found.x) <= 4 * 800


def test_few_points_come_back_unchanged() -> None:
    x, y = np.arange(6.0), line(1, NAN, 2, 3, np.inf, 4)
    found = min_max_columns(x, y, 0, 5, 100)
    np.testing.assert_array_equal(found.y, [1, NAN, 2, 3, NAN, 4])
    np.testing.assert_array_equal(found.x[~np.isnan(found.y)], [0, 2, 3, 5])


def test_points_that_no_line_reaches_are_given_for_dots() -> None:
    found = min_max_columns(np.arange(6.0), line(1, NAN, 2, 3, NAN, 4), 0, 5, 100)
    assert (found.lone_x.tolist(), found.lone_y.tolist()) == ([0, 5], [1, 4])
    only = min_max_columns(line(3), line(7), 0, 5, 100)
    assert (only.x.tolist(), only.lone_x.tolist(), only.lone_y.tolist()) == ([3], [3], [7])


def test_a_gap_between_pixel_columns_breaks_the_line_and_one_inside_a_column_does_not() -> None:
    y = np.ones(100)
    y[3] = NAN  # inside column 0 of [0, 100) in 10 columns
    y[28:41] = NAN  # from column 2 to column 4
    found = min_max_columns(np.arange(100.0), y, 0, 100, 10)
    gaps = np.flatnonzero(np.isnan(found.y))
    assert len(gaps) == 1
    assert (found.x[gaps[0] - 1], found.x[gaps[0] + 1]) == (27, 41)


def test_the_points_just_outside_of_the_view_are_kept_so_that_lines_reach_its_edges() -> None:
    found = min_max_columns(np.arange(1000.0), np.arange(1000.0), 300, 400, 10)
    assert (found.x[0], found.x[-1]) == (299, 401)
    assert found.points == 101


def test_a_line_that_crosses_the_view_without_a_point_in_it_is_kept() -> None:
    found = min_max_columns(line(0, 1, 2, 8, 9, 10), line(0, 1, 2, 8, 9, 10), 4, 6, 50)
    assert found.x.tolist() == [2, 8]
    assert found.points == 0


def test_a_restarted_run_is_followed_as_it_was_written() -> None:
    x = np.concatenate([np.arange(500.0), np.arange(250.0, 750.0)])
    y = np.concatenate([np.zeros(500), np.ones(500)])
    found = min_max_columns(x, y, 0, 750, 20)
    back = np.flatnonzero(np.diff(found.x) < 0)
    assert found.x[back].tolist() == [499]
    assert found.x[back + 1].tolist() == [250]


def test_a_series_without_a_finite_point_draws_nothing() -> None:
    for y in (np.empty(0), line(NAN, np.inf)):
        found = min_max_columns(np.arange(float(len(y))), y, 0, 1, 10)
        assert (len(found.x), len(found.lone_x), found.points) == (0, 0, 0)


def test_the_right_edge_belongs_to_the_last_column() -> None:
    found = min_max_columns(np.arange(101.0), np.arange(101.0), 0, 100, 1)
    assert found.x.tolist() == [0, 100]


def test_values_at_the_end_of_the_range_of_floats_do_not_overflow() -> None:
    x = np.linspace(-1, 1, 1001) * 1.7e308
    found = min_max_columns(x, np.ones(1001), -1.7e308, 1.7e308, 4)
    assert found.points == 1001
    assert len(found.x) <= 16


def test_a_view_without_width_is_refused() -> None:
    for x0, x1, columns in ((1, 1, 10), (2, 1, 10), (0, 1, 0), (NAN, 1, 5)):
        with pytest.raises(ValueError, match="nothing to draw on"):
            min_max_columns(line(1), line(1), x0, x1, columns)


def test_nan_and_infinities_are_marked_where_they_are_once_each() -> None:
    x, y = line(0, 1, 1, 2, NAN, 5), line(NAN, NAN, NAN, np.inf, NAN, -np.inf)
    assert nan_marks(x, y).tolist() == [0, 1]
    assert inf_marks(x, y).tolist() == [2, 5]


def test_the_x_axis_is_the_step_the_seconds_since_the_first_point_or_the_clock() -> None:
    start = 1_767_268_800_000_000
    points = series("loss", [10, 20, 20], [1.0, 2.0, 3.0], [NO_TIME, start, start + 1_500_000])
    assert x_axis(points, XKind.STEP).tolist() == [10, 20, 20]
    np.testing.assert_array_equal(x_axis(points, XKind.RELATIVE), [NAN, 0, 1.5])
    np.testing.assert_array_equal(x_axis(points, XKind.WALL), [NAN, 1_767_268_800, 1_767_268_801.5])
    assert np.isnan(x_axis(series("loss", None, [1.0, 2.0]), XKind.WALL)).all()
