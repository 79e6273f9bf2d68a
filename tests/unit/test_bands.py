"""Bands of curves: alignment worked out by hand, figures against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from runfolio.analysis.bands import Band, band
from runfolio.model.metrics import Floats
from runfolio.model.statistics import Centre, Spread

NAN = float("nan")


def curve(*points: tuple[float, float]) -> tuple[Floats, Floats]:
    """A curve of (x, y) points."""
    return np.array([x for x, _ in points]), np.array([y for _, y in points])


def shown(values: Floats) -> list[float | None]:
    """The values with None for NaN."""
    return [None if np.isnan(v) else round(float(v), 12) for v in values]


def test_curves_of_equal_x_are_taken_value_by_value() -> None:
    x = np.arange(6.0)
    values = np.random.default_rng(1).normal(size=(5, 6))
    found = band([(x.copy(), row) for row in values])
    assert found.x.tolist() == x.tolist()
    assert found.n.tolist() == [5] * 6
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    np.testing.assert_allclose(found.centre, values.mean(axis=0))
    np.testing.assert_allclose(found.low, theirs.low)
    np.testing.assert_allclose(found.high, theirs.high)


def test_unlike_x_are_joined_and_nothing_is_extrapolated() -> None:
    found = band([curve((0, 0), (10, 10)), curve((5, 1), (15, 3), (20, 3))], spread=Spread.RANGE)
    assert found.x.tolist() == [0, 5, 10, 15, 20]
    # The first has 0, 5, 10 at 0, 5, 10; the second 1, 2, 3, 3 at 5, 10, 15, 20.
    assert shown(found.centre) == [0, 3, 6, 3, 3]
    assert found.n.tolist() == [1, 2, 2, 1, 1]
    assert shown(found.low) == [None, 1, 2, None, None]
    assert shown(found.high) == [None, 5, 10, None, None]


def test_a_point_without_a_value_leaves_a_gap_to_its_neighbours() -> None:
    found = band([curve((0, 0), (2, NAN), (4, 4), (6, 6)), curve((0, 0), (1, 1), (3, 3), (5, 5), (6, 6))])
    assert found.x.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert found.n.tolist() == [2, 1, 1, 1, 2, 2, 2]
    assert shown(found.centre) == [0, 1, 2, 3, 4, 5, 6]


def test_an_infinite_value_counts_as_none_where_x_are_alike_too() -> None:
    found = band([curve((0, 1), (1, np.inf)), curve((0, 3), (1, 5))], spread=Spread.RANGE)
    assert found.n.tolist() == [2, 1]
    assert shown(found.centre) == [2, 5]
    assert shown(found.high) == [3, None]


def test_the_last_of_several_points_at_one_x_counts_and_order_does_not() -> None:
    resumed = curve((0, 0), (1, 1), (2, 9), (1, 7), (2, 8))
    found = band([resumed, curve((2, 8), (0, 0), (1, 7))], spread=Spread.RANGE)
    assert found.x.tolist() == [0, 1, 2]
    assert shown(found.centre) == [0, 7, 8]
    assert found.n.tolist() == [2, 2, 2]


def test_a_point_whose_x_is_none_is_left_out() -> None:
    found = band([curve((0, 1), (NAN, 50), (1, 2)), curve((0, 1), (1, 2), (np.inf, 9))])
    assert found.x.tolist() == [0, 1]
    assert shown(found.centre) == [1, 2]


def test_one_curve_has_no_band() -> None:
    found = band([curve((0, 1), (1, 2))])
    assert shown(found.centre) == [1, 2]
    assert shown(found.low) == shown(found.high) == [None, None]
    assert found.n.tolist() == [1, 1]


@pytest.mark.parametrize("curves", [[], [curve()], [curve((NAN, 1))]])
def test_no_point_is_an_empty_band(curves: list[tuple[Floats, Floats]]) -> None:
    found: Band = band(curves)
    assert len(found.x) == len(found.centre) == len(found.low) == len(found.high) == len(found.n) == 0


@pytest.mark.parametrize(("centre", "spread"), [(Centre.MEDIAN, Spread.QUANTILES), (Centre.IQM, Spread.T)])
def test_other_centres_are_those_of_numpy_and_scipy(centre: Centre, spread: Spread) -> None:
    values = np.random.default_rng(2).normal(size=(9, 4))
    x = np.arange(4.0)
    found = band([(x, row) for row in values], centre, spread, 0.8)
    if centre is Centre.MEDIAN:
        np.testing.assert_allclose(found.centre, np.median(values, axis=0))
        np.testing.assert_allclose([found.low, found.high], np.quantile(values, [0.1, 0.9], axis=0))
    else:
        np.testing.assert_allclose(found.centre, stats.trim_mean(values, 0.25, axis=0))
        for column in range(4):
            low, high = stats.mstats.trimmed_mean_ci(values[:, column], limits=(2 / 9, 2 / 9), alpha=0.2)
            assert (found.low[column], found.high[column]) == pytest.approx((low, high))


def test_too_many_unlike_x_are_an_even_selection_that_is_exact_and_says_so() -> None:
    def line(shift: float) -> tuple[Floats, Floats]:
        x = np.arange(1000.0) + shift
        return x, 2 * x + shift

    found = band([line(s) for s in (0, 0.25, 0.5, 0.75)], spread=Spread.RANGE, most_x=1500)
    assert len(found.x) == 1500
    assert not found.every_x
    assert (found.x[0], found.x[-1]) == (0, 999.75)
    inner = (found.x >= 0.75) & (found.x <= 999)
    np.testing.assert_allclose(found.centre[inner], 2 * found.x[inner] + 0.375)
    assert band([line(0), line(0.5)], most_x=10_000).every_x


def test_a_long_curve_alone_keeps_every_point() -> None:
    x = np.arange(5000.0)
    found = band([(x, x)], most_x=100)
    assert found.every_x
    assert len(found.x) == 5000


def test_long_curves_are_worked_through_in_parts_without_a_seam() -> None:
    x = np.arange(30_000.0)
    values = np.random.default_rng(8).normal(size=(200, 30_000))
    found = band([(x, row) for row in values], spread=Spread.STD)
    np.testing.assert_allclose(found.high - found.centre, values.std(axis=0, ddof=1))


def test_huge_values_do_not_overflow_between_two_points() -> None:
    found = band([curve((0, 1e308), (2, 1.5e308)), curve((1, 1.0), (3, 1.0))], spread=Spread.RANGE)
    assert found.high[1] == pytest.approx(1.25e308)


def test_x_and_y_of_unlike_length_are_refused() -> None:
    with pytest.raises(ValueError, match="3 x and 2 y"):
        band([(np.zeros(3), np.zeros(2))])
