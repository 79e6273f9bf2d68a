"""The runs table as typed columns, for what is written or copied elsewhere."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from runfolio.model import times
from runfolio.model.answers import CellKind, Column
from runfolio.model.query import FieldRef

Cell: TypeAlias = str | float | int | bool | dt.datetime | tuple[str, ...] | None
"""A value as it is: int where the file has a whole number, a datetime in UTC for an instant, a tuple for tags."""

_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]{0,300})")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A field and what stands above it."""

    field: FieldRef
    title: str


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a sheet, column by column.

    cells   a list for each column, all of `rows` entries.
    texts   the same as text in full precision: a param as its file wrote it, "" where there is none.
    kinds   of each column.
    """

    rows: int
    kinds: tuple[CellKind, ...]
    cells: tuple[list[Cell], ...]
    texts: tuple[list[str], ...]


def block(columns: Sequence[Column], rows: int) -> Block:
    """What the index answered, as typed cells."""
    return Block(
        rows,
        tuple(column.kind for column in columns),
        tuple([cell(column, row) for row in range(rows)] for column in columns),
        tuple([text(column, row) for row in range(rows)] for column in columns),
    )


def cell(column: Column, row: int) -> Cell:
    """One value, typed."""
    value = column.values[row]
    if value is None:
        return None
    written = None if column.texts is None else column.texts[row]
    if column.kind is CellKind.TIME and isinstance(value, int):
        return None if times.checked(value) is None else _EPOCH + dt.timedelta(microseconds=value)
    if isinstance(value, tuple):
        return tuple(str(part) for part in value)
    if written is not None:
        if isinstance(value, float) and _WHOLE.fullmatch(written):
            return int(written)
        return value if isinstance(value, float) else written
    return value if isinstance(value, str | float | int) else str(value)


def text(column: Column, row: int) -> str:
    """The same in full precision and on one line of text; times in UTC."""
    value = column.values[row]
    if value is None:
        return ""
    if column.texts is not None and (written := column.texts[row]) is not None:
        return written
    if column.kind is CellKind.TIME and isinstance(value, int):
        return times.to_iso(value) or ""
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return repr(value) if isinstance(value, float) else str(value)


def told_apart(columns: Sequence[SheetColumn]) -> tuple[SheetColumn, ...]:
    """The columns with no title twice: the kind of the field, then a number, stands behind those that are.

    >>> from runfolio.model.query import FieldKind
    >>> [c.title for c in told_apart([SheetColumn(FieldRef(k, "lr"), "lr") for k in (FieldKind.PARAM, FieldKind.TAG)])]
    ['lr (param)', 'lr (tag)']
    """
    often = [column.title for column in columns]
    named = [
        f"{column.title} ({column.field.kind})" if often.count(column.title) > 1 else column.title for column in columns
    ]
    seen: dict[str, int] = {}
    made: list[SheetColumn] = []
    for column, title in zip(columns, named, strict=True):
        seen[title] = seen.get(title, 0) + 1
        made.append(SheetColumn(column.field, title if seen[title] == 1 else f"{title} {seen[title]}"))
    return tuple(made)


def plain_cell(value: Cell) -> str | float | int | bool | list[str] | None:
    """A cell as JSON can hold it: instants as ISO texts, NaN and infinities as words."""
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple):
        return [*value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
