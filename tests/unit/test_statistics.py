"""Comparisons of groups, against SciPy's tests, published examples and figures worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from runfolio.analysis.statistics import t_tests
from runfolio.analysis.statistics.comparing import Sample, against, compare, figures, holm
from runfolio.analysis.statistics.groups import figures_of_groups
from runfolio.model.comparison import Comparison
from runfolio.model.direction import Direction
from runfolio.model.statistics import Method, Standing

NAN, INF = float("nan"), float("inf")

# Student (1908), The probable error of a mean: additional hours of sleep of ten patients by two drugs.
DEXTRO = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
LAEVO = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
PATIENTS = [[*range(10)]]


def interval(found: Comparison) -> tuple[float, float]:
    """The interval of a comparison that has one."""
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


# --- against published figures and SciPy ---------------------------------------------------------------------------


def test_students_sleep_data_unpaired_is_as_published() -> None:
    # R's documentation of `t.test` prints t = -1.8608, df = 17.776, p = 0.07939, interval -3.3654832 to 0.2054832.
    found = compare(Sample(LAEVO), Sample(DEXTRO), Direction.HIGHER)
    assert found.difference == pytest.approx(1.58)
    assert found.freedom == pytest.approx(17.776, abs=5e-4)
    assert found.p == pytest.approx(0.07939, abs=5e-6)
    assert interval(found) == pytest.approx((-0.2054832, 3.3654832), abs=5e-8)
    assert (found.standing, found.words) == (Standing.ALIKE, "not distinguishable with n = 10")
    assert found.test == "Welch's t"


def test_students_sleep_data_paired_is_as_published() -> None:
    # R prints t = -4.0621, df = 9, p = 0.002833, interval -2.4598858 to -0.7001142.
    found = compare(Sample(LAEVO, PATIENTS), Sample(DEXTRO, PATIENTS), Direction.HIGHER)
    assert found.pairs == 10
    assert found.freedom == 9
    assert found.p == pytest.approx(0.002833, abs=5e-7)
    assert interval(found) == pytest.approx((0.7001142, 2.4598858), abs=5e-8)
    assert (found.standing, found.words) == (Standing.BETTER, "better")
    assert found.effect is not None
    assert found.effect.kind == "dz"
    assert found.effect.value == pytest.approx(4.0621 / math.sqrt(10), abs=2e-5)


@pytest.mark.parametrize("sizes", [(2, 2), (3, 3), (3, 7), (10, 4), (40, 60)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_welch_is_scipys(sizes: tuple[int, int], level: float) -> None:
    rng = np.random.default_rng(sizes[0])
    a, b = rng.normal(1, 1, sizes[0]), rng.normal(2, 3, sizes[1])
    found = compare(Sample(b.tolist()), Sample(a.tolist()), level=level)
    theirs = stats.ttest_ind(b, a, equal_var=False)
    ends = theirs.confidence_interval(level)
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-10)
    assert found.freedom == pytest.approx(theirs.df, rel=1e-10)
    assert interval(found) == pytest.approx((ends.low, ends.high), rel=1e-9)


@pytest.mark.parametrize("size", [2, 3, 5, 10, 60])
def test_the_paired_t_is_scipys(size: int) -> None:
    rng = np.random.default_rng(size)
    a = rng.normal(1, 1, size)
    b = a + rng.normal(0.3, 0.5, size)
    labels = [[*range(size)]]
    found = compare(Sample(b.tolist(), labels), Sample(a.tolist(), labels))
    theirs = stats.ttest_rel(b, a)
    ends = theirs.confidence_interval(0.95)
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-10)
    assert interval(found) == pytest.approx((ends.low, ends.high), rel=1e-9)


def test_hedges_g_by_hand_and_its_interval_by_definition() -> None:
    a, b = np.array([1.0, 2, 3]), np.array([3.0, 4, 5, 6])
    # Means 2 and 4.5; squares 2 and 5 over 3 + 4 - 2 = 5; pooled deviation sqrt(1.4).
    # The exact correction for 5 degrees of freedom: gamma(2.5) / (sqrt(2.5) gamma(2)) = 0.8407487.
    d = 2.5 / math.sqrt(1.4)
    found = t_tests.hedges_g(a, b, 0.95)
    assert found is not None
    g, low, high = found
    correction = 0.75 * math.sqrt(math.pi) / math.sqrt(2.5)
    assert correction == pytest.approx(0.8407487, abs=1e-7)
    assert g == pytest.approx(d * correction)
    # At each end the t that was seen has a tail of 2.5 %.
    root = math.sqrt(12 / 7)
    assert stats.nct.sf(d * root, 5, low / correction * root) == pytest.approx(0.025, abs=1e-6)
    assert stats.nct.cdf(d * root, 5, high / correction * root) == pytest.approx(0.025, abs=1e-6)


def test_dz_by_hand_and_its_interval_by_definition() -> None:
    off = np.array([1.0, 2, 3, 6])
    # Mean 3, squares 4 + 1 + 0 + 9 = 14 over 3.
    d = 3 / math.sqrt(14 / 3)
    found = t_tests.cohen_dz(off, 0.9)
    assert found is not None
    assert found[0] == pytest.approx(d)
    assert stats.nct.sf(d * 2, 3, found[1] * 2) == pytest.approx(0.05, abs=1e-6)
    assert stats.nct.cdf(d * 2, 3, found[2] * 2) == pytest.approx(0.05, abs=1e-6)


def test_a_few_runs_are_permuted_in_every_way() -> None:
    # All of b above all of a: of 20 ways to part six runs only this one and its mirror are as far apart.
    found = compare(Sample([7.0, 8, 9]), Sample([1.0, 2, 3]), Direction.HIGHER, method=Method.PERMUTATION)
    assert found.p == pytest.approx(2 / 20)
    assert found.standing is Standing.ALIKE
    assert found.notes == ("so few runs have no permutation p below 0.1, whatever their values",)
    assert found.test == "permutation"
    labels = [["a", "b", "c", "d", "e", "f"]]
    signs = compare(
        Sample([2.0, 3, 4, 5, 6, 8], labels), Sample([1.0] * 6, labels), Direction.LOWER, method=Method.PERMUTATION
    )
    assert signs.p == pytest.approx(2 / 64)
    assert (signs.standing, signs.test) == (Standing.WORSE, "sign permutation")


def test_many_runs_are_permuted_as_scipy_does() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, 30), rng.normal(0.6, 1, 30)
    found = compare(Sample(b.tolist()), Sample(a.tolist()), method=Method.PERMUTATION)
    theirs = stats.permutation_test(
        (b, a), lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis), n_resamples=50_000, rng=2
    ).pvalue
    # The standard deviation of a p near 0.02 from 9,999 permutations is 0.0014.
    assert found.p == pytest.approx(theirs, abs=0.007)


@pytest.mark.parametrize(("method", "name"), [(Method.BOOTSTRAP, "percentile"), (Method.BCA, "BCa")])
def test_bootstrap_intervals_of_a_difference_are_scipys_but_for_the_draw(method: Method, name: str) -> None:
    rng = np.random.default_rng(5)
    a, b = rng.lognormal(size=12), rng.lognormal(0.5, size=15)
    found = compare(Sample(b.tolist()), Sample(a.tolist()), method=method)
    theirs = stats.bootstrap(
        (b, a), lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis), method=name, n_resamples=30_000, rng=6
    ).confidence_interval
    assert interval(found) == pytest.approx((theirs.low, theirs.high), abs=0.05 * (theirs.high - theirs.low))
    labels = [[*range(12)]]
    pairs = compare(Sample(b[:12].tolist(), labels), Sample(a.tolist(), labels), method=method)
    off = stats.bootstrap((b[:12] - a,), np.mean, method=name, n_resamples=30_000, rng=6).confidence_interval
    assert interval(pairs) == pytest.approx((off.low, off.high), abs=0.05 * (off.high - off.low))


def test_a_bca_interval_that_does_not_exist_is_replaced_and_it_is_said() -> None:
    found = compare(Sample([0.3, 0.3, 0.3]), Sample([0.2, 0.2, 0.2000001]), method=Method.BCA)
    assert found.low is not None
    assert found.p == pytest.approx(0.1)


# --- several against one -------------------------------------------------------------------------------------------


def test_holm_by_hand() -> None:
    # Sorted: 0.005 x 4, 0.01 x 3, 0.03 x 2, 0.04 x 1, none below the one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, None, 0.7]) == [1.0, None, 1.0]
    assert holm([]) == []


def test_what_stands_alone_may_fall_among_many() -> None:
    base, better = Sample([0.90, 0.91, 0.92]), Sample([0.93, 0.94, 0.95])
    alone = compare(better, base, Direction.HIGHER)
    assert alone.standing is Standing.BETTER
    assert alone.p_holm == alone.p
    others = [Sample([0.905, 0.91, 0.921]), Sample([0.899, 0.912, 0.92]), Sample([0.9])]
    found = against([better, *others], base, Direction.HIGHER)
    # Three could be tested, so the least p counts three times.
    assert alone.p is not None
    assert found[0].p_holm == pytest.approx(3 * alone.p)
    assert found[0].words == "not distinguishable with n = 3"
    assert interval(found[0]) == interval(alone)
    assert found[3].words == "cannot be told: it is one run"


# --- what cannot be told -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "baseline", "standing", "words", "difference"),
    [
        ([2.0], [1.0], Standing.UNTOLD, "cannot be told: one run each", 1.0),
        ([2.0], [1.0, 1.5], Standing.UNTOLD, "cannot be told: it is one run", 0.75),
        ([2.0, 3.0], [1.0], Standing.UNTOLD, "cannot be told: the baseline is one run", 1.5),
        ([], [1.0, 1.5], Standing.UNTOLD, "cannot be told: it has no value", None),
        ([1.0, 1.5], [None, NAN], Standing.UNTOLD, "cannot be told: the baseline has no value", None),
        ([None], [], Standing.UNTOLD, "cannot be told: neither has a value", None),
        ([0.1, 0.1, 0.1], [0.1, 0.1], Standing.SAME, "the same in all runs", 0.0),
        # The same but for how sums are rounded.
        ([0.3, 0.3], [0.1 + 0.2, 0.1 + 0.2], Standing.SAME, "the same in all runs", 0.0),
        ([2.0, 2.0], [1.0, 1.0], Standing.UNTOLD, "cannot be tested: no run varies, the groups differ by 1", 1.0),
        ([1.0, 2.0], [0.0, 3.0], Standing.ALIKE, "not distinguishable with n = 2", 0.0),
        ([1.0, 2.0], [0.0, 3.0, 5.0], Standing.ALIKE, "not distinguishable with n = 2 and 3", 1.5 - 8 / 3),
    ],
)
def test_plain_words(
    group: list[float | None],
    baseline: list[float | None],
    standing: Standing,
    words: str,
    difference: float | None,
) -> None:
    for method in Method:
        found = compare(Sample(group), Sample(baseline), Direction.HIGHER, method=method)
        assert (found.standing, found.words) == (standing, words)
        assert found.difference == (None if difference is None else pytest.approx(difference))
        assert (found.p is None) == (standing is not Standing.ALIKE)


def test_direction_decides_what_is_better() -> None:
    high, low = Sample([9.0, 9.1, 9.2]), Sample([1.0, 1.1, 1.2])
    assert compare(high, low, Direction.HIGHER).words == "better"
    assert compare(high, low, Direction.LOWER).words == "worse"
    assert compare(low, high, Direction.LOWER).words == "better"
    assert compare(high, low).words == "higher"
    assert compare(low, high).words == "lower"


def test_runs_that_diverged_are_left_out_and_counted() -> None:
    found = compare(Sample([2.0, NAN, 3.0, INF]), Sample([1.0, None, 1.1]))
    assert found.n == (2, 2)
    assert found.notes == (
        "2 runs without a finite value are left out",
        "1 run of the baseline without a finite value is left out",
    )
    shown = figures(Sample([2.0, NAN, 3.0, INF]))
    assert (shown.n, shown.excluded, shown.mean, shown.least, shown.most) == (2, 2, 2.5, 2, 3)


def test_figures_of_too_few_runs() -> None:
    alone = figures(Sample([4.0]))
    assert (alone.n, alone.mean, alone.std, alone.low, alone.high) == (1, 4.0, None, None, None)
    assert figures(Sample([None])).mean is None


def test_equal_values_have_that_mean_and_no_spread() -> None:
    # In binary 0.8 + 0.8 + 0.8 is more than 3 * 0.8.
    found = figures(Sample([0.8, 0.8, 0.8]))
    assert (found.mean, found.std, found.low, found.high) == (0.8, 0.0, 0.8, 0.8)
    groups = figures_of_groups(np.full(3, 0.8), np.zeros(3, dtype=np.int64), 2)
    assert (groups.mean[0], groups.std[0], groups.low[0], groups.high[0]) == (0.8, 0.0, 0.8, 0.8)
    assert math.isnan(groups.mean[1])


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1, not at 95"):
        compare(Sample([1.0, 2]), Sample([1.0, 3]), level=95)


# --- partners ------------------------------------------------------------------------------------------------------


def test_partners_are_found_whatever_the_order_and_the_rest_is_left_out() -> None:
    group = Sample([1.1, 2.2, 3.6, 9.0], [["0", "1", "2", "7"]])
    baseline = Sample([3.0, 1.0, 2.0], [["2", "0", "1"]])
    found = compare(group, baseline, Direction.HIGHER)
    theirs = stats.ttest_rel([1.1, 2.2, 3.6], [1.0, 2.0, 3.0])
    assert found.pairs == 3
    assert found.p == pytest.approx(theirs.pvalue)
    assert found.words == "not distinguishable with 3 pairs"
    assert found.notes == ("1 run without a partner left out",)


def test_too_few_partners_make_independent_groups_unless_asked_for() -> None:
    group, baseline = [[0, 1, 2, 3, 4]], [[0, 1, 7, 8, 9]]
    values = [1.0, 2.5, 3, 4, 5.5]
    assert compare(Sample(values, group), Sample(values, baseline)).pairs == 0
    assert compare(Sample([2.0, 3, 4, 5, 6], group), Sample(values, baseline), pairing=True).pairs == 2
    assert compare(Sample(values, group), Sample(values, group), pairing=False).pairs == 0


def test_a_few_runs_with_a_seed_do_not_speak_for_many_without() -> None:
    few = [[0, 1, None, None, None]]
    assert compare(Sample([1.0, 2.5, 3, 4, 5.5], few), Sample([2.0, 3, 4, 5, 7], few)).pairs == 0
    assert compare(Sample([1.0, 2.5], [[0, 1]]), Sample([2.0, 3, 4, 5, 7], few)).pairs == 2


def test_a_pair_with_a_run_that_diverged_is_no_pair() -> None:
    labels = [[0, 1, 2]]
    found = compare(Sample([2.0, NAN, 4.5], labels), Sample([1.0, 2.0, 3.0], labels))
    assert found.pairs == 2
    assert found.notes[0] == "1 run without a finite value is left out"
    assert found.notes[1] == "1 run without a partner left out"


def test_reruns_of_a_seed_count_once() -> None:
    found = compare(Sample([1.0, 3.0, 5.5], [[0, 0, 1]]), Sample([1.0, 4.0], [[0, 1]]))
    # Differences 2 - 1 and 5.5 - 4.
    assert found.difference == pytest.approx(1.25)
    assert found.pairs == 2
    assert "runs of one seed count with their mean" in found.notes


def test_the_second_way_to_find_partners_counts_where_the_first_finds_none() -> None:
    group = Sample([1.0, 2.2, 3], [["a", "b", "c"], [0, 1, 2]])
    assert compare(group, Sample([1.0, 2, 2.5], [["x", "y", "z"], [0, 1, 2]])).pairs == 3


def test_pairs_that_all_differ_alike_cannot_be_tested() -> None:
    labels = [["0", "1", "2"]]
    found = compare(Sample([0.3, 0.5, 0.9], labels), Sample([0.2, 0.4, 0.8], labels), Direction.HIGHER)
    assert (found.standing, found.words) == (Standing.UNTOLD, "cannot be tested: every pair differs by 0.1")
    same = compare(Sample([0.3, 0.5], [["0", "1"]]), Sample([0.3, 0.5], [["0", "1"]]))
    assert (same.standing, same.words) == (Standing.SAME, "the same in every pair")


# --- what 95 % means -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [3, 5, 10])
@pytest.mark.parametrize("kind", ["welch", "unlike", "paired"])
def test_intervals_of_a_difference_hold_what_they_promise(size: int, kind: str) -> None:
    rng = np.random.default_rng(size)
    a = rng.normal(1.0, 1.0, (40_000, size))
    if kind == "paired":
        # Seeds make both groups' runs better or worse alike.
        b = a + rng.normal(0.5, 0.7, (40_000, size))
        found = t_tests.paired(b - a, 0.95)
    else:
        found = t_tests.welch(a, rng.normal(1.5, 1.0 if kind == "welch" else 3.0, (40_000, size)), 0.95)
    covered = ((found.low <= 0.5) & (found.high >= 0.5)).mean()
    assert 0.93 < covered < 0.97


@pytest.mark.parametrize("size", [3, 5, 10])
def test_no_difference_is_seldom_called_one(size: int) -> None:
    rng = np.random.default_rng(size)
    found = t_tests.welch(rng.normal(size=(40_000, size)), rng.normal(size=(40_000, size)), 0.95)
    assert 0.03 < (found.p < 0.05).mean() < 0.06


# --- many groups at once -------------------------------------------------------------------------------------------


def test_many_groups_at_once_are_as_one_by_one() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(5, 2, 300)
    values[[3, 50]] = NAN, INF
    group = rng.integers(-1, 40, 300)
    found = figures_of_groups(values, group, 41)
    for number in range(41):
        one = figures(Sample(values[group == number].tolist()))
        assert (found.n[number], found.excluded[number]) == (one.n, one.excluded)
        for name in ("mean", "std", "low", "high", "least", "most"):
            wanted = getattr(one, name)
            assert getattr(found, name)[number] == pytest.approx(NAN if wanted is None else wanted, nan_ok=True)
