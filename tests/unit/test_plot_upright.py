"""Upright strokes filled by NumPy look as those that Qt paints."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from pytestqt.qtbot import QtBot

from runfolio.desktop import plot_upright
from runfolio.desktop.plot_render import paint_strokes
from runfolio.desktop.strokes import Strokes
from runfolio.model.metrics import Floats

WIDE, HIGH = 240, 300
INK = QColor("#3355aa")


def noisy(seed: int) -> Floats:
    """Strokes in most columns, some shorter than a pixel, some that leave the picture; and two that are not upright."""
    rng = np.random.default_rng(seed)
    column = np.sort(rng.choice(WIDE, WIDE - 20, replace=False)).astype(np.float64)
    column += 0.5
    top, bottom = rng.uniform(-40, 120, len(column)), rng.uniform(130, HIGH + 40, len(column))
    bottom[5:9] = top[5:9] + rng.uniform(0, 0.9, 4)
    upright = np.stack((column, top, column, bottom), axis=1)
    return np.concatenate((upright, [[3.0, 10.0, 90.0, 60.0], [7.25, 0.0, 7.25, 50.0]]))


def painted(
    segments: Floats, width: float, *, smooth: bool = True, color: QColor = INK
) -> np.ndarray[tuple[int, int, int], np.dtype[np.int64]]:
    image = QImage(WIDE, HIGH, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
    paint_strokes(painter, Strokes(segments, np.empty((0, 2))), color, width, 1.0)
    painter.end()
    return np.frombuffer(image.constBits(), dtype=np.uint8).reshape(HIGH, WIDE, 4).astype(np.int64)


@pytest.mark.parametrize("width", [1.0, 1.7, 2.0, 2.5, 4.0, 7.3])
def test_the_picture_is_that_of_the_painter(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, width: float) -> None:
    segments = noisy(int(width * 10))
    ours = painted(segments, width)
    monkeypatch.setattr(plot_upright, "LEAST_PIXELS", 10**9)
    theirs = painted(segments, width)
    # Qt counts sixteenths of a pixel at the ends of strokes.
    assert np.abs(ours - theirs).max() <= 20
    assert (np.abs(ours - theirs).max(axis=2) > 8).mean() < 0.01


def test_strokes_of_one_column_cover_what_either_does(qtbot: QtBot) -> None:
    whole = noisy(2)[:-2]
    upper, lower = whole.copy(), whole.copy()
    upper[:, 3] = 128.25
    lower[:, 1] = 125.75
    long = whole[:, 3] > 130
    halves = np.concatenate((np.where(long[:, None], upper, whole), lower[long]))
    np.testing.assert_array_equal(painted(halves, 2.5), painted(whole, 2.5))


def test_what_is_not_upright_or_would_show_through_is_left_to_the_painter(qtbot: QtBot) -> None:
    segments = noisy(1)
    image = QImage(WIDE, HIGH, QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(image)
    painter.setPen(QPen(INK, 2))
    everything = plot_upright.paint_upright(painter, segments, INK, 2.0, HIGH)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    rest = plot_upright.paint_upright(painter, segments, INK, 2.0, HIGH)
    thin = plot_upright.paint_upright(painter, segments, QColor(1, 2, 3, 90), 2.0, HIGH)
    few = plot_upright.paint_upright(painter, segments[:40], INK, 2.0, HIGH)
    painter.end()
    np.testing.assert_array_equal(rest, segments[-2:])
    assert [len(everything), len(thin), len(few)] == [len(segments), len(segments), 40]
