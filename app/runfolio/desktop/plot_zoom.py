"""Zooming and moving a chart's view by hand: when the hand rests, it is told once; keys do what wheel and drag do."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QObject, QTimer, Signal

from runfolio.analysis.drawing import Range, Reach, around
from runfolio.desktop.plot_style import Curve

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


def show_all(view: pg.ViewBox, curves: Sequence[Curve], x_range: Range | None, reach: Reach) -> None:
    """Bring all points into view, as far as neither range is set, and limit how far it can be zoomed."""
    x = x_range or around([c.series.x_bounds for c in curves])
    bounds = [line.y_bounds for c in curves for line in (c.series.raw, c.series.line) if line is not None]
    bounds += [line.y_bounds for c in curves if c.band is not None for line in (c.band.low, c.band.high)]
    y = around(bounds) if reach.low is None or reach.high is None else (reach.low, reach.high)
    wide = x[1] - x[0]
    view.setLimits(minXRange=max(wide * 1e-7, 1e-12 * max(abs(x[0]), abs(x[1]))), maxXRange=wide * 100)
    view.setRange(xRange=x, yRange=y, padding=0)
