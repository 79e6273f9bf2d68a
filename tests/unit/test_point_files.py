"""All points of long series are written as they come, and are those that were stored."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from runfolio.errors import Cancelled, UsageError
from runfolio.export.chart import export_points
from runfolio.export.digests import Digests
from runfolio.export.panel_recipe import PanelRecipe
from runfolio.export.point_files import write_points
from runfolio.export.recipe import ChartRecipe, RunStyleRecipe
from runfolio.index import long_points, point_stream
from runfolio.index.database import Database
from runfolio.index.series_rows import SeriesColumns, series_and_points
from runfolio.model.long_series import SomePoints
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.run import RunKey
from runfolio.model.times import NO_TIME
from support.room import room

RECIPE = ChartRecipe(
    (RunStyleRecipe("k:long", "=long", 0), RunStyleRecipe("k:b", "b", 1), RunStyleRecipe("k:c", "c", 2)),
    (PanelRecipe("loss"), PanelRecipe("loss", y="log")),
)
KEYS = [RunKey(run.key) for run in RECIPE.runs]


def made() -> list[MetricSeries]:
    rng = np.random.default_rng(3)
    n = 25_007
    value = rng.standard_normal(n)
    value[[7, 20_000]] = math.nan, math.inf
    step = np.cumsum(rng.integers(-1, 5, n))
    wall = 1_700_000_000_000_000 + np.cumsum(rng.integers(0, 9, n)) * 1000
    return [
        series("loss", step, value, wall),
        series("loss", None, [0.1 + 0.2, -0.0, 5e-324], np.full(3, NO_TIME)),
        series("loss", np.arange(9_000), rng.standard_normal(9_000), np.full(9_000, NO_TIME)),
    ]


SERIES = made()


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr(long_points, "AT_ONCE", 10_000)
    monkeypatch.setattr(point_stream, "AT_ONCE", 10_000)
    made = Database.open(tmp_path / "index.duckdb")
    rows, points = series_and_points([1, 2, 3], SERIES, SeriesColumns.of(SERIES))
    frame = points.frame(np.array([0, 1, 2]))
    with made.transaction():
        made.insert("runs", {"id": [1, 2, 3], "key": list(map(str, KEYS))})
        made.insert(
            "run_series", {"run": [1, 2, 3], "name": ["loss"] * 3, "series": [0, 1, 2], "scale": [2.0, 1.0, 1.0]}
        )
        made.insert("series", rows)
        # A part of the first series came after the others.
        made.insert("points", frame[:15_000])
        made.insert("points", frame[25_007:])
        made.insert("points", frame[15_000:25_007])
    yield made
    made.close()


def test_every_point_is_written_and_none_is_changed(database: Database, tmp_path: Path) -> None:
    assert point_stream.count_points(database, KEYS, ["loss"]) == 34_010
    parts = [*point_stream.points_of(database, KEYS, "loss")]
    assert [str(p.run) for p in parts] == ["k:long"] * 3 + ["k:b", "k:c"]
    assert max(map(len, parts)) <= 10_000
    told: list[int] = []
    text, written = export_points(RECIPE, iter(parts), tmp_path / "points.csv", told.append)
    assert (told[0], told[-1]) == (0, 34_010)
    with text.open(newline="", encoding="utf-8") as stream:
        rows = [*csv.DictReader(stream)]
    frame = pl.read_parquet(export_points(RECIPE, iter(parts), tmp_path / "points.parquet", told.append)[0])
    assert len(rows) == len(frame) == 34_010
    wanted = np.concatenate([SERIES[0].value * 2, SERIES[1].value, SERIES[2].value])
    np.testing.assert_array_equal([float(row["value"]) for row in rows], wanted)
    np.testing.assert_array_equal(frame["value"].to_numpy(), wanted)
    np.testing.assert_array_equal(frame["step"][:25_007].to_numpy(), SERIES[0].step)
    np.testing.assert_array_equal(frame["wall_time"][:25_007].to_physical().to_numpy(), SERIES[0].wall_time_us)
    assert [int(row["step"]) for row in rows[:25_007]] == SERIES[0].step.tolist()
    assert {row["run"] for row in rows} == {"'=long", "b", "c"}
    assert frame["run"].unique().sort().to_list() == ["=long", "b", "c"]
    assert frame["step"][25_007:25_010].to_list() == [None] * 3
    assert frame["wall_time"][25_007:].null_count() == 9_003
    assert pl.read_parquet_metadata(tmp_path / "points.parquet")["runfolio.recipe"] == written.to_json()
    assert ChartRecipe.from_json((tmp_path / "points.recipe.json").read_text()) == written
    assert all(run.points for run in written.runs)
    single = Digests()
    for part in parts:
        for at in range(0, len(part), 4_001):
            some = slice(at, at + 4_001)
            single.add(
                SomePoints(part.run, part.metric, part.has_step, part.step[some], part.wall[some], part.value[some])
            )
    assert single.written(RECIPE) == written, "in how many parts the points come says nothing about them"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_an_export_that_is_given_up_leaves_nothing(database: Database, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "out" / f"points.{suffix}"

    def stop(done: int) -> None:
        if done > 10_000:
            raise Cancelled

    with pytest.raises(Cancelled):
        export_points(RECIPE, point_stream.points_of(database, KEYS, "loss"), path, stop)
    assert not [*path.parent.iterdir()]


def test_without_points_there_is_a_head(tmp_path: Path) -> None:
    none: list[SomePoints] = []
    assert export_points(RECIPE, none, tmp_path / "points.csv", print)[0].read_text().count("\n") == 1
    frame = pl.read_parquet(export_points(RECIPE, none, tmp_path / "points.parquet", print)[0])
    assert frame.columns == ["run", "key", "metric", "step", "wall_time", "value"]
    assert frame["wall_time"].dtype == pl.Datetime("us", "UTC")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit on the size of files")
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_full_disk_is_told(tmp_path: Path, suffix: str) -> None:
    part = SomePoints(
        KEYS[1], "loss", True, np.arange(5000), np.full(5000, NO_TIME), np.random.default_rng(1).random(5000)
    )
    with room(64), pytest.raises(UsageError, match="The file cannot be written: File too large"):
        write_points(RECIPE, [part], tmp_path / f"points{suffix}", lambda _: None)
    assert [*tmp_path.iterdir()] == []
