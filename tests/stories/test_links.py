"""A user sees why recordings are one run, splits them, joins others, takes it back; nothing that was said is lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runfolio.api import Workspace
from runfolio.errors import UsageError
from runfolio.model.run import RunKey
from support.command import answer, call

CORPUS = Path(__file__).parents[1] / "corpus"
RESUMED = CORPUS / "wandb_offline/runs/v0_31/wandb"
LEGS = ("offline-run-20261123_043453-resume01", "offline-run-20261123_043703-resume01")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for leg in LEGS:
        shutil.copytree(RESUMED / leg, tmp_path / "runs" / "wandb" / leg)
    return tmp_path


@pytest.fixture
def ws(home: Path) -> Iterator[Workspace]:
    with Workspace.open(home / "index.duckdb", home / "ledger", actor="kim") as workspace:
        workspace.index([home / "runs"])
        yield workspace


def test_a_resumed_run_is_one_curve_of_its_legs(ws: Workspace) -> None:
    (key,) = ws.run_keys()
    run = ws.run(key)
    assert [r.reason for r in run.recordings] == [
        "leg 2 of 2: the same run id, resumed",
        "leg 1 of 2: the run that was resumed",
    ]
    loss = ws.series(key, "loss")
    assert loss.step.tolist() == [*range(10)]
    assert loss.value[[0, 4, 5, 9]].tolist() == [
        0.6931471805579453,
        0.6424533884775674,
        0.6311445837758944,
        0.5905655955099018,
    ]
    (facts,) = [m for m in run.metrics if m.name == "loss"]
    assert (facts.count, facts.first, facts.last, facts.min) == (
        10,
        0.6931471805579453,
        0.5905655955099018,
        0.5905655955099018,
    )
    assert ws.find_runs("loss < 0.6 and points > 10")[0].key == key


def test_points_laid_end_to_end_are_counted_once_and_go_when_linking_is_done_again(ws: Workspace, home: Path) -> None:
    points = ws.facts().points
    ws.index()
    ws.index(deep=True)
    assert ws.facts().points == points
    shutil.rmtree(home / "runs" / "wandb" / LEGS[1])
    ws.index()
    (key,) = ws.run_keys()
    assert ws.series(key, "loss").step.tolist() == [*range(5)]


def test_what_is_split_off_comes_back_with_undo_and_keeps_its_tags(ws: Workspace) -> None:
    (key,) = ws.run_keys()
    ws.tag([key], add=["whole"])
    entry = ws.split(key, [0], reason="look at the second leg alone")
    assert entry.summary.endswith(f"wandb/{LEGS[1]} split off")
    assert len(ws.run_keys()) == 2
    second = next(k for k in ws.run_keys() if k != key)
    assert ws.series(second, "loss").step.tolist() == [5, 6, 7, 8, 9]
    assert ws.run(second).recordings[0].reason == f"split off by hand (kim, entry {entry.number} of the audit trail)"
    ws.tag([second], add=["late"])
    ws.undo(entry.number)
    assert ws.run_keys() == (key,)
    assert ws.marks(key).tags == ("whole", "late")
    assert [run.key for run in ws.find_runs("tag = late")] == [key]
    assert any("late" in e.summary for e in ws.history(key))


def test_runs_joined_by_hand_are_one_run_after_everything_is_read_again(ws: Workspace, home: Path) -> None:
    shutil.copytree(CORPUS / "lightning/runs", home / "other")
    ws.index([home / "other"])
    first, second = ws.run_keys()[:2]
    total = len(ws.run_keys())
    ws.join([first, second], reason="one job, two loggers")
    assert len(ws.run_keys()) == total - 1
    ws.index(deep=True)
    assert len(ws.run_keys()) == total - 1
    reasons = {r.reason for r in ws.run(first).recordings}
    assert any(reason.startswith("joined by hand (kim, entry 1") for reason in reasons)
    ws.undo()
    assert len(ws.run_keys()) == total


def test_a_moved_folder_keeps_what_was_decided(ws: Workspace, home: Path) -> None:
    (key,) = ws.run_keys()
    ws.split(key, [0])
    (home / "runs").rename(home / "moved")
    ws.remove_source(ws.sources()[0].id)
    ws.index([home / "moved"])
    assert len(ws.run_keys()) == 2


def test_a_copy_taken_after_a_split_is_split_as_well_and_adds_no_run(ws: Workspace, home: Path) -> None:
    (key,) = ws.run_keys()
    ws.split(key, [0])
    steps = {run: ws.series(run, "loss").step.tolist() for run in ws.run_keys()}
    shutil.copytree(home / "runs", home / "copy")
    shutil.copytree(home / "runs", home / "usb" / "old")
    ws.index([home / "copy", home / "usb"])
    assert {run: ws.series(run, "loss").step.tolist() for run in ws.run_keys()} == steps
    assert [len(ws.run(run).recordings) for run in steps] == [3, 3]


def test_a_copy_taken_while_the_run_went_on_is_the_same_run(ws: Workspace, home: Path) -> None:
    store = home / "now" / "mlruns"
    shutil.copytree(CORPUS / "mlflow_file/runs/v3_17/mlruns", store)
    run = next(p.parent for p in sorted(store.rglob("metrics")) if len([*p.iterdir()]) > 1)
    early = home / "early" / "mlruns" / run.relative_to(store)
    shutil.copytree(run, early)
    for file in (early / "metrics").rglob("*"):
        if file.is_file():
            lines = file.read_text().splitlines(keepends=True)
            file.write_text("".join(lines[: max(1, len(lines) // 2)]))
    ws.index([home / "now"])
    count = len(ws.run_keys())
    ws.index([home / "early"])
    assert len(ws.run_keys()) == count
    key = next(r.key for r in ws.runs(ws.run_keys()) if r.path.endswith(run.name))
    detail = ws.run(key)
    assert [r.reason for r in detail.recordings][1:] == ["a copy taken earlier: its points are how the run's begin"]
    assert detail.source_path == str(home / "now")


def test_what_makes_no_sense_is_refused(ws: Workspace) -> None:
    (key,) = ws.run_keys()
    for places in ([], [0, 1], [7], [-1]):
        with pytest.raises(UsageError):
            ws.split(key, places)
    with pytest.raises(UsageError):
        ws.join([key, RunKey(key)])
    assert ws.history() == ()


def test_the_command_line_does_the_same(home: Path) -> None:
    store = ("--index", home / "i.duckdb", "--ledger", home / "l")
    call("index", home / "runs", *store)
    shown = call("recordings", "resume01", *store).stdout
    assert "leg 2 of 2: the same run id, resumed" in shown
    assert [r["number"] for r in answer("recordings", "resume01", *store)["recordings"]] == [1, 2]
    call("split", "resume01", "1", "--reason", "alone", *store)
    keys = [run["key"] for run in answer("runs", *store)]
    assert len(keys) == 2
    call("join", *keys, "--chain", *store)
    assert len(answer("runs", *store)) == 1
    call("undo", *store)
    assert len(answer("runs", *store)) == 2
    assert "The run has 1 recordings" in call("split", keys[0], "9", *store, code=2).stderr


def test_a_job_that_went_on_from_a_checkpoint_is_one_curve_and_can_be_split(tmp_path: Path) -> None:
    for name, params, steps in (
        ("bert-a", {"lr": 0.1}, range(100)),
        ("bert-b", {"lr": 0.1, "trainer": {"ckpt_path": "/scratch/jobs/bert-a/checkpoints/last.ckpt"}}, range(80, 200)),
    ):
        folder = tmp_path / "jobs" / name
        folder.mkdir(parents=True)
        (folder / "params.json").write_text(json.dumps(params))
        rows = "".join(f"{step},{1 / (step + 1)}\n" for step in steps)
        (folder / "metrics.csv").write_text(f"step,loss\n{rows}")
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as workspace:
        workspace.index([tmp_path / "jobs"])
        (run,) = workspace.find_runs()
        assert run.name == "bert-a"
        assert workspace.series(run.key, "loss").step.tolist() == [*range(100), *range(80, 200)]
        assert [p.code for p in run.problems if p.code == "legs-overlap"] == ["legs-overlap"]
        assert "last.ckpt" in run.recordings[0].reason
        workspace.split(run.key, [next(n for n, r in enumerate(run.recordings) if r.leg)])
        assert sorted(r.name for r in workspace.find_runs()) == ["bert-a", "bert-b"]
        workspace.undo()
        assert [r.name for r in workspace.find_runs()] == ["bert-a"]
