"""Values of the runs table as text: for people, and exact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from runfolio.model import display, times
from runfolio.model.answers import CellKind, Column
from runfolio.model.query import Aggregate, FieldKind, FieldRef
from runfolio.model.run import status_words


def title(field: FieldRef) -> str:
    """A column's heading: the name, with the aggregate where it is not simply the last value."""
    if field.kind is FieldKind.METRIC and field.aggregate is not Aggregate.LAST:
        return f"{field.name} ({field.figure_words})"
    return field.name


def human(column: Column, row: int) -> str:
    """A cell as a person reads it; empty where there is no value."""
    value = column.values[row]
    if value is None:
        return ""
    if column.texts is not None and column.texts[row] is not None:
        return str(column.texts[row])
    if column.kind is CellKind.TIME and isinstance(value, int):
        moment = dt.datetime.fromtimestamp(value / 1e6, tz=dt.UTC).astimezone()
        return moment.strftime("%Y-%m-%d %H:%M")
    if column.kind is CellKind.DURATION and isinstance(value, float):
        return display.duration(value)
    if column.kind is CellKind.TAGS and isinstance(value, tuple):
        return ", ".join(str(v) for v in value)
    if isinstance(value, float):
        return display.number(value)
    return status_words(str(value)) if column.kind is CellKind.STATUS else str(value)


def exact(column: Column, row: int) -> object:
    """A cell for machines: full precision, ISO times, lists of tags."""
    value = column.values[row]
    if column.texts is not None and column.kind is not CellKind.NUMBER:
        return column.texts[row]
    if column.kind is CellKind.TIME and isinstance(value, int):
        return times.to_iso(value)
    if isinstance(value, tuple):
        return [*value]
    return value


def exact_text(column: Column, row: int) -> str:
    """The same as one text, for CSV."""
    value = exact(column, row)
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(v) for v in value)
    return repr(value) if isinstance(value, float) else str(value)


def right_aligned(columns: Sequence[Column]) -> frozenset[int]:
    """Numbers of the columns whose digits should stand under each other."""
    return frozenset(i for i, c in enumerate(columns) if c.kind in (CellKind.NUMBER, CellKind.DURATION))


def aligned_notes(columns: Sequence[Column]) -> list[str]:
    """What to say of columns whose values stand under other names in some of the runs."""
    notes: list[str] = []
    for column in columns:
        others = [origin for origin in column.origins or () if origin]
        if others:
            kinds = ", ".join(dict.fromkeys(others))
            notes.append(f"{display.plain(column.field.name, 80)}: {len(others)} of the values come from {kinds}.")
    return notes
