"""Parts of a long series as finely as a chart shows them: made of blocks where they are long, of points else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import cast

import numpy as np

from runfolio.index.database import Database
from runfolio.index.long_points import first_row, lies_at, offset_between, rows_between
from runfolio.index.point_columns import absolute, absolute_wall
from runfolio.index.series_blocks import FIRST_BLOCK, blocks_of, columns_as_blocks, concatenated, finer_size
from runfolio.model.long_series import COLUMNS, Blocks, LongSeries, Stretch
from runfolio.model.metrics import Floats, Ints
from runfolio.model.times import NO_TIME

BLOCKS_A_COLUMN = 4
"""So many blocks at least make up a pixel column, so that a border between two is moved by an eighth at most."""

MOST_REFINED = 1 << 18
"""Points that are read in place of blocks which are too wide, at most."""

_NARROWED = 1 << 13
"""From so many points on it pays to look which of them are in the view before they are read."""


def stretch(
    database: Database, long: LongSeries, low: float, high: float, columns: int, *, by_wall: bool = False
) -> Stretch | None:
    """What lies from step `low` to `high` (microseconds when `by_wall`), fine enough for so many pixel columns.

    A little more comes than was asked for. None when the overview is fine enough. Where blocks span more than a quarter
    of a column, as after a pause, their points come instead, up to `MOST_REFINED` of them.
    """
    view = _View(low, high, columns, by_wall)
    ranges = _ranges(long, view)
    begins = np.append(long.overview.begins, long.count)
    count = sum(int(begins[end] - begins[first]) for first, end in ranges)
    size = long.size
    while size > 1 and size * BLOCKS_A_COLUMN * columns > count:
        size = finer_size(size)
    # Points come in place of the blocks that are in the view, where the ones around these are many.
    points = size == 1
    if points and count > _NARROWED:
        size = FIRST_BLOCK
    with database.snapshot():
        parts = [_finer(database, long, first, end, size, view, points=points) for first, end in ranges]
    if size == long.size and all(
        len(part.blocks) == end - first for part, (first, end) in zip(parts, ranges, strict=True)
    ):
        return None
    return replace(parts[0], rest=tuple(parts[1:]))


@dataclass(frozen=True, slots=True)
class _View:
    """What is looked at: a range, in how many pixel columns, and whether it is one of wall times."""

    low: float
    high: float
    columns: int
    by_wall: bool

    def of(self, blocks: Blocks) -> Ints:
        """Where the first points of blocks lie."""
        return blocks.wall if self.by_wall else blocks.step

    @property
    def widest(self) -> float:
        """How far a block may reach."""
        return (self.high - self.low) / self.columns * 1.001 / BLOCKS_A_COLUMN

    def together(self, places: Ints) -> int:
        """How many points at these places a block may hold: a power of two."""
        size = 1
        while 2 * size * BLOCKS_A_COLUMN * self.columns <= len(places) and size < FIRST_BLOCK:
            size *= 2
        borders = places[::size].astype(np.float64)
        return size if size > 1 and float(np.diff(borders, append=float(places[-1])).max()) <= self.widest else 1


def _ranges(long: LongSeries, view: _View) -> list[tuple[int, int]]:
    """The blocks [first, end) of the overview that are in the view, of each piece in which the series does not go back;
    of the last piece where none is."""
    places = view.of(long.overview)
    borders = [0, len(places)]
    if len(long.turns) and not view.by_wall:
        borders = [0, *np.searchsorted(long.overview.begins, long.turns).tolist(), len(places)]
    found: list[tuple[int, int]] = []
    for begin, end in pairwise(borders):
        own = places[begin:end]
        is_last = end == len(places)
        if not is_last and (own[0] > view.high or own[-1] < view.low):
            continue
        first = begin + max(0, int(np.searchsorted(own, view.low, side="left")) - 2)
        behind = min(end, begin + int(np.searchsorted(own, view.high, side="right")) + 1)
        if not found or not is_last or own[0] <= view.high:
            found.append((min(first, behind - 1), behind))
    return found


def _finer(
    database: Database, long: LongSeries, first: int, end: int, size: int, view: _View, *, points: bool
) -> Stretch:
    """Blocks [first, end) of the overview in blocks of `size` at most, those that are too wide as points.

    points   all that are in the view as points.
    """
    overview = long.overview
    begin = int(overview.begins[first])
    after = (long.last_step, long.last_wall)
    if end < len(overview):
        after = int(overview.step[end]), int(overview.wall[end])
    blocks = overview.part(slice(first, end))
    blocks = replaced(database, long, blocks, begin, np.flatnonzero(blocks.size > size), size, view)
    if size == 1:
        return Stretch(begin, blocks, after)
    x = np.append(view.of(blocks), after[view.by_wall])
    if points:
        chosen = (x[:-1] <= view.high) & (x[1:] >= view.low)
        # And those beside them, which the line comes from and goes to.
        chosen[:-1] |= chosen[1:].copy()
        chosen[1:] |= chosen[:-1].copy()
    else:
        chosen = np.diff(x.astype(np.float64)) > view.widest
    wide = np.flatnonzero(chosen & (blocks.size > 1))
    # Where points lie evenly no block is too wide; where many are, it would take too long to look at all of them.
    if points or int(blocks.size[wide].sum()) <= MOST_REFINED:
        blocks = replaced(database, long, blocks, begin, wide, 1, view)
    return Stretch(begin, blocks, after)


def replaced(
    database: Database, long: LongSeries, blocks: Blocks, begin: int, wide: Ints, size: int, view: _View | None = None
) -> Blocks:
    """Blocks, of which the first begins at point `begin`, with those at `wide` in blocks of `size`."""
    if not len(wide):
        return blocks
    begins = np.append(blocks.begins, int(blocks.size.sum())) + begin
    parts: list[Blocks] = []
    done = 0
    for group in np.split(wide, np.flatnonzero(np.diff(wide) > 1) + 1):
        one, other = int(group[0]), int(group[-1]) + 1
        if one > done:
            parts.append(blocks.part(slice(done, one)))
        start, stop = int(begins[one]), int(begins[other])
        if size == 1:
            parts.append(_points(database, long, start, stop, (int(blocks.step[one]), int(blocks.wall[one])), view))
        else:
            parts.append(_stored(database, long, start, stop, size, blocks.part(slice(one, other)), view))
        done = other
    if done < len(blocks):
        parts.append(blocks.part(slice(done, None)))
    return concatenated(parts)


def _stored(
    database: Database, long: LongSeries, begin: int, end: int, size: int, known: Blocks, view: _View | None
) -> Blocks:
    """Points [begin, end) in the blocks of `size` that are kept of them; `known` are coarser ones of the same."""
    # What the coarser blocks tell of all of their points need not be read.
    odd = int((known.nans + known.rises + known.falls).sum()) > 0
    positive = bool((known.low > 0).all())
    left_out = {"wall"} if view is not None and not view.by_wall else set()
    left_out |= set() if odd else {"nans", "rises", "falls"}
    left_out |= {"above"} if positive else set()
    names = ", ".join(f'"{name}"' for name in COLUMNS if name not in left_out)
    found = database.arrays(
        f"""select place, {names} from pyramid_blocks where series = ? and size = ? and place >= ? and place < ?""",
        [long.series, size, begin // size, -(-end // size)],
    )
    place = found["place"].astype(np.int64)
    if bool((place[1:] < place[:-1]).any()):
        order = np.argsort(place)
        found = {name: column[order] for name, column in found.items()}
    count = len(place)
    found |= {name: np.zeros(count, dtype=np.int64) for name in left_out & {"nans", "rises", "falls"}}
    if "wall" in left_out:
        found["wall"] = np.full(count, NO_TIME, dtype=np.int64)
    if positive:
        found["above"] = found["low"]
    return columns_as_blocks(found, size, begin, end, long.scale)


def _points(
    database: Database, long: LongSeries, begin: int, end: int, start: tuple[int, int], view: _View | None
) -> Blocks:
    """Points [begin, end) as blocks of one, or of some more where the view has less room than that; `start` is the step
    and the wall time of the first of them."""
    walls = (view is None or view.by_wall) and start[1] != NO_TIME
    found = _rows_as_known(database, long, begin, end, walls=walls)
    if found is None:
        # Rows move when what was deleted before them is cleared away.
        row = first_row(database, long.series, long.count)
        if row is not None:
            found = rows_between(database, long.series, long.wall_unit, row + begin, row + end, walls=walls)
        else:
            found = offset_between(database, long.series, long.wall_unit, begin, end, walls=walls)
    step_diff, wall_diff, value = found
    step, wall = absolute(step_diff, start[0]), absolute_wall(wall_diff, start[1]) if walls else wall_diff
    value = value * long.scale if long.scale != 1.0 else value
    together = 1 if view is None else view.together(wall if view.by_wall else step)
    return blocks_of(step, wall, value, together)


def _rows_as_known(
    database: Database, long: LongSeries, begin: int, end: int, *, walls: bool
) -> tuple[Ints, Ints, Floats] | None:
    """Points [begin, end) from where they lay when their blocks were made; None when they are not there."""
    if not lies_at(database, long.series, long.row):
        return None
    if long.together:
        start, stop = long.row + begin, long.row + end
        found = rows_between(database, long.series, long.wall_unit, start, stop, walls=walls)
        return found if len(found[2]) == end - begin else None
    one, other = begin // FIRST_BLOCK, end // FIRST_BLOCK
    noted = database.rows(
        """select at_row, "first" from pyramid_blocks
           where series = ? and size = ? and place >= ? and place <= ? order by place""",
        [long.series, FIRST_BLOCK, one, other],
    )
    if len(noted) <= other - one and end < long.count:
        return None
    start, behind = cast(int, noted[0][0]), cast(int, noted[-1][0]) if end < long.count else None
    found = rows_between(database, long.series, long.wall_unit, start, behind, walls=walls)
    as_noted = np.array_equal(found[2][:1], [cast(float, noted[0][1])], equal_nan=True)
    return found if len(found[2]) == end - begin and as_noted else None
