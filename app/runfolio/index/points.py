"""All points of the series that are shown of runs, in written order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from runfolio.index.database import Database
from runfolio.model.alignment import AlignedName
from runfolio.model.run import RunKey
from runfolio.model.times import NO_TIME

if TYPE_CHECKING:
    from runfolio.model.metrics import MetricSeries


def series_for(database: Database, keys: Sequence[RunKey], metric: str) -> dict[RunKey, MetricSeries]:
    """The shown series of one metric for many runs, arrays read-only; runs without it are left out."""
    # NumPy is no part of a window's start.
    import numpy as np

    from runfolio.model.metrics import MetricSeries

    with database.snapshot():
        rows = database.rows(
            """select r.key, x.series, s.has_step, s.final * x.scale, s.final_rule, s.file, x.scale,
                      x.origin
               from run_series x join runs r on r.id = x.run join series s on s.id = x.series
               where x.name = ? and r.key in (select unnest(?::varchar[]))""",
            [metric, [*keys]],
        )
        ids = [cast(int, row[1]) for row in rows]
        points = database.arrays(
            f"""select series, step, coalesce(wall_time, {NO_TIME}) as wall_time, value
                from points
                where series in (select unnest(?::integer[]))
                order by series, rowid""",
            [ids],
        )
    starts = np.searchsorted(points["series"], ids, side="left")
    ends = np.searchsorted(points["series"], ids, side="right")
    found: dict[RunKey, MetricSeries] = {}
    for (key, _, has_step, final, rule, file, scale, origin), start, end in zip(rows, starts, ends, strict=True):
        # `astype` copies: a slice of the whole batch would keep all of it in memory.
        step = points["step"][start:end].astype(np.int64)
        value = points["value"][start:end].astype(np.float64)
        if scale != 1.0:
            value *= cast(float, scale)
        wall_time = points["wall_time"][start:end].astype(np.int64)
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
