"""Points of a figure as tables: all of them as they were read, or those that its lines go through."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np
import polars as pl

from runfolio.analysis.cells import spreadsheet
from runfolio.export.lines import SeriesOf, drawn_panel
from runfolio.export.recipe import LINE, ChartRecipe
from runfolio.model import times
from runfolio.model.metrics import MetricSeries
from runfolio.model.run import RunKey
from runfolio.model.times import NO_TIME

RECIPE_KEY = "runfolio.recipe"
"""Under this name a Parquet file keeps the recipe in its metadata."""


def points_csv(recipe: ChartRecipe, series: SeriesOf) -> str:
    """Every point of the recipe's metrics and runs: run, key, metric, step, wall_time (ISO 8601), value (repr)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["run", "key", "metric", "step", "wall_time", "value"])
    for name, key, metric, points in _all(recipe, series):
        head = (spreadsheet(name), key, spreadsheet(metric))
        steps = points.step.tolist() if points.has_step else [""] * len(points)
        walls = points.wall_time_us.tolist()
        for step, wall, value in zip(steps, walls, points.value.tolist(), strict=True):
            writer.writerow([*head, step, times.to_iso(wall) or "", repr(value)])
    return out.getvalue()


def points_parquet(recipe: ChartRecipe, series: SeriesOf) -> bytes:
    """The same as Parquet, with names as they are: step int64 or null, wall_time microseconds UTC, value float64."""
    frames = [
        pl.DataFrame(
            {
                "step": pl.Series(points.step) if points.has_step else pl.Series([None] * len(points), dtype=pl.Int64),
                "wall_time": points.wall_time_us,
                "value": points.value,
            }
        ).select(
            pl.lit(_sound(name)).alias("run"),
            pl.lit(key).alias("key"),
            pl.lit(_sound(metric)).alias("metric"),
            pl.col("step").cast(pl.Int64),
            pl.when(pl.col("wall_time") != NO_TIME).then(pl.col("wall_time")).cast(pl.Datetime("us", "UTC")),
            "value",
        )
        for name, key, metric, points in _all(recipe, series)
    ]
    empty: dict[str, pl.DataType | type[pl.DataType]] = {
        "run": pl.String, "key": pl.String, "metric": pl.String, "step": pl.Int64,
        "wall_time": pl.Datetime("us", "UTC"), "value": pl.Float64,
    }  # fmt: skip
    return _parquet(pl.concat(frames) if frames else pl.DataFrame(schema=empty), recipe)


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
    rows = [*_drawn(recipe, series)]
    many = [len(row[5]) for row in rows]

    def spread(place: int) -> list[object]:
        return [row[place] for row, n in zip(rows, many, strict=True) for _ in range(n)]

    frame = pl.DataFrame(
        {
            "panel": pl.Series(spread(0), dtype=pl.Int64),
            "run": pl.Series([_sound(str(name)) for name in spread(1)], dtype=pl.String),
            "key": pl.Series(spread(2), dtype=pl.String),
            "metric": pl.Series([_sound(str(name)) for name in spread(3)], dtype=pl.String),
            "curve": pl.Series(spread(4), dtype=pl.String),
            "x": pl.Series([x for row in rows for x in row[5]], dtype=pl.Float64),
            "y": pl.Series([y for row in rows for y in row[6]], dtype=pl.Float64).fill_nan(None),
        }
    )
    return _parquet(frame, recipe)


_DRAWN = ("panel", "run", "key", "metric", "curve", "x", "y")
_Corners = tuple[int, str, str, str, str, list[float], list[float | None]]


def _drawn(recipe: ChartRecipe, series: SeriesOf) -> Iterator[_Corners]:
    for number, panel in enumerate(recipe.panels, 1):
        if panel.kind != LINE:
            continue
        for drawn in drawn_panel(panel, recipe, series).runs:
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


def _all(recipe: ChartRecipe, series: SeriesOf) -> Iterator[tuple[str, str, str, MetricSeries]]:
    for metric in dict.fromkeys(metric for panel in recipe.panels for metric in panel.metrics):
        for run in recipe.runs:
            points = series.get(metric, {}).get(RunKey(run.key))
            if points is not None:
                yield run.name, run.key, metric, points


def _sound(text: str) -> str:
    """Parquet holds UTF-8: what is none in a name is spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _parquet(frame: pl.DataFrame, recipe: ChartRecipe) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out, metadata={RECIPE_KEY: recipe.to_json()})
    return out.getvalue()
