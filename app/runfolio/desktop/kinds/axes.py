"""Axes, grid and titles around the area that a chart kind draws in."""

from __future__ import annotations

import math
import re

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from runfolio.desktop import fonts
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.theme import Theme

TITLE = 20.0
_GAP = 6.0
_LOWEST = 24.0
_WIDEST = 150.0
_TURNED = 64.0
_TILT = 40
_ROOMY = 260.0
_LONGEST = (88.0, 130.0)
"""Of texts below that are turned, where the chart is low, and where it has room."""

_SPAN = re.compile(r"(-?[\d.]+(?:e[-+]?\d+)?) – -?[\d.]+(?:e[-+]?\d+)?")
"""A range of numbers."""


class Axes:
    """Where the data area lies in a frame, and the painting of what stands around it."""

    def __init__(self, frame: QRectF, x: Scale, y: Scale, x_title: str, y_title: str, *, top: float = 0.0) -> None:
        self.x, self.y = x, y
        self._titles = (x_title, y_title)
        self._metrics = QFontMetricsF(fonts.ui(11, figures=True))
        rough = max(40.0, frame.height() - 60)
        widest = max((self._metrics.horizontalAdvance(t) for _, t in y.ticks(rough, upright=True)), default=20.0)
        left = min(widest, _WIDEST) + _GAP + (TITLE if y_title else 0) + 4
        self._turned = self._needs_turning(max(40.0, frame.width() - left))
        self._longest = _LONGEST[frame.height() >= _ROOMY]
        self._low = self._below(frame.width() - left) if self._turned else _LOWEST
        self.area = frame.adjusted(left, 10.0 + top, -14.0, -self._low - (TITLE if x_title else 0))

    def _needs_turning(self, width: float) -> bool:
        if not self.x.categories:
            return False
        room = width / len(self.x.categories)
        return any(self._metrics.horizontalAdvance(text) + 8 > room for _, text in self.x.ticks(width, upright=False))

    def _below(self, width: float) -> float:
        """How much room turned texts take, so that a range keeps both its ends."""
        texts = (text for _, text in self.x.ticks(max(40.0, width), upright=False))
        longest = min(self._longest, max(map(self._metrics.horizontalAdvance, texts), default=0.0))
        return max(_TURNED, 8 + longest * math.sin(math.radians(_TILT)))

    def at(self, x: float, y: float) -> QPointF:
        """The point of two places, 0 to 1."""
        return QPointF(self.area.left() + x * self.area.width(), self.area.bottom() - y * self.area.height())

    def share(self, at: QPointF) -> tuple[float, float]:
        """The inverse of `at`."""
        area = self.area
        return (at.x() - area.left()) / area.width(), (area.bottom() - at.y()) / area.height()

    def paint(self, painter: QPainter, theme: Theme) -> None:
        """The grid, the texts beside it, and the titles."""
        area = self.area
        painter.setFont(fonts.ui(11, figures=True))
        texts: list[tuple[QRectF, Qt.AlignmentFlag, str]] = []
        painter.setPen(QPen(theme.color("grid"), 1))
        for place, text in self.y.ticks(area.height(), upright=True):
            if 0 <= place <= 1:
                y = round(self.at(0, place).y()) + 0.5
                painter.drawLine(QLineF(area.left(), y, area.right(), y))
                room = QRectF(area.left() - _GAP - _WIDEST, y - 9, _WIDEST, 18)
                texts.append((room, Qt.AlignmentFlag.AlignRight, text))
        ticks = [(p, t) for p, t in self.x.ticks(area.width(), upright=False) if 0 <= p <= 1]
        for place, _ in ticks:
            x = round(self.at(place, 0).x()) + 0.5
            painter.drawLine(QLineF(x, area.top(), x, area.bottom()))
        painter.setPen(QPen(theme.color("axis"), 1))
        painter.drawLine(QLineF(area.left(), area.bottom() + 0.5, area.right(), area.bottom() + 0.5))
        painter.setPen(theme.color("muted"))
        for room, side, text in texts:
            shown = within(text, room.width(), self._metrics)
            painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, shown)
        self._paint_below(painter, ticks)
        self._paint_titles(painter, theme)

    def _paint_below(self, painter: QPainter, ticks: list[tuple[float, str]]) -> None:
        area, last = self.area, -1e9
        for place, text in ticks:
            x = self.at(place, 0).x()
            if self._turned:
                if x - last < 13:
                    continue
                last = x
                painter.save()
                painter.translate(x, area.bottom() + 7)
                painter.rotate(-_TILT)
                shown = within(text, self._longest, self._metrics)
                room = QRectF(-self._longest - 12, -2, self._longest + 12, 16)
                painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)
                painter.restore()
            else:
                half = self._metrics.horizontalAdvance(text) / 2
                if x - half < last + 6:
                    continue
                last = x + half
                room = QRectF(x - 90, area.bottom() + 5, 180, 18)
                painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)

    def _paint_titles(self, painter: QPainter, theme: Theme) -> None:
        area = self.area
        painter.setFont(fonts.ui(12))
        painter.setPen(theme.color("text"))
        metrics = QFontMetricsF(painter.font())
        x_title, y_title = self._titles
        if x_title:
            below = area.bottom() + self._low
            shown = metrics.elidedText(x_title, Qt.TextElideMode.ElideMiddle, area.width())
            painter.drawText(QRectF(area.left(), below, area.width(), TITLE - 2), Qt.AlignmentFlag.AlignHCenter, shown)
        if y_title:
            widest = max(
                (self._metrics.horizontalAdvance(t) for _, t in self.y.ticks(area.height(), upright=True)), default=20.0
            )
            painter.save()
            painter.translate(area.left() - min(widest, _WIDEST) - _GAP - TITLE, area.center().y())
            painter.rotate(-90)
            shown = metrics.elidedText(y_title, Qt.TextElideMode.ElideMiddle, area.height())
            half = area.height() / 2
            painter.drawText(QRectF(-half, 0, 2 * half, TITLE - 2), Qt.AlignmentFlag.AlignHCenter, shown)
            painter.restore()


def within(text: str, width: float, metrics: QFontMetricsF) -> str:
    """A text that fits into so many pixels: of a range of numbers where it begins, since the next one tells its end.

    Cut in its middle a range would show two halves of numbers, and those beside it the same ones.
    """
    if metrics.horizontalAdvance(text) <= width:
        return text
    span = _SPAN.fullmatch(text)
    begin = f"from {span[1]}" if span is not None else ""
    if begin and metrics.horizontalAdvance(begin) <= width:
        return begin
    return metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, width)
