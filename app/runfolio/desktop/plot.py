"""A line chart of one metric for several runs: every point counts, the crosshair is shared, hover reads out.

    panel = LinePanel(theme, state, "val/acc")
    panel.show_curves([Curve(key, "amber-heron", prepared, theme.run_color(0))])

The panel takes curves that are ready to be drawn (`analysis.prepared`, worked out off the GUI thread) and asks for
nothing itself. `metric_panel.MetricPanel` is the panel that fetches the selected runs' series.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QGraphicsLineItem, QGridLayout, QMenu, QToolTip, QVBoxLayout, QWidget

from runfolio.analysis.axis import XKind
from runfolio.desktop import fonts
from runfolio.desktop.panel_head import PanelHead
from runfolio.desktop.plot_axis import AxisKind, PlainAxis, clock_text
from runfolio.desktop.plot_items import Curve, CurvesItem
from runfolio.desktop.state import WindowState
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import PlainLabel, tooltip
from runfolio.model.display import count, duration, number
from runfolio.model.run import RunKey

_REACH = 14.0
"""Pixels around the pointer within which a curve counts as pointed at."""

_CLICK = 3
"""Pixels that the hand may tremble in a click."""

_LABEL_WIDTH = 38
_LARGEST = 1e300
_AXES = {XKind.STEP: AxisKind.WHOLE, XKind.RELATIVE: AxisKind.DURATION, XKind.WALL: AxisKind.CLOCK}


@dataclass(frozen=True, slots=True)
class Reading:
    """One line of a read-out: the last point at or before the cursor; x and value None when all come later."""

    key: RunKey
    name: str
    x: float | None
    value: float | None


class LinePanel(QWidget):
    """A chart with a title over it.

    picked       the user clicked a curve.
    log_asked    the menu asks for a logarithmic y axis, or for a linear one.
    export_asked a file format was chosen from the menu ("png", "svg", "pdf", "csv").
    closed, maximised, moved   the user removes the panel, wants it large or small again, or elsewhere in its grid
                 (-1 one place earlier, +1 later).
    pointed      the pointer or the keys move the cursor on this chart.
    """

    picked = Signal(str)
    log_asked = Signal(bool)
    export_asked = Signal(str)
    closed = Signal()
    maximised = Signal()
    moved = Signal(int)
    pointed = Signal()

    def __init__(
        self,
        theme: Theme,
        state: WindowState,
        title: str = "",
        *,
        closable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """`closable`: whether it stands in a grid that it can be taken out of, moved in and enlarged."""
        super().__init__(parent)
        self._theme, self._state, self._closable = theme, state, closable
        self._title_text, self._log, self._x_kind = title, False, XKind.STEP
        self._follows = True
        self._by_keys = False
        self._tip = ""
        self._pressed_at = QPointF(-100, -100)
        self.head = PanelHead(theme, closable=closable)
        self.head.maximised.connect(self.maximised)
        self.head.closed.connect(self.closed)
        self._note = PlainLabel("", role="muted", font=fonts.ui(11))
        self._message = PlainLabel("", role="muted", wrap=True)
        self._axes = {side: PlainAxis(side) for side in ("left", "bottom")}
        self.plot = pg.PlotWidget(axisItems=self._axes, enableMenu=False)
        self.plot.setObjectName("plot")
        self.plot.hideButtons()
        self.plot.setFrameStyle(0)
        self.plot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._axes["bottom"].kind = AxisKind.WHOLE
        self._view = self.plot.getViewBox()
        self._view.disableAutoRange()
        for axis in self._axes.values():
            # The grid belongs below the curves.
            axis.setZValue(-1000)
        self.items = CurvesItem(self._view)
        self.items.say_x = self.x_text
        self._cursor = QGraphicsLineItem()
        self._cursor.setParentItem(self._view)
        self._cursor.setVisible(False)
        self._lay_out()
        self.plot.installEventFilter(self)
        self.plot.viewport().installEventFilter(self)
        self.plot.viewport().setMouseTracking(True)
        self._view.sigRangeChangedManually.connect(self._on_moved_by_hand)
        self._view.sigRangeChanged.connect(self._follow_cursor)
        self._view.sigResized.connect(self._follow_cursor)
        state.cursor_changed.connect(self._follow_cursor)
        theme.changed.connect(self._colour)
        self._colour()
        self.set_title(title)

    def _lay_out(self) -> None:
        body = QGridLayout()
        body.addWidget(self.plot, 0, 0)
        body.addWidget(self._message, 0, 0, Qt.AlignmentFlag.AlignCenter)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._message.setObjectName("message")
        self._message.hide()
        self._note.setObjectName("note")
        self._note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 4, 2, 2)
        column.setSpacing(2)
        column.addWidget(self.head)
        column.addLayout(body, 1)
        column.addWidget(self._note, 0, Qt.AlignmentFlag.AlignRight)

    # --- what is shown -----------------------------------------------------------------------------------------

    def set_title(self, title: str) -> None:
        """Name the chart; the scale is added to it."""
        self._title_text = title
        shown = f"{title} · log" if self._log else title
        self.head.set_title(shown)
        self.setAccessibleName(f"Chart of {shown}")

    @property
    def title(self) -> str:
        """The metric's name."""
        return self._title_text

    def show_curves(self, curves: Sequence[Curve], *, x_kind: XKind = XKind.STEP, log_y: bool = False) -> None:
        """Draw other curves, which were prepared for that x axis and scale.

        The range that the user has zoomed to stays while the axes do; else everything comes into view. Values of 0
        and below are gaps on a logarithmic scale, and counted in a note.
        """
        if (x_kind, log_y) != (self._x_kind, self._log):
            self._follows = True
            self._x_kind, self._log = x_kind, log_y
            self._axes["left"].setLogMode(log_y)
            self._axes["bottom"].kind = _AXES[x_kind]
            for axis in self._axes.values():
                # pyqtgraph keeps the picture of an axis until its range changes.
                axis.picture = None
            self.set_title(self._title_text)
        hidden = sum(c.series.hidden for c in curves)
        self._note.setText(f"{count(hidden)} value{'' if hidden == 1 else 's'} ≤ 0 not on a log axis" if hidden else "")
        self._note.setVisible(bool(hidden))
        self.items.set_curves(curves)
        if self._follows:
            self.reset_view()

    def show_message(self, text: str) -> None:
        """Say something in the middle of the chart; "" for nothing."""
        self._message.setText(text)
        self._message.setVisible(bool(text))

    @property
    def curves(self) -> tuple[Curve, ...]:
        """What is drawn."""
        return self.items.curves

    @property
    def point_count(self) -> int:
        """How many points the chart stands for; none of them is left out."""
        return sum(len(c.series) for c in self.items.curves)

    def reset_view(self) -> None:
        """Show all points, also those to come."""
        self._follows = True
        x = _around([c.series.x_bounds for c in self.curves])
        y = _around([line.y_bounds for c in self.curves for line in (c.series.raw, c.series.line) if line is not None])
        self._view.setLimits(
            minXRange=max((x[1] - x[0]) * 1e-7, 1e-12 * max(abs(x[0]), abs(x[1]))), maxXRange=(x[1] - x[0]) * 100
        )
        self._view.setRange(xRange=x, yRange=y, padding=0)

    def follow(self) -> None:
        """Bring everything into view when the next curves come, wherever the user has zoomed to."""
        self._follows = True

    def readings(self, at: float) -> list[Reading]:
        """What each run has at `at`: its last point at or before it."""
        found: list[Reading] = []
        for curve in self.curves:
            place = curve.series.at_or_before(at)
            x, value = (None, None) if place is None else (float(curve.x[place]), float(curve.series.shown[place]))
            found.append(Reading(curve.key, curve.name, x, value))
        return found

    def x_text(self, x: float) -> str:
        """An x in words: "step 24", "12 min 4 s", a local time."""
        if self._x_kind is XKind.STEP:
            return f"step {number(x, 9)}"
        return duration(x) if self._x_kind is XKind.RELATIVE else clock_text(x)

    @property
    def counts_steps(self) -> bool:
        """Whether x is the step, and no time."""
        return self._x_kind is XKind.STEP

    def settle(self) -> None:
        """Paint for the range that is shown, even while the hand moves."""
        if not self.items.settled:
            self.items.repaint_now()

    # --- colours -----------------------------------------------------------------------------------------------

    def _colour(self) -> None:
        theme = self._theme
        self.plot.setBackground(theme.color("surface"))
        for axis in self._axes.values():
            axis.setPen(pg.mkPen(theme.color("axis"), width=1))
            axis.setTextPen(pg.mkPen(theme.color("muted")))
            axis.setStyle(tickLength=0, tickTextOffset=6, tickFont=fonts.ui(11))
        # Wider only for numbers that need it: charts under each other keep one left edge.
        self._axes["left"].setStyle(tickTextWidth=_LABEL_WIDTH, autoExpandTextSpace=True, autoReduceTextSpace=False)
        self.plot.showGrid(x=True, y=True, alpha=0.10 if theme.name == "light" else 0.16)
        pen = QPen(theme.color("cursor"), 1.0, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        self._cursor.setPen(pen)
        self.items.mark_color, self.items.surface = theme.color("bad"), theme.color("surface")
        self.items.repaint_now()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line around the chart that the keys have reached."""
        if self._by_keys and self.plot.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._theme.color("accent"))
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 6, 6)
            painter.end()

    # --- the pointer -------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Pointer and keys over the plot: crosshair, emphasis, click and double click."""
        kind = event.type()
        # What the viewport does not take comes again through the plot.
        if isinstance(event, QMouseEvent) and watched is self.plot.viewport():
            if kind == QEvent.Type.MouseMove:
                self._point(event.position())
            elif kind == QEvent.Type.MouseButtonPress:
                self._pressed_at = event.position()
            elif kind == QEvent.Type.MouseButtonDblClick:
                self.reset_view()
                return True
            elif kind == QEvent.Type.MouseButtonRelease and self._is_click(event):
                self._pick(event.position())
        elif kind == QEvent.Type.Leave and watched is self.plot.viewport():
            self._point_nowhere()
        elif kind == QEvent.Type.KeyPress and watched is self.plot and isinstance(event, QKeyEvent):
            return self._on_key(event)
        elif isinstance(event, QFocusEvent):
            self._by_keys = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
            self.update()
        return super().eventFilter(watched, event)

    def _is_click(self, event: QMouseEvent) -> bool:
        moved = (event.position() - self._pressed_at).manhattanLength()
        return event.button() == Qt.MouseButton.LeftButton and moved <= _CLICK

    def _place(self, at: QPointF) -> QPointF:
        """A place of the viewport in pixels of the view."""
        place: QPointF = self._view.mapFromScene(self.plot.mapToScene(at.toPoint()))
        return place

    def _point(self, at: QPointF) -> None:
        place, frame = self._place(at), self.items.frame()
        if frame is None or not self.curves:
            return
        found = self.items.nearest(place, _REACH)
        self.items.emphasise(found.key if found else None)
        tip = self.items.mark_at(place, _REACH / 2)
        if not tip and found:
            tip = self._tip_of(found, place)
        if tip:
            QToolTip.showText(self.plot.viewport().mapToGlobal(at.toPoint()), tooltip(tip), self.plot)
        elif self._tip:
            QToolTip.hideText()
        self._tip = tip
        self.pointed.emit()
        x = frame.x_at(place.x())
        # Steps are whole: between two of them there is nothing to read out.
        self._state.set_cursor(float(round(x)) if self.counts_steps else x)

    def _point_nowhere(self) -> None:
        self._tip = ""
        self.items.emphasise(None)
        self._state.set_cursor(None)

    def _tip_of(self, curve: Curve, place: QPointF) -> str:
        """The point of a curve nearest to a place, in words."""
        frame, series = self.items.frame(), curve.series
        if frame is None:
            return ""
        reach = frame.x_at(_REACH) - frame.x_at(0)
        near = series.near(frame.x_at(place.x()), reach)
        line = series.raw if series.line is None else series.line
        shown = np.log10(np.maximum(series.shown[near], 5e-324)) if series.log_y else series.shown[near]
        away = np.hypot(frame.pixels_x(series.x[near]) - place.x(), frame.pixels_y(shown) - place.y())
        if not len(line) or not np.isfinite(away).any():
            return curve.name
        point = int(near[np.nanargmin(away)])
        raw = f" (raw {number(float(series.y[point]), 6)})" if series.smooth is not None else ""
        return f"{curve.name}\n{self.x_text(float(series.x[point]))}: {number(float(series.shown[point]), 6)}{raw}"

    @property
    def pointed_at(self) -> str:
        """What the pointer is on, in words; empty for nothing."""
        return self._tip

    def _pick(self, at: QPointF) -> None:
        found = self.items.nearest(self._place(at), _REACH)
        if found:
            self.picked.emit(str(found.key))

    def _on_moved_by_hand(self, *_: object) -> None:
        self._follows = False

    def _follow_cursor(self, *_: object) -> None:
        step, frame = self._state.cursor_step, self.items.frame()
        shown = step is not None and frame is not None and frame.x0 <= step <= frame.x1
        if step is not None and frame is not None and shown:
            x = round(float(frame.pixels_x(np.array([step]))[0])) + 0.5
            self._cursor.setLine(x, 0, x, frame.height)
        self._cursor.setVisible(shown)

    # --- keys and the menu -------------------------------------------------------------------------------------

    def _on_key(self, event: QKeyEvent) -> bool:
        key = event.key()
        self.pointed.emit()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._step_cursor(1 if key == Qt.Key.Key_Right else -1)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            ends = [b for c in self.curves if (b := c.series.x_bounds) is not None]
            if ends:
                self._state.set_cursor(min(e[0] for e in ends) if key == Qt.Key.Key_Home else max(e[1] for e in ends))
        elif key == Qt.Key.Key_0:
            self.reset_view()
        else:
            return False
        return True

    def _step_cursor(self, way: int) -> None:
        """To the next logged x of any run."""
        start = self._state.cursor_step
        here = start if start is not None else -math.inf if way > 0 else math.inf
        after: list[float] = []
        for curve in self.curves:
            xs = curve.series.sorted_x
            place = np.searchsorted(xs, here, side="right") if way > 0 else np.searchsorted(xs, here, side="left") - 1
            if 0 <= place < len(xs):
                after.append(float(xs[place]))
        if after:
            self._state.set_cursor(min(after) if way > 0 else max(after))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the chart."""
        menu = QMenu(self)
        menu.setObjectName("panel-menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        log = menu.addAction("Logarithmic y axis")
        log.setCheckable(True)
        log.setChecked(self._log)
        log.toggled.connect(self.log_asked)
        menu.addAction("Show all points (double click)", self.reset_view)
        menu.addSeparator()
        menu.addAction("Copy image", self.copy_image)
        for suffix in ("png", "svg", "pdf", "csv"):
            menu.addAction(f"Export {suffix.upper()}…", self._asking(suffix))
        if self._closable:
            menu.addSeparator()
            menu.addAction("Maximise or restore", self.maximised.emit)
            menu.addAction("Move earlier", lambda: self.moved.emit(-1))
            menu.addAction("Move later", lambda: self.moved.emit(1))
            menu.addAction("Remove panel", self.closed.emit)
        menu.popup(event.globalPos())

    def _asking(self, suffix: str) -> Callable[[], None]:
        return lambda: self.export_asked.emit(suffix)

    def copy_image(self) -> None:
        """Put a picture of the chart on the clipboard."""
        self.settle()
        QApplication.clipboard().setPixmap(self.grab())


def _around(bounds: Sequence[tuple[float, float] | None]) -> tuple[float, float]:
    """A range that holds all bounds with a little room, finite and not empty; 0 to 1 for none."""
    known = [b for b in bounds if b is not None]
    if not known:
        return 0.0, 1.0
    low = max(-_LARGEST, min(b[0] for b in known))
    high = min(_LARGEST, max(b[1] for b in known))
    room = (high - low) * 0.04
    # A single value, or values that differ by less than floats can be divided by, lie in the middle.
    if room <= max(abs(low), abs(high)) * 1e-13:
        room = max(abs(low), abs(high)) * 0.05 or 0.5
    return low - room, high + room
