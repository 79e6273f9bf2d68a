"""A line chart of one metric for several runs: every point counts, the crosshair is shared, hover reads out.

    panel = LinePanel(theme, state, "val/acc")
    panel.show_curves([Curve(key, "amber-heron", prepared, theme.run_color(0))])

The panel takes curves that are ready to be drawn (`analysis.prepared`, worked out off the GUI thread) and asks for
nothing itself. `metric_panel.MetricPanel` is the panel that fetches the selected runs' series.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QGraphicsLineItem, QGridLayout, QMenu, QVBoxLayout, QWidget

from runfolio.analysis.axis import XKind
from runfolio.analysis.scales import LINEAR, YKind, YScale
from runfolio.desktop import fonts
from runfolio.desktop.panel_head import PanelHead
from runfolio.desktop.plot_axis import AxisKind, PlainAxis, clock_text
from runfolio.desktop.plot_items import CurvesItem
from runfolio.desktop.plot_pointer import PlotPointer
from runfolio.desktop.plot_style import Curve
from runfolio.desktop.state import WindowState
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import PlainLabel
from runfolio.model.display import count, duration, number
from runfolio.model.run import RunKey

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
        self._title_text, self._scale, self._x_kind = title, LINEAR, XKind.STEP
        self._follows = True
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
        self._axes["bottom"].kind = AxisKind.WHOLE
        self._view = self.plot.getViewBox()
        self._view.disableAutoRange()
        for axis in self._axes.values():
            # The grid belongs below the curves.
            axis.setZValue(-1000)
        self.items = CurvesItem(self._view)
        self.items.look.say_x = self.x_text
        self._cursor = QGraphicsLineItem()
        self._cursor.setParentItem(self._view)
        self._cursor.setVisible(False)
        self._lay_out()
        self.pointer = PlotPointer(self.plot, self.items, state, self.x_text, lambda: self.counts_steps)
        self.pointer.picked.connect(self.picked)
        self.pointer.pointed.connect(self.pointed)
        self.pointer.all_asked.connect(self.reset_view)
        self.pointer.focus_changed.connect(self.update)
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
        shown = title if self._scale.kind is YKind.LINEAR else f"{title} · {self._scale.kind}"
        self.head.set_title(shown)
        self.setAccessibleName(f"Chart of {shown}")

    @property
    def title(self) -> str:
        """The metric's name."""
        return self._title_text

    def show_curves(self, curves: Sequence[Curve], *, x_kind: XKind = XKind.STEP, scale: YScale = LINEAR) -> None:
        """Draw other curves, which were prepared for that x axis and scale.

        The range that the user has zoomed to stays while the axes do; else everything comes into view. Values of 0
        and below are gaps on a logarithmic scale, and counted in a note.
        """
        if (x_kind, scale) != (self._x_kind, self._scale):
            self._follows = True
            self._x_kind, self._scale = x_kind, scale
            self._axes["left"].scale_of = scale
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

    @property
    def pointed_at(self) -> str:
        """What the pointer is on, in words; empty for nothing."""
        return self.pointer.tip

    def settle(self) -> None:
        """Paint for the range that is shown, even while the hand moves."""
        self.items.settle()

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
        self.items.look.marks, self.items.look.surface = theme.color("bad"), theme.color("surface")
        self.items.repaint_now()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line around the chart that the keys have reached."""
        if self.pointer.reached_by_keys and self.plot.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._theme.color("accent"))
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 6, 6)
            painter.end()

    # --- the cursor and the menu -------------------------------------------------------------------------------------

    def _on_moved_by_hand(self, *_: object) -> None:
        self._follows = False

    def _follow_cursor(self, *_: object) -> None:
        step, frame = self._state.cursor_step, self.items.frame()
        shown = step is not None and frame is not None and frame.x0 <= step <= frame.x1
        if step is not None and frame is not None and shown:
            x = round(float(frame.pixels_x(np.array([step]))[0])) + 0.5
            self._cursor.setLine(x, 0, x, frame.height)
        self._cursor.setVisible(shown)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the chart."""
        menu = QMenu(self)
        menu.setObjectName("panel-menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        log = menu.addAction("Logarithmic y axis")
        log.setCheckable(True)
        log.setChecked(self._scale.is_log)
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
