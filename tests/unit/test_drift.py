"""Drift: the population stability index by hand, other statistics against SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2_contingency, ks_2samp

from runfolio.analysis.drift import (
    categorical_psi,
    chi_square,
    equal_count_cuts,
    kolmogorov_smirnov,
    population_stability_index,
    psi_of_counts,
)
from runfolio.errors import TooFewValues


def test_equal_samples_have_an_index_of_zero() -> None:
    assert population_stability_index(np.arange(100.0), np.arange(100.0)) == 0.0


def test_the_index_of_a_shift_by_hand() -> None:
    # Two bins cut at the median 49.5 of 0..99: 50 and 50 before; 75 and 25 after.
    current = np.concatenate([np.arange(0, 50, 1.0), np.arange(0, 25, 1.0), np.arange(50, 75, 1.0)])
    expected = (0.75 - 0.5) * math.log(0.75 / 0.5) + (0.25 - 0.5) * math.log(0.25 / 0.5)
    assert population_stability_index(np.arange(100.0), current, bins=2) == pytest.approx(expected, rel=1e-14)


def test_an_empty_bin_counts_as_half_an_observation() -> None:
    # 10 and 10 before; 20 and none after, so 20 and a half of 20.5.
    p, q = 20 / 20.5, 0.5 / 20.5
    expected = (p - 0.5) * math.log(p / 0.5) + (q - 0.5) * math.log(q / 0.5)
    assert psi_of_counts(np.array([10.0, 10.0]), np.array([20.0, 0.0])) == pytest.approx(expected, rel=1e-14)


def test_a_bin_empty_on_both_sides_is_left_out() -> None:
    with_empty = psi_of_counts(np.array([5.0, 0.0, 5.0]), np.array([7.0, 0.0, 3.0]))
    assert with_empty == psi_of_counts(np.array([5.0, 5.0]), np.array([7.0, 3.0]))


def test_nan_has_a_bin_of_its_own() -> None:
    values = np.arange(100.0)
    gone = values.copy()
    gone[::2] = np.nan
    assert population_stability_index(gone, gone) == 0.0
    # Evenly thinned, the ten bins keep their shares: 5 of 100 each, and 50 NaN where half an observation was.
    p, q = 10 / 100.5, 0.5 / 100.5
    expected = 10 * (0.05 - p) * math.log(0.05 / p) + (0.5 - q) * math.log(0.5 / q)
    assert population_stability_index(values, gone) == pytest.approx(expected, rel=1e-12)


def test_bins_hold_equal_counts_of_the_reference() -> None:
    reference = np.random.default_rng(1).exponential(size=1000)
    counts = np.histogram(reference, [-np.inf, *equal_count_cuts(reference, 10), np.inf])[0]
    assert counts.tolist() == [100] * 10


def test_a_constant_that_becomes_another_one_is_seen() -> None:
    p, q = 100 / 100.5, 0.5 / 100.5
    expected = 2 * (p - q) * math.log(p / q)
    for moved in (4.0, 6.0):
        found = population_stability_index(np.full(100, 5.0), np.full(100, moved))
        assert found == pytest.approx(expected, rel=1e-12)


def test_labels_given_as_numbers_have_a_bin_each() -> None:
    before = np.repeat(np.arange(10.0), 10)
    after = np.concatenate([before, np.full(20, 7.0)])
    shares = np.array([10.0] * 7 + [30] + [10] * 2) / 120
    expected = float(np.sum((shares - 0.1) * np.log(shares / 0.1)))
    assert population_stability_index(before, after) == pytest.approx(expected, rel=1e-12)


def test_infinities_fall_into_the_outermost_bins() -> None:
    reference = np.arange(100.0)
    low, high = np.append(reference, -np.inf), np.append(reference, np.inf)
    assert population_stability_index(reference, low) == pytest.approx(population_stability_index(reference, high))


def test_fewer_finite_values_than_bins_are_too_few() -> None:
    enough, short = np.arange(10.0), np.append(np.arange(9.0), np.nan)
    with pytest.raises(TooFewValues, match="current has 9 finite values"):
        population_stability_index(enough, short)
    with pytest.raises(TooFewValues, match="reference has 9"):
        population_stability_index(short, enough)


def test_categories_compare_by_how_often_each_occurs() -> None:
    found = categorical_psi({"cat": 50, "dog": 50}, {"cat": 75, "dog": 25})
    assert found == pytest.approx(0.25 * math.log(1.5) - 0.25 * math.log(0.5), rel=1e-14)


def test_a_missing_value_is_a_category_and_a_new_one_meets_half_an_observation() -> None:
    p, q = 0.5 / 100.5, 100 / 100.5
    before: dict[str | None, int] = {"a": 100}
    fresh: dict[str | None, int] = {"a": 50, "new": 50}
    gone = categorical_psi(before, {"a": 50, None: 50})
    expected = (0.5 - q) * math.log(0.5 / q) + (0.5 - p) * math.log(0.5 / p)
    assert gone == pytest.approx(expected, rel=1e-12)
    assert categorical_psi(before, fresh) == gone


def test_identifiers_do_not_look_like_drift() -> None:
    before, after = {str(i): 1 for i in range(1000)}, {str(i + 10_000): 1 for i in range(1000)}
    assert categorical_psi(before, after) < 0.05
    assert categorical_psi(before, after, most=0) == 0.0


def test_no_category_at_all_is_too_few() -> None:
    with pytest.raises(TooFewValues):
        categorical_psi({}, {"a": 1})


@pytest.mark.parametrize("shift", [0.0, 0.3, 5.0])
def test_the_kolmogorov_smirnov_distance_is_scipys(shift: float) -> None:
    rng = np.random.default_rng(3)
    before, after = rng.normal(size=321), np.round(rng.normal(size=123) + shift, 1)
    expected = ks_2samp(before, after).statistic
    assert kolmogorov_smirnov(before, np.append(after, np.nan)) == pytest.approx(expected, abs=1e-15)


def test_a_distance_to_nothing_is_refused() -> None:
    with pytest.raises(TooFewValues):
        kolmogorov_smirnov(np.array([np.nan]), np.array([1.0]))


def test_the_chi_square_statistic_is_scipys() -> None:
    before, after = np.array([12.0, 0, 30, 5]), np.array([20.0, 0, 11, 9])
    expected = chi2_contingency(np.stack([before, after])[:, [0, 2, 3]], correction=False)
    statistic, freedom = chi_square(before, after)
    assert statistic == pytest.approx(expected.statistic, rel=1e-14)
    assert freedom == expected.dof
