"""Several grids of cells beside and below each other, with the same columns and rows."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from runfolio.desktop import fonts
from runfolio.desktop.kinds.axes import Axes
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.theme import Theme

_HEAD = 18.0
_SHAPE = 1.35
"""Width over height that a grid looks well with."""


def panes(frame: QRectF, count: int, x: Scale, y: Scale, titles: tuple[str, str], *, top: float) -> tuple[Axes, ...]:
    """Axes for so many grids below the legend, which takes `top`; titles stand at the outer ones alone."""
    if count == 1:
        return (Axes(frame, x, y, *titles, top=top),)
    inner = frame.adjusted(0, top, 0, 0)
    columns = min(count, max(1, round(math.sqrt(count * inner.width() / max(1.0, inner.height()) / _SHAPE))))
    rows = math.ceil(count / columns)
    wide, high = inner.width() / columns, inner.height() / rows
    found = []
    for place in range(count):
        row, column = divmod(place, columns)
        lowest = place + columns >= count
        room = QRectF(inner.left() + column * wide, inner.top() + row * high, wide, high)
        found.append(Axes(room, x, y, titles[0] if lowest else "", titles[1] if column == 0 else "", top=_HEAD - 8))
    return tuple(found)


def paint_heads(painter: QPainter, theme: Theme, axes: tuple[Axes, ...], names: tuple[str, ...]) -> None:
    """What each grid is of."""
    painter.setFont(fonts.ui(11, fonts.DEMI_BOLD))
    metrics = QFontMetricsF(painter.font())
    painter.setPen(theme.color("text"))
    for one, name in zip(axes, names, strict=True):
        room = QRectF(one.area.left(), one.area.top() - _HEAD, one.area.width(), _HEAD)
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignHCenter, shown)


def cell_at(axes: tuple[Axes, ...], at: QPointF) -> tuple[int, int, int] | None:
    """Grid, row and column of the cell there; None beside all grids."""
    for place, one in enumerate(axes):
        area = one.area
        if area.contains(at):
            rows, columns = len(one.y.categories), len(one.x.categories)
            column = min(columns - 1, int((at.x() - area.left()) / area.width() * columns))
            return place, min(rows - 1, int((area.bottom() - at.y()) / area.height() * rows)), column
    return None
