"""What a series is drawn over: steps, the time since its first point, the clock, or the values of another metric."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from runfolio.model.display import count, plain
from runfolio.model.metrics import Floats, MetricSeries
from runfolio.model.times import NO_TIME


class XKind(StrEnum):
    """The x axis of a chart. EPOCH is METRIC with the metric by which a run counts its epochs."""

    STEP = "step"
    RELATIVE = "relative"
    WALL = "wall"
    EPOCH = "epoch"
    METRIC = "metric"

    @property
    def joins(self) -> bool:
        """Whether x comes from another series."""
        return self in (XKind.EPOCH, XKind.METRIC)

    @property
    def is_time(self) -> bool:
        """Whether x comes from wall times."""
        return self in (XKind.RELATIVE, XKind.WALL)


def x_axis(series: MetricSeries, kind: XKind, other: MetricSeries | None = None) -> Floats:
    """The x of every point, float64 (n,), in written order.

    STEP       the step as written; the row number where the format has no step.
    RELATIVE   seconds since the wall time of the first point that has one.
    WALL       seconds since 1970-01-01 UTC.
    EPOCH, METRIC   what `other` has at the point's step, see `at_steps`; NaN for all when the run has no such metric.
    A point without a wall time has x NaN in the two of time and is drawn nowhere.
    """
    if kind is XKind.STEP:
        return series.step.astype(np.float64)
    if kind.joins:
        return np.full(len(series), np.nan) if other is None else at_steps(other, series)
    known = series.wall_time_us != NO_TIME
    x = np.full(len(series), np.nan)
    if known.any():
        # Subtracted as integers: microseconds since 1970 are past what float64 holds to the microsecond after division.
        start = series.wall_time_us[known][0] if kind is XKind.RELATIVE else np.int64(0)
        x[known] = (series.wall_time_us[known] - start) / 1e6
    return x


def nowhere_text(kind: XKind, name: str, points: int) -> str:
    """What is to be said of points that have no place on an axis; "" for none.

    >>> nowhere_text(XKind.WALL, "", 33), nowhere_text(XKind.METRIC, "loss", 1)
    ('33 points have no time', '1 point has no loss')
    """
    what = "time" if kind.is_time else "epoch" if kind is XKind.EPOCH else plain(name, 40) or "such metric"
    return f"{count(points)} point{' has' if points == 1 else 's have'} no {what}" if points else ""


def at_steps(other: MetricSeries, series: MetricSeries) -> Floats:
    """The value of `other` at the step of each point of `series`, float64 (n,).

    It is that of its last point at or before the step, of several at one step the one written last; NaN where all come
    later. Nothing is interpolated: an epoch begins with the step that is the first to be told of it.
    """
    steps, values = other.step, other.value
    if not (steps[1:] >= steps[:-1]).all():
        order = np.argsort(steps, kind="stable")
        steps, values = steps[order], values[order]
    place = np.searchsorted(steps, series.step, side="right") - 1
    return np.where(place >= 0, values[np.maximum(place, 0)] if len(values) else np.nan, np.nan)
