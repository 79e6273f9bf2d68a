"""Derived series, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runfolio.analysis.axis import XKind, at_steps, x_axis
from runfolio.analysis.derived import Derivation, Derived, derive
from runfolio.model.metrics import series
from runfolio.model.times import NO_TIME

NAN, INF = math.nan, math.inf
SECOND = 1_000_000
LOSS = series("loss", [0, 10, 20, 30], [8.0, 4.0, NAN, 1.0], [0, SECOND, 3 * SECOND, 5 * SECOND])
SAMPLES = series("samples", [0, 10, 25], [2.0, 4.0, 0.0])


def test_series_are_joined_at_the_last_point_at_or_before_the_step() -> None:
    assert at_steps(SAMPLES, LOSS).tolist() == [2.0, 4.0, 4.0, 0.0]
    later = series("x", [15, 15, 5], [1.0, 2.0, 9.0])
    np.testing.assert_array_equal(at_steps(later, LOSS), [NAN, 9.0, 2.0, 2.0])
    np.testing.assert_array_equal(at_steps(series("none", [], []), LOSS), [NAN] * 4)


def test_another_metric_is_an_x_axis() -> None:
    assert x_axis(LOSS, XKind.METRIC, SAMPLES).tolist() == [2.0, 4.0, 4.0, 0.0]
    np.testing.assert_array_equal(x_axis(LOSS, XKind.EPOCH), [NAN] * 4)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Derivation.NONE, [8, 4, NAN, 1]),
        (Derivation.RATIO, [4, 1, NAN, INF]),
        (Derivation.DIFFERENCE, [6, 0, NAN, 1]),
        (Derivation.BASELINE, [6, 0, NAN, 1]),
        (Derivation.CUMULATIVE, [8, 12, NAN, 13]),
        (Derivation.DERIVATIVE, [NAN, -0.4, NAN, -0.15]),
        (Derivation.PER_SECOND, [NAN, -4, NAN, -0.75]),
    ],
)
def test_each_derivation_by_hand(kind: Derivation, expected: list[float]) -> None:
    np.testing.assert_allclose(derive(LOSS, kind, SAMPLES), expected, rtol=1e-15)


def test_without_the_other_series_there_is_nothing() -> None:
    for kind in (Derivation.RATIO, Derivation.DIFFERENCE, Derivation.BASELINE):
        assert np.isnan(derive(LOSS, kind)).all()


def test_there_is_no_slope_where_nothing_moves_on_or_no_time_is_known() -> None:
    again = series("m", [0, 0, 5, 3], [1.0, 2.0, 3.0, 4.0], [NO_TIME, 0, 0, SECOND])
    np.testing.assert_array_equal(derive(again, Derivation.DERIVATIVE), [NAN, NAN, 0.2, NAN])
    np.testing.assert_array_equal(derive(again, Derivation.PER_SECOND), [NAN, NAN, NAN, 1.0])
    timeless = series("m", [0, 1], [1.0, 2.0])
    assert np.isnan(derive(timeless, Derivation.PER_SECOND)).all()


def test_values_at_the_end_of_floats_stay_what_they_are() -> None:
    huge = series("m", [0, 1, 2], [1.7e308, -1.7e308, INF])
    assert derive(huge, Derivation.DERIVATIVE).tolist()[1] == -INF
    assert derive(huge, Derivation.CUMULATIVE).tolist()[2] == INF


def test_titles_say_what_is_drawn() -> None:
    assert Derived().title("loss") == "loss"
    assert Derived(Derivation.RATIO, "samples").title("loss") == "loss / samples"
    assert Derived(Derivation.BASELINE).title("loss", "amber") == "loss − amber"
