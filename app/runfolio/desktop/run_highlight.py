"""The highlighted rows of the runs table, and its current row, by their runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
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
        # Neighbours become one range: a hundred thousand highlighted rows are one entry.
        for _, group in itertools.groupby(enumerate(rows), lambda pair: pair[1] - pair[0]):
            run_of_rows = [row for _, row in group]
            chosen.select(self.runs.index(run_of_rows[0], 0), self.runs.index(run_of_rows[-1], 0))
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().select(chosen, flags)

    def highlighted_rows(self) -> list[int]:
        """The highlighted rows from top to bottom."""
        rows: set[int] = set()
        pieces = self.selectionModel().selection()
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
