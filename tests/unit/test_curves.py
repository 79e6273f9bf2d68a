"""Sparklines keep the extremes and leave a gap where nothing is finite."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from runfolio.desktop.curves import mean_outline, outline
from runfolio.desktop.run_delegate import longest_join
from runfolio.model.metrics import series


def test_every_column_holds_its_lowest_and_highest_value() -> None:
    values = [0.0] * 100
    values[37] = 8.0
    values[73] = -2.0
    drawn = outline(series("m", list(range(100)), values), 10)
    assert len(drawn) == 10
    assert drawn[3] == pytest.approx((0.35, 0.2, 1.0))
    assert drawn[7] == pytest.approx((0.75, 0.0, 0.2))


def test_nan_is_a_gap_and_infinities_do_not_stretch_the_scale() -> None:
    values = [1.0, 2.0, math.nan, math.nan, math.inf, 3.0]
    drawn = outline(series("m", list(range(6)), values), 6)
    assert [round(place * 6 - 0.5) for place, _, _ in drawn] == [0, 1, 5]
    assert drawn[-1][1:] == (1.0, 1.0)


def test_a_constant_series_lies_in_the_middle_and_an_empty_one_is_nothing() -> None:
    assert {entry[1:] for entry in outline(series("m", [0, 1], [7.0, 7.0]), 4)} == {(0.5, 0.5)}
    assert outline(series("m", [0, 1], [math.nan, math.inf]), 4) == ()
    assert outline(series("m", [], []), 4) == ()


def test_a_range_wider_than_the_numbers_allow_is_still_drawn() -> None:
    drawn = outline(series("m", [0, 1], [-1.7e308, 1.7e308]), 2)
    assert [entry[1] for entry in drawn] == [0.0, 1.0]


def test_a_few_points_are_joined_and_a_stretch_of_nan_is_not() -> None:
    for count in (2, 3, 5):
        places = [place for place, _, _ in outline(series("m", [*range(count)], [float(i) for i in range(count)]), 50)]
        assert all(b - a <= longest_join(count) for a, b in pairwise(places))
    values = [1.0] * 40 + [math.nan] * 40 + [2.0] * 20
    places = [place for place, _, _ in outline(series("m", [*range(100)], values), 50)]
    assert sum(b - a > longest_join(len(places)) for a, b in pairwise(places)) == 1


def test_a_group_is_the_mean_of_its_runs_with_a_t_interval() -> None:
    runs = [[0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 8.0]]
    drawn = mean_outline([series("m", [0, 1, 2, 3], values) for values in runs], 4)
    table = np.array(runs)
    half = stats.t.ppf(0.975, 2) * table.std(axis=0, ddof=1) / 3**0.5
    low, high = table.mean(axis=0) - half, table.mean(axis=0) + half
    scaled = [(part - low.min()) / (high.max() - low.min()) for part in (table.mean(axis=0), low, high)]
    assert [row[0] for row in drawn] == [0.125, 0.375, 0.625, 0.875]
    assert np.allclose([row[1:] for row in drawn], np.stack(scaled, axis=1))


def test_a_run_that_ended_early_counts_while_it_lived_and_one_alone_has_no_interval() -> None:
    short, long = series("m", [0, 1], [4.0, 4.0]), series("m", [0, 1, 2, 3], [0.0, 0.0, 0.0, 2.0])
    drawn = mean_outline([short, long, series("m", [0], [math.nan])], 4)
    assert [low < mean < high for _, mean, low, high in drawn] == [True, True, False, False]
    assert drawn[-1][1] == drawn[-1][2] == drawn[-1][3]
    assert mean_outline([], 4) == ()
