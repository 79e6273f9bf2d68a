"""A small read-only table of plain texts, for lists of some hundred rows; the runs have a table of their own."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFont, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.widgets import tooltip
from runfolio.export.table import as_tsv
from runfolio.model.display import plain

ROW_HEIGHT = 33


class PlainTable(QTableWidget):
    """Rows of texts under a header; copies as TSV."""

    def __init__(self, header: Sequence[str], name: str, parent: QWidget | None = None) -> None:
        super().__init__(0, len(header), parent)
        self.setObjectName(name)
        self.setAccessibleName(name.replace("-", " "))
        self.set_header(header)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        # Rows are what is chosen: Tab goes on to what comes next instead of from cell to cell for ever.
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setFrameShape(QTableWidget.Shape.NoFrame)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        across = self.horizontalHeader()
        across.setHighlightSections(False)
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        across.setFixedHeight(34)
        across.setMinimumSectionSize(40)
        across.setStretchLastSection(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    def set_header(self, header: Sequence[str]) -> None:
        """Name the columns."""
        self.setColumnCount(len(header))
        self.setHorizontalHeaderLabels([plain(h, 200) for h in header])

    def put(
        self,
        row: int,
        column: int,
        text: str,
        *,
        color: QColor | None = None,
        font: QFont | None = None,
        tip: str = "",
        right: bool = False,
        data: object = None,
    ) -> None:
        """Set a cell. `tip` is what the tooltip says; the text itself where it is long and none is given."""
        item = QTableWidgetItem(plain(text))
        if color is not None:
            item.setForeground(color)
        if font is not None:
            item.setFont(font)
        if tip or len(text) > 24:
            item.setToolTip(tooltip(tip or text))
        if right:
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if data is not None:
            item.setData(Qt.ItemDataRole.UserRole, data)
        self.setItem(row, column, item)

    def put_section(self, row: int, title: str, color: QColor) -> None:
        """Make a row the heading of those below it."""
        self.put(row, 0, title.upper(), color=color, font=fonts.ui(11, fonts.DEMI_BOLD))
        item = self.item(row, 0)
        if item is not None:
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        if self.columnCount() > 1:
            self.setSpan(row, 0, 1, self.columnCount())

    def start(self, rows: int) -> None:
        """Empty the table and give it `rows` rows to be put."""
        self.clearSpans()
        self.clearContents()
        self.setRowCount(rows)

    def data_of(self, row: int) -> object:
        """What was put into the first cell of a row beside its text."""
        item = self.item(row, 0)
        return None if item is None else item.data(Qt.ItemDataRole.UserRole)

    def rows_as_text(self, rows: Sequence[int]) -> list[list[str]]:
        """The texts of rows."""
        found = []
        for row in rows:
            items = [self.item(row, column) for column in range(self.columnCount())]
            found.append(["" if item is None else item.text() for item in items])
        return found

    def copy(self) -> None:
        """Put the selected rows (all when none is) on the clipboard as TSV, with the header."""
        chosen = sorted({index.row() for index in self.selectedIndexes()}) or [*range(self.rowCount())]
        items = [self.horizontalHeaderItem(c) for c in range(self.columnCount())]
        header = ["" if item is None else item.text() for item in items]
        QApplication.clipboard().setText(as_tsv(header, self.rows_as_text(chosen)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            event.accept()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Keep the row height when fonts change with the theme."""
        super().changeEvent(event)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
