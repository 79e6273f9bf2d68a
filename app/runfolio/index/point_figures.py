"""Figures of a metric that are worked out of its points, for all runs at once or for some."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runfolio.index.database import Bound, Database
from runfolio.index.point_spans import Packed, Places, Spans, Wanted, spans
from runfolio.index.series_sums import deviations, means, slopes
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.metrics import Floats, Ints, MetricSeries
from runfolio.model.query import Aggregate, FieldRef
from runfolio.model.times import NO_TIME

LONG = 1 << 20
"""Points from which on a series is read until it reaches a value, and no further."""
_LEAST = -(2**63)
_FAR = np.uint64(2**61)
_PARTS = {Aggregate.MEAN: "", Aggregate.STD: "", Aggregate.REACH_TIME: "step, wall"}
"""What figures need of points besides their values."""
_KEPT = {Aggregate.MEAN: "mean_value", Aggregate.STD: "std_value", Aggregate.SLOPE: "slope"}
"""What is kept of all points of series that are not short, by the column of the table `series`."""


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


def _from_points(database: Database, ref: FieldRef, wanted: Wanted) -> tuple[Places, Floats]:
    if ref.aggregate in (Aggregate.REACH, Aggregate.REACH_TIME) and (is_long := wanted.n > LONG).any():
        few, figures = _reach_of_long(database, ref, wanted.where(is_long))
        runs, others = _from_points(database, ref, wanted.where(~is_long))
        return np.concatenate((runs, few)), np.concatenate((others, figures))
    found = np.full(len(wanted), np.nan)
    present = np.zeros(len(wanted), dtype=bool)
    for part in spans(database, wanted, _PARTS.get(ref.aggregate, "step")):
        if len(part.own):
            found[part.own], present[part.own] = _figure(ref, part, wanted)
    return wanted.run[present], found[present]


def _reach_of_long(database: Database, ref: FieldRef, series: Wanted) -> tuple[Places, Floats]:
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


def _series(database: Database, metric: str, runs: Sequence[int] | None, which: str = "") -> Wanted:
    narrowed, params = _narrowed(metric, runs)
    rows = database.arrays(
        f"""select x.series as number, x.run, s.n, coalesce(s.first_step, 0)::bigint as first_step, x.scale,
                   coalesce(s.first_wall, {NO_TIME})::bigint as first_wall, coalesce(s.wall_unit, 1) as wall_unit
            from run_series x join series s on s.id = x.series
            where x.name = ? and s.n > 0 {narrowed} {which}
            order by x.series""",
        params,
    )
    return Wanted(
        rows["number"].astype(np.int32),
        rows["run"].astype(np.int32),
        rows["n"].astype(np.int64),
        rows["first_step"].astype(np.int64),
        rows["scale"].astype(np.float64),
        rows["first_wall"].astype(np.int64),
        rows["wall_unit"].astype(np.int64),
    )


def _figure(ref: FieldRef, part: Spans, wanted: Wanted) -> tuple[Floats, NDArray[np.bool_]]:
    """The figure of each series (m,), and whether it has one."""
    if ref.aggregate is Aggregate.AT:
        return _value_at(ref.argument or 0.0, part, wanted)
    if ref.aggregate in (Aggregate.REACH, Aggregate.REACH_TIME):
        return _reach(ref, part, wanted)
    with np.errstate(all="ignore"):
        return _of_last(ref, part.packed(wanted, None if ref.argument is None else int(ref.argument)))


def _of_last(ref: FieldRef, points: Packed) -> tuple[Floats, NDArray[np.bool_]]:
    """Mean, deviation or slope of these points."""
    mean = means(points.value, points.start, points.length)
    if ref.aggregate is Aggregate.MEAN:
        return mean, np.ones(len(mean), dtype=bool)
    off = points.value - np.repeat(mean, points.length)
    if ref.aggregate is Aggregate.STD:
        return deviations(off, points.start, points.length), points.length > 1
    return slopes(points.step, off, points.start, points.length, points.length)


def point_of(points: MetricSeries, ref: FieldRef) -> int | None:
    """Which point of a series is its value at a step, or the first as good as a value; None where there is none."""
    if not len(points):
        return None
    start, length = np.zeros(1, dtype=np.int64), np.array([len(points)])
    argument = ref.argument or 0.0
    if ref.aggregate is Aggregate.AT:
        place, has = _at(points.step, start, length, argument)
    else:
        place, has = _first_good(points.value, start, length, argument, guess_direction(ref.name))
    return int(place[0]) if has[0] else None


def _value_at(wanted_step: float, part: Spans, wanted: Wanted) -> tuple[Floats, NDArray[np.bool_]]:
    apart = part.step_diff
    assert apart is not None, "steps were asked for"
    # As 64 bits without a sign, differences below nothing are the largest.
    if bool((apart.view(np.uint64) < _FAR).all()):
        place, has = _at_rising(np.cumsum(apart), part, wanted.first_step[part.own], wanted_step)
        return part.value[place] * wanted.scale[part.own], has
    points = part.packed(wanted)
    place, has = _at(points.step, points.start, points.length, wanted_step)
    return points.value[place], has


def _at_rising(summed: Ints, part: Spans, first: Ints, wanted: float) -> tuple[Ints, NDArray[np.bool_]]:
    """The same as `_at` of series whose steps do not go back, by halving: `summed` are differences of all points."""
    offset = first - summed[part.start]
    low, high = part.start.copy(), part.start + part.length
    for _ in range(int(part.length.max()).bit_length()):
        # In [low, high) lies the first point after the wanted step; where nothing is left it stays.
        middle = np.minimum((low + high) // 2, len(summed) - 1)
        upto = (summed[middle] + offset <= wanted) & (low < high)
        low = np.where(upto, middle + 1, low)
        high = np.where(upto, high, middle)
    reaches = summed[part.start + part.length - 1] + offset >= wanted
    place = low - 1
    has = reaches & (place >= part.start)
    return np.where(has, place, part.start), has


def _at(step: Ints, start: Ints, length: Ints, wanted: float) -> tuple[Ints, NDArray[np.bool_]]:
    """Place of the value at a step: of the greatest step up to it the point written last, if the series goes that far.

    The series lie one after the other.
    """
    upto = step <= wanted
    greatest = np.maximum.reduceat(np.where(upto, step, _LEAST), start)
    chosen = upto & (step == np.repeat(greatest, length))
    place = np.maximum.reduceat(np.where(chosen, np.arange(len(step)), -1), start)
    reaches = np.maximum.reduceat(step, start) >= wanted
    return place, reaches & (place >= 0)


def _first_good(
    value: Floats, start: Ints, length: Ints, wanted: float, direction: Direction
) -> tuple[Ints, NDArray[np.bool_]]:
    """Place of the first point as good as the wanted value; others may lie between the series."""

    def first(good: NDArray[np.bool_]) -> Ints:
        hits = np.append(np.flatnonzero(good), len(good))
        return hits[np.searchsorted(hits, start)]

    if direction is Direction.UNKNOWN:
        # Seen from where the series begins.
        found = np.where(value[start] <= wanted, first(value >= wanted), first(value <= wanted))
    else:
        found = first(value >= wanted if direction is Direction.HIGHER else value <= wanted)
    has = found < start + length
    return np.where(has, found, start), has


def _reach(ref: FieldRef, part: Spans, wanted: Wanted) -> tuple[Floats, NDArray[np.bool_]]:
    """Step of the first point as good as the wanted value, or seconds since the first."""
    value, own = part.value, part.own
    if bool((wanted.scale[own] != 1.0).any()):
        value = value.copy()
        for start, length, scale in zip(part.start.tolist(), part.length.tolist(), wanted.scale[own], strict=True):
            value[start : start + length] *= scale
    place, has = _first_good(value, part.start, part.length, ref.argument or 0.0, guess_direction(ref.name))
    if part.wall_diff is None:
        assert part.step_diff is not None, "steps were asked for"
        summed = np.cumsum(part.step_diff)
        return (summed[place] - summed[part.start] + wanted.first_step[own]).astype(np.float64), has
    known = part.wall_diff != NO_TIME
    summed = np.cumsum(np.where(known, part.wall_diff, 0))
    # What stands for the first known time of a series is no difference; nothing before it counts.
    leading = np.append(np.flatnonzero(known), len(known))
    first_known = leading[np.searchsorted(leading, part.start)]
    timed = first_known < part.start + part.length
    apart = summed[place] - summed[np.where(timed, first_known, 0)]
    return apart * wanted.wall_unit[own] / 1e6, has & timed & known[place]
