"""How the runs table behaves as a Qt view: rows of one height, headers that move, no model of the selection twice."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QRect, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from runfolio.desktop import fonts
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.fills import fill
from runfolio.desktop.run_delegate import ROW_HEIGHT
from runfolio.desktop.theme import Theme
from runfolio.desktop.viewports import give_viewport

HEADER_HEIGHT = 34
ALL_FETCHED = 60
"""With more columns only those in view are read."""


def shape(table: QTableView) -> None:
    """Set up the view and its headers."""
    viewport = give_viewport(table)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    # paintEvent fills the ground itself: only an opaque viewport is moved as a picture when it scrolls, and
    # then three new rows are painted instead of thirty.
    viewport.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setMouseTracking(True)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    rows = table.verticalHeader()
    rows.hide()
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    rows.setDefaultSectionSize(ROW_HEIGHT)
    rows.setMinimumSectionSize(ROW_HEIGHT)
    head = table.horizontalHeader()
    give_viewport(head, QPalette.ColorRole.Button).setMouseTracking(True)
    head.setFixedHeight(HEADER_HEIGHT)
    head.setFont(fonts.ui(12, fonts.DEMI_BOLD))
    head.setSectionsMovable(True)
    head.setSectionsClickable(True)
    head.setHighlightSections(False)
    # One of its own, always empty: with the rows' the header asks for every cell of a column whether it is
    # selected, which takes two seconds when 100,000 rows are.
    head.setSelectionModel(QItemSelectionModel(table.model(), table))
    head.setMinimumSectionSize(40)
    # A double click on a border looks at the rows in view, never at all of them.
    head.setResizeContentsPrecision(0)
    head.setAccessibleName("Columns")
    head.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)


def columns_in_view(table: QTableView, columns: Sequence[TableColumn], pinned: int) -> list[TableColumn] | None:
    """The columns that can be seen, the first `pinned` always; None where so few are shown that all may be read."""
    if len(columns) <= ALL_FETCHED:
        return None
    head = table.horizontalHeader()
    first, last = head.visualIndexAt(0), head.visualIndexAt(table.viewport().width() - 1)
    seen = range(max(0, first), last + 1 if last >= 0 else head.count())
    return [columns[head.logicalIndex(place)] for place in dict.fromkeys((*range(pinned), *seen))]


def paint_beyond(table: QTableView, theme: Theme, area: QRect) -> None:
    """The lines and the highlight of the rows in `area` on to the right of the last column."""
    head = table.horizontalHeader()
    right = head.length() - head.offset()
    width = table.viewport().width() - right
    count = table.model().rowCount()
    if width <= 0 or not count or area.right() < right:
        return
    painter = QPainter(table.viewport())
    row = max(0, table.rowAt(area.top()))
    while row < count:
        y = table.rowViewportPosition(row)
        if y > area.bottom():
            break
        if table.selectionModel().isRowSelected(row, QModelIndex()):
            fill(painter, QRect(right, y, width, ROW_HEIGHT), theme.color("accent_soft"))
        painter.setPen(theme.color("line"))
        painter.drawLine(right, y + ROW_HEIGHT - 1, right + width, y + ROW_HEIGHT - 1)
        row += 1
    painter.end()
