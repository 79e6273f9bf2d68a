"""The model behind the runs table: ordered keys, and cells that are fetched for the rows in view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal

from runfolio.desktop.cells import Digits, cell_text, exact_text
from runfolio.desktop.column_colours import ColumnColours
from runfolio.desktop.column_format import PLAIN, Colouring, ColumnFormat
from runfolio.desktop.columns import NAME, ColumnCache, Fetched, TableColumn, fetch
from runfolio.desktop.context import Context
from runfolio.desktop.group_texts import WAITING, GroupTexts
from runfolio.desktop.run_look import Look
from runfolio.desktop.run_rows import Index, RunRowsModel
from runfolio.desktop.run_sort import sort_mark
from runfolio.desktop.widgets import tooltip
from runfolio.errors import RunfolioError
from runfolio.model.answers import CellKind, Change
from runfolio.model.query import FieldKind
from runfolio.model.run import RunKey, RunStatus

if TYPE_CHECKING:
    from runfolio.api.grouping import GroupColumn

_ROOT = QModelIndex()
MARGIN = 60
"""Rows fetched above and below those in view."""
AT_ONCE = 8
"""Columns that one query brings."""
ALIGNED = "≈"
"""Behind the title of a column whose values come from several names."""


class RunTableModel(RunRowsModel):
    """Runs of the scope by row. `arrived` is emitted with the columns of which cells have come in."""

    arrived = Signal(tuple)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._columns: tuple[TableColumn, ...] = ()
        self._wanted: tuple[TableColumn, ...] = ()
        self._cache = ColumnCache()
        self._looks: dict[TableColumn, Look] = {}
        self.texts = GroupTexts(self)
        self._formats: Mapping[str, ColumnFormat] = {}
        self.colours = ColumnColours(context, self._show_arrived)
        self._asking = False
        self._asking_groups = False

    def _rows_changed(self) -> None:
        self.texts.forget()

    # --- what it holds -----------------------------------------------------------------------------------------

    @property
    def columns(self) -> tuple[TableColumn, ...]:
        """The columns in the model's own order; the view may show them in another."""
        return self._columns

    def set_columns(self, columns: tuple[TableColumn, ...]) -> None:
        """Show other columns; what was fetched before is kept."""
        self.beginResetModel()
        self._columns = columns
        self.endResetModel()

    def set_formats(self, formats: Mapping[str, ColumnFormat]) -> None:
        """Write and colour columns otherwise, by column id."""
        if formats != self._formats:
            self._formats = dict(formats)
            self._forget_looks()
            self._show_arrived()

    def format_of(self, column: TableColumn) -> ColumnFormat:
        """How a column is written and coloured."""
        return self._formats.get(column.id, PLAIN)

    def outdate(self, change: Change) -> None:
        """Cells that a change may have touched are asked for again when they are next in view."""
        self._cache.outdate(change)
        # Times may be shown in another zone.
        self._forget_looks()
        self.colours.outdate()

    def kind(self, column: TableColumn) -> CellKind:
        """How a column is drawn."""
        return self._cache.kind(column)

    # --- fetching ----------------------------------------------------------------------------------------------

    def want(self, first: int, last: int, seen: Sequence[TableColumn] | None = None) -> None:
        """Rows `first` to `last` are in view: ask for what is not here yet, one query at a time.

        seen   the columns in view, where others need not be here; None for all.
        """
        if self._asking or not self._columns:
            # When the query under way arrives, `arrived` makes the view call again with the rows then in view.
            return
        self._wanted = self._columns if seen is None else tuple(seen)
        self._want_groups()
        coloured = [c for c in self._wanted if self.format_of(c).colouring is not Colouring.NONE]
        self.colours.want(coloured, self._keys)
        missing = self._cache.missing(*self._in_view(max(0, first - MARGIN), last + 1 + MARGIN))
        if not missing:
            return
        # A few columns at a time, so that taking them in holds the window for a moment only; the others follow, and
        # curves last: at a start they take NumPy, which nothing else here does.
        wanted = ([pair for pair in missing if not pair[0].curve] or missing)[:AT_ONCE]
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
            lambda workspace: fetch(workspace, wanted),
            done,
            failed,
        )

    def _take(self, answers: list[Fetched], generation: int) -> None:
        same = True
        for answer in answers:
            before = self._cache.manner(answer.column)
            anew = not self._cache.cells(answer.column).keys().isdisjoint(answer.keys)
            self._cache.put(answer, generation)
            look = self._looks.get(answer.column)
            alike = self._cache.manner(answer.column) == before
            same = same and alike and not anew
            if look is not None and alike:
                # Written as before: the texts of other rows stay.
                for key in answer.keys:
                    look.texts.pop(key, None)
            else:
                self._looks.pop(answer.column, None)
            if answer.column.is_name:
                # A run that has gone meanwhile has none; its name of before is still the best there is.
                pairs = zip(answer.keys, answer.values, strict=True)
                names = {key: str(name) for key, name in pairs if name is not None}
                self._context.state.learn_names(names)
        if not same:
            self.texts.forget()
        self._show_arrived(tuple(answer.column for answer in answers))

    def _forget_looks(self) -> None:
        self._looks.clear()
        self.texts.forget()

    def _show_arrived(self, columns: tuple[TableColumn, ...] = ()) -> None:
        if rows := self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(rows - 1, len(self._columns) - 1))
        self.arrived.emit(columns)

    def _in_view(self, first: int, end: int) -> tuple[tuple[TableColumn, ...], Sequence[RunKey]]:
        groups = self._groups
        if groups is None:
            return self._wanted, self._keys[first:end]
        keys = dict.fromkeys(groups.key(row) for row in range(first, min(end, groups.count)))
        # What groups are called, whether or not it has a column.
        named = (NAME, *(TableColumn(field) for field in groups.by.fields))
        return tuple(dict.fromkeys((*self._wanted, *named))), [*keys]

    def _want_groups(self) -> None:
        """Ask for what groups show, a column at a time: each is shown when it is there."""
        groups = self._groups
        if groups is None or self._asking_groups:
            return
        shown = (column.field for column in self._wanted if not column.curve and not column.is_name)
        field = next((field for field in shown if field not in groups.columns), None)
        if field is None:
            return
        self._asking_groups = True

        def done(answer: GroupColumn) -> None:
            self._asking_groups = False
            groups.columns[answer.field] = answer
            self.texts.forget()
            self._show_arrived(tuple(column for column in self._columns if column.field == answer.field))

        def failed(error: RunfolioError) -> None:
            self._asking_groups = False
            self._context.say.error(error)

        self._context.jobs.query(
            f"table-groups-{id(self)}",
            lambda workspace: workspace.group_column(groups.keys, groups.grouped.tree, field),
            done,
            failed,
        )

    # --- what Qt asks ------------------------------------------------------------------------------------------

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Columns."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """From memory alone; "…" for what is on its way."""
        if not index.isValid():
            return None
        column = self._columns[index.column()]
        line = self.line(index.row())
        if line is not None and line.is_group:
            return self.texts.data(line, column, role)
        key = self.stand_in(index.row())
        if role == Qt.ItemDataRole.DisplayRole or role == Qt.ItemDataRole.AccessibleTextRole:
            return self.text_of(column, key)
        if role == Qt.ItemDataRole.ToolTipRole:
            if self._cache.get(column, key) is None or column.curve:
                return None
            origin = self._cache.origin(column, key)
            return tooltip(f"{self.exact(key, column)}\nfrom {origin}" if origin else self.exact(key, column))
        return None

    def cell(self, row: int, column: int) -> tuple[RunKey, TableColumn, object, str]:
        """Run, column, value and text of a cell at once, for painting."""
        return self.cell_of(self.stand_in(row), self._columns[column])

    def cell_of(self, key: RunKey, column: TableColumn) -> tuple[RunKey, TableColumn, object, str]:
        """The same for a run that is known."""
        look = self._looks.get(column) or self.look(column)
        found = look.cells.get(key)
        if found is None:
            return key, column, None, WAITING
        text = look.texts.get(key)
        if text is None:
            text = self._shown(key, look, found[1], found[2])
            if look.builtin != "status":
                # A status changes with the run being seen to be written.
                look.texts[key] = text
        return key, column, found[1], text

    def look(self, column: TableColumn) -> Look:
        """How a column is painted as things are now."""
        found = self._looks.get(column)
        if found is None:
            builtin = column.field.name if column.field.kind is FieldKind.BUILTIN and not column.curve else ""
            number, cells = self.is_number(column), self._cache.cells(column)
            found = Look(column, cells, self.format_of(column), number, column.is_name, builtin)
            self._looks[column] = found
        return found

    @property
    def is_waiting(self) -> bool:
        """Whether there are rows and not one of their cells has arrived."""
        return self._groups is None and not any(self._cache.cells(column) for column in self._columns)

    def shown_text(self, row: int, place: int) -> str:
        """What a cell says, without Qt's way round."""
        line = self.line(row)
        column = self._columns[place]
        if line is not None and line.is_group:
            return self.texts.text(line, column)
        return self.cell_of(self.stand_in(row), column)[3]

    # --- headers and texts -------------------------------------------------------------------------------------

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The title with the arrow of the order, if the column is part of it."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        column = self._columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return (
                column.title
                + (f" {ALIGNED}" if self._cache.origins(column) else "")
                + sort_mark(column, self._context.state.scope.sort)
            )
        if role == Qt.ItemDataRole.ToolTipRole:
            told = f"{column.field.kind.value}: {column.title}"
            if origins := self._cache.origins(column):
                told += f"\nSome runs call it otherwise: {', '.join(origins)}"
            return tooltip(f"{told}\nClick sorts, Shift+click adds a second key")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.is_number(column) else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def is_number(self, column: TableColumn) -> bool:
        """Whether the column's figures stand at the right."""
        return not column.curve and self.kind(column) in (CellKind.NUMBER, CellKind.DURATION)

    def exact(self, key: RunKey, column: TableColumn) -> str:
        """A cell in full precision; "" for what has not arrived."""
        cell = self._cache.get(column, key)
        return "" if cell is None else exact_text(self.kind(column), *cell)

    def digits(self, column: TableColumn) -> Digits:
        """How the column's numbers are written."""
        return self._cache.digits(column)

    def fetched(self, column: TableColumn, key: RunKey) -> tuple[object, str | None] | None:
        """Value and text of a cell; None while it is on its way."""
        return self._cache.get(column, key)

    def text_of(self, column: TableColumn, key: RunKey) -> str:
        """What a run's cell says."""
        return self.cell_of(key, column)[3]

    def _shown(self, key: RunKey, look: Look, value: object, text: str | None) -> str:
        if look.builtin == "status" and value == RunStatus.RUNNING and key in self._context.state.live:
            # Seen to be written: what it claims is so.
            return str(RunStatus.RUNNING)
        if look.column.curve:
            return ""
        digits = self._cache.digits(look.column)
        if not look.format.plain and isinstance(value, float):
            return look.format.write(value, text or digits.write(value))
        utc = self._context.settings.text("window.times") == "utc"
        return cell_text(self.kind(look.column), value, text, digits, utc=utc)
