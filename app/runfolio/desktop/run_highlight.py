"""The highlighted rows of the runs table, and its current row, by their runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel
from PySide6.QtWidgets import QTableView, QWidget

from runfolio.desktop.run_table import RunTableModel
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.desktop.group_rows import Anchor


class HighlightedRuns(QTableView):
    """A view of runs. The *highlighted* rows are Qt's; the *selected* runs, with colours, are the state's."""

    def __init__(self, runs: RunTableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs = runs
        self.setModel(runs)

    def highlight(self, marks: Iterable[RunKey | Anchor], current: RunKey | Anchor | None, column: int = 0) -> None:
        """Highlight the rows of runs and groups and put the current row on `current`, as far as they have rows."""
        rows = sorted({row for mark in marks if (row := self.runs.row_of(mark)) is not None})
        self.highlight_rows(rows)
        row = None if current is None else self.runs.row_near(current)
        if row is not None:
            self.selectionModel().setCurrentIndex(
                self.runs.index(row, column), QItemSelectionModel.SelectionFlag.NoUpdate
            )

    def highlight_rows(self, rows: list[int]) -> None:
        """Highlight exactly these rows, in order."""
        chosen = QItemSelection()
        for first, last in _ranges(rows):
            chosen.select(self.runs.index(first, 0), self.runs.index(last, 0))
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().select(chosen, flags)

    def highlighted_rows(self) -> list[int]:
        """The highlighted rows from top to bottom."""
        rows: set[int] = set()
        pieces = self.selectionModel().selection()
        if pieces.count() == 1:
            return [*range(pieces.at(0).top(), pieces.at(0).bottom() + 1)]
        for number in range(pieces.count()):
            piece = pieces.at(number)
            rows.update(range(piece.top(), piece.bottom() + 1))
        return sorted(rows)

    def highlighted(self) -> tuple[RunKey, ...]:
        """The runs of the highlighted rows, from top to bottom; of a group all its runs."""
        return self.runs.members(self.highlighted_rows())

    def current_key(self) -> RunKey | None:
        """The run of the current row; None on the row of a group."""
        return self.runs.key_at(self.currentIndex().row())


def _ranges(rows: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of neighbours: a hundred thousand highlighted rows are one entry.

    >>> [*_ranges([2, 3, 4, 7])]
    [(2, 4), (7, 7)]
    """
    if not rows:
        return
    if rows[-1] - rows[0] == len(rows) - 1:
        yield rows[0], rows[-1]
        return
    first = before = rows[0]
    for row in rows[1:]:
        if row != before + 1:
            yield first, before
            first = row
        before = row
    yield first, before
