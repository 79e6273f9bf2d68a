"""A table of texts that costs nothing for rows out of sight: no item per row, and copying as TSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QFont, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from runfolio.desktop import fonts
from runfolio.desktop.painting_turns import PaintingTurns
from runfolio.desktop.plain_table import ROW_HEIGHT
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import tooltip
from runfolio.export.table import as_tsv
from runfolio.model.display import plain

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_MOST_COPIED = 100_000
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Rows:
    """What a table shows.

    rows    None stands for no value.
    right   columns that are aligned right; mono those in the fixed face.
    tips    what the tooltip of a cell says, where it says more than the cell.
    data    what a row stands for, asked by row.
    first   number of the first row at the left, where rows are numbered.
    tone    the colour token of a cell's ground, "" for none; `theme` gives the colour.
    """

    header: tuple[str, ...]
    rows: Sequence[Sequence[str | None]] = ()
    right: frozenset[int] = frozenset()
    mono: frozenset[int] = frozenset()
    tips: Callable[[int, int], str] | None = None
    data: Sequence[object] = ()
    first: int | None = None
    header_tips: tuple[str, ...] = field(default=())
    tone: Callable[[int, int], str] | None = None
    theme: Theme | None = None


class RowsModel(QAbstractTableModel):
    """Answers from memory what the view asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = Rows(())
        self._mono: QFont = fonts.mono(12)

    def put(self, rows: Rows) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.shown = rows
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Rows."""
        return 0 if parent.isValid() else len(self.shown.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Columns."""
        return 0 if parent.isValid() else len(self.shown.header)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, alignment, face and tooltip of a cell."""
        row, column = index.row(), index.column()
        shown = self.shown
        if role == Qt.ItemDataRole.DisplayRole:
            cells = shown.rows[row]
            text = cells[column] if column < len(cells) else None
            return "–" if text is None else plain(text, 400)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column in shown.right else _LEFT
        if role == Qt.ItemDataRole.FontRole and column in shown.mono:
            return self._mono
        if role == Qt.ItemDataRole.ToolTipRole:
            cells = shown.rows[row]
            text = shown.tips(row, column) if shown.tips is not None else ""
            return tooltip(text or (cells[column] or "" if column < len(cells) else ""))
        if role == Qt.ItemDataRole.UserRole:
            return shown.data[row] if row < len(shown.data) else None
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Titles, and the numbers of rows."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole and section < len(self.shown.header):
                return plain(self.shown.header[section], 200)
            if role == Qt.ItemDataRole.ToolTipRole and section < len(self.shown.header_tips):
                return tooltip(self.shown.header_tips[section])
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT if section in self.shown.right else _LEFT
        elif role == Qt.ItemDataRole.DisplayRole and self.shown.first is not None:
            return f"{self.shown.first + section + 1:,}"
        return None


class _Header(QHeaderView):
    """Asks for the size of its longest title alone: Qt asks for a hundred at either end, each time it is laid out."""

    def __init__(self, rows: RowsModel, orientation: Qt.Orientation, parent: QWidget) -> None:
        super().__init__(orientation, parent)
        self._rows = rows
        self._hint: QSize | None = None
        self.setSectionsClickable(True)
        rows.modelReset.connect(self._forget)

    def sizeHint(self) -> QSize:
        """Room for the number of the last row, or for a title."""
        if self._hint is None:
            shown = self._rows.shown
            across = self.orientation() == Qt.Orientation.Horizontal
            last = len(shown.header) if across else len(shown.rows)
            self._hint = self.sectionSizeFromContents(last - 1) if last else super().sizeHint()
        return self._hint

    def changeEvent(self, event: QEvent) -> None:
        """Another font or style."""
        self._hint = None
        super().changeEvent(event)

    def _forget(self) -> None:
        self._hint = None


class _Grounds(QStyledItemDelegate):
    """Paints the ground of cells that have a tone: the style sheet would leave it out."""

    def __init__(self, rows: RowsModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        shown = self._rows.shown
        token = shown.tone(index.row(), index.column()) if shown.tone is not None else ""
        if token and shown.theme is not None:
            painter.fillRect(option.rect, shown.theme.color(token))
        super().paint(painter, option, index)


class RowsTable(QTableView):
    """Shows `Rows`. `chosen` is called with what a row stands for on Enter or a double click."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setProperty("rows", True)
        self.rows = RowsModel()
        self.setHorizontalHeader(_Header(self.rows, Qt.Orientation.Horizontal, self))
        self.setVerticalHeader(_Header(self.rows, Qt.Orientation.Vertical, self))
        self.setModel(self.rows)
        self.setItemDelegate(_Grounds(self.rows, self))
        self.on_chosen: Callable[[object], None] | None = None
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self._turns = PaintingTurns(self)
        # paintEvent fills the ground: what a scroll moves is moved as a picture, and only new rows are painted.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        down, across = self.verticalHeader(), self.horizontalHeader()
        down.hide()
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        down.setDefaultSectionSize(ROW_HEIGHT)
        down.setFont(fonts.mono(11))
        across.setHighlightSections(False)
        across.setFixedHeight(34)
        across.setMinimumSectionSize(40)
        across.setStretchLastSection(True)
        self.activated.connect(self._on_activated)

    def put(self, rows: Rows, widths: Sequence[int] = ()) -> None:
        """Show other rows; `widths` are those of the first columns."""
        self.rows.put(rows)
        self.verticalHeader().setVisible(rows.first is not None)
        for column, width in enumerate(widths):
            self.setColumnWidth(column, width)

    def set_row_height(self, height: int) -> None:
        """Pixels of a row."""
        self.verticalHeader().setMinimumSectionSize(min(height, self.verticalHeader().minimumSectionSize()))
        self.verticalHeader().setDefaultSectionSize(height)

    def row_data(self) -> object:
        """What the current row stands for."""
        return self.currentIndex().data(Qt.ItemDataRole.UserRole) if self.currentIndex().isValid() else None

    def texts(self) -> list[list[str]]:
        """All rows as they are shown; for tests and copying."""
        return [["–" if cell is None else cell for cell in row] for row in self.rows.shown.rows]

    def copy(self) -> None:
        """Put the selected rows (all when none is) on the clipboard as TSV, with the header."""
        chosen = sorted({index.row() for index in self.selectionModel().selectedRows()})
        rows = self.rows.shown.rows
        picked = [rows[row] for row in chosen] if chosen else rows[:_MOST_COPIED]
        body = [["" if cell is None else cell for cell in row] for row in picked]
        QApplication.clipboard().setText(as_tsv([*self.rows.shown.header], body))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rows, some of them in the next turn where they take long."""
        height = self.verticalHeader().defaultSectionSize()
        self._turns.paint_rows(event, height, self._paint_part, above=self.verticalOffset())

    def _paint_part(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self.palette().color(QPalette.ColorRole.Base))
        painter.end()
        super().paintEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            event.accept()
            return
        super().keyPressEvent(event)

    def _on_activated(self, index: QModelIndex) -> None:
        if self.on_chosen is not None:
            self.on_chosen(index.data(Qt.ItemDataRole.UserRole))
