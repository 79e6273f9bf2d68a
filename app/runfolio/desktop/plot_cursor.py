"""The line of the crosshair in a chart, which all charts of a window share."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QGraphicsLineItem

from runfolio.desktop.plot_items import CurvesItem
from runfolio.desktop.state import WindowState


class CursorLine:
    """Stands at the window's cursor, where that is in view."""

    def __init__(self, view: pg.ViewBox, items: CurvesItem, state: WindowState) -> None:
        self._items, self._state = items, state
        self._line = QGraphicsLineItem()
        self._line.setParentItem(view)
        self._line.setVisible(False)

    def colour(self, color: QColor) -> None:
        """Be of another colour."""
        pen = QPen(color, 1.0, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        self._line.setPen(pen)

    def follow(self) -> None:
        """The cursor or the view is elsewhere."""
        step, frame = self._state.cursor_step, self._items.frame()
        shown = step is not None and frame is not None and frame.x0 <= step <= frame.x1
        if step is not None and frame is not None and shown:
            x = round(float(frame.pixels_x(np.array([step]))[0])) + 0.5
            self._line.setLine(x, 0, x, frame.height)
        self._line.setVisible(shown)
