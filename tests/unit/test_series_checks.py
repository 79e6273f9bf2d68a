"""Notes on what is odd in series that were read: each told where it is, nothing told of sound ones."""

from __future__ import annotations

import numpy as np
import pytest

from runfolio.index.series_checks import notes
from runfolio.index.series_rows import SeriesColumns
from runfolio.model.metrics import MetricSeries, series

SECOND = 1_000_000


def codes(*metrics: MetricSeries) -> list[str]:
    return sorted(
        p.code for problems in notes([0] * len(metrics), metrics, SeriesColumns.of(metrics)).values() for p in problems
    )


def of(steps: list[int], values: list[float] | None = None, name: str = "loss") -> MetricSeries:
    return series(name, steps, values or [0.5] * len(steps))


def test_sound_series_are_not_told_of() -> None:
    assert codes(of([*range(50)]), of([0, 10, 20]), of([]), of([3]), of([*range(0, 500, 10)], name="val")) == []


def test_the_epoch_may_stand_in_every_row_of_a_step() -> None:
    assert codes(of([0, 0, 1, 1], name="epoch")) == []


def test_series_without_steps_have_no_odd_steps() -> None:
    assert codes(series("loss", None, [1.0, 2.0, 3.0])) == []


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([0, 1, 1, 2], "steps-repeated"),
        ([0, 1, 2, 1, 2], "steps-go-back"),
        ([*range(20), 400, 401], "steps-missing"),
        ([-(2**63), 2**63 - 1, -(2**63)], "steps-go-back"),
    ],
)
def test_odd_steps_are_told(steps: list[int], code: str) -> None:
    assert codes(of(steps)) == [code]


def test_the_end_of_one_series_is_no_step_to_the_next() -> None:
    assert codes(of([5, 6, 7]), of([0, 1, 2], name="b"), of([2, 3], name="c")) == []


def test_a_clock_that_goes_back_is_told_and_a_missing_time_is_not() -> None:
    back = series("loss", [0, 1, 2], [1.0, 1.0, 1.0], np.array([10, 5, 6], dtype=np.int64) * SECOND)
    assert codes(back) == ["clock-goes-back"]
    jitter = series("loss", [0, 1], [1.0, 1.0], np.array([SECOND, SECOND - 500], dtype=np.int64))
    assert codes(jitter) == []


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("val_acc", [0.5, 0.6, 0.7, 71.0, 72.0], True),
        ("val_acc", [71.0, 72.0, 0.73, 0.74], True),
        ("val_acc", [0.5, 0.6, 1.2, 1.4], False),
        ("val_acc", [0.5, 71.0, 0.6, 72.0], False),
        ("val_acc", [50.0, 60.0, 70.0, 80.0], False),
        ("loss", [0.5, 0.6, 0.7, 71.0], False),
        ("val_acc", [0.5, float("nan"), 0.7, 70.0, float("inf"), 71.0], True),
    ],
)
def test_a_fraction_that_becomes_a_percentage_is_told(name: str, values: list[float], told: bool) -> None:
    assert codes(of([*range(len(values))], values, name)) == (["unit-jumps"] if told else [])


def test_one_note_names_the_metrics_of_a_recording() -> None:
    metrics = [of([1, 1], name=f"m{n}") for n in range(5)]
    found = notes([7, 7, 7, 7, 8], metrics, SeriesColumns.of(metrics))
    assert [p.message.partition(": ")[2] for p in found[7]] == ["m0, m1, m2 and 1 more"]
    assert [p.message.partition(": ")[2] for p in found[8]] == ["m4"]
