"""How the points of a scatter are painted: one by one where they are few, as a raster where they are many."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen, QPolygonF

from runfolio.analysis.kinds.planar import margin_counts, stamp
from runfolio.desktop.kinds.axes import Axes
from runfolio.desktop.kinds.colors import Colors, color, colors_of, rgb
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.theme import Theme
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats

MANY = 4_000
"""Points from which a raster is painted: Qt takes about a millisecond for a thousand discs."""
_RADIUS = 3.2
_SOLID = 0.45
_STEP = 100
_SINGLE = 300
"""Selected runs that are ringed one by one."""


def sizes_of(variable: Variable | None, runs: int) -> Floats:
    """Radii in pixels whose areas grow with the value; those without a value are small."""
    if variable is None:
        return np.full(runs, _RADIUS)
    place = Scale.of(variable, pad=0.0).place(variable.values)
    return np.sqrt(4.0 + np.nan_to_num(place) * 60.0)


def paint_points(
    painter: QPainter, theme: Theme, x: Floats, y: Floats, by: Variable | None, sized: Variable | None
) -> Iterator[None]:
    """Discs, some at a step; NaN has none. Larger ones lie below smaller ones."""
    radius = sizes_of(sized, len(x))
    painter.setPen(Qt.PenStyle.NoPen)
    plain = rgb(theme.color("accent"))[None, :]
    tones: Colors = colors_of(by, Scale.of(by, pad=0.0), theme) if by is not None else np.repeat(plain, len(x), axis=0)
    for nth, place in enumerate(np.argsort(-radius, kind="stable").tolist()):
        if nth % _STEP == 0:
            yield
        if np.isfinite(x[place]):
            painter.setBrush(color(tones[place], 0.75))
            painter.drawEllipse(QPointF(x[place], y[place]), radius[place], radius[place])


def raster(x: Floats, y: Floats, tones: Colors | None, area: QRectF, ratio: float, theme: Theme) -> QImage:
    """All points as a picture of the area: the more lie on a pixel the more solid it is; colours are averaged.

    x, y    0 to 1 along the axes.
    tones   a colour for each point; None for one colour.
    """
    width, height = max(1, round(area.width() * ratio)), max(1, round(area.height() * ratio))
    carried = np.empty((len(x), 0)) if tones is None else tones.astype(np.float64)
    # A place of exactly 0 or 1 lies on the last pixel, not beyond it.
    across, down = np.clip(x, 0, 1 - 1e-9) * width, np.clip(1.0 - y, 0, 1 - 1e-9) * height
    stamped = stamp(across, down, carried, (width, height), max(1, round(1.4 * ratio)))
    pixels = np.empty((height, width, 4), dtype=np.uint8)
    if tones is None:
        pixels[..., :3] = rgb(theme.color("accent"))
    else:
        pixels[..., :3] = np.nan_to_num(stamped.mean).round()
    pixels[..., 3] = np.round(255 * (1.0 - (1.0 - _SOLID) ** stamped.count))
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    # The picture is copied: it must not outlive the array that it looks at.
    return image.copy()


def paint_margins(painter: QPainter, theme: Theme, axes: Axes, x: Floats, y: Floats) -> None:
    """Histograms of values: above the area for x, to the right of it for y; a bar for each category."""
    area = axes.area
    ground = theme.color("accent")
    ground.setAlphaF(0.35)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    for scale, values, upright in ((axes.x, x, False), (axes.y, y, True)):
        heights, edges = margin_counts(scale.place(values), len(scale.categories))
        tallest = max(1, int(heights.max()))
        slim = 0.2 / len(heights) if scale.categories else 0.0
        for height, left, right in zip(heights.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            long = 36.0 * height / tallest
            if upright:
                a, b = axes.at(0, right - slim), axes.at(0, left + slim)
                painter.drawRect(QRectF(area.right() + 5, a.y() + 0.5, long, b.y() - a.y() - 1))
            elif height:
                a, b = axes.at(left + slim, 0), axes.at(right - slim, 0)
                painter.drawRect(QRectF(a.x() + 0.5, area.top() - 4 - long, b.x() - a.x() - 1, long))


def paint_front(painter: QPainter, theme: Theme, x: Floats, y: Floats) -> None:
    """A line through the front, and rings around its runs."""
    if not len(x):
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color("bad"), 1.6))
    points = [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    painter.drawPolyline(QPolygonF(points))
    for point in points:
        painter.drawEllipse(point, 5.5, 5.5)


def paint_selected(
    painter: QPainter, theme: Theme, x: Floats, y: Floats, selected: list[tuple[int, int]], at: int
) -> None:
    """The selected runs in their colours, ringed, and a square around where the keys stand."""
    if len(selected) > _SINGLE:
        places, tones = np.array(selected).T
        for index in np.unique(tones).tolist():
            pen = QPen(theme.run_color(index), 7.0)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            some = places[tones == index]
            known = some[np.isfinite(x[some] + y[some])]
            painter.drawPoints(QPolygonF([QPointF(a, b) for a, b in zip(x[known], y[known], strict=True)]))
        selected = []
    for place, index in reversed(selected):
        if np.isfinite(x[place] + y[place]):
            painter.setPen(QPen(theme.color("surface"), 1.5))
            painter.setBrush(theme.run_color(index))
            painter.drawEllipse(QPointF(x[place], y[place]), 6.0, 6.0)
    if at >= 0 and np.isfinite(x[at]):
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("text"), 1.2))
        painter.drawRect(QRectF(x[at] - 8, y[at] - 8, 16, 16))
