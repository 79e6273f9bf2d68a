"""Filled columns are what a brute-force painter fills, pixel by pixel."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QImage

from runfolio.analysis.pyramid import Columns, Points
from runfolio.desktop.plot_raster import Raster
from runfolio.desktop.strokes import Frame
from runfolio.model.metrics import Floats

WIDE, HIGH = 60, 47
FRAME = Frame(0.0, 60.0, 0.0, 47.0, WIDE, HIGH)
COLORS = [QColor("#ff0000"), QColor("#00ff00"), QColor("#0000ff")]


def seen(lines: list[Columns], frame: Frame = FRAME, thick: float = 1.0, finer: int = 1) -> tuple[Raster, list[str]]:
    """The raster of lines, and rows of numbers as they are seen from above."""
    raster = Raster(frame, thick, len(lines), finer)
    raster.add(lines[:1], 1)
    raster.add(lines[1:], 2)
    for _ in raster.steps(COLORS[: len(lines)]):
        pass
    return raster, ["".join(str(v) if v else "." for v in row) for row in raster.index.T]


def alone(x: list[float], low: list[float], high: list[float]) -> Columns:
    """Columns that are joined with nothing, and no dots: each has some height."""
    at, bottom, top = (np.array(v, dtype=np.float64) for v in (x, low, high))
    return Columns(at, bottom, bottom, top, top, np.zeros(len(at), dtype=np.bool_), len(at))


stretches = st.lists(
    st.tuples(st.integers(0, WIDE - 1), st.floats(-20, 70), st.floats(0.001, 60)), min_size=0, max_size=30
)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.lists(stretches, min_size=1, max_size=3))
def test_each_pixel_has_the_last_line_that_covers_it(lines: list[list[tuple[int, float, float]]]) -> None:
    columns = [
        alone([c + 0.5 for c, _, _ in own], [low for _, low, _ in own], [low + size for _, low, size in own])
        for own in ([*sorted(line)] for line in lines)
    ]
    raster, _ = seen(columns)
    expected = np.zeros((WIDE, HIGH), dtype=np.int64)
    for number, line in enumerate(columns, 1):
        for x, low, high in zip(line.x, line.low, line.high, strict=True):
            first, last = np.floor(HIGH - high), np.floor(HIGH - low)
            for row in range(max(0, int(first)), min(HIGH - 1, int(last)) + 1):
                expected[int(x), row] = max(expected[int(x), row], number)
    np.testing.assert_array_equal(raster.index, expected)


def test_a_line_between_far_points_has_no_hole() -> None:
    _, rows = seen([Points(np.array([0.5, 59.5]), np.array([1.0, 45.0])).columns(0.0, 60.0, WIDE)])
    picture = np.array([[pixel != "." for pixel in row] for row in rows])
    assert picture.any(axis=0).all(), "it passes through every column"
    rows_of = [np.flatnonzero(picture[:, column]) for column in range(WIDE)]
    for left, right in pairwise(rows_of):
        assert right.min() <= left.max() + 1
        assert left.min() <= right.max() + 1


@pytest.mark.parametrize("thick", [1, 2, 3, 4])
def test_a_level_and_an_upright_line_are_as_thick_as_asked(thick: int) -> None:
    level = Points(np.array([0.5, 59.5]), np.array([20.0, 20.0])).columns(0.0, 60.0, WIDE)
    raster, _ = seen([level], thick=thick)
    assert {int(np.count_nonzero(column)) for column in raster.index} == {thick}
    spike = alone([30.5], [0.0], [47.0])
    raster, _ = seen([spike], thick=thick)
    assert {int(np.count_nonzero(row)) for row in raster.index.T} == {thick}
    assert raster.index[30].all()


def test_a_single_point_is_a_dot_and_a_spike_of_one_sample_reaches_its_height() -> None:
    at, value = np.array([20.5]), np.array([10.5])
    lone = Columns(at, value, value, value, value, np.array([False]), 1)
    raster, _ = seen([lone])
    assert int(np.count_nonzero(raster.index)) == 25
    y: Floats = np.full(1_000_000, 5.0)
    y[400_321] = 44.0
    dense = Points(np.linspace(0, 60, 1_000_000), y).columns(0.0, 60.0, WIDE)
    raster, _ = seen([dense])
    assert raster.index[24, 3:42].all()
    assert np.count_nonzero(raster.index[:24]) == 24


def test_the_refined_picture_is_the_mean_of_finer_pixels() -> None:
    # One finer column of two, and all finer rows of a pixel but those at the ends.
    raster, _ = seen([alone([3.25], [10.001], [12.999])], thick=0.5, finer=2)
    image: QImage = raster.image
    assert (image.width(), image.height()) == (WIDE, HIGH)
    alphas = [image.pixelColor(3, y).alpha() for y in range(HIGH) if image.pixelColor(3, y).alpha()]
    assert alphas == [127, 127, 127], "half of each pixel is covered"
    assert not image.pixelColor(4, HIGH - 12).alpha()


def test_many_lines_are_told_apart() -> None:
    lines = [alone([float(i % WIDE) + 0.5], [i * 0.1], [i * 0.1 + 1.5]) for i in range(400)]
    raster = Raster(FRAME, 1.0, len(lines))
    raster.add(lines, 1)
    for _ in raster.steps([QColor("red")] * len(lines)):
        pass
    assert raster.index.max() == 400
