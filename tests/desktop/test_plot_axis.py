"""Axes: round places, as many digits as tell them apart, times as people say them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import pytest

from runfolio.analysis.scales import YKind, YScale
from runfolio.desktop.plot_axis import AxisKind, PlainAxis, log_ticks, number_texts, number_ticks, time_ticks

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def texts(axis: PlainAxis, low: float, high: float, size: float = 600.0) -> list[str]:
    return [t for spacing, places in axis.tickValues(low, high, size) for t in axis.tickStrings(places, 1.0, spacing)]


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (-0.1, 1.05, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-3.0, 3.0, ["−3", "−2", "−1", "0", "1", "2", "3"]),
        (0.0, 5e9, ["0", "1e9", "2e9", "3e9", "4e9", "5e9"]),
        (0.0, 5e-9, ["0", "1e-9", "2e-9", "3e-9", "4e-9", "5e-9"]),
    ],
)
def test_numbers_stand_at_round_places_in_equal_digits(low: float, high: float, wanted: list[str]) -> None:
    ((spacing, places),) = number_ticks(low, high, 240.0, 40.0)
    shown = number_texts(places, spacing)
    assert [t.replace("\u2009000\u2009000\u2009000", "e9") for t in shown] == wanted


def test_long_numbers_along_the_axis_do_not_run_into_each_other() -> None:
    axis = PlainAxis("bottom")
    ((spacing, places),) = axis.tickValues(-39_999.96, 1_039_998.96, 429.0)
    widest = max(len(t) for t in axis.tickStrings(places, 1.0, spacing))
    assert spacing / 1_080_000 * 429 > 7 * widest
    assert texts(axis, 0.0, 62.0, 240.0) == ["0", "20", "40", "60"]


@pytest.mark.parametrize(
    ("low", "high"),
    [(0.0, 5e-324), (1.0, 1.0 + 1e-15), (-1e300, 1e300), (1e15, 1e15 + 10), (-1.7e308, 1.7e308), (1e-300, 3e-300)],
)
def test_no_range_is_too_small_or_too_large_for_an_axis(low: float, high: float) -> None:
    axis = PlainAxis("left")
    shown = texts(axis, low, high)
    assert len(shown) <= 60
    for earlier, later in itertools.pairwise(shown):
        assert earlier != later


def test_an_empty_or_endless_range_has_no_ticks() -> None:
    axis = PlainAxis("left")
    assert axis.tickValues(1.0, 1.0, 100.0) == axis.tickValues(0.0, float("inf"), 100.0) == []


def test_a_log_axis_has_powers_of_ten_and_within_a_decade_round_numbers() -> None:
    axis = PlainAxis("left")
    axis.scale_of = YScale(YKind.LOG)
    assert texts(axis, -3.2, 2.1) == ["0.001", "0.01", "0.1", "1", "10", "100"]
    assert texts(axis, -0.8, 0.5) == ["0.2", "0.5", "1", "2"]
    assert texts(axis, -0.15, 0.0, 240.0) == ["0.75", "0.8", "0.85", "0.9", "0.95", "1"]
    assert len(log_ticks(-250.0, 250.0, 600.0)[0][1]) <= 10
    # The end of float64's range: the view goes a little beyond.
    assert log_ticks(307.9, 308.4, 600.0) == []


@pytest.mark.parametrize(
    ("high", "wanted"),
    [
        (45.0, ["0", "10 s", "20 s", "30 s", "40 s"]),
        (400.0, ["0", "2 min", "4 min", "6 min"]),
        (10_000.0, ["0", "30 min", "1 h", "1 h 30 min", "2 h", "2 h 30 min"]),
        (500_000.0, ["0", "1 d", "2 d", "3 d", "4 d", "5 d"]),
        (0.005, ["0", "0.001 s", "0.002 s", "0.003 s", "0.004 s", "0.005 s"]),
    ],
)
def test_spans_of_time_stand_at_round_seconds_minutes_hours_or_days(high: float, wanted: list[str]) -> None:
    axis = PlainAxis("bottom")
    axis.kind = AxisKind.DURATION
    assert texts(axis, 0.0, high, 480.0) == wanted


@pytest.mark.usefixtures("berlin")
def test_clock_times_are_local_and_stand_at_round_local_hours() -> None:
    noon = 1_767_268_800.0  # 2026-01-01 12:00 UTC, 13:00 in Berlin
    axis = PlainAxis("bottom")
    axis.kind = AxisKind.CLOCK
    shown = texts(axis, noon, noon + 5 * 3600, 600.0)
    assert shown == ["01-01 13:00", "14:00", "15:00", "16:00", "17:00", "18:00"]
    days = texts(axis, noon, noon + 4 * 86_400, 600.0)
    assert days == ["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"]
    ((_, places),) = time_ticks(noon, noon + 4 * 86_400, 600.0, clock=True)
    assert places[0] == noon + 11 * 3600, "midnight in Berlin"


def test_a_time_that_no_calendar_holds_has_no_text() -> None:
    axis = PlainAxis("bottom")
    axis.kind = AxisKind.CLOCK
    assert set(texts(axis, 1e17, 2e17)) == {""}
