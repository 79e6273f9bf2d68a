"""Which columns the runs table shows and how: they follow the runs until the user chooses. Every choice is undone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QTimer, Signal

from runfolio.desktop.column_format import PLAIN, Colouring, ColumnFormat
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.context import Context
from runfolio.desktop.group_control import RunGroups
from runfolio.desktop.run_list import RunList
from runfolio.desktop.table_look import TableLook, pinned_first
from runfolio.model.answers import Column
from runfolio.model.display import count, counted
from runfolio.model.grouping import GroupBy
from runfolio.model.params import Json
from runfolio.model.query import FieldKind, FieldRef

if TYPE_CHECKING:
    from runfolio.desktop.column_chooser import ColumnChooser

RESIZED_MS = 400
"""Widths that change faster than this are one step of undo."""
NAMED = 12
"""Columns that a notice names."""


class RunColumns(QObject):
    """The look of a runs table. `changed` is emitted when it has become another."""

    changed = Signal()

    def __init__(self, context: Context, table: RunList) -> None:
        super().__init__(table)
        self.context = context
        self.table = table
        self.groups = RunGroups(context, table)
        self.presets: dict[str, dict[str, Json]] = {}
        """The user's own, by name, as looks in JSON."""
        self._default: tuple[TableColumn, ...] = ()
        self._look = TableLook()
        self._resized = QTimer(self)
        self._resized.setSingleShot(True)
        self._resized.setInterval(RESIZED_MS)
        self._resized.timeout.connect(self._take_widths)
        table.header_asked.connect(self._open_header_menu)
        table.rearranged.connect(self._on_moved)
        table.resized.connect(self._resized.start)

    def activate(self) -> None:
        """Ask which columns suit the runs there are."""
        self.context.jobs.query("default-columns", lambda workspace: workspace.default_columns(), self._take_default)

    @property
    def look(self) -> TableLook:
        """How the table looks; its `columns` are () while they follow what the runs have."""
        return self._look

    def whole_look(self) -> TableLook:
        """The same with the columns that are shown, for a saved view."""
        return replace(self._look, columns=self.table.shown_columns())

    def saved(self) -> dict[str, Json]:
        """What a session keeps."""
        self._take_widths()
        return {"look": self._look.to_json(), "presets": dict(self.presets), "opened": self.groups.saved()}

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept."""
        look, presets = kept.get("look"), kept.get("presets")
        if isinstance(presets, dict):
            self.presets = {name: preset for name, preset in presets.items() if isinstance(preset, dict)}
        self.groups.bring_back(kept.get("opened"))
        if isinstance(look, dict):
            self._apply(TableLook.from_json(look))

    def _take_default(self, fields: tuple[FieldRef, ...]) -> None:
        self._default = with_curve(tuple(TableColumn(field) for field in fields))
        if not self._look.columns:
            self._apply(self._look)

    # --- changes -----------------------------------------------------------------------------------------------

    def change(self, look: TableLook, label: str) -> None:
        """Look otherwise; can be undone."""
        self._take_widths()
        before = self._look
        if look == before:
            return
        self._apply(look)
        self.context.state.undo.push(label, lambda: self._apply(before), lambda: self._apply(look))

    def bring(self, look: TableLook) -> None:
        """Look otherwise as a part of another step of undo."""
        self._take_widths()
        self._apply(look)

    def put(self, columns: tuple[TableColumn, ...], label: str = "Columns") -> None:
        """Show other columns."""
        self.change(replace(self._look, columns=columns), label)

    def reset(self) -> None:
        """Back to the columns that follow what the runs have, written and as wide as the table likes."""
        self.change(TableLook(group=self._look.group), "Columns")

    def group(self, by: GroupBy) -> None:
        """Group the runs in another way."""
        self.change(replace(self._look, group=by), "Grouping")

    def group_by(self, field: FieldRef) -> None:
        """A further level of groups, or one less when there is one for the field."""
        by = self._look.group
        left = tuple(other for other in by.fields if other != field)
        self.group(replace(by, fields=left if field in by.fields else (*by.fields, field)))

    def format(self, column: TableColumn, chosen: ColumnFormat) -> None:
        """Write and colour a column otherwise."""
        formats = {id: other for id, other in self._look.formats.items() if id != column.id}
        if chosen != PLAIN:
            formats[column.id] = chosen
        self.change(replace(self._look, formats=formats), f"Format of {column.title}")

    def colour(self, column: TableColumn, colouring: Colouring) -> None:
        """Give the cells of a column a ground by their values."""
        self.format(column, replace(self._look.formats.get(column.id, PLAIN), colouring=colouring))

    def pin(self, column: TableColumn, *, pinned: bool) -> None:
        """Keep a column at the left while the others are scrolled, or let it go."""
        ids = tuple(id for id in self._look.pinned if id != column.id)
        ids = (*ids, column.id) if pinned else ids
        columns = pinned_first(self.table.shown_columns(), ids)
        self.change(replace(self._look, columns=columns, pinned=ids), f"{'Pin' if pinned else 'Unpin'} {column.title}")

    def replace_column(self, column: TableColumn, other: TableColumn) -> None:
        """Show another figure of a metric in a column's place; its format stays with it."""
        columns = self.table.shown_columns()
        if other in columns:
            return
        formats = {other.id if id == column.id else id: chosen for id, chosen in self._look.formats.items()}
        pinned = tuple(other.id if id == column.id else id for id in self._look.pinned)
        shown = tuple(other if c == column else c for c in columns)
        self.change(replace(self._look, columns=shown, formats=formats, pinned=pinned), "Figure")

    def insert_after(self, column: TableColumn, other: TableColumn) -> None:
        """Show a column behind another."""
        columns = [*self.table.shown_columns()]
        columns.insert(columns.index(column) + 1, other)
        self.put(tuple(columns))

    def hide(self, column: TableColumn) -> None:
        """Show a column no longer."""
        self.put(tuple(c for c in self.table.shown_columns() if c != column))

    def move(self, column: TableColumn, by: int) -> None:
        """Put a column `by` places further right."""
        columns = [*self.table.shown_columns()]
        place = columns.index(column)
        columns.insert(max(0, min(len(columns) - 1, place + by)), columns.pop(place))
        self.put(pinned_first(tuple(columns), self._look.pinned))

    def _apply(self, look: TableLook) -> None:
        self._resized.stop()
        before, self._look = self._look, look
        self.table.set_widths(dict(look.widths))
        self.table.runs.set_formats(look.formats)
        self.table.set_pinned(look.pinned)
        columns = pinned_first(look.columns or self._default, look.pinned)
        if columns and columns != self.table.shown_columns():
            self.table.set_columns(columns)
        elif look.widths != before.widths:
            self.table.show_widths()
        self.groups.show(look.group)
        self.changed.emit()

    # --- by hand on the header ---------------------------------------------------------------------------------

    def _on_moved(self) -> None:
        shown = self.table.shown_columns()
        columns = pinned_first(shown, self._look.pinned)
        if columns == pinned_first(self._look.columns or self._default, self._look.pinned):
            if columns != shown:
                self.table.set_columns(columns)
            return
        self.put(columns, "Move a column")

    def _take_widths(self) -> None:
        self._resized.stop()
        widths = self.table.widths()
        if widths != self._look.widths:
            before, self._look = self._look, replace(self._look, widths=widths)
            after = self._look
            self.context.state.undo.push("Column width", lambda: self._apply(before), lambda: self._apply(after))

    # --- what asks first ---------------------------------------------------------------------------------------

    def open_chooser(self, corner: QPoint) -> ColumnChooser:
        """Offer every field as a column; the popup's upper right corner lies at `corner`."""
        from runfolio.desktop.column_chooser import ColumnChooser

        chooser = ColumnChooser(self.context, self)
        chooser.open_at(corner)
        return chooser

    def open_grouping(self, corner: QPoint) -> None:
        """Ask what to group by; the popup's upper right corner lies at `corner`."""
        from runfolio.desktop.group_popup import GroupPopup

        GroupPopup(self.context, self).open_at(corner)

    def ask_format(self, column: TableColumn) -> None:
        """Ask how the numbers of a column are written; nothing for columns without numbers."""
        from runfolio.desktop.format_popup import FormatPopup

        if self.table.runs.is_number(column):
            FormatPopup(self, column).open_below_header()
        else:
            self.context.say.info(f"{column.title} holds no numbers.")

    def derive(self, column: TableColumn | None = None) -> None:
        """Ask for the arithmetic of a column; that of `column` is changed, None makes a new one."""
        from runfolio.desktop.derived_popup import DerivedPopup

        DerivedPopup(self, column).open_over()

    def align(self, metric: str = "") -> None:
        """Show metrics of several names as one; `metric` is the one to begin with."""
        from runfolio.desktop.align_dialog import AlignDialog

        window = self.table.window()
        dialog = window.findChild(AlignDialog, "align-metrics") or AlignDialog(self.context, window)
        dialog.show_metric(metric)

    def _open_header_menu(self, column: TableColumn, at: QPoint) -> None:
        from runfolio.desktop.column_menu import open_column_menu

        open_column_menu(self, column, at)

    # --- choices that look at the runs -------------------------------------------------------------------------

    def hide_constant(self) -> None:
        """Hide the columns in which all runs of the scope agree."""
        columns = self.table.shown_columns()
        keys = self.context.state.scope_keys

        def take(constant: frozenset[TableColumn]) -> None:
            if not constant:
                self.context.say.info("No column is the same for all runs in view.")
                return
            self.put(tuple(column for column in columns if column not in constant), "Hide constant columns")
            names = sorted(column.title for column in constant)
            more = f" and {count(len(names) - NAMED)} more" if len(names) > NAMED else ""
            self._tell(f"{count(len(constant))} constant columns hidden: {', '.join(names[:NAMED])}{more}")

        self.context.jobs.query(
            "constant-columns",
            lambda workspace: frozenset(
                column
                for column in columns
                if not column.is_name and not column.curve and _is_constant(workspace.column(column.field, keys))
            ),
            take,
        )

    def only_varying(self) -> None:
        """Of the params show those in which runs of the scope differ, and no others."""
        columns = self.table.shown_columns()
        keys = self.context.state.scope_keys

        def take(names: tuple[str, ...]) -> None:
            # Thousands may vary: no list is searched once for each.
            varying = dict.fromkeys(TableColumn(FieldRef(FieldKind.PARAM, name)) for name in names)
            kept = [column for column in columns if column.field.kind is not FieldKind.PARAM or column in varying]
            params = [place for place, column in enumerate(kept) if column.field.kind is FieldKind.PARAM]
            after = params[-1] + 1 if params else len(kept)
            there = set(kept)
            new = [column for column in varying if column not in there]
            self.put((*kept[:after], *new, *kept[after:]), "Only params that vary")
            told = f"{count(len(names))} param{'' if len(names) == 1 else 's'} vary" if names else "No param varies"
            self._tell(
                f"{told.replace('1 param vary', '1 param varies')} among the {counted(len(keys), 'run')} in view."
            )

        self.context.jobs.query("varying-params", lambda workspace: workspace.varying_params(keys), take)

    def metrics_only(self) -> None:
        """Show what the runs measured: name, status and the metrics that most runs share."""
        from runfolio.desktop.column_presets import metric_columns

        self.context.jobs.query(
            "metric-columns",
            lambda workspace: metric_columns(workspace.fields()),
            lambda columns: self.put(columns, "Metrics"),
        )

    def _tell(self, text: str) -> None:
        self.context.say.info(text, action="Undo", call=lambda: self.context.commands.run("edit.undo"))


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
