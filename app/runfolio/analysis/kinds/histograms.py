"""How values of many runs are distributed: at one moment, or along their steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runfolio.model.metrics import Floats, Ints, MetricSeries

MOST_BINS = 80
MOST_SERIES = 5_000
"""Runs whose series are read; more than that is many gigabytes of points, and is said."""
COLUMNS = 96
ROWS = 64
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Counts between edges; `of` is the bin of each run, -1 where it has none."""

    edges: Floats
    counts: Ints
    of: Ints


def histogram(values: Floats, *, log: bool = False) -> Histogram:
    """Bins of equal width (of the logarithm with `log`), as many as NumPy's "auto" rule says, at most `MOST_BINS`.

    NaN and infinities, and with `log` what is not above 0, are in no bin. Raises ValueError where nothing is left.
    """
    inner = np.log10(np.where(values > 0, values, np.nan)) if log else values
    known = np.flatnonzero(np.isfinite(inner))
    if not len(known):
        raise ValueError("no value can be shown")
    edges = np.histogram_bin_edges(inner[known], bins="auto")
    if len(edges) - 1 > MOST_BINS:
        edges = np.histogram_bin_edges(inner[known], bins=MOST_BINS)
    counts, _ = np.histogram(inner[known], edges)
    of = np.full(len(values), -1, dtype=np.int64)
    # As np.histogram does it: a value on an edge belongs to the bin above, the last one to the last bin.
    of[known] = np.clip(np.searchsorted(edges, inner[known], side="right") - 1, 0, len(counts) - 1)
    return Histogram(10.0**edges if log else edges, counts.astype(np.int64), of)


@dataclass(frozen=True, slots=True, eq=False)
class OverTime:
    """A distribution along the steps.

    steps      edges of the columns, float64 (columns + 1,).
    levels     edges of the rows, values (logarithms with `log`), float64 (rows + 1,).
    share      of the column's runs that lie in each row, float64 (rows, columns); NaN in a column without a run.
    n          runs in each column.
    quantiles  float64 (len(QUANTILES), columns), NaN in a column without a run.
    skipped    points that are NaN, infinite, or not above 0 with `log`.
    """

    steps: Floats
    levels: Floats
    share: Floats
    n: Ints
    quantiles: Floats
    skipped: int


def over_time(series: Sequence[MetricSeries], *, log: bool = False) -> OverTime:
    """Each run counts once in each column of steps in which it has a finite value: with the last one.

    There are as many columns as different steps, at most `COLUMNS`. Raises ValueError where no value can be shown.
    """
    some = [s for s in series if len(s)]
    if not some:
        raise ValueError("no value can be shown")
    steps = np.unique(np.concatenate([np.unique(s.step) for s in some])).astype(np.float64)
    columns = min(COLUMNS, len(steps))
    low, high = float(steps[0]), float(steps[-1])
    edges = np.linspace(low, high, columns + 1) if high > low else np.array([low - 0.5, low + 0.5])
    last = np.full((len(some), columns), np.nan)
    skipped = 0
    for place, one in enumerate(some):
        values = np.log10(np.where(one.value > 0, one.value, np.nan)) if log else one.value
        finite = np.isfinite(values)
        skipped += int((~finite).sum())
        order = np.argsort(one.step[finite], kind="stable")
        column = np.searchsorted(edges, one.step[finite][order].astype(np.float64), side="right") - 1
        # Later ones overwrite earlier ones.
        last[place, np.clip(column, 0, columns - 1)] = values[finite][order]
    known = np.isfinite(last)
    if not known.any():
        raise ValueError("no value can be shown")
    levels = np.histogram_bin_edges(last[known], bins=ROWS)
    n = known.sum(axis=0)
    share = np.full((len(levels) - 1, columns), np.nan)
    quantiles = np.full((len(QUANTILES), columns), np.nan)
    for k in np.flatnonzero(n).tolist():
        here = last[known[:, k], k]
        share[:, k] = np.histogram(here, levels)[0] / len(here)
        quantiles[:, k] = np.quantile(here, QUANTILES)
    if log:
        quantiles = 10.0**quantiles
    return OverTime(edges, levels, share, n.astype(np.int64), quantiles, skipped)
