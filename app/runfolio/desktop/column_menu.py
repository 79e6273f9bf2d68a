"""The menu of a column's header: order, figure, direction, format, place."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from runfolio.desktop.column_figures import fill_figure_menu
from runfolio.desktop.column_format import Colouring
from runfolio.desktop.column_hands import ColumnHands
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.direction_choice import fill_direction_menu
from runfolio.model.query import FieldKind, FieldRef, SortKey


def open_column_menu(columns: ColumnHands, column: TableColumn, at: QPoint) -> QMenu:
    """Show the menu of `column` at a global position."""
    menu = QMenu(columns.table)
    menu.setObjectName("column-menu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    commands = columns.context.commands
    if not column.curve:
        _add_order(menu, columns, column)
    if column.field.kind is FieldKind.METRIC:
        _add_metric(menu, columns, column)
    if column.field.kind is FieldKind.DERIVED:
        menu.addAction("Edit the expression…", partial(columns.derive, column))
    if not column.is_name and not column.curve:
        _add_writing(menu, columns, column)
        by = columns.look.group
        verb = "Do not group by this" if column.field in by.fields else "Group by this"
        menu.addAction(verb, partial(columns.group_by, column.field))
        menu.addSeparator()
    pinned = column.id in columns.look.pinned
    menu.addAction("Unpin" if pinned else "Pin at the left", partial(columns.pin, column, pinned=not pinned))
    menu.addAction("As wide as its cells in view", partial(columns.table.fit, column))
    if not column.is_name:
        menu.addAction("Hide this column", partial(columns.hide, column))
    menu.addSeparator()
    for id in ("columns.choose", "columns.varying", "columns.constant", "columns.reset"):
        menu.addAction(commands.action(id))
    menu.popup(at)
    return menu


def _add_order(menu: QMenu, columns: ColumnHands, column: TableColumn) -> None:
    state = columns.context.state
    for words, descending in (("Sort ascending", False), ("Sort descending", True)):
        key = SortKey(column.field, descending)
        _checked(menu.addAction(words, partial(state.set_sort, (key,))), on=key in state.scope.sort)
    menu.addSeparator()


def _add_metric(menu: QMenu, columns: ColumnHands, column: TableColumn) -> None:
    curve = TableColumn(FieldRef(FieldKind.METRIC, column.field.name), curve=True)
    if not column.curve:
        fill_figure_menu(menu.addMenu("Figure"), columns, column)
        if curve not in columns.table.shown_columns():
            menu.addAction("Add a column with its curve", partial(columns.insert_after, column, curve))
    fill_direction_menu(menu.addMenu("Better is"), columns.context, column.field.name)
    menu.addAction("Align with other names…", partial(columns.align, column.field.name))
    menu.addSeparator()


def _add_writing(menu: QMenu, columns: ColumnHands, column: TableColumn) -> None:
    if not columns.table.runs.is_number(column):
        return
    chosen = columns.look.formats.get(column.id)
    colours = menu.addMenu("Colour")
    for colouring in Colouring:
        action = colours.addAction(colouring.value.capitalize(), partial(columns.colour, column, colouring))
        _checked(action, on=colouring is (Colouring.NONE if chosen is None else chosen.colouring))
    menu.addAction("Number format…", partial(columns.ask_format, column))
    menu.addSeparator()


def _checked(action: QAction, *, on: bool) -> None:
    action.setCheckable(True)
    action.setChecked(on)
