"""Smoothed curves: checked against the formulas of their sources and against SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d, uniform_filter1d
from scipy.signal import lfilter

from runfolio.analysis.smooth import Smoother, ema, gaussian, running_mean, smooth, time_weighted_ema
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
    found = smooth(np.arange(50.0), y, how, 0.9 if "ema" in how else 7)
    np.testing.assert_allclose(found, y, rtol=1e-14)


@pytest.mark.parametrize("how", list(Smoother))
def test_nothing_is_smoothed_at_zero(noisy: tuple[Floats, Floats], how: Smoother) -> None:
    x, y = noisy
    np.testing.assert_array_equal(smooth(x, y, how, 0), y)


@pytest.mark.parametrize("how", list(Smoother))
def test_nan_and_infinities_take_no_part_and_stay_where_they_are(how: Smoother) -> None:
    amount = 0.5 if "ema" in how else 3
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
