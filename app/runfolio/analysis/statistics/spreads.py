"""Centre and interval of many samples at once: the columns of a matrix, each with as many values as it has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runfolio.analysis.statistics.resampling import bootstrap_weights, jackknife_weights, weights
from runfolio.model.metrics import Floats, Ints
from runfolio.model.statistics import CENTRE_TITLES, LEVEL, SPREAD_TITLES, SPREADS_OF, Centre, Spread

RESAMPLES = 9_999
_AT_ONCE = 4_000_000
"""Values that are resampled at a time: 32 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Spreads:
    """For each column.

    centre      float64, NaN where there is no value.
    low, high   float64, NaN where there are fewer than two values: one value tells nothing of a spread.
    n           int64, how many values took part.
    """

    centre: Floats
    low: Floats
    high: Floats
    n: Ints


def spreads(
    values: Floats,
    centre: Centre = Centre.MEAN,
    spread: Spread = Spread.T,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
) -> Spreads:
    """Centre and interval of each column of `values`, float64 (members, columns).

    level       of the confidence intervals, between 0 and 1. QUANTILES: the share of values inside, 0.5 for quartiles.
    resamples   of the bootstrap; its generator always starts from the same seed.
    NaN and infinite values take no part and are not counted in `n`.
    Raises ValueError for a level outside (0, 1), or a spread that the centre has not (`SPREADS_OF`).

    Sources  T of a mean: Student (1908). T of an interquartile mean: Tukey & McLaughlin (1963), from the winsorised
             variance. BOOTSTRAP, BCA: Efron & Tibshirani (1993), chapters 13 and 14. QUANTILES: linear between values,
             as np.quantile.
    """
    check(centre, spread, level)
    finite = np.isfinite(values)
    n = finite.sum(axis=0)
    # Values near the end of float64's range may overflow in a sum; infinity is then what is shown.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if centre is Centre.MEAN and spread in (Spread.T, Spread.STD, Spread.STDERR):
            return _by_moments(values, finite, n, spread, level)
        ordered = np.sort(np.where(finite, values, np.nan), axis=0)
        middle, low, high = (np.full(values.shape[1], np.nan) for _ in range(3))
        for size in np.unique(n[n > 0]):
            columns = np.flatnonzero(n == size)
            step = max(1, _AT_ONCE // (resamples if spread in (Spread.BOOTSTRAP, Spread.BCA) else int(size)))
            for start in range(0, len(columns), step):
                some = columns[start : start + step]
                block = ordered[: int(size), some]
                middle[some] = weights(centre, int(size)) @ block
                if size > 1:
                    low[some], high[some] = _interval(block, middle[some], centre, spread, level, resamples)
    return Spreads(middle, low, high, n)


def check(centre: Centre, spread: Spread, level: float) -> None:
    """Raises ValueError for a level outside (0, 1), or a spread that the centre has not."""
    if not 0 < level < 1:
        raise ValueError(f"A confidence level lies between 0 and 1, not at {level:g}")
    if spread not in SPREADS_OF[centre]:
        fit = ", ".join(s.value for s in SPREADS_OF[centre])
        raise ValueError(f"A {CENTRE_TITLES[centre]} has no {SPREAD_TITLES[spread]}; it has {fit}")


def t_quantile(level: float, freedom: ArrayLike) -> Floats:
    """Half the width of a two-sided t interval in standard errors; NaN where there is no degree of freedom."""
    from scipy.special import stdtrit

    degrees = np.asarray(freedom, dtype=np.float64)
    found: Floats = np.where(degrees > 0, stdtrit(np.maximum(degrees, 1e-300), 0.5 + level / 2), np.nan)
    return found


def _by_moments(values: Floats, finite: NDArray[np.bool_], n: Ints, spread: Spread, level: float) -> Spreads:
    mean = np.where(finite, values, 0.0).sum(axis=0) / n
    # The deviations and not the squares: a loss of 1e8 that varies in its last digits has a spread too.
    off = np.where(finite, values - mean, 0.0)
    std = np.sqrt((off * off).sum(axis=0) / np.where(n > 1, n - 1, np.nan))
    if spread is Spread.STD:
        half = std
    elif spread is Spread.STDERR:
        half = std / np.sqrt(n)
    else:
        half = t_quantile(level, n - 1.0) * std / np.sqrt(n)
    return Spreads(mean, mean - half, mean + half, n)


def _interval(
    block: Floats, middle: Floats, centre: Centre, spread: Spread, level: float, resamples: int
) -> tuple[Floats, Floats]:
    """The interval of sorted columns (n, columns) without a gap, n >= 2, whose centres are `middle`."""
    n = len(block)
    if spread is Spread.RANGE:
        return block[0], block[-1]
    if spread is Spread.QUANTILES:
        low, high = np.quantile(block, [0.5 - level / 2, 0.5 + level / 2], axis=0)
        return low, high
    if spread is Spread.T:
        cut = n // 4
        winsorised = block[np.clip(np.arange(n), cut, n - 1 - cut)]
        error = winsorised.std(axis=0, ddof=1) * np.sqrt(n) / (n - 2 * cut)
        half = t_quantile(level, n - 2.0 * cut - 1) * error
        return middle - half, middle + half
    # A row for each column: sorting whole rows is several times faster than looking for their quantiles.
    replicates = block.T @ bootstrap_weights(centre, n, resamples).T
    replicates.sort(axis=1)
    shares: tuple[Floats | float, Floats | float] = (0.5 - level / 2, 0.5 + level / 2)
    if spread is Spread.BCA:
        shares = _bca_shares(block, middle, replicates, centre, level)
    return _at(replicates, shares[0]), _at(replicates, shares[1])


def _bca_shares(
    block: Floats, middle: Floats, replicates: Floats, centre: Centre, level: float
) -> tuple[Floats, Floats]:
    """Which quantiles of the replicates (columns, resamples) bound the interval of each column."""
    from scipy.special import ndtr, ndtri

    # Many resamples of a few values have the very centre, but for how it was rounded.
    slack = 1e-9 * (block[-1] - block[0])
    below = (replicates < (middle - slack)[:, None]).mean(axis=1)
    bias = ndtri((below + (replicates <= (middle + slack)[:, None]).mean(axis=1)) / 2)
    without = jackknife_weights(centre, len(block)) @ block
    off = without.mean(axis=0) - without
    squares = (off * off).sum(axis=0)
    # Where leaving a value out changes nothing (always so with equal values) there is no acceleration to correct.
    acceleration = np.where(squares > 0, (off**3).sum(axis=0) / (6 * squares**1.5), 0.0)
    low, high = (bias + ndtri(tail) for tail in (0.5 - level / 2, 0.5 + level / 2))
    return ndtr(bias + low / (1 - acceleration * low)), ndtr(bias + high / (1 - acceleration * high))


def _at(ordered: Floats, share: Floats | float) -> Floats:
    """The quantile of each sorted row that `share` names for it, linear between values; float64 (rows,)."""
    place = np.clip(np.nan_to_num(share), 0, 1) * (ordered.shape[1] - 1)
    before = np.broadcast_to(place.astype(np.intp), len(ordered))
    after = np.minimum(before + 1, ordered.shape[1] - 1)
    rows = np.arange(len(ordered))
    low, high = ordered[rows, before], ordered[rows, after]
    found: Floats = low + (high - low) * (place - before)
    return found
