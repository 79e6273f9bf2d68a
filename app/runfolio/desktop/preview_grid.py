"""A table of any size, a page of rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSpinBox, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.preview_cell import CellDialog
from runfolio.desktop.preview_looker import Looker
from runfolio.desktop.preview_rows import Rows, RowsTable
from runfolio.desktop.widgets import IconButton, PlainLabel
from runfolio.errors import RunfolioError
from runfolio.model.display import count, counted
from runfolio.model.previews import Ask, FileKind, FilePlace, Preview, TablePage

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

ROWS = 500
_ROW_HEIGHT = 26
_WIDTH, _WIDEST, _DIGIT = 70, 320, 8
_NUMBERS = ("Int", "UInt", "Float", "Decimal")
"""How the types of columns of numbers begin."""


class GridPane(QWidget):
    """Rows with a pager below. `name` begins the object names of its parts."""

    def __init__(self, context: Context, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place: FilePlace | None = None
        self._page: TablePage | None = None
        self._context = context
        self._looker = Looker(context, "Read a table")
        self._cell_looker = Looker(context, "Read a cell")
        theme = context.theme
        self.table = RowsTable(f"{name}-table", "Rows of the file")
        self.table.set_row_height(_ROW_HEIGHT)
        self.table.activated.connect(self._open_cell)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._open_menu)
        self.told = PlainLabel("", role="muted", font=fonts.ui(12))
        self.told.setObjectName(f"{name}-rows")
        self._buttons: dict[str, IconButton] = {}
        pager = QHBoxLayout()
        pager.setContentsMargins(10, 4, 10, 5)
        pager.setSpacing(2)
        for part, icon, title, call in (
            ("first", "chevron-first", "First rows", lambda: self._go(0)),
            ("previous", "chevron-left", "Rows before", lambda: self._go(self._first() - ROWS)),
            ("next", "chevron-right", "Next rows", lambda: self._go(self._first() + ROWS)),
            ("last", "chevron-last", "Last rows", self._go_to_end),
        ):
            button = IconButton(icon, title, theme, size=16)
            button.setObjectName(f"{name}-{part}")
            button.clicked.connect(call)
            self._buttons[part] = button
            pager.addWidget(button)
            if part == "previous":
                pager.addWidget(self.told)
        pager.addStretch()
        pager.addWidget(PlainLabel("Go to row", role="muted", font=fonts.ui(12)))
        self.row = QSpinBox()
        self.row.setObjectName(f"{name}-row")
        self.row.setAccessibleName("Go to row")
        self.row.setRange(1, 2_000_000_000)
        self.row.setKeyboardTracking(False)
        self.row.setFixedWidth(110)
        self.row.valueChanged.connect(lambda row: self._go(row - 1))
        pager.addWidget(self.row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.table, 1)
        column.addLayout(pager)

    def show_page(self, place: FilePlace, page: TablePage) -> None:
        """Show a page that has arrived."""
        self._looker.forget()
        fresh = place != self._place or self._page is None or self._page.columns != page.columns
        self._place, self._page = place, page
        tips = tuple(f"{name}\n{kind}".strip() for name, kind in zip(page.columns, page.types, strict=True))
        self.table.put(
            Rows(
                page.columns,
                page.rows,
                _numeric(page),
                frozenset(range(len(page.columns))),
                first=page.first,
                header_tips=tips,
            ),
            _widths(page) if fresh else (),
        )
        self._note(page)

    def forget(self) -> None:
        """Nothing is shown."""
        self._looker.forget()
        self._cell_looker.forget()
        self._place = self._page = None
        self.table.put(Rows(()))

    def _note(self, page: TablePage) -> None:
        last = page.first + len(page.rows)
        of = f" of {count(page.total)}" if page.total is not None else f" of about {count(page.about or last)}"
        rows = f"rows {count(page.first + 1)} to {count(last)}{of}" if page.rows else f"no rows{of}"
        more = f" · {count(page.more_columns)} more columns" if page.more_columns else ""
        self.told.setText(f"{rows} · {counted(len(page.columns), 'column')}{more}")
        at_end = page.total is not None and last >= page.total
        self._buttons["first"].setEnabled(page.first > 0)
        self._buttons["previous"].setEnabled(page.first > 0)
        self._buttons["next"].setEnabled(not at_end)
        self._buttons["last"].setEnabled(not at_end)
        self.row.blockSignals(True)
        self.row.setMaximum(max(1, page.total if page.total is not None else 2_000_000_000))
        self.row.setValue(page.first + 1)
        self.row.blockSignals(False)

    def _first(self) -> int:
        return 0 if self._page is None else self._page.first

    def _go_to_end(self) -> None:
        page = self._page
        if page is None:
            return
        if page.total is None:
            # The file has to be scanned to its end first: a row that is surely behind it.
            self._go(1 << 40)
        else:
            self._go(max(0, page.total - 1) // ROWS * ROWS)

    def _go(self, row: int) -> None:
        place = self._place
        if place is None:
            return
        self.told.setText("Reading…")
        ask = Ask(FileKind.TABLE, at=max(0, row))

        def call(workspace: Workspace, token: CancelToken) -> Preview:
            preview = workspace.preview(place, ask, cancel=token)
            page = preview.content
            if isinstance(page, TablePage) and not page.rows and page.total:
                # Behind the end: the last page instead, now that the end is known.
                last = Ask(FileKind.TABLE, at=(page.total - 1) // ROWS * ROWS)
                return workspace.preview(place, last, cancel=token)
            return preview

        def arrived(preview: Preview) -> None:
            if isinstance(preview.content, TablePage) and place == self._place:
                self.show_page(place, preview.content)

        self._looker.ask(call, arrived, self._failed)

    def _open_menu(self, at: QPoint) -> None:
        cell = self.table.indexAt(at)
        if not cell.isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Show the whole cell\tEnter", partial(self._open_cell, cell))
        menu.addAction("Copy the rows\tCtrl+C", self.table.copy)
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _open_cell(self, index: QModelIndex) -> None:
        """Show the whole text of a cell, of which the page has the beginning."""
        place, page = self._place, self._page
        if place is None or page is None:
            return
        row, column, name = page.first + index.row(), index.column(), page.columns[index.column()]
        ask = Ask(FileKind.TABLE, at=row, whole=True)

        def arrived(preview: Preview) -> None:
            if isinstance(preview.content, TablePage) and place == self._place:
                text = preview.content.cell_of_one(column, name)
                CellDialog(self._context, name, row, "no value" if text is None else text, self.window()).open()

        self._cell_looker.ask(
            lambda workspace, token: workspace.preview(place, ask, cancel=token), arrived, self._failed
        )

    def _failed(self, error: RunfolioError) -> None:
        self.told.setText(error.message)


def _numeric(page: TablePage) -> frozenset[int]:
    """Columns of numbers: by their type, or where the file says none by what the first rows hold."""
    typed = {place for place, kind in enumerate(page.types) if kind.startswith(_NUMBERS)}
    columns = enumerate(zip(*page.rows[:40], strict=True))
    return frozenset(typed | {place for place, cells in columns if not page.types[place] and _is_numeric(cells)})


def _is_numeric(cells: Sequence[str | None]) -> bool:
    some = [cell for cell in cells if cell]
    try:
        for cell in some:
            float(cell)
    except ValueError:
        return False
    return bool(some)


def _widths(page: TablePage) -> list[int]:
    """Pixels of each column, by its title and what the first rows hold."""
    longest = [len(name) for name in page.columns]
    for place, cells in enumerate(zip(*page.rows[:60], strict=True)):
        longest[place] = max(longest[place], *map(len, filter(None, cells)))
    return [max(_WIDTH, min(_WIDEST, _DIGIT * letters + 24)) for letters in longest]
