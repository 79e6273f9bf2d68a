"""What a series is drawn over: its steps, or the time since its first point, or the clock."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from runfolio.model.metrics import Floats, MetricSeries
from runfolio.model.times import NO_TIME


class XKind(StrEnum):
    """The x axis of a chart."""

    STEP = "step"
    RELATIVE = "relative"
    WALL = "wall"


def x_axis(series: MetricSeries, kind: XKind) -> Floats:
    """The x of every point, float64 (n,), in written order.

    STEP       the step as written; the row number where the format has no step.
    RELATIVE   seconds since the wall time of the first point that has one.
    WALL       seconds since 1970-01-01 UTC.
    A point without a wall time has x NaN in the latter two and is drawn nowhere.
    """
    if kind is XKind.STEP:
        return series.step.astype(np.float64)
    known = series.wall_time_us != NO_TIME
    x = np.full(len(series), np.nan)
    if known.any():
        # Subtracted as integers: microseconds since 1970 are past what float64 holds to the microsecond after division.
        start = series.wall_time_us[known][0] if kind is XKind.RELATIVE else np.int64(0)
        x[known] = (series.wall_time_us[known] - start) / 1e6
    return x
