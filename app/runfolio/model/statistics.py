"""What is asked of statistics and what they answer: centres and spreads, tests, comparisons with a verdict in words."""

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

_FOR_ALL = (Spread.BOOTSTRAP, Spread.BCA, Spread.RANGE, Spread.QUANTILES)
SPREADS_OF = {
    Centre.MEAN: (Spread.T, *_FOR_ALL, Spread.STD, Spread.STDERR),
    Centre.MEDIAN: _FOR_ALL,
    Centre.IQM: (Spread.T, *_FOR_ALL),
}
"""Which spreads go with a centre: a standard deviation is one around the mean, and a median has no t interval."""
