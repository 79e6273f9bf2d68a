"""Welch's and the paired t with their intervals, and effect sizes with theirs; for many samples at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from runfolio.analysis.statistics.spreads import t_quantile
from runfolio.model.metrics import Floats


@dataclass(frozen=True, slots=True, eq=False)
class TTest:
    """Arrays of one shape. `p` is two-sided; NaN where a sample has fewer than two values or nothing varies."""

    difference: Floats
    low: Floats
    high: Floats
    p: Floats
    freedom: Floats


def welch(a: Floats, b: Floats, level: float) -> TTest:
    """Means of `b` minus means of `a`, samples along the last axis, without a NaN, of variances that may be unlike.

    Source  Welch (1947), The generalization of Student's problem; degrees of freedom by Welch and Satterthwaite.
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        shares = [_variance(side) / side.shape[-1] for side in (a, b)]
        total = shares[0] + shares[1]
        freedom = total**2 / sum(share**2 / (side.shape[-1] - 1) for share, side in zip(shares, (a, b), strict=True))
        return _tested(b.mean(axis=-1) - a.mean(axis=-1), np.sqrt(total), freedom, level)


def paired(differences: Floats, level: float) -> TTest:
    """The mean of differences, along the last axis, against 0. Source: Student (1908)."""
    n = differences.shape[-1]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        error = np.sqrt(_variance(differences) / n)
        return _tested(differences.mean(axis=-1), error, np.full_like(error, n - 1), level)


def _variance(values: Floats) -> Floats:
    n = values.shape[-1]
    off = values - values.mean(axis=-1, keepdims=True)
    found: Floats = (off * off).sum(axis=-1) / (n - 1) if n > 1 else np.full(values.shape[:-1], np.nan)
    return found


def _tested(difference: Floats, error: Floats, freedom: Floats, level: float) -> TTest:
    from scipy.special import stdtr

    half = t_quantile(level, freedom) * error
    # Twice the lower tail: 1 minus the upper one would lose every p below 1e-16.
    p = np.where(error > 0, 2 * stdtr(freedom, -np.abs(difference / error)), np.nan)
    return TTest(difference, difference - half, difference + half, p, freedom)


def hedges_g(a: Floats, b: Floats, level: float) -> tuple[float, float, float] | None:
    """Hedges' g of `b` against `a` with its interval; None where the pooled deviation is 0 or not finite.

    a, b   float64 (n,) and (m,), finite, n, m >= 2.

    The difference of means over the pooled standard deviation, times the exact correction for small samples. The
    interval takes both variances for equal.
    Sources  Hedges (1981), Distribution theory for Glass's estimator; interval from the noncentral t as Steiger &
             Fouladi (1997).
    """
    freedom = len(a) + len(b) - 2
    with np.errstate(over="ignore", invalid="ignore"):
        pooled = float(np.sqrt((_variance(a) * (len(a) - 1) + _variance(b) * (len(b) - 1)) / freedom))
        d = float(b.mean() - a.mean()) / pooled if pooled > 0 else np.nan
    found = _noncentral(d, math.sqrt(len(a) * len(b) / (len(a) + len(b))), freedom, level)
    if found is None:
        return None
    from scipy.special import gammaln

    correction = float(np.exp(gammaln(freedom / 2) - gammaln((freedom - 1) / 2)) / np.sqrt(freedom / 2))
    return d * correction, found[0] * correction, found[1] * correction


def cohen_dz(differences: Floats, level: float) -> tuple[float, float, float] | None:
    """The mean difference of pairs in their own standard deviations, with its interval; None where none vary.

    differences   float64 (n,), finite, n >= 2.
    Source  Cohen (1988), Statistical power analysis, section 2.3.5; interval from the noncentral t as for g. It is not
            corrected for small samples, and says nothing beside a g: pairs differ less than runs do.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = float(np.sqrt(_variance(differences)))
        d = float(differences.mean()) / deviation if deviation > 0 else np.nan
    found = _noncentral(d, math.sqrt(len(differences)), len(differences) - 1, level)
    return None if found is None else (d, *found)


def _noncentral(d: float, root: float, freedom: int, level: float) -> tuple[float, float] | None:
    """The effects under which t = d * root is the upper and the lower end of what is to be expected."""
    from scipy.special import nctdtrinc

    t = d * root
    # The far tail of the function is not computed well, and an effect of a thousand deviations is none to speak of.
    if not abs(t) <= 1e3:
        return None
    low, high = (float(nctdtrinc(freedom, share, t)) / root for share in (0.5 + level / 2, 0.5 - level / 2))
    return low, high
