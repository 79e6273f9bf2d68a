"""Points in a plane and fields as numbers, checked by brute force and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path as Outline

from runfolio.analysis.kinds.planar import inside, pareto_front, stamp
from runfolio.analysis.kinds.variables import MOST_CATEGORIES, natural, variable
from runfolio.model.answers import CellKind, Column
from runfolio.model.query import FieldKind, FieldRef

FIELD = FieldRef(FieldKind.PARAM, "p")


def beaten(x: float, y: float, others: list[tuple[float, float]], signs: tuple[int, int]) -> bool:
    """Whether one of the others is at least as good in both and better in one."""
    a, b = signs
    return any(a * ox >= a * x and b * oy >= b * y and (a * ox > a * x or b * oy > b * y) for ox, oy in others)


@pytest.mark.parametrize("x_higher", [True, False])
@pytest.mark.parametrize("y_higher", [True, False])
def test_the_front_holds_what_nothing_beats(x_higher: bool, y_higher: bool) -> None:
    random = np.random.default_rng(3)
    # Few different values, so that there are ties and equal points.
    x, y = random.integers(0, 12, 200).astype(float), random.integers(0, 12, 200).astype(float)
    points = [*zip(x.tolist(), y.tolist(), strict=True)]
    signs = (1 if x_higher else -1, 1 if y_higher else -1)
    expected = {place for place, (a, b) in enumerate(points) if not beaten(a, b, points, signs)}
    front = pareto_front(x, y, x_higher=x_higher, y_higher=y_higher)
    assert set(front.tolist()) == expected
    assert (np.diff(x[front]) >= 0).all()


def test_nan_and_infinities_are_on_no_front() -> None:
    x = np.array([1.0, np.nan, np.inf, 2.0])
    y = np.array([2.0, 9.0, 9.0, 1.0])
    assert pareto_front(x, y, x_higher=True, y_higher=True).tolist() == [0, 3]
    assert len(pareto_front(np.array([np.nan]), np.array([1.0]), x_higher=True, y_higher=True)) == 0


def test_a_lasso_holds_what_matplotlib_says_lies_inside() -> None:
    random = np.random.default_rng(4)
    x, y = random.uniform(0, 100, 2_000), random.uniform(0, 100, 2_000)
    # A star, which is not convex.
    turns = np.linspace(0, 2 * np.pi, 11)[:-1]
    radius = np.where(np.arange(10) % 2 == 0, 45.0, 15.0)
    corners = np.stack([50 + radius * np.cos(turns), 50 + radius * np.sin(turns)], axis=1)
    expected = Outline(np.vstack([corners, corners[:1]])).contains_points(np.stack([x, y], axis=1))
    assert (inside(x, y, corners) == expected).all()
    assert not inside(np.array([np.nan]), np.array([50.0]), corners).any()


def test_no_point_of_a_raster_is_left_out() -> None:
    x, y = np.array([3.2, 3.9, 8.0, np.nan, 99.0]), np.array([2.0, 2.5, 5.0, 1.0, 1.0])
    carried = np.array([[10.0], [20.0], [7.0], [1.0], [1.0]])
    stamped = stamp(x, y, carried, (10, 8), radius=0)
    expected = np.zeros((8, 10))
    expected[2, 3], expected[5, 8] = 2, 1
    assert (stamped.count == expected).all()
    assert stamped.mean[2, 3, 0] == 15.0
    assert stamped.mean[5, 8, 0] == 7.0
    assert np.isnan(stamped.mean[0, 0, 0])


def test_a_disc_covers_its_neighbours() -> None:
    one = stamp(np.array([4.0]), np.array([4.0]), np.empty((1, 0)), (9, 9), radius=1)
    assert one.count.sum() == 5
    assert one.count[4, 3] == one.count[3, 4] == one.count[4, 4] == 1
    assert one.count[3, 3] == 0


def test_a_text_among_numbers_counts_as_missing() -> None:
    column = Column(FIELD, CellKind.NUMBER, (0.5, None, "auto", float("inf"), float("nan")))
    found = variable(column)
    assert found.values[0] == 0.5
    assert (found.missing, found.infinite, found.texts) == (3, 1, 1)
    assert found.finite.tolist() == [True, False, False, False, False]


def test_times_become_seconds() -> None:
    assert variable(Column(FIELD, CellKind.TIME, (1_500_000, None))).values[0] == 1.5


def test_texts_become_places_in_natural_order() -> None:
    found = variable(Column(FIELD, CellKind.TEXT, ("b10", "b9", None, "a", "b9")))
    assert found.categories == ("a", "b9", "b10")
    assert found.values[[0, 1, 3, 4]].tolist() == [2, 1, 0, 1]
    assert found.missing == 1


def test_the_rarest_of_many_texts_share_a_place() -> None:
    often = [f"common {i}" for i in range(MOST_CATEGORIES - 1)] * 2
    rare = [f"rare {i}" for i in range(40)]
    found = variable(Column(FIELD, CellKind.TEXT, (*often, *rare)))
    assert len(found.categories) == MOST_CATEGORIES
    assert found.categories[-1] == "40 others"
    assert (found.values == MOST_CATEGORIES - 1).sum() == 40


def test_digits_of_any_length_can_be_sorted() -> None:
    assert sorted(["x" + "9" * 5_000, "x2", "²", "1"], key=natural)[0] == "1"
