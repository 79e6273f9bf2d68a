"""Lightning version folders: what Lightning 2.6.6 wrote is read in full, and damage costs itself only."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from runfolio.model.problem import Problem, Severity
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget
from runfolio.readers.parse import parse
from support.expected import differences
from support.inspected import CORPUS, claims_on, expected_runs, inspected_runs, recordings_of, run_differences

RUNS = CORPUS / "lightning" / "runs"
EXPECTED = expected_runs("lightning")
FROM_EVENTS = sorted(path for path, run in EXPECTED.items() if run["extra"]["source"] == "tensorboard")
FROM_CSV = sorted(EXPECTED.keys() - {*FROM_EVENTS})
TIMES = ("started_at", "ended_at")


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    return recordings_of(RUNS, "lightning")[0]


@pytest.fixture(scope="module")
def runs() -> dict[str, dict[str, Any]]:
    return inspected_runs(RUNS)


@pytest.fixture
def version(tmp_path: Path) -> Path:
    folder = tmp_path / "lightning_logs" / "version_0"
    shutil.copytree(RUNS / "lightning_logs" / "version_0", folder)
    return folder


def read(root: Path) -> tuple[Recording, list[Problem]]:
    found, problems = recordings_of(root, "lightning")
    (recording,) = found.values()
    return recording, problems


# --- what Lightning wrote --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FROM_CSV)
def test_every_figure_of_the_csv_logger_is_as_expected(recordings: dict[str, Recording], path: str) -> None:
    # Where both loggers wrote, the times are those of the event files.
    assert differences(EXPECTED[path], recordings[path], ignore=TIMES) == []


@pytest.mark.parametrize("path", FROM_EVENTS)
def test_params_of_the_tensorboard_logger_join_the_series_of_the_event_files(
    runs: dict[str, dict[str, Any]], recordings: dict[str, Recording], path: str
) -> None:
    assert recordings[path].metrics == ()
    assert run_differences(EXPECTED[path], runs[path], ignore=TIMES) == []
    assert len(runs[path]["recordings"]) == 2


def test_each_version_is_one_run_however_many_loggers_wrote_it(runs: dict[str, dict[str, Any]]) -> None:
    assert runs.keys() == EXPECTED.keys()
    twice = runs["logs/exp a/fold 1"]
    assert {recording["reason"] for recording in twice["recordings"]} == {
        "the only recording in its folder",
        "inside the folder of this lightning run",
    }


def test_sound_folders_give_no_problem() -> None:
    assert recordings_of(RUNS, "lightning")[1] == []


def test_epoch_and_step_of_a_checkpoint_come_from_its_name(recordings: dict[str, Recording]) -> None:
    for path in FROM_CSV:
        wanted = {
            name: {"epoch": facts["epoch"], "global_step": facts["global_step"]}
            for name, facts in EXPECTED[path]["extra"].get("checkpoints", {}).items()
        }
        assert recordings[path].extra.get("checkpoints", {}) == wanted


def test_checkpoints_are_never_opened(version: Path) -> None:
    (checkpoint,) = (version / "checkpoints").iterdir()
    checkpoint.write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    recording, problems = read(version.parent)
    assert [a.path for a in recording.artifacts] == ["checkpoints/epoch=2-step=15.ckpt"]
    assert problems == []


def test_python_tags_in_hparams_are_data(recordings: dict[str, Recording]) -> None:
    params = {p.key: p.value for p in recordings["lightning_logs/version_0"].params}
    assert params["layers"] == [8, 4]
    assert params["nested.opt.betas"] == [0.9, 0.999]
    assert params["note"] == "größe"


# --- what is and is not claimed --------------------------------------------------------------------------------------


def test_versions_before_2_did_not_sort_their_columns(tmp_path: Path) -> None:
    (tmp_path / "version_3").mkdir()
    (tmp_path / "version_3" / "metrics.csv").write_text("train_loss,epoch,step\n0.5,0,24\n0.25,1,49\n")
    assert [c.reader for c in claims_on(tmp_path / "version_3")] == ["lightning"]
    (tmp_path / "version_3").rename(tmp_path / "mine")
    assert [c.reader for c in claims_on(tmp_path / "mine")] == ["generic"]


def test_a_metrics_file_with_sorted_columns_and_a_step_is_lightnings(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("epoch,loss,step\n0,1.0,4\n")
    assert [c.reader for c in claims_on(tmp_path)] == ["lightning"]


@pytest.mark.parametrize("header", ["step,loss,acc", "epoch,loss", "loss,step,acc"])
def test_a_metrics_file_with_other_columns_is_anybodys(tmp_path: Path, header: str) -> None:
    (tmp_path / "metrics.csv").write_text(f"{header}\n" + ",".join("1" for _ in header.split(",")) + "\n")
    assert [c.reader for c in claims_on(tmp_path)] == ["generic"]


def test_beside_params_of_another_name_the_folder_has_to_be_called_version(tmp_path: Path) -> None:
    for name in ("mine", "version_3"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "metrics.csv").write_text("epoch,loss,step\n0,1.0,4\n")
        (tmp_path / name / "config.yaml").write_text("lr: 0.1\n")
    found = {(c.path, c.reader) for c in claims_on(tmp_path)}
    assert found == {("mine", "generic"), ("version_3", "lightning"), ("version_3", "generic")}


# --- damage ----------------------------------------------------------------------------------------------------------


def test_a_metrics_file_cut_anywhere_keeps_what_comes_before(version: Path) -> None:
    whole, _ = read(version.parent)
    longest = {m.name: m for m in whole.metrics}
    data = (version / "metrics.csv").read_bytes()
    for length in range(0, len(data), 41):
        (version / "metrics.csv").write_bytes(data[:length])
        cut, _ = read(version.parent)
        assert cut.params == whole.params
        for metric in cut.metrics:
            kept = len(metric) - 1  # the last value may be cut in the middle
            if metric.name in longest:
                assert metric.value[:kept].tolist() == longest[metric.name].value[:kept].tolist()


def test_lost_or_damaged_hparams_leave_the_metrics(version: Path) -> None:
    whole, _ = read(version.parent)
    (version / "hparams.yaml").write_bytes(b"lr: 0.1\nlayers: [1, 2\nnote: {")
    damaged, problems = read(version.parent)
    assert [m.name for m in damaged.metrics] == [m.name for m in whole.metrics]
    assert [p.path for p in problems] == ["version_0/hparams.yaml"]
    assert {p.key: p.value for p in damaged.params}["lr"] == 0.1


def test_a_link_is_told_and_not_followed(version: Path, tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere.csv"
    secret.write_text("epoch,step,loss\n0,0,1\n")
    (version / "metrics.csv").unlink()
    (version / "metrics.csv").symlink_to(secret)
    recording, problems = read(version.parent)
    assert recording.metrics == ()
    assert [(p.code, p.path, p.severity) for p in problems] == [
        ("link-not-followed", "version_0/metrics.csv", Severity.WARNING)
    ]


def test_a_file_that_is_gone_when_it_is_read_is_a_problem(version: Path) -> None:
    (claim,) = claims_on(version.parent)
    (version / "metrics.csv").unlink()
    parsed = parse(version.parent, claim, Budget())
    (recording,) = parsed.recordings
    assert [p.code for p in recording.problems] == ["unreadable"]
    assert recording.params
