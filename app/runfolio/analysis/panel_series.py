"""What a panel makes of the series it is given, the same for the window and for a figure in a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from runfolio.analysis.axis import x_axis
from runfolio.analysis.bands import Band, band
from runfolio.analysis.derived import derive
from runfolio.analysis.drawing import Drawing, Groups
from runfolio.analysis.prepared import PreparedSeries, prepare_arrays, prepare_values
from runfolio.analysis.scales import YKind, YScale, linear_stretch, small_size
from runfolio.model.metrics import Floats, MetricSeries


def scale_for(kind: YKind, values: Iterable[Floats]) -> YScale:
    """The y axis for values as they were logged, float64 (n,) of each run; a SYMLOG axis is fitted to them."""
    return YScale(kind, linear_stretch([small_size(v) for v in values])) if kind is YKind.SYMLOG else YScale(kind)


def prepare_run(
    series: MetricSeries,
    drawing: Drawing,
    scale: YScale,
    other_x: MetricSeries | None = None,
    other_y: MetricSeries | None = None,
) -> PreparedSeries:
    """One run's series as a drawing asks for it, smoothed over all of its points.

    other_x   what x is joined from, where it is an epoch or another metric.
    other_y   the other metric, or the metric of the baseline run, where the derivation needs one.
    """
    x = x_axis(series, drawing.x, other_x)
    y = derive(series, drawing.derived.kind, other_y)
    return prepare_values(x, y, drawing.smoothing, smoother=drawing.smoother, scale=scale, logged=series.value)


def prepare_group(members: Sequence[PreparedSeries], groups: Groups, scale: YScale) -> tuple[PreparedSeries, Band]:
    """A group's centre made ready to be drawn, and its band in values, as `bands.band` gives it."""
    taken = band([(member.x, member.shown) for member in members], groups.centre, groups.spread, groups.level)
    # Where no run has a value there is nothing to mark: the runs' own marks are theirs.
    return prepare_arrays(taken.x, taken.centre, scale=scale, logged=np.zeros(len(taken.x))), taken
