"""MMCV 1.x: several launches in one work folder, steps of epochs and of iterations, and damage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from support.inspected import CORPUS, claims_on, recordings_of

RUNS = CORPUS / "mmcv" / "runs" / "work_dirs"
NAME = "20230101_000000.log.json"


def found(root: Path) -> tuple[dict[str, Recording], list[Problem]]:
    return recordings_of(root, "mmcv")


def only(root: Path) -> Recording:
    (recording,) = found(root)[0].values()
    return recording


def codes(root: Path) -> list[str]:
    return sorted({p.code for p in found(root)[1]})


def points(run: Recording, name: str) -> list[tuple[int, str]]:
    (metric,) = (m for m in run.metrics if m.name == name)
    return [(s, str(v)) for s, v in zip(metric.step.tolist(), metric.value.tolist(), strict=True)]


def steps(run: Recording, name: str) -> list[int]:
    return [step for step, _ in points(run, name)]


def train(epoch: Any, count: Any, **values: Any) -> dict[str, Any]:
    return {"mode": "train", "epoch": epoch, "iter": count, **values}


def write(root: Path, rows: Sequence[Any], name: str = NAME) -> None:
    (root / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_each_launch_in_a_work_folder_is_a_run_with_its_own_config() -> None:
    runs, problems = found(RUNS / "epochs")
    rates = {name: {p.key: p.value for p in run.params}["optimizer.lr"] for name, run in runs.items()}
    assert rates == {"20230102_030405.log.json": 0.1, "20230102_040000.log.json": 0.01}
    assert problems == []
    assert {a.path for run in runs.values() for a in run.artifacts} == set()  # they share what lies there


def test_environment_and_versions_are_facts() -> None:
    facts = found(RUNS / "killed")[0]["20230105_101010.log.json"].facts
    assert facts == {
        "python": "3.8.13 (default)",
        "torch.version": "1.11.0",
        "mmcv.version": "1.7.2",
        "mmdet.version": "2.28.2",
    }


def test_a_config_that_launches_share_is_that_of_the_last_one(tmp_path: Path) -> None:
    shutil.copytree(RUNS / "epochs", tmp_path / "epochs")
    for log in (tmp_path / "epochs").glob("*.log.json"):
        log.write_text("".join(log.read_text().splitlines(keepends=True)[1:]))
    runs, problems = found(tmp_path)
    assert [{p.key: p.value for p in run.params}["optimizer.lr"] for run in runs.values()] == [0.01, 0.01]
    assert [p.code for p in problems] == ["config-shared", "config-shared"]


def test_without_the_log_for_people_the_length_of_an_epoch_is_inferred_and_told(tmp_path: Path) -> None:
    shutil.copytree(RUNS / "epochs", tmp_path, dirs_exist_ok=True)
    for log in tmp_path.glob("*.log"):
        log.unlink()
    run = found(tmp_path)[0]["20230102_030405.log.json"]
    assert steps(run, "train/loss") == [2, 4, 6, 8, 10, 12, 14, 16, 18]
    assert codes(tmp_path) == ["iterations-inferred"]


def test_a_runner_of_iterations_is_known_without_the_log_for_people(tmp_path: Path) -> None:
    shutil.copy(next((RUNS / "iters").glob("*.log.json")), tmp_path / NAME)
    run = only(tmp_path)
    assert steps(run, "train/loss") == [2, 4, 6, 8, 10, 12, 14]
    assert steps(run, "val/mae") == [6, 12]
    # Also where all of it is one epoch of the data.
    rows = [train(1, 10, loss=1), {"mode": "val", "epoch": 1, "iter": 3, "mae": 2}]
    write(tmp_path, [*rows, train(1, 20, loss=1), {"mode": "val", "epoch": 1, "iter": 3, "mae": 2}])
    assert steps(only(tmp_path), "val/mae") == [10, 20]


def test_rates_of_several_optimizers_and_lists_are_numbers_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, [train(1, 5, lr={"g": 0.1, "d": 0.2}, acc=[0.5, "x", 0.25], note="text", flag=True)])
    assert [m.name for m in only(tmp_path).metrics] == ["train/lr/g", "train/lr/d", "train/acc/0", "train/acc/2"]


def test_odd_steps_are_no_reason_to_stop(tmp_path: Path) -> None:
    write(tmp_path, [train(None, 5, loss=1), train(-3, 6, loss=2), train(1, "x", loss=3), train(2**70, 7, loss=4)])
    assert len(points(only(tmp_path), "train/loss")) == 4
    (tmp_path / NAME).write_text('{"mode": "train", "epoch": 1, "iter": 1, "loss": NaN}\n')
    assert points(only(tmp_path), "train/loss") == [(1, "nan")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no-scalars"),
        (b'{"env_info": "x", "seed": 1}\n', "no-scalars"),
        (b'{"mode": "train", "epoch": 1, "iter": 1, "loss": 1}\n{"mode": "tr', "cut-line"),
        (b'{"mode": "train", "epoch": 1, "iter": 1, "loss": 1}\n\xff\xfe\x00\n[1]\n{}\n', "bad-line"),
    ],
)
def test_damage_costs_itself(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / NAME).write_bytes(content)
    assert only(tmp_path).id == NAME
    assert codes(tmp_path) == [code]


@pytest.mark.parametrize(
    "config", ["model = dict(", "x = " + "[" * 400, "import os\nos.system('touch sprung')\nlr = 1\n"]
)
def test_a_config_is_read_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, [{"config": config, "exp_name": "a/b/c.py"}, train(1, 1, loss=1)])
    run = only(tmp_path)
    assert points(run, "train/loss") == [(1, "1.0")]
    assert run.name == "c"
    assert not (tmp_path / "sprung").exists()


def test_other_files_of_that_name_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "server.log.json").write_text('{"level": "info", "mode": "fast"}\n')
    (tmp_path / "empty.log.json").write_text("")
    assert [c.reader for c in claims_on(tmp_path)] == []


def test_a_large_log_is_read_in_time(tmp_path: Path) -> None:
    row = json.dumps(train(1, 50, loss=0.5, lr=0.1, time=0.2))
    (tmp_path / NAME).write_text(f"{row}\n" * 50_000)
    assert len(points(only(tmp_path), "train/loss")) == 50_000
