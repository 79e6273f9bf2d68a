"""Sections of plain rows: data sets, code and environment, problems."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop.context import Context
from runfolio.desktop.preview_rows import Rows, RowsTable
from runfolio.desktop.widgets import EmptyState
from runfolio.model.display import count
from runfolio.model.run_detail import RunDetail

_ROW_HEIGHT = 29


class RowsSection(QWidget):
    """A searchable table, or what it says when there is nothing in it."""

    def __init__(self, context: Context, name: str, title: str, empty: tuple[str, str, str], widths: tuple[int, ...]):
        super().__init__()
        self._widths = widths
        self._rows = Rows(())
        self.search = QLineEdit()
        self.search.setObjectName(f"{name}-search")
        self.search.setAccessibleName(f"Search {title.lower()}")
        self.search.setPlaceholderText(f"Search {title.lower()}")
        self.search.textChanged.connect(self._fill)
        self.table = RowsTable(name, title)
        self.table.set_row_height(_ROW_HEIGHT)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        inner = QVBoxLayout()
        inner.setContentsMargins(10, 6, 12, 0)
        inner.addWidget(self.search)
        column.addLayout(inner)
        column.addWidget(self.table, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(EmptyState(context.theme, empty[0], empty[1], icon=empty[2]))
        self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)

    def put(self, rows: Rows) -> None:
        """Show other rows."""
        first = not self._rows.header
        self._rows = rows
        self.stack.setCurrentIndex(1 if rows.rows else 0)
        self._fill()
        if first:
            for place, width in enumerate(self._widths):
                self.table.setColumnWidth(place, width)

    def _fill(self) -> None:
        rows, wanted = self._rows, self.search.text().strip().casefold()
        if not wanted:
            self.table.put(rows)
            return
        kept = [i for i, row in enumerate(rows.rows) if any(wanted in (cell or "").casefold() for cell in row)]
        tips = rows.tips

        def tip(row: int, column: int) -> str:
            return "" if tips is None else tips(kept[row], column)

        self.table.put(Rows(rows.header, [rows.rows[i] for i in kept], rows.right, rows.mono, tip))


def dataset_rows(run: RunDetail) -> Rows:
    """The data sets that a run recorded."""
    body = [
        (d.name, d.context or "used", d.digest or "–", "–" if d.rows is None else count(d.rows), d.source or "–")
        for d in run.datasets
    ]
    return Rows(("Data set", "Used for", "Digest", "Rows", "Source"), body, frozenset({3}), frozenset({2, 4}))


def code_rows(run: RunDetail) -> Rows:
    """Commit, command line, packages, machine: what the tracker kept of code and environment, and its tags."""
    body = [*run.facts.items(), *((f"tag: {name}", text) for name, text in sorted(run.tags.items()))]
    return Rows(("Fact", "Value"), body, mono=frozenset({1}))


def problem_rows(run: RunDetail) -> Rows:
    """What could not be read."""
    body = [(p.severity.value, p.message, p.path, p.hint or "–") for p in run.problems]

    def tip(row: int, _column: int) -> str:
        problem = run.problems[row]
        return f"{problem.path}\n{problem.message}\n{problem.hint}"

    return Rows(("", "Problem", "Where", "What to do"), body, mono=frozenset({2}), tips=tip)
