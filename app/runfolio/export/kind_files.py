"""Charts of many runs in CSV and Parquet files: one table of a figure, whatever its panels are.

A figure of one such panel has that panel's columns. With several panels there is a column `panel`, counted from 1, and
the columns of all of them: what one of them does not have is empty in its rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from runfolio.analysis.cells import spreadsheet
from runfolio.export.kind_axes import Facts
from runfolio.export.kind_rows import Cell, Rows
from runfolio.export.kind_tables import table_of
from runfolio.export.lines import SeriesOf
from runfolio.export.panel_recipe import LINE
from runfolio.export.point_files import sound
from runfolio.export.points import csv_text, line_frame, parquet_of
from runfolio.export.recipe import ChartRecipe


def charts_csv(recipe: ChartRecipe, series: SeriesOf, facts: Facts, *, drawn: bool) -> str:
    """The table as CSV: numbers in full precision (repr), texts that a spreadsheet would run made harmless."""
    frame = _frame(recipe, series, facts, drawn=drawn)
    rows = [[_text(cell) for cell in row] for row in frame.iter_rows()]
    return csv_text([spreadsheet(name) for name in frame.columns], rows)


def charts_parquet(recipe: ChartRecipe, series: SeriesOf, facts: Facts, *, drawn: bool) -> bytes:
    """The same as Parquet: numbers are numbers, what has no value is null."""
    return parquet_of(_frame(recipe, series, facts, drawn=drawn), recipe)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return spreadsheet(cell) if isinstance(cell, str) else repr(cell) if isinstance(cell, int | float) else str(cell)


def _frame(recipe: ChartRecipe, series: SeriesOf, facts: Facts, *, drawn: bool) -> pl.DataFrame:
    several = len(recipe.panels) > 1
    frames: list[pl.DataFrame] = []
    if any(panel.kind == LINE for panel in recipe.panels):
        frames.append(line_frame(recipe, series, drawn=drawn))
    for place, panel in enumerate(recipe.panels):
        if panel.kind != LINE:
            frame = _of_rows(table_of(panel, recipe, facts, place))
            number = pl.lit(place + 1, dtype=pl.Int64).alias("panel")
            frames.append(frame.select(number, pl.all()) if several else frame)
    return pl.concat(frames, how="diagonal_relaxed")


def _of_rows(rows: Rows) -> pl.DataFrame:
    if not rows:
        return pl.DataFrame()
    head, *body = rows
    names = _unlike([sound(str(name)) for name in head])
    return pl.DataFrame([_column(name, [row[at] for row in body]) for at, name in enumerate(names)])


def _column(name: str, cells: Sequence[Cell]) -> pl.Series:
    if any(isinstance(cell, str) for cell in cells):
        texts = [None if cell is None else sound(cell) if isinstance(cell, str) else repr(cell) for cell in cells]
        return pl.Series(name, texts, dtype=pl.String)
    whole = all(isinstance(cell, int) for cell in cells)
    numbers = [None if cell is None or isinstance(cell, str) else cell for cell in cells]
    return pl.Series(name, numbers, dtype=pl.Int64 if whole and cells else pl.Float64)


def _unlike(names: Sequence[str]) -> list[str]:
    """Names of columns, of which a file has none twice."""
    found: list[str] = []
    for name in names:
        number, own = 1, name
        while own in found:
            number += 1
            own = f"{name} ({number})"
        found.append(own)
    return found
