"""The values of a field with bars and counts: a list whose rows filter when they are clicked."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import tooltip
from runfolio.model.display import count, counted, plain
from runfolio.model.facets import Facet, FacetValue

ROW = 24
FIRST = 6
"""Rows that are shown before the user asks for more."""
_ROW = Qt.ItemDataRole.UserRole
NO_VALUE = "No value"
_TICK = (QPoint(3, 6), QPoint(5, 9), QPoint(9, 3))


class FacetList(QListView):
    """Rows of a facet. `chosen` carries a FacetValue, or None for the runs without a value."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most = 1
        self.setAccessibleName(f"Values of {plain(title)}")
        self.setProperty("surface", "panel")
        self.rows = QStandardItemModel(self)
        self.setModel(self.rows)
        self.setItemDelegate(_Delegate(self, theme))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.clicked.connect(self._on_chosen)

    @property
    def most(self) -> int:
        """The highest count, which fills the row."""
        return self._most

    def show_values(self, facet: Facet, limit: int) -> None:
        """Show at most `limit` values, and those that are chosen; the current row stays where it was."""
        before = self.currentIndex().data() if self.currentIndex().isValid() else None
        shown = [v for place, v in enumerate(facet.values) if place < limit or v.chosen]
        self._most = max([1, facet.missing, *(v.runs for v in facet.values)])
        self.rows.clear()
        for value in shown:
            self.rows.appendRow(_item(value.text or "(empty)", value.runs, value.chosen, value))
        if facet.missing or facet.no_value:
            self.rows.appendRow(_item(NO_VALUE, facet.missing, facet.no_value, None))
        self.setFixedHeight(ROW * self.rows.rowCount() + 2)
        for row in range(self.rows.rowCount()):
            if before is not None and self.rows.index(row, 0).data() == before:
                self.setCurrentIndex(self.rows.index(row, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space and Enter choose the current row; the arrows walk."""
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._on_chosen(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _on_chosen(self, index: QModelIndex) -> None:
        self.chosen.emit(index.data(_ROW)[0])


def _item(text: str, runs: int, chosen: bool, value: FacetValue | None) -> QStandardItem:
    made = QStandardItem(plain(text))
    made.setData((value, runs, chosen), _ROW)
    made.setSizeHint(QSize(60, ROW))
    made.setAccessibleText(f"{plain(text)}, {counted(runs, 'run')}{', chosen' if chosen else ''}")
    made.setToolTip(tooltip(text))
    return made


class _Delegate(QStyledItemDelegate):
    """Box, text, and the count at the right over a bar."""

    def __init__(self, view: FacetList, theme: Theme) -> None:
        super().__init__(view)
        self._view = view
        self._theme = theme
        self._font = fonts.ui(12)
        self._mono = fonts.mono(11)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        value, runs, chosen = index.data(_ROW)
        theme = self._theme
        area: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focused = self._view.hasFocus() and index == self._view.currentIndex()
        if focused or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, theme.color("hover"))
        if focused:
            painter.setPen(QPen(theme.color("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(0, 0, -1, -1))
        bar = QRect(area.left() + 36, area.bottom() - 3, max(0, area.width() - 36 - 14), 2)
        painter.fillRect(bar, theme.color("neutral_soft"))
        painter.fillRect(
            QRect(bar.left(), bar.top(), round(bar.width() * runs / self._view.most), 2),
            theme.color("accent" if chosen else "placeholder"),
        )
        box = QRect(area.left() + 14, area.top() + 5, 12, 12)
        painter.setPen(QPen(theme.color("accent" if chosen else "line_strong"), 1.2))
        painter.setBrush(theme.color("accent" if chosen else "surface"))
        painter.drawRoundedRect(box, 3, 3)
        if chosen:
            painter.setPen(QPen(theme.color("accent_text"), 1.6))
            painter.drawPolyline([box.topLeft() + p for p in _TICK])
        number = count(runs)
        painter.setFont(self._mono)
        wide = painter.fontMetrics().horizontalAdvance(number)
        painter.setPen(theme.color("muted"))
        line = area.adjusted(36, 0, -14, -3)
        painter.drawText(line, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), number)
        painter.setFont(self._font)
        quiet = value is None or not runs
        painter.setPen(theme.color("muted" if quiet else "text"))
        text = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideMiddle, line.width() - wide - 10)
        painter.drawText(line, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()
