"""Each column of two tables: its figures, its distribution before and after, and how far it moved."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import duckdb
import numpy as np

from runfolio.analysis.datachange import OTHER, Bin, ColumnStats, Histogram
from runfolio.analysis.datafile import LoadedFile, TableColumn
from runfolio.analysis.datapairs import comparable_text
from runfolio.analysis.drift import categorical_psi, population_stability_index
from runfolio.errors import TooFewValues
from runfolio.model.display import number, plain
from runfolio.model.metrics import Floats

BINS = 20
_CATEGORIES = 50
_LABEL_CHARACTERS = 60
_AT_ONCE = 12


def column_stats(con: duckdb.DuckDBPyConnection, file: LoadedFile) -> dict[str, ColumnStats]:
    """The figures of every column, by name."""
    found = {}
    # Few columns at a time: each distinct count sets some 40 MB aside for a table of its own while the query runs.
    for start in range(0, len(file.columns), _AT_ONCE):
        columns = file.columns[start : start + _AT_ONCE]
        asked = ", ".join(part for c in columns for part in _figures(c))
        row = con.execute(f"select {asked} from {file.table}").fetchone()
        values = iter(cast("tuple[object, ...]", row))
        for column in columns:
            filled, nan, distinct, low, high, mean = (next(values) for _ in range(6))
            found[column.name] = ColumnStats(
                rows=file.rows,
                nulls=file.rows - cast(int, filled),
                nan=cast(int, nan),
                distinct=cast(int, distinct),
                low=_text(low),
                high=_text(high),
                mean=cast("float | None", mean),
            )
    return found


def _figures(column: TableColumn) -> tuple[str, ...]:
    ident = column.ident
    real = f"filter (not isnan({ident}))" if column.is_float else ""
    nan = f"count(*) filter (isnan({ident}))" if column.is_float else "0"
    distinct = f"count(distinct {ident}) {real}"
    if column.is_number:
        mean = f"avg({ident}) filter (isfinite({ident}))" if column.is_float else f"avg({ident}::double)"
        return (f"count({ident})", nan, distinct, f"min({ident}) {real}", f"max({ident}) {real}", mean)
    if column.is_time:
        return (f"count({ident})", nan, distinct, f"min({ident})::varchar", f"max({ident})::varchar", "null")
    return (f"count({ident})", nan, distinct, "null", "null", "null")


def _text(value: object) -> str | None:
    if value is None:
        return None
    return repr(value) if isinstance(value, float) else str(value)


Side: TypeAlias = tuple[LoadedFile, TableColumn]
"""A column of one of the files."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A column's distribution and how far it moved.

    psi      None for a column of one file only or too few values.
    spread   standard deviation of the finite values before, for a column of many numbers; else None.
    """

    histogram: Histogram | None
    psi: float | None
    spread: float | None = None


def shape(
    con: duckdb.DuckDBPyConnection,
    before: Side | None,
    after: Side | None,
    distinct: int,
) -> Shape:
    """The distribution of a column that is in one or both files.

    distinct   the larger number of different values of the two: up to 20, numbers are counted value by value.
    """
    both = before is not None and after is not None
    sides = [s for s in (before, after) if s is not None]
    if all(c.is_number or c.is_time or c.type == "NULL" for _, c in sides) and distinct > BINS:
        left, right = (_numbers(con, s) for s in (before, after))
        return Shape(
            histogram=_ranges(left, right, times=sides[0][1].is_time),
            psi=_numeric_psi(left, right) if both else None,
            spread=_spread(left),
        )
    if not all(c.is_plain for _, c in sides):
        return Shape(None, None)
    return _categories(con, before, after)


def _numbers(con: duckdb.DuckDBPyConnection, side: Side | None) -> Floats:
    """All values as float64 (n,): nulls are NaN, instants seconds since 1970."""
    if side is None:
        return np.empty(0)
    file, column = side
    if column.type == "NULL":
        return np.full(file.rows, np.nan)
    value = f"epoch({column.ident})" if column.is_time else f"{column.ident}::double"
    found = con.execute(f"select coalesce({value}, 'nan'::double) as v from {file.table}").fetchnumpy()
    return np.asarray(found["v"], dtype=np.float64)


def _spread(values: Floats) -> float | None:
    finite = values[np.isfinite(values)]
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(finite.std()) if len(finite) > 1 else math.nan
    return spread if math.isfinite(spread) else None


def _numeric_psi(before: Floats, after: Floats) -> float | None:
    try:
        return population_stability_index(before, after)
    except TooFewValues:
        return None


def _ranges(before: Floats, after: Floats, *, times: bool) -> Histogram | None:
    """Twenty equally wide ranges from the lowest to the highest finite value of both."""
    left, right = before[np.isfinite(before)], after[np.isfinite(after)]
    together = np.concatenate([left, right])
    if not len(together):
        return None
    low, high = float(together.min()), float(together.max())
    edges = np.linspace(low, high, BINS + 1)
    if not np.isfinite(edges).all() or not np.all(np.diff(edges) > 0):
        return None
    counts = [np.histogram(side, BINS, (low, high))[0] for side in (left, right)]
    return Histogram(
        ordered=True,
        ranges=True,
        bins=tuple(
            Bin(f"{_edge(edges[i], times=times)} … {_edge(edges[i + 1], times=times)}", int(b), int(a))
            for i, (b, a) in enumerate(zip(*counts, strict=True))
        ),
    )


def _edge(value: float, *, times: bool) -> str:
    if not times:
        return number(value, 4)
    try:
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=value)
    except OverflowError:  # past the years that a calendar shows
        return number(value, 4)
    return f"{moment:%Y-%m-%d %H:%M}"


_REST = ("rest",)
"""Stands for all values that are not counted one by one; a text could be one of them."""

_Category: TypeAlias = "str | tuple[str] | None"


def _categories(
    con: duckdb.DuckDBPyConnection,
    before: Side | None,
    after: Side | None,
) -> Shape:
    texts = _texts(before, after), _texts(after, before)
    frequent = [_most_frequent(con, t) for t in texts]
    kept = [*dict.fromkeys(v for side in frequent for v in side)]
    left, right = (_counts(con, t, kept) for t in texts)
    histogram = _bars(kept, left, right, [s[1] for s in (before, after) if s is not None])
    if before is None or after is None:
        return Shape(histogram, None)
    bins: set[_Category] = {*frequent[0], None}
    try:
        return Shape(histogram, categorical_psi(_pooled(left, bins), _pooled(right, bins), most=_CATEGORIES + 2))
    except TooFewValues:
        return Shape(histogram, None)


@dataclass(frozen=True, slots=True)
class _Texts:
    """A column's values as text: SQL of one value, and the table with its number of rows."""

    value: str
    table: str
    rows: int


def _texts(side: Side | None, other: Side | None) -> _Texts | None:
    """Equal values get the same text: 0.0 for -0.0, and 7.0 for 7 when the column has another type over there."""
    if side is None:
        return None
    file, own = side
    there = own if other is None else other[1]
    value = comparable_text(own, there, own.ident)
    if own.is_number and there.is_number and (own.type != there.type or own.is_float):
        value = f"({own.ident}::double + 0.0)::varchar"
    return _Texts(value, file.table, file.rows)


def _most_frequent(con: duckdb.DuckDBPyConnection, texts: _Texts | None) -> list[str]:
    if texts is None:
        return []
    rows = con.execute(
        f"""select v from (select {texts.value} as v from {texts.table}) where v is not null
            group by v order by count(*) desc, v limit {_CATEGORIES}"""
    ).fetchall()
    return [str(v) for (v,) in rows]


def _counts(con: duckdb.DuckDBPyConnection, texts: _Texts | None, kept: Sequence[str]) -> dict[_Category, int]:
    """How often each of `kept` occurs, null, and all the rest; what does not occur is left out."""
    found: dict[_Category, int] = {}
    if texts is None:
        return found
    rows = con.execute(
        f"""select v, count(*) from (select {texts.value} as v from {texts.table})
            where v is null or v in (select unnest(?::varchar[])) group by v""",
        [list(kept)],
    ).fetchall()
    for text, occurs in rows:
        found[text] = occurs
    if rest := texts.rows - sum(found.values()):
        found[_REST] = rest
    return found


def _pooled(counts: dict[_Category, int], bins: set[_Category]) -> dict[_Category, int]:
    """Counts of the reference's frequent values and of null; all others, new ones among them, together."""
    found: dict[_Category, int] = {v: n for v, n in counts.items() if v in bins}
    if rest := sum(counts.values()) - sum(found.values()):
        found[_REST] = rest
    return found


def _bars(
    kept: Sequence[str], left: dict[_Category, int], right: dict[_Category, int], columns: Sequence[TableColumn]
) -> Histogram | None:
    numeric = all(c.is_number or c.type == "NULL" for c in columns)
    ordered = numeric or all(c.is_time or c.type == "NULL" for c in columns)
    values = [v for v in kept if not (numeric and v == "nan")]
    shown = sorted(values, key=lambda v: -(left.get(v, 0) + right.get(v, 0)))[:BINS]
    if ordered:
        shown.sort(key=float if numeric else None)
    bins = [
        Bin(number(float(v)) if numeric else plain(v, _LABEL_CHARACTERS), left.get(v, 0), right.get(v, 0))
        for v in shown
    ]
    others: list[_Category] = [v for v in values if v not in shown]
    rest = [sum(side.get(v, 0) for v in [*others, _REST]) for side in (left, right)]
    if any(rest):
        bins.append(Bin(OTHER, rest[0], rest[1]))
    return Histogram(ordered=ordered, ranges=False, bins=tuple(bins)) if bins else None
