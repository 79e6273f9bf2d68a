"""What a click on a header does to the order, and how a header shows it."""

from __future__ import annotations

from runfolio.desktop.columns import TableColumn
from runfolio.model.query import SortKey


def next_sort(sort: tuple[SortKey, ...], column: TableColumn, *, added: bool) -> tuple[SortKey, ...]:
    """The order after a click on a header: best first, the other way round, not at all.

    added   True keeps the other keys and puts a new one behind them.
    """
    first = SortKey(column.field, column.best_first_is_descending)
    second = SortKey(column.field, not column.best_first_is_descending)
    there = next((key for key in sort if key.field == column.field), None)
    new = first if there is None else second if there == first else None
    if not added:
        return () if new is None else (new,)
    if there is None:
        return (*sort, first)
    replaced = (new if key.field == column.field else key for key in sort)
    return tuple(key for key in replaced if key is not None)


def sort_mark(column: TableColumn, sort: tuple[SortKey, ...]) -> str:
    """An arrow, with the rank where there are several keys: ` ↓`, ` ↑2`."""
    if column.curve:
        return ""
    for rank, key in enumerate(sort, start=1):
        if key.field == column.field:
            return f" {'↓' if key.descending else '↑'}{rank if len(sort) > 1 else ''}"
    return ""
