"""The runs table as typed columns, for what is written or copied elsewhere."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from runfolio.model import times
from runfolio.model.answers import CellKind, Column
from runfolio.model.params import as_number
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


@dataclass(frozen=True)
class Block:
    """Some rows of a sheet, column by column; each of these lists has `rows` entries.

    cells   typed.
    texts   in full precision: a param as its file wrote it, "" where there is none, times in UTC.

    written_as   by the place of a column what its params are in each run ("bool", "null" and others); where it is
                 known, what was written `true` is True, `null` has no value, and a number is one among texts as well.
    """

    rows: int
    columns: tuple[Column, ...]
    written_as: Mapping[int, Sequence[str | None]] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[CellKind, ...]:
        """Of each column."""
        return tuple(column.kind for column in self.columns)

    @cached_property
    def cells(self) -> tuple[list[Cell], ...]:
        """A list for each column."""
        return tuple(
            _typed(_cells(column), self.written_as[place]) if place in self.written_as else _cells(column)
            for place, column in enumerate(self.columns)
        )

    @cached_property
    def texts(self) -> tuple[list[str], ...]:
        """A list for each column."""
        return tuple(_texts(column) for column in self.columns)


def _cells(column: Column) -> list[Cell]:
    if column.texts is None:
        if column.kind in (CellKind.NUMBER, CellKind.DURATION, CellKind.TEXT, CellKind.STATUS):
            return [value if isinstance(value, float | str | int) else None for value in column.values]
        return [_other(column.kind, value) for value in column.values]
    return [
        None if value is None else _written(value, text)
        for value, text in zip(column.values, column.texts, strict=True)
    ]


def _typed(cells: Sequence[Cell], kinds: Sequence[str | None]) -> list[Cell]:
    return [_of_kind(cell, kind) if isinstance(cell, str) else cell for cell, kind in zip(cells, kinds, strict=True)]


def _of_kind(text: str, kind: str | None) -> Cell:
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    # Among texts, where numbers are few.
    number = as_number(text) if kind in ("int", "float") else None
    return text if number is None else _written(number, text)


def _other(kind: CellKind, value: object) -> Cell:
    if kind is CellKind.TIME and isinstance(value, int):
        return None if times.checked(value) is None else _EPOCH + dt.timedelta(microseconds=value)
    return tuple(str(part) for part in value) if isinstance(value, tuple) else None


def _written(value: object, text: str | None) -> Cell:
    if text is None:
        return value if isinstance(value, float | str) else str(value)
    if isinstance(value, float):
        return int(text) if _WHOLE.fullmatch(text) else value
    return text


def _texts(column: Column) -> list[str]:
    written = column.texts or (None,) * len(column.values)
    return [
        "" if value is None else text if text is not None else _text(column.kind, value)
        for value, text in zip(column.values, written, strict=True)
    ]


def _text(kind: CellKind, value: object) -> str:
    if isinstance(value, float):
        return repr(value)
    if kind is CellKind.TIME and isinstance(value, int):
        return times.to_iso(value) or ""
    return ", ".join(str(part) for part in value) if isinstance(value, tuple) else str(value)


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
