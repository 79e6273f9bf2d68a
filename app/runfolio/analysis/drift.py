"""How far a distribution has moved from a reference."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

import numpy as np

from runfolio.errors import TooFewValues
from runfolio.model.metrics import Floats

Category = TypeVar("Category", bound=Hashable)

PSI_MODERATE = 0.1
PSI_LARGE = 0.25
"""Customary thresholds from credit scoring; not significance levels."""


def population_stability_index(reference: Floats, current: Floats, bins: int = 10) -> float:
    """How far `current` has moved from `reference`, 0 when equal, in nats.

    reference, current   float64, shape (n,) and (m,), n, m >= 1; NaN counted in a bin of its own.
    bins                 equal-count bins cut on `reference`; an empty bin counts as half an observation.
    Raises  TooFewValues when either side has fewer than `bins` finite values.
    Source  symmetric Kullback-Leibler divergence over bins (Jeffreys 1946); 0.1 and 0.25 are customary
            credit-scoring thresholds, not significance levels.

    A reference with at most `bins` different values gets a bin for each of them and one for all others. Infinities
    fall into the outermost bins. A bin that is empty on both sides is left out.

    >>> population_stability_index(np.arange(100.0), np.arange(100.0))
    0.0
    """
    for name, side in (("reference", reference), ("current", current)):
        finite = int(np.isfinite(side).sum())
        if finite < bins:
            raise TooFewValues(f"The {name} has {finite} finite values; {bins} bins need at least as many")
    cuts = equal_count_cuts(reference, bins)
    return psi_of_counts(_binned(reference, cuts), _binned(current, cuts))


def equal_count_cuts(reference: Floats, bins: int) -> Floats:
    """Where equal-count bins of the finite values are cut, sorted, each once: bin i holds cuts[i-1] <= v < cuts[i].

    With at most `bins` different values, cuts enclose each of them instead: quantiles would put neighbours of a
    frequent value into its bin.
    """
    finite = np.sort(reference[np.isfinite(reference)])
    if np.count_nonzero(np.diff(finite)) < bins:
        values = np.unique(finite)
        # From each value to the next float above it, so that anything else falls between.
        return np.unique(np.concatenate([values, np.nextafter(values, np.inf)]))
    return np.unique(np.quantile(finite, np.arange(1, bins) / bins))


def _binned(values: Floats, cuts: Floats) -> Floats:
    nan = np.isnan(values)
    places = np.searchsorted(cuts, values[~nan], side="right")
    return np.append(np.bincount(places, minlength=len(cuts) + 1), nan.sum()).astype(np.float64)


def psi_of_counts(reference: Floats, current: Floats) -> float:
    """The index of two histograms over the same bins, float64 (k,), whole counts, each with at least one observation.

    A bin that is empty on one side counts as half an observation there; both sides are then scaled to 1.
    """
    used = (reference > 0) | (current > 0)
    before = np.where(reference > 0, reference, 0.5)[used]
    after = np.where(current > 0, current, 0.5)[used]
    before, after = before / before.sum(), after / after.sum()
    return float(np.sum((after - before) * np.log(after / before)))


def categorical_psi(reference: Mapping[Category, int], current: Mapping[Category, int], most: int = 50) -> float:
    """The same for categories, given how often each occurs; None is a category like any other.

    most    the most frequent categories of the reference have a bin each; all others, new ones among them, share
            one, so that identifiers do not look like drift.
    Raises  TooFewValues when either side is empty.
    """
    for name, side in (("reference", reference), ("current", current)):
        if not sum(side.values()):
            raise TooFewValues(f"The {name} has no values")
    kept = sorted(reference, key=lambda c: (-reference[c], repr(c)))[:most]
    before = [reference[c] for c in kept]
    after = [current.get(c, 0) for c in kept]
    before.append(sum(reference.values()) - sum(before))
    after.append(sum(current.values()) - sum(after))
    return psi_of_counts(np.array(before, dtype=np.float64), np.array(after, dtype=np.float64))


def kolmogorov_smirnov(reference: Floats, current: Floats) -> float:
    """The greatest distance between the two empirical distribution functions, 0 to 1; NaN left out.

    Raises  TooFewValues when either side has no value.
    Source  two-sample statistic of Smirnov (1939).
    """
    before, after = np.sort(reference[~np.isnan(reference)]), np.sort(current[~np.isnan(current)])
    if not len(before) or not len(after):
        raise TooFewValues("A distance between distributions needs values on both sides")
    everywhere = np.concatenate([before, after])
    gap = np.searchsorted(before, everywhere, side="right") / len(before)
    gap -= np.searchsorted(after, everywhere, side="right") / len(after)
    return float(np.abs(gap).max())


def chi_square(reference: Floats, current: Floats) -> tuple[float, int]:
    """Pearson's statistic for two histograms over the same bins, and its degrees of freedom; (0, 0) for one bin.

    reference, current   float64 (k,), whole counts, each with at least one observation. Bins empty on both sides
                         are left out. No continuity correction.
    Source  Pearson (1900), test of homogeneity of a 2 x k table.
    """
    table = np.stack([reference, current])
    table = table[:, table.sum(axis=0) > 0]
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(((table - expected) ** 2 / expected).sum()), table.shape[1] - 1
