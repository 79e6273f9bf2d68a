"""What holds a chart: a view box with an axis at the left and one below."""

from __future__ import annotations

from collections.abc import Mapping

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QGraphicsGridLayout, QGraphicsItem, QScrollArea, QSizePolicy, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.painting_turns import is_on_screen
from runfolio.desktop.plot_axis import PlainAxis
from runfolio.desktop.plot_turn import TURN
from runfolio.desktop.theme import Theme

_PLACES = {"bottom": (1, 1), "left": (0, 0)}
_LABEL_WIDTH = 38


class PlotFrame(pg.GraphicsView):  # type: ignore[misc] # pyqtgraph ships no types
    """As the library's own plot widget, without the menus and forms that it makes for each plot, which nothing here
    shows and which take more time than all else of a chart."""

    def __init__(self, axes: Mapping[str, PlainAxis], parent: QWidget | None = None) -> None:
        super().__init__(parent, background="default")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.enableMouse(False)
        self._inner = pg.GraphicsWidget()
        self._inner.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._axes = dict(axes)
        grid = QGraphicsGridLayout()
        grid.setContentsMargins(1, 1, 1, 1)
        grid.setHorizontalSpacing(0)
        grid.setVerticalSpacing(0)
        self._inner.setLayout(grid)
        self._view = pg.ViewBox(parent=self._inner, enableMenu=False)
        grid.addItem(self._view, 0, 1)
        for side, axis in self._axes.items():
            axis.linkToView(self._view)
            grid.addItem(axis, *_PLACES[side])
            axis.setZValue(0.5)
            axis.setFlag(QGraphicsItem.GraphicsItemFlag.ItemNegativeZStacksBehindParent)
        grid.setRowStretchFactor(0, 100)
        grid.setColumnStretchFactor(1, 100)
        self.setCentralItem(self._inner)
        viewport = self.viewport()
        # The scene fills its ground itself.
        viewport.setAutoFillBackground(False)
        viewport.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Wait for the next turn where other charts have spent this one; what was painted before stays meanwhile."""
        viewport = self.viewport()
        if TURN.is_over and is_on_screen(viewport):
            TURN.wait(viewport)
            return
        with TURN.spending():
            super().paintEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom; among charts that can be scrolled only with Ctrl, so that the wheel leads past this one."""
        if self._is_scrolled_past() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
        else:
            super().wheelEvent(event)

    def _is_scrolled_past(self) -> bool:
        around = self.parentWidget()
        while around is not None:
            if isinstance(around, QScrollArea) and around.verticalScrollBar().maximum() > 0:
                return True
            around = around.parentWidget()
        return False

    def getViewBox(self) -> pg.ViewBox:
        """Where curves are drawn; called as the library calls it."""
        return self._view

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self.setBackground(theme.color("surface"))
        for axis in self._axes.values():
            axis.setPen(pg.mkPen(theme.color("axis"), width=1))
            axis.setTextPen(pg.mkPen(theme.color("muted")))
            axis.setStyle(tickLength=0, tickTextOffset=6, tickFont=fonts.ui(11))
        # Wider only for numbers that need it: charts under each other keep one left edge.
        self._axes["left"].setStyle(tickTextWidth=_LABEL_WIDTH, autoExpandTextSpace=True, autoReduceTextSpace=False)
        self.show_grid(0.10 if theme.name == "light" else 0.16)

    def show_grid(self, alpha: float) -> None:
        """Lines at the ticks of both axes, of that opacity from 0 to 1."""
        for axis in self._axes.values():
            axis.setGrid(int(alpha * 255))
