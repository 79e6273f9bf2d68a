"""How groups of values are painted: box, violin, strip and bar, each in a column of its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from runfolio.analysis.kinds.boxes import Box
from runfolio.analysis.kinds.planar import stamp
from runfolio.analysis.statistics.groups import GroupFigures
from runfolio.desktop import fonts
from runfolio.desktop.kinds.axes import Axes
from runfolio.desktop.kinds.colors import rgb
from runfolio.desktop.theme import Theme
from runfolio.model.metrics import Floats

_WIDEST = 110.0
_MANY = 1_500
"""Points of a group from which they are stamped as a raster."""
_STEP = 100


def _height(axes: Axes, value: float) -> float:
    return axes.at(0, float(axes.y.place(np.array([value]))[0])).y()


def _half(width: float) -> float:
    return min(_WIDEST, width * 0.7) / 2


def spots(axes: Axes, middle: float, width: float, box: Box) -> tuple[Floats, Floats]:
    """Pixels of a group's runs, spread over the column's width always in the same way."""
    spread = (np.arange(len(box.values)) * 0.618033988749895) % 1.0 - 0.5
    y = axes.area.bottom() - axes.y.place(box.values) * axes.area.height()
    x: Floats = (middle + spread * _half(width) * 1.2).astype(np.float64)
    return x, y


def paint_strip(
    painter: QPainter, theme: Theme, axes: Axes, middle: float, width: float, box: Box, *, solid: bool
) -> Iterator[None]:
    """A point for each run; some at a step."""
    yield
    x, y = spots(axes, middle, width, box)
    ground = theme.color("accent")
    if len(x) > _MANY:
        left, top = middle - width / 2, axes.area.top() - 4
        size = (max(1, round(width)), max(1, round(axes.area.height() + 8)))
        count = stamp(x - left, y - top, np.empty((len(x), 0)), size, 1).count
        pixels = np.empty((*count.shape, 4), dtype=np.uint8)
        pixels[..., :3] = rgb(ground)
        pixels[..., 3] = np.round(230 * (1.0 - 0.6**count))
        image = QImage(pixels.data, size[0], size[1], 4 * size[0], QImage.Format.Format_RGBA8888).copy()
        painter.drawImage(QPointF(left, top), image)
        return
    ground.setAlphaF(0.75 if solid else 0.45)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    for place, (a, b) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        if place % _STEP == 0:
            yield
        painter.drawEllipse(QPointF(a, b), 2.8, 2.8)


def paint_box(painter: QPainter, theme: Theme, axes: Axes, middle: float, width: float, box: Box) -> None:
    """Quartiles, median and whiskers."""
    half = _half(width)
    first, median, third = (_height(axes, q) for q in box.quartiles)
    low, high = (_height(axes, w) for w in box.whiskers)
    ground = theme.color("accent")
    painter.setPen(QPen(theme.color("muted"), 1.3))
    for a, b in ((first, low), (third, high)):
        painter.drawLine(QLineF(middle, a, middle, b))
        painter.drawLine(QLineF(middle - half / 3, b, middle + half / 3, b))
    ground.setAlphaF(0.16)
    painter.setBrush(ground)
    painter.drawRect(QRectF(middle - half, third, 2 * half, first - third))
    painter.setPen(QPen(theme.color("text"), 2))
    painter.drawLine(QLineF(middle - half, median, middle + half, median))


def paint_violin(painter: QPainter, theme: Theme, axes: Axes, middle: float, width: float, box: Box) -> None:
    """The density to both sides, with the median."""
    half = _half(width)
    if len(box.at):
        heights = [_height(axes, value) for value in box.at.tolist()]
        right = [QPointF(middle + half * d, y) for d, y in zip(box.density.tolist(), heights, strict=True)]
        left = [QPointF(2 * middle - p.x(), p.y()) for p in reversed(right)]
        ground = theme.color("accent")
        painter.setPen(QPen(ground, 1.2))
        ground.setAlphaF(0.16)
        painter.setBrush(ground)
        painter.save()
        painter.setClipRect(axes.area.adjusted(0, -4, 0, 4))
        painter.drawPolygon(QPolygonF([*right, *left]))
        painter.restore()
    y = _height(axes, box.quartiles[1])
    painter.setPen(QPen(theme.color("text"), 2))
    painter.drawLine(QLineF(middle - half / 2, y, middle + half / 2, y))


def paint_bar(
    painter: QPainter,
    theme: Theme,
    axes: Axes,
    middle: float,
    width: float,
    figures: GroupFigures,
    place: int,
    *,
    foot: bool,
) -> None:
    """The mean as a bar (a dot where a bar has no foot) and its interval."""
    half = _half(width)
    mean, low, high = (float(part[place]) for part in (figures.mean, figures.low, figures.high))
    if not np.isfinite(mean):
        return
    top = _height(axes, mean)
    ground = theme.color("accent")
    if foot:
        zero = axes.y.place(np.array([0.0]))[0]
        bottom = axes.at(0, float(np.clip(zero, 0.0, 1.0))).y()
        ground.setAlphaF(0.35)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRect(QRectF(middle - half, min(top, bottom), 2 * half, abs(bottom - top)))
    painter.setPen(QPen(theme.color("text"), 2))
    painter.drawLine(QLineF(middle - half, top, middle + half, top))
    ends = [_height(axes, end) for end in (low, high)] if np.isfinite(low) else []
    if ends and all(np.isfinite(end) for end in ends):
        painter.setPen(QPen(theme.color("text"), 1.6))
        painter.drawLine(QLineF(middle, ends[0], middle, ends[1]))
        for end in ends:
            painter.drawLine(QLineF(middle - 6, end, middle + 6, end))


def paint_names(painter: QPainter, theme: Theme, axes: Axes, names: list[str]) -> None:
    """How many runs each group has, above it."""
    painter.setFont(fonts.ui(11, figures=True))
    metrics = QFontMetricsF(painter.font())
    painter.setPen(theme.color("muted"))
    width = axes.area.width() / max(1, len(names))
    for place, name in enumerate(names):
        # In narrow columns the bare number.
        shown = name if metrics.horizontalAdvance(name) + 4 <= width else name.removeprefix("n = ")
        middle = axes.area.left() + (place + 0.5) * width
        painter.drawText(QRectF(middle - 60, axes.area.top() - 20, 120, 16), Qt.AlignmentFlag.AlignHCenter, shown)
