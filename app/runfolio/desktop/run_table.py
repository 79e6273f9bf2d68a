"""The model behind the runs table: ordered keys, and cells that are fetched for the rows in view."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from runfolio.desktop.cells import cell_text, exact_text
from runfolio.desktop.columns import ColumnCache, Fetched, TableColumn, fetch
from runfolio.desktop.context import Context
from runfolio.desktop.widgets import tooltip
from runfolio.errors import RunfolioError
from runfolio.model.answers import CellKind, Change
from runfolio.model.query import SortKey
from runfolio.model.run import RunKey, RunStatus

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
MARGIN = 60
"""Rows fetched above and below those in view."""
WAITING = "…"
ALIGNED = "≈"
"""Behind the title of a column whose values come from several names."""


class RunTableModel(QAbstractTableModel):
    """Runs of the scope by row. `arrived` is emitted when cells have come in."""

    arrived = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._keys: tuple[RunKey, ...] = ()
        self._rows: dict[RunKey, int] | None = None
        self._columns: tuple[TableColumn, ...] = ()
        self._cache = ColumnCache()
        self._asking = False

    # --- what it holds -----------------------------------------------------------------------------------------

    @property
    def keys(self) -> tuple[RunKey, ...]:
        """The runs in order."""
        return self._keys

    @property
    def columns(self) -> tuple[TableColumn, ...]:
        """The columns in the model's own order; the view may show them in another."""
        return self._columns

    def set_keys(self, keys: tuple[RunKey, ...]) -> None:
        """Show other runs, or the same in another order."""
        self.beginResetModel()
        self._keys, self._rows = keys, None
        self.endResetModel()

    def set_columns(self, columns: tuple[TableColumn, ...]) -> None:
        """Show other columns; what was fetched before is kept."""
        self.beginResetModel()
        self._columns = columns
        self.endResetModel()

    def row_of(self, key: RunKey) -> int | None:
        """The row of a run; None when it is not in the scope."""
        if self._rows is None:
            self._rows = {key: row for row, key in enumerate(self._keys)}
        return self._rows.get(key)

    def outdate(self, change: Change) -> None:
        """Cells that a change may have touched are asked for again when they are next in view."""
        self._cache.outdate(change)

    def kind(self, column: TableColumn) -> CellKind:
        """How a column is drawn."""
        return self._cache.kind(column)

    # --- fetching ----------------------------------------------------------------------------------------------

    def want(self, first: int, last: int) -> None:
        """Rows `first` to `last` are in view: ask for what is not here yet, one query at a time."""
        if self._asking or not self._columns:
            # When the query under way arrives, `arrived` makes the view call again with the rows then in view.
            return
        keys = self._keys[max(0, first - MARGIN) : last + 1 + MARGIN]
        wanted = self._cache.missing(self._columns, keys)
        if not wanted:
            return
        self._asking = True
        generation = self._cache.generation

        def done(answers: list[Fetched]) -> None:
            self._asking = False
            self._take(answers, generation)

        def failed(error: RunfolioError) -> None:
            self._asking = False
            self._context.say.error(error)

        self._context.jobs.query(
            f"table-{id(self)}",
            lambda workspace: [fetch(workspace, column, absent) for column, absent in wanted],
            done,
            failed,
        )

    def _take(self, answers: list[Fetched], generation: int) -> None:
        for answer in answers:
            self._cache.put(answer, generation)
            if answer.column.is_name:
                names = {key: str(name) for key, name in zip(answer.keys, answer.values, strict=True)}
                self._context.state.learn_names(names)
        if self._keys:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._keys) - 1, len(self._columns) - 1))
        self.arrived.emit()

    # --- what Qt asks ------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Rows; known at once, so that the scroll bar is right."""
        return 0 if parent.isValid() else len(self._keys)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Columns."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """From memory alone; "…" for what is on its way."""
        if not index.isValid():
            return None
        key, column = self._keys[index.row()], self._columns[index.column()]
        cell = self._cache.get(column, key)
        if role == Qt.ItemDataRole.DisplayRole or role == Qt.ItemDataRole.AccessibleTextRole:
            return WAITING if cell is None else self._shown(key, column, *cell)
        if role == Qt.ItemDataRole.ToolTipRole:
            if cell is None or column.curve:
                return None
            origin = self._cache.origin(column, key)
            return tooltip(f"{self.exact(key, column)}\nfrom {origin}" if origin else self.exact(key, column))
        return None

    def cell(self, row: int, column: int) -> tuple[RunKey, TableColumn, object, str]:
        """Run, column, value and text of a cell at once, for painting."""
        key, shown = self._keys[row], self._columns[column]
        found = self._cache.get(shown, key)
        if found is None:
            return key, shown, None, WAITING
        return key, shown, found[0], self._shown(key, shown, *found)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The title with the arrow of the order, if the column is part of it."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        column = self._columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title + self._aligned_mark(column) + sort_mark(column, self._context.state.scope.sort)
        if role == Qt.ItemDataRole.ToolTipRole:
            told = f"{column.field.kind.value}: {column.title}"
            if origins := self._cache.origins(column):
                told += f"\nSome runs call it otherwise: {', '.join(origins)}"
            return tooltip(f"{told}\nClick sorts, Shift+click adds a second key")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.is_number(column) else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _aligned_mark(self, column: TableColumn) -> str:
        """A sign that some values stand under another name in their runs."""
        return f" {ALIGNED}" if self._cache.origins(column) else ""

    def is_number(self, column: TableColumn) -> bool:
        """Whether the column's figures stand at the right."""
        return not column.curve and self.kind(column) in (CellKind.NUMBER, CellKind.DURATION)

    def exact(self, key: RunKey, column: TableColumn) -> str:
        """A cell in full precision; "" for what has not arrived."""
        cell = self._cache.get(column, key)
        return "" if cell is None else exact_text(self.kind(column), *cell)

    def _shown(self, key: RunKey, column: TableColumn, value: object, text: str | None) -> str:
        if value == RunStatus.RUNNING and column.field.name == "status" and key in self._context.state.live:
            # Seen to be written: what it claims is so.
            return str(RunStatus.RUNNING)
        return self._text(column, value, text)

    def _text(self, column: TableColumn, value: object, text: str | None) -> str:
        if column.curve:
            return ""
        utc = self._context.settings.text("window.times") == "utc"
        return cell_text(self.kind(column), value, text, self._cache.digits(column), utc=utc)


def sort_mark(column: TableColumn, sort: tuple[SortKey, ...]) -> str:
    """An arrow, with the rank where there are several keys: ` ↓`, ` ↑2`."""
    if column.curve:
        return ""
    for rank, key in enumerate(sort, start=1):
        if key.field == column.field:
            return f" {'↓' if key.descending else '↑'}{rank if len(sort) > 1 else ''}"
    return ""
