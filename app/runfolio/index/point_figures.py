"""Figures of a metric that are worked out of its points, for all runs at once or for some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from runfolio.index.database import Bound, Database
from runfolio.index.series_sums import deviations, means, slopes
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.metrics import Floats, Ints, MetricSeries
from runfolio.model.query import Aggregate, FieldRef
from runfolio.model.times import NO_TIME

Places: TypeAlias = NDArray[np.int32]

CHUNK = 500_000
"""Points that are in memory at once, about 100 bytes each at the worst."""

LONG = 1 << 20
"""Points from which on a series is read until it reaches a value, and no further."""
_LEAST = -(2**63)
_SPARSE = 64
"""Up to so many series for each that is wanted, all of them are looked through."""
_PARTS = {Aggregate.MEAN: "", Aggregate.STD: "", Aggregate.REACH_TIME: "step, wall"}
"""What figures need of points besides their values."""
_KEPT = {Aggregate.MEAN: "mean_value", Aggregate.STD: "std_value", Aggregate.SLOPE: "slope"}
"""What is kept of all points of series that are not short, by the column of the table `series`."""


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """The series that show a metric, by number: arrays (m,).

    scale   by which values are multiplied where they stand under another name in their run.
    first_wall   in microseconds, NO_TIME where it is not known.
    wall_unit   of the differences of wall times, in microseconds.
    """

    number: Places
    run: Places
    n: Ints
    first_step: Ints
    scale: Floats
    first_wall: Ints
    wall_unit: Ints

    def where(self, which: NDArray[np.bool_]) -> _Series:
        """Some of them."""
        parts = (self.number, self.run, self.n, self.first_step, self.scale, self.first_wall, self.wall_unit)
        return _Series(*(part[which] for part in parts))


@dataclass(frozen=True, slots=True, eq=False)
class _Chunk:
    """Points of the series `own` (a slice), which lie one after the other in written order.

    start    int64 (m,): where each series begins; all of them have points.
    length   int64 (m,).
    """

    own: NDArray[np.int64]
    start: Ints
    length: Ints
    step: Ints
    value: Floats
    wall: Ints | None


def point_figures(database: Database, ref: FieldRef, runs: Sequence[int] | None = None) -> tuple[Places, Floats]:
    """Ids of runs int32 (m,) and the figure of each float64 (m,), in no order; runs without the figure are left out.

    runs   only these ids; None for all.

    Points count in written order. NaN among the points of a mean, deviation or slope makes it NaN.
    """
    if ref.aggregate in _KEPT and ref.argument is None:
        return _kept_figures(database, ref, runs)
    return _from_points(database, ref, _series(database, ref.name, runs))


def _kept_figures(database: Database, ref: FieldRef, runs: Sequence[int] | None) -> tuple[Places, Floats]:
    """Figures of all points as they are kept with series, and those that are not out of the points."""
    narrowed, params = _narrowed(ref.name, runs)
    rows = database.arrays(
        f"""select x.run, coalesce(s.{_KEPT[ref.aggregate]}, 'nan') as figure, s.{_KEPT[ref.aggregate]} is null as lacks
            from run_series x join series s on s.id = x.series
            where x.name = ? and s.mean_value is not null and x.scale = 1 {narrowed}""",
        params,
    )
    left = _series(database, ref.name, runs, "and (s.mean_value is null or x.scale <> 1)")
    others, figures = _from_points(database, ref, left)
    has = ~rows["lacks"].astype(bool)
    return (
        np.concatenate((rows["run"].astype(np.int32)[has], others)),
        np.concatenate((rows["figure"].astype(np.float64)[has], figures)),
    )


def _from_points(database: Database, ref: FieldRef, series: _Series) -> tuple[Places, Floats]:
    if ref.aggregate in (Aggregate.REACH, Aggregate.REACH_TIME) and (is_long := series.n > LONG).any():
        few, figures = _reach_of_long(database, ref, series.where(is_long))
        runs, others = _from_points(database, ref, series.where(~is_long))
        return np.concatenate((runs, few)), np.concatenate((others, figures))
    found = np.full(len(series.number), np.nan)
    present = np.zeros(len(series.number), dtype=bool)
    for chunk in _chunks(database, series, _PARTS.get(ref.aggregate, "step")):
        figure, has = _figure(ref, chunk)
        found[chunk.own] = figure
        present[chunk.own] = has
    return series.run[present], found[present]


def _reach_of_long(database: Database, ref: FieldRef, series: _Series) -> tuple[Places, Floats]:
    """Of series that are not held as a whole."""
    from runfolio.index.long_points import Numbered
    from runfolio.index.long_reach import long_reach

    runs: list[int] = []
    figures: list[float] = []
    parts = (series.number, series.n, series.first_step, series.first_wall, series.wall_unit)
    for run, scale, *numbers in zip(*(p.tolist() for p in (series.run, series.scale, *parts)), strict=True):
        figure = long_reach(database, Numbered(*numbers), scale, ref)
        if figure is not None:
            runs.append(run)
            figures.append(figure)
    return np.array(runs, dtype=np.int32), np.array(figures, dtype=np.float64)


def _narrowed(metric: str, runs: Sequence[int] | None) -> tuple[str, list[Bound]]:
    """A condition on runs, and what is bound in a query of a metric."""
    if runs is None:
        return "", [metric]
    return "and x.run in (select unnest(?::integer[]))", [metric, [*runs]]


def _series(database: Database, metric: str, runs: Sequence[int] | None, which: str = "") -> _Series:
    narrowed, params = _narrowed(metric, runs)
    rows = database.arrays(
        f"""select x.series as number, x.run, s.n, coalesce(s.first_step, 0)::bigint as first_step, x.scale,
                   coalesce(s.first_wall, {NO_TIME})::bigint as first_wall, coalesce(s.wall_unit, 1) as wall_unit
            from run_series x join series s on s.id = x.series
            where x.name = ? and s.n > 0 {narrowed} {which}
            order by x.series""",
        params,
    )
    return _Series(
        rows["number"].astype(np.int32),
        rows["run"].astype(np.int32),
        rows["n"].astype(np.int64),
        rows["first_step"].astype(np.int64),
        rows["scale"].astype(np.float64),
        rows["first_wall"].astype(np.int64),
        rows["wall_unit"].astype(np.int64),
    )


def _chunks(database: Database, series: _Series, parts: str) -> Iterator[_Chunk]:
    """The points of some series at a time."""
    ends = np.cumsum(series.n)
    begin = 0
    while begin < len(ends):
        before = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, before + CHUNK, side="right")))
        yield _read(database, series, begin, end, parts)
        begin = end


def _read(database: Database, series: _Series, begin: int, end: int, parts: str) -> _Chunk:
    numbers = series.number[begin:end]
    first, last = int(numbers[0]), int(numbers[-1])
    wanted = "series, value"
    wanted += ", step_diff" if "step" in parts else ""
    wanted += f", coalesce(wall_diff, {NO_TIME}) as wall_diff" if "wall" in parts else ""
    sql = f"select {wanted} from points where series between ? and ?"
    if last - first + 1 == len(numbers):
        points = database.arrays(sql, [first, last])
    elif last - first < _SPARSE * len(numbers):
        # A bit for each number: unlike a join, a filter hands the points on in the order in which they lie.
        bits = np.full(last - first + 1, ord("0"), dtype=np.uint8)
        bits[numbers - first] = ord("1")
        points = database.arrays(
            f"{sql} and get_bit(?::bit, series - ?) = 1", [first, last, bits.tobytes().decode(), first]
        )
    else:
        points = database.arrays(
            f"{sql} and series in (select unnest(?::integer[])) order by series, rowid", [first, last, numbers.tolist()]
        )
    owner, value = np.asarray(points["series"]), np.asarray(points["value"], dtype=np.float64)
    step = np.asarray(points["step_diff"], dtype=np.int64) if "step" in parts else None
    wall = np.asarray(points["wall_diff"], dtype=np.int64) if "wall" in parts else None
    if len(owner) > 1 and bool((owner[1:] < owner[:-1]).any()):
        # Points that were added later lie behind those of other series, each series in written order all the same.
        order = np.argsort(owner, kind="stable")
        owner, value = owner[order], value[order]
        step = step[order] if step is not None else None
        wall = wall[order] if wall is not None else None
    start = np.concatenate([[0], np.flatnonzero(owner[1:] != owner[:-1]) + 1]) if len(owner) else np.empty(0, np.int64)
    length = np.diff(start, append=len(owner))
    own = begin + np.searchsorted(numbers, owner[start])
    scale = series.scale[own]
    if (scale != 1.0).any():
        value = value * np.repeat(scale, length)
    if wall is not None:
        wall = np.where(wall == NO_TIME, NO_TIME, wall * np.repeat(series.wall_unit[own], length))
    steps = np.empty(0, dtype=np.int64) if step is None else _absolute(step, start, length, series.first_step[own])
    return _Chunk(own, start, length, steps, value, wall)


def _absolute(apart: Ints, start: Ints, length: Ints, first: Ints) -> Ints:
    """Steps (n,) of series that lie one after the other, from their differences; sums wrap as they did when written."""
    step = np.cumsum(apart)
    step -= np.repeat(step[start] - first, length)
    return step


def _figure(ref: FieldRef, chunk: _Chunk) -> tuple[Floats, NDArray[np.bool_]]:
    """The figure of each series (m,), and whether it has one."""
    if not len(chunk.start):
        return np.empty(0), np.empty(0, dtype=bool)
    if ref.aggregate is Aggregate.AT:
        place, has = _at(chunk, ref)
        return chunk.value[place], has
    if ref.aggregate in (Aggregate.REACH, Aggregate.REACH_TIME):
        return _reach(chunk, ref)
    with np.errstate(all="ignore"):
        return _of_last(chunk, ref)


def _of_last(chunk: _Chunk, ref: FieldRef) -> tuple[Floats, NDArray[np.bool_]]:
    """Mean, deviation or slope of the last points."""
    length = chunk.length if ref.argument is None else np.minimum(chunk.length, int(ref.argument))
    start = chunk.start + chunk.length - length
    mean = means(chunk.value, start, length)
    if ref.aggregate is Aggregate.MEAN:
        return mean, np.ones(len(mean), dtype=bool)
    off = chunk.value - np.repeat(mean, chunk.length)
    if ref.aggregate is Aggregate.STD:
        return deviations(off, start, length), length > 1
    return slopes(chunk.step, off, start, length, chunk.length)


def point_of(points: MetricSeries, ref: FieldRef) -> int | None:
    """Which point of a series is its value at a step, or the first as good as a value; None where there is none."""
    if not len(points):
        return None
    whole = np.array([len(points)])
    chunk = _Chunk(np.zeros(1, np.int64), np.zeros(1, np.int64), whole, points.step, points.value, None)
    place, has = _at(chunk, ref) if ref.aggregate is Aggregate.AT else _first_good(chunk, ref)
    return int(place[0]) if has[0] else None


def _at(chunk: _Chunk, ref: FieldRef) -> tuple[Ints, NDArray[np.bool_]]:
    """The value at a step: of the greatest step up to it the point written last, if the series goes that far."""
    wanted = ref.argument or 0.0
    upto = chunk.step <= wanted
    greatest = np.maximum.reduceat(np.where(upto, chunk.step, _LEAST), chunk.start)
    chosen = upto & (chunk.step == np.repeat(greatest, chunk.length))
    place = np.maximum.reduceat(np.where(chosen, np.arange(len(chunk.step)), -1), chunk.start)
    reaches = np.maximum.reduceat(chunk.step, chunk.start) >= wanted
    return place, reaches & (place >= 0)


def _first_good(chunk: _Chunk, ref: FieldRef) -> tuple[Ints, NDArray[np.bool_]]:
    """The first point as good as the wanted value."""
    wanted = ref.argument or 0.0
    direction = guess_direction(ref.name)
    if direction is Direction.UNKNOWN:
        # Seen from where the series begins.
        upwards = np.repeat(chunk.value[chunk.start] <= wanted, chunk.length)
        good = np.where(upwards, chunk.value >= wanted, chunk.value <= wanted)
    else:
        good = chunk.value >= wanted if direction is Direction.HIGHER else chunk.value <= wanted
    hits = np.append(np.flatnonzero(good), len(good))
    first = hits[np.searchsorted(hits, chunk.start)]
    has = first < chunk.start + chunk.length
    return np.where(has, first, chunk.start), has


def _reach(chunk: _Chunk, ref: FieldRef) -> tuple[Floats, NDArray[np.bool_]]:
    """Step of that point, or seconds since the first."""
    place, has = _first_good(chunk, ref)
    if chunk.wall is None:
        return chunk.step[place].astype(np.float64), has
    known = chunk.wall != NO_TIME
    apart = np.where(known, chunk.wall, 0)
    # What stands for the first known time of a series is no difference.
    leading = np.append(np.flatnonzero(known), len(known))
    first_known = leading[np.searchsorted(leading, chunk.start)]
    timed = first_known < chunk.start + chunk.length
    apart[first_known[timed]] = 0
    since = np.cumsum(apart)
    seconds = (since[place] - since[np.where(timed, first_known, 0)]) / 1e6
    return seconds, has & timed & known[place]
