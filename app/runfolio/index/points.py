"""All points of the series that are shown of runs, in written order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from runfolio.index.database import Database
from runfolio.model.run import RunKey
from runfolio.model.times import NO_TIME

if TYPE_CHECKING:
    from runfolio.model.metrics import Floats, Ints, MetricSeries

SeriesStart = tuple[int, int | None, int | None, int]
"""Number of a series, first step and first wall time (None where it has none), and the unit of its wall times."""


def series_for(database: Database, keys: Sequence[RunKey], metric: str) -> dict[RunKey, MetricSeries]:
    """The shown series of one metric for many runs, arrays read-only; runs without it are left out."""
    # NumPy is no part of a window's start.
    from runfolio.model.alignment import AlignedName
    from runfolio.model.metrics import MetricSeries

    with database.snapshot():
        rows = database.rows(
            """select r.key, x.series, s.first_step, s.first_wall, s.wall_unit, s.has_step, s.final * x.scale,
                      s.final_rule, s.file, x.scale, x.origin
               from run_series x join runs r on r.id = x.run join series s on s.id = x.series
               where x.name = ? and r.key in (select unnest(?::varchar[]))""",
            [metric, [*keys]],
        )
        arrays = read_points(database, [cast(SeriesStart, row[1:5]) for row in rows])
    found: dict[RunKey, MetricSeries] = {}
    for row, (step, wall_time, value) in zip(rows, arrays, strict=True):
        key, _, _, _, _, has_step, final, rule, file, scale, origin = row
        if scale != 1.0:
            value *= cast(float, scale)
        for array in (step, value, wall_time):
            array.flags.writeable = False
        found[RunKey(str(key))] = MetricSeries(
            metric,
            step,
            value,
            wall_time,
            bool(has_step),
            cast("float | None", final),
            str(rule),
            str(file),
            AlignedName(str(origin), cast(float, scale)).words if origin is not None else "",
        )
    return {key: found[key] for key in keys if key in found}


def read_points(database: Database, series: Sequence[SeriesStart]) -> list[tuple[Ints, Ints, Floats]]:
    """Steps, wall times in microseconds (NO_TIME where there is none) and values (n,) of each of some series."""
    import numpy as np

    from runfolio.index.point_columns import absolute, absolute_wall, in_microseconds

    ids = [number for number, *_ in series]
    points = database.arrays(
        f"""select series, step_diff, coalesce(wall_diff, {NO_TIME}) as wall_diff, value, rowid as row
            from points
            where series in (select unnest(?::integer[]))""",
        [ids],
    )
    # They nearly always come in order, and to see it takes a tenth of what it takes the engine to sort them.
    owner, row = points["series"].astype(np.int32, copy=False), points["row"].astype(np.int64, copy=False)
    same, back = owner[1:] == owner[:-1], row[1:] < row[:-1]
    if bool(((owner[1:] < owner[:-1]) | (same & back)).any()):
        order = np.lexsort((row, owner))
        points = {name: column[order] for name, column in points.items()}
    starts = np.searchsorted(points["series"], ids, side="left").tolist()
    ends = np.searchsorted(points["series"], ids, side="right").tolist()
    steps, walls = points["step_diff"].astype(np.int64), points["wall_diff"].astype(np.int64)
    found: list[tuple[Ints, Ints, Floats]] = []
    for (_, first_step, first_wall, unit), start, end in zip(series, starts, ends, strict=True):
        step = absolute(steps[start:end], first_step or 0)
        wall = absolute_wall(in_microseconds(walls[start:end], unit), NO_TIME if first_wall is None else first_wall)
        # `astype` copies: a slice of the whole batch would keep all of it in memory.
        found.append((step, wall, points["value"][start:end].astype(np.float64)))
    return found
