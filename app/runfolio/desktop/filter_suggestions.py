"""The list below a filter line: what may come next at the cursor, made when something is first typed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, QStringListModel, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QCompleter,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from runfolio.desktop import fonts
from runfolio.desktop.completion import SHOWN, Suggestion
from runfolio.desktop.theme import Theme
from runfolio.model.display import plain

WIDTH = 340


class SuggestionList(QObject):
    """Suggestions of one line. `taken` carries the row that was chosen with the mouse or Enter."""

    taken = Signal(int)

    def __init__(self, line: QLineEdit, theme: Theme) -> None:
        super().__init__(line)
        self._shown: tuple[Suggestion, ...] = ()
        self._model = QStringListModel(self)
        self._completer = QCompleter(self._model, self)
        self._completer.setWidget(line)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._list = QListView()
        self._list.setObjectName("filter-suggestions")
        self._list.setAccessibleName("Suggestions")
        self._list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._completer.setPopup(self._list)
        self._completer.setMaxVisibleItems(SHOWN)
        # After setPopup, which gives the list a delegate of its own.
        self._list.setItemDelegate(_SuggestionDelegate(self, theme))
        self._completer.activated.connect(lambda _text: self.taken.emit(self._list.currentIndex().row()))

    @property
    def is_open(self) -> bool:
        """Whether the list is there to be chosen from."""
        return self._list.isVisible()

    @property
    def shown(self) -> tuple[Suggestion, ...]:
        """What the list offers now."""
        return self._shown if self.is_open else ()

    @property
    def row(self) -> int:
        """The row that Enter would take; -1 for none."""
        return self._list.currentIndex().row()

    def at(self, row: int) -> Suggestion | None:
        """The suggestion in a row."""
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def offer(self, suggestions: Sequence[Suggestion], left: int, height: int) -> None:
        """Show these from `left` on below a line of that height, none of them chosen yet; nothing where there are none.

        left, height   pixels of the line.
        """
        self._shown = tuple(suggestions)
        if not self._shown:
            self._list.hide()
            return
        self._model.setStringList([plain(s.label) for s in self._shown])
        self._completer.complete(QRect(left, 0, WIDTH, height))
        self._list.setCurrentIndex(QModelIndex())

    def hide(self) -> None:
        """Offer nothing until more is typed."""
        self._list.hide()


class _SuggestionDelegate(QStyledItemDelegate):
    """Name at the left, kind or count at the right; plain text both."""

    def __init__(self, offered: SuggestionList, theme: Theme) -> None:
        super().__init__(offered)
        self._offered = offered
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), 26)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        suggestion = self._offered.at(index.row())
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
