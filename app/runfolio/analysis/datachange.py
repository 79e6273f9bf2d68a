"""What a comparison of two data files finds: frozen values for views, the command line and notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from runfolio.model.problem import Problem, Severity


class SchemaChange(StrEnum):
    """What became of a column."""

    SAME = "same"
    NEW = "new"
    REMOVED = "removed"
    RETYPED = "type changed"


class RowKind(StrEnum):
    """What became of a row."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One of the two files. `sha256` is that of its bytes, 64 hex digits."""

    path: str
    size_bytes: int
    sha256: str
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class ColumnStats:
    """One column of one file.

    nulls      rows without a value; an empty cell of a CSV file is one.
    nan        rows whose value is NaN.
    distinct   different values, null and NaN left out.
    low, high  lowest and highest value as text; None when there is none or they have no order worth telling.
    mean       of the finite values; None for what is no number.
    """

    rows: int
    nulls: int
    nan: int
    distinct: int
    low: str | None = None
    high: str | None = None
    mean: float | None = None

    @property
    def unique(self) -> bool:
        """Whether every row has a value of its own."""
        return self.rows > 0 and self.distinct == self.rows


OTHER = "other values"
"""The label of the bin that holds what is not counted value by value."""


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar before and after: a value, a range of values, or what is left. Counts are rows."""

    label: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """The same bins for both files, at most 20 and one more for other values; nulls and NaN left out.

    ordered   True for numbers and times, from low to high; False for texts, the most frequent first.
    ranges    True where a bin is a range of values rather than one value.
    """

    ordered: bool
    ranges: bool
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One column of either file; `before` or `after` is None where the column is not there.

    psi           population stability index; None for a column of one file only or too few values.
    changed_cells rows with the same key in which this column differs; None without a key, or for one file only.
    moved         the most telling change in a few words: "label 7: 10.0 % → 14.1 %", "nulls 0 → 2 140".
    """

    name: str
    schema: SchemaChange
    type_before: str | None
    type_after: str | None
    before: ColumnStats | None
    after: ColumnStats | None
    histogram: Histogram | None
    psi: float | None
    changed_cells: int | None
    moved: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A value before and after as text, cut at 200 characters; None is a null, or nothing on that side."""

    before: str | None
    after: str | None
    changed: bool


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that was added, removed or changed.

    cells    one for each of `DataDiff.row_columns`.
    times    without a key: how many equal rows were added or removed.
    """

    kind: RowKind
    cells: tuple[Cell, ...]
    times: int = 1


@dataclass(frozen=True, slots=True)
class DataDiff:
    """Two data files compared. All counts are exact; `rows` lists the first of each kind only.

    key           columns that say which rows belong together; () when no such columns were found, and rows are then
                  compared whole, so that a changed row counts as one removed and one added.
    key_guessed   whether the key was found rather than given.
    rows_changed  None without a key.
    row_columns   names of the columns in `rows`: the key's first, then the rest as they stand in the files.
    seconds       how long it took.
    """

    before: FileFacts
    after: FileFacts
    key: tuple[str, ...]
    key_guessed: bool
    columns: tuple[ColumnChange, ...]
    rows_added: int
    rows_removed: int
    rows_changed: int | None
    rows_same: int
    row_columns: tuple[str, ...]
    rows: tuple[RowChange, ...]
    problems: tuple[Problem, ...]
    seconds: float

    def columns_with(self, change: SchemaChange) -> tuple[ColumnChange, ...]:
        """The columns to which that happened."""
        return tuple(c for c in self.columns if c.schema is change)

    @property
    def largest_psi(self) -> ColumnChange | None:
        """The column that moved furthest; None when no column has an index."""
        measured = [c for c in self.columns if c.psi is not None]
        return max(measured, key=lambda c: c.psi or 0.0, default=None)

    @property
    def differs(self) -> bool:
        """Whether rows or columns differ, or rows were left out so that nobody can tell.

        The order of rows and columns does not count.
        """
        rows = self.rows_added or self.rows_removed or self.rows_changed
        left_out = any(problem.severity is Severity.ERROR for problem in self.problems)
        return bool(rows) or left_out or any(c.schema is not SchemaChange.SAME for c in self.columns)
