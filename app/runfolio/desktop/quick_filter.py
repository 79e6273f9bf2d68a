"""Filters made from a cell: only this, not this, greater, less, has no value; appended to the text of the filter."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QMenu

from runfolio.desktop.columns import TableColumn
from runfolio.desktop.commands import Command
from runfolio.desktop.context import Context
from runfolio.desktop.run_list import RunList
from runfolio.errors import FilterSyntax
from runfolio.model import display
from runfolio.model.answers import CellKind
from runfolio.model.query import number_text

_EPOCH = dt.datetime(1970, 1, 1)  # in UTC, as filters take times
EXACT = 2.0**53
SHOWN = 40
"""Characters of a value that a menu shows."""


@dataclass(frozen=True, slots=True)
class QuickFilter:
    """A way to filter by a cell: its command, what the menu says, and what stands behind the field's name.

    negated   the whole is turned round.
    """

    id: str
    title: str
    behind: str
    negated: bool = False

    def condition(self, name: str) -> str:
        """The filter, for a field as it is typed."""
        return f"not ({name} {self.behind})" if self.negated else f"{name} {self.behind}"


def added(where: str, condition: str) -> str:
    """A filter that asks for a condition besides what it asks already; the text that was typed stays as it is."""
    if not where.strip():
        return condition
    # Here and below: a window makes the commands at its start, and the filters when they are asked for.
    from runfolio.model.expression import Either
    from runfolio.model.filter_text import parse

    try:
        loose = isinstance(parse(where), Either)
    except FilterSyntax:
        return condition
    return f"({where}) and {condition}" if loose else f"{where} and {condition}"


def quick_filters(kind: CellKind, value: object, text: str | None = None) -> tuple[QuickFilter, ...]:
    """What may be asked for from a cell with this value, and its text as written where that says more."""
    from runfolio.model.filter_print import quote_value

    having = (
        QuickFilter("filter.null", "Has no value", "is null"),
        QuickFilter("filter.given", "Has a value", "is not null"),
    )
    if value is None or value == ():
        return having
    if isinstance(value, tuple) and len(value) > 1:
        several = [str(part) for part in value]
        return (*_equal(", ".join(several), f"in ({', '.join(quote_value(part) for part in several)})"), *having)
    if isinstance(value, float | int) and not isinstance(value, bool):
        return (*_numbers(kind, value, text), *having)
    one = str(value[0]) if isinstance(value, tuple) else str(value)
    return (*_equal(one, f"= {quote_value(one)}"), *having)


def _equal(shown: str, behind: str) -> tuple[QuickFilter, ...]:
    words = display.plain(shown, SHOWN)
    if behind.startswith("= "):
        other = QuickFilter("filter.not", f"Not {words}", f"!{behind}")
    else:
        other = QuickFilter("filter.not", f"Not {words}", behind, negated=True)
    return QuickFilter("filter.only", f"Only {words}", behind), other


def _numbers(kind: CellKind, value: float, text: str | None) -> tuple[QuickFilter, ...]:
    if isinstance(value, float) and math.isnan(value):
        return _equal("NaN", "= nan")
    typed = f"'{_EPOCH + dt.timedelta(microseconds=int(value))}'" if kind is CellKind.TIME else number_text(value)
    if text is not None and abs(value) >= EXACT and text.lstrip("+-").isdecimal():
        # Neighbouring whole numbers of this size are one float64: only the text tells them apart.
        typed = text
    shown = text or typed.strip("'")
    words = display.plain(shown, SHOWN)
    return (
        *_equal(shown, f"= {typed}"),
        QuickFilter("filter.at-least", f"Greater or equal {words}", f">= {typed}"),
        QuickFilter("filter.at-most", f"Less or equal {words}", f"<= {typed}"),
    )


class QuickFilters:
    """The commands of a runs table that filter by its current cell, and their part of its menu."""

    def __init__(self, context: Context, table: RunList) -> None:
        self._context = context
        self._table = table
        commands = context.commands
        for id, title, keys in _COMMANDS:
            commands.add(
                Command(id, title, self._giver(id), keys, "Filter by the cell", "filter", self._has_cell, local=True)
            )
        commands.attach(table, *(id for id, _, _ in _COMMANDS))

    def fill(self, menu: QMenu) -> None:
        """Put what the current cell offers into a menu."""
        column = self._column()
        if column is None:
            return
        menu.addSeparator()
        # A section's title is not drawn under a style sheet.
        menu.addAction(f"Filter by {display.plain(column.title, SHOWN)}".replace("&", "&&")).setEnabled(False)
        for offered in self._offered():
            action = menu.addAction(offered.title.replace("&", "&&"))
            action.setObjectName(offered.id)
            action.setShortcut(self._context.commands.action(offered.id).shortcut())
            action.triggered.connect(lambda _checked=False, chosen=offered: self._take(chosen))

    def _giver(self, id: str) -> Callable[[], None]:
        return lambda: self.give(id)

    def give(self, id: str) -> None:
        """Filter by the current cell in the way of that command."""
        for offered in self._offered():
            if offered.id == id:
                self._take(offered)
                return
        self._context.say.info("The current cell has no such filter.", hint="Numbers have an order, texts have none.")

    def _take(self, chosen: QuickFilter) -> None:
        column = self._column()
        if column is None:
            return
        field = column.field
        state = self._context.state

        def named(name: str) -> None:
            state.end_typing()
            state.set_where(added(state.scope.where, chosen.condition(name)))

        self._context.jobs.query("quick-filter", lambda workspace: workspace.filter_name(field), named)

    def _has_cell(self) -> bool:
        return self._column() is not None

    def _column(self) -> TableColumn | None:
        cell = self._table.currentIndex()
        return self._table.runs.columns[cell.column()] if cell.isValid() else None

    def _offered(self) -> Sequence[QuickFilter]:
        cell = self._table.currentIndex()
        if not cell.isValid():
            return ()
        return offered_by(self._table, cell.row(), cell.column())


def offered_by(table: RunList, row: int, section: int) -> Sequence[QuickFilter]:
    """The filters that a cell of the table offers."""
    _, column, value, text = table.runs.cell(row, section)
    line = table.runs.line(row)
    if column.curve or (line is not None and line.is_group and not table.runs.texts.is_common(line, column)):
        return ()
    return quick_filters(table.runs.kind(column), value, text if isinstance(value, float) else None)


_COMMANDS = (
    ("filter.only", "Only runs with the value of the current cell", ("=",)),
    ("filter.not", "No runs with the value of the current cell", ("!",)),
    ("filter.at-least", "Only runs with that value or a greater one", (">",)),
    ("filter.at-most", "Only runs with that value or a smaller one", ("<",)),
    ("filter.null", "Only runs without a value in this column", ("0",)),
    ("filter.given", "Only runs with a value in this column", ()),
)
