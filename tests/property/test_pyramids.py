"""A long series drawn from the blocks in the index covers, at any zoom, what its points cover."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfolio.analysis.axis import XKind
from runfolio.analysis.long_prepared import long_bounds, prepare_long
from runfolio.analysis.pyramid import Points
from runfolio.analysis.scales import YKind, YScale
from runfolio.index import pyramid_making, pyramids, stretches
from runfolio.index.database import Database
from runfolio.index.pyramid_making import keep_pyramids
from runfolio.index.series_rows import SeriesColumns, series_and_points
from runfolio.model.long_series import LongSeries, Stretch
from runfolio.model.metrics import Floats, MetricSeries, series
from runfolio.model.run import RunKey
from runfolio.model.times import NO_TIME

N = 300_007
START = 1_700_000_000_000_000
rng = np.random.default_rng(5)


def uneven() -> MetricSeries:
    """Steps that pause and repeat, times that wander, and values of all kinds."""
    step = np.cumsum(rng.integers(0, 4, N))
    step[N // 3 :] += 500_000
    value = rng.standard_normal(N)
    value[rng.integers(0, N, 40)] = math.nan
    value[[17, 150_000]] = math.inf
    value[[200_000]] = -math.inf
    value[250_000:260_000] = math.nan
    value[123_456] = 1e6
    return series("loss", step, value, START + np.cumsum(rng.integers(1, 2_000_000, N)))


def back() -> MetricSeries:
    """Steps that go back three times: onto a border of blocks, for a few points, and to before the start."""
    step = np.arange(N)
    step[64_000:] -= 30_000
    step[150_001:] -= 140_000
    step[150_020:] += 100_000
    step[222_222:] -= 260_000
    value = rng.standard_normal(N)
    value[[63_999, 64_000]] = 40.0, -40.0
    value[[9, 222_221]] = math.nan
    return series("loss", step, value, START + np.cumsum(rng.integers(1, 9_000, N)))


EVEN = series("loss", np.arange(N), rng.standard_normal(N) + 3, np.full(N, NO_TIME))
UNEVEN = uneven()
BACK = back()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = Database.open(Path(tmp_path_factory.mktemp("index")) / "index.duckdb")
    rows, points = series_and_points([1, 2, 3], [EVEN, UNEVEN, BACK], SeriesColumns.of([EVEN, UNEVEN, BACK]))
    with made.transaction():
        made.insert("runs", {"id": [1, 2, 3], "key": ["k:even", "k:uneven", "k:back"]})
        made.insert(
            "run_series",
            {"run": [1, 2, 3], "name": ["loss"] * 3, "series": [0, 1, 2], "scale": [1.0, 2.0, 1.0]},
        )
        made.insert("series", rows)
        made.insert("points", points.frame(np.array([0, 1, 2])))
    # An index that was made before there were pyramids has no tables for them.
    made.run("drop table pyramids")
    made.run("drop table pyramid_blocks")
    assert keep_pyramids(made) == 3
    assert keep_pyramids(made) == 0, "they are kept"
    yield made
    made.close()


def opened(database: Database, name: str) -> LongSeries:
    return pyramids.long_series(database, [RunKey(f"k:{name}")], "loss")[RunKey(f"k:{name}")]


def test_the_header_says_what_all_points_say(database: Database) -> None:
    even, uneven = opened(database, "even"), opened(database, "uneven")
    assert (even.count, even.by_step, even.by_wall, even.hidden) == (N, True, False, int((EVEN.value <= 0).sum()))
    assert (uneven.by_step, uneven.by_wall, uneven.last_step) == (True, True, UNEVEN.step[-1])
    assert uneven.last_wall == UNEVEN.wall_time_us[-1]
    whole = uneven.overview
    assert int(whole.size.sum()) == N
    assert int(whole.nans.sum()) == int(np.isnan(UNEVEN.value).sum())
    assert (int(whole.rises.sum()), int(whole.falls.sum())) == (2, 1)
    assert whole.high.max() == 2e6, "values of an aligned name are scaled"


@pytest.mark.parametrize("size", [32, 256])
def test_blocks_hold_exactly_what_numpy_finds_in_them(database: Database, size: int) -> None:
    found = database.arrays("select * from pyramid_blocks where series = 1 and size = ? order by place", [size])
    if not len(found["place"]):
        pytest.skip("the series is too short for this size")
    starts = np.arange(0, N, size)
    finite = np.where(np.isfinite(UNEVEN.value), UNEVEN.value, math.nan)
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduceat(finite, starts), np.fmax.reduceat(finite, starts)
    np.testing.assert_array_equal(found["low"], np.where(np.isnan(low), math.inf, low))
    np.testing.assert_array_equal(found["high"], np.where(np.isnan(high), -math.inf, high))
    np.testing.assert_array_equal(found["step"], UNEVEN.step[starts])
    np.testing.assert_array_equal(found["wall"], UNEVEN.wall_time_us[starts])
    positive = np.where(finite > 0, finite, math.inf)
    np.testing.assert_array_equal(found["above"], np.minimum.reduceat(positive, starts))


def axis(points: MetricSeries, kind: XKind) -> Floats:
    if kind is XKind.STEP:
        return points.step.astype(np.float64)
    seconds: Floats = (points.wall_time_us - points.wall_time_us[0]) / 1e6
    return seconds


def asked(database: Database, long: LongSeries, kind: XKind, x0: float, x1: float, wide: int) -> Stretch | None:
    low, high = long_bounds(long, kind, x0, x1)
    return stretches.stretch(database, long, low, high, wide, by_wall=kind is not XKind.STEP)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(
    name=st.sampled_from(["even", "uneven", "back"]),
    kind=st.sampled_from([XKind.STEP, XKind.RELATIVE]),
    at=st.floats(0, 1),
    share=st.sampled_from([1.0, 0.4, 0.1, 0.02, 0.003, 0.0001]),
    wide=st.sampled_from([37, 500, 900, 1800]),
)
def test_each_column_holds_true_extremes_at_any_zoom(
    database: Database, name: str, kind: XKind, at: float, share: float, wide: int
) -> None:
    points, long = {"even": EVEN, "uneven": UNEVEN, "back": BACK}[name], opened(database, name)
    if kind is XKind.RELATIVE and not long.by_wall:
        kind = XKind.STEP
    x, y = axis(points, kind), points.value * (2.0 if name == "uneven" else 1.0)
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    at_x, sound = x[np.isfinite(y)], y[np.isfinite(y)]
    x0 = x[0] + at * (x[-1] - x[0]) * (1 - share)
    x1 = x0 + max(share * (x[-1] - x[0]), 1.0)
    columns = prepare_long(long, kind, asked(database, long, kind, x0, x1, wide)).raw.columns(x0, x1, wide)
    width = (x1 - x0) / wide
    inside = (columns.x >= x0) & (columns.x <= x1)
    place = np.clip(np.floor((columns.x - x0) / width), 0, wide - 1)
    for column in np.unique(place[inside]):
        own = inside & (place == column)
        low, high = columns.low[own].min(), columns.high[own].max()
        left, right = x0 + column * width, x0 + (column + 1) * width
        # Borders move by an eighth of a column, and by the rounding of whole steps within a block.
        slack = width / 8 * 1.01
        least = sound[np.searchsorted(at_x, left + slack) : np.searchsorted(at_x, right - slack, side="right")]
        most = sound[np.searchsorted(at_x, left - slack) : np.searchsorted(at_x, right + slack, side="right")]
        assert low <= least.min(initial=low)
        assert high >= least.max(initial=high)
        assert low >= most.min()
        assert high <= most.max()


def test_every_point_of_a_view_is_in_one_column(database: Database) -> None:
    long = opened(database, "even")
    drawn = prepare_long(long, XKind.STEP).raw.columns(-1.0, float(N), 900)
    assert drawn.points == N
    assert drawn.low.min() == EVEN.value.min()
    assert drawn.high.max() == EVEN.value.max()


def test_a_spike_of_one_point_is_in_every_view_that_holds_it(database: Database) -> None:
    long = opened(database, "uneven")
    at = float(UNEVEN.step[123_456])
    for reach in (600_000, 50_000, 3_000, 200, 9):
        stretch = asked(database, long, XKind.STEP, at - reach / 3, at + reach / 2, 900)
        drawn = prepare_long(long, XKind.STEP, stretch).raw.columns(at - reach / 3, at + reach / 2, 900)
        assert drawn.high.max() == 2e6


def test_marks_lie_where_values_are_not_finite_and_exactly_there_when_zoomed_in(database: Database) -> None:
    long = opened(database, "uneven")
    far = prepare_long(long, XKind.STEP)
    truth = np.unique(UNEVEN.step[np.isnan(UNEVEN.value)])
    ends = np.append(long.overview.step[1:], long.last_step)
    for x in far.nan_x:
        block = np.flatnonzero(long.overview.step == x)
        assert any(((truth >= x) & (truth <= ends[i])).any() for i in block)
    at = float(UNEVEN.step[150_000])
    near = prepare_long(long, XKind.STEP, asked(database, long, XKind.STEP, at - 50, at + 50, 900))
    assert at in near.above_x
    inside = (near.nan_x >= at - 50) & (near.nan_x <= at + 50)
    np.testing.assert_array_equal(near.nan_x[inside], truth[(truth >= at - 50) & (truth <= at + 50)])


def test_a_gap_without_a_finite_value_is_not_bridged(database: Database) -> None:
    long = opened(database, "uneven")
    drawn = prepare_long(long, XKind.STEP).raw.columns(0.0, float(UNEVEN.step[-1]), 900)
    gap = np.flatnonzero(~drawn.joined[:-1])
    left, right = float(UNEVEN.step[249_999]), float(UNEVEN.step[260_000])
    width = UNEVEN.step[-1] / 900
    assert [g for g in gap if abs(drawn.x[g] - left) < 2 * width and abs(drawn.x[g + 1] - right) < 2 * width]


def test_on_a_log_axis_the_lowest_value_above_zero_counts(database: Database) -> None:
    long = opened(database, "uneven")
    scale = YScale(YKind.LOG)
    drawn = prepare_long(long, XKind.STEP, scale=scale)
    positive = UNEVEN.value[np.isfinite(UNEVEN.value) & (UNEVEN.value > 0)] * 2
    assert drawn.raw.y_bounds == pytest.approx((math.log10(positive.min()), 6 + math.log10(2)))
    assert drawn.hidden == int((UNEVEN.value <= 0).sum())


def test_what_is_pointed_at_are_points_as_they_were_logged(database: Database) -> None:
    long = opened(database, "uneven")
    at = float(UNEVEN.step[100_000])
    for stretch in (None, asked(database, long, XKind.STEP, at - 20, at + 20, 900)):
        drawn = prepare_long(long, XKind.STEP, stretch)
        place = drawn.at_or_before(at)
        assert place is not None
        logged = UNEVEN.value[UNEVEN.step == drawn.x[place]] * 2
        assert drawn.y[place] in logged
        assert drawn.x[place] <= at
    assert drawn.x[place] == at
    assert len(drawn) == N
    assert drawn.x_bounds == (float(UNEVEN.step[0]), float(UNEVEN.step[-1]))


@pytest.mark.parametrize("tick", [1, 1000], ids=["microseconds", "milliseconds"])
def test_points_that_came_later_and_rows_that_moved_are_found(tmp_path: Path, tick: int) -> None:
    database = Database.open(tmp_path / "index.duckdb")
    wall = UNEVEN.wall_time_us // tick * tick
    both = [EVEN, replace(UNEVEN, wall_time_us=wall)]
    rows, points = series_and_points([1, 2], both, SeriesColumns.of(both))
    assert rows["wall_unit"][1] == tick
    frame = points.frame(np.array([0, 1]))
    with database.transaction():
        database.insert("runs", {"id": [1], "key": ["k:a"]})
        database.insert("run_series", {"run": [1], "name": ["loss"], "series": [1], "scale": [1.0]})
        database.insert("series", rows)
        database.insert("points", frame[: N + 200_000])
        database.insert("points", frame[:5000])
        database.insert("points", frame[N + 200_000 :])
    keep_pyramids(database)
    long = opened_as(database, "k:a")
    at = float(wall[210_000])
    stretch = stretches.stretch(database, long, at - 1e7, at + 1e7, 900, by_wall=True)
    assert stretch is not None
    part = slice(stretch.begin, stretch.begin + len(stretch.blocks))
    np.testing.assert_array_equal(stretch.blocks.first, UNEVEN.value[part])
    np.testing.assert_array_equal(stretch.blocks.step, UNEVEN.step[part])
    np.testing.assert_array_equal(stretch.blocks.wall, wall[part])
    found = database.arrays("select wall from pyramid_blocks where series = 1 and size = 32 order by place")
    np.testing.assert_array_equal(found["wall"], wall[::32])
    database.run("update series set n = n + 1 where id = 1")
    assert not pyramids.long_series(database, [RunKey("k:a")], "loss"), "it no longer tells of all points"
    database.run("delete from series where id = 1")
    keep_pyramids(database)
    assert database.rows("select count(*) from pyramid_blocks where series = 1") == [(0,)]
    database.close()


@pytest.mark.parametrize("together", [True, False])
def test_rows_that_have_moved_since_are_looked_for(database: Database, together: bool) -> None:
    long = opened(database, "uneven")
    assert (long.row, long.together) == (N, True)
    at = float(UNEVEN.step[150_000])
    before = asked(database, long, XKind.STEP, at - 50, at + 50, 900)
    moved = asked(database, replace(long, row=7, together=together), XKind.STEP, at - 50, at + 50, 900)
    assert before is not None
    assert moved is not None
    np.testing.assert_array_equal(moved.blocks.first, before.blocks.first)
    np.testing.assert_array_equal(moved.blocks.step, before.blocks.step)


def opened_as(database: Database, key: str) -> LongSeries:
    return pyramids.long_series(database, [RunKey(key)], "loss")[RunKey(key)]


def test_a_series_that_goes_back_is_drawn_as_it_was_written(database: Database) -> None:
    long = opened(database, "back")
    assert long.turns.tolist() == [64_000, 150_001, 222_222]
    assert long.drawable(by_wall=False)
    assert int(long.overview.size.sum()) == N
    beside = np.isin(long.overview.begins, [63_999, 64_000, 150_000, 150_001, 222_221, 222_222])
    assert (long.overview.size[beside] == 1).all(), "both sides of a turn are known exactly"
    x = BACK.step.astype(np.float64)
    lo, hi = float(x.min()) - 5, float(x.max()) + 5
    drawn = prepare_long(long, XKind.STEP)
    whole = Points(x, BACK.value)
    assert drawn.raw.x_bounds == whole.x_bounds
    assert drawn.raw.y_bounds == whole.y_bounds
    assert len(drawn.raw) == len(whole)
    ours, truth = drawn.raw.columns(lo, hi, 900), whole.columns(lo, hi, 900)
    assert ours.points == truth.points
    # From where it goes back the line leads to where it goes on, except where a value is missing.
    leaps = [
        {(round(c.last[i]), round(c.first[i + 1])) for i in np.flatnonzero(np.diff(c.x) < -20_000) if c.joined[i]}
        for c in (ours, truth)
    ]
    assert leaps[0] == leaps[1]
    assert (40, -40) in leaps[0]
    for at in (63_000.0, 34_100.0, 500.0, -37_000.0):
        near = prepare_long(long, XKind.STEP, asked(database, long, XKind.STEP, at - 40, at + 40, 900))
        columns = near.raw.columns(at - 40, at + 40, 900)
        inside = (columns.x >= at - 40) & (columns.x <= at + 40)
        own = (x >= at - 40) & (x <= at + 40) & np.isfinite(BACK.value)
        np.testing.assert_array_equal(columns.x[inside], x[own])
        np.testing.assert_array_equal(columns.first[inside], BACK.value[own])
        place = near.at_or_before(at)
        assert place is not None
        assert near.y[place] == BACK.value[np.flatnonzero(x == at)[-1]], "the last written of equal steps"


def test_a_series_that_goes_back_at_every_other_point_comes_as_a_whole(tmp_path: Path) -> None:
    step = np.arange(N)
    step[::2] += 5
    wild = series("loss", step, EVEN.value, np.full(N, NO_TIME))
    database = Database.open(tmp_path / "index.duckdb")
    put(database, wild)
    assert keep_pyramids(database) == 1
    assert not opened_as(database, "k:a").drawable(by_wall=False)
    database.close()


@pytest.mark.parametrize("points", [EVEN, UNEVEN, BACK], ids=["even", "uneven", "back"])
@pytest.mark.parametrize("begun", [140_000, 262_144 + 32, 262_140])
def test_blocks_of_a_series_that_has_grown_are_those_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, points: MetricSeries, begun: int
) -> None:
    database = Database.open(tmp_path / "index.duckdb")
    put(database, points)
    add = "insert into points select {}, step_diff, wall_diff, value from whole where rowid >= ? and rowid < ?"
    database.run("create temp table whole as select * from points order by rowid")
    with database.transaction():
        database.run("delete from points")
        database.run(add.format("series"), [0, begun])
        database.run("update series set n = ?", [begun])
    keep_pyramids(database)
    monkeypatch.setattr(pyramid_making, "_make", none_anew)
    for begin, end in pairwise([begun, begun + 1, begun + 40, begun + 5_000, N]):
        with database.transaction():
            database.run(add.format("7"), [0, 100])
            database.run(add.format("series"), [begin, end])
            database.run("update series set n = ?", [end])
        assert keep_pyramids(database) == 1
    long = opened_as(database, "k:a")
    low, high = float(points.step[begun - 3]), float(points.step[begun - 3]) + 4000.0
    near = asked(database, long, XKind.STEP, low, high, 900)
    grown = kept_of(database)
    monkeypatch.undo()
    database.run("delete from pyramids")
    database.run("delete from pyramid_blocks")
    keep_pyramids(database)
    anew = kept_of(database)
    for name in anew:
        np.testing.assert_array_equal(grown[name], anew[name], err_msg=name)
    again = asked(database, opened_as(database, "k:a"), XKind.STEP, low, high, 900)
    assert near is not None
    assert again is not None
    for one, two in zip(near.parts, again.parts, strict=True):
        np.testing.assert_array_equal(one.blocks.first, two.blocks.first)
        np.testing.assert_array_equal(one.blocks.step, two.blocks.step)
    database.close()


def none_anew(*_: object) -> None:
    raise AssertionError("blocks were made anew")


def put(database: Database, points: MetricSeries) -> None:
    """One run of one series."""
    rows, columns = series_and_points([1], [points], SeriesColumns.of([points]))
    with database.transaction():
        database.insert("runs", {"id": [1], "key": ["k:a"]})
        database.insert("run_series", {"run": [1], "name": ["loss"], "series": [0], "scale": [1.0]})
        database.insert("series", rows)
        database.insert("points", columns.frame(np.array([0])))


def kept_of(database: Database) -> dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]]:
    """The header and all blocks."""
    header = database.rows(
        "select n, size, by_wall, last_step, last_wall, hidden, first_row, together, turns from pyramids"
    )
    blocks = database.arrays("select * from pyramid_blocks order by size, place")
    return {"header": np.array([str(header)]), **blocks}
