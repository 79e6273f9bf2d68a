"""Parquet files of metrics as tables."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from runfolio.model.display import storable
from runfolio.model.metrics import Ints
from runfolio.model.times import FIRST_S, LAST_S
from runfolio.readers.contract import warning
from runfolio.readers.table import LARGEST_EXACT, Table, TableColumn
from runfolio.readers.yaml_nodes import some

if TYPE_CHECKING:
    import polars as pl

_MOST_CELLS = 200_000_000
"""A file of a few kilobytes can claim any number of cells."""

_MOST_TEXT = 256 << 20
"""Bytes of text of a column. A file keeps a text once, and its rows only name it."""
_UNITS = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def read_parquet(data: bytes, where: str) -> Table:
    """A Parquet file; nulls are no values, NaN is one. Never raises for what the file holds."""
    import polars as pl  # see csv_table

    table = Table()
    try:
        lazy = pl.scan_parquet(io.BytesIO(data))
        columns = lazy.collect_schema().len()
        rows = int(lazy.select(pl.len()).collect().item())
        if rows * columns > _MOST_CELLS:
            message = f"{rows:,} rows of {columns:,} columns are more than is read of one file"
            table.problems.append(warning("too-large", where, message))
            return table
        frame = lazy.collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as failure:
        reason = storable(str(failure).partition("\n")[0][:200])
        message = f"Not a Parquet file that can be read: {reason}"
        table.problems.append(warning("bad-parquet", where, message, "Copy the file again."))
        return table
    table.rows = frame.height
    every_row = np.arange(frame.height, dtype=np.int64)
    left_out: list[str] = []
    for column in frame.iter_columns():
        try:
            made = _column(column, every_row)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            made = None  # such as times in a zone that there is not
        if made is None:
            left_out.append(column.name)
        else:
            table.columns[storable(column.name)] = made
    if left_out:
        message = f"Columns of lists, structures, endless text or other data are not shown as metrics: {some(left_out)}"
        table.problems.append(warning("odd-columns", where, storable(message)))
    return table


def _column(column: pl.Series, every_row: Ints) -> TableColumn | None:
    import polars as pl

    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        values = column.cast(pl.Float64, strict=False)
        is_full = not values.null_count()
        rows = every_row if is_full else np.flatnonzero(values.is_not_null().to_numpy()).astype(np.int64)
        numbers = (values if is_full else values.drop_nulls()).to_numpy()
        large = rows[np.abs(numbers) >= LARGEST_EXACT].tolist() if column.dtype.is_integer() else []
        words = {row: str(column[row]) for row in large}
        return TableColumn(rows, numbers, words, 0)
    if column.dtype.is_temporal() and column.dtype != pl.Duration:
        texts = _shown_by_a_calendar(column).dt.to_string("iso")
    elif column.dtype in (pl.String, pl.Categorical) and _bytes_of_text(column) <= _MOST_TEXT:
        texts = column.cast(pl.String)
    else:
        return None
    filled = texts.is_not_null().arg_true()
    words = dict(zip(filled.to_list(), texts.gather(filled).to_list(), strict=True))
    return TableColumn(np.empty(0, dtype=np.int64), np.empty(0), words, len(words))


def _shown_by_a_calendar(column: pl.Series) -> pl.Series:
    """Days and instants without those outside of years 1 to 9999, which Polars would stop at."""
    import polars as pl

    if column.dtype == pl.Date:
        second, numbers = 1 / 86_400, column.cast(pl.Int32)
    elif isinstance(column.dtype, pl.Datetime):
        second, numbers = _UNITS[column.dtype.time_unit or "us"], column.cast(pl.Int64)
    else:
        return column
    first, last = max(round(FIRST_S * second), -(2**63)), min(round(LAST_S * second), 2**63 - 1)
    shown = numbers.is_between(first, last)
    return numbers.zip_with(shown, pl.Series([None], dtype=numbers.dtype)).cast(column.dtype)


def _bytes_of_text(column: pl.Series) -> int:
    import polars as pl

    if column.dtype == pl.String:
        return int(column.str.len_bytes().sum() or 0)
    counts = column.drop_nulls().value_counts()
    each = counts.to_series(0).cast(pl.String).str.len_bytes().cast(pl.Int64)
    return int((each * counts.to_series(1).cast(pl.Int64)).sum() or 0)
