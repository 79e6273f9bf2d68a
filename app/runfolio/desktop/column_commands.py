"""The commands of the table's columns and groups; those with a shortcut of arrows work on the current column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QPoint

from runfolio.desktop.column_presets import ask_for_preset
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.commands import Command
from runfolio.desktop.context import Context
from runfolio.desktop.run_columns import RunColumns

WIDER = 24
LOCAL = (
    "columns.menu",
    "columns.left",
    "columns.right",
    "columns.wider",
    "columns.narrower",
    "columns.fit",
    "columns.pin",
    "columns.format",
    "groups.here",
)


def add_column_commands(context: Context, columns: RunColumns) -> None:
    """Make them known, and let the local ones work in the table."""
    table = columns.table

    def some() -> bool:
        return table.runs.rowCount() > 0

    def here(call: Callable[[TableColumn], None]) -> Callable[[], None]:
        def run() -> None:
            place = table.currentIndex().column()
            shown = table.runs.columns
            if shown:
                call(shown[place] if 0 <= place < len(shown) else table.shown_columns()[0])

        return run

    def menu(column: TableColumn) -> None:
        head = table.horizontalHeader()
        x = head.sectionViewportPosition(table.runs.columns.index(column))
        table.header_asked.emit(column, head.mapToGlobal(QPoint(max(0, x), head.height())))

    def resize(by: int, column: TableColumn) -> None:
        place = table.runs.columns.index(column)
        table.setColumnWidth(place, max(table.horizontalHeader().minimumSectionSize(), table.columnWidth(place) + by))

    def group_here(column: TableColumn) -> None:
        if not column.curve:
            columns.group_by(column.field)

    rows: tuple[tuple[str, str, Callable[[], None], tuple[str, ...], str], ...] = (
        ("columns.menu", "Menu of the current column", here(menu), ("Alt+Down",), "columns-3"),
        ("columns.left", "Move the current column left", here(lambda c: columns.move(c, -1)), ("Alt+Left",), ""),
        ("columns.right", "Move the current column right", here(lambda c: columns.move(c, 1)), ("Alt+Right",), ""),
        ("columns.wider", "Widen the current column", here(partial(resize, WIDER)), ("Alt+Shift+Right",), ""),
        ("columns.narrower", "Narrow the current column", here(partial(resize, -WIDER)), ("Alt+Shift+Left",), ""),
        ("columns.fit", "Fit the current column to its cells in view", here(table.fit), ("Alt+F",), ""),
        (
            "columns.pin",
            "Pin or unpin the current column",
            here(lambda c: columns.pin(c, pinned=c.id not in columns.look.pinned)),
            ("Alt+P",),
            "",
        ),
        ("columns.format", "Number format of the current column…", here(columns.ask_format), ("Alt+N",), ""),
        ("groups.here", "Group by the current column, or no longer", here(group_here), ("G",), "group"),
    )
    for id, title, call, keys, icon in rows:
        context.commands.add(Command(id, title, call, keys, "Columns and groups", icon, some, local=True))
    context.commands.attach(table, *LOCAL)

    def grouped() -> bool:
        return columns.look.group.active

    def replicates() -> None:
        by = columns.look.group
        columns.group(replace(by, replicates=not by.replicates))

    others: tuple[tuple[str, str, Callable[[], None], tuple[str, ...], str, Callable[[], bool]], ...] = (
        ("columns.varying", "Show only params that vary", columns.only_varying, ("Ctrl+Shift+V",), "filter", some),
        ("columns.derive", "Derived column…", columns.derive, (), "plus", some),
        ("columns.metrics", "Show the metrics", columns.metrics_only, (), "chart-line", some),
        ("columns.constant", "Hide constant columns", columns.hide_constant, (), "eye-off", some),
        ("columns.reset", "Reset the columns", columns.reset, (), "undo-2", some),
        ("columns.save-preset", "Save these columns…", lambda: ask_for_preset(columns), (), "star", some),
        ("groups.replicates", "Group replicates, or no longer", replicates, ("Ctrl+Shift+R",), "group", some),
        (
            "groups.open",
            "Open all groups",
            partial(columns.groups.fold_all, opened=True),
            ("Ctrl+Shift+Down",),
            "",
            grouped,
        ),
        (
            "groups.close",
            "Close all groups",
            partial(columns.groups.fold_all, opened=False),
            ("Ctrl+Shift+Up",),
            "",
            grouped,
        ),
        (
            "groups.none",
            "No grouping",
            lambda: columns.group(replace(columns.look.group, fields=(), replicates=False)),
            (),
            "x",
            grouped,
        ),
    )
    for id, title, call, keys, icon, enabled in others:
        context.commands.add(Command(id, title, call, keys, "Columns and groups", icon, enabled))
    context.commands.add(
        Command("metrics.align", "Align metric names…", columns.align, (), "Columns and groups", "link")
    )
