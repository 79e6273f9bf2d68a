"""Notes on a chart: a line at a place of the x axis with a few words beside it, written where they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QLineEdit, QStyleOptionGraphicsItem, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.panel_settings import MOST_NOTE, Note, PanelSettings
from runfolio.desktop.plot_frame import PlotFrame
from runfolio.desktop.plot_items import CurvesItem
from runfolio.desktop.plot_overlay import PlotOverlay
from runfolio.model.display import plain

_PAD, _HEIGHT, _WIDEST = 4.0, 18.0, 180.0


class NotesItem(PlotOverlay):
    """Draws notes over the curves of a chart."""

    def __init__(self, view: pg.ViewBox, curves: CurvesItem) -> None:
        super().__init__(view, curves, 5)
        self._notes: tuple[Note, ...] = ()
        self.line, self.text, self.ground = QColor("grey"), QColor("black"), QColor("white")

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is shown."""
        return self._notes

    def set_notes(self, notes: Sequence[Note]) -> None:
        """Show others."""
        self._notes = tuple(notes)
        self.update()

    def _places(self) -> list[tuple[Note, float, QRectF, str]]:
        """Each note in sight with its pixel, the box of its text and the text."""
        frame = self._curves.frame()
        if frame is None or not self._notes:
            return []
        metrics = QFontMetricsF(fonts.ui(11))
        found: list[tuple[Note, float, QRectF, str]] = []
        ends: list[float] = []
        for note in sorted(self._notes):
            x = float(frame.pixels_x(np.array([note.x]))[0])
            if not 0 <= x <= frame.width:
                continue
            text = metrics.elidedText(plain(note.text), Qt.TextElideMode.ElideRight, _WIDEST)
            wide = metrics.horizontalAdvance(text) + 2 * _PAD
            left = min(x + 3, frame.width - wide - 2)
            # A row further down where the text before it is in the way.
            row = next((r for r, end in enumerate(ends) if end < left), len(ends))
            ends[row:] = [left + wide, *ends[row + 1 :]] if row < len(ends) else [left + wide]
            found.append((note, x, QRectF(left, 12 + row * (_HEIGHT + 2), wide, _HEIGHT), text))
        return found

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw them."""
        frame = self._curves.frame()
        if frame is None:
            return
        painter.setFont(fonts.ui(11))
        for _, x, box, text in self._places():
            painter.setPen(QPen(self.line, 1.0, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, 0), QPointF(x, frame.height))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self.line)
            painter.setBrush(self.ground)
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(self.text)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def note_at(self, at: QPointF, reach: float = 5.0) -> Note | None:
        """The note whose text or line is at a place of this item."""
        for note, x, box, _ in self._places():
            if box.contains(at) or abs(at.x() - x) <= reach:
                return note
        return None


class NoteEditor(QLineEdit):
    """A field over the chart; `written` tells what stands in it at Enter, Escape or a click elsewhere ends it."""

    written = Signal(str)

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setObjectName("note-editor")
        self.setAccessibleName("Note")
        self.setPlaceholderText("Note, then Enter")
        self.setMaxLength(MOST_NOTE)
        self.setFixedWidth(200)
        self.returnPressed.connect(self._on_return)
        self.editingFinished.connect(self.deleteLater)

    def _on_return(self) -> None:
        self.written.emit(self.text().strip())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves all as it was."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            self.deleteLater()
            return
        super().keyPressEvent(event)


def with_note(settings: PanelSettings, x: float, note: Note | None, text: str) -> PanelSettings:
    """The settings with a note of that text at `x` instead of `note`; without one where there is no text."""
    others = [other for other in settings.notes if other != note]
    return replace(settings, notes=tuple(sorted([*others, Note(x, text)] if text else others)))


def write_note(plot: PlotFrame, curves: CurvesItem, x: float, text: str, written: Callable[[str], None]) -> None:
    """Let a note be written where it stands; `written` hears the text at Enter."""
    frame = curves.frame()
    if frame is None:
        return
    editor = NoteEditor(text, plot)
    left = float(np.clip(frame.pixels_x(np.array([x]))[0], 0, max(0, frame.width - editor.width())))
    editor.move(plot.mapFromScene(curves.mapToScene(left, 10.0)))
    editor.written.connect(written)
    editor.show()
    editor.setFocus()
