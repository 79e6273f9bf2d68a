"""What is asked of statistics and what they answer: centres and spreads, tests, comparisons with a verdict in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LEVEL = 0.95
"""The confidence level where none is chosen."""


class Centre(StrEnum):
    """One figure for several."""

    MEAN = "mean"
    MEDIAN = "median"
    IQM = "iqm"  # mean of the middle half: a quarter of the values, rounded down, is cut from either end


class Spread(StrEnum):
    """The interval around a centre. T, BOOTSTRAP, BCA are confidence intervals of the centre; the others describe."""

    T = "t"
    BOOTSTRAP = "bootstrap"  # percentiles of resampled centres
    BCA = "bca"  # the same, corrected for bias and acceleration
    STD = "std"
    STDERR = "stderr"
    RANGE = "range"
    QUANTILES = "quantiles"


CENTRE_TITLES = {Centre.MEAN: "mean", Centre.MEDIAN: "median", Centre.IQM: "interquartile mean"}
SPREAD_TITLES = {
    Spread.T: "t interval",
    Spread.BOOTSTRAP: "bootstrap interval (percentile)",
    Spread.BCA: "bootstrap interval (BCa)",
    Spread.STD: "± standard deviation",
    Spread.STDERR: "± standard error",
    Spread.RANGE: "minimum to maximum",
    Spread.QUANTILES: "quantiles",
}
"""How they are called where a band is explained."""

WITHOUT_LEVEL = (Spread.STD, Spread.STDERR, Spread.RANGE)
"""Spreads that no level belongs to."""

_FOR_ALL = (Spread.BOOTSTRAP, Spread.BCA, Spread.RANGE, Spread.QUANTILES)
SPREADS_OF = {
    Centre.MEAN: (Spread.T, *_FOR_ALL, Spread.STD, Spread.STDERR),
    Centre.MEDIAN: _FOR_ALL,
    Centre.IQM: (Spread.T, *_FOR_ALL),
}
"""Which spreads go with a centre: a standard deviation is one around the mean, and a median has no t interval."""


class Method(StrEnum):
    """What a comparison's p and interval come from.

    T             Student's t of the differences where runs are paired, else Welch's t; p and interval.
    PERMUTATION   p by permuting groups (pairs: signs), all permutations where they are few; the interval is that of T.
    BOOTSTRAP     p as PERMUTATION; the interval by percentiles of the bootstrap.
    BCA           the same, corrected for bias and acceleration.
    """

    T = "t"
    PERMUTATION = "permutation"
    BOOTSTRAP = "bootstrap"
    BCA = "bca"


class Standing(StrEnum):
    """How a group stands against the baseline."""

    BETTER = "better"
    WORSE = "worse"
    HIGHER = "higher"  # it is told apart, but which way is better is not known
    LOWER = "lower"
    ALIKE = "alike"  # the difference could well be chance
    SAME = "same"  # all runs of both groups have the same value
    UNTOLD = "untold"  # too few runs, or none that varies: no test can say anything


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of one group.

    n             runs with a finite value.
    excluded      runs whose value is missing, NaN or infinite.
    mean          None where n is 0; std, low, high: None where n is below 2.
    low, high     confidence interval of the mean by Student's t.
    least, most   the extreme values.
    """

    n: int
    excluded: int = 0
    mean: float | None = None
    std: float | None = None
    low: float | None = None
    high: float | None = None
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference in standard deviations, with its confidence interval.

    kind   "g": Hedges' g, over the pooled deviation. "dz": over the deviation of the pairs' differences.
    """

    kind: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One group against the baseline.

    difference   the group's mean minus the baseline's, of the pairs where runs are paired; None where either is empty.
    low, high    its confidence interval at `level`; None where it has none.
    p            two-sided; None where nothing can be tested. `p_holm` is corrected for all comparisons made together
                 and equals p for a single one; the standing follows from it.
    freedom      degrees of freedom of t.
    pairs        how many pairs were compared; 0 where the groups are independent.
    n            values of the group and of the baseline that took part.
    words        the standing in plain words: "better", "not distinguishable with n = 3".
    notes        what else has to be known: who was left out, and what the method cannot say.
    """

    standing: Standing
    words: str
    n: tuple[int, int]
    method: Method = Method.T
    level: float = LEVEL
    pairs: int = 0
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    freedom: float | None = None
    effect: Effect | None = None
    notes: tuple[str, ...] = ()

    @property
    def test(self) -> str:
        """The name of the test that p is from; "" where there is none."""
        if self.p is None:
            return ""
        kind = "paired" if self.pairs else "Welch's"
        if self.method is Method.T:
            return f"{kind} t"
        return "sign permutation" if self.pairs else "permutation"
