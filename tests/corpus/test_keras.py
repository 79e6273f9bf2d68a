"""Keras logs: what Keras 3.15.1 wrote is read in full, and a model file never runs."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from runfolio.model.run import Recording
from support.expected import differences, metric_differences
from support.inspected import CORPUS, claims_on, expected_runs, inspected_runs, recordings_of

RUNS = CORPUS / "keras" / "runs"
EXPECTED = expected_runs("keras")
LOG = "epoch,accuracy,loss\n0,0.5,1.0\n1,0.75,0.5\n"


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    return recordings_of(RUNS, "keras")[0]


@pytest.fixture(scope="module")
def runs() -> dict[str, dict[str, Any]]:
    return inspected_runs(RUNS)


def only(root: Path) -> Recording:
    (recording,) = recordings_of(root, "keras")[0].values()
    return recording


# --- what Keras wrote ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(EXPECTED.keys() - {"logs/resumed"}))
def test_every_figure_of_the_log_is_as_expected(recordings: dict[str, Recording], path: str) -> None:
    assert differences(EXPECTED[path], recordings[path]) == []


def test_logs_appended_to_and_split_over_files_are_kept_whole(recordings: dict[str, Recording]) -> None:
    resumed = recordings["logs/resumed"]
    plain = [m for m in resumed.metrics if not m.name.startswith("semi.csv/")]
    assert metric_differences(EXPECTED["logs/resumed"]["metrics"], plain) == []
    # The other file of the folder, with semicolons, has the same metrics with other values.
    others = EXPECTED["logs/resumed"]["extra"]["csv"]["semi.csv"]
    named = {f"semi.csv/{name}": figures for name, figures in others.items()}
    assert metric_differences(named, [m for m in resumed.metrics if m not in plain]) == []


def test_epochs_repeat_after_a_restart_and_cells_without_a_value_are_no_points(
    recordings: dict[str, Recording],
) -> None:
    resumed = {m.name: m for m in recordings["logs/resumed"].metrics}
    assert resumed["loss"].step.tolist() == [0, 1, 2, 2, 3, 4]
    assert "val_loss" not in resumed
    every_other = {m.name: m for m in recordings["logs/valfreq2"].metrics}
    assert every_other["val_loss"].step.tolist() == [1, 3]


def test_each_folder_is_one_run_with_its_event_files(runs: dict[str, dict[str, Any]]) -> None:
    assert runs.keys() == EXPECTED.keys()
    series = runs["logs/lr0.01"]["metrics"]
    for name, figures in EXPECTED["logs/lr0.01"]["extra"]["tb"]["tb/train"].items():
        assert series[f"train/{name}"]["count"] == figures["count"]


def test_a_model_file_tells_version_and_optimizer_without_being_loaded(recordings: dict[str, Recording]) -> None:
    recording = recordings["logs/lr 0.1"]
    assert recording.facts == {"keras.version": "3.15.1"}
    models = recording.extra["models"]
    assert isinstance(models, dict)
    told = models["best.keras"]
    assert isinstance(told, dict)
    assert told["optimizer"] == "Adam"
    assert told["learning_rate"] == pytest.approx(0.1)
    assert told["loss"] == "binary_crossentropy"


# --- what is and is not claimed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["training.log", "log.csv", "fold 3.LOG"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_a_log_may_have_any_name(tmp_path: Path, name: str, separator: str) -> None:
    (tmp_path / name).write_text(LOG.replace(",", separator))
    assert {m.name: m.value.tolist() for m in only(tmp_path).metrics} == {"accuracy": [0.5, 0.75], "loss": [1.0, 0.5]}


@pytest.mark.parametrize(
    "text",
    [
        "INFO epoch 1 loss 0.5\n",
        "epoch\n0\n",
        "epoch,loss,accuracy\n0,1,2\n",
        "step,loss\n0,1\n",
        "",
        "epoch,,a\n0,1,2\n",
    ],
)
def test_other_logs_are_not_claimed(tmp_path: Path, text: str) -> None:
    (tmp_path / "train.log").write_text(text)
    assert claims_on(tmp_path) == []


def test_beside_a_params_file_a_log_is_still_read(tmp_path: Path) -> None:
    (tmp_path / "training.log").write_text(LOG)
    (tmp_path / "params.json").write_text('{"lr": 0.1}')
    assert [(c.reader, sorted(c.files)) for c in claims_on(tmp_path)] == [
        ("keras", ["training.log"]),
        ("generic", ["params.json"]),
    ]


# --- damage ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def with_model(tmp_path: Path) -> Path:
    (tmp_path / "training.log").write_text(LOG)
    return tmp_path / "model.keras"


def test_a_model_file_cut_anywhere_is_still_an_artifact(with_model: Path) -> None:
    data = (RUNS / "logs" / "lr 0.1" / "best.keras").read_bytes()
    for length in range(0, len(data), 997):
        with_model.write_bytes(data[:length])
        recording = only(with_model.parent)
        assert [a.path for a in recording.artifacts] == ["model.keras", "training.log"]
        assert len(recording.metrics) == 2


@pytest.mark.parametrize("content", ["null", "[" * 5000, '{"keras_version": 3}', "\xff", "{"])
def test_odd_metadata_in_a_model_file_tells_nothing(with_model: Path, content: str) -> None:
    with zipfile.ZipFile(with_model, "w") as archive:
        archive.writestr("metadata.json", content.encode("latin-1"))
        archive.writestr("config.json", json.dumps({"compile_config": {"optimizer": 7}}))
    assert only(with_model.parent).facts == {}


def test_metadata_that_unpacks_to_gigabytes_is_not_unpacked(with_model: Path) -> None:
    with zipfile.ZipFile(with_model, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", b" " * (32 << 20))
    assert only(with_model.parent).extra == {}
