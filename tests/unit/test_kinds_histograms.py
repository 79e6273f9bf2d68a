"""Histograms against NumPy's own, and distributions along the steps by hand."""

from __future__ import annotations

import numpy as np
import pytest

from runfolio.analysis.kinds.histograms import COLUMNS, MOST_BINS, QUANTILES, histogram, over_time
from runfolio.model.metrics import MetricSeries
from runfolio.model.times import NO_TIME


def series(steps: list[int], values: list[float]) -> MetricSeries:
    return MetricSeries(
        "loss", np.array(steps, dtype=np.int64), np.array(values), np.full(len(steps), NO_TIME, dtype=np.int64)
    )


def test_bins_are_those_of_numpy_and_know_their_runs() -> None:
    random = np.random.default_rng(13)
    values = np.concatenate([random.normal(0, 1, 500), [np.nan, np.inf, -np.inf]])
    found = histogram(values)
    counts, edges = np.histogram(values[:500], bins="auto")
    assert found.counts.tolist() == counts.tolist()
    assert found.edges.tolist() == edges.tolist()
    assert found.of[500:].tolist() == [-1, -1, -1]
    assert np.bincount(found.of[:500], minlength=len(counts)).tolist() == counts.tolist()


def test_there_are_never_very_many_bins() -> None:
    values = np.concatenate([np.zeros(1_000), np.linspace(0, 1e-3, 1_000), [1e6]])
    found = histogram(values)
    assert len(found.counts) <= MOST_BINS
    assert found.counts.sum() == len(values)


def test_logarithmic_bins_hold_what_is_above_0() -> None:
    found = histogram(np.array([-1.0, 0.0, 1.0, 10.0, 100.0]), log=True)
    assert found.of[:2].tolist() == [-1, -1]
    assert (found.edges[0], found.edges[-1]) == pytest.approx((1.0, 100.0))
    with pytest.raises(ValueError, match="no value"):
        histogram(np.array([-1.0, np.nan]), log=True)


def test_each_run_counts_once_in_a_column_with_its_last_value() -> None:
    runs = [series([0, 1, 2, 2], [1.0, 2.0, 9.0, 3.0]), series([0, 2], [5.0, 7.0]), series([1], [np.nan])]
    found = over_time(runs)
    assert len(found.n) == 3
    assert found.n.tolist() == [2, 1, 2]
    assert found.skipped == 1
    assert found.quantiles[:, 0].tolist() == np.quantile([1.0, 5.0], QUANTILES).tolist()
    # Step 2 was written twice: the later one counts.
    assert found.quantiles[:, 2].tolist() == np.quantile([3.0, 7.0], QUANTILES).tolist()
    assert np.allclose(np.nansum(found.share, axis=0), 1.0)


def test_long_series_share_columns() -> None:
    found = over_time([series([*range(1_000)], np.linspace(1, 2, 1_000).tolist())])
    assert len(found.n) == COLUMNS
    assert (found.n == 1).all()
    assert found.quantiles[2, -1] == 2.0


def test_logarithmic_levels_give_values_back() -> None:
    found = over_time([series([0], [100.0]), series([0], [1.0]), series([0], [-1.0])], log=True)
    assert found.quantiles[2, 0] == pytest.approx(10.0)
    assert found.skipped == 1
