"""Points of one long series by their rows in the table, which mostly follow each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from runfolio.index.database import Bound, Database
from runfolio.index.point_columns import absolute, absolute_wall, in_microseconds
from runfolio.model.metrics import Floats, Ints
from runfolio.model.times import NO_TIME

AT_ONCE = 1 << 20
"""Points that are read in one go; a multiple of every size of block up to a million."""

_WALLS = f"coalesce(wall_diff, {NO_TIME}) as wall_diff"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A series by what is needed to read it: number, points, first step and wall time (0 and NO_TIME for none), unit
    of its wall times in microseconds."""

    number: int
    n: int
    first_step: int
    first_wall: int
    wall_unit: int


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some points that follow each other: position of the first, steps, wall times, values and rows (n,)."""

    begin: int
    step: Ints
    wall: Ints
    value: Floats
    row: Ints


def rows_between(
    database: Database, series: int, unit: int, start: int, end: int | None, *, walls: bool = True
) -> tuple[Ints, Ints, Floats]:
    """Differences and values of the points of a series among rows [start, end) of the table; None for all from there.

    walls   whether wall times are needed; NO_TIME stands for them else.
    """
    params: list[Bound] = [series, start]
    bound = ""
    if end is not None:
        bound = "and rowid < ?"
        params.append(end)
    wanted = f"{_WALLS}, " if walls else ""
    sql = f"select step_diff, {wanted}value from points where series = ? and rowid >= ? {bound}"
    return columns_of(database.arrays(sql, params), unit)


def offset_between(
    database: Database, series: int, unit: int, begin: int, end: int, *, walls: bool = True
) -> tuple[Ints, Ints, Floats]:
    """The same of points [begin, end) of a series whose rows are not known; slow where it is long."""
    wanted = f"{_WALLS}, " if walls else ""
    sql = f"select step_diff, {wanted}value from points where series = ? order by rowid limit ? offset ?"
    return columns_of(database.arrays(sql, [series, end - begin, begin]), unit)


def columns_of(found: dict[str, NDArray[np.generic]], unit: int) -> tuple[Ints, Ints, Floats]:
    """Differences of steps, of wall times in microseconds (NO_TIME where they were not asked for), and values."""
    steps, values = (found[name] for name in ("step_diff", "value"))
    walls = np.full(len(values), NO_TIME, dtype=np.int64)
    if "wall_diff" in found:
        walls = in_microseconds(found["wall_diff"].astype(np.int64, copy=False), unit)
    return steps.astype(np.int64, copy=False), walls, values.astype(np.float64, copy=False)


def first_row(database: Database, number: int, count: int) -> int | None:
    """The row of its first point where all follow each other."""
    ((low, high),) = _ends(database, number)
    return low if high - low + 1 == count else None


def lies_at(database: Database, number: int, row: int) -> bool:
    """Whether a series still begins at that row."""
    found = database.rows(
        "select rowid from points where series = ? and (rowid = ? or rowid = ?)", [number, row - 1, row]
    )
    return found == [(row,)]


def _ends(database: Database, number: int) -> list[tuple[int, int]]:
    sql = "select min(rowid), max(rowid) from points where series = ?"
    return cast("list[tuple[int, int]]", database.rows(sql, [number]))


def chunks(database: Database, series: Numbered) -> Iterator[Chunk]:
    """`AT_ONCE` points after points of a series, the last ones fewer."""
    ((low, high),) = _ends(database, series.number)
    together = high - low + 1 == series.n
    begin = step_last = 0
    known: int | None = None
    rest: list[tuple[Ints, Ints, Floats, Ints]] = []
    for row in range(low, high + 1, AT_ONCE):
        found = database.arrays(
            f"""select step_diff, {_WALLS}, value {"" if together else ", rowid as row"}
                from points where series = ? and rowid >= ? and rowid < ?""",
            [series.number, row, row + AT_ONCE],
        )
        own = np.arange(row, row + len(found["value"])) if together else found["row"].astype(np.int64)
        rest.append((*columns_of(found, series.wall_unit), own))
        is_last = row + AT_ONCE > high
        if sum(len(part[2]) for part in rest) < AT_ONCE and not is_last:
            continue
        step_diff, wall_diff, value, own = (np.concatenate(columns) for columns in zip(*rest, strict=True))
        while len(value) >= AT_ONCE or (len(value) and is_last):
            # The number of the first point of all is known; in place of its difference stands that of the second.
            start = series.first_step if not begin else wrapped(step_last + int(step_diff[0]))
            step = absolute(step_diff[:AT_ONCE], start)
            wall, known = _wall_times(wall_diff[:AT_ONCE], known, series.first_wall)
            yield Chunk(begin, step, wall, value[:AT_ONCE], own[:AT_ONCE])
            step_last = int(step[-1])
            begin += len(step)
            step_diff, wall_diff, value, own = (part[AT_ONCE:] for part in (step_diff, wall_diff, value, own))
        rest = [(step_diff, wall_diff, value, own)]


def tail(database: Database, series: Numbered, begin: int, row: int, step: int, wall: int) -> Chunk | None:
    """The points from `begin` on, of which the first lies at `row` and has that step and wall time.

    None where that cannot be told: when rows have moved, or only some points have a time.
    """
    found = database.arrays(
        f"select step_diff, {_WALLS}, value, rowid as row from points where series = ? and rowid >= ?",
        [series.number, row],
    )
    rows = found["row"].astype(np.int64)
    step_diff, wall_diff, value = columns_of(found, series.wall_unit)
    if len(value) != series.n - begin or (len(rows) and int(rows[0]) != row):
        return None
    steps = absolute(step_diff, step)
    if series.first_wall == NO_TIME:
        return Chunk(begin, steps, wall_diff, value, rows)
    if wall == NO_TIME or bool((wall_diff == NO_TIME).any()):
        return None
    return Chunk(begin, steps, absolute_wall(wall_diff, wall), value, rows)


def _wall_times(apart: Ints, known: int | None, first: int) -> tuple[Ints, int | None]:
    """Wall times of points, given the last known one before them or, where there is none, the first of all; and the
    last known one of them."""
    places = np.flatnonzero(apart != NO_TIME)
    if not len(places):
        return np.full(len(apart), NO_TIME, dtype=np.int64), known
    wall = absolute_wall(apart, first if known is None else wrapped(known + int(apart[places[0]])))
    return wall, int(wall[places[-1]])


def wrapped(number: int) -> int:
    """As 64 bits hold it."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)
