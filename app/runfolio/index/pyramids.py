"""Long series in blocks of several sizes, each with its true lowest and highest value, kept beside the points.

A chart of 10^8 points reads some thousand rows of them, and points only where it is zoomed in on few. They are made
after an import, or when a series is first looked at, and are then as much a part of the index as the points are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
import polars as pl

from runfolio.index.database import Database
from runfolio.index.point_columns import absolute, absolute_wall
from runfolio.index.schema import SCHEMA
from runfolio.model.alignment import AlignedName
from runfolio.model.long_series import COLUMNS, Blocks, LongSeries, Stretch
from runfolio.model.metrics import Floats, Ints
from runfolio.model.run import RunKey
from runfolio.model.times import NO_TIME

LEAST_POINTS = 1 << 17
"""Shorter series have no pyramid: all of their points are read in some milliseconds."""

FIRST_BLOCK, GROWTH = 32, 8
MOST_OVERVIEW = 8192
BLOCKS_A_COLUMN = 4
"""So many blocks at least make up a pixel column, so that a border between two is moved by an eighth at most."""

MOST_REFINED = 1 << 18
_AT_ONCE = 1 << 20
"""Points that are read in one go; a multiple of every size of block up to a million."""

_TABLES = ("pyramids", "pyramid_blocks")
_POINTS = f"select step_diff, coalesce(wall_diff, {NO_TIME}) as wall_diff, value from points"
_COLUMNS = ", ".join(f'"{name}"' for name in COLUMNS)


def keep_pyramids(database: Database, series: Sequence[int] | None = None) -> int:
    """Make the pyramids that are missing, of these series or of all long ones, and drop those of series that are gone.

    Returns how many were made. One transaction for each.
    """
    _make_tables(database)
    chosen = "" if series is None else "and s.id in (select unnest(?::integer[]))"
    missing = cast(
        "list[tuple[int, int, int | None, int | None]]",
        database.rows(
            f"""select s.id, s.n, s.first_step, s.first_wall
                from series s left join pyramids y on y.series = s.id and y.n = s.n
                where s.n >= {LEAST_POINTS} and y.series is null {chosen}""",
            [] if series is None else [[*series]],
        ),
    )
    gone = "not in (select id from series)"
    if series is None and database.rows(f"select 1 from pyramids where series {gone} limit 1"):
        with database.transaction():
            for table in _TABLES:
                database.run(f"delete from {table} where series {gone}")
    for number, n, first_step, first_wall in missing:
        with database.transaction():
            if database.rows("select 1 from pyramids where series = ? and n = ?", [number, n]):
                continue  # another thread was faster
            for table in _TABLES:
                database.run(f"delete from {table} where series = ?", [number])
            _make(database, number, n, first_step or 0, NO_TIME if first_wall is None else first_wall)
    return len(missing)


def _make_tables(database: Database) -> None:
    """An index that was made before there were pyramids gets their tables."""
    if len(database.rows("select 1 from duckdb_tables() where table_name in (?, ?)", [*_TABLES])) < len(_TABLES):
        with database.transaction():
            for statement in SCHEMA:
                if any(f"exists {table}(" in statement for table in _TABLES):
                    database.run(statement)


# --- making ------------------------------------------------------------------------------------------------------


def _make(database: Database, number: int, n: int, first_step: int, first_wall: int) -> None:
    sizes = [FIRST_BLOCK]
    while -(-n // sizes[-1]) > MOST_OVERVIEW:
        sizes.append(sizes[-1] * GROWTH)
    levels: list[list[Blocks]] = [[] for _ in sizes]
    by_step = by_wall = True
    hidden = 0
    last = (0, 0)
    for begin, step, wall, value in _chunks(database, number, first_step, first_wall):
        if begin:
            by_step, by_wall = by_step and int(step[0]) >= last[0], by_wall and int(wall[0]) >= last[1]
        by_step = by_step and bool((step[1:] >= step[:-1]).all())
        by_wall = by_wall and bool((wall != NO_TIME).all() and (wall[1:] >= wall[:-1]).all())
        last = int(step[-1]), int(wall[-1])
        hidden += int(np.count_nonzero(value <= 0))
        finest = blocks_of(step, wall, value, FIRST_BLOCK)
        _insert(database, number, FIRST_BLOCK, begin // FIRST_BLOCK, finest)
        if len(sizes) > 1:
            levels[1].append(coarser(finest))
    for place, size in enumerate(sizes[1:], 1):
        whole = concatenated(levels[place])
        _insert(database, number, size, 0, whole)
        if place + 1 < len(sizes):
            levels[place + 1] = [coarser(whole)]
    database.run(
        "insert into pyramids values (?, ?, ?, ?, ?, ?, ?, ?)",
        [number, n, sizes[-1], by_step, by_wall, *last, hidden],
    )


def _chunks(
    database: Database, number: int, first_step: int, first_wall: int
) -> Iterator[tuple[int, Ints, Ints, Floats]]:
    """Position, steps, wall times and values of `_AT_ONCE` points after points, the last ones fewer."""
    ((low, high),) = cast(
        "list[tuple[int, int]]", database.rows("select min(rowid), max(rowid) from points where series = ?", [number])
    )
    begin = step_last = 0
    known: int | None = None
    rest: list[tuple[Ints, Ints, Floats]] = []
    for row in range(low, high + 1, _AT_ONCE):
        rest.append(_rows(database, number, row, row + _AT_ONCE))
        is_last = row + _AT_ONCE > high
        if sum(len(part[2]) for part in rest) < _AT_ONCE and not is_last:
            continue
        step_diff, wall_diff, value = (np.concatenate(columns) for columns in zip(*rest, strict=True))
        while len(value) >= _AT_ONCE or (len(value) and is_last):
            # The number of the first point of all is known; in place of its difference stands that of the second.
            start = first_step if not begin else _wrapped(step_last + int(step_diff[0]))
            step = absolute(step_diff[:_AT_ONCE], start)
            wall, known = _walls(wall_diff[:_AT_ONCE], known, first_wall)
            yield begin, step, wall, value[:_AT_ONCE]
            step_last = int(step[-1])
            begin += len(step)
            step_diff, wall_diff, value = step_diff[_AT_ONCE:], wall_diff[_AT_ONCE:], value[_AT_ONCE:]
        rest = [(step_diff, wall_diff, value)]


def _walls(apart: Ints, known: int | None, first: int) -> tuple[Ints, int | None]:
    """Wall times of points, given the last known one before them or, where there is none, the first of all; and the
    last known one of them."""
    places = np.flatnonzero(apart != NO_TIME)
    if not len(places):
        return np.full(len(apart), NO_TIME, dtype=np.int64), known
    wall = absolute_wall(apart, first if known is None else _wrapped(known + int(apart[places[0]])))
    return wall, int(wall[places[-1]])


def _rows(database: Database, number: int, start: int, end: int) -> tuple[Ints, Ints, Floats]:
    """Differences and values of the points of a series among rows [start, end) of the table."""
    found = database.arrays(
        f"{_POINTS} where series = ? and rowid >= ? and rowid < ?",
        [number, start, end],
    )
    steps, walls, values = (found[name] for name in ("step_diff", "wall_diff", "value"))
    return steps.astype(np.int64), walls.astype(np.int64), values.astype(np.float64)


def _wrapped(number: int) -> int:
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def blocks_of(step: Ints, wall: Ints, value: Floats, size: int) -> Blocks:
    """Points in blocks of `size`, the last one shorter. At size 1 each is a block by itself."""
    starts = np.arange(0, len(value), size)
    nan, rise, fall = np.isnan(value), value == np.inf, value == -np.inf
    odd = nan | rise | fall
    finite_low, finite_high = value, value
    if odd.any():
        finite_low, finite_high = np.where(odd, np.inf, value), np.where(odd, -np.inf, value)
    above = np.where(finite_low > 0, finite_low, np.inf)
    counts = [np.add.reduceat(flags.astype(np.int64), starts) for flags in (nan, rise, fall)]
    return Blocks(
        np.diff(starts, append=len(value)), step[starts], wall[starts], value[starts],
        np.minimum.reduceat(finite_low, starts), np.maximum.reduceat(finite_high, starts),
        np.minimum.reduceat(above, starts), *counts,
    )  # fmt: skip


def coarser(blocks: Blocks) -> Blocks:
    """`GROWTH` blocks after each other as one."""
    starts = np.arange(0, len(blocks), GROWTH)
    return Blocks(
        np.add.reduceat(blocks.size, starts), blocks.step[starts], blocks.wall[starts], blocks.first[starts],
        np.minimum.reduceat(blocks.low, starts), np.maximum.reduceat(blocks.high, starts),
        np.minimum.reduceat(blocks.above, starts),
        *(np.add.reduceat(counts, starts) for counts in (blocks.nans, blocks.rises, blocks.falls)),
    )  # fmt: skip


def concatenated(parts: Sequence[Blocks]) -> Blocks:
    """One after another."""
    names = ("size", *COLUMNS)
    return Blocks(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _insert(database: Database, number: int, size: int, begin: int, blocks: Blocks) -> None:
    count = len(blocks)
    columns: dict[str, Any] = {name: getattr(blocks, name) for name in COLUMNS}
    frame = pl.DataFrame(
        {
            "series": np.full(count, number, dtype=np.int32),
            "size": np.full(count, size, dtype=np.int32),
            "place": np.arange(begin, begin + count),
            **columns,
        }
    )
    database.insert("pyramid_blocks", frame)


# --- asking ------------------------------------------------------------------------------------------------------


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
            key, number, n, size, by_step, by_wall, last_step, last_wall, hidden, has_step, scale, origin = row
            count, block, factor = cast(int, n), cast(int, size), cast(float, scale)
            whole = _blocks(columns, slice(begin, end), block, 0, count, factor)
            found[RunKey(str(key))] = LongSeries(
                metric,
                cast(int, number),
                _first_row(database, cast(int, number), count),
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


def _first_row(database: Database, number: int, count: int) -> int | None:
    """The row of its first point where all follow each other."""
    ((low, high),) = cast(
        "list[tuple[int, int]]", database.rows("select min(rowid), max(rowid) from points where series = ?", [number])
    )
    return low if high - low + 1 == count else None


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
    if row is not None:
        step_diff, wall_diff, value = _rows(database, long.series, row + begin, row + end)
    if row is None or len(value) != end - begin or not _lies_at(database, long, row):
        found = database.arrays(
            f"{_POINTS} where series = ? order by rowid limit ? offset ?",
            [long.series, end - begin, begin],
        )
        step_diff, wall_diff = found["step_diff"].astype(np.int64), found["wall_diff"].astype(np.int64)
        value = found["value"].astype(np.float64)
    wall = np.full(len(value), NO_TIME, dtype=np.int64)
    if start[1] != NO_TIME:
        wall = absolute_wall(wall_diff, start[1])
    return blocks_of(absolute(step_diff, start[0]), wall, value * long.scale, 1)


def _lies_at(database: Database, long: LongSeries, row: int) -> bool:
    """Whether the series still begins at that row: rows move when what was deleted is cleared away."""
    found = database.rows(
        "select rowid from points where series = ? and (rowid = ? or rowid = ?)", [long.series, row - 1, row]
    )
    return found == [(row,)]
