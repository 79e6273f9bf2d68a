"""What the rows of groups say: their values, their figures, and what all their runs have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import Qt

from runfolio.desktop.cells import exact_text, field_title
from runfolio.desktop.columns import NAME, TableColumn
from runfolio.desktop.group_cells import MOST_MEMBERS, days_text, is_summed, range_told, summary, varied
from runfolio.desktop.widgets import tooltip
from runfolio.model.answers import CellKind
from runfolio.model.direction import Direction
from runfolio.model.display import count, counted
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.desktop.cells import Digits
    from runfolio.desktop.group_rows import GroupRows, Line

WAITING = "…"
KNOWN_TEXTS = 20_000


class Cells(Protocol):
    """What is in the memory of the table's model."""

    @property
    def groups(self) -> GroupRows | None:
        """The groups and runs that the rows are."""

    def kind(self, column: TableColumn) -> CellKind:
        """How a column is drawn."""

    def digits(self, column: TableColumn) -> Digits:
        """How its numbers are written."""

    def fetched(self, column: TableColumn, key: RunKey) -> tuple[object, str | None] | None:
        """Value and text of a cell."""

    def text_of(self, column: TableColumn, key: RunKey) -> str:
        """What a run's cell says."""

    def exact(self, key: RunKey, column: TableColumn) -> str:
        """A cell in full precision."""


class GroupTexts:
    """Reads from the model's memory alone."""

    def __init__(self, model: Cells) -> None:
        self._model = model
        self._known: dict[tuple[int, TableColumn], str] = {}

    def forget(self) -> None:
        """Groups, cells or formats have changed."""
        self._known.clear()

    def data(self, line: Line, column: TableColumn, role: int) -> object:
        """What Qt asks of a group's cell."""
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(line, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            text = self.text(line, column)
            return f"Group {text}, {counted(self.size(line), 'run')}" if column.is_name else text
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(self._told(line, column))
        return None

    def size(self, line: Line) -> int:
        """How many runs a group holds."""
        groups = self._model.groups
        return 0 if groups is None else groups.size(line.group)

    def field(self, line: Line) -> TableColumn | None:
        """The field whose value a group stands for; None for a group of replicates."""
        groups = self._model.groups
        if groups is None:
            return None
        depth = groups.depth(line.group)
        return TableColumn(groups.by.fields[depth]) if depth < len(groups.by.fields) else None

    def text(self, line: Line, column: TableColumn) -> str:
        """A cell: the group's value, a figure, what all runs have in common, or how many values there are."""
        # A page is painted many times while it is scrolled, and a figure takes longer to write than to draw.
        known = self._known.get((line.group, column))
        if known is None:
            known = self._written(line, column)
            if known != WAITING:
                if len(self._known) > KNOWN_TEXTS:
                    self._known.clear()
                self._known[line.group, column] = known
        return known

    def _written(self, line: Line, column: TableColumn) -> str:
        groups = self._model.groups
        if groups is None or column.curve:
            return ""
        if column.is_name:
            return self._title(line)
        values = varied(groups, column, line.group)
        if not values:
            return WAITING
        kind = self._model.kind(column)
        found = summary(groups, column, line.group) if is_summed(column, kind) else None
        if found is not None:
            digits = self._model.digits(column)
            return found.shown(groups.by.figure, digits, duration=kind is CellKind.DURATION)
        if values > 1:
            return days_text(summary(groups, column, line.group)) if kind is CellKind.TIME else counted(values, "value")
        return self._model.text_of(column, groups.keys[line.position])

    def is_figure(self, column: TableColumn) -> bool:
        """Whether groups show figures of a column."""
        return is_summed(column, self._model.kind(column))

    def is_common(self, line: Line, column: TableColumn) -> bool:
        """Whether a cell shows a value that all runs of the group have."""
        groups = self._model.groups
        return (
            groups is not None
            and not column.curve
            and not self.is_figure(column)
            and varied(groups, column, line.group) == 1
        )

    def _title(self, line: Line) -> str:
        groups = self._model.groups
        column = self.field(line) or NAME
        if groups is None:
            return ""
        key = groups.keys[line.position]
        cell = self._model.fetched(column, key)
        if cell is not None and self._model.kind(column) is CellKind.TIME:
            # Times are grouped by their days.
            return exact_text(CellKind.TIME, *cell)[:10] or f"no {field_title(column.field)}"
        return self._model.text_of(column, key) or f"no {field_title(column.field)}"

    def _told(self, line: Line, column: TableColumn) -> str:
        groups = self._model.groups
        if groups is None:
            return ""
        if column.curve:
            size = groups.size(line.group)
            which = f"the first {MOST_MEMBERS} of {count(size)}" if size > MOST_MEMBERS else count(size)
            return f"Mean of the curves of {which} runs, with its 95 % t interval"
        if column.is_name:
            field = self.field(line)
            what = "Runs of one configuration" if field is None else f"{field.title} = {self._title(line)}"
            return f"{what}\n{counted(self.size(line), 'run')}"
        values = varied(groups, column, line.group)
        found = summary(groups, column, line.group)
        kind = self._model.kind(column)
        if found is not None and is_summed(column, kind):
            return found.told(directed=column.direction is not Direction.UNKNOWN)
        if values > 1:
            return range_told(found, kind, values)
        return self._model.exact(groups.keys[line.position], column)
