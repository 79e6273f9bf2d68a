"""A line chart of one metric for several runs: every point counts, the crosshair is shared, hover reads out.

    panel = LinePanel(theme, state, "val/acc")
    panel.show_curves([Curve(key, "amber-heron", prepared, theme.run_color(0))])

The panel takes curves that are ready to be drawn (`analysis.prepared`, worked out off the GUI thread) and asks for
nothing itself. `metric_panel.MetricPanel` is the panel that fetches the selected runs' series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QVBoxLayout, QWidget

from runfolio.analysis.axis import XKind, nowhere_text
from runfolio.analysis.drawing import Range, Reach
from runfolio.analysis.scales import LINEAR, YScale, hidden_text, value_at
from runfolio.desktop import fonts, plot_menu
from runfolio.desktop.panel_head import PanelHead
from runfolio.desktop.panel_menu import fill_place, panel_menu
from runfolio.desktop.panel_settings import Note, PanelSettings
from runfolio.desktop.plot_axis import AxisKind, PlainAxis
from runfolio.desktop.plot_counts import CountsItem
from runfolio.desktop.plot_cursor import CursorLine
from runfolio.desktop.plot_frame import PlotFrame
from runfolio.desktop.plot_items import CurvesItem
from runfolio.desktop.plot_notes import NotesItem, with_note, write_note
from runfolio.desktop.plot_pointer import PlotPointer, paint_ring
from runfolio.desktop.plot_ranges import RangeForm
from runfolio.desktop.plot_reading import Reading, readings
from runfolio.desktop.plot_style import Curve
from runfolio.desktop.plot_words import SCALE_WORDS, about, x_words
from runfolio.desktop.plot_zoom import PlotZoom, show_all
from runfolio.desktop.state import WindowState
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import PlainLabel

_AXES = {XKind.STEP: AxisKind.WHOLE, XKind.RELATIVE: AxisKind.DURATION, XKind.WALL: AxisKind.CLOCK}
_ALL = Reach()


class LinePanel(QWidget):
    """A chart with a title over it.

    picked       the user clicked a curve; isolated   with Alt, to see it alone.
    enclosed     a box (Shift and drag) or a lasso (Alt and drag) was drawn around parts of these runs' curves.
    set_asked    the user wants other settings of this panel: a label for undo, and a PanelSettings.
    export_asked a file format was chosen from the menu ("png", "svg", "pdf", "csv").
    closed, maximised, moved   the user removes the panel, wants it large or small again, or elsewhere in its grid
                 (-1 one place earlier, +1 later).
    wanted       something else is to be done with the panel in its grid; see `panel_menu`.
    pointed      the pointer or the keys move the cursor on this chart.
    """

    picked = Signal(str)
    isolated = Signal(str)
    enclosed = Signal(list)
    set_asked = Signal(str, object)
    export_asked = Signal(str)
    closed = Signal()
    maximised = Signal()
    moved = Signal(int)
    wanted = Signal(str)
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
        self._x_name, self._reach = "", _ALL
        self._nowhere = self._hidden_values = 0
        self._x_range: Range | None = None
        self.settings = PanelSettings()
        """What is set for this panel alone."""
        self.offered: tuple[str, ...] = ()
        """Metrics that derived series may be made with."""
        self.pages: tuple[str, ...] = ()
        """Other pages that it may be moved to."""
        self._follows = True
        self.head = PanelHead(theme, closable=closable)
        self.head.maximised.connect(self.maximised)
        self.head.closed.connect(self.closed)
        self._note = PlainLabel("", role="muted", wrap=True, font=fonts.ui(11))
        self._message = PlainLabel("", role="muted", wrap=True)
        self._axes = {side: PlainAxis(side) for side in ("left", "bottom")}
        self.plot = PlotFrame(self._axes)
        self.plot.setObjectName("plot")
        self.plot.setFrameStyle(0)
        self._axes["bottom"].kind = AxisKind.WHOLE
        self._view = self.plot.getViewBox()
        self._view.disableAutoRange()
        for axis in self._axes.values():
            # The grid belongs below the curves.
            axis.setZValue(-1000)
        self.items = CurvesItem(self._view)
        self.items.look.say_x = self.x_text
        self.notes = NotesItem(self._view, self.items)
        self.counts = CountsItem(self._view, self.items)
        self._cursor = CursorLine(self._view, self.items, state)
        self._lay_out()
        self.pointer = PlotPointer(self.plot, self.items, state, self.x_text, lambda: self.counts_steps)
        self.pointer.picked.connect(self.picked)
        self.pointer.isolated.connect(self.isolated)
        self.pointer.enclosed.connect(self.enclosed)
        self.pointer.note_asked.connect(lambda x: self.edit_note(x, None))
        self.pointer.pointed.connect(self.pointed)
        self.pointer.all_asked.connect(self.show_all)
        self.zooming = PlotZoom(self._view, self)
        self.zooming.rested.connect(self._on_zoomed)
        self.pointer.closer_asked.connect(lambda out: self.zooming.closer(state.cursor_step, out=out))
        self.pointer.aside_asked.connect(self.zooming.aside)
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
        self._note.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 4, 2, 2)
        column.setSpacing(2)
        column.addWidget(self.head)
        column.addLayout(body, 1)
        column.addWidget(self._note)

    # --- what is shown -----------------------------------------------------------------------------------------

    def set_title(self, title: str) -> None:
        """Name the chart; the scale is added to it."""
        self._title_text = title
        shown = f"{title}{SCALE_WORDS[self._scale.kind]}"
        self.head.set_title(shown)
        for part in (self, self.plot):
            part.setAccessibleName(f"Chart of {shown}")

    @property
    def metrics(self) -> tuple[str, ...]:
        """What it draws, where it fetches that itself."""
        return ()

    @property
    def title(self) -> str:
        """The metric's name."""
        return self._title_text

    def show_curves(
        self,
        curves: Sequence[Curve],
        *,
        x_kind: XKind = XKind.STEP,
        x_name: str = "",
        scale: YScale = LINEAR,
        reach: Reach = _ALL,
        x_range: Range | None = None,
        notes: Sequence[str] = (),
        nowhere: int | None = None,
    ) -> None:
        """Draw other curves, which were prepared for that x axis and scale.

        x_name   what x counts, where it is another metric.
        reach, x_range   how far the view goes.
        notes    what else is to be known of the picture.
        nowhere  how many points have no place on the x axis, where the curves do not know: those of groups.

        The range that the user has zoomed to stays while the axes do; else everything comes into view. Values of 0
        and below are gaps on a logarithmic scale, and counted in a note.
        """
        if (x_kind, x_name, scale) != (self._x_kind, self._x_name, self._scale):
            self._follows = True
            self._x_kind, self._x_name, self._scale = x_kind, x_name, scale
            self._axes["left"].scale_of = scale
            self._axes["bottom"].kind = _AXES.get(x_kind, AxisKind.NUMBER)
            for axis in self._axes.values():
                # pyqtgraph keeps the picture of an axis until its range changes.
                axis.picture = None
            self.set_title(self._title_text)
        view_before = (self._reach.low, self._reach.high, self._x_range)
        self._reach, self._x_range = reach, x_range
        if (reach.low, reach.high, x_range) != view_before:
            self._follows = True
        self._hidden_values = hidden = sum(c.series.hidden for c in curves)
        self._nowhere = sum(c.series.nowhere for c in curves) if nowhere is None else nowhere
        missing = nowhere_text(x_kind, x_name, self._nowhere), hidden_text(hidden)
        said = about(curves, scale, missing, (reach.text, *notes))
        self._note.setText(" · ".join(said))
        self._note.setVisible(bool(said))
        self.items.set_curves(curves)
        self.counts.update()
        if self._follows:
            self.show_zoom()

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
        """How many points the chart stands for; none of them is left out but those that have no place."""
        return sum(len(c.series) for c in self.items.curves)

    @property
    def without_place(self) -> int:
        """How many of them the axes have no place for."""
        return min(self.point_count, self._nowhere + self._hidden_values)

    def reset_view(self) -> None:
        """Show all points, also those to come."""
        self._follows = True
        show_all(self._view, self.curves, self._x_range, self._reach)

    def show_zoom(self) -> None:
        """Show where the settings say that the user has zoomed to; all points without."""
        self.zooming.forget()
        self.reset_view()
        if self.settings.zoom is not None:
            self._follows = False
            self._view.setRange(xRange=self.settings.zoom[0], yRange=self.settings.zoom[1], padding=0)

    def show_all(self) -> None:
        """The user wants all points in view."""
        self.zooming.forget()
        self.reset_view()
        if self.settings.zoom is not None:
            self.ask_for("Zoom", replace(self.settings, zoom=None))

    def follow(self) -> None:
        """Bring everything into view when the next curves come, wherever the user has zoomed to."""
        self._follows = True

    def readings(self, at: float) -> list[Reading]:
        """What each run has at `at`: its last point at or before it."""
        return readings(self.curves, at)

    def x_text(self, x: float) -> str:
        """An x in words: "step 24", "12 min 4 s", a local time."""
        return x_words(self._x_kind, self._x_name, x)

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
        self.plot.colour(theme)
        self._cursor.colour(theme.color("cursor"))
        self.notes.line, self.notes.text = theme.color("muted"), theme.color("text")
        self.notes.ground = theme.color("raised")
        self.counts.ground = theme.color("surface")
        self.items.look.marks, self.items.look.surface = theme.color("bad"), theme.color("surface")
        self.items.repaint_now()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line around the chart that the keys have reached."""
        if self.pointer.reached_by_keys and self.plot.hasFocus():
            paint_ring(self, self._theme.color("accent"))

    # --- the cursor and the menu -------------------------------------------------------------------------------------

    def _on_moved_by_hand(self, *_: object) -> None:
        self._follows = False

    def _on_zoomed(self) -> None:
        (x0, x1), (y0, y1) = self._view.viewRange()
        zoom = (float(x0), float(x1)), (float(y0), float(y1))
        if zoom != self.settings.zoom:
            self.ask_for("Zoom", replace(self.settings, zoom=zoom))

    def _follow_cursor(self, *_: object) -> None:
        self._cursor.follow()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the chart."""
        menu = panel_menu(self)
        at = self.items.mapFromScene(self.plot.mapToScene(self.plot.mapFromGlobal(event.globalPos())))
        frame = self.items.frame()
        x = None if frame is None or not self.curves else self.pointer.snapped(frame.x_at(at.x()))
        plot_menu.fill(menu, self, x, self.notes.note_at(at), self.offered)
        if self._closable:
            fill_place(menu, self)
        menu.popup(event.globalPos())

    def ask_for(self, label: str, settings: PanelSettings) -> None:
        """The user wants other settings of this panel."""
        self.set_asked.emit(label, settings)

    def ask_for_export(self, suffix: str) -> None:
        """The user wants the chart as a file."""
        self.export_asked.emit(suffix)

    def edit_note(self, x: float, note: Note | None) -> None:
        """Write a note at an x where it stands; nothing written takes it away."""
        label, there = ("Add note", "") if note is None else ("Edit note", note.text)
        written = partial(with_note, self.settings, x, note)
        write_note(self.plot, self.items, x, there, lambda text: self.ask_for(label, written(text)))

    def edit_ranges(self) -> None:
        """Ask for the ends of the axes."""
        (x0, x1), (y0, y1) = self._view.viewRange()
        seen = ((x0, x1), (value_at(y0, self._scale), value_at(y1, self._scale)))
        RangeForm(self._theme, self.settings, seen, self.ask_for, self).open()

    def copy_image(self) -> None:
        """Put a picture of the chart on the clipboard."""
        self.settle()
        QApplication.clipboard().setPixmap(self.grab())
