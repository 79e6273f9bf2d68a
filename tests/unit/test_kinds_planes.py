"""Cells and surfaces of two params, against NumPy by hand and SciPy's own interpolation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import griddata

from runfolio.analysis.kinds.planes import cells, columns_of, facets, surface
from runfolio.model.answers import CellKind
from runfolio.model.kinds import Variable
from runfolio.model.query import FieldKind, FieldRef


def field(values: list[float], categories: tuple[str, ...] = ()) -> Variable:
    kind = CellKind.TEXT if categories else CellKind.NUMBER
    return Variable(FieldRef(FieldKind.PARAM, "p"), kind, np.array(values), categories)


def test_cells_hold_the_mean_of_their_runs() -> None:
    x = field([0.1, 0.1, 0.01, 0.01, 0.1, np.nan])
    y = field([0, 0, 1, 1, 1, 0], ("adam", "sgd"))
    value = np.array([1.0, 3.0, 5.0, np.nan, 7.0, 9.0])
    found = cells(x, y, value)
    assert found.x_names == ("0.01", "0.1")
    assert found.n.tolist() == [[0, 2], [2, 1]]
    assert found.valued.tolist() == [[0, 2], [1, 1]]
    assert np.array_equal(found.mean, [[np.nan, 2.0], [5.0, 7.0]], equal_nan=True)
    assert found.std[0, 1] == pytest.approx(2**0.5)
    assert np.isnan(found.std[1]).all()
    assert found.x_of.tolist() == [1, 1, 0, 0, 1, -1]


def test_a_number_of_many_values_has_bins_of_equal_width() -> None:
    values = np.linspace(0, 1, 101)
    names, of = columns_of(field(values.tolist()))
    assert len(names) == 10
    assert np.bincount(of).tolist() == np.histogram(values, bins=10)[0].tolist()
    decades = 10.0 ** np.linspace(-4, 0, 41)
    names, of = columns_of(field([-1.0, 0.0, *decades.tolist()]), log=True)
    assert of[:2].tolist() == [-1, -1]
    # Where a value lies on an edge, rounding decides to which side; a bin holds four of 41, or one more or less.
    assert np.abs(np.bincount(of[2:]) - 4).max() <= 1
    assert names[0].startswith("0.0001")


def test_a_surface_is_the_one_that_scipy_draws() -> None:
    random = np.random.default_rng(12)
    x, y = random.uniform(0, 1, 80), random.uniform(0, 1, 80)
    value = np.sin(4 * x) + y**2
    value[3] = np.nan
    found = surface(x, y, value).value
    side = np.linspace(0, 1, len(found))
    known = np.isfinite(value)
    expected = griddata((x[known], y[known]), value[known], tuple(np.meshgrid(side, side)), method="linear")
    assert np.allclose(found, expected, equal_nan=True)
    assert np.isnan(found[0, 0])


def test_runs_at_one_place_are_averaged_and_counted() -> None:
    x, y = np.array([0.0, 1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0, 0.0])
    found = surface(x, y, np.array([1.0, 2.0, 3.0, 5.0]))
    assert found.merged == 2
    assert found.value[0, 0] == pytest.approx(3.0)


def test_there_is_no_surface_on_a_line() -> None:
    line = np.array([0.0, 0.5, 1.0, 0.25])
    with pytest.raises(ValueError, match="one line"):
        surface(line, line, line)
    with pytest.raises(ValueError, match="three different places"):
        surface(line[:2], line[:2], line[:2])


def test_each_value_of_a_third_field_has_a_map_of_its_own_runs() -> None:
    x = field([0.1, 0.1, 0.01, 0.01, 0.1, np.nan])
    y = field([0, 0, 1, 1, 1, 0], ("adam", "sgd"))
    z = field([3, 5, 3, 5, np.nan, 3])
    found = facets(x, y, z, np.arange(6.0))
    assert (found.names, found.unplaced, found.beyond) == (("3", "5"), 1, 0)
    assert [table.n.tolist() for table in found.tables] == [[[0, 1], [1, 0]], [[0, 1], [1, 0]]]
    assert found.tables[1].mean[0, 1] == 1.0
    assert found.tables[0].x_of.tolist() == [1, -1, 0, -1, -1, -1]
    # Of fourteen values the two that one run has and come last have none.
    many = field([float(k % 14) for k in range(26)])
    all_at_one = field([1.0] * 26)
    found = facets(all_at_one, all_at_one, many, np.zeros(26))
    assert (found.names, found.beyond) == (tuple(map(str, range(12))), 2)
