"""The runs table as a widget: rows in view are asked for, headers sort and move, keys pick."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QTableView, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.context import Context
from runfolio.desktop.run_delegate import DOT_SPACE, FLAG_SPACE, ROW_HEIGHT, SIDE, RunDelegate
from runfolio.desktop.run_table import Index, RunTableModel
from runfolio.model.answers import CellKind
from runfolio.model.query import SortKey
from runfolio.model.run import RunKey

HEADER_HEIGHT = 34
NARROW, WIDE = 56, 280
"""Bounds of widths that the table chooses itself."""
KEPT_HIGHLIGHT = 5_000
"""Highlighted rows that follow their runs into another order."""
_SAMPLE = 80
"""Rows looked at to choose a width."""


class RunList(QTableView):
    """Rows of the scope. The *highlighted* rows are Qt's; the *selected* runs, with colours, are the state's.

    opened        Enter or double click: the inspector is wanted.
    header_asked  a header was right-clicked: column and global position.
    menu_asked    rows were right-clicked: global position.
    rearranged    a column was moved or resized by hand.
    """

    opened = Signal()
    header_asked = Signal(object, QPoint)
    menu_asked = Signal(QPoint)
    rearranged = Signal()

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runs-table")
        self.setAccessibleName("Runs")
        self._context = context
        self.runs = RunTableModel(context)
        self.setModel(self.runs)
        self.setItemDelegate(RunDelegate(context, self.runs, self))
        self._widths: dict[str, int] = {}
        self._seen: set[TableColumn] = set()
        self._restoring = False
        self._shape()
        # One question for all scrolling and resizing of an event loop turn.
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(0)
        self._look.timeout.connect(self._ask_for_view)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._look.start())
        self.runs.arrived.connect(self._on_arrived)
        state = context.state
        state.selection_changed.connect(self.viewport().update)
        state.baseline_changed.connect(self.viewport().update)
        state.live_changed.connect(self.viewport().update)
        state.query_changed.connect(self.horizontalHeader().viewport().update)
        context.theme.changed.connect(self.viewport().update)

    def _shape(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        # paintEvent fills the ground itself: only an opaque viewport is moved as a picture when it scrolls, and
        # then three new rows are painted instead of thirty.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: self.menu_asked.emit(self.viewport().mapToGlobal(at)))
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        rows.setMinimumSectionSize(ROW_HEIGHT)
        head = self.horizontalHeader()
        head.setFixedHeight(HEADER_HEIGHT)
        head.setFont(fonts.ui(12, fonts.DEMI_BOLD))
        head.setSectionsMovable(True)
        head.setSectionsClickable(True)
        head.setHighlightSections(False)
        # One of its own, always empty: with the rows' the header asks for every cell of a column whether it is
        # selected, which takes two seconds when 100,000 rows are.
        head.setSelectionModel(QItemSelectionModel(self.runs, self))
        head.setMinimumSectionSize(40)
        head.setAccessibleName("Columns")
        head.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        head.customContextMenuRequested.connect(self._on_header_menu)
        head.sectionClicked.connect(self._on_header_clicked)
        head.sectionMoved.connect(lambda *_: self._on_moved())
        head.sectionResized.connect(self._on_resized)

    # --- rows --------------------------------------------------------------------------------------------------

    def set_keys(self, keys: tuple[RunKey, ...], *, keep_place: bool) -> None:
        """Show other runs. Highlighted rows follow their runs; the place is kept while the same scope grows."""
        highlighted = self.highlighted()
        if len(highlighted) > KEPT_HIGHLIGHT:
            # Qt takes seconds to select so many rows anew, and nobody picked them one by one.
            highlighted = ()
        current = self.current_key()
        top = self.verticalScrollBar().value()
        self.runs.set_keys(keys)
        self.highlight(highlighted, current)
        self.verticalScrollBar().setValue(top if keep_place else 0)
        if not keep_place and current is not None and (row := self.runs.row_of(current)) is not None:
            self.scrollTo(self.runs.index(row, 0))
        self._look.start()

    def highlight(self, keys: Iterable[RunKey], current: RunKey | None) -> None:
        """Highlight the rows of `keys` and put the current row on `current`, as far as they are in the scope."""
        chosen = QItemSelection()
        rows = sorted({row for key in keys if (row := self.runs.row_of(key)) is not None})
        # Neighbours become one range: a hundred thousand highlighted rows are one entry.
        for _, group in itertools.groupby(enumerate(rows), lambda pair: pair[1] - pair[0]):
            run_of_rows = [row for _, row in group]
            chosen.select(self.runs.index(run_of_rows[0], 0), self.runs.index(run_of_rows[-1], 0))
        model = self.selectionModel()
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        model.select(chosen, flags)
        row = None if current is None else self.runs.row_of(current)
        if row is not None:
            model.setCurrentIndex(self.runs.index(row, 0), QItemSelectionModel.SelectionFlag.NoUpdate)

    def go_to(self, key: RunKey) -> None:
        """Make a run's row the current and only highlighted one, in view; nothing when it is not in the scope."""
        row = self.runs.row_of(key)
        if row is not None:
            self.highlight([key], key)
            self.scrollTo(self.runs.index(row, 0))

    def highlighted(self) -> tuple[RunKey, ...]:
        """The runs of the highlighted rows, from top to bottom."""
        rows: set[int] = set()
        pieces = self.selectionModel().selection()
        for number in range(pieces.count()):
            piece = pieces.at(number)
            rows.update(range(piece.top(), piece.bottom() + 1))
        return tuple(self.runs.keys[row] for row in sorted(rows) if row < len(self.runs.keys))

    def current_key(self) -> RunKey | None:
        """The run of the current row."""
        row = self.currentIndex().row()
        return self.runs.keys[row] if 0 <= row < len(self.runs.keys) else None

    # --- columns -----------------------------------------------------------------------------------------------

    def shown_columns(self) -> tuple[TableColumn, ...]:
        """The columns from left to right as they stand on the screen."""
        head = self.horizontalHeader()
        return tuple(self.runs.columns[head.logicalIndex(place)] for place in range(len(self.runs.columns)))

    def set_columns(self, columns: tuple[TableColumn, ...]) -> None:
        """Show these columns in this order."""
        self._restoring = True
        before = {column: self.columnWidth(place) for place, column in enumerate(self.runs.columns)}
        highlighted, current = self.highlighted(), self.current_key()
        across, top = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        self.runs.set_columns(columns)
        head = self.horizontalHeader()
        for place in range(len(columns)):
            head.moveSection(head.visualIndex(place), place)
        for place, column in enumerate(columns):
            width = self._widths.get(column.id) or before.get(column) or _first_width(column)
            self.setColumnWidth(place, width)
        self.highlight(highlighted, current)
        self.horizontalScrollBar().setValue(across)
        self.verticalScrollBar().setValue(top)
        self._restoring = False
        self._look.start()

    def widths(self) -> dict[str, int]:
        """Widths that were set by hand, by column id."""
        return dict(self._widths)

    def set_widths(self, widths: dict[str, int]) -> None:
        """Take over widths that a session kept."""
        self._widths = widths

    def _fit(self) -> None:
        # Columns grow with what arrives for the first rows, and never shrink; a width set by hand stays.
        metrics = QFontMetrics(fonts.ui(13, figures=True))
        bold = QFontMetrics(fonts.ui(12, fonts.DEMI_BOLD))
        if self.rowAt(0) > _SAMPLE:
            return
        rows = range(min(_SAMPLE, len(self.runs.keys)))
        self._restoring = True
        for place, column in enumerate(self.runs.columns):
            if column.curve or column.id in self._widths:
                continue
            texts = [str(self.runs.index(row, place).data() or "") for row in rows]
            # Names stand behind a dot, before the baseline's flag, and are bolder when selected.
            extra = 2 * SIDE + (DOT_SPACE + FLAG_SPACE + 12 if column.is_name else 0)
            if column.field.name in ("status", "stage", "tag") and self.runs.kind(column) is not CellKind.NUMBER:
                extra += 22
            cells = max((metrics.horizontalAdvance(text) for text in texts), default=0) + extra
            head = bold.horizontalAdvance(column.title + " ≈ ↓2") + 2 * SIDE
            wanted = max(NARROW, min(WIDE, max(cells, head)))
            if wanted > self.columnWidth(place) or column not in self._seen:
                self.setColumnWidth(place, wanted)
            self._seen.add(column)
        self._restoring = False

    # --- what is in view ---------------------------------------------------------------------------------------

    def _ask_for_view(self) -> None:
        first = max(0, self.rowAt(0))
        last = self.rowAt(self.viewport().height() - 1)
        self.runs.want(first, last if last >= 0 else len(self.runs.keys) - 1)

    def refresh(self) -> None:
        """Ask again for what is out of date in view."""
        self._look.start()

    def _on_arrived(self) -> None:
        self._fit()
        self._look.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More rows may be in view."""
        super().resizeEvent(event)
        self._look.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rows, and their lines and highlight on to the right of the last column."""
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self._context.theme.color("surface"))
        painter.end()
        super().paintEvent(event)
        head = self.horizontalHeader()
        right = head.length() - head.offset()
        width = self.viewport().width() - right
        if width <= 0 or not self.runs.keys:
            return
        theme = self._context.theme
        painter = QPainter(self.viewport())
        row = max(0, self.rowAt(0))
        while row < len(self.runs.keys):
            y = self.rowViewportPosition(row)
            if y > self.viewport().height():
                break
            if self.selectionModel().isRowSelected(row, QModelIndex()):
                painter.fillRect(QRect(right, y, width, ROW_HEIGHT), theme.color("accent_soft"))
            painter.setPen(theme.color("line"))
            painter.drawLine(right, y + ROW_HEIGHT - 1, right + width, y + ROW_HEIGHT - 1)
            row += 1
        painter.end()

    # --- what the user does ------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on a dot picks or drops the run and leaves the highlight alone."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() is Qt.MouseButton.LeftButton:
            column = self.runs.columns[index.column()]
            if column.is_name and event.position().x() - self.visualRect(index).left() < DOT_SPACE + SIDE - 4:
                self._context.state.toggle(self.runs.keys[index.row()])
                event.accept()
                return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Opens the inspector."""
        super().mouseDoubleClickEvent(event)
        if self.indexAt(event.position().toPoint()).isValid():
            self.opened.emit()

    def currentChanged(self, current: Index, previous: Index) -> None:
        """The inspector follows the current row."""
        super().currentChanged(current, previous)
        if current.isValid() and current.row() < len(self.runs.keys):
            self._context.state.set_current(self.runs.keys[current.row()])

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

    def _on_moved(self) -> None:
        if not self._restoring:
            self.rearranged.emit()

    def _on_resized(self, section: int, _old: int, new: int) -> None:
        if not self._restoring and section < len(self.runs.columns):
            self._widths[self.runs.columns[section].id] = new
            self.rearranged.emit()


def next_sort(sort: tuple[SortKey, ...], column: TableColumn, *, added: bool) -> tuple[SortKey, ...]:
    """The order after a click on a header: best first, the other way round, not at all.

    added   True keeps the other keys and puts a new one behind them.
    """
    first = SortKey(column.field, column.best_first_is_descending)
    second = SortKey(column.field, not column.best_first_is_descending)
    there = next((key for key in sort if key.field == column.field), None)
    new = first if there is None else second if there == first else None
    if not added:
        return () if new is None else (new,)
    if there is None:
        return (*sort, first)
    replaced = (new if key.field == column.field else key for key in sort)
    return tuple(key for key in replaced if key is not None)


def _first_width(column: TableColumn) -> int:
    if column.curve:
        return 104
    return 190 if column.is_name else 110
