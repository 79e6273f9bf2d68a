"""The Runs workspace: the table of the scope over a strip of charts of the selection."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop.columns import NAME, TableColumn, with_aggregate
from runfolio.desktop.commands import Command
from runfolio.desktop.context import Context
from runfolio.desktop.run_copy import Rows, as_markdown, as_tsv, exact_rows
from runfolio.desktop.run_list import RunList
from runfolio.desktop.session import texts
from runfolio.desktop.widgets import EmptyState
from runfolio.errors import FilterSyntax
from runfolio.model.answers import Change, Column, Touched
from runfolio.model.display import count
from runfolio.model.params import Json
from runfolio.model.query import Aggregate, FieldKind, FieldRef
from runfolio.model.run import RunKey

LOCAL_COMMANDS = ("runs.toggle", "runs.baseline", "runs.compare", "runs.tag", "runs.inspect", "runs.copy")


HEIGHTS: tuple[int, ...] = (500, 330)
"""Table and strip at first."""


class RunsView(QWidget):
    """Table, its empty states, and the strip of charts below."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("runs")
        self._context = context
        self._asked = ""
        self._default: tuple[TableColumn, ...] = ()
        self._chosen = False
        """Whether the user (or a session) chose the columns; until then they follow what the runs have."""
        self.table = RunList(context)
        self.empty = EmptyState(context.theme, "", "", icon="table-2")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.empty)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.stack)
        self._heights = HEIGHTS
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.splitter)
        self.setFocusProxy(self.table)
        self._add_commands()
        self.table.opened.connect(lambda: context.commands.run("window.inspector"))
        self.table.menu_asked.connect(self._open_menu)
        self.table.header_asked.connect(self._open_header_menu)
        self.table.rearranged.connect(self._on_rearranged)
        context.state.scope_changed.connect(self._show_scope)

    # --- what the window asks ----------------------------------------------------------------------------------

    def activate(self) -> None:
        """Shown: ask for what is missing."""
        self._context.jobs.query(
            "default-columns", lambda workspace: workspace.default_columns(), self._take_default_columns
        )
        self.table.refresh()
        if self.splitter.count() == 1 and self.isVisible():
            # NumPy and pyqtgraph take half a second to import: on a thread, while the rows are already there.
            self._context.jobs.query(
                "chart-strip", lambda _workspace: import_module("runfolio.desktop.chart_strip"), self._add_strip
            )

    def _add_strip(self, _module: ModuleType) -> None:
        from runfolio.desktop.chart_strip import ChartStrip

        if self.splitter.count() == 1:
            self.splitter.addWidget(ChartStrip(self._context))
            self.splitter.setSizes([*self._heights])

    def changed(self, change: Change) -> None:
        """Cells may be out of date; new runs may bring better default columns."""
        self.table.runs.outdate(change)
        if change.touched & Touched.RUNS:
            self.activate()
        else:
            self.table.refresh()

    def saved(self) -> dict[str, Json]:
        """Columns (when chosen), their widths, and the height of the strip."""
        columns: list[Json] = [column.id for column in self.table.shown_columns()] if self._chosen else []
        return {
            "columns": columns,
            "widths": dict(self.table.widths()),
            "heights": [*(self.splitter.sizes() if self.splitter.count() == len(HEIGHTS) else self._heights)],
        }

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept."""
        widths = kept.get("widths")
        if isinstance(widths, dict):
            self.table.set_widths({k: w for k, w in widths.items() if isinstance(w, int) and 20 <= w <= 2_000})
        columns = columns_of(texts(kept.get("columns")))
        if columns:
            self._chosen = True
            self.table.set_columns(columns)
        heights = kept.get("heights")
        if isinstance(heights, list) and len(heights) == len(HEIGHTS):
            self._heights = tuple(h for h in heights if isinstance(h, int) and h >= 0)
            self.splitter.setSizes([*self._heights])

    # --- scope -------------------------------------------------------------------------------------------------

    def _show_scope(self) -> None:
        state = self._context.state
        asked = repr(state.scope)
        self.table.set_keys(state.scope_keys, keep_place=asked == self._asked)
        self._asked = asked

    def show_answer(self, *, busy: bool, refused: FilterSyntax | None) -> None:
        """The scope has an answer: show it, or say why there is nothing to show."""
        state = self._context.state
        if state.scope_keys and refused is None:
            self.stack.setCurrentWidget(self.table)
            return
        if refused is not None:
            self.empty.set(
                "The filter names something that is no longer there",
                str(refused.message),
                action="Clear the filter",
                call=lambda: state.set_where(""),
            )
        elif state.scope.where:
            self.empty.set(
                "No run matches the filter",
                "Change the filter above, or clear it to see every run again.",
                action="Clear the filter",
                call=lambda: state.set_where(""),
            )
        elif state.scope.source is not None or state.scope.experiment is not None:
            self.empty.set(
                "No runs here",
                "Nothing was read for this part of the library.",
                action="Show all runs",
                call=lambda: state.set_place(None, None),
            )
        elif busy:
            self.empty.set("Reading folders…", "Runs appear here as soon as they are read.")
        else:
            self.empty.set(
                "No runs found",
                "The folders of the library hold no runs of a tracker that Runfolio knows.",
                action="See what was found instead",
                call=lambda: self._context.commands.run("view.problems"),
            )
        self.stack.setCurrentWidget(self.empty)

    # --- columns -----------------------------------------------------------------------------------------------

    def _take_default_columns(self, fields: tuple[FieldRef, ...]) -> None:
        self._default = with_curve(tuple(TableColumn(field) for field in fields))
        if not self._chosen and self._default != self.table.shown_columns():
            self.table.set_columns(self._default)

    def set_columns(self, columns: tuple[TableColumn, ...], label: str = "Columns") -> None:
        """Show other columns; can be undone."""
        before, chosen = self.table.shown_columns(), self._chosen
        self._put(columns, chosen=True)
        self._context.state.undo.push(
            label, lambda: self._put(before, chosen=chosen), lambda: self._put(columns, chosen=True)
        )

    def reset_columns(self) -> None:
        """Back to the columns that follow what the runs have."""
        before = self.table.shown_columns()
        self._put(self._default, chosen=False)
        self._context.state.undo.push("Columns", lambda: self._put(before, chosen=True))

    def _put(self, columns: tuple[TableColumn, ...], *, chosen: bool) -> None:
        self._chosen = chosen
        self.table.set_columns(columns)

    def open_column_chooser(self, corner: QPoint) -> None:
        """Offer every field as a column; the popup's upper right corner lies at `corner`."""
        from runfolio.desktop.column_chooser import ColumnChooser

        ColumnChooser(self._context, self.table.shown_columns, self.set_columns, self).open_at(corner)

    def _on_rearranged(self) -> None:
        if self.table.shown_columns() != self._default:
            self._chosen = True

    def hide_constant_columns(self) -> None:
        """Hide the columns in which all runs of the scope agree."""
        columns = self.table.shown_columns()
        keys = self._context.state.scope_keys

        def take(constant: frozenset[TableColumn]) -> None:
            if not constant:
                self._context.say.info("No column is the same for all runs in view.")
                return
            self.set_columns(tuple(column for column in columns if column not in constant), "Hide constant columns")
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

    # --- commands ----------------------------------------------------------------------------------------------

    def _add_commands(self) -> None:
        some = self._has_rows
        rows = (
            ("runs.toggle", "Select or drop the highlighted runs", self.toggle_highlighted, ("Space",), "check"),
            ("runs.baseline", "Set the current run as baseline", self.set_baseline, ("B",), "flag"),
            ("runs.compare", "Compare the selected runs", self.compare, ("D",), "git-compare"),
            ("runs.tag", "Tag the highlighted runs…", self.tag_highlighted, ("T",), "tag"),
            (
                "runs.inspect",
                "Open the current run in the inspector",
                self._inspect,
                ("Return", "Enter"),
                "panel-right",
            ),
            ("runs.copy", "Copy the highlighted runs", lambda: self.copy(as_tsv), ("Ctrl+C",), "copy"),
        )
        commands = self._context.commands
        for id, title, call, keys, icon in rows:
            commands.add(Command(id, title, call, keys, "Runs", icon, some, local=True))
        commands.attach(self.table, *LOCAL_COMMANDS)
        commands.add(
            Command("runs.copy-markdown", "Copy as Markdown", lambda: self.copy(as_markdown), (), "Runs", "copy", some),
            Command("runs.clear", "Clear the selection", lambda: self._context.state.select(()), (), "Runs", "x"),
            Command(
                "columns.constant", "Hide constant columns", self.hide_constant_columns, (), "Runs", "eye-off", some
            ),
            Command("columns.reset", "Reset the columns", self.reset_columns, (), "Runs", "undo-2"),
        )

    def _has_rows(self) -> bool:
        return bool(self.table.runs.keys)

    def _chosen_runs(self) -> tuple[RunKey, ...]:
        highlighted = self.table.highlighted()
        current = self.table.current_key()
        return highlighted or ((current,) if current is not None else ())

    def toggle_highlighted(self) -> None:
        """Pick the highlighted runs, or drop them when all are picked."""
        state = self._context.state
        keys = self._chosen_runs()
        if all(state.style_of(key).picked for key in keys):
            state.select(key for key in state.selection if key not in set(keys))
        else:
            state.select((*state.selection, *keys))

    def set_baseline(self) -> None:
        """The current run becomes the baseline; the baseline itself is freed."""
        state = self._context.state
        key = self.table.current_key()
        if key is not None:
            state.set_baseline(None if key == state.baseline else key)

    def compare(self) -> None:
        """Show the differences between the selected runs, or the highlighted ones where none are selected."""
        state = self._context.state
        highlighted = self.table.highlighted()
        if len(highlighted) > 1:
            state.select(highlighted)
        elif len(state.selection) < 2:
            self._context.say.info("Select two runs or more to compare them.", hint="Space selects the current run.")
            return
        self._context.commands.run("view.compare")

    def tag_highlighted(self) -> None:
        """Ask for tags of the highlighted runs."""
        from runfolio.desktop.tag_editor import TagEditor

        keys = self._chosen_runs()
        editor = TagEditor(self._context, keys, self)
        row = self.table.currentIndex()
        rect = self.table.visualRect(row) if row.isValid() else self.table.rect()
        editor.open_at(self.table.viewport().mapToGlobal(rect.bottomLeft()))

    def _inspect(self) -> None:
        key = self.table.current_key()
        if key is not None:
            self._context.state.set_current(key)
            self._context.commands.run("window.inspector")

    def copy(self, write: Callable[[Rows], str]) -> None:
        """Put the highlighted runs on the clipboard, or all of the scope where none are."""
        keys = self._chosen_runs() or self.table.runs.keys
        columns = self.table.shown_columns()

        def take(rows: Rows) -> None:
            QApplication.clipboard().setText(write(rows))
            self._context.say.info(f"{count(len(rows) - 1)} run{'' if len(rows) == 2 else 's'} copied.")

        self._context.jobs.query("copy", lambda workspace: exact_rows(workspace, columns, keys), take)

    # --- menus -------------------------------------------------------------------------------------------------

    def _open_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for id in (*LOCAL_COMMANDS, "runs.copy-markdown"):
            menu.addAction(self._context.commands.action(id))
        menu.popup(at)

    def _open_header_menu(self, column: TableColumn, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if column.field.kind is FieldKind.METRIC and not column.curve:
            for aggregate in Aggregate:
                action = menu.addAction(aggregate.value.capitalize())
                action.setCheckable(True)
                action.setChecked(aggregate is column.field.aggregate)
                other = with_aggregate(column, aggregate)
                action.triggered.connect(lambda _checked=False, other=other: self._replace(column, other))
            menu.addSeparator()
            curve = TableColumn(FieldRef(FieldKind.METRIC, column.field.name), curve=True)
            if curve not in self.table.shown_columns():
                menu.addAction("Add a column with its curve", lambda: self._insert_after(column, curve))
        if not column.is_name:
            menu.addAction("Hide this column", lambda: self._hide(column))
        menu.addAction(self._context.commands.action("columns.constant"))
        menu.addAction(self._context.commands.action("columns.reset"))
        menu.popup(at)

    def _replace(self, column: TableColumn, other: TableColumn) -> None:
        columns = self.table.shown_columns()
        if other not in columns:
            self.set_columns(tuple(other if c == column else c for c in columns))

    def _insert_after(self, column: TableColumn, other: TableColumn) -> None:
        columns = [*self.table.shown_columns()]
        columns.insert(columns.index(column) + 1, other)
        self.set_columns(tuple(columns))

    def _hide(self, column: TableColumn) -> None:
        self.set_columns(tuple(c for c in self.table.shown_columns() if c != column))


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
