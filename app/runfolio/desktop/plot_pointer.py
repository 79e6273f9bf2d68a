"""The user's hand on a chart: pointer, click, double click and keys."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QToolTip, QWidget

from runfolio.analysis.scales import placed
from runfolio.desktop.plot_frame import PlotFrame
from runfolio.desktop.plot_items import CurvesItem
from runfolio.desktop.plot_lasso import Lasso
from runfolio.desktop.plot_style import Curve
from runfolio.desktop.state import WindowState
from runfolio.desktop.widgets import tooltip
from runfolio.model.display import number

_REACH = 14.0
"""Pixels around the pointer within which a curve counts as pointed at."""

_CLICK = 3
"""Pixels that the hand may tremble in a click."""


class PlotPointer(QObject):
    """Moves the window's cursor, emphasises and names what is pointed at.

    picked         a curve was clicked: its run; isolated   with Alt.
    enclosed       a box or a lasso was drawn: the runs whose curves come inside.
    note_asked     a note is wanted at the cursor.
    pointed        the pointer or the keys move the cursor on this chart.
    all_asked      everything is to come into view again.
    closer_asked   the view is to be zoomed in along x, or out when True; aside_asked  moved, 1 to the right.
    focus_changed  the chart got the focus or lost it.
    """

    picked = Signal(str)
    isolated = Signal(str)
    enclosed = Signal(list)
    note_asked = Signal(float)
    pointed = Signal()
    all_asked = Signal()
    closer_asked = Signal(bool)
    aside_asked = Signal(int)
    focus_changed = Signal()

    def __init__(
        self,
        plot: PlotFrame,
        items: CurvesItem,
        state: WindowState,
        x_text: Callable[[float], str],
        counts_steps: Callable[[], bool],
    ) -> None:
        """`x_text` says an x in words, `counts_steps` whether x is the step, which is whole."""
        super().__init__(plot)
        self._plot, self._items, self._state = plot, items, state
        self._x_text, self._counts_steps = x_text, counts_steps
        self._pressed_at = QPointF(-100, -100)
        self._lasso = Lasso(plot.viewport())
        self.tip = ""
        """What the pointer is on, in words; empty for nothing."""
        self.reached_by_keys = False
        """Whether the focus came by the Tab key."""
        plot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        plot.installEventFilter(self)
        plot.viewport().installEventFilter(self)
        plot.viewport().setMouseTracking(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What happens on the plot."""
        kind = event.type()
        # What the viewport does not take comes again through the plot.
        if isinstance(event, QMouseEvent) and watched is self._plot.viewport():
            if self._draws(event):
                return True
            if kind == QEvent.Type.MouseMove:
                self._point(event.position())
            elif kind == QEvent.Type.MouseButtonPress:
                self._pressed_at = event.position()
            elif kind == QEvent.Type.MouseButtonDblClick:
                self.all_asked.emit()
                return True
            elif kind == QEvent.Type.MouseButtonRelease and self._is_click(event):
                self._pick(event.position(), alone=bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))
        elif kind == QEvent.Type.Leave and watched is self._plot.viewport():
            self._point_nowhere()
        elif kind == QEvent.Type.KeyPress and watched is self._plot and isinstance(event, QKeyEvent):
            return self._on_key(event)
        elif isinstance(event, QFocusEvent):
            self.reached_by_keys = event.reason() in (
                Qt.FocusReason.TabFocusReason,
                Qt.FocusReason.BacktabFocusReason,
            )
            self.focus_changed.emit()
        return super().eventFilter(watched, event)

    def _draws(self, event: QMouseEvent) -> bool:
        """Whether the event belongs to a box or a lasso, which begin with Shift or Alt and a drag."""
        kind, lasso = event.type(), self._lasso
        if kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            keys = event.modifiers()
            if keys & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier):
                self._pressed_at = event.position()
                lasso.begin(event.position(), box=bool(keys & Qt.KeyboardModifier.ShiftModifier))
                return True
        if not lasso.active:
            return False
        if kind == QEvent.Type.MouseMove:
            lasso.draw_to(event.position())
        elif kind == QEvent.Type.MouseButtonRelease:
            corners = lasso.end()
            if self._is_click(event):
                self._pick(event.position(), alone=True)
            elif len(corners) > 2:
                found = self._items.within([self._place(corner) for corner in corners])
                self.enclosed.emit([key for curve in found for key in curve.members])
        return True

    def _is_click(self, event: QMouseEvent) -> bool:
        moved = (event.position() - self._pressed_at).manhattanLength()
        return event.button() == Qt.MouseButton.LeftButton and moved <= _CLICK

    def _place(self, at: QPointF) -> QPointF:
        """A place of the viewport in pixels of the curves."""
        place: QPointF = self._items.mapFromScene(self._plot.mapToScene(at.toPoint()))
        return place

    def _point(self, at: QPointF) -> None:
        place, frame = self._place(at), self._items.frame()
        if frame is None or not self._items.curves:
            return
        found = self._items.nearest(place, _REACH)
        self._items.emphasise(*([found.key] if found else []))
        tip = self._items.mark_at(place, _REACH / 2)
        if not tip and found:
            tip = self._tip_of(found, place)
        if tip:
            QToolTip.showText(self._plot.viewport().mapToGlobal(at.toPoint()), tooltip(tip), self._plot)
        elif self.tip:
            QToolTip.hideText()
        self.tip = tip
        self.pointed.emit()
        self._state.set_cursor(self.snapped(frame.x_at(place.x())))

    def snapped(self, x: float) -> float:
        """Where the cursor goes for an x: steps are whole, and between two of them there is nothing to read out."""
        return float(round(x)) if self._counts_steps() else x

    def _point_nowhere(self) -> None:
        self.tip = ""
        self._items.emphasise()
        self._state.set_cursor(None)

    def _tip_of(self, curve: Curve, place: QPointF) -> str:
        """The point of a curve nearest to a place, in words."""
        frame, series = self._items.frame(), curve.series
        if frame is None:
            return ""
        reach = frame.x_at(_REACH) - frame.x_at(0)
        near = series.near(frame.x_at(place.x()), reach)
        shown = placed(series.shown[near], series.scale)
        away = np.hypot(frame.pixels_x(series.x[near]) - place.x(), frame.pixels_y(shown) - place.y())
        if not np.isfinite(away).any():
            return curve.name
        point = int(near[np.argmin(np.where(np.isfinite(away), away, np.inf))])
        raw = f" (raw {number(float(series.y[point]), 6)})" if series.smooth is not None else ""
        return f"{curve.name}\n{self._x_text(float(series.x[point]))}: {number(float(series.shown[point]), 6)}{raw}"

    def _pick(self, at: QPointF, *, alone: bool) -> None:
        found = self._items.nearest(self._place(at), _REACH)
        if found:
            (self.isolated if alone else self.picked).emit(str(found.key))

    # --- keys --------------------------------------------------------------------------------------------------

    def _on_key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            self.aside_asked.emit(1 if key == Qt.Key.Key_Right else -1)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._step_cursor(1 if key == Qt.Key.Key_Right else -1)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            ends = [b for c in self._items.curves if (b := c.series.x_bounds) is not None]
            if ends:
                self._state.set_cursor(min(e[0] for e in ends) if key == Qt.Key.Key_Home else max(e[1] for e in ends))
        elif key == Qt.Key.Key_0:
            self.all_asked.emit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
            self.closer_asked.emit(key == Qt.Key.Key_Minus)
        elif key == Qt.Key.Key_N and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            if self._state.cursor_step is not None:
                self.note_asked.emit(self._state.cursor_step)
        else:
            return False
        self.pointed.emit()
        return True

    def _step_cursor(self, way: int) -> None:
        """To the next logged x of any run."""
        start = self._state.cursor_step
        here = start if start is not None else -math.inf if way > 0 else math.inf
        after: list[float] = []
        for curve in self._items.curves:
            xs = curve.series.sorted_x
            place = np.searchsorted(xs, here, side="right") if way > 0 else np.searchsorted(xs, here, side="left") - 1
            if 0 <= place < len(xs):
                after.append(float(xs[place]))
        if after:
            self._state.set_cursor(min(after) if way > 0 else max(after))


def paint_ring(panel: QWidget, color: QColor) -> None:
    """A line around the chart that the keys have reached."""
    painter = QPainter(panel)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(color)
    painter.drawRoundedRect(panel.rect().adjusted(0, 0, -1, -1), 6, 6)
    painter.end()
