"""Makes the blocks of long series; what they are for is told in `pyramids`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from runfolio.index.database import Database
from runfolio.index.point_columns import absolute, absolute_wall, in_microseconds
from runfolio.index.schema import SCHEMA
from runfolio.model.long_series import COLUMNS, Blocks
from runfolio.model.metrics import Floats, Ints
from runfolio.model.times import NO_TIME

LEAST_POINTS = 1 << 17
"""Shorter series have no pyramid: all of their points are read in some milliseconds."""

FIRST_BLOCK, GROWTH = 32, 8
MOST_OVERVIEW = 8192

_AT_ONCE = 1 << 20
"""Points that are read in one go; a multiple of every size of block up to a million."""

_TABLES = ("pyramids", "pyramid_blocks")
POINTS = f"select step_diff, coalesce(wall_diff, {NO_TIME}) as wall_diff, value from points"


def keep_pyramids(
    database: Database, series: Sequence[int] | None = None, cancelled: Callable[[], bool] = lambda: False
) -> int:
    """Make the pyramids that are missing, of these series or of all long ones, and drop those of series that are gone.

    Returns how many were missing. One transaction for each; `cancelled` is asked before, and what is left is made when
    it is first looked at.
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
        if cancelled():
            break
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
        "insert into pyramids values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [number, n, sizes[-1], by_step, by_wall, *last, hidden, first_row(database, number, n)],
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
        rest.append(point_rows(database, number, row, row + _AT_ONCE))
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


def point_rows(database: Database, number: int, start: int, end: int) -> tuple[Ints, Ints, Floats]:
    """Differences and values of the points of a series among rows [start, end) of the table."""
    found = database.arrays(
        f"{POINTS} where series = ? and rowid >= ? and rowid < ?",
        [number, start, end],
    )
    return columns_of(database, number, found)


def columns_of(database: Database, number: int, found: dict[str, NDArray[np.generic]]) -> tuple[Ints, Ints, Floats]:
    """Differences of steps, of wall times in microseconds, and values, of what `POINTS` gave of a series."""
    ((unit,),) = cast("list[tuple[int]]", database.rows("select wall_unit from series where id = ?", [number]))
    steps, walls, values = (found[name] for name in ("step_diff", "wall_diff", "value"))
    return steps.astype(np.int64), in_microseconds(walls.astype(np.int64), unit), values.astype(np.float64)


def first_row(database: Database, number: int, count: int) -> int | None:
    """The row of its first point where all follow each other."""
    ((low, high),) = cast(
        "list[tuple[int, int]]", database.rows("select min(rowid), max(rowid) from points where series = ?", [number])
    )
    return low if high - low + 1 == count else None
