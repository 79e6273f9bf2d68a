"""Says along the curves of groups how many runs they rest on."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from runfolio.analysis.counts import MOST_CURVES, count_places
from runfolio.analysis.scales import placed
from runfolio.desktop import fonts
from runfolio.desktop.plot_items import CurvesItem
from runfolio.desktop.plot_overlay import PlotOverlay

_APART, _ABOVE, _EDGE, _WIDE = 64.0, 6.0, 12.0, 30.0


class CountsItem(PlotOverlay):
    """Writes n where a group's curve begins and where n changes."""

    def __init__(self, view: pg.ViewBox, curves: CurvesItem) -> None:
        super().__init__(view, curves, 4)
        self.ground = QColor("white")

    def texts(self) -> list[tuple[QPointF, str, QColor]]:
        """Each number in sight: where its baseline begins, the text, the colour."""
        frame = self._curves.frame()
        grouped = [(curve, curve.band) for curve in self._curves.curves if curve.band is not None]
        if frame is None or len(grouped) > MOST_CURVES:
            return []
        found: list[tuple[QPointF, str, QColor]] = []
        for curve, band in grouped:
            for place, n in count_places(band.x, band.n, frame.x0, frame.x1, frame.width, _APART):
                at = np.array([band.x[place]])
                y = float(frame.pixels_y(placed(curve.series.shown[place : place + 1], curve.series.scale))[0])
                if np.isfinite(y) and 0 <= y <= frame.height:
                    x = min(float(frame.pixels_x(at)[0]), frame.width - _WIDE)
                    found.append((QPointF(x, max(_EDGE, y - _ABOVE)), f"n={n}", curve.color))
        return found

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw them, each with a rim of the ground's colour, since they lie on curves."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for at, text, color in self.texts():
            path = QPainterPath()
            path.addText(at, fonts.ui(11), text)
            painter.strokePath(path, QPen(self.ground, 3.0))
            painter.fillPath(path, color)
