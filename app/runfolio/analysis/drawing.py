"""What a panel draws of its metric, as plain data, and how far a view of it reaches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from runfolio.analysis.axis import XKind
from runfolio.analysis.derived import NOT_DERIVED, Derivation, Derived
from runfolio.analysis.prepared import PreparedSeries
from runfolio.analysis.scales import YKind, YScale, placed
from runfolio.analysis.smooth import Smoother
from runfolio.model.display import count, counted, number
from runfolio.model.metrics import Floats
from runfolio.model.run import RunKey
from runfolio.model.statistics import LEVEL, Centre, Spread

Range = tuple[float, float]
LARGEST = 1e300
"""Where views end: past it sums and margins overflow."""


@dataclass(frozen=True, slots=True)
class Groups:
    """By what runs are taken together, and how a group is drawn.

    by   "" for not at all, "replicates" for runs that differ in nothing but the seed, else the id of a field.
    """

    by: str = ""
    centre: Centre = Centre.MEAN
    spread: Spread = Spread.T
    level: float = LEVEL


REPLICATES = "replicates"
SINGLE_RUNS = Groups()


Style = tuple[int, int]
"""Place in the palette, and place among the dashes."""


def group_styles(groups: Sequence[tuple[int, Style]], colors: int = 10, dashes: int = 4) -> list[Style]:
    """The style of each group, given how many runs it has and the style of its first run.

    A group of one keeps the style of its run. Others take the colour of their first run where no group has it yet,
    else one that the fewest groups have, with the next dash: runs with every tenth colour don't make groups of one.

    >>> group_styles([(2, (0, 0)), (2, (0, 1)), (1, (1, 0))])
    [(0, 0), (2, 0), (1, 0)]
    """
    used = [0] * colors
    for runs, (color, _) in groups:
        used[color % colors] += runs == 1
    styles: list[Style] = []
    for runs, (color, dash) in groups:
        if runs == 1:
            styles.append((color, dash))
            continue
        taken = color % colors if not used[color % colors] else used.index(min(used))
        styles.append((taken, used[taken] % dashes))
        used[taken] += 1
    return styles


@dataclass(frozen=True, slots=True)
class Drawing:
    """One panel's picture: x, y, what is made of the metric, smoothing, groups, and what of it is in view.

    x_metric   the metric that is the x axis, where `x` is METRIC.
    baseline   the run that is subtracted, where the derivation asks for one.
    y_range    values that the view ends at; None for those of the points.
    clip       the view leaves out what lies far from the other points; nothing else is left out of anything.
    """

    metric: str
    x: XKind = XKind.STEP
    x_metric: str = ""
    y: YKind = YKind.LINEAR
    smoother: Smoother = Smoother.TIME_EMA
    smoothing: float = 0.0
    derived: Derived = NOT_DERIVED
    baseline: RunKey | None = None
    groups: Groups = SINGLE_RUNS
    y_range: Range | None = None
    clip: bool = False

    @property
    def of_points(self) -> Drawing:
        """The same without what only the view depends on."""
        return replace(self, y_range=None, clip=False)

    @property
    def of_runs(self) -> Drawing:
        """The same without what groups depend on as well."""
        return replace(self.of_points, groups=SINGLE_RUNS)

    @property
    def needs_points(self) -> bool:
        """Whether every point is needed: blocks of a long series cannot be smoothed or reckoned with."""
        return bool(self.smoothing > 0 or self.derived.kind is not Derivation.NONE or self.x.joins or self.groups.by)


@dataclass(frozen=True, slots=True)
class Reach:
    """The y range of a view, placed on its axis, and how many of all points lie outside of it.

    low, high   None where the view is to hold all points.
    exact       False where long series are counted by blocks: then at least so many points lie outside.
    """

    low: float | None = None
    high: float | None = None
    outside: int = 0
    total: int = 0
    exact: bool = True

    @property
    def text(self) -> str:
        """What is to be said of it; "" when nothing is outside."""
        if not self.outside:
            return ""
        least = "" if self.exact else "at least "
        return f"{least}{count(self.outside)} of {counted(self.total, 'point')} outside the view"


def reach(
    series: Sequence[PreparedSeries],
    scale: YScale,
    y_range: Range | None,
    *,
    clip: bool,
    beside: Sequence[Range | None] = (),
) -> Reach:
    """How far a view goes up and down.

    y_range   as in Drawing; what has no place on the axis counts as the end of it.
    clip      from half of the width between the 1 % and the 99 % quantile below the one to as much above the other, no
              further than the points and what is drawn `beside` them go.
    """
    total = sum(len(s) for s in series)
    bounds = [b for s in series for line in (s.raw, s.line) if line is not None and (b := line.y_bounds) is not None]
    if not bounds or not (clip or y_range):
        return Reach(total=total)
    bounds += [edges for edges in beside if edges is not None]
    lowest, highest = min(b[0] for b in bounds), max(b[1] for b in bounds)
    values = [placed(s.y, scale) for s in series]
    if y_range is not None:
        low, high = (float(v) for v in placed(np.array(y_range, dtype=np.float64), scale))
        low = lowest if not math.isfinite(low) else low
        high = highest if not math.isfinite(high) else high
        if not low < high:
            return Reach(total=total)
    else:
        finite = [v[np.isfinite(v)] for v in values]
        low, high = _usual(np.concatenate(finite))
        low, high = max(low, lowest), min(high, highest)
    outside = sum(int(np.count_nonzero((v < low) | (v > high))) for v in values)
    exact = all(len(s.y) == len(s) for s in series)
    return Reach(low, high, outside, total, exact)


def _usual(values: Floats) -> Range:
    """Where nearly all values lie, with half as much again on both sides."""
    if not len(values):
        return -math.inf, math.inf
    low, high = np.quantile(values, (0.01, 0.99))
    room = (high - low) / 2 or abs(high) * 0.05 or 0.5
    return float(low - room), float(high + room)


def beyond_text(bounds: Sequence[Range | None]) -> str:
    """What is to be said of values so large that a view ends before them; "" for none."""
    known = [abs(end) for b in bounds if b is not None for end in b]
    return f"values go beyond ±{number(LARGEST, 2)}, where the view ends" if max(known, default=0.0) > LARGEST else ""


def around(bounds: Sequence[Range | None]) -> Range:
    """A range that holds all bounds with a little room, finite and not empty; 0 to 1 for none."""
    known = [b for b in bounds if b is not None]
    if not known:
        return 0.0, 1.0
    low = max(-LARGEST, min(b[0] for b in known))
    high = min(LARGEST, max(b[1] for b in known))
    room = (high - low) * 0.04
    # A single value, or values that differ by less than floats can be divided by, lie in the middle.
    if room <= max(abs(low), abs(high)) * 1e-13:
        room = max(abs(low), abs(high)) * 0.05 or 0.5
    return low - room, high + room
