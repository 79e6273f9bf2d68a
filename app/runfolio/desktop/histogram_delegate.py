"""Draws a column's distribution before and after as pairs of bars in a table cell."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from runfolio.analysis.datachange import Histogram
from runfolio.desktop.theme import Theme

_BAR = 6.0


class HistogramDelegate(QStyledItemDelegate):
    """Bars are shares of the rows of their own side, so that a larger file does not look like a shift."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw the bars of the Histogram in the cell's user data; the text where there is none."""
        histogram = index.data(Qt.ItemDataRole.UserRole)
        super().paint(painter, option, index)
        if not isinstance(histogram, Histogram) or not histogram.bins:
            return
        box = QRectF(option.rect).adjusted(8, 7, -8, -6)
        before = sum(b.before for b in histogram.bins) or 1
        after = sum(b.after for b in histogram.bins) or 1
        highest = max(max(b.before / before, b.after / after) for b in histogram.bins) or 1.0
        pair = min(2 * _BAR + 3, box.width() / len(histogram.bins))
        wide = max(1.0, (pair - 2) / 2)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        for i, one in enumerate(histogram.bins):
            left = box.left() + i * pair
            for offset, share, color in (
                (0.0, one.before / before, self._theme.color("placeholder")),
                (wide, one.after / after, self._theme.run_color(0)),
            ):
                height = box.height() * share / highest
                if share > 0:
                    height = max(height, 1.0)
                painter.setBrush(color)
                painter.drawRect(QRectF(left + offset, box.bottom() - height, wide, height))
        painter.restore()
