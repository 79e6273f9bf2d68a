"""Centres and intervals, against SciPy's own routines and figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from runfolio.analysis.statistics.spreads import Spreads, spreads
from runfolio.model.metrics import Floats
from runfolio.model.statistics import SPREADS_OF, Centre, Spread

# Darwin's maize, differences of height in eighths of an inch (Fisher 1935, The Design of Experiments, section 17).
DARWIN = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], dtype=np.float64)


def of(values: Floats, centre: Centre, spread: Spread, level: float = 0.95) -> tuple[float, float, float]:
    """Centre, low and high of one sample."""
    found = spreads(values[:, None], centre, spread, level)
    assert found.n[0] == len(values)
    return float(found.centre[0]), float(found.low[0]), float(found.high[0])


def test_the_t_interval_of_darwins_maize_is_the_published_one() -> None:
    # Efron & Tibshirani and many others give mean 20.93 and the 95 % interval 0.03 to 41.84.
    mean, low, high = of(DARWIN, Centre.MEAN, Spread.T)
    assert mean == pytest.approx(314 / 15)
    assert (round(low, 2), round(high, 2)) == (0.03, 41.84)
    theirs = stats.ttest_1samp(DARWIN, 0).confidence_interval(0.95)
    assert (low, high) == pytest.approx((theirs.low, theirs.high), rel=1e-12)


@pytest.mark.parametrize("size", [2, 3, 4, 5, 8, 15])
def test_centres_are_those_of_scipy(size: int) -> None:
    values = np.random.default_rng(size).gamma(2.0, size=size)
    assert of(values, Centre.MEAN, Spread.RANGE)[0] == pytest.approx(values.mean())
    assert of(values, Centre.MEDIAN, Spread.RANGE)[0] == pytest.approx(np.median(values))
    assert of(values, Centre.IQM, Spread.RANGE)[0] == pytest.approx(stats.trim_mean(values, 0.25))


@pytest.mark.parametrize("size", [5, 8, 15])
def test_the_t_interval_of_the_middle_half_is_scipys(size: int) -> None:
    values = np.random.default_rng(size).normal(size=size)
    cut = size // 4
    theirs = stats.mstats.trimmed_mean_ci(values, limits=(cut / size, cut / size), alpha=0.05)
    assert of(values, Centre.IQM, Spread.T)[1:] == pytest.approx(tuple(theirs), rel=1e-9)


def test_what_describes_is_by_hand() -> None:
    values = np.array([1.0, 2.0, 4.0, 5.0])
    # Squares of the deviations: 4 + 1 + 1 + 4 = 10, over 3.
    std = (10 / 3) ** 0.5
    assert of(values, Centre.MEAN, Spread.STD) == pytest.approx((3, 3 - std, 3 + std))
    assert of(values, Centre.MEAN, Spread.STDERR) == pytest.approx((3, 3 - std / 2, 3 + std / 2))
    assert of(values, Centre.MEAN, Spread.RANGE) == (3, 1, 5)
    # Quartiles lie at places 0.75 and 2.25 of 0 to 3.
    assert of(values, Centre.MEDIAN, Spread.QUANTILES, 0.5) == pytest.approx((3, 1.75, 4.25))


@pytest.mark.parametrize("centre", list(Centre))
@pytest.mark.parametrize(("spread", "name"), [(Spread.BOOTSTRAP, "percentile"), (Spread.BCA, "BCa")])
def test_the_bootstrap_is_scipys_but_for_the_draw(centre: Centre, spread: Spread, name: str) -> None:
    statistic = {
        Centre.MEAN: np.mean,
        Centre.MEDIAN: np.median,
        Centre.IQM: lambda x, axis: stats.trim_mean(x, 0.25, axis=axis),
    }[centre]
    values = np.random.default_rng(3).lognormal(size=12)
    theirs = stats.bootstrap(
        (values,), statistic, n_resamples=30_000, method=name, rng=np.random.default_rng(4)
    ).confidence_interval
    found = of(values, centre, spread)[1:]
    # Two draws differ: by less than a twentieth of the width with so many resamples.
    assert found == pytest.approx((theirs.low, theirs.high), abs=0.05 * (theirs.high - theirs.low))


def test_the_bootstrap_gives_the_same_every_time() -> None:
    values = np.random.default_rng(5).normal(size=7)
    assert of(values, Centre.MEAN, Spread.BOOTSTRAP) == of(values, Centre.MEAN, Spread.BOOTSTRAP)


def test_the_bootstrap_of_the_median_has_its_exact_distribution() -> None:
    # The median of a resample of three is at most the smallest value when two or three draws are: 7 ways in 27.
    values = np.array([0.0, 1.0, 10.0])
    low = spreads(values[:, None], Centre.MEDIAN, Spread.BOOTSTRAP, 1 - 2 * 6 / 27).low[0]
    assert low == 0
    low = spreads(values[:, None], Centre.MEDIAN, Spread.BOOTSTRAP, 1 - 2 * 8 / 27).low[0]
    assert low == 1


@pytest.mark.parametrize("centre", list(Centre))
def test_columns_with_gaps_are_as_if_alone(centre: Centre) -> None:
    values = np.random.default_rng(6).normal(size=(6, 40))
    values[np.random.default_rng(7).random(values.shape) < 0.4] = np.nan
    values[0, 0], values[1, 1] = np.inf, -np.inf
    for spread in SPREADS_OF[centre]:
        together = spreads(values, centre, spread)
        for column in range(40):
            some = values[np.isfinite(values[:, column]), column]
            assert together.n[column] == len(some)
            if len(some) > 0:
                alone = spreads(some[:, None], centre, spread)
                at = (together.centre[column], together.low[column], together.high[column])
                np.testing.assert_allclose(at, (alone.centre[0], alone.low[0], alone.high[0]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("spread", list(Spread))
def test_one_value_has_a_centre_and_no_interval(spread: Spread) -> None:
    centre = Centre.MEAN
    found: Spreads = spreads(np.array([[2.0, np.nan]]), centre, spread)
    assert found.centre[0] == 2
    assert np.isnan(found.centre[1])
    assert np.isnan(found.low).all()
    assert np.isnan(found.high).all()
    assert found.n.tolist() == [1, 0]


@pytest.mark.parametrize("spread", list(Spread))
def test_equal_values_have_an_interval_without_width(spread: Spread) -> None:
    mean, low, high = of(np.full(5, 0.1), Centre.MEAN, spread)
    assert (mean, low, high) == pytest.approx((0.1, 0.1, 0.1), rel=1e-12)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="A median has no t interval; it has bootstrap, bca, range, quantiles"):
        spreads(np.ones((3, 1)), Centre.MEDIAN, Spread.T)
    with pytest.raises(ValueError, match="between 0 and 1, not at 95"):
        spreads(np.ones((3, 1)), level=95)


@pytest.mark.parametrize("size", [3, 5, 10])
def test_t_intervals_of_a_mean_hold_what_they_promise(size: int) -> None:
    values = np.random.default_rng(size).normal(3.0, 2.0, size=(size, 40_000))
    found = spreads(values)
    covered = ((found.low <= 3) & (found.high >= 3)).mean()
    assert 0.945 < covered < 0.955
