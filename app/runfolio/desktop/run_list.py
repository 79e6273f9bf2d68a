"""The runs table as a widget: rows in view are asked for, headers sort and move, keys pick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

from runfolio.desktop.columns import NAME, TableColumn
from runfolio.desktop.context import Context
from runfolio.desktop.fills import fill
from runfolio.desktop.group_keys import step_by_key
from runfolio.desktop.group_painter import chevron_zone, dot_zone
from runfolio.desktop.painting_turns import PaintingTurns
from runfolio.desktop.run_delegate import ROW_HEIGHT, RunDelegate
from runfolio.desktop.run_highlight import HighlightedRuns
from runfolio.desktop.run_pins import PinnedColumns
from runfolio.desktop.run_rows import Index
from runfolio.desktop.run_shape import columns_in_view, paint_beyond, shape
from runfolio.desktop.run_sort import next_sort
from runfolio.desktop.run_table import RunTableModel
from runfolio.desktop.run_widths import FIRST_ROWS, first_width, wanted_width
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.desktop.group_rows import GroupRows

_VISIBLE = QAbstractItemView.ScrollHint.EnsureVisible
PATIENCE_MS = 150
"""So long new rows have no cells before they show that they wait: mostly those are there by then, and painting a page
of waiting cells takes as long as painting the page."""
KEPT_HIGHLIGHT = 5_000
"""Highlighted rows that follow their runs into another order."""


class RunList(HighlightedRuns):
    """Rows of the scope. The *highlighted* rows are Qt's; the *selected* runs, with colours, are the state's.

    opened        Enter or double click: the inspector is wanted.
    header_asked  a header was right-clicked: column and global position.
    menu_asked    rows were right-clicked: global position.
    rearranged    a column was moved by hand; `resized` a width changed, many times while the hand moves.
    """

    opened = Signal()
    header_asked = Signal(object, QPoint)
    menu_asked = Signal(QPoint)
    rearranged = Signal()
    resized = Signal()

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(RunTableModel(context), parent)
        self.setObjectName("runs-table")
        self.setAccessibleName("Runs")
        self._context = context
        self.setItemDelegate(RunDelegate(context, self.runs, self))
        self._widths: dict[str, int] = {}
        self._pinned: tuple[str, ...] = ()
        self._seen: set[TableColumn] = set()
        self._fitted: dict[TableColumn, int] = {}
        self._restoring = False
        self._turns = PaintingTurns(self)
        shape(self)
        self.customContextMenuRequested.connect(lambda at: self.menu_asked.emit(self.viewport().mapToGlobal(at)))
        head = self.horizontalHeader()
        head.customContextMenuRequested.connect(self._on_header_menu)
        head.sectionClicked.connect(self._on_header_clicked)
        head.sectionMoved.connect(lambda *_: None if self._restoring else self.rearranged.emit())
        head.sectionResized.connect(self._on_resized)
        self.pins = PinnedColumns(self, self.runs, context.theme, self.header_asked.emit, self.menu_asked.emit)
        # One question for all scrolling and resizing of an event loop turn.
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(0)
        self._look.timeout.connect(self._ask_for_view)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self.viewport().update)
        for bar in (self.verticalScrollBar(), self.horizontalScrollBar()):
            bar.valueChanged.connect(lambda _value: self._look.start())
        self.runs.arrived.connect(self._on_arrived)
        state = context.state
        state.selection_changed.connect(self.viewport().update)
        state.baseline_changed.connect(self.viewport().update)
        state.live_changed.connect(self.viewport().update)
        state.marks_changed.connect(self.viewport().update)
        state.query_changed.connect(self.horizontalHeader().viewport().update)
        context.theme.changed.connect(self.viewport().update)

    # --- rows --------------------------------------------------------------------------------------------------

    def set_keys(self, keys: Sequence[RunKey], groups: GroupRows | None = None, *, keep_place: bool) -> None:
        """Show other runs. Highlighted rows follow their runs; the place is kept while the same scope grows."""
        rows = self.highlighted_rows()
        # Qt takes seconds to select many rows anew, and nobody picked them one by one.
        marks = [self.runs.mark(row) for row in rows] if len(rows) <= KEPT_HIGHLIGHT else []
        at, column = self.currentIndex().row(), self.currentIndex().column()
        current = self.runs.mark(at) if 0 <= at < self.runs.rowCount() else None
        top = self.verticalScrollBar().value()
        self.runs.set_keys(keys, groups)
        if self.runs.is_waiting:
            self._patience.start()
        self.highlight(marks, current, max(0, column))
        self.verticalScrollBar().setValue(top if keep_place else 0)
        if not keep_place and current is not None and (row := self.runs.row_of(current)) is not None:
            self.scrollTo(self.runs.index(row, max(0, column)))
        # Intervals, and names further in, are wider than what stood there.
        seen = columns_in_view(self, self.runs.columns, self.pins.count) or self.runs.columns
        self._fit(tuple(seen) if groups is not None else ())
        self._look.start()

    def go_to(self, key: RunKey) -> None:
        """Make a run's row the current and only highlighted one, in view; nothing when it is not in the scope."""
        groups = self.runs.groups
        while groups is not None and self.runs.row_of(key) is None:
            # Inside closed groups: open them from the outside in.
            row = groups.row_of_run(key, or_group=True)
            if row is None:
                return
            self.runs.fold(groups.line(row).group, opened=True)
            groups = self.runs.groups
        row = self.runs.row_of(key)
        if row is not None:
            self.highlight([key], key)
            self.scrollTo(self.runs.index(row, 0))

    # --- columns -----------------------------------------------------------------------------------------------

    def shown_columns(self) -> tuple[TableColumn, ...]:
        """The columns from left to right as they stand on the screen."""
        head = self.horizontalHeader()
        return tuple(self.runs.columns[head.logicalIndex(place)] for place in range(len(self.runs.columns)))

    def set_columns(self, columns: tuple[TableColumn, ...]) -> None:
        """Show these columns in this order."""
        self._restoring = True
        # Also of columns that go: what comes back by undo has its cells already, and would not be fitted again.
        self._fitted.update({column: self.columnWidth(place) for place, column in enumerate(self.runs.columns)})
        rows, current = self.highlighted_rows(), self.currentIndex()
        at, column_at = current.row(), self.runs.columns[current.column()] if current.isValid() else None
        across, top = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        self.runs.set_columns(columns)
        head = self.horizontalHeader()
        for place in range(len(columns)):
            head.moveSection(head.visualIndex(place), place)
        for place, column in enumerate(columns):
            width = self._widths.get(column.id) or self._fitted.get(column) or first_width(column)
            self.setColumnWidth(place, width)
        self.highlight_rows(rows)
        if at >= 0:
            place = columns.index(column_at) if column_at in columns else 0
            self.selectionModel().setCurrentIndex(
                self.runs.index(at, place), QItemSelectionModel.SelectionFlag.NoUpdate
            )
        self.horizontalScrollBar().setValue(across)
        self.verticalScrollBar().setValue(top)
        self._restoring = False
        self._count_pins()
        self._look.start()

    def widths(self) -> dict[str, int]:
        """Widths that were set by hand, by column id."""
        return dict(self._widths)

    def set_widths(self, widths: dict[str, int]) -> None:
        """Take over widths set by hand; `show_widths` puts them in force."""
        self._widths = widths

    def show_widths(self) -> None:
        """Make the columns as wide as was set by hand, the others as they need."""
        self._restoring = True
        for place, column in enumerate(self.runs.columns):
            self.setColumnWidth(
                place, self._widths.get(column.id) or wanted_width(self.runs, place, self._rows_in_view())
            )
        self._restoring = False
        self.pins.follow()

    def fit(self, column: TableColumn) -> None:
        """Make a column as wide as its cells in view need."""
        place = self.runs.columns.index(column)
        self.setColumnWidth(place, wanted_width(self.runs, place, self._rows_in_view()))

    def sizeHintForColumn(self, column: int) -> int:
        """What the cells in view need: a double click on the border of a header asks for it."""
        return wanted_width(self.runs, column, self._rows_in_view())

    def _rows_in_view(self) -> range:
        first, last = max(0, self.rowAt(0)), self.rowAt(self.viewport().height() - 1)
        return range(first, self.runs.rowCount() if last < 0 else last + 1)

    def set_pinned(self, pinned: tuple[str, ...]) -> None:
        """The columns of these ids stay at the left; they have to be the first."""
        self._pinned = pinned
        self._count_pins()

    def _count_pins(self) -> None:
        self.pins.set_count(sum(column.id in self._pinned for column in self.runs.columns))

    def scrollTo(self, index: Index, hint: QAbstractItemView.ScrollHint = _VISIBLE) -> None:
        """Pinned columns are in view wherever the others are, and what lies under them is not."""
        across = self.horizontalScrollBar().value()
        super().scrollTo(index, hint)
        if self.horizontalHeader().visualIndex(index.column()) < self.pins.count:
            self.horizontalScrollBar().setValue(across)
        elif (hidden := self.pins.width_pinned - self.visualRect(index).left()) > 0:
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - hidden)

    def _fit(self, arrived: tuple[TableColumn, ...]) -> None:
        # Columns grow with what arrives for the first rows, and never shrink; a width set by hand stays.
        if self.rowAt(0) > FIRST_ROWS:
            return
        self._restoring = True
        places = {column: place for place, column in enumerate(self.runs.columns)}
        for column in arrived:
            place = places.get(column, -1)
            if place < 0 or column.curve or column.id in self._widths:
                continue
            wanted = wanted_width(self.runs, place, range(min(FIRST_ROWS, self.runs.rowCount())))
            if wanted > self.columnWidth(place) or column not in self._seen:
                self.setColumnWidth(place, wanted)
            self._seen.add(column)
        self._restoring = False

    # --- what is in view ---------------------------------------------------------------------------------------

    def _ask_for_view(self) -> None:
        rows = self._rows_in_view()
        self.runs.want(rows.start, rows.stop - 1, columns_in_view(self, self.runs.columns, self.pins.count))

    def refresh(self) -> None:
        """Ask again for what is out of date in view."""
        self._look.start()

    def _on_arrived(self, columns: tuple[TableColumn, ...]) -> None:
        self._fit(columns)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More rows may be in view."""
        super().resizeEvent(event)
        self.pins.follow()
        self._look.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rows, and their lines and highlight on to the right of the last column."""
        if self._patience.isActive() and self.runs.is_waiting:
            self._fill(event.rect())
        else:
            self._turns.paint_rows(event, ROW_HEIGHT, self._paint_part)

    def _paint_part(self, event: QPaintEvent) -> None:
        self._fill(event.rect())
        super().paintEvent(event)
        paint_beyond(self, self._context.theme, event.rect())

    def _fill(self, area: QRect) -> None:
        painter = QPainter(self.viewport())
        fill(painter, area, self._context.theme.color("surface"))
        painter.end()

    # --- what the user does ------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on a dot picks or drops the run and leaves the highlight alone; one on an arrow opens the group."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() is Qt.MouseButton.LeftButton:
            x = event.position().x() - self.visualRect(index).left()
            if self.runs.columns[index.column()].is_name and self._press_mark(index.row(), x):
                event.accept()
                return
        super().mousePressEvent(event)

    def _press_mark(self, row: int, x: float) -> bool:
        line = self.runs.line(row)
        if line is not None and line.is_group and chevron_zone(self.runs, line, x):
            self.fold(row)
            return True
        if not dot_zone(self.runs, line, x):
            return False
        self.toggle_picked(self.runs.members([row]))
        return True

    def toggle_picked(self, keys: tuple[RunKey, ...]) -> None:
        """Pick runs, or drop them when all of them are picked."""
        state = self._context.state
        if all(state.style_of(key).picked for key in keys):
            dropped = set(keys)
            state.select(key for key in state.selection if key not in dropped)
        else:
            state.select((*state.selection, *keys))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Opens the inspector, or a group."""
        index = self.indexAt(event.position().toPoint())
        super().mouseDoubleClickEvent(event)
        if index.isValid() and not self.fold(index.row()):
            self.opened.emit()

    def fold(self, row: int, *, opened: bool | None = None) -> bool:
        """Open or close the group of a row, or the other way round; False when the row is no group's."""
        line = self.runs.line(row)
        groups = self.runs.groups
        if line is None or groups is None or not line.is_group:
            return False
        self.runs.fold(line.group, opened=not groups.is_open(line.group) if opened is None else opened)
        self._fit((NAME,))
        self._look.start()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right close and open groups, and go out of them and in."""
        if not step_by_key(self, self.runs, lambda row, opened: self.fold(row, opened=opened), event):
            super().keyPressEvent(event)

    def currentChanged(self, current: Index, previous: Index) -> None:
        """The inspector follows the current row."""
        super().currentChanged(current, previous)
        key = self.runs.key_at(current.row()) if current.isValid() else None
        if key is not None:
            self._context.state.set_current(key)

    def _on_header_clicked(self, section: int) -> None:
        column = self.runs.columns[section]
        if column.curve:
            return
        added = bool(QApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._context.state.set_sort(next_sort(self._context.state.scope.sort, column, added=added))

    def _on_header_menu(self, at: QPoint) -> None:
        section = self.horizontalHeader().logicalIndexAt(at)
        if section >= 0:
            self.header_asked.emit(self.runs.columns[section], self.horizontalHeader().mapToGlobal(at))

    def _on_resized(self, section: int, _old: int, new: int) -> None:
        if not self._restoring and section < len(self.runs.columns):
            self._widths[self.runs.columns[section].id] = new
            # A narrower column lets others come into view.
            self._look.start()
            self.resized.emit()
