"""Parquet files of metrics as tables."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from runfolio.model.display import storable
from runfolio.readers.contract import warning
from runfolio.readers.table import LARGEST_EXACT, Table, TableColumn
from runfolio.readers.yaml_events import some

if TYPE_CHECKING:
    import polars as pl

_MOST_CELLS = 200_000_000
"""A file of a few kilobytes can claim any number of cells."""


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
    left_out: list[str] = []
    for column in frame.iter_columns():
        made = _column(column)
        if made is None:
            left_out.append(column.name)
        else:
            table.columns[storable(column.name)] = made
    if left_out:
        message = f"Columns of lists, structures or other data are not shown as metrics: {some(left_out)}"
        table.problems.append(warning("odd-columns", where, storable(message)))
    return table


def _column(column: pl.Series) -> TableColumn | None:
    import polars as pl

    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        values = column.cast(pl.Float64, strict=False)
        rows = np.flatnonzero(values.is_not_null().to_numpy()).astype(np.int64)
        numbers = values.drop_nulls().to_numpy()
        large = rows[np.abs(numbers) >= LARGEST_EXACT].tolist() if column.dtype.is_integer() else []
        words = {row: str(column[row]) for row in large}
        return TableColumn(rows, numbers, words, 0)
    if column.dtype.is_temporal() and column.dtype != pl.Duration:
        texts = column.dt.to_string("iso")
    elif column.dtype in (pl.String, pl.Categorical):
        texts = column.cast(pl.String)
    else:
        return None
    filled = texts.is_not_null().arg_true()
    words = dict(zip(filled.to_list(), texts.gather(filled).to_list(), strict=True))
    return TableColumn(np.empty(0, dtype=np.int64), np.empty(0), words, len(words))
