"""What is asked of statistics: centres and spreads, methods, and how a group may stand."""

from __future__ import annotations

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
