"""The density of lines between parallel axes, counted by hand."""

from __future__ import annotations

import numpy as np

from runfolio.analysis.kinds.lines import COLUMNS, NOWHERE, ROWS, crossings, line_density, nearest_line


def test_every_line_crosses_every_column_once() -> None:
    random = np.random.default_rng(2)
    left, right = random.uniform(0, 1, 5_000), random.uniform(0, 1, 5_000)
    count, mean = line_density(left, right, np.ones(5_000))
    assert count.shape == (ROWS, COLUMNS)
    assert (count.sum(axis=0) == 5_000).all()
    assert np.nanmin(mean) == np.nanmax(mean) == 1.0
    assert (np.isnan(mean) == (count == 0)).all()


def test_level_lines_stay_in_their_rows() -> None:
    count, mean = line_density(
        np.array([1.0, 1.0, NOWHERE]), np.array([1.0, 1.0, NOWHERE]), np.array([2.0, 4.0, np.nan])
    )
    assert (count[0] == 2).all()
    assert (count[ROWS - 1] == 1).all()
    assert (mean[0] == 3.0).all()
    # A line that carries nothing is drawn all the same.
    assert np.isnan(mean[ROWS - 1]).all()


def test_a_run_without_a_value_crosses_below_the_axis() -> None:
    assert crossings(np.array([0.25, np.nan])).tolist() == [0.25, NOWHERE]


def test_the_nearest_line_is_found_between_the_axes() -> None:
    crossed = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    # A quarter of the way the first is at 0.25, the second at 0.75.
    assert nearest_line(crossed, 0, 0.25, 0.70) == (1, 0.050000000000000044)
    assert nearest_line(crossed, 0, 0.25, 0.25)[0] == 0
