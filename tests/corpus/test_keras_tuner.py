"""Keras Tuner: searches and trials as its own classes have them, whole and damaged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from support.inspected import CORPUS, claims_on, expected_runs, inspected_runs, recordings_of, run_differences

RUNS = CORPUS / "keras_tuner" / "runs"


def trial(**changes: Any) -> dict[str, Any]:
    observed = {"direction": "min", "observations": [{"value": [0.5, 0.25], "step": 0}, {"value": [0.125], "step": 1}]}
    return {
        "trial_id": "0",
        "hyperparameters": {"space": [], "values": {"lr": 0.1}},
        "metrics": {"metrics": {"loss": observed}},
        "score": 0.125,
        "best_step": 1,
        "status": "COMPLETED",
        "message": None,
    } | changes


def search(root: Path, *trials: dict[str, Any] | str) -> tuple[dict[str, Recording], list[Problem]]:
    (root / "oracle.json").write_text("{}")
    for number, told in enumerate(trials):
        folder = root / f"trial_{number}"
        folder.mkdir()
        (folder / "trial.json").write_text(told if isinstance(told, str) else json.dumps(told))
    return recordings_of(root, "keras_tuner")


def points(run: Recording, name: str) -> list[tuple[int, str]]:
    (metric,) = (m for m in run.metrics if m.name == name)
    return [(s, str(v)) for s, v in zip(metric.step.tolist(), metric.value.tolist(), strict=True)]


def codes(run: Recording) -> list[str]:
    return [p.code for p in run.problems]


def test_trials_come_out_as_its_own_classes_have_them() -> None:
    runs = inspected_runs(RUNS)
    expected = expected_runs("keras_tuner")
    assert runs.keys() == expected.keys()
    assert {path: run_differences(expected[path], run) for path, run in runs.items()} == {path: [] for path in expected}


def test_a_search_is_one_claim_with_all_its_trials() -> None:
    assert [(c.path, len(c.prune or ())) for c in claims_on(RUNS)] == [("hyper band", 6), ("odd", 4), ("random", 3)]


def test_every_execution_of_a_trial_is_kept_at_its_step(tmp_path: Path) -> None:
    (run,) = search(tmp_path, trial())[0].values()
    assert points(run, "loss") == [(0, "0.5"), (0, "0.25"), (1, "0.125")]


def test_a_failed_trial_keeps_what_it_said() -> None:
    run = recordings_of(RUNS / "odd", "keras_tuner")[0]["trial_1"]
    assert run.status is RunStatus.FAILED
    assert str(run.extra["message"]).endswith("no good:\n<b>v</b>\n")


def test_the_local_time_a_trial_began_is_told_and_is_no_start() -> None:
    run = recordings_of(RUNS / "odd", "keras_tuner")[0]["trial_0"]
    assert str(run.extra["local_start"]).startswith("20")
    assert run.started_us is None


def test_a_trial_that_was_copied_alone_is_read(tmp_path: Path) -> None:
    shutil.copytree(RUNS / "odd" / "trial_2", tmp_path / "alone")
    (run,) = recordings_of(tmp_path, "keras_tuner")[0].values()
    assert (run.id, run.path, "nan" in [v for _, v in points(run, "score")]) == ("2", "alone", True)


def test_ids_that_only_count_are_no_identity_and_digests_are(tmp_path: Path) -> None:
    found, _ = search(tmp_path, trial(), trial(trial_id="0123456789abcdef" * 2))
    assert [run.identity for run in found.values()] == ["", "keras_tuner:" + "0123456789abcdef" * 2]


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("INVALID", RunStatus.FAILED),
        ("RUNNING", RunStatus.RUNNING),
        ("IDLE", RunStatus.UNKNOWN),
        (7, RunStatus.UNKNOWN),
        (None, RunStatus.UNKNOWN),
        (["COMPLETED"], RunStatus.UNKNOWN),
    ],
)
def test_a_status_is_only_what_the_tuner_says(tmp_path: Path, status: Any, shown: RunStatus) -> None:
    (run,) = search(tmp_path, trial(status=status))[0].values()
    assert run.status is shown


def test_a_cut_trial_keeps_what_stands_before_the_cut(tmp_path: Path) -> None:
    text = json.dumps(trial())
    found, _ = search(tmp_path, text[: text.index('"step": 1')], trial(trial_id="1"))
    assert points(found["trial_0"], "loss")[:2] == [(0, "0.5"), (0, "0.25")]
    assert any("json" in code for code in codes(found["trial_0"]))
    assert (found["trial_0"].status, codes(found["trial_1"])) == (RunStatus.UNKNOWN, [])


def test_an_empty_trial_is_shown_and_costs_the_others_nothing(tmp_path: Path) -> None:
    found, _ = search(tmp_path, "", trial(trial_id="1"))
    assert (found["trial_0"].id, found["trial_0"].metrics) == ("0", ())
    assert points(found["trial_1"], "loss")


@pytest.mark.parametrize(
    "metrics",
    [
        7,
        {"metrics": [1]},
        {"metrics": {"loss": 3}},
        {"metrics": {"loss": {"observations": 5}}},
        {"metrics": {"loss": {"observations": [3, None, {"value": "x", "step": 0}, {"value": [1.0]}]}}},
        {"metrics": {"loss": {"observations": [{"value": [[1.0]], "step": 2**70}]}}},
    ],
)
def test_wrong_types_are_counted_and_left_out(tmp_path: Path, metrics: Any) -> None:
    (run,) = search(tmp_path, trial(metrics=metrics))[0].values()
    assert run.metrics == ()
    assert {p.key: p.value for p in run.params} == {"lr": 0.1}
    assert set(codes(run)) <= {"odd-observation"}


def test_a_damaged_oracle_costs_only_what_it_says(tmp_path: Path) -> None:
    search(tmp_path, trial())
    (tmp_path / "oracle.json").write_text('{"display": {"trial_start": [')
    found, problems = recordings_of(tmp_path, "keras_tuner")
    assert points(found["trial_0"], "loss")
    assert [p.path for p in problems] == ["oracle.json"]


def test_absurd_nesting_is_a_problem(tmp_path: Path) -> None:
    found, problems = search(tmp_path, '{"trial_id": "0", "hyperparameters": ' + "[" * 100_000)
    assert list(found) == ["trial_0"]
    assert problems


def test_folders_that_only_look_alike_are_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "oracle.json").write_text("{}")
    (tmp_path / "trial_1").mkdir()
    (tmp_path / "trial_1" / "trial.json").write_text('{"verdict": "guilty"}')
    assert claims_on(tmp_path) == []
