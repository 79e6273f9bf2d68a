"""Smoothed curves: checked against the formulas of their sources and against SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d, median_filter, uniform_filter1d
from scipy.signal import lfilter

from runfolio.analysis.smooth import (
    Smoother,
    amount_for,
    amount_text,
    ema,
    gaussian,
    lowess,
    running_mean,
    running_median,
    smooth,
    time_weighted_ema,
)
from runfolio.model.metrics import Floats

NAN = np.nan


@pytest.fixture
def noisy() -> tuple[Floats, Floats]:
    rng = np.random.default_rng(7)
    return np.cumsum(rng.exponential(1.0, 500)), rng.normal(size=500) + np.linspace(3, 0, 500)


@pytest.mark.parametrize("weight", [0.1, 0.6, 0.9, 0.99, 0.999])
def test_the_average_is_tensorboards(noisy: tuple[Floats, Floats], weight: float) -> None:
    _, y = noisy
    # last = last * weight + (1 - weight) * y is a first-order filter; dividing by 1 - weight**n takes the bias away.
    expected = lfilter([1 - weight], [1, -weight], y) / (1 - weight ** np.arange(1, 501))
    # Both sums carry rounding of some hundred operations at 1e-16 each.
    np.testing.assert_allclose(ema(y, weight), expected, rtol=1e-11, atol=1e-13)


def test_three_points_by_hand() -> None:
    # Weights halve with each step back: the third is what 1, 3 and 7 weigh at 0.25, 0.5 and 1.
    np.testing.assert_allclose(ema(np.array([1.0, 3.0, 7.0]), 0.5), [1, 3.5 / 1.5, 8.75 / 1.75], rtol=1e-15)


@pytest.mark.parametrize("weight", [0.1, 0.6, 0.95, 0.9999])
def test_the_time_weighted_average_is_that_of_wandb(noisy: tuple[Floats, Floats], weight: float) -> None:
    x, y = noisy
    base, last, debias, expected = min(math.sqrt(weight), 0.999), 0.0, 0.0, []
    for i in range(len(y)):
        decay = base ** ((x[i] - x[max(i - 1, 0)]) / (x[-1] - x[0]) * 1000)
        last = last * decay + y[i]
        debias = debias * decay + 1
        expected.append(last / debias)
    np.testing.assert_allclose(time_weighted_ema(x, y, weight), expected, rtol=1e-10, atol=1e-12)


def test_dense_and_sparse_series_of_one_curve_are_smoothed_alike() -> None:
    dense = np.linspace(0, 1, 4001)
    sparse = dense[::4]
    both = [time_weighted_ema(x, np.sin(6 * x), 0.9) for x in (dense, sparse)]
    np.testing.assert_allclose(both[0][::4][100:], both[1][100:], atol=0.02)


def test_points_at_one_x_fall_back_to_the_plain_average() -> None:
    x, y = np.ones(4), np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(time_weighted_ema(x, y, 0.5), ema(y, 0.5))


def test_the_running_mean_is_a_box_filter_cut_at_the_ends(noisy: tuple[Floats, Floats]) -> None:
    _, y = noisy
    found = running_mean(y, 21)
    np.testing.assert_allclose(found[10:-10], uniform_filter1d(y, 21)[10:-10], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found[0], y[:11].mean(), rtol=1e-12)
    np.testing.assert_allclose(found[-1], y[-11:].mean(), rtol=1e-12)


def test_a_window_wider_than_the_series_gives_its_mean() -> None:
    np.testing.assert_allclose(running_mean(np.array([1.0, 2.0, 6.0]), 99), [3, 3, 3], rtol=1e-15)


def test_one_huge_value_spoils_the_running_mean_only_where_the_window_sees_it() -> None:
    y = np.ones(100)
    y[50] = 1e300
    found = running_mean(y, 5)
    assert found[:48].tolist() == [1] * 48
    assert found[53:].tolist() == [1] * 47


def test_the_gaussian_is_scipys_away_from_the_ends(noisy: tuple[Floats, Floats]) -> None:
    _, y = noisy
    np.testing.assert_allclose(gaussian(y, 3.0)[12:-12], gaussian_filter1d(y, 3.0)[12:-12], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("how", list(Smoother))
def test_a_constant_stays_constant_to_its_ends(how: Smoother) -> None:
    y = np.full(50, 0.25)
    found = smooth(np.arange(50.0), y, how, 0.9 if "ema" in how or how is Smoother.LOWESS else 7)
    np.testing.assert_allclose(found, y, rtol=1e-12)


@pytest.mark.parametrize("how", list(Smoother))
def test_nothing_is_smoothed_at_zero(noisy: tuple[Floats, Floats], how: Smoother) -> None:
    x, y = noisy
    np.testing.assert_array_equal(smooth(x, y, how, 0), y)


@pytest.mark.parametrize("how", list(Smoother))
def test_nan_and_infinities_take_no_part_and_stay_where_they_are(how: Smoother) -> None:
    amount = 0.5 if "ema" in how or how is Smoother.LOWESS else 3
    x = np.array([0.0, 1, 2, 3, 4])
    with_gaps = smooth(x, np.array([1.0, NAN, 2.0, np.inf, 4.0]), how, amount)
    without = smooth(x[[0, 2, 4]], np.array([1.0, 2.0, 4.0]), how, amount)
    np.testing.assert_array_equal(with_gaps[[0, 2, 4]], without)
    assert math.isnan(with_gaps[1])
    assert with_gaps[3] == math.inf


@pytest.mark.parametrize("how", list(Smoother))
def test_a_series_without_a_finite_value_comes_back_as_it_is(how: Smoother) -> None:
    np.testing.assert_array_equal(smooth(np.arange(2.0), np.array([NAN, NAN]), how, 0.5), [NAN, NAN])
    assert len(smooth(np.empty(0), np.empty(0), how, 0.5)) == 0


@pytest.mark.parametrize(("how", "amount"), [(Smoother.EMA, 1.0), (Smoother.TIME_EMA, -0.1), (Smoother.MEAN, NAN)])
def test_an_amount_that_makes_no_sense_is_refused(how: Smoother, amount: float) -> None:
    with pytest.raises(ValueError, match="amount"):
        smooth(np.arange(3.0), np.arange(3.0), how, amount)


# --- median, long Gaussians, LOWESS -----------------------------------------------------------------------------------


def test_the_running_median_is_scipys_away_from_the_ends_and_cut_at_them(noisy: tuple[Floats, Floats]) -> None:
    _, y = noisy
    found = running_median(y, 31)
    np.testing.assert_array_equal(found[15:-15], median_filter(y, 31)[15:-15])
    assert found[0] == np.median(y[:16])
    assert found[-1] == np.median(y[-16:])


def test_a_long_gaussian_is_scipys_away_from_the_ends_and_a_weighted_mean_at_them() -> None:
    y = np.random.default_rng(1).standard_normal(60_000) + np.linspace(0, 3, 60_000)
    sigma = 500.0
    found = gaussian(y, sigma)
    np.testing.assert_allclose(found[2100:-2100], gaussian_filter1d(y, sigma)[2100:-2100], rtol=0, atol=1e-9)
    kernel = np.exp(-0.5 * (np.arange(2001) / sigma) ** 2)
    assert found[0] == pytest.approx((y[:2001] * kernel).sum() / kernel.sum(), abs=1e-9)
    assert found[-1] == pytest.approx((y[:-2002:-1] * kernel).sum() / kernel.sum(), abs=1e-9)


def by_least_squares(x: Floats, y: Floats, share: float) -> list[float]:
    """Cleveland's local lines, each by NumPy's own weighted least squares."""
    nearest = max(3, round(share * len(x)))
    fitted = []
    for place in x:
        own = np.sort(np.argsort(np.abs(x - place), kind="stable")[:nearest])
        apart = np.abs(x[own] - place)
        weight = (1 - (apart / apart.max()) ** 3) ** 3
        _slope, height = np.polyfit(x[own] - place, y[own], 1, w=np.sqrt(weight))
        fitted.append(height)
    return fitted


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_lowess_is_a_weighted_line_through_the_nearest_points(noisy: tuple[Floats, Floats], share: float) -> None:
    x, y = noisy
    np.testing.assert_allclose(lowess(x, y, share), by_least_squares(x, y, share), rtol=1e-7, atol=1e-9)


def test_lowess_looks_at_x_and_not_at_the_order_of_points(noisy: tuple[Floats, Floats]) -> None:
    x, y = noisy
    order = np.random.default_rng(0).permutation(len(x))
    np.testing.assert_allclose(lowess(x[order], y[order], 0.2), lowess(x, y, 0.2)[order], rtol=1e-12)


def test_lowess_of_a_long_series_is_near_the_exact_one() -> None:
    x = np.arange(100_000.0)
    truth = np.sin(x / 15_000)
    found = lowess(x, truth + np.random.default_rng(2).standard_normal(100_000) * 0.3, 0.05)
    # 5,000 points of spread 0.3 in each window: 0.3 / sqrt(5000 / 2) is about 0.006, and the bend adds as much.
    assert np.abs(found - truth).max() < 0.04


def test_the_slider_means_windows_of_points() -> None:
    assert [amount_for(Smoother.MEAN, part) for part in (0, 0.25, 0.5, 0.75)] == [0, 11, 101, 1001]
    assert amount_for(Smoother.GAUSSIAN, 0.5) == 25
    assert amount_for(Smoother.LOWESS, 0.3) == amount_for(Smoother.TIME_EMA, 0.3) == 0.3
    assert amount_text(Smoother.MEAN, 0.75) == "1\u2009001 points"
