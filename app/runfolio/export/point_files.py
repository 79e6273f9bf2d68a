"""All points of a figure as a file, written as they come: what is in memory does not grow with their number."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import polars as pl

from runfolio.analysis.cells import spreadsheet
from runfolio.export.files import system_errors, whole_file
from runfolio.export.recipe import ChartRecipe
from runfolio.model import times
from runfolio.model.long_series import SomePoints
from runfolio.model.times import NO_TIME

RECIPE_KEY = "runfolio.recipe"
"""Under this name a Parquet file keeps the recipe in its metadata."""

_AT_ONCE = 50_000
"""Rows of a CSV file that are made at a time."""

Watched = Callable[[int], None]
"""Told how many points are written; what it raises gives up the writing, and no file is left."""


def write_points(
    recipe: ChartRecipe,
    parts: Iterable[SomePoints],
    path: Path,
    watch: Watched,
    finished: Callable[[], ChartRecipe] | None = None,
) -> Path:
    """Write points to a .csv or .parquet file.

    CSV      run, key, metric, step, wall_time (ISO 8601), value (repr); the recipe lies beside it.
    Parquet  the same with names as they are: step int64 or null, wall_time microseconds UTC, value float64; the recipe
             lies in its metadata; `finished` gives the one to write when all points have gone by.
    Raises UsageError when it cannot be written.
    """
    names = {run.key: run.name for run in recipe.runs}
    with whole_file(path) as fresh, system_errors(pl.exceptions.ComputeError):
        if path.suffix.lower() == ".parquet":
            _write_parquet(fresh, _watched(parts, watch), names, finished or (lambda: recipe))
        else:
            with fresh.open("w", encoding="utf-8", newline="") as out:
                for text in csv_texts(_watched(parts, watch), names):
                    out.write(text)
    return path


def _watched(parts: Iterable[SomePoints], watch: Watched) -> Iterator[SomePoints]:
    done = 0
    watch(0)
    for part in parts:
        for begin in range(0, max(1, len(part)), _AT_ONCE):
            rows = slice(begin, begin + _AT_ONCE)
            yield SomePoints(part.run, part.metric, part.has_step, part.step[rows], part.wall[rows], part.value[rows])
            done += len(part.value[rows])
            watch(done)


def csv_texts(parts: Iterable[SomePoints], names: dict[str, str]) -> Iterator[str]:
    """The head of the CSV file, and the rows of each part."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["run", "key", "metric", "step", "wall_time", "value"])
    for part in parts:
        yield out.getvalue()
        out.seek(0)
        out.truncate()
        head = (spreadsheet(names[part.run]), part.run, spreadsheet(part.metric))
        steps = part.step.tolist() if part.has_step else [""] * len(part)
        rows = zip(steps, part.wall.tolist(), part.value.tolist(), strict=True)
        writer.writerows([*head, step, times.to_iso(wall) or "", repr(value)] for step, wall, value in rows)
    yield out.getvalue()


def frame_of(part: SomePoints, name: str) -> pl.DataFrame:
    """The rows of the Parquet file."""
    step = pl.Series(part.step) if part.has_step else pl.Series([None] * len(part), dtype=pl.Int64)
    frame = pl.DataFrame({"step": step, "wall_time": part.wall, "value": np.asarray(part.value)})
    return frame.select(
        pl.lit(sound(name)).alias("run"),
        pl.lit(part.run).alias("key"),
        pl.lit(sound(part.metric)).alias("metric"),
        pl.col("step").cast(pl.Int64),
        pl.when(pl.col("wall_time") != NO_TIME).then(pl.col("wall_time")).cast(pl.Datetime("us", "UTC")),
        "value",
    )


SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "run": pl.String, "key": pl.String, "metric": pl.String, "step": pl.Int64,
    "wall_time": pl.Datetime("us", "UTC"), "value": pl.Float64,
}  # fmt: skip
_ROW_GROUP = 250_000


def _write_parquet(
    path: Path, parts: Iterable[SomePoints], names: dict[str, str], finished: Callable[[], ChartRecipe]
) -> None:
    """Parts of some rows each as files beside each other, joined in the end without holding them."""
    with tempfile.TemporaryDirectory(prefix="runfolio-points-") as folder:
        files: list[Path] = []
        held: list[pl.DataFrame] = [pl.DataFrame(schema=SCHEMA)]
        rows = 0

        def put() -> None:
            files.append(Path(folder) / f"part-{len(files)}.parquet")
            pl.concat(held).write_parquet(files[-1])

        for part in parts:
            held.append(frame_of(part, names[part.run]))
            rows += len(part)
            if rows >= _ROW_GROUP:
                put()
                held, rows = [], 0
        if held:
            put()
        told = {RECIPE_KEY: finished().to_json()}
        pl.scan_parquet(files).sink_parquet(path, row_group_size=_ROW_GROUP, metadata=told)


def sound(text: str) -> str:
    """Parquet holds UTF-8: what is none in a name is spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
