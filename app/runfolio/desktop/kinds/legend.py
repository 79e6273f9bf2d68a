"""What the colours of a chart stand for, in one line above it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QLinearGradient, QPainter

from runfolio.desktop import fonts
from runfolio.desktop.kinds.colors import OTHER, category_color, color, ramp
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.theme import Theme
from runfolio.model.display import plain
from runfolio.model.kinds import Variable

_DOT = 8.0


def paint_legend(painter: QPainter, theme: Theme, room: QRectF, title: str, variable: Variable) -> None:
    """The title, then the categories with their colours, or a ramp from the least to the greatest value."""
    font = fonts.ui(11, figures=True)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    painter.setPen(theme.color("text"))
    middle = Qt.AlignmentFlag.AlignVCenter
    shown = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, room.width() * 0.4)
    painter.drawText(room, middle, shown)
    left = room.left() + metrics.horizontalAdvance(shown) + 12
    if variable.categories:
        _paint_categories(painter, theme, QRectF(left, room.top(), room.right() - left, room.height()), variable)
    else:
        paint_ramp(
            painter, theme, QRectF(left, room.top(), room.right() - left, room.height()), Scale.of(variable, pad=0)
        )


def _paint_categories(painter: QPainter, theme: Theme, room: QRectF, variable: Variable) -> None:
    metrics = QFontMetricsF(painter.font())
    left, total = room.left(), len(variable.categories)
    for place, category in enumerate(variable.categories):
        more = f"+ {total - place} more"
        text = more if place == OTHER and total > OTHER + 1 else plain(category, 30)
        wide = metrics.horizontalAdvance(text)
        if left + wide + 24 > room.right() - (metrics.horizontalAdvance(more) + 12 if place < total - 1 else 0):
            painter.setPen(theme.color("muted"))
            painter.drawText(QRectF(left, room.top(), 120, room.height()), Qt.AlignmentFlag.AlignVCenter, more)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(category_color(place, theme))
        painter.drawEllipse(QPointF(left + _DOT / 2, room.center().y()), _DOT / 2, _DOT / 2)
        painter.setPen(theme.color("muted"))
        painter.drawText(QRectF(left + 13, room.top(), wide + 4, room.height()), Qt.AlignmentFlag.AlignVCenter, text)
        left += wide + 26
        if text == more:
            return


def paint_ramp(painter: QPainter, theme: Theme, room: QRectF, scale: Scale) -> None:
    """A bar of colours with the values at its ends."""
    metrics = QFontMetricsF(painter.font())
    low, high = (scale.text(scale.value(end), digits=3) for end in (0.0, 1.0))
    wide = metrics.horizontalAdvance(low)
    painter.setPen(theme.color("muted"))
    painter.drawText(QRectF(room.left(), room.top(), wide + 4, room.height()), Qt.AlignmentFlag.AlignVCenter, low)
    left = wide + metrics.horizontalAdvance(high) + 18
    # In a narrow chart the bar gives way, not the number at its end.
    bar = QRectF(room.left() + wide + 7, room.center().y() - 4, max(24.0, min(120.0, room.width() - left)), 8)
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    stops = np.linspace(0, 1, 9)
    for stop, rgb in zip(stops.tolist(), ramp(stops, theme), strict=True):
        gradient.setColorAt(stop, color(rgb))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawRoundedRect(bar, 2, 2)
    painter.setPen(theme.color("muted"))
    after = QRectF(bar.right() + 7, room.top(), 140, room.height())
    painter.drawText(after, Qt.AlignmentFlag.AlignVCenter, high)
