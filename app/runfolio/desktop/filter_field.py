"""The line in which a filter is typed: completion of names and values, and a mark under what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QSize,
    QStringListModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import (
    QCompleter,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from runfolio.desktop import fonts
from runfolio.desktop.completion import SHOWN, Place, Suggestion, place_of, suggest
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import restyle
from runfolio.errors import FilterSyntax
from runfolio.model.answers import FieldInfo
from runfolio.model.display import plain
from runfolio.model.query import FieldRef

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
        self._place = Place("")
        self._suggestions: tuple[Suggestion, ...] = ()
        self._error: FilterSyntax | None = None
        self._model = QStringListModel(self)
        self._completer = QCompleter(self._model, self)
        self._completer.setWidget(self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._list = QListView()
        self._list.setObjectName("filter-suggestions")
        self._list.setAccessibleName("Suggestions")
        self._list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._completer.setPopup(self._list)
        self._completer.setMaxVisibleItems(SHOWN)
        # After setPopup, which gives the list a delegate of its own.
        self._list.setItemDelegate(_SuggestionDelegate(self, theme))
        self._completer.activated.connect(lambda _text: self._take(self._list.currentIndex().row()))
        self.textEdited.connect(lambda _text: self.complete())

    # --- what it knows -----------------------------------------------------------------------------------------

    def set_fields(self, fields: tuple[FieldInfo, ...]) -> None:
        """The fields whose names can be completed."""
        self._fields = fields
        self._names = frozenset(info.field.name for info in fields)

    def set_error(self, error: FilterSyntax | None) -> None:
        """Mark what is wrong, or nothing."""
        self._error = error
        self.setProperty("invalid", error is not None)
        restyle(self)
        self.update()

    @property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """What the list offers now."""
        return self._suggestions if self._list.isVisible() else ()

    @property
    def chosen(self) -> bool:
        """Whether Enter would take a suggestion of the list."""
        return self._list.isVisible() and self._list.currentIndex().isValid()

    def hide_suggestions(self) -> None:
        """Offer nothing until more is typed."""
        self._list.hide()

    def suggestion_at(self, row: int) -> Suggestion | None:
        """The suggestion in a row of the list."""
        return self._suggestions[row] if 0 <= row < len(self._suggestions) else None

    # --- completion --------------------------------------------------------------------------------------------

    def complete(self) -> None:
        """Offer what may come next at the cursor."""
        self._place = place_of(self.text(), self.cursorPosition(), self._names)
        self._suggestions = suggest(self._place, self._fields, self._values)
        if not self._suggestions:
            self._list.hide()
            return
        self._model.setStringList([plain(s.label) for s in self._suggestions])
        left = self._x_of(self._place.start)
        self._completer.complete(QRect(left, 0, 340, self.height()))
        self._list.setCurrentIndex(QModelIndex())

    def _take(self, row: int) -> None:
        chosen = self.suggestion_at(row)
        if chosen is None:
            return
        start, end = self._place.start, self.cursorPosition()
        # Through the selection, so that Ctrl+Z in the line takes it back as one step.
        self.setSelection(start, end - start)
        self.insert(chosen.insert)
        self.textEdited.emit(self.text())

    def event(self, event: QEvent) -> bool:
        """Tab takes the chosen suggestion, or the first; here, because Qt moves the focus before keyPressEvent."""
        is_tab = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab
        if is_tab and event.type() is QEvent.Type.KeyPress and self._list.isVisible():
            row = max(0, self._list.currentIndex().row())
            self._list.hide()
            self._take(row)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter, Escape and Down leave the line when no list is open."""
        if self._list.isVisible():
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._list.currentIndex().isValid():
                event.ignore()
                return
            if event.key() == Qt.Key.Key_Escape:
                self._list.hide()
                return
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            self.textEdited.emit("")
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Down):
            self._list.hide()
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


class _SuggestionDelegate(QStyledItemDelegate):
    """Name at the left, kind or count at the right; plain text both."""

    def __init__(self, field: FilterField, theme: Theme) -> None:
        super().__init__(field)
        self._field = field
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), 26)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        suggestion = self._field.suggestion_at(index.row())
        if suggestion is None:
            return
        painter.save()
        area = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(area, self._theme.color("accent_soft" if chosen else "raised"))
        inner = area.adjusted(10, 0, -10, 0)
        painter.setFont(fonts.ui(11))
        painter.setPen(self._theme.color("muted"))
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), suggestion.note)
        note = painter.fontMetrics().horizontalAdvance(suggestion.note)
        painter.setFont(fonts.mono(12))
        painter.setPen(self._theme.color("text"))
        room = inner.width() - note - 12
        text = painter.fontMetrics().elidedText(plain(suggestion.label), Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()
