"""The line in which a filter is typed: completion of names and values, and a mark under what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QLineEdit, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import restyle
from runfolio.errors import FilterSyntax
from runfolio.model.query import FieldRef

if TYPE_CHECKING:
    from runfolio.desktop.completion import Suggestion
    from runfolio.desktop.filter_suggestions import SuggestionList
    from runfolio.model.answers import FieldInfo

Values = Callable[[FieldRef], Sequence[tuple[str, int]]]


class FilterField(QLineEdit):
    """A monospaced line. `left` is emitted when the user is done with it and wants to go back to the runs."""

    left = Signal()

    def __init__(self, theme: Theme, values: Values, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("filter")
        self.setAccessibleName("Filter")
        self.setFont(fonts.mono(12))
        self.setPlaceholderText("Filter: val/acc > 0.9 and optimizer = 'adam' and not failed")
        self._theme = theme
        self._values = values
        self._fields: tuple[FieldInfo, ...] = ()
        self._names: frozenset[str] = frozenset()
        self._start = 0
        """Where what a suggestion would replace begins."""
        self._offered: SuggestionList | None = None
        self._error: FilterSyntax | None = None
        self.textEdited.connect(lambda _text: self.complete())

    # --- what it knows -----------------------------------------------------------------------------------------

    def set_fields(self, fields: tuple[FieldInfo, ...]) -> None:
        """The fields whose names can be completed."""
        self._fields = fields
        self._names = frozenset(info.field.name for info in fields)

    def set_error(self, error: FilterSyntax | None) -> None:
        """Mark what is wrong, or nothing."""
        if (self._error is None) != (error is None):
            self.setProperty("invalid", error is not None)
            restyle(self)
        self._error = error
        self.update()

    @property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """What the list offers now."""
        return () if self._offered is None else self._offered.shown

    @property
    def chosen(self) -> bool:
        """Whether Enter would take a suggestion of the list."""
        return self._offered is not None and self._offered.is_open and self._offered.row >= 0

    def hide_suggestions(self) -> None:
        """Offer nothing until more is typed."""
        if self._offered is not None:
            self._offered.hide()

    # --- completion --------------------------------------------------------------------------------------------

    def complete(self) -> None:
        """Offer what may come next at the cursor."""
        # The language of filters and the list are no part of a start.
        from runfolio.desktop.completion import place_of, suggest

        place = place_of(self.text(), self.cursorPosition(), self._names)
        self._start = place.start
        self._list().offer(suggest(place, self._fields, self._values), self._x_of(place.start), self.height())

    def _list(self) -> SuggestionList:
        from runfolio.desktop.filter_suggestions import SuggestionList

        if self._offered is None:
            self._offered = SuggestionList(self, self._theme)
            self._offered.taken.connect(self._take)
        return self._offered

    @property
    def _is_offering(self) -> bool:
        return self._offered is not None and self._offered.is_open

    def _take(self, row: int) -> None:
        chosen = None if self._offered is None else self._offered.at(row)
        if chosen is None:
            return
        # Through the selection, so that Ctrl+Z in the line takes it back as one step.
        self.setSelection(self._start, self.cursorPosition() - self._start)
        self.insert(chosen.insert)
        self.textEdited.emit(self.text())

    def event(self, event: QEvent) -> bool:
        """Tab takes the chosen suggestion, or the first; here, because Qt moves the focus before keyPressEvent."""
        is_tab = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab
        if is_tab and event.type() is QEvent.Type.KeyPress and self._offered is not None and self._offered.is_open:
            row = max(0, self._offered.row)
            self._offered.hide()
            self._take(row)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter, Escape and Down leave the line when no list is open."""
        if self._is_offering:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen:
                event.ignore()
                return
            if event.key() == Qt.Key.Key_Escape:
                self.hide_suggestions()
                return
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            self.textEdited.emit("")
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Down):
            self.hide_suggestions()
            self.left.emit()
            return
        if event.key() == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.complete()
            return
        super().keyPressEvent(event)

    # --- the mark ----------------------------------------------------------------------------------------------

    def _x_of(self, position: int) -> int:
        # In a monospaced line every character is as wide as another; the cursor tells how far it is scrolled.
        width = self.fontMetrics().horizontalAdvance("0")
        return self.cursorRect().center().x() + (position - self.cursorPosition()) * width

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line, and a wave under the part that is wrong."""
        super().paintEvent(event)
        if self._error is None:
            return
        start = self._x_of(self._error.position)
        end = max(start + 7, self._x_of(self._error.position + self._error.length))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("bad"), 1.3))
        painter.setClipRect(self.rect().adjusted(4, 0, -4, 0))
        base = self.height() - 7
        wave = [QPointF(x, base + (0 if step % 2 else 2.5)) for step, x in enumerate(range(start, end + 1, 3))]
        painter.drawPolyline(QPolygonF(wave))
        painter.end()
