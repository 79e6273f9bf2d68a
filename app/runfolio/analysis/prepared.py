"""A metric's series with all that a chart needs of it worked out, so that painting and pointing look nothing over."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from runfolio.analysis.axis import XKind, x_axis
from runfolio.analysis.pyramid import Columns, Points
from runfolio.analysis.reduce import inf_marks, nan_marks
from runfolio.analysis.scales import LINEAR, YScale, placed
from runfolio.analysis.smooth import Smoother, amount_for, natural_range, smooth
from runfolio.model.metrics import Floats, Ints, MetricSeries


class Line(Protocol):
    """What can be drawn as a line: `pyramid.Points`, or blocks of a long series."""

    x_bounds: tuple[float, float] | None
    y_bounds: tuple[float, float] | None

    def __len__(self) -> int: ...

    def columns(self, x0: float, x1: float, columns: int) -> Columns:
        """What the line covers in each of so many pixel columns of [x0, x1]."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class PreparedSeries:
    """One series as a chart draws it. Arrays are float64 (n,) in written order; `raw` and `line` are made of them.

    y        the values as written;  smooth: smoothed over all of them, None for no smoothing.
    raw      `y` as a line, placed on the axis; on a logarithmic one values of 0 and below are gaps.
    line     `smooth` as a line, None for no smoothing.
    hidden   how many values have no place on a log axis because they are 0 or below.
    nan_x, above_x, below_x   where `y` is NaN, +inf and -inf: finite x, sorted, each once.
    order    positions sorted by x, equal x in written order, NaN left out; None where x is sorted as written.
    count    how many points it stands for: more than there are in `y` where a long series came in blocks.
    end      where the last of these lies; below all x where that is the last of `sorted_x`.
    """

    x: Floats
    y: Floats
    smooth: Floats | None
    raw: Line
    line: Line | None
    hidden: int
    scale: YScale
    nan_x: Floats
    above_x: Floats
    below_x: Floats
    order: Ints | None
    sorted_x: Floats
    count: int
    end: float = -math.inf
    x_bounds: tuple[float, float] | None = field(init=False)
    """Lowest and highest x of the points and the marks; None when nothing has a place."""

    def __post_init__(self) -> None:
        # Of thousands of runs they are asked for at every reading; this is done off the GUI thread.
        bounds = None
        if len(self.sorted_x):
            # A point without a finite x is in neither; one whose value is not finite is marked, and its mark is to be
            # seen.
            bounds = float(self.sorted_x[0]), max(float(self.sorted_x[-1]), self.end)
        object.__setattr__(self, "x_bounds", bounds)

    def __len__(self) -> int:
        """How many points there are, NaN and infinite ones included."""
        return self.count

    @property
    def nowhere(self) -> int:
        """How many points have no place on the x axis."""
        return len(self.x) - len(self.sorted_x)

    @property
    def shown(self) -> Floats:
        """The values that the strong line goes through."""
        return self.y if self.smooth is None else self.smooth

    def at_or_before(self, x: float) -> int | None:
        """Position of the last point at or before x, the last written of equal ones; None when all come later."""
        known = self.sorted_x
        # Of thousands of runs the last values are asked for at once: those need no search.
        last = len(known) - 1
        place = last if last >= 0 and known[last] <= x else int(known.searchsorted(x, side="right")) - 1
        if place < 0:
            return None
        return place if self.order is None else int(self.order[place])

    def near(self, x: float, reach: float) -> Ints:
        """Positions of the points within `reach` of x; where there are none, of the one before it and the one after."""
        low = int(np.searchsorted(self.sorted_x, x - reach, side="left"))
        high = int(np.searchsorted(self.sorted_x, x + reach, side="right"))
        if low == high:
            low, high = max(0, low - 1), min(len(self.sorted_x), high + 1)
        places = np.arange(low, high)
        return places if self.order is None else self.order[places]


def prepare(
    series: MetricSeries,
    x_kind: XKind,
    smoothing: float,
    *,
    smoother: Smoother = Smoother.TIME_EMA,
    scale: YScale = LINEAR,
) -> PreparedSeries:
    """A series over steps or time, smoothed when `smoothing` (see `smooth.amount_for`) is above 0."""
    return prepare_values(x_axis(series, x_kind), series.value, smoothing, smoother=smoother, scale=scale)


def prepare_values(
    x: Floats,
    y: Floats,
    smoothing: float,
    *,
    smoother: Smoother = Smoother.TIME_EMA,
    scale: YScale = LINEAR,
    logged: Floats | None = None,
) -> PreparedSeries:
    """The same for values float64 (n,) at places that are worked out already.

    logged   the values that were logged, where `y` is derived from them: only theirs are marked as not finite.
    """
    smoothed = None
    if smoothing > 0 and len(y) > 2:
        smoothed = smooth(x, y, smoother, amount_for(smoother, smoothing), natural_range(x))
    return prepare_arrays(x, y, smoothed, scale=scale, logged=logged)


def prepare_arrays(
    x: Floats,
    y: Floats,
    smoothed: Floats | None = None,
    *,
    scale: YScale = LINEAR,
    logged: Floats | None = None,
) -> PreparedSeries:
    """The same from arrays of one length, float64 (n,), NaN and infinite values kept."""
    raw = Points(x, placed(y, scale))
    line = None if smoothed is None else Points(x, placed(smoothed, scale))
    order: Ints | None = None
    sorted_x = x
    if not (np.isfinite(x).all() and (x[1:] >= x[:-1]).all()):
        order = np.argsort(x, kind="stable")
        order = order[np.isfinite(x[order])]
        sorted_x = x[order]
    hidden = int(np.count_nonzero(y <= 0)) if scale.is_log else 0
    told = y if logged is None else logged
    nan_x = nan_marks(x, told)
    above_x = below_x = inf_marks(x, told)
    if len(above_x):
        above_x, below_x = inf_marks(x, np.maximum(told, 0.0)), inf_marks(x, np.minimum(told, 0.0))
    return PreparedSeries(x, y, smoothed, raw, line, hidden, scale, nan_x, above_x, below_x, order, sorted_x, len(y))
