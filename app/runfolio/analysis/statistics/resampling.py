"""Bootstrap replicates of mean, median and interquartile mean, for any number of samples of equal size at once.

All three are weighted sums of the sorted values. A resample takes each sorted value so and so often, and which weights
that gives does not depend on the values: one matrix of weights serves every sample of that size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runfolio.model.metrics import Floats
from runfolio.model.statistics import Centre

SEED = 20_260_101
"""Of the generator that draws resamples: the same values give the same interval, always."""


def weights(centre: Centre, n: int) -> Floats:
    """What each of `n` sorted values, n >= 1, weighs in the centre; float64 (n,), the sum is 1."""
    cut = {Centre.MEAN: 0, Centre.MEDIAN: (n - 1) // 2, Centre.IQM: n // 4}[centre]
    found = np.zeros(n)
    found[cut : n - cut] = 1 / (n - 2 * cut)
    return found


def bootstrap_weights(centre: Centre, n: int, resamples: int) -> Floats:
    """What each of `n` sorted values weighs in the centre of each resample; float64 (resamples, n)."""
    counts = np.random.default_rng(SEED).multinomial(n, np.full(n, 1 / n), size=resamples)
    return _weights_of_counts(centre, counts)


def jackknife_weights(centre: Centre, n: int) -> Floats:
    """The same for the `n` samples that lack one value each, n >= 2; float64 (n, n)."""
    return _weights_of_counts(centre, 1 - np.eye(n, dtype=np.int64))


def _weights_of_counts(centre: Centre, counts: NDArray[np.int64]) -> Floats:
    size = int(counts[0].sum())
    # A value that was taken from the i-th to the j-th place of a resample weighs what those places weigh.
    reached = np.concatenate([[0.0], np.cumsum(weights(centre, size))])
    last = np.cumsum(counts, axis=1)
    found: Floats = reached[last] - reached[last - counts]
    return found
