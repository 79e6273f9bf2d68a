"""Measured series: every point in written order, and the figures that summarise them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from runfolio.model.times import NO_TIME

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

_FEW = 64
"""Series of up to so many points share what says nothing of them. A study of 20,000 trials has that many such series,
and what is shared is carried from one process to another once."""


@dataclass(frozen=True, slots=True, eq=False)
class MetricSeries:
    """All points of one metric of one recording, as the tracker's reader yields them.

    name           as written, `/` and spaces included.
    step           int64 (n,), in written order: may repeat, go back, be negative. Row numbers when not `has_step`.
    value          float64 (n,), NaN and infinities kept.
    wall_time_us   int64 (n,), microseconds UTC, NO_TIME where a point has none.
    has_step       False where the format has no step of its own.
    final          what the tracker itself shows as the latest value; None where it has no such notion.
    final_rule     how `final` was chosen, for the tooltip ("greatest step, then time, then value").
    source         file it was read from, relative to the import root.
    origin         what it is called in the run, with the scale, where names were aligned: `val_acc × 0.01`.
    """

    name: str
    step: Ints
    value: Floats
    wall_time_us: Ints
    has_step: bool = True
    final: float | None = None
    final_rule: str = ""
    source: str = ""
    origin: str = ""

    def __post_init__(self) -> None:
        if not len(self.step) == len(self.value) == len(self.wall_time_us):
            raise ValueError(f"series {self.name!r}: step, value and wall time differ in length")

    def __len__(self) -> int:
        return len(self.value)

    def __reduce__(self) -> tuple[type[MetricSeries], tuple[object, ...]]:
        # What a data class has for this asks for its fields each time, at three times the cost.
        return MetricSeries, (
            self.name,
            self.step,
            self.value,
            self.wall_time_us,
            self.has_step,
            self.final,
            self.final_rule,
            self.source,
            self.origin,
        )


def series(
    name: str,
    steps: Ints | list[int] | None,
    values: Floats | list[float],
    wall_times_us: Ints | list[int] | None = None,
    *,
    final: float | None = None,
    final_rule: str = "",
    source: str = "",
) -> MetricSeries:
    """A MetricSeries from lists or arrays; `steps` None means the format has none (row numbers are put in)."""
    value = np.asarray(values, dtype=np.float64)
    step = _row_numbers(len(value)) if steps is None else np.asarray(steps, dtype=np.int64)
    wall = _no_times(len(value)) if wall_times_us is None else np.asarray(wall_times_us, dtype=np.int64)
    return MetricSeries(name, step, value, wall, steps is not None, final, final_rule, source)


def _row_numbers(count: int) -> Ints:
    return _few_row_numbers(count) if count <= _FEW else np.arange(count, dtype=np.int64)


def _no_times(count: int) -> Ints:
    return _few_no_times(count) if count <= _FEW else np.full(count, NO_TIME, dtype=np.int64)


@lru_cache(_FEW + 1)
def _few_row_numbers(count: int) -> Ints:
    numbers = np.arange(count, dtype=np.int64)
    numbers.setflags(write=False)
    return numbers


@lru_cache(_FEW + 1)
def _few_no_times(count: int) -> Ints:
    times = np.full(count, NO_TIME, dtype=np.int64)
    times.setflags(write=False)
    return times


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """The figures a table shows of one series.

    first, last    (step, value) in stored order; step None where the format has none.
    min, max       over non-NaN values, infinities taking part; None when there is none.
    best_min, best_max   over finite values only: NaN and infinities never win "best".
    shown          the tracker's own "latest" where it has one, else the last stored value.
    """

    count: int
    first: tuple[int | None, float] | None
    last: tuple[int | None, float] | None
    min: float | None
    max: float | None
    best_min: float | None
    best_max: float | None
    nan_count: int
    inf_count: int
    final: float | None
    shown: float | None

    @property
    def has_nan(self) -> bool:
        """Whether any value is NaN."""
        return self.nan_count > 0


def summarise(points: MetricSeries) -> SeriesSummary:
    """The summary of a series in one pass over its values; all None for an empty one."""
    value = points.value
    count = len(value)
    if count == 0:
        return SeriesSummary(0, None, None, None, None, None, None, 0, 0, points.final, points.final)
    least, most = float(value.min()), float(value.max())
    nan_count = inf_count = 0
    low: float | None = least
    high: float | None = most
    best_low, best_high = low, high
    # A NaN among the values is the least and the most, so these two say that all are finite, as nearly always.
    if not (math.isfinite(least) and math.isfinite(most)):
        real = value[~np.isnan(value)]
        sound = real[np.isfinite(real)]
        nan_count, inf_count = count - len(real), len(real) - len(sound)
        low, high = _span(real)
        best_low, best_high = _span(sound)

    def at(index: int) -> tuple[int | None, float]:
        return (int(points.step[index]) if points.has_step else None, float(value[index]))

    last = at(-1)
    return SeriesSummary(
        count=count,
        first=at(0),
        last=last,
        min=low,
        max=high,
        best_min=best_low,
        best_max=best_high,
        nan_count=nan_count,
        inf_count=inf_count,
        final=points.final,
        shown=points.final if points.final is not None else last[1],
    )


def _span(values: Floats) -> tuple[float | None, float | None]:
    return (float(values.min()), float(values.max())) if len(values) else (None, None)
