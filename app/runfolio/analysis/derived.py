"""Series made from others: a ratio, a difference, a running sum, a slope. Every point of the first series gives one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from runfolio.analysis.axis import at_steps
from runfolio.model.metrics import Floats, MetricSeries
from runfolio.model.times import NO_TIME


class Derivation(StrEnum):
    """What is made of a metric m."""

    NONE = "none"
    RATIO = "ratio"  # m / other metric
    DIFFERENCE = "difference"  # m - other metric
    BASELINE = "baseline"  # m - m of the baseline run
    CUMULATIVE = "cumulative"  # running sum
    DERIVATIVE = "derivative"  # change of m for each step
    PER_SECOND = "per-second"  # change of m for each second

    @property
    def needs_metric(self) -> bool:
        """Whether another metric of the same run takes part."""
        return self in (Derivation.RATIO, Derivation.DIFFERENCE)


@dataclass(frozen=True, slots=True)
class Derived:
    """A derivation, with the other metric's name where it needs one."""

    kind: Derivation = Derivation.NONE
    other: str = ""

    def title(self, metric: str, baseline: str = "") -> str:
        """What the derived series is called.

        >>> Derived(Derivation.RATIO, "samples").title("loss"), Derived(Derivation.PER_SECOND).title("tokens")
        ('loss / samples', 'tokens per second')
        """
        return {
            Derivation.NONE: metric,
            Derivation.RATIO: f"{metric} / {self.other}",
            Derivation.DIFFERENCE: f"{metric} − {self.other}",
            Derivation.BASELINE: f"{metric} − {baseline or 'baseline'}",
            Derivation.CUMULATIVE: f"sum of {metric}",
            Derivation.DERIVATIVE: f"change of {metric} per step",
            Derivation.PER_SECOND: f"{metric} per second",
        }[self.kind]


NOT_DERIVED = Derived()


def derive(series: MetricSeries, kind: Derivation, other: MetricSeries | None = None) -> Floats:
    """The derived value of each point, float64 (n,), in written order.

    other   for RATIO and DIFFERENCE the other metric of the run, for BASELINE the metric of the baseline run; joined by
            step as `axis.at_steps` does. None gives NaN for all.

    RATIO        NaN where both are 0, infinite where only the other is.
    CUMULATIVE   NaN and infinite values add nothing, and stay where they are.
    DERIVATIVE, PER_SECOND   the change since the last point before it that has a finite value and lies earlier, divided
                 by the distance in steps or seconds; NaN for the first, and where step or time stand still or go back.
    """
    y = series.value
    if kind is Derivation.NONE:
        return y
    if kind in (Derivation.RATIO, Derivation.DIFFERENCE, Derivation.BASELINE):
        against = np.full(len(y), np.nan) if other is None else at_steps(other, series)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return y / against if kind is Derivation.RATIO else y - against
    finite = np.isfinite(y)
    if kind is Derivation.CUMULATIVE:
        with np.errstate(over="ignore"):
            return np.where(finite, np.cumsum(np.where(finite, y, 0.0)), y)
    if kind is Derivation.DERIVATIVE:
        at = series.step.astype(np.float64)
    else:
        known = series.wall_time_us != NO_TIME
        finite = finite & known
        start = series.wall_time_us[known][0] if known.any() else np.int64(0)
        at = np.where(known, (series.wall_time_us - start) / 1e6, np.nan)
    slope = np.full(len(y), np.nan)
    places = np.flatnonzero(finite)
    if len(places) > 1:
        with np.errstate(over="ignore"):
            wide, high = np.diff(at[places]), np.diff(y[places])
            slope[places[1:]] = np.divide(high, wide, out=np.full(len(wide), np.nan), where=wide > 0)
    return slope
