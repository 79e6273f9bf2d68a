"""Series summarised a batch at a time say the same as each one summarised by itself, and all points come back."""

from __future__ import annotations

import math
import struct

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from runfolio.index.point_columns import absolute, absolute_wall, in_microseconds
from runfolio.index.series_rows import PointColumns, SeriesColumns, series_and_points
from runfolio.model.metrics import MetricSeries, series, summarise
from runfolio.model.times import NO_TIME

int64 = st.integers(-(2**63) + 1, 2**63 - 1)
points = st.lists(st.tuples(int64, st.floats(width=64), st.one_of(st.just(NO_TIME), int64)), max_size=6)


@st.composite
def any_series(draw: st.DrawFn) -> MetricSeries:
    rows = draw(points)
    steps, values, times = [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]
    final = draw(st.one_of(st.none(), st.floats()))
    return series("m", draw(st.sampled_from([steps, None])), values, times, final=final)


def as_text(value: object) -> str:
    """Tells NaN from null and a number, but not -0.0 from 0.0, which are equal extremes."""
    return str(value + 0.0) if isinstance(value, float) and not math.isnan(value) else str(value)


@settings(derandomize=True, deadline=None, database=None)
@given(st.lists(any_series(), min_size=1, max_size=5))
def test_a_batch_says_what_each_series_says(metrics: list[MetricSeries]) -> None:
    frame, _ = series_and_points([1] * len(metrics), metrics, SeriesColumns.of(metrics))
    assert frame["id"].to_list() == [*range(len(metrics))]
    for row, metric in zip(frame.iter_rows(named=True), metrics, strict=True):
        facts = summarise(metric)
        wanted = {
            "n": facts.count,
            "has_step": metric.has_step,
            "first_step": int(metric.step[0]) if len(metric) else None,
            "last_step": int(metric.step[-1]) if len(metric) else None,
            "first_value": facts.first[1] if facts.first else None,
            "last_value": facts.last[1] if facts.last else None,
            "min_value": facts.min,
            "max_value": facts.max,
            "best_min": facts.best_min,
            "best_max": facts.best_max,
            "nan_count": facts.nan_count,
            "inf_count": facts.inf_count,
            "final": facts.final,
            "shown": facts.shown,
        }
        assert {k: as_text(row[k]) for k in wanted} == {k: as_text(v) for k, v in wanted.items()}


@settings(derandomize=True, deadline=None, database=None)
@given(st.lists(any_series(), min_size=1, max_size=5))
def test_a_batch_keeps_every_point_in_its_place(metrics: list[MetricSeries]) -> None:
    series, points = series_and_points([1] * len(metrics), metrics, SeriesColumns.of(metrics))
    frame = points.frame(np.arange(7, 7 + len(metrics)))
    for number, metric in enumerate(metrics, 7):
        own = frame.filter(pl.col("series") == number)
        first_step, first_wall = series["first_step"][number - 7], series["first_wall"][number - 7]
        assert absolute(own["step_diff"].to_numpy(), first_step or 0).tolist() == metric.step.tolist()
        assert [as_text(v) for v in own["value"]] == [as_text(v) for v in metric.value.tolist()]
        apart = in_microseconds(own["wall_diff"].fill_null(NO_TIME).to_numpy(), series["wall_unit"][number - 7])
        assert (
            absolute_wall(apart, NO_TIME if first_wall is None else first_wall).tolist() == metric.wall_time_us.tolist()
        )


whole = st.one_of(st.integers(-200, 200), st.integers(-(2**17), 2**17), st.integers(-(2**33), 2**33), int64)
value = st.one_of(st.floats(width=32), st.floats(width=64))


@settings(derandomize=True, deadline=None, database=None)
@given(st.lists(st.tuples(whole, whole, value), max_size=20), st.sampled_from([8, 16, 32, 64]))
def test_points_in_fewer_bytes_are_the_same_numbers(rows: list[tuple[int, int, float]], bits: int) -> None:
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1
    rows = [(min(max(s, low), high), min(max(w, low), high), v) for s, w, v in rows]
    steps, walls = np.array([r[0] for r in rows], dtype=np.int64), np.array([r[1] for r in rows], dtype=np.int64)
    values = np.array([r[2] for r in rows], dtype=np.float64)
    narrow = PointColumns(np.array([len(rows)]), steps, walls, values).narrow()
    assert narrow.step_diff.tolist() == steps.tolist()
    assert narrow.wall_diff.tolist() == walls.tolist()
    assert narrow.step_diff.itemsize <= bits // 8 or not rows
    assert narrow.value.astype(np.float64).tobytes() == values.tobytes()
    if narrow.value.dtype != np.float32:
        assert any(not math.isfinite(v) or struct.unpack("<f", packed(v))[0] != v for _, _, v in rows)


def packed(number: float) -> bytes:
    """As a float32; the largest where it is larger."""
    try:
        return struct.pack("<f", number)
    except OverflowError:
        return struct.pack("<f", math.copysign(math.inf, number))


def test_every_kind_of_nan_and_zero_comes_through_as_it_was() -> None:
    bits = [0x7FF8000000000000, 0xFFF8000000000001, 0x7FF0000000000001, 0x8000000000000000, 0, 0x36A0000000000000]
    values = np.array(bits, dtype=np.uint64).view(np.float64)
    none = np.zeros(len(values), dtype=np.int64)
    narrow = PointColumns(np.array([len(values)]), none, none, values).narrow()
    assert narrow.value.astype(np.float64).view(np.uint64).tolist() == bits
    assert narrow.step_diff.dtype == np.int8
