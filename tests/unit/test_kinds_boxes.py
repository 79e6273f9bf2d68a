"""Boxes, densities and means by group, against NumPy, SciPy and Matplotlib's own boxes."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.cbook import boxplot_stats
from scipy import stats

from runfolio.analysis.kinds.boxes import boxes
from runfolio.model.answers import CellKind
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats
from runfolio.model.query import FieldKind, FieldRef

VALUE = FieldRef(FieldKind.METRIC, "val/acc")
GROUP = FieldRef(FieldKind.PARAM, "optimizer")


def value(values: Floats) -> Variable:
    return Variable(VALUE, CellKind.NUMBER, values)


def texts(places: list[float], categories: tuple[str, ...]) -> Variable:
    return Variable(GROUP, CellKind.TEXT, np.array(places), categories)


def test_a_box_is_the_one_that_matplotlib_draws() -> None:
    random = np.random.default_rng(8)
    values = np.concatenate([random.normal(0, 1, 60), [9.0, -7.0]])
    (box,) = boxes(value(values), texts([0.0] * 62, ("adam",))).groups
    (theirs,) = boxplot_stats(values)
    assert box.quartiles == pytest.approx((theirs["q1"], theirs["med"], theirs["q3"]))
    assert box.whiskers == pytest.approx((theirs["whislo"], theirs["whishi"]))
    assert sorted(box.outliers.tolist()) == sorted(theirs["fliers"].tolist())


def test_means_have_the_t_interval_of_scipy() -> None:
    random = np.random.default_rng(9)
    values, places = random.normal(3, 2, 30), [float(i % 3) for i in range(30)]
    figures = boxes(value(values), texts(places, ("a", "b", "c"))).figures
    for group in range(3):
        some = values[group::3]
        low, high = stats.t.interval(0.95, len(some) - 1, loc=some.mean(), scale=stats.sem(some))
        assert (figures.low[group], figures.high[group]) == pytest.approx((low, high))


def test_a_violin_is_the_density_of_scipy() -> None:
    random = np.random.default_rng(10)
    values = random.normal(0, 1, 200)
    (box,) = boxes(value(values), texts([0.0] * 200, ("a",))).groups
    expected = stats.gaussian_kde(values)(box.at)
    assert np.allclose(box.density, expected / expected.max())


def test_what_has_no_value_or_no_group_is_counted() -> None:
    values = np.array([1.0, np.nan, np.inf, 2.0, 3.0, np.nan])
    found = boxes(value(values), texts([0, 0, 0, 1, np.nan, 2], ("a", "b", "c")))
    assert [(box.name, box.values.tolist()) for box in found.groups] == [("a", [1.0]), ("b", [2.0])]
    assert found.figures.excluded.tolist() == [2, 0]
    assert found.empty == ("c",)
    assert found.ungrouped == 1
    # One value has neither spread nor interval nor density.
    assert np.isnan(found.figures.low[0])
    assert len(found.groups[0].at) == 0


def test_on_a_logarithmic_axis_only_what_is_above_0_is_shown() -> None:
    found = boxes(value(np.array([0.0, -1.0, 1.0, 10.0, 100.0])), texts([0.0] * 5, ("a",)), log=True)
    assert found.groups[0].values.tolist() == [1.0, 10.0, 100.0]
    expected = stats.gaussian_kde([0.0, 1.0, 2.0])(np.log10(found.groups[0].at))
    assert np.allclose(found.groups[0].density, expected / expected.max())


def test_a_number_of_many_values_is_cut_into_bands() -> None:
    by = np.linspace(0, 1, 60)
    found = boxes(value(by.copy()), Variable(GROUP, CellKind.NUMBER, by))
    assert [len(box.values) for box in found.groups] == [10] * 6
    few = boxes(value(by.copy()), Variable(GROUP, CellKind.NUMBER, np.repeat([0.1, 0.01, 1.0], 20)))
    assert [box.name for box in few.groups] == ["0.01", "0.1", "1"]
