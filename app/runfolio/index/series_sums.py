"""Mean, deviation and slope of many series at once, from the points that lie one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runfolio.model.metrics import Floats, Ints

LEAST_KEPT = 16
"""Those of all points are kept with series that are as long; of shorter ones they are soon worked out."""


def sums(values: Floats, start: Ints, length: Ints) -> Floats:
    """The sum of each of some ranges, which do not overlap and are in order; as precise as adding each by itself."""
    edges = np.empty(2 * len(start), dtype=np.int64)
    edges[0::2], edges[1::2] = start, start + length
    # An edge at the very end means the rest, which is nothing: reduceat wants a place inside.
    if edges[-1] == len(values):
        edges = edges[:-1]
    return np.asarray(np.add.reduceat(values, edges)[0::2], dtype=np.float64)


def means(value: Floats, start: Ints, length: Ints) -> Floats:
    """The mean of each range (m,), which all have values; NaN where one is."""
    return np.asarray(sums(value, start, length) / length, dtype=np.float64)


def deviations(off: Floats, start: Ints, length: Ints) -> Floats:
    """The sample deviation of each range, given how far each value is from the mean of its range; NaN for one value.

    From the mean, not from sums of squares, which lose what matters where values are large and alike.
    """
    return np.asarray(np.sqrt(sums(off * off, start, length) / (length - 1)), dtype=np.float64)


def slopes(step: Ints, off: Floats, start: Ints, length: Ints, whole: Ints) -> tuple[Floats, NDArray[np.bool_]]:
    """The slope of the line of least squares through each range, and whether it has one: its steps differ.

    whole   int64 (m,): how many points each series has, of whose end the range is a part; their sum is n.
    """
    # Relative to the first of the steps, which are whole numbers and may be large.
    apart = (step - np.repeat(step[start], whole)).astype(np.float64)
    apart -= np.repeat(sums(apart, start, length) / length, whole)
    spread = sums(apart * apart, start, length)
    return sums(apart * off, start, length) / spread, spread > 0


@dataclass(frozen=True, slots=True, eq=False)
class KeptFigures:
    """Mean, deviation and slope of all points of series, float64 (m,); `has_slope` bool (m,)."""

    mean: Floats
    std: Floats
    slope: Floats
    has_slope: NDArray[np.bool_]


def kept_figures(start: Ints, length: Ints, step: Ints, value: Floats) -> KeptFigures:
    """Those of series of two points at least, which lie at [start, start + length) of all points (n,), in order."""
    begin = np.cumsum(length) - length
    if int(length.sum()) < len(value):
        # Points of other series lie between.
        own = np.repeat(start - begin, length) + np.arange(int(length.sum()))
        step, value = step[own], value[own]
    with np.errstate(all="ignore"):
        mean = means(value, begin, length)
        off = value - np.repeat(mean, length)
        return KeptFigures(mean, deviations(off, begin, length), *slopes(step, off, begin, length, length))
