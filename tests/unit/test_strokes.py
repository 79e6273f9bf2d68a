"""Strokes paint what a line covers, in pixels, however far it is zoomed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runfolio.analysis.pyramid import Points
from runfolio.desktop.strokes import Frame, clipped, dashed, distance, strokes
from runfolio.model.metrics import Floats

FRAME = Frame(0.0, 100.0, 0.0, 10.0, 200, 100)


def line(x: list[float], y: list[float], frame: Frame = FRAME) -> Floats:
    return strokes(Points(np.array(x), np.array(y)).columns(frame.x0, frame.x1, frame.width), frame).segments


def test_two_points_are_one_segment_and_y_grows_upwards() -> None:
    assert line([0.0, 50.0], [0.0, 10.0]).tolist() == [[0.0, 100.0, 100.0, 0.0]]


def test_a_dense_curve_is_one_upright_stroke_a_column_and_no_more_than_one_to_the_next() -> None:
    rng = np.random.default_rng(0)
    x, y = np.linspace(0, 100, 1_000_000), rng.uniform(2, 8, 1_000_000)
    drawn = strokes(Points(x, y).columns(0.0, 100.0, 200), FRAME)
    upright = drawn.segments[drawn.segments[:, 0] == drawn.segments[:, 2]]
    assert len(upright) == 200
    assert len(drawn.segments) < 220, "overlapping columns need no strokes between them"
    np.testing.assert_allclose(upright[:, 1], 20.0, atol=0.1)
    np.testing.assert_allclose(upright[:, 3], 80.0, atol=0.1)


def test_a_spike_of_one_sample_reaches_its_height_and_is_one_column_wide() -> None:
    y = np.ones(1_000_000)
    y[401_000] = 9.0
    drawn = strokes(Points(np.linspace(0, 100, 1_000_000), y).columns(0.0, 100.0, 200), FRAME)
    high = drawn.segments[(drawn.segments[:, [1, 3]] < 50).any(axis=1)]
    assert high.tolist() == [[80.5, pytest.approx(10.0), 80.5, pytest.approx(90.0)]]


def test_a_calm_dense_curve_has_no_steps() -> None:
    x = np.linspace(0, 100, 1_000_000)
    drawn = strokes(Points(x, 0.1 * x).columns(0.0, 100.0, 200), FRAME).segments
    steep = np.abs(drawn[:, 3] - drawn[:, 1]) > 0.75 * np.abs(drawn[:, 2] - drawn[:, 0])
    lengths = np.hypot(drawn[:, 2] - drawn[:, 0], drawn[:, 3] - drawn[:, 1])
    assert lengths[steep].max(initial=0.0) < 0.2, "its slope is half a pixel a pixel everywhere"
    assert lengths.sum() == pytest.approx(math.hypot(200, 100), rel=0.01)


def test_neighbours_far_outside_are_cut_without_changing_the_slope() -> None:
    far = line([-1e12, 1e12], [-1e11, 1e11 + 10])
    ((x0, y0, x1, y1),) = far.tolist()
    assert (y1 - y0) / (x1 - x0) == pytest.approx(-0.5, rel=1e-6)
    assert min(far.ravel()) >= -40
    assert max(far.ravel()) <= 240
    assert not len(line([-200.0, -100.0], [1.0, 2.0]))
    assert not len(clipped(np.array([[-50.0, 500.0, 500.0, 400.0]]), FRAME))


@pytest.mark.parametrize("top", [1e-300, 1e-12, 1.0, 1e300, 1.7e308])
def test_values_of_any_size_have_finite_places(top: float) -> None:
    frame = Frame(0.0, 3.0, -top, top, 100, 100)
    drawn = line([0.0, 1.0, 2.0, 3.0], [-top, top, 0.0, top], frame)
    assert len(drawn) == 3
    assert np.isfinite(drawn).all()


def test_pixels_and_values_are_each_others_inverse() -> None:
    frame = Frame(1.7e9, 1.7e9 + 60, -3.0, 5.0, 640, 480)
    assert frame.x_at(float(frame.pixels_x(np.array([1.7e9 + 12.5]))[0])) == pytest.approx(1.7e9 + 12.5, abs=1e-6)
    assert frame.y_at(float(frame.pixels_y(np.array([1.25]))[0])) == pytest.approx(1.25)


def test_dashes_follow_the_line_over_its_corners() -> None:
    corner = np.array([[0.0, 0.0, 10.0, 0.0], [10.0, 0.0, 10.0, 10.0]])
    assert dashed(corner, (6.0, 2.0)).tolist() == [
        [0.0, 0.0, 6.0, 0.0],
        [8.0, 0.0, 10.0, 0.0],
        [10.0, 0.0, 10.0, 4.0],
        [10.0, 6.0, 10.0, 10.0],
    ]


def test_dashes_cover_their_share_of_a_long_line() -> None:
    angle = np.linspace(0, 20, 2000)
    places = np.stack((angle * 10, 50 + 40 * np.sin(angle)), axis=1)
    whole = np.concatenate((places[:-1], places[1:]), axis=1)
    length = np.hypot(*(whole[:, 2:] - whole[:, :2]).T).sum()
    kept = dashed(whole, (8.0, 3.0, 2.0, 3.0))
    assert np.hypot(*(kept[:, 2:] - kept[:, :2]).T).sum() == pytest.approx(length * 10 / 16, rel=0.02)
    assert dashed(whole, ()) is whole
    assert not len(dashed(np.empty((0, 4)), (1.0, 1.0)))


def test_the_distance_to_a_line_is_that_to_its_segments_not_its_points() -> None:
    drawn = line([0.0, 100.0], [5.0, 5.0])
    assert distance(drawn, 77.7, 57.0, 10.0) == pytest.approx(7.0)
    assert distance(drawn, 203.0, 54.0, 10.0) == pytest.approx(5.0)
    assert math.isinf(distance(drawn, 77.7, 70.0, 10.0))
    assert math.isinf(distance(np.empty((0, 4)), 0.0, 0.0, 10.0))
