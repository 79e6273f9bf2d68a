"""How histograms over time are painted: a map of steps and values, and the histogram at one step.

What stands beside each other has one scale of values and one of colours, so that runs can be compared.
"""

from __future__ import annotations

import itertools

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from runfolio.analysis.kinds.recorded import ROWS, DensityMap, bars
from runfolio.desktop import fonts
from runfolio.desktop.theme import Theme
from runfolio.model.display import count, counted, number, plain
from runfolio.model.previews import Histogram

_LEFT, _BOTTOM, _TOP, _RIGHT, _HEAD = 68, 26, 12, 14, 18


class MapPlot(QWidget):
    """Steps from left to right, values from bottom to top. `picked` carries the column that was clicked."""

    picked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._map: DensityMap | None = None
        self._steps: list[int] = []
        self._image: QImage | None = None
        self._marked = 0
        self._title = ""
        self.setAccessibleName("Histograms over the steps")
        self.setMinimumHeight(120)
        theme.changed.connect(self._render)

    def sizeHint(self) -> QSize:
        """Wide."""
        return QSize(600, 340)

    def put(self, made: DensityMap, steps: list[int], title: str = "") -> None:
        """Show another map; `title` where several stand beside each other."""
        self._map, self._steps, self._title = made, steps, title
        self.setAccessibleName(f"Histograms of {plain(title, 60)} over the steps" if title else "Histograms over steps")
        self._render()

    @property
    def steps(self) -> list[int]:
        """What its columns stand for."""
        return self._steps

    def mark(self, place: int) -> None:
        """Mark a column."""
        self._marked = place
        self.update()

    def _render(self) -> None:
        made = self._map
        if made is None or not made.cells:
            return
        low, high = self._theme.color("surface"), self._theme.color("accent")
        image = QImage(len(made.cells), ROWS, QImage.Format.Format_Indexed8)
        image.setColorTable([_between(low, high, level / 255).rgb() for level in range(256)])
        for x, column in enumerate(made.cells):
            for y in range(ROWS):
                image.setPixel(x, ROWS - 1 - y, column[y])
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Map, axes and the marked step."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("surface"))
        made, area = self._map, self.area()
        if made is None or self._image is None:
            return
        painter.drawImage(area, self._image)
        painter.setPen(self._theme.color("axis"))
        painter.drawRect(area)
        paint_title(painter, self._theme, area, self._title)
        painter.setFont(fonts.ui(11))
        painter.setPen(self._theme.color("muted"))
        for share in (0.0, 0.5, 1.0):
            y = area.bottom() - share * area.height()
            text = number(made.low + share * (made.high - made.low), 3)
            painter.drawText(
                QRectF(0, y - 8, _LEFT - 8, 16), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text
            )
        for share, flag in ((0.0, Qt.AlignmentFlag.AlignLeft), (1.0, Qt.AlignmentFlag.AlignRight)):
            text = f"step {count(self._steps[round(share * (len(self._steps) - 1))])}"
            painter.drawText(QRectF(area.left(), area.bottom() + 5, area.width(), 16), int(flag), text)
        wide = area.width() / len(made.cells)
        x = area.left() + (self._marked + 0.5) * wide
        painter.setPen(self._theme.color("warn"))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the step that was clicked."""
        self._pick(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Or dragged to."""
        self._pick(event.position().x())

    def _pick(self, x: float) -> None:
        area = self.area()
        if self._map is not None and area.width() > 0:
            place = int((x - area.left()) / area.width() * len(self._map.cells))
            self.picked.emit(max(0, min(len(self._map.cells) - 1, place)))

    def area(self) -> QRectF:
        """Where the map is, between the axes."""
        return QRectF(self.rect()).adjusted(_LEFT, _TOP + (_HEAD if self._title else 0), -_RIGHT, -_BOTTOM)


def paint_title(painter: QPainter, theme: Theme, area: QRectF, title: str) -> None:
    """What a plot is of, above it."""
    if title:
        painter.setFont(fonts.ui(12, fonts.DEMI_BOLD))
        painter.setPen(theme.color("text"))
        shown = QFontMetricsF(painter.font()).elidedText(plain(title), Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(QRectF(area.left(), area.top() - _HEAD - 3, area.width(), _HEAD), 0, shown)


class BarPlot(QWidget):
    """One histogram: the height of a bar is its count over its width."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._one: Histogram | None = None
        self._ends: tuple[float, float] | None = None
        self._title = ""
        self.setAccessibleName("Histogram at the step")
        self.setMinimumHeight(100)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Wide."""
        return QSize(600, 220)

    def put(self, one: Histogram | None, ends: tuple[float, float] | None = None, title: str = "") -> None:
        """Show another one, None for none; `ends` of the values where several stand beside each other."""
        self._one, self._ends, self._title = one, ends, title
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars and the ends of the axis."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("surface"))
        one = self._one
        if one is None:
            return
        area = QRectF(self.rect()).adjusted(_LEFT, _TOP + (_HEAD if self._title else 0), -_RIGHT, -_BOTTOM)
        paint_title(painter, self._theme, area, self._title)
        low, high = self._ends or (one.edges[0], one.edges[-1])
        span = (high - low) or 1.0
        edges, heights = bars(one, (low, high))
        widths = [b - a for a, b in itertools.pairwise(edges)]
        highest = max(heights, default=0.0) or 1.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accent"))
        for left, width, density in zip(edges, widths, heights, strict=False):
            x = area.left() + (left - low) / span * area.width()
            height = area.height() * density / highest
            painter.drawRect(QRectF(x, area.bottom() - height, max(1.0, width / span * area.width() - 0.6), height))
        painter.setPen(self._theme.color("axis"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setFont(fonts.ui(11))
        painter.setPen(self._theme.color("muted"))
        below = QRectF(area.left(), area.bottom() + 5, area.width(), 16)
        metrics = QFontMetricsF(painter.font())
        ends, middle = (number(low, 3), number(high, 3)), counted(round(sum(one.counts)), "value")
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), ends[0])
        painter.drawText(below, int(Qt.AlignmentFlag.AlignRight), ends[1])
        if sum(metrics.horizontalAdvance(text) for text in (*ends, middle)) + 24 < below.width():
            painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter), middle)


def _between(low: QColor, high: QColor, share: float) -> QColor:
    ends = (low.red(), high.red()), (low.green(), high.green()), (low.blue(), high.blue())
    return QColor(*(round(a + (b - a) * share) for a, b in ends))
