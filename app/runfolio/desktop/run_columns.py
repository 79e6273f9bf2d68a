"""Which columns the runs table shows: those that follow the runs until the user chooses, and every way to choose."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu

from runfolio.desktop.columns import NAME, TableColumn, with_aggregate
from runfolio.desktop.commands import Command
from runfolio.desktop.context import Context
from runfolio.desktop.run_list import RunList
from runfolio.desktop.session import texts
from runfolio.model.answers import Column
from runfolio.model.display import count
from runfolio.model.params import Json
from runfolio.model.query import PLAIN_AGGREGATES, FieldKind, FieldRef


class RunColumns(QObject):
    """The columns of a runs table. Every change of them can be undone."""

    def __init__(self, context: Context, table: RunList) -> None:
        super().__init__(table)
        self._context = context
        self.table = table
        self._default: tuple[TableColumn, ...] = ()
        self._chosen = False
        """Whether the user (or a session) chose the columns; until then they follow what the runs have."""
        table.header_asked.connect(self._open_header_menu)
        table.rearranged.connect(self._on_rearranged)
        context.commands.add(
            Command(
                "columns.constant",
                "Hide constant columns",
                self.hide_constant,
                (),
                "Runs",
                "eye-off",
                lambda: bool(table.runs.keys),
            ),
            Command("columns.reset", "Reset the columns", self.reset, (), "Runs", "undo-2"),
            Command("metrics.align", "Align metric names…", self.align, (), "Runs", "link"),
        )

    def activate(self) -> None:
        """Ask which columns suit the runs there are."""
        self._context.jobs.query("default-columns", lambda workspace: workspace.default_columns(), self._take_default)

    def saved(self) -> dict[str, Json]:
        """The columns, when chosen, and the widths set by hand."""
        columns: list[Json] = [column.id for column in self.table.shown_columns()] if self._chosen else []
        return {"columns": columns, "widths": dict(self.table.widths())}

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept."""
        widths = kept.get("widths")
        if isinstance(widths, dict):
            self.table.set_widths({k: w for k, w in widths.items() if isinstance(w, int) and 20 <= w <= 2_000})
        columns = columns_of(texts(kept.get("columns")))
        if columns:
            self._put(columns, chosen=True)

    def _take_default(self, fields: tuple[FieldRef, ...]) -> None:
        self._default = with_curve(tuple(TableColumn(field) for field in fields))
        if not self._chosen and self._default != self.table.shown_columns():
            self.table.set_columns(self._default)

    def put(self, columns: tuple[TableColumn, ...], label: str = "Columns") -> None:
        """Show other columns; can be undone."""
        before, chosen = self.table.shown_columns(), self._chosen
        self._put(columns, chosen=True)
        self._context.state.undo.push(
            label, lambda: self._put(before, chosen=chosen), lambda: self._put(columns, chosen=True)
        )

    def reset(self) -> None:
        """Back to the columns that follow what the runs have."""
        before = self.table.shown_columns()
        self._put(self._default, chosen=False)
        self._context.state.undo.push("Columns", lambda: self._put(before, chosen=True))

    def _put(self, columns: tuple[TableColumn, ...], *, chosen: bool) -> None:
        self._chosen = chosen
        self.table.set_columns(columns)

    def open_chooser(self, corner: QPoint) -> None:
        """Offer every field as a column; the popup's upper right corner lies at `corner`."""
        from runfolio.desktop.column_chooser import ColumnChooser

        ColumnChooser(self._context, self.table.shown_columns, self.put, self.table).open_at(corner)

    def align(self, metric: str = "") -> None:
        """Show metrics of several names as one; `metric` is the one to begin with."""
        from runfolio.desktop.align_dialog import AlignDialog

        window = self.table.window()
        dialog = window.findChild(AlignDialog, "align-metrics") or AlignDialog(self._context, window)
        dialog.show_metric(metric)

    def _on_rearranged(self) -> None:
        if self.table.shown_columns() != self._default:
            self._chosen = True

    def hide_constant(self) -> None:
        """Hide the columns in which all runs of the scope agree."""
        columns = self.table.shown_columns()
        keys = self._context.state.scope_keys

        def take(constant: frozenset[TableColumn]) -> None:
            if not constant:
                self._context.say.info("No column is the same for all runs in view.")
                return
            self.put(tuple(column for column in columns if column not in constant), "Hide constant columns")
            names = ", ".join(sorted(column.title for column in constant))
            self._context.say.info(
                f"{count(len(constant))} constant columns hidden: {names}",
                action="Undo",
                call=lambda: self._context.commands.run("edit.undo"),
            )

        self._context.jobs.query(
            "constant-columns",
            lambda workspace: frozenset(
                column
                for column in columns
                if not column.is_name and not column.curve and _is_constant(workspace.column(column.field, keys))
            ),
            take,
        )

    def _open_header_menu(self, column: TableColumn, at: QPoint) -> None:
        menu = QMenu(self.table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if column.field.kind is FieldKind.METRIC and not column.curve:
            for aggregate in PLAIN_AGGREGATES:
                action = menu.addAction(aggregate.value.capitalize())
                action.setCheckable(True)
                action.setChecked(aggregate is column.field.aggregate)
                other = with_aggregate(column, aggregate)
                action.triggered.connect(lambda _checked=False, other=other: self._replace(column, other))
            menu.addSeparator()
            curve = TableColumn(FieldRef(FieldKind.METRIC, column.field.name), curve=True)
            if curve not in self.table.shown_columns():
                menu.addAction("Add a column with its curve", lambda: self._insert_after(column, curve))
            menu.addAction("Align with other names…", lambda: self.align(column.field.name))
        if not column.is_name:
            menu.addAction("Hide this column", lambda: self._hide(column))
        menu.addAction(self._context.commands.action("columns.constant"))
        menu.addAction(self._context.commands.action("columns.reset"))
        menu.popup(at)

    def _replace(self, column: TableColumn, other: TableColumn) -> None:
        columns = self.table.shown_columns()
        if other not in columns:
            self.put(tuple(other if c == column else c for c in columns))

    def _insert_after(self, column: TableColumn, other: TableColumn) -> None:
        columns = [*self.table.shown_columns()]
        columns.insert(columns.index(column) + 1, other)
        self.put(tuple(columns))

    def _hide(self, column: TableColumn) -> None:
        self.put(tuple(c for c in self.table.shown_columns() if c != column))


def columns_of(ids: tuple[str, ...]) -> tuple[TableColumn, ...]:
    """Columns from their ids, each once; unknown ones are left out, and the name always comes along."""
    columns: dict[TableColumn, None] = {}
    for id in ids:
        try:
            columns[TableColumn.from_id(id)] = None
        except ValueError:
            continue
    if not columns:
        return ()
    return tuple(columns) if NAME in columns else (NAME, *columns)


def with_curve(columns: tuple[TableColumn, ...]) -> tuple[TableColumn, ...]:
    """The columns with the curve of the first metric behind it."""
    for place, column in enumerate(columns):
        if column.field.kind is FieldKind.METRIC:
            curve = TableColumn(FieldRef(FieldKind.METRIC, column.field.name), curve=True)
            return (*columns[: place + 1], curve, *columns[place + 1 :])
    return columns


def _is_constant(answer: Column) -> bool:
    written = answer.texts or answer.values
    return len(written) > 1 and len({repr(value) for value in written}) == 1
