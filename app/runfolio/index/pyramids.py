"""Long series in blocks of several sizes, each with its true lowest and highest value, kept beside the points.

A chart of 10^8 points reads some thousand rows of them, and points only where it is zoomed in on few. They are made
after an import, or when a series is first looked at (see `pyramid_making`), and are then as much a part of the index as
the points are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from runfolio.index.database import Database
from runfolio.index.point_columns import absolute, absolute_wall
from runfolio.index.pyramid_making import (
    FIRST_BLOCK,
    GROWTH,
    POINTS,
    blocks_of,
    columns_of,
    concatenated,
    first_row,
    point_rows,
)
from runfolio.model.alignment import AlignedName
from runfolio.model.long_series import COLUMNS, Blocks, LongSeries, Stretch
from runfolio.model.metrics import Ints
from runfolio.model.run import RunKey
from runfolio.model.times import NO_TIME

BLOCKS_A_COLUMN = 4
"""So many blocks at least make up a pixel column, so that a border between two is moved by an eighth at most."""

MOST_REFINED = 1 << 18
"""Points that are read in place of blocks which are too wide, at most."""

_COLUMNS = ", ".join(f'"{name}"' for name in COLUMNS)


def lengths(database: Database, keys: Sequence[RunKey], metric: str) -> dict[RunKey, tuple[int, int]]:
    """Number of the shown series of a metric and how many points it has, of each run that has it."""
    rows = database.rows(
        """select r.key, x.series, s.n
           from run_series x join runs r on r.id = x.run join series s on s.id = x.series
           where x.name = ? and r.key in (select unnest(?::varchar[]))""",
        [metric, [*keys]],
    )
    return {RunKey(str(key)): (cast(int, number), cast(int, n)) for key, number, n in rows}


def epoch_names(database: Database) -> tuple[str, ...]:
    """Metrics that are called `epoch`, in any group and case; the shortest name first."""
    rows = database.rows(
        """select name from fields
           where kind = 'metric' and regexp_matches(lower(name), '(^|[/._])epoch$')
           order by length(name), name"""
    )
    return tuple(str(name) for (name,) in rows)


def long_series(database: Database, keys: Sequence[RunKey], metric: str) -> Mapping[RunKey, LongSeries]:
    """Those shown series of a metric that have a pyramid; make it first by `keep_pyramids`."""
    with database.snapshot():
        rows = database.rows(
            """select r.key, y.series, y.n, y.size, y.by_step, y.by_wall, y.last_step, y.last_wall, y.hidden,
                      y.first_row,
                      s.has_step, x.scale, x.origin
               from run_series x join runs r on r.id = x.run join series s on s.id = x.series
                    join pyramids y on y.series = x.series and y.n = s.n
               where x.name = ? and r.key in (select unnest(?::varchar[]))""",
            [metric, [*keys]],
        )
        numbers = [cast(int, row[1]) for row in rows]
        columns = database.arrays(
            f"""select b.series, {_COLUMNS}
                from pyramid_blocks b join pyramids y on y.series = b.series and y.size = b.size
                where b.series in (select unnest(?::integer[]))
                order by b.series, b.place""",
            [numbers],
        )
        begins = np.searchsorted(columns["series"], numbers, side="left").tolist()
        ends = np.searchsorted(columns["series"], numbers, side="right").tolist()
        found: dict[RunKey, LongSeries] = {}
        for row, begin, end in zip(rows, begins, ends, strict=True):
            (
                key,
                number,
                n,
                size,
                by_step,
                by_wall,
                last_step,
                last_wall,
                hidden,
                row_in_table,
                has_step,
                scale,
                origin,
            ) = row
            count, block, factor = cast(int, n), cast(int, size), cast(float, scale)
            whole = _blocks(columns, slice(begin, end), block, 0, count, factor)
            found[RunKey(str(key))] = LongSeries(
                metric,
                cast(int, number),
                cast("int | None", row_in_table),
                count,
                bool(has_step),
                bool(by_step),
                bool(by_wall),
                cast(int, last_step),
                cast(int, last_wall),
                factor,
                cast(int, hidden),
                block,
                whole,
                AlignedName(str(origin), factor).words if origin is not None else "",
            )
    return {key: found[key] for key in keys if key in found}


def _blocks(columns: Mapping[str, Any], part: slice, size: int, begin: int, count: int, scale: float) -> Blocks:
    """Rows of the table as blocks, of which the first begins at point `begin` of `count`; values times `scale`."""
    own = {name: columns[name][part].astype(np.float64 if name in _VALUES else np.int64, copy=True) for name in COLUMNS}
    sizes = np.full(len(own["step"]), size, dtype=np.int64)
    if len(sizes):
        sizes[-1] = min(size, count - begin - size * (len(sizes) - 1))
    if scale != 1.0:
        # A scale is above 0; infinities stay where they are.
        for name in _VALUES:
            own[name] *= scale
    return Blocks(sizes, *(own[name] for name in COLUMNS))


_VALUES = frozenset({"first", "low", "high", "above"})


def stretch(
    database: Database, long: LongSeries, low: float, high: float, columns: int, *, by_wall: bool = False
) -> Stretch | None:
    """What lies from step `low` to `high` (microseconds when `by_wall`), fine enough for so many pixel columns.

    A little more comes than was asked for. None when the overview is fine enough. Where blocks span more than a quarter
    of a column, as after a pause, their points come instead, up to `MOST_REFINED` of them.
    """
    places = long.overview.wall if by_wall else long.overview.step
    first = max(0, int(np.searchsorted(places, low, side="left")) - 2)
    end = min(len(places), int(np.searchsorted(places, high, side="right")) + 1)
    first = min(first, end - 1)
    count = min(long.count, end * long.size) - first * long.size
    size = long.size
    while size > 1 and size * BLOCKS_A_COLUMN * columns > count:
        size = size // GROWTH if size > FIRST_BLOCK else 1
    begin, behind = first * long.size, min(long.count, end * long.size)
    after = (long.last_step, long.last_wall)
    if end < len(places):
        after = int(long.overview.step[end]), int(long.overview.wall[end])
    start = int(long.overview.step[first]), int(long.overview.wall[first])
    with database.snapshot():
        if size == 1:
            return Stretch(begin, _points(database, long, begin, behind, start), after)
        blocks = _part(long.overview, slice(first, end))
        if size < long.size:
            rows = database.arrays(
                f"""select {_COLUMNS} from pyramid_blocks
                    where series = ? and size = ? and place >= ? and place < ?
                    order by place""",
                [long.series, size, begin // size, -(-behind // size)],
            )
            blocks = _blocks(rows, slice(None), size, begin, behind, long.scale)
        x = np.append(blocks.wall if by_wall else blocks.step, after[by_wall]).astype(np.float64)
        wide = np.flatnonzero(np.diff(x) * BLOCKS_A_COLUMN > (high - low) / columns * 1.001)
        # Where points lie evenly no block is too wide; where many are, it would take too long to look at all of them.
        if len(wide) and len(wide) * size <= MOST_REFINED:
            return Stretch(begin, _refined(database, long, begin, blocks, wide, size), after)
    return Stretch(begin, blocks, after) if size < long.size else None


def _refined(database: Database, long: LongSeries, begin: int, blocks: Blocks, wide: Ints, size: int) -> Blocks:
    """The blocks, with the points of those at `wide` in their place."""
    parts: list[Blocks] = []
    done = 0
    for group in np.split(wide, np.flatnonzero(np.diff(wide) > 1) + 1):
        one, other = int(group[0]), int(group[-1]) + 1
        parts.append(_part(blocks, slice(done, one)))
        start = int(blocks.step[one]), int(blocks.wall[one])
        parts.append(_points(database, long, begin + one * size, min(begin + other * size, long.count), start))
        done = other
    return concatenated([*parts, _part(blocks, slice(done, None))])


def _part(blocks: Blocks, part: slice) -> Blocks:
    return Blocks(*(getattr(blocks, name)[part] for name in ("size", *COLUMNS)))


def _points(database: Database, long: LongSeries, begin: int, end: int, start: tuple[int, int]) -> Blocks:
    """Points [begin, end) as blocks of one; `start` is the step and the wall time of the first of them."""
    row = long.row
    if row is not None and not _lies_at(database, long, row):
        # Rows move when what was deleted before them is cleared away.
        row = first_row(database, long.series, long.count)
    if row is not None:
        step_diff, wall_diff, value = point_rows(database, long.series, row + begin, row + end)
    else:
        found = database.arrays(
            f"{POINTS} where series = ? order by rowid limit ? offset ?",
            [long.series, end - begin, begin],
        )
        step_diff, wall_diff, value = columns_of(database, long.series, found)
    wall = np.full(len(value), NO_TIME, dtype=np.int64)
    if start[1] != NO_TIME:
        wall = absolute_wall(wall_diff, start[1])
    return blocks_of(absolute(step_diff, start[0]), wall, value * long.scale, 1)


def _lies_at(database: Database, long: LongSeries, row: int) -> bool:
    """Whether the series still begins at that row."""
    found = database.rows(
        "select rowid from points where series = ? and (rowid = ? or rowid = ?)", [long.series, row - 1, row]
    )
    return found == [(row,)]
