"""What menus and popups can do with the columns of a table, so that they need not know who does it."""

from __future__ import annotations

from typing import Protocol

from runfolio.desktop.column_format import Colouring, ColumnFormat
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.context import Context
from runfolio.desktop.run_list import RunList
from runfolio.desktop.table_look import TableLook
from runfolio.model.grouping import GroupBy
from runfolio.model.params import Json
from runfolio.model.query import FieldRef


class ColumnHands(Protocol):
    """The columns of `table`; `run_columns.RunColumns` says what each verb does."""

    context: Context
    table: RunList
    presets: dict[str, dict[str, Json]]

    @property
    def look(self) -> TableLook:
        """How the table looks."""

    def whole_look(self) -> TableLook:
        """The same with the columns that are shown."""

    def change(self, look: TableLook, label: str) -> None:
        """Look otherwise."""

    def put(self, columns: tuple[TableColumn, ...], label: str = "Columns") -> None:
        """Show other columns."""

    def group(self, by: GroupBy) -> None:
        """Group in another way."""

    def group_by(self, field: FieldRef) -> None:
        """A further level of groups, or one less."""

    def format(self, column: TableColumn, chosen: ColumnFormat) -> None:
        """Write and colour a column otherwise."""

    def colour(self, column: TableColumn, colouring: Colouring) -> None:
        """Give the cells of a column a ground."""

    def pin(self, column: TableColumn, *, pinned: bool) -> None:
        """Keep a column at the left, or let it go."""

    def replace_column(self, column: TableColumn, other: TableColumn) -> None:
        """Show another column in its place."""

    def insert_after(self, column: TableColumn, other: TableColumn) -> None:
        """Show a column behind another."""

    def hide(self, column: TableColumn) -> None:
        """Show a column no longer."""

    def align(self, metric: str = "") -> None:
        """Show metrics of several names as one."""

    def derive(self, column: TableColumn | None = None) -> None:
        """Ask for the arithmetic of a column."""

    def ask_format(self, column: TableColumn) -> None:
        """Ask how the numbers of a column are written."""
