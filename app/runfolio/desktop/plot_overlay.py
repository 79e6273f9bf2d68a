"""What is drawn over the curves of a chart, all over its view and in its pixels."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QGraphicsObject

from runfolio.desktop.plot_items import CurvesItem


class PlotOverlay(QGraphicsObject):
    """Painted anew when the range or the size of the view changes; takes no clicks. `z` is above that of the curves."""

    def __init__(self, view: pg.ViewBox, curves: CurvesItem, z: float) -> None:
        super().__init__()
        # Not by the constructor, as in CurvesItem.
        self.setParentItem(view)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setZValue(z)
        self._view, self._curves = view, curves
        view.sigRangeChanged.connect(lambda *_: self.update())
        view.sigResized.connect(self._on_resized)

    def _on_resized(self, *_: object) -> None:
        self.prepareGeometryChange()
        self.update()

    def boundingRect(self) -> QRectF:
        """The view's rectangle."""
        rect: QRectF = self._view.rect()
        return rect
