"""Points of a figure: all of them as they were read, and as tables those that its lines go through."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import polars as pl

from runfolio.analysis.cells import spreadsheet
from runfolio.export.lines import SeriesOf, drawn_panel
from runfolio.export.panel_recipe import LINE
from runfolio.export.point_files import RECIPE_KEY, SCHEMA, frame_of, sound
from runfolio.export.recipe import ChartRecipe
from runfolio.model.long_series import SomePoints
from runfolio.model.run import RunKey


def parts_of(recipe: ChartRecipe, series: SeriesOf) -> Iterator[SomePoints]:
    """Every point of the recipe's metrics and runs, of series that are in memory."""
    for metric in metrics_of(recipe):
        for run in recipe.for_lines.runs:
            points = series.get(metric, {}).get(RunKey(run.key))
            if points is not None:
                yield SomePoints(
                    RunKey(run.key), metric, points.has_step, points.step, points.wall_time_us, points.value
                )


def line_frame(recipe: ChartRecipe, series: SeriesOf, *, drawn: bool) -> pl.DataFrame:
    """The points of all panels of curves, or what their lines go through, as a frame."""
    if drawn:
        return _drawn_frame(recipe, series)
    names = {run.key: run.name for run in recipe.for_lines.runs}
    return pl.concat(
        [pl.DataFrame(schema=SCHEMA), *(frame_of(part, names[part.run]) for part in parts_of(recipe, series))]
    )


def metrics_of(recipe: ChartRecipe) -> list[str]:
    """Those that are drawn as curves, each once."""
    return list(dict.fromkeys(metric for panel in recipe.panels for metric in panel.metrics))


def drawn_csv(recipe: ChartRecipe, series: SeriesOf) -> str:
    """What the lines of a figure go through: panel, run, key, metric, curve, x, y (repr), a row for each corner.

    curve   "line" (smoothed where the panel is), "raw" (the faint one behind it), "low" and "high" (the edges of a
            group's band), "n" (how many runs there are at x), "nan", "inf" or "-inf" (a mark, without y).
    run, key   of a group its name, and the keys of its runs with a space between them.
    x       in the unit of the panel's axis; times as seconds since 1970-01-01 UTC. A row without y breaks the line.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_DRAWN)
    for panel, name, key, metric, curve, xs, ys in _drawn(recipe, series):
        for x, y in zip(xs, ys, strict=True):
            value = "" if y is None or y != y else repr(y)
            writer.writerow([panel, spreadsheet(name), key, spreadsheet(metric), curve, repr(x), value])
    return out.getvalue()


def drawn_parquet(recipe: ChartRecipe, series: SeriesOf) -> bytes:
    """The same as Parquet; y is null where the line breaks and for marks."""
    return parquet_of(_drawn_frame(recipe, series), recipe)


def _drawn_frame(recipe: ChartRecipe, series: SeriesOf) -> pl.DataFrame:
    rows = [*_drawn(recipe, series)]
    many = [len(row[5]) for row in rows]

    def spread(place: int) -> list[object]:
        return [row[place] for row, n in zip(rows, many, strict=True) for _ in range(n)]

    return pl.DataFrame(
        {
            "panel": pl.Series(spread(0), dtype=pl.Int64),
            "run": pl.Series([sound(str(name)) for name in spread(1)], dtype=pl.String),
            "key": pl.Series(spread(2), dtype=pl.String),
            "metric": pl.Series([sound(str(name)) for name in spread(3)], dtype=pl.String),
            "curve": pl.Series(spread(4), dtype=pl.String),
            "x": pl.Series([x for row in rows for x in row[5]], dtype=pl.Float64),
            "y": pl.Series([y for row in rows for y in row[6]], dtype=pl.Float64).fill_nan(None),
        }
    )


def csv_text(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A CSV file of texts that are sound."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


_DRAWN = ("panel", "run", "key", "metric", "curve", "x", "y")
_Corners = tuple[int, str, str, str, str, list[float], list[float | None]]


def _drawn(recipe: ChartRecipe, series: SeriesOf) -> Iterator[_Corners]:
    lines_of = recipe.for_lines
    for number, panel in enumerate(recipe.panels, 1):
        if panel.kind != LINE:
            continue
        for drawn in drawn_panel(panel, lines_of, series).runs:
            head = (number, drawn.name, " ".join(drawn.keys), drawn.metric)
            for curve, line in (("line", drawn.line), ("raw", drawn.raw)):
                if line is not None:
                    yield *head, curve, line.x.tolist(), line.y.tolist()
            if (band := drawn.band) is not None:
                for curve, edge in (("low", band.low), ("high", band.high), ("n", band.n)):
                    yield *head, curve, band.x.tolist(), edge.astype(np.float64).tolist()
            for curve, marks in (("nan", drawn.nan_x), ("inf", drawn.above_x), ("-inf", drawn.below_x)):
                if len(marks):
                    yield *head, curve, marks.tolist(), [None] * len(marks)


def parquet_of(frame: pl.DataFrame, recipe: ChartRecipe) -> bytes:
    """A Parquet file with the recipe in its metadata."""
    out = io.BytesIO()
    frame.write_parquet(out, metadata={RECIPE_KEY: recipe.to_json()})
    return out.getvalue()
