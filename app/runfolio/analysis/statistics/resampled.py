"""Permutation tests and bootstrap intervals of a difference, by SciPy, imported when the first is asked for."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np

from runfolio.analysis.statistics.resampling import SEED
from runfolio.analysis.statistics.spreads import RESAMPLES, spreads
from runfolio.model.comparison import Comparison
from runfolio.model.metrics import Floats
from runfolio.model.statistics import Centre, Method, Spread

_AT_ONCE = 4_000_000
"""Values that are resampled at a time: 32 MB."""


def independent(found: Comparison, a: Floats, b: Floats) -> Comparison:
    """A comparison of `b` against `a`, n, m >= 2, with the p and the interval that its method asks for."""
    from scipy import stats

    ways = math.comb(len(a) + len(b), len(a))
    batch = max(1, _AT_ONCE // (len(a) + len(b)))
    p = stats.permutation_test(
        (b, a), _difference, vectorized=True, n_resamples=RESAMPLES, batch=batch, rng=np.random.default_rng(SEED)
    ).pvalue
    found = replace(found, p=float(p), freedom=None, notes=(*found.notes, *_least(2 / ways, found.level)))
    if found.method is Method.PERMUTATION:
        return found
    for name in ("BCa", "percentile") if found.method is Method.BCA else ("percentile",):
        with warnings.catch_warnings():
            # Where a resample has no spread there is no BCa interval; what SciPy then says is NaN and this warning.
            warnings.simplefilter("ignore", stats.DegenerateDataWarning)
            warnings.simplefilter("ignore", RuntimeWarning)
            ends = stats.bootstrap(
                (b, a),
                _difference,
                vectorized=True,
                n_resamples=RESAMPLES,
                batch=batch,
                method=name,
                confidence_level=found.level,
                rng=np.random.default_rng(SEED),
            ).confidence_interval
        if np.isfinite(ends.low) and np.isfinite(ends.high):
            note = (
                () if name == "BCa" or found.method is Method.BOOTSTRAP else ("no BCa interval: percentiles instead",)
            )
            return replace(found, low=float(ends.low), high=float(ends.high), notes=(*found.notes, *note))
    return replace(found, low=None, high=None)


def of_pairs(found: Comparison, differences: Floats) -> Comparison:
    """The same for pairs, n >= 2, by the differences of each."""
    from scipy import stats

    p = stats.permutation_test(
        (differences,),
        _mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, _AT_ONCE // len(differences)),
        rng=np.random.default_rng(SEED),
    ).pvalue
    least = 2.0 ** (1 - len(differences))
    found = replace(found, p=float(p), freedom=None, notes=(*found.notes, *_least(least, found.level)))
    if found.method is Method.PERMUTATION:
        return found
    spread = Spread.BCA if found.method is Method.BCA else Spread.BOOTSTRAP
    ends = spreads(differences[:, None], Centre.MEAN, spread, found.level)
    return replace(found, low=float(ends.low[0]), high=float(ends.high[0]))


def _least(p: float, level: float) -> tuple[str, ...]:
    if p <= 1 - level:
        return ()
    return (f"so few runs have no permutation p below {p:.3g}, whatever their values",)


def _difference(b: Floats, a: Floats, axis: int = -1) -> Floats:
    found: Floats = b.mean(axis=axis) - a.mean(axis=axis)
    return found


def _mean(values: Floats, axis: int = -1) -> Floats:
    found: Floats = values.mean(axis=axis)
    return found
