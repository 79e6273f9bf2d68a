"""Filling areas without making classes of Qt known to Python that nobody needs."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QBrush, QColor, QPainter


def fill(painter: QPainter, area: QRect, color: QColor) -> None:
    """Fill an area with a colour, and leave it as the painter's background.

    `fillRect` has a form for named gradients: the first call makes all 180 of them known, a millisecond of the start.
    """
    painter.setBackground(QBrush(color, Qt.BrushStyle.SolidPattern))
    painter.eraseRect(area)
