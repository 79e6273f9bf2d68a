"""A table of logged values as columns: each holds what was found in it and nothing for cells that were not.

Files are hardly ever rectangular: a JSON line has the keys that were logged with it, a CSV row may be cut off. So a
column keeps the rows it has values in, and the memory of a table is bound by the size of its file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from runfolio.model.metrics import Floats, Ints
from runfolio.model.params import Json
from runfolio.model.problem import Problem

NO_VALUE = frozenset({"", "NA", "N/A", "n/a", "<NA>", "#N/A", "NaT", "NULL", "null", "None", "none", "-", "--"})
"""How writers of text tables say that a cell has no value. NaN is a value."""

LARGEST_EXACT = 2.0**53
"""Whole numbers past this are not all float64; their text is kept beside the number."""

_TRUTH = {"true": 1.0, "false": 0.0}
_DECIMAL_COMMA = re.compile(r"([+-]?\d*),(\d+(?:[eE][+-]?\d+)?)")
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column.

    rows      int64 (n,), ascending: rows whose cell is a number, NaN and infinities among them. True is 1, False 0.
    numbers   float64 (n,), their values.
    words     what the cells say that are no numbers, and whole numbers past float64, by row.
    bad       how many cells hold something that is no number.
    """

    rows: Ints
    numbers: Floats
    words: Mapping[int, str]
    bad: int


@dataclass(slots=True)
class Table:
    """Columns by name in the order of the file, the number of rows that were kept, and what was wrong."""

    columns: dict[str, TableColumn] = field(default_factory=dict)
    rows: int = 0
    problems: list[Problem] = field(default_factory=list)


class ColumnBuilder:
    """A column in the making, cell by cell."""

    __slots__ = ("bad", "numbers", "rows", "words")

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.numbers: list[float] = []
        self.words: dict[int, str] = {}
        self.bad = 0

    def add_text(self, row: int, cell: str, *, decimal_comma: bool) -> None:
        """A cell of a text table. Empty ones and those that say NA are nothing."""
        cell = cell.strip()
        if cell in NO_VALUE:
            return
        number = number_in(cell, decimal_comma=decimal_comma)
        if number is None:
            self.words[row] = cell
            self.bad += 1
            return
        if abs(number) >= LARGEST_EXACT:
            self.words[row] = cell
        self.rows.append(row)
        self.numbers.append(number)

    def add_json(self, row: int, value: Json) -> None:
        """A value of a JSON row. Text is no number unless it spells NaN or an infinity, which JSON has no form for."""
        if value is None:
            return
        number = _json_number(value)
        if isinstance(value, str) or (isinstance(value, int) and number is not None and abs(number) >= LARGEST_EXACT):
            self.words[row] = value if isinstance(value, str) else _digits(value)
        if number is None:
            self.bad += 1
            return
        self.rows.append(row)
        self.numbers.append(number)

    def build(self) -> TableColumn:
        """The column."""
        rows = np.asarray(self.rows, dtype=np.int64)
        return TableColumn(rows, np.asarray(self.numbers, dtype=np.float64), self.words, self.bad)


def number_in(cell: str, *, decimal_comma: bool = False) -> float | None:
    """The number that the whole of a stripped cell spells, True and False as 1 and 0; None when it spells none."""
    if decimal_comma and "," in cell:
        cell = _DECIMAL_COMMA.sub(r"\1.\2", cell) if _DECIMAL_COMMA.fullmatch(cell) else cell
    # Python also takes 1_000 and digits of other scripts; no writer of numbers means them.
    if "_" in cell or not cell.isascii():
        return None
    try:
        return float(cell)
    except ValueError:
        return _TRUTH.get(cell.lower())


def from_rows(rows: Iterable[tuple[int, Mapping[str, Json]]]) -> dict[str, TableColumn]:
    """Columns of JSON objects, each with its row; keys of nested objects are joined with dots."""
    builders: dict[str, ColumnBuilder] = {}
    for row, fields in rows:
        for name, value in flat(fields):
            builder = builders.get(name)
            if builder is None:
                builder = builders[name] = ColumnBuilder()
            builder.add_json(row, value)
    return {name: builder.build() for name, builder in builders.items()}


def flat(fields: Mapping[str, Json], prefix: str = "", depth: int = 0) -> Iterable[tuple[str, Json]]:
    """The leaves of a JSON object with dotted names; what is nested deeper than 16 levels stays a leaf."""
    for key, value in fields.items():
        if isinstance(value, dict) and value and depth < _DEEPEST:
            yield from flat(value, f"{prefix}{key}.", depth + 1)
        else:
            yield prefix + key, value


def _json_number(value: Json) -> float | None:
    if isinstance(value, int | float):  # booleans among them
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, str) and value.strip().lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return float(value)
    return None


def _digits(value: int) -> str:
    # Python refuses to write out integers of thousands of digits; they are past every use here.
    return str(value) if value.bit_length() < 1024 else ""
