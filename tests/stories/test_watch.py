"""Folders that are written while they are watched: what is shown is what reading them as a whole gives."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from runfolio.api import Workspace
from runfolio.index.watch import REST_S, Watcher
from runfolio.model.metrics import MetricSeries
from runfolio.model.run_detail import RunDetail
from support.event_files import record, scalar, version
from support.inspected import CORPUS


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """A workspace on one folder, and rounds of watching it."""

    def __init__(self, home: Path, root: Path) -> None:
        self.workspace = Workspace.open(home / "index.duckdb", home / "ledger")
        self.workspace.add_source(root)
        self.clock = Clock()
        self.watcher = Watcher(
            self.workspace._db,
            self.workspace._stores.indexer(),
            lambda: [(s.id, Path(s.path)) for s in self.workspace.sources()],
            self.clock,
        )

    def round(self, seconds: float = 1.0) -> tuple[int, int]:
        """Folders of which the end was read, and folders read as a whole."""
        self.clock.now += seconds
        done = self.watcher.round()
        return done.grown, done.read

    def run(self) -> RunDetail:
        (run,) = self.workspace.find_runs()
        return run

    def series(self) -> dict[str, MetricSeries]:
        run = self.run()
        return {m.name: self.workspace.series(run.key, m.name) for m in run.metrics}


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    root = tmp_path / "runs"
    root.mkdir()
    made = Watched(tmp_path / "home", root)
    yield made
    made.workspace.close()


def same(left: dict[str, MetricSeries], right: dict[str, MetricSeries]) -> None:
    assert left.keys() == right.keys()
    for name, series in left.items():
        other = right[name]
        np.testing.assert_array_equal(series.step, other.step, err_msg=name)
        np.testing.assert_array_equal(series.value, other.value, err_msg=name)
        np.testing.assert_array_equal(series.wall_time_us, other.wall_time_us, err_msg=name)
        assert (series.has_step, series.final_rule) == (other.has_step, other.final_rule), name
        np.testing.assert_equal(series.final, other.final)


def figures(run: RunDetail) -> list[tuple[object, ...]]:
    return [
        (
            m.name,
            m.count,
            m.first_step,
            m.first,
            m.last_step,
            m.last,
            m.min,
            m.max,
            m.best_min,
            m.best_max,
            m.nan_count,
            m.inf_count,
            m.shown,
            m.shown_rule,
        )
        for m in run.metrics
    ]


GROWING = {
    "lightning": ("lightning/runs/lightning_logs/version_0", ["metrics.csv"]),
    "keras": ("keras/runs/logs/diverged", ["training.log"]),
    "ultralytics": ("ultralytics/runs/runs/detect/killed", ["results.csv"]),
    "spinning_up": ("spinning_up/runs/diverged/diverged_s0", ["progress.txt"]),
    "generic csv": ("generic/runs/r01_params_csv", ["metrics.csv"]),
    "tensorboard": ("tensorboard/runs/runs/keras_tb/train", ["events.out.tfevents.1795409420.gpu-node07.21994.2.v2"]),
}


@pytest.mark.parametrize("kind", sorted(GROWING))
def test_what_is_appended_is_read_from_where_it_was_left(watched: Watched, tmp_path: Path, kind: str) -> None:
    place, names = GROWING[kind]
    folder = tmp_path / "runs" / Path(place).name
    shutil.copytree(CORPUS / place, folder)
    whole = {name: (folder / name).read_bytes() for name in names}
    # Writers flush when they like: the cuts fall inside lines and records.
    chance = random.Random(kind)
    size = max(map(len, whole.values()))
    cuts = sorted(chance.sample(range(size // 3, size), min(6, size // 4)))
    for name, data in whole.items():
        (folder / name).write_bytes(data[: cuts[0]])
    watched.round(700)
    modes = []
    for cut in [*cuts[1:], size]:
        for name, data in whole.items():
            with (folder / name).open("ab") as file:
                file.write(data[file.tell() : cut])
        modes.append(watched.round())
    assert any(grown for grown, _ in modes[1:])
    followed, shown = watched.series(), watched.run()
    other = Watched(tmp_path / "other", tmp_path / "runs")
    other.workspace.index()
    same(followed, other.series())
    assert str(figures(shown)) == str(figures(other.run()))
    assert watched.workspace.facts().points == other.workspace.facts().points
    other.workspace.close()


def test_a_run_of_mlflow_grows_point_by_point_with_the_latest_by_its_rule(watched: Watched, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "0" / ("a" * 32)
    (folder / "metrics" / "val").mkdir(parents=True)
    run_id = "a" * 32
    meta = f"run_id: {run_id}\nrun_uuid: {run_id}\nstatus: 1\nstart_time: 1767268800000\n"
    (folder / "meta.yaml").write_text(meta)
    loss, acc = folder / "metrics" / "loss", folder / "metrics" / "val" / "acc"
    loss.write_text("1767268800000 0.9 0\n")
    acc.write_text("1767268800000 0.1 5\n")
    watched.round()
    with loss.open("a") as file:
        file.write("1767268801000 0.8 1\n1767268802000 nan 2\n17672688")
    assert watched.round() == (0, 1)
    with loss.open("a") as file:
        file.write("03000 0.7 3\n")
    with acc.open("a") as file:
        file.write("1767268803000 0.7 4\n")
    assert watched.round() == (1, 0)
    series = watched.series()
    assert series["loss"].step.tolist() == [0, 1, 2, 3]
    assert series["val/acc"].value.tolist() == [0.1, 0.7]
    shown = {m.name: (m.shown, m.last, m.nan_count) for m in watched.run().metrics}
    assert shown == {"loss": (0.7, 0.7, 1), "val/acc": (0.1, 0.7, 0)}
    assert watched.run().key in watched.watcher.live_runs()


def change(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (change("step,loss\n0,0.5\n1,0.25\n2,0.125\n3,0.1\n"), [0.5, 0.25, 0.125, 0.1]),  # rewritten, longer
        (change("step,loss\n0,0.9\n"), [0.9]),  # cut
        (change("step,loss,acc\n0,0.9,0.1\n1,0.8,0.2\n2,0.7,0.3\n"), [0.9, 0.8, 0.7]),  # another header
        (change(""), []),
    ],
)
def test_a_file_that_is_written_anew_is_read_as_a_whole(
    watched: Watched, tmp_path: Path, what: Callable[[Path], object], expected: list[float]
) -> None:
    folder = tmp_path / "runs" / "a"
    folder.mkdir()
    (folder / "params.json").write_text('{"lr": 0.1}')
    log = folder / "metrics.csv"
    log.write_text("step,loss\n0,0.9\n1,0.8\n")
    watched.round()
    with log.open("a") as file:
        file.write("2,0.75\n")
    watched.round()
    assert watched.series()["loss"].value.tolist() == [0.9, 0.8, 0.75]
    what(log)
    assert watched.round() == (0, 1)
    assert [v for s in watched.series().items() if s[0] == "loss" for v in s[1].value.tolist()] == expected


def test_new_runs_appear_and_runs_at_rest_are_no_longer_live(watched: Watched, tmp_path: Path) -> None:
    assert watched.round() == (0, 0)
    folder = tmp_path / "runs" / "a"
    folder.mkdir()
    (folder / "params.json").write_text('{"lr": 0.1}')
    (folder / "metrics.csv").write_text("step,loss\n0,0.9\n")
    assert watched.round(1) == (0, 0)  # not time to look through the library
    assert watched.round(60) == (0, 1)
    assert watched.watcher.live_runs() == {watched.run().key}
    with (folder / "metrics.csv").open("a") as file:
        file.write("1,0.8\n")
    watched.round()
    with (folder / "metrics.csv").open("a") as file:
        file.write("2,0.7\n3,0.")
    assert watched.round() == (1, 0)
    assert watched.round(1) == (0, 0)
    assert watched.round(REST_S + 1) == (0, 1)
    assert not watched.watcher.live_runs()
    # As a whole, the line that is not finished counts and is told of as by any import.
    assert watched.series()["loss"].value.tolist()[:3] == [0.9, 0.8, 0.7]
    shutil.rmtree(folder)
    watched.round(700)
    assert watched.workspace.find_runs() == ()


def test_of_a_disk_that_comes_back_only_what_is_being_written_is_live(watched: Watched, tmp_path: Path) -> None:
    root, away = tmp_path / "runs", tmp_path / "away"
    for name in "abc":
        (root / name).mkdir()
        (root / name / "params.json").write_text('{"lr": 0.1}')
        (root / name / "metrics.csv").write_text(f"step,loss\n0,0.{ord(name)}\n")
        for path in (root / name).iterdir():
            os.utime(path, (1_700_000_000, 1_700_000_000))
    assert watched.round() == (0, 3)
    assert not watched.watcher.live_runs()
    root.rename(away)
    assert watched.round(700) == (0, 0)
    # Another copy of the disk, whose files have other numbers and times; one of its runs goes on.
    shutil.copytree(away, root)
    for name in "ab":
        for path in (root / name).iterdir():
            os.utime(path, (1_700_000_100, 1_700_000_100))
    with (root / "c" / "metrics.csv").open("a") as file:
        file.write("1,0.5\n")
    assert watched.round(700) == (0, 3)
    going_on = {run.key for run in watched.workspace.find_runs() if run.path == "c"}
    assert len(going_on) == 1
    assert watched.watcher.live_runs() == going_on
    # From here on it is watched, and whatever changes is live, by whichever clock.
    with (root / "a" / "metrics.csv").open("a") as file:
        file.write("1,0.4\n")
    os.utime(root / "a" / "metrics.csv", (1_700_000_200, 1_700_000_200))
    watched.round(30)
    assert len(watched.watcher.live_runs()) == 2


def test_watching_leaves_the_folders_as_they_are(watched: Watched, tmp_path: Path) -> None:
    shutil.copytree(CORPUS / "lightning/runs", tmp_path / "runs" / "lightning")

    def look() -> list[tuple[str, int, int]]:
        found = sorted((tmp_path / "runs").rglob("*"))
        return [(str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in found]

    before = look()
    watched.round()
    watched.round(REST_S + 200)
    assert look() == before


def check_against_whole(watched: Watched, tmp_path: Path) -> None:
    other = Watched(tmp_path / "other", tmp_path / "runs")
    other.workspace.index()
    same(watched.series(), other.series())
    assert str(figures(watched.run())) == str(figures(other.run()))
    other.workspace.close()


ODD_GROWTH = {
    # A series of the second file has that file's name before its own as long as both have one.
    "the second of two files with one name": (
        {
            "metrics.jsonl": '{"step": 0, "loss": 1}\n{"step": 1, "loss": 2}\n',
            "more.jsonl": '{"step": 0, "loss": 3}\n{"step": 1, "loss": 4}\n',
        },
        [("metrics.jsonl", '{"step": 2, "loss": 8}\n'), ("more.jsonl", '{"step": 2, "loss": 9}\n')],
    ),
    "rows without a step column": (
        {"metrics.csv": "loss,acc\n1,0.1\n2,0.2\n"},
        [("metrics.csv", "3,\n"), ("metrics.csv", "4,0.5\n5,0.6\n")],
    ),
    "rows with an epoch and no step": (
        {"metrics.csv": "epoch,step,loss\n0,0,1\n0,1,2\n"},
        [("metrics.csv", "1,2,3\n"), ("metrics.csv", "1,,3\n"), ("metrics.csv", "2,,3\n3,,9\n")],
    ),
    "a column that turns out to be no step": (
        {"metrics.csv": "step,loss\n0,1\n1,2\n"},
        [("metrics.csv", "1.5,3\n"), ("metrics.csv", "2,1\n3,4\n")],
    ),
    "a column that turned out to be no time": (
        {"metrics.csv": "time,step,loss\n1700000000,0,1\n5,1,2\n"},
        [("metrics.csv", ",2,3\n"), ("metrics.csv", "1700000011,3,3\n"), ("metrics.csv", "1700000012,4,3\n")],
    ),
}


@pytest.mark.parametrize("kind", sorted(ODD_GROWTH))
def test_lines_that_say_little_by_themselves_are_read_with_what_is_above(
    watched: Watched, tmp_path: Path, kind: str
) -> None:
    files, appended = ODD_GROWTH[kind]
    folder = tmp_path / "runs" / "run"
    folder.mkdir()
    (folder / "params.yaml").write_text("lr: 0.1\n")
    for name, text in files.items():
        (folder / name).write_text(text)
    watched.round(700)
    for name, text in appended:
        with (folder / name).open("a") as file:
            file.write(text)
        watched.round()
    check_against_whole(watched, tmp_path)


def test_a_file_written_anew_with_as_many_bytes_and_the_same_end_is_read_again(
    watched: Watched, tmp_path: Path
) -> None:
    folder = tmp_path / "runs" / "run"
    folder.mkdir()
    (folder / "params.yaml").write_text("lr: 0.1\n")
    rows = [f"{step},0.5\n" for step in range(1_000)]
    (folder / "metrics.csv").write_text("step,loss\n" + "".join(rows[:-1]))
    watched.round(700)
    with (folder / "metrics.csv").open("a") as file:
        file.write(rows[-1])
    watched.round()
    (folder / "metrics.csv").write_text("step,loss\n0,0.7\n" + "".join(rows[1:]))
    assert watched.round() == (0, 1)
    check_against_whole(watched, tmp_path)


def test_event_files_that_grow_side_by_side_stay_in_their_order(watched: Watched, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "run"
    folder.mkdir()
    first, second = (folder / f"events.out.tfevents.170000000{number}.node-1.77.0" for number in (0, 1))

    def write(path: Path, steps: range, times: float) -> tuple[int, int]:
        with path.open("ab") as file:
            file.write(b"".join(record(scalar(step, step * times, wall=1.7e9 + step)) for step in steps))
        return watched.round()

    first.write_bytes(record(version()))
    second.write_bytes(record(version()))
    write(first, range(5), 1)
    write(second, range(5), 2)
    write(second, range(5, 7), 2)
    assert write(second, range(7, 9), 2) == (1, 0)
    assert write(first, range(5, 9), 1) == (0, 1)
    assert write(second, range(9, 12), 2) == (1, 0)
    check_against_whole(watched, tmp_path)


def test_many_folders_that_grow_in_one_round_are_each_what_the_whole_gives(watched: Watched, tmp_path: Path) -> None:
    folders = [tmp_path / "runs" / f"run{n}" for n in range(70)]
    for n, folder in enumerate(folders):
        folder.mkdir()
        (folder / "params.yaml").write_text(f"lr: 0.{n + 1}\n")
        (folder / "metrics.csv").write_text(f"step,time,loss,acc\n0,17000000{n:02},{n},0.5\n")
    watched.round(700)
    for step in (1, 2):
        for n, folder in enumerate(folders):
            with (folder / "metrics.csv").open("a") as file:
                file.write(f"{step},170000{step}0{n:02},{n + step},nan\n")
        # One has other params by now, and one another column.
        (folders[3] / "params.yaml").write_text(f"lr: {step}\n")
        if step == 2:
            (folders[4] / "metrics.csv").write_text("step,f1\n0,0.1\n1,0.2\n2,0.3\n")
        assert watched.round() == ((0, 70) if step == 1 else (68, 2))
    with Workspace.open(tmp_path / "anew.duckdb", tmp_path / "anew") as anew:
        anew.index([tmp_path / "runs"])
        whole = {run.path: run for run in anew.find_runs()}
        for run in watched.workspace.find_runs():
            np.testing.assert_equal(figures(run), figures(whole[run.path]))
            for name in ("acc", "loss"):
                if run.path != "run4":
                    key = whole[run.path].key
                    same({name: watched.workspace.series(run.key, name)}, {name: anew.series(key, name)})
    assert len(watched.watcher.live_runs()) == 70
