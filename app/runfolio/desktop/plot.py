"""A line chart of one metric for the selected runs: every point counts, the crosshair is shared, hover reads out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMenu, QToolTip, QVBoxLayout, QWidget

from runfolio.analysis.axis import XKind, x_axis
from runfolio.analysis.smooth import Smoother, natural_range, smooth
from runfolio.desktop import fonts
from runfolio.desktop.plot_items import Curve, CurvesItem, PlainAxis
from runfolio.desktop.state import WindowState
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import IconButton, PlainLabel, tooltip
from runfolio.model.display import count, number
from runfolio.model.metrics import Floats, MetricSeries
from runfolio.model.run import RunKey

_REACH = 14
"""Pixels around the pointer within which a curve counts as pointed at."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawable:
    """A series as a panel needs it, worked out off the GUI thread."""

    x: Floats
    y: Floats
    smooth: Floats | None


def drawable(series: MetricSeries, x_kind: XKind, smoothing: float) -> Drawable:
    """The arrays to draw: x by its kind, and the smoothed series over all points when `smoothing` is above 0."""
    x = x_axis(series, x_kind)
    if smoothing <= 0 or len(series) < 3:
        return Drawable(x, series.value, None)
    return Drawable(x, series.value, smooth(x, series.value, Smoother.TIME_EMA, smoothing, natural_range(x)))


@dataclass(frozen=True, slots=True)
class Reading:
    """One line of a read-out: the last point at or before the cursor."""

    key: RunKey
    name: str
    x: float
    value: float


class LinePanel(QWidget):
    """A chart with a title over it.

    picked       the user clicked a curve.
    export_asked a file format was chosen from the menu ("png", "svg", "pdf", "csv").
    closed       the user removed the panel;  maximised: wants the whole room, or gives it back.
    """

    picked = Signal(str)
    export_asked = Signal(str)
    closed = Signal()
    maximised = Signal()
    log_changed = Signal(bool)

    def __init__(
        self,
        theme: Theme,
        state: WindowState,
        title: str = "",
        *,
        closable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._state = theme, state
        self._title_text = title
        self._log = False
        self._x_kind = XKind.STEP
        self._title = PlainLabel(title)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._note = PlainLabel("", role="muted", font=fonts.ui(11))
        self._axes = {side: PlainAxis(side) for side in ("left", "bottom")}
        self.plot = pg.PlotWidget(axisItems=self._axes, enableMenu=False)
        self.plot.setObjectName("plot")
        self.plot.hideButtons()
        self.plot.setFrameStyle(0)
        self._items = CurvesItem()
        self.plot.addItem(self._items)
        self._view = self.plot.getViewBox()
        self._view.setDefaultPadding(0.04)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.setVisible(False)
        self.plot.addItem(self._cursor, ignoreBounds=True)
        self._lay_out(closable)
        self.plot.viewport().installEventFilter(self)
        self.plot.viewport().setMouseTracking(True)
        self._view.sigRangeChanged.connect(self._items.viewRangeChanged)
        state.cursor_changed.connect(self._follow_cursor)
        theme.changed.connect(self._colour)
        self._colour()
        self.set_title(title)

    def _lay_out(self, closable: bool) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(8, 2, 4, 0)
        head.addWidget(self._title, 1)
        self._buttons: list[IconButton] = []
        if closable:
            for icon, label, signal in (("maximize", "Maximise", self.maximised), ("x", "Remove panel", self.closed)):
                button = IconButton(icon, label, self._theme, size=13)
                button.clicked.connect(signal)
                head.addWidget(button)
                self._buttons.append(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.plot, 1)
        column.addWidget(self._note, 0, Qt.AlignmentFlag.AlignRight)
        self._note.hide()

    # --- what is shown -----------------------------------------------------------------------------------------

    def set_title(self, title: str) -> None:
        """Name the chart; the scale is added to it."""
        self._title_text = title
        self._title.setText(f"{title} · log" if self._log else title)
        self.setAccessibleName(f"Chart of {title}")

    @property
    def title(self) -> str:
        """The metric's name."""
        return self._title_text

    @property
    def log_y(self) -> bool:
        """Whether y is logarithmic."""
        return self._log

    def set_log_y(self, log: bool) -> None:
        """Draw y on a logarithmic scale or not. Values of 0 and below are gaps there, and counted in a note."""
        if log != self._log:
            self._log = log
            self._axes["left"].setLogMode(log)
            self.set_title(self._title_text)
            self.show_curves(self._items.curves)
            self.log_changed.emit(log)

    def set_x_kind(self, kind: XKind) -> None:
        """Say what x is, for its axis."""
        self._x_kind = kind
        names = {XKind.STEP: "number", XKind.RELATIVE: "duration", XKind.WALL: "clock"}
        self._axes["bottom"].kind = names[kind]

    def show_curves(self, curves: Sequence[Curve], *, keep_range: bool = False) -> None:
        """Draw other curves; the view goes to all of them unless its range is to be kept."""
        self._items.set_curves(curves, log_y=self._log)
        hidden = sum(int((c.y <= 0).sum()) for c in curves) if self._log else 0
        self._note.setText(f"{count(hidden)} values ≤ 0 have no place on a log axis" if hidden else "")
        self._note.setVisible(bool(hidden))
        if not keep_range:
            self.reset_view()

    @property
    def curves(self) -> tuple[Curve, ...]:
        """What is drawn."""
        return self._items.curves

    @property
    def point_count(self) -> int:
        """How many points the chart stands for; none of them is left out."""
        return sum(len(c.y) for c in self._items.curves)

    def reset_view(self) -> None:
        """Show all points."""
        self._view.enableAutoRange()
        self._view.updateAutoRange()

    def readings(self, at: float) -> list[Reading]:
        """What each run has at `at`: its last point at or before it; the first one when it starts later."""
        found: list[Reading] = []
        for curve in self._items.curves:
            values = curve.smooth if curve.smooth is not None else curve.y
            before = np.flatnonzero(curve.x <= at)
            if not len(before):
                continue
            place = int(before[np.argmax(curve.x[before])]) if len(before) > 1 else int(before[0])
            # Of equal steps the last written one counts.
            same = before[curve.x[before] == curve.x[place]]
            place = int(same[-1])
            found.append(Reading(curve.key, curve.name, float(curve.x[place]), float(values[place])))
        return found

    # --- colours -----------------------------------------------------------------------------------------------

    def _colour(self) -> None:
        theme = self._theme
        self.plot.setBackground(theme.color("surface"))
        for axis in self._axes.values():
            axis.setPen(pg.mkPen(theme.color("axis"), width=1))
            axis.setTextPen(pg.mkPen(theme.color("muted")))
            axis.setStyle(tickLength=0, tickTextOffset=6, tickFont=fonts.ui(11), autoReduceTextSpace=True)
        self._axes["left"].setWidth(46)
        self.plot.showGrid(x=True, y=True, alpha=0.10 if theme.name == "light" else 0.16)
        self._cursor.setPen(pg.mkPen(theme.color("cursor"), width=1, style=Qt.PenStyle.DashLine))
        self._items.mark_color = theme.color("bad")
        self._items.update()

    # --- the pointer -------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Pointer over the plot: crosshair, emphasis, click and double click."""
        kind = event.type()
        if kind == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._point(event.position())
        elif kind == QEvent.Type.Leave:
            self._items.emphasise(None)
            self._state.set_cursor(None)
        elif kind == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            if event.button() == Qt.MouseButton.LeftButton and event.position() == self._pressed_at:
                self._pick(event.position())
        elif kind == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            self._pressed_at = event.position()
        elif kind == QEvent.Type.MouseButtonDblClick:
            self.reset_view()
            return True
        return super().eventFilter(watched, event)

    _pressed_at = QPointF(-1, -1)

    def _place(self, at: QPointF) -> QPointF:
        place: QPointF = self._view.mapSceneToView(self.plot.mapToScene(at.toPoint()))
        return place

    def _near(self, at: QPointF) -> tuple[Curve, int] | None:
        place = self._place(at)
        size = self._view.viewPixelSize()
        return self._items.nearest(place.x(), place.y(), _REACH * abs(size[0]), _REACH * abs(size[1]))

    def _point(self, at: QPointF) -> None:
        if not self._items.curves:
            return
        found = self._near(at)
        self._items.emphasise(found[0].key if found else None)
        if found:
            curve, place = found
            value = curve.smooth if curve.smooth is not None else curve.y
            raw = f" (raw {number(float(curve.y[place]), 6)})" if curve.smooth is not None else ""
            self._tip = f"{curve.name}\n{self._x_text(float(curve.x[place]))}: {number(float(value[place]), 6)}{raw}"
            QToolTip.showText(self.plot.viewport().mapToGlobal(at.toPoint()), tooltip(self._tip), self.plot)
        elif self._tip:
            self._tip = ""
            QToolTip.hideText()
        self._state.set_cursor(self._place(at).x())

    _tip = ""

    @property
    def pointed_at(self) -> str:
        """What the pointer is on, in words; empty for nothing."""
        return self._tip

    def _x_text(self, x: float) -> str:
        words = {XKind.STEP: "step", XKind.RELATIVE: "after", XKind.WALL: ""}
        return f"{words[self._x_kind]} {self._axes['bottom'].tickStrings([x], 1.0, 1.0)[0]}".strip()

    def _pick(self, at: QPointF) -> None:
        found = self._near(at)
        if found:
            self.picked.emit(str(found[0].key))

    def _follow_cursor(self) -> None:
        step = self._state.cursor_step
        self._cursor.setVisible(step is not None)
        if step is not None:
            self._cursor.setPos(step)

    # --- the menu ----------------------------------------------------------------------------------------------

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the chart."""
        menu = QMenu(self)
        log = menu.addAction("Logarithmic y axis")
        log.setCheckable(True)
        log.setChecked(self._log)
        log.toggled.connect(self.set_log_y)
        menu.addAction("Show all points", self.reset_view)
        menu.addSeparator()
        menu.addAction("Copy image", self.copy_image)
        for suffix in ("png", "svg", "pdf", "csv"):
            menu.addAction(f"Export {suffix.upper()}…", self._asking(suffix))
        if self._buttons:
            menu.addSeparator()
            menu.addAction("Maximise", self.maximised.emit)
            menu.addAction("Remove panel", self.closed.emit)
        menu.exec(event.globalPos())
        menu.deleteLater()

    def _asking(self, suffix: str) -> Callable[[], None]:
        return lambda: self.export_asked.emit(suffix)

    def copy_image(self) -> None:
        """Put a picture of the chart on the clipboard."""
        QApplication.clipboard().setPixmap(self.grab())
