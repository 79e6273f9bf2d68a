"""The figures of a metric that a column may show, those that want a number asked for it."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QMenu

from runfolio.desktop.column_hands import ColumnHands
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.name_popup import NamePopup
from runfolio.model.query import PLAIN_AGGREGATES, Aggregate, FieldKind, FieldRef

_WHOLE = (
    (Aggregate.MEAN, "Mean of all points"),
    (Aggregate.STD, "Standard deviation of all points"),
    (Aggregate.SLOPE, "Slope over all points"),
)
_ASKED = (
    (Aggregate.MEAN, "Mean of the last…", "How many points, such as 10"),
    (Aggregate.STD, "Standard deviation of the last…", "How many points, such as 10"),
    (Aggregate.SLOPE, "Slope over the last…", "How many points, such as 10"),
    (Aggregate.AT, "At a step…", "A step, such as 1000"),
    (Aggregate.REACH, "Steps to reach…", "A value, such as 0.9"),
    (Aggregate.REACH_TIME, "Time to reach…", "A value, such as 0.9"),
)


def fill_figure_menu(menu: QMenu, columns: ColumnHands, column: TableColumn) -> None:
    """Every figure there is; the one in force has a tick."""
    for aggregate in PLAIN_AGGREGATES:
        _add(menu, columns, column, aggregate.value.capitalize(), aggregate)
    menu.addSeparator()
    for aggregate, words in _WHOLE:
        _add(menu, columns, column, words, aggregate)
    menu.addSeparator()
    for aggregate, words, hint in _ASKED:
        action = menu.addAction(words, partial(_ask, columns, column, aggregate, words, hint))
        action.setCheckable(True)
        action.setChecked(column.field.aggregate is aggregate and column.field.argument is not None)


def _add(menu: QMenu, columns: ColumnHands, column: TableColumn, words: str, aggregate: Aggregate) -> None:
    other = TableColumn(FieldRef(FieldKind.METRIC, column.field.name, aggregate))
    action = menu.addAction(words, partial(columns.replace_column, column, other))
    action.setCheckable(True)
    action.setChecked(other == column)


def _ask(columns: ColumnHands, column: TableColumn, aggregate: Aggregate, words: str, hint: str) -> None:
    def take(text: str) -> None:
        try:
            field = FieldRef(FieldKind.METRIC, column.field.name, aggregate, float(text.replace(",", ".")))
        except ValueError as error:
            columns.context.say.warning(f"{words.removesuffix('…')} {text}: {error}")
            return
        columns.replace_column(column, TableColumn(field))

    window = columns.table.window()
    NamePopup(f"{column.field.name}: {words}", hint, take, window).open_over(window)
