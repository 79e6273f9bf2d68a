"""Zooming and moving a chart's view by hand: when the hand rests, it is told once; keys do what wheel and drag do."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QObject, QTimer, Signal

_REST_MS = 400
_STEP = 1.4
_PART = 0.2
"""How much of its width a view moves at a key."""


class PlotZoom(QObject):
    """`rested` tells that the hand has moved the view and has rested since."""

    rested = Signal()

    def __init__(self, view: pg.ViewBox, parent: QObject) -> None:
        super().__init__(parent)
        self._view = view
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.rested)
        view.sigRangeChangedManually.connect(lambda *_: self._rest.start())

    def forget(self) -> None:
        """What the hand has done does not count."""
        self._rest.stop()

    def closer(self, around: float | None, *, out: bool = False) -> None:
        """Zoom in, or out, along x around a place, the middle without one."""
        (low, high), _ = self._view.viewRange()
        middle = around if around is not None and low <= around <= high else low + (high - low) / 2
        part = _STEP if out else 1 / _STEP
        self._go(middle - (middle - low) * part, middle + (high - middle) * part)

    def aside(self, way: int) -> None:
        """Move along x, +1 to the right."""
        (low, high), _ = self._view.viewRange()
        far = (high - low) * _PART * way
        self._go(low + far, high + far)

    def _go(self, low: float, high: float) -> None:
        self._view.setXRange(low, high, padding=0)
        self._view.sigRangeChangedManually.emit([True, False])
