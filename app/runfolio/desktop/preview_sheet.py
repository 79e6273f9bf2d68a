"""Facts and a list out of a header."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.preview_rows import Rows, RowsTable
from runfolio.desktop.widgets import PlainLabel
from runfolio.model.display import count
from runfolio.model.previews import Sheet

_ROW_HEIGHT = 27


class SheetPane(QWidget):
    """Facts above or beside the list, warnings over both."""

    def __init__(self, context: Context, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet: Sheet | None = None
        self.title = PlainLabel("", font=fonts.ui(13, fonts.DEMI_BOLD))
        self.warning = PlainLabel("", role="bad", wrap=True)
        self.warning.setObjectName(f"{name}-warning")
        self.facts = RowsTable(f"{name}-facts", "Facts")
        self.facts.set_row_height(_ROW_HEIGHT)
        self.list = RowsTable(f"{name}-list", "Contents")
        self.list.set_row_height(_ROW_HEIGHT)
        self.search = QLineEdit()
        self.search.setObjectName(f"{name}-search")
        self.search.setAccessibleName("Search the list")
        self.search.setPlaceholderText("Search the list")
        self.search.textChanged.connect(self._fill)
        self.told = PlainLabel("", role="muted", font=fonts.ui(12))
        lower = QWidget()
        below = QVBoxLayout(lower)
        below.setContentsMargins(0, 6, 0, 0)
        below.setSpacing(4)
        head = QHBoxLayout()
        head.setContentsMargins(12, 0, 12, 0)
        head.addWidget(self.search, 1)
        head.addWidget(self.told)
        below.addLayout(head)
        below.addWidget(self.list, 1)
        self._lower = lower
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.facts)
        splitter.addWidget(lower)
        splitter.setSizes([240, 400])
        top = QVBoxLayout()
        top.setContentsMargins(14, 9, 14, 6)
        top.setSpacing(5)
        top.addWidget(self.title)
        top.addWidget(self.warning)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(splitter, 1)

    def show_sheet(self, sheet: Sheet) -> None:
        """Show what a header says."""
        self._sheet = sheet
        self.title.setText(sheet.title)
        self.warning.setText("\n".join(sheet.warnings))
        self.warning.setVisible(bool(sheet.warnings))
        self.facts.put(Rows(("Fact", "Value"), sheet.facts, mono=frozenset({1})), (210,))
        self._lower.setVisible(bool(sheet.header))
        self.search.clear()
        self._fill()
        for place, width in enumerate((360, 110, 170)[: max(0, len(sheet.header) - 1)]):
            self.list.setColumnWidth(place, width if len(sheet.header) < 8 else 90)

    def _fill(self) -> None:
        sheet = self._sheet
        if sheet is None:
            return
        wanted = self.search.text().strip().casefold()
        rows = [row for row in sheet.rows if not wanted or any(wanted in cell.casefold() for cell in row)]
        self.list.put(Rows(sheet.header, rows, mono=frozenset(range(len(sheet.header)))))
        self.told.setText(f"{count(len(rows))} of {count(len(sheet.rows))}" if wanted else count(len(sheet.rows)))
