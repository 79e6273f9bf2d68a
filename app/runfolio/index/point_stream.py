"""All points of a metric, some at a time: what is in memory does not grow with how long series are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from runfolio.index.database import Database
from runfolio.index.long_points import AT_ONCE, Numbered, chunks
from runfolio.index.points import SeriesStart, read_points
from runfolio.model.long_series import SomePoints
from runfolio.model.run import RunKey
from runfolio.model.times import NO_TIME


def count_points(database: Database, keys: Sequence[RunKey], metrics: Sequence[str]) -> int:
    """How many points the shown series of metrics have."""
    rows = database.rows(
        """select coalesce(sum(s.n), 0)::bigint
           from run_series x join runs r on r.id = x.run join series s on s.id = x.series
           where x.name in (select unnest(?::varchar[])) and r.key in (select unnest(?::varchar[]))""",
        [[*metrics], [*keys]],
    )
    return cast(int, rows[0][0])


def points_of(database: Database, keys: Sequence[RunKey], metric: str) -> Iterator[SomePoints]:
    """The shown series of a metric in the order of `keys`, each in written order, about a million points at a time.

    A series without points comes as none; runs without the metric do not come. Ask within one snapshot.
    """
    found = database.rows(
        """select r.key, x.series, s.n, s.first_step, s.first_wall, coalesce(s.wall_unit, 1), s.has_step, x.scale
           from run_series x join runs r on r.id = x.run join series s on s.id = x.series
           where x.name = ? and r.key in (select unnest(?::varchar[]))""",
        [metric, [*keys]],
    )
    by_key = {RunKey(str(row[0])): row[1:] for row in found}
    waiting: list[RunKey] = []
    held = 0
    for key in keys:
        if key not in by_key:
            continue
        number, n, first_step, first_wall, unit = cast("tuple[int, int, int | None, int | None, int]", by_key[key][:5])
        if n < AT_ONCE:
            waiting.append(key)
            held += n
            if held < AT_ONCE:
                continue
        yield from _whole(database, metric, waiting, by_key)
        waiting, held = [], 0
        if n >= AT_ONCE:
            _, _, _, _, _, has_step, scale = by_key[key]
            asked = Numbered(number, n, first_step or 0, NO_TIME if first_wall is None else first_wall, unit)
            for chunk in chunks(database, asked):
                value = chunk.value * cast(float, scale) if scale != 1.0 else chunk.value
                yield SomePoints(key, metric, bool(has_step), chunk.step, chunk.wall, value)
    yield from _whole(database, metric, waiting, by_key)


def _whole(
    database: Database, metric: str, keys: Sequence[RunKey], by_key: dict[RunKey, tuple[object, ...]]
) -> Iterator[SomePoints]:
    """Short series, each as a whole."""
    if not keys:
        return
    starts = [(row[0], row[2], row[3], row[4]) for row in (by_key[key] for key in keys)]
    read = read_points(database, cast("list[SeriesStart]", starts))
    for key, (step, wall, value) in zip(keys, read, strict=True):
        has_step, scale = by_key[key][5:]
        scaled = value * cast(float, scale) if scale != 1.0 else value
        yield SomePoints(key, metric, bool(has_step), step, wall, np.asarray(scaled, dtype=np.float64))
