"""Params and metrics files of no tracker: read as pandas reads them, and nothing else is taken for a run."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.scanner import scan
from support.expected import differences
from support.inspected import CORPUS, claims_on, expected_runs, recordings_of

RUNS = CORPUS / "generic" / "runs"
EXPECTED: dict[str, dict[str, Any]] = expected_runs("generic")
# pandas' columns beside the step, of which the expected file leaves the epoch out; it is kept as a series here.
WITH_EPOCH = {"r05_log_parquet", "r08_wide_sparse"}
METRICS = "step,loss\n0,1.0\n1,0.5\n2,0.25\n"


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    return recordings_of(RUNS, "generic")[0]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A plain run folder, alone in its parent."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "params.json").write_text('{"lr": 0.1}')
    (folder / "metrics.csv").write_text(METRICS)
    return folder


def read(run: Path) -> tuple[Recording, list[Problem]]:
    found, problems = recordings_of(run.parent, "generic")
    return found[run.name], problems


def losses(recording: Recording) -> list[float]:
    values: list[float] = next(m for m in recording.metrics if m.name == "loss").value.tolist()
    return values


def claimed(root: Path) -> list[tuple[str, list[str]]]:
    return [(c.path, sorted(c.files)) for c in claims_on(root) if c.reader == "generic"]


# --- what pandas and friends wrote -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(EXPECTED.keys() - WITH_EPOCH))
def test_every_figure_is_as_expected(recordings: dict[str, Recording], path: str) -> None:
    assert differences(EXPECTED[path], recordings[path]) == []


@pytest.mark.parametrize("path", sorted(WITH_EPOCH))
def test_an_epoch_beside_a_step_stays_a_series(recordings: dict[str, Recording], path: str) -> None:
    found = differences(EXPECTED[path], recordings[path], ignore=("started_at", "ended_at"))
    assert found == ["metric epoch: unexpected"]


def test_a_column_of_times_gives_each_point_its_wall_time(recordings: dict[str, Recording]) -> None:
    recording = recordings["r08_wide_sparse"]
    first = next(m for m in recording.metrics if m.name == "val_acc")
    assert first.wall_time_us[0] == 1_767_225_660_000_000  # 2026-01-01T00:01:00Z
    assert recording.started_us == 1_767_225_600_000_000


@pytest.mark.parametrize("path", sorted(p for p, r in EXPECTED.items() if r.get("extra") and "step" not in r["extra"]))
def test_file_and_step_column_are_told(recordings: dict[str, Recording], path: str) -> None:
    assert recordings[path].extra == EXPECTED[path]["extra"]


def test_of_the_sound_folders_only_the_cut_one_has_a_problem() -> None:
    problems = [p for p in recordings_of(RUNS, "generic")[1] if p.severity != "info"]
    assert [(p.code, p.path) for p in problems] == [("torn-line", "r07_truncated/metrics.jsonl")]


# --- which files belong to a run -------------------------------------------------------------------------------------


@pytest.mark.parametrize("params", ["params.json", "config.yaml", "hparams.toml", "args.yml", "Settings.JSON"])
@pytest.mark.parametrize("metrics", ["metrics.csv", "history.tsv", "log.csv", "results.csv", "train_log.csv"])
def test_usual_names_are_recognised(tmp_path: Path, params: str, metrics: str) -> None:
    (tmp_path / params).write_text("lr = 0.1" if params.endswith("toml") else '{"lr": 0.1}')
    (tmp_path / metrics).write_text(METRICS.replace(",", "\t") if metrics.endswith("tsv") else METRICS)
    assert claimed(tmp_path) == [("", sorted([params, metrics]))]
    (recording,) = recordings_of(tmp_path, "generic")[0].values()
    assert recording.params[0].value == 0.1
    assert losses(recording) == [1.0, 0.5, 0.25]


def test_beside_params_any_table_with_a_step_and_numbers_is_metrics(run: Path) -> None:
    (run / "curve of fold 2.csv").write_text("iteration,auc\n10,0.5\n")
    (run / "steps.jsonl").write_text('{"step": 1, "lr": 0.1}\n')
    (run / "predictions.csv").write_text("index,label,probability\n0,1,0.9\n")
    (run / "notes.csv").write_text("step,remark\n1,good\n")
    (run / "train.csv").write_text("step,x\n1,2\n")
    assert claimed(run.parent) == [("run", ["curve of fold 2.csv", "metrics.csv", "params.json", "steps.jsonl"])]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("train.csv", METRICS),  # a data set
        ("anything.csv", METRICS),
        ("results.csv", "model,accuracy\nsvm,0.9\n"),  # a table of a paper
        ("metrics.csv", "name,unit\nlatency,ms\n"),
        ("metrics.csv", ""),
        ("log.json", '{"level": "debug"}'),
        ("history.jsonl", "not json\n"),
        ("results.csv.gz", "x"),
    ],
)
def test_without_params_a_file_has_to_be_one_of_metrics(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert claimed(tmp_path) == []


def test_metrics_alone_and_params_alone_are_runs(tmp_path: Path) -> None:
    for name, file, text in (("a", "metrics.csv", METRICS), ("b", "params.json", '{"lr": 1}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(text)
    assert claimed(tmp_path) == [("a", ["metrics.csv"]), ("b", ["params.json"])]


@pytest.mark.parametrize(
    ("path", "beside"),
    [
        ("conf/base/parameters.yml", None),
        ("project/params.yaml", "dvc.yaml"),
        ("project/config.yaml", "pyproject.toml"),
        ("project/config.yaml", "train.py"),
        (".vscode/settings.json", None),
        ("home/.streamlit/config.toml", None),
        (".cache/tool/config.yaml", None),
    ],
)
def test_projects_and_settings_of_programs_are_no_runs(tmp_path: Path, path: str, beside: str | None) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text('{"a": 1}' if path.endswith("json") else "a = 1" if path.endswith("toml") else "a: 1\n")
    if beside:
        (file.parent / beside).write_text("x = 1\n")
    assert claims_on(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("web/static/config.toml", 'TITLE = "x"\nPORT = 80\n'),
        ("deploy/monolithic/config.yml", "auth_enabled: false\nserver: {http_listen_port: 3100}\n"),
        ("site/config.json", '{"baseURL": "https://example.org", "minify": true}'),
        ("changelogs/config.yaml", "title: core\nsections: [[a, b]]\n"),
        ("package/tests/config.yaml", "lr: 0.1\n"),
        ("datasets/graph/config.yaml", "train_samples: 0\n"),
    ],
)
def test_the_config_of_any_program_is_no_run(tmp_path: Path, path: str, text: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(text)
    # Those of a web application.
    (tmp_path / path).with_name("models").mkdir()
    assert claims_on(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "text", "beside"),
    [
        ("a/config.json", '{"optim": {"learning_rate": 0.1}}', None),
        ("a/config.yaml", "train:\n  n_epochs: 3\n", None),
        ("a/config.toml", 'name = "x"\n', "model.pt"),
        ("a/hparams.yaml", "a: 1\n", None),
        ("runs/17/config.yaml", "a: 1\n", None),
        ("exp-3/settings.yaml", "a: 1\n", None),
    ],
)
def test_a_config_that_speaks_of_training_is_a_run(tmp_path: Path, path: str, text: str, beside: str | None) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    if beside:
        (file.parent / beside).write_bytes(b"x")
    assert [c.path for c in claims_on(tmp_path)] == [path.rpartition("/")[0]]


def test_a_saved_model_is_no_run(tmp_path: Path) -> None:
    config = {"architectures": ["BertForSequenceClassification"], "model_type": "bert", "hidden_size": 16}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert claims_on(tmp_path) == []
    (tmp_path / "metrics.json").write_text('{"accuracy": 0.9}')
    assert claimed(tmp_path) == [("", ["config.json", "metrics.json"])]


def test_files_of_a_run_inside_another_are_not_its_artifacts(run: Path) -> None:
    shutil.copytree(run, run / "fold 1")
    for inner in ("mlruns/0/meta.yaml", "job/.hydra/config.yaml", "job/model.pt"):
        (run / inner).parent.mkdir(parents=True, exist_ok=True)
        (run / inner).write_text("x: 1\n")
    (run / "plots").mkdir()
    (run / "plots" / "roc.png").write_bytes(b"x")
    (run / ".cache").mkdir()
    (run / ".cache" / "big").write_bytes(b"x")
    found, _ = recordings_of(run.parent, "generic")
    assert sorted(found) == ["run", "run/fold 1"]
    assert [a.path for a in found["run"].artifacts] == ["metrics.csv", "params.json", "plots/roc.png"]


# --- several files that say the same, or do not ----------------------------------------------------------------------


def test_a_copy_of_a_history_in_another_format_is_shown_once(run: Path) -> None:
    (run / "history.json").write_text('{"loss": [1.0, 0.5, 0.25]}')
    recording, problems = read(run)
    assert [m.name for m in recording.metrics] == ["loss"]
    assert problems == []


def test_another_history_of_the_same_name_is_shown_under_its_file(run: Path) -> None:
    (run / "results.csv").write_text("step,loss\n0,7.0\n")
    recording, _ = read(run)
    assert [m.name for m in recording.metrics] == ["loss", "results.csv/loss"]


def test_two_params_files_that_differ_are_both_told(run: Path) -> None:
    (run / "config.yaml").write_text("lr: 0.2\nseed: 1\n")
    recording, _ = read(run)
    assert {p.path: p.text for p in recording.params} == {
        ("lr",): "0.2",
        ("seed",): "1",
        ("params.json", "lr"): "0.1",
    }


def test_a_data_file_is_known_by_its_content_wherever_it_lies(run: Path) -> None:
    (run / "train.csv").write_bytes(b"x,y\n1,2\n")
    recording, _ = read(run)
    (dataset,) = recording.datasets
    assert (dataset.name, dataset.digest, dataset.algorithm) == (
        "train.csv",
        "md5:344fd2323dd33d5c058b7cf27de029e8",
        "md5",
    )


# --- damage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["metrics.csv", "params.json"])
def test_a_file_cut_anywhere_leaves_the_other(run: Path, file: str) -> None:
    data = (run / file).read_bytes()
    for length in range(len(data)):
        (run / file).write_bytes(data[:length])
        recording, _ = read(run)
        assert recording.params if file == "metrics.csv" else losses(recording) == [1.0, 0.5, 0.25]


@pytest.mark.parametrize("path", sorted(EXPECTED))
def test_a_real_folder_with_each_file_cut_in_the_middle_never_stops_the_reader(tmp_path: Path, path: str) -> None:
    for file in sorted(p.name for p in (RUNS / path).iterdir() if p.is_file()):
        folder = tmp_path / file
        shutil.copytree(RUNS / path, folder)
        data = (folder / file).read_bytes()
        (folder / file).write_bytes(data[: len(data) // 2])
        problems = recordings_of(folder, "generic")[1]
        assert [p for p in problems if p.code == "reader-failed"] == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_links_and_sockets_are_told_and_not_opened(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(run / "history.csv")
    (run / "config.yaml").symlink_to("/dev/zero")
    monkeypatch.chdir(run)  # a socket's address may not be long
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("log.csv")
        recording, problems = read(run)
    assert losses(recording) == [1.0, 0.5, 0.25]
    assert {(p.code, p.path) for p in problems} == {
        ("not-a-file", "run/history.csv"),
        ("not-a-file", "run/log.csv"),
        ("link-not-followed", "run/config.yaml"),
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_beside_no_run_is_worth_knowing_and_costs_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "picture.png")
    (found,) = scan(tmp_path)
    assert isinstance(found, Problem)
    assert (found.code, found.path, found.severity) == ("not-a-file", "picture.png", "info")


def test_a_folder_in_place_of_a_file_is_told(run: Path) -> None:
    (run / "results.csv").mkdir()
    recording, problems = read(run)
    assert [(p.code, p.path) for p in problems] == [("folder-for-file", "run/results.csv")]
    assert losses(recording) == [1.0, 0.5, 0.25]


def test_neither_params_nor_metrics_make_no_run(tmp_path: Path) -> None:
    (tmp_path / "params.json").write_text("42")
    (tmp_path / "metrics.json").write_text("null")
    found, problems = recordings_of(tmp_path, "generic")
    assert found == {}
    assert [(p.code, p.severity) for p in problems][-1] == ("nothing-in-it", "error")


def test_packed_metrics_are_read_up_to_a_limit(run: Path) -> None:
    (run / "metrics.csv").unlink()
    packed = gzip.compress(METRICS.encode(), mtime=0)
    (run / "metrics.csv.gz").write_bytes(packed)
    assert losses(read(run)[0]) == [1.0, 0.5, 0.25]
    (run / "metrics.csv.gz").write_bytes(packed[:-9])
    recording, problems = read(run)
    assert [p.code for p in problems if p.severity == "warning"] == ["torn-gzip"]
    assert losses(recording)[:2] == [1.0, 0.5]
    (run / "metrics.csv.gz").write_bytes(packed + gzip.compress(b"0,0.5\n" * 12_000_000, 1, mtime=0))
    recording, problems = read(run)
    assert recording.metrics == ()
    assert [p.code for p in problems] == ["too-large"]


def test_other_packed_metrics_are_told(run: Path) -> None:
    (run / "history.csv.zip").write_bytes(b"PK")
    assert [(p.code, p.path) for p in read(run)[1]] == [("packed", "run/history.csv.zip")]


# --- params that count beside metrics only ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.ini", "[optim]\nlr = 1e-3\n"),
        ("settings.cfg", "[optim]\nlr = 1e-3\n"),
        ("train_config.yaml", "optim: {lr: 1e-3}\n"),
        ("run-params.json", '{"optim": {"lr": 1e-3}}'),
        ("options.toml", "[optim]\nlr = 1e-3\n"),
    ],
)
def test_ini_and_longer_names_are_params_beside_metrics_and_nothing_alone(tmp_path: Path, name: str, text: str) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / name).write_text(text)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / name).write_text(text)
    (run / "metrics.csv").write_text(METRICS)
    assert claimed(tmp_path) == [("run", sorted([name, "metrics.csv"]))]
    recording, problems = read(run)
    assert [(p.key, p.text, p.value) for p in recording.params] == [("optim.lr", "1e-3", 0.001)]
    assert (losses(recording), problems) == ([1.0, 0.5, 0.25], [])


def test_the_settings_and_the_log_of_a_program_are_no_run(tmp_path: Path) -> None:
    run = tmp_path / "program"
    run.mkdir()
    (run / "settings.ini").write_text("[window]\nwidth = 300\n")
    (run / "log.json").write_text('{"started": "yes"}')
    (run / "people.csv").write_text("name,age\nmira,30\n")
    assert claimed(tmp_path) == []


def test_lines_with_thousands_of_keys_are_metrics(tmp_path: Path) -> None:
    row = {f"layer{i}/norm": i / 8 for i in range(3_000)}
    lines = [json.dumps({"step": step, **row}) for step in (0, 1)]
    assert len(lines[0]) > 1 << 15
    (tmp_path / "history.jsonl").write_text("\n".join(lines) + "\n")
    found, _ = recordings_of(tmp_path, "generic")
    (recording,) = found.values()
    assert len(recording.metrics) == 3_000
    assert recording.metrics[9].value.tolist() == [9 / 8, 9 / 8]


def test_a_table_of_very_many_columns_is_read_up_to_its_limit(tmp_path: Path) -> None:
    width = 20_010
    rows = [",".join([str(step), *(str(step + i / 4) for i in range(width))]) for step in (3, 7)]
    (tmp_path / "metrics.csv").write_text("\n".join([",".join(["step", *(f"m{i}" for i in range(width))]), *rows, ""]))
    found, _ = recordings_of(tmp_path, "generic")
    (recording,) = found.values()
    assert {p.code for p in recording.problems} == {"too-many-columns", "ragged-rows"}
    assert len(recording.metrics) == 20_000 - 1
    last = recording.metrics[-1]
    assert (last.name, last.step.tolist(), last.value.tolist()) == (
        "m19998",
        [3, 7],
        [3 + 19_998 / 4, 7 + 19_998 / 4],
    )
