"""MLflow file stores: what three versions of MLflow wrote is read as they read it, and damage costs itself only."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runfolio.model.params import Json
from runfolio.model.problem import Problem, Severity
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import NO_TIME
from runfolio.readers.contract import Budget, Claim
from runfolio.readers.parse import parse
from runfolio.readers.scanner import scan
from support.expected import differences

HERE = Path(__file__).parent / "mlflow_file"
RUNS = HERE / "runs"
EXPECTED: dict[str, dict[str, Any]] = {
    run["path"]: run for run in json.loads((HERE / "expected.json").read_text("utf-8"))["runs"]
}
READER_BUG = next(path for path, run in EXPECTED.items() if "known_reader_bug" in run["extra"])
SMALL = "v1_30/mlruns/1/05f7f097c7e04ae4adf98fd062f99a25"
RUN_ID = "a1b2c3d4e5f60718293a4b5c6d7e8f90"


def claims_below(root: Path) -> list[Claim]:
    return [unit.claim for unit in scan(root) if not isinstance(unit, Problem) and unit.claim.reader == "mlflow_file"]


def read(root: Path) -> tuple[dict[str, Recording], list[Problem]]:
    recordings: dict[str, Recording] = {}
    problems: list[Problem] = []
    for claim in claims_below(root):
        parsed = parse(root, claim, Budget())
        problems += parsed.problems
        for recording in parsed.recordings:
            recordings[recording.path] = recording
            problems += recording.problems
    return recordings, problems


def only(root: Path) -> Recording:
    (recording,) = read(root)[0].values()
    return recording


def codes(recording: Recording) -> list[str]:
    return [problem.code for problem in recording.problems]


@pytest.fixture(scope="module")
def corpus() -> dict[str, Recording]:
    return read(RUNS)[0]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A small sound run folder in a store of its own."""
    folder = tmp_path / "mlruns" / "0" / RUN_ID
    for name in ("params", "metrics", "tags", "artifacts"):
        (folder / name).mkdir(parents=True)
    meta = "experiment_id: '0'\nname: Default\nartifact_location: ./artifacts\nlifecycle_stage: active\n"
    (folder.parent / "meta.yaml").write_text(meta)
    write_meta(folder)
    (folder / "params" / "lr").write_text("0.1")
    (folder / "metrics" / "loss").write_text("1700000000000 1.0 0\n1700000001000 0.5 1\n")
    return folder


def write_meta(folder: Path, **changes: str) -> None:
    fields = {
        "artifact_uri": "./artifacts",
        "end_time": "1700000060000",
        "experiment_id": "'0'",
        "lifecycle_stage": "active",
        "run_id": RUN_ID,
        "run_name": "small",
        "start_time": "1700000000000",
        "status": "3",
    } | changes
    (folder / "meta.yaml").write_text("".join(f"{key}: {value}\n" for key, value in fields.items()))


# --- what MLflow wrote -----------------------------------------------------------------------------------------------


def test_every_run_is_found_and_nothing_else(corpus: dict[str, Recording]) -> None:
    assert corpus.keys() == EXPECTED.keys()


@pytest.mark.parametrize("path", sorted(EXPECTED.keys() - {READER_BUG}))
def test_every_figure_is_what_mlflow_itself_says(corpus: dict[str, Recording], path: str) -> None:
    assert differences(EXPECTED[path], corpus[path]) == []


def test_a_metric_line_with_a_data_set_keeps_its_step_where_mlflow_3_17_reads_0(corpus: dict[str, Recording]) -> None:
    # MLflow 3.17.2 takes the third field for a step only when the line has three fields; the file says 3.
    found = differences(EXPECTED[READER_BUG], corpus[READER_BUG])
    assert found == [
        "metric val/acc, first: expected [0, 0.95], got [3, 0.95]",
        "metric val/acc, last: expected [0, 0.95], got [3, 0.95]",
    ]
    stored = (RUNS / READER_BUG / "metrics" / "val" / "acc").read_text()
    assert stored == "1795408381486 0.95 3 churn_holdout 7e092adf\n"


@pytest.mark.parametrize("path", EXPECTED)
def test_experiment_lifecycle_parent_commit_and_outputs_are_kept(corpus: dict[str, Recording], path: str) -> None:
    wanted = {key: value for key, value in EXPECTED[path]["extra"].items() if key != "known_reader_bug"}
    extra = corpus[path].extra
    assert {key: extra.get(key) for key in wanted} == wanted
    assert corpus[path].experiment == wanted["experiment"]
    assert corpus[path].parent_id == wanted["parent_id"]


def test_sound_stores_give_no_problem() -> None:
    assert read(RUNS)[1] == []


def test_runs_of_a_deleted_experiment_stay_readable_and_say_so(corpus: dict[str, Recording]) -> None:
    trashed = [r for r in corpus.values() if "/.trash/" in r.path]
    assert [r.extra["experiment_lifecycle"] for r in trashed] == ["deleted"] * 3


def test_code_and_environment_are_told_by_their_standard_names(corpus: dict[str, Recording]) -> None:
    assert corpus[READER_BUG].facts == {
        "git.commit": "1e5dc5275c5bb9c7463a66c4c2ee087af680c9a6",
        "git.branch": "master",
        "git.repo": "git@git.example.org:ml/churn.git",
        "user": "ml",
        "script": "/home/ml/proj/train.py",
    }


def test_the_registered_version_of_a_run_is_found_in_stores_of_mlflow_2_and_3(corpus: dict[str, Recording]) -> None:
    version: Json = {
        "name": "churn-clf",
        "version": "1",
        "stage": "Staging",
        "status": "READY",
        "description": "first version\nok",
        "aliases": ["champion"],
        "tags": {"validated": "true"},
    }
    registered = [r.extra["registered_versions"] for r in corpus.values() if "registered_versions" in r.extra]
    assert registered == [[version], [version]]


def test_a_data_set_tells_its_rows_source_and_tags(corpus: dict[str, Recording]) -> None:
    recording = corpus["v3_17/mlruns/920209460861955110/7326b199312d46de99d1c5fc48de189c"]
    assert {(d.name, d.rows, d.source, d.algorithm) for d in recording.datasets} == {
        ("churn_train", 200, "code", "mlflow"),
        ("churn eval", 40, "data/eval.csv", "mlflow"),
    }
    assert recording.extra["dataset_tags"] == {"churn_train": {"split": "80/20"}}


def test_logged_models_data_sets_and_traces_are_not_searched_for_runs() -> None:
    experiment = next(c for c in claims_below(RUNS) if c.path == "v3_17/mlruns/920209460861955110")
    assert experiment.prune == frozenset({"datasets", "models", "traces", "tags"})


def test_a_run_folder_copied_by_itself_is_legal_input(tmp_path: Path) -> None:
    shutil.copytree(RUNS / SMALL, tmp_path / "my best run")
    recording = only(tmp_path / "my best run")
    wanted = EXPECTED[SMALL]
    assert differences(wanted, recording) == []
    assert recording.identity == f"mlflow:{wanted['id']}"
    assert recording.experiment is None
    assert recording.extra["experiment_id"] == "1"
    assert recording.problems == ()


def test_reading_changes_no_byte_no_name_and_no_time(tmp_path: Path) -> None:
    shutil.copytree(RUNS / SMALL, tmp_path / "run")

    def state() -> list[tuple[str, int, str]]:
        return [
            (str(p), p.stat().st_mtime_ns, hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "")
            for p in sorted(tmp_path.rglob("*"))
        ]

    before = state()
    read(tmp_path)
    assert state() == before


# --- damage ----------------------------------------------------------------------------------------------------------


def test_a_lost_meta_file_costs_name_status_and_times_only(run: Path, tmp_path: Path) -> None:
    (run / "meta.yaml").unlink()
    recording = only(tmp_path)
    assert (recording.id, recording.status, recording.started_us) == (RUN_ID, RunStatus.UNKNOWN, None)
    assert [p.key for p in recording.params] == ["lr"]
    assert codes(recording) == ["no-meta"]


@pytest.mark.parametrize(
    ("meta", "code"),
    [
        (b"", "no-meta"),
        (b"\0" * 50, "yaml-syntax"),
        (b"run_id: [", "yaml-syntax"),
        (b"a: b: c", "yaml-syntax"),
        (b"\xff\xfe\xfa", "not-utf8"),
    ],
)
def test_a_ruined_meta_file_is_told_and_the_rest_of_the_run_shown(
    run: Path, tmp_path: Path, meta: bytes, code: str
) -> None:
    (run / "meta.yaml").write_bytes(meta)
    recording = only(tmp_path)
    assert recording.id == RUN_ID
    assert [len(m) for m in recording.metrics] == [2]
    assert recording.problems[0].code == code
    assert recording.problems[0].path == f"mlruns/0/{RUN_ID}/meta.yaml"


def test_a_meta_file_cut_after_the_run_id_keeps_what_stands_before(run: Path, tmp_path: Path) -> None:
    text = (run / "meta.yaml").read_text()
    (run / "meta.yaml").write_text(text[: text.index("run_name") + 12])
    recording = only(tmp_path)
    assert recording.name == "sm"
    assert recording.ended_us == 1_700_000_060_000_000
    assert recording.started_us is None


def test_a_folder_that_only_looks_like_a_run_is_told_and_makes_none(tmp_path: Path) -> None:
    (tmp_path / "0" / RUN_ID / "params").mkdir(parents=True)
    recordings, problems = read(tmp_path)
    assert recordings == {}
    assert [(p.severity, p.code) for p in problems] == [(Severity.WARNING, "no-run")]


def test_a_damaged_experiment_is_told_once_and_its_runs_are_shown(run: Path, tmp_path: Path) -> None:
    (run.parent / "meta.yaml").write_text("artifact_location: ./artifacts\nexperiment_id: '0'\nname: [\n")
    recordings, problems = read(tmp_path)
    assert [r.id for r in recordings.values()] == [RUN_ID]
    assert [(p.code, p.path) for p in problems] == [("yaml-syntax", "mlruns/0/meta.yaml")]


def test_bad_metric_lines_are_counted_and_named_and_the_good_ones_kept(run: Path, tmp_path: Path) -> None:
    time = 1_700_000_000_000
    lines = f"{time} 1.0 0\ngarbage\n{time} nope 1\n\n{time} 0.5 1\n1 2 3 4 5\n{time} 0.25 2\n{time} 0."
    (run / "metrics" / "loss").write_text(lines)
    recording = only(tmp_path)
    (loss,) = recording.metrics
    assert loss.step.tolist() == [0, 1, 3, 2]
    assert loss.value.tolist() == [1.0, 0.5, 2.0, 0.25]
    (problem,) = recording.problems
    assert problem.code == "bad-line"
    assert problem.path == f"mlruns/0/{RUN_ID}/metrics/loss"
    assert problem.message == (
        "3 lines are no points and left out: line 2 ('garbage'), line 3 ('1700000000000 nope 1'), "
        "line 8 ('1700000000000 0.')"
    )


def test_a_last_line_without_an_end_is_kept_but_told(run: Path, tmp_path: Path) -> None:
    (run / "metrics" / "loss").write_text("1700000000000 1.0 0\n1700000000000 0.5 1")
    recording = only(tmp_path)
    assert recording.metrics[0].step.tolist() == [0, 1]
    assert codes(recording) == ["cut-line"]


def test_an_empty_metric_file_is_told_and_makes_no_series(run: Path, tmp_path: Path) -> None:
    (run / "metrics" / "acc").write_text("")
    recording = only(tmp_path)
    assert [m.name for m in recording.metrics] == ["loss"]
    assert codes(recording) == ["empty-metric"]


def test_lines_of_mlflow_before_1_0_have_no_step_and_count_seconds(run: Path, tmp_path: Path) -> None:
    (run / "metrics" / "loss").write_text("1540000000 1.5\n1540000001 0.5\n")
    (loss,) = only(tmp_path).metrics
    assert loss.step.tolist() == [0, 0]
    assert loss.wall_time_us.tolist() == [1_540_000_000_000_000, 1_540_000_001_000_000]
    assert loss.final == 0.5


def test_a_data_set_name_may_hold_spaces(run: Path, tmp_path: Path) -> None:
    (run / "metrics" / "loss").write_text("1700000000000 0.25 7 my eval set 7e092adf\n")
    recording = only(tmp_path)
    assert recording.metrics[0].step.tolist() == [7]
    assert recording.problems == ()


def test_the_latest_value_has_the_greatest_step_then_time_then_value(run: Path, tmp_path: Path) -> None:
    (run / "metrics" / "loss").write_text("30 1.0 5\n10 2.0 9\n20 3.0 9\n20 4.0 9\n15 8.0 9\n40 7.0 1\n")
    assert only(tmp_path).metrics[0].final == 4.0


def test_nan_and_infinities_are_kept_in_place(run: Path, tmp_path: Path) -> None:
    (run / "metrics" / "loss").write_text("1 nan 0\n2 inf 1\n3 -inf 2\n4 5e-324 3\n5 1e+300 -4\n")
    (loss,) = only(tmp_path).metrics
    np.testing.assert_array_equal(loss.value, [np.nan, np.inf, -np.inf, 5e-324, 1e300])
    assert loss.step.tolist() == [0, 1, 2, 3, -4]


def test_a_time_or_step_that_no_integer_or_calendar_holds_costs_itself_only(run: Path, tmp_path: Path) -> None:
    (run / "metrics" / "loss").write_text(f"{10**18} 1.0 0\n{2**63} 1.0 1\n3 1.0 {2**63}\n4 1.0 2\n")
    recording = only(tmp_path)
    assert recording.metrics[0].wall_time_us.tolist() == [NO_TIME, 4000]
    assert sorted(codes(recording)) == ["bad-line", "odd-time"]


def test_a_long_metric_file_gives_the_same_points_as_its_lines(run: Path, tmp_path: Path) -> None:
    values = np.random.default_rng(5).standard_normal(20_000) * 10.0 ** np.arange(-10, 10).repeat(1000)
    lines = [f"{1_700_000_000_000 + i} {value!r} {i % 977 - 3}\n" for i, value in enumerate(values.tolist())]
    (run / "metrics" / "long").write_text("".join(lines))
    (run / "metrics" / "with a bad line").write_text("".join([*lines, "?\n"]))
    long, damaged, short = sorted(only(tmp_path).metrics, key=lambda m: ("loss" in m.name, m.name))
    assert len(short) == 2
    for series in (long, damaged):
        np.testing.assert_array_equal(series.value, values)
        np.testing.assert_array_equal(series.step, np.arange(20_000) % 977 - 3)
        np.testing.assert_array_equal(series.wall_time_us, (np.arange(20_000) + 1_700_000_000_000) * 1000)
    assert long.final == damaged.final


def test_params_keep_line_ends_and_bytes_that_are_not_utf8_are_told(run: Path, tmp_path: Path) -> None:
    (run / "params" / "note").write_bytes(b" two\r\nlines\n")
    (run / "params" / "city").write_bytes(b"K\xf6ln")
    (run / "params" / "empty").write_bytes(b"")
    recording = only(tmp_path)
    assert {p.key: p.text for p in recording.params} == {
        "city": "Köln",
        "empty": "",
        "lr": "0.1",
        "note": " two\r\nlines\n",
    }
    assert codes(recording) == ["not-utf8"]


def test_an_empty_folder_where_a_value_belongs_is_told(run: Path, tmp_path: Path) -> None:
    (run / "params" / "momentum").mkdir()
    assert codes(only(tmp_path)) == ["no-value"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_links_and_pipes_are_told_and_never_opened(run: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("not yours")
    (run / "params" / "token").symlink_to(outside / "secret")
    os.mkfifo(run / "tags" / "pipe")
    (run / "artifacts").rmdir()
    (run / "artifacts").symlink_to(outside)
    recording = only(tmp_path)
    assert [p.key for p in recording.params] == ["lr"]
    assert recording.artifacts == ()
    assert sorted(codes(recording)) == ["link-not-followed", "link-not-followed", "not-a-file"]


def test_a_run_id_that_climbs_is_not_believed(run: Path, tmp_path: Path) -> None:
    write_meta(run, run_id="../../../../outside/dir")
    recording = only(tmp_path)
    assert recording.id == RUN_ID
    assert recording.identity == f"mlflow:{RUN_ID}"
    assert codes(recording) == ["run-id-differs"]


@pytest.mark.parametrize("location", ["mlflow-artifacts:/0", "file:///lab/mlartifacts", "/lab/work/mlartifacts/0"])
def test_artifacts_kept_beside_the_store_are_found_by_how_their_uri_ends(run: Path, location: str) -> None:
    store = run.parent.parent
    below = "0" if location.endswith("0") else ""
    place = store.parent / "mlartifacts" / below / RUN_ID / "artifacts" / "plots"
    place.mkdir(parents=True)
    (place / "a.png").write_bytes(b"x")
    write_meta(run, artifact_uri=f"{location}/{RUN_ID}/artifacts")
    recording = only(store.parent)
    assert [a.path for a in recording.artifacts] == ["plots/a.png"]
    assert recording.problems == ()


@pytest.mark.parametrize("uri", ["s3://bucket/0/x/artifacts", "file:///etc", "./../../outside", "'\\\\host\\share'"])
def test_artifacts_kept_elsewhere_are_told_and_not_looked_for(run: Path, tmp_path: Path, uri: str) -> None:
    write_meta(run, artifact_uri=uri)
    recording = only(tmp_path)
    assert [(p.severity, p.code) for p in recording.problems] == [(Severity.INFO, "artifacts-elsewhere")]
    assert recording.artifacts == ()


def test_nonsense_in_the_meta_file_is_left_out_with_a_word(run: Path, tmp_path: Path) -> None:
    write_meta(run, status="99", run_name="[1, {a: b}]", start_time="'yesterday'", end_time="-1")
    recording = only(tmp_path)
    assert (recording.status, recording.status_raw) == (RunStatus.UNKNOWN, "99")
    assert (recording.name, recording.started_us, recording.ended_us) == (None, None, None)
    assert sorted(codes(recording)) == ["odd-time", "odd-time", "odd-value", "unknown-status"]


def test_an_end_before_the_start_is_told(run: Path, tmp_path: Path) -> None:
    write_meta(run, end_time=str(1_700_000_000_000 - 3_600_000))
    assert codes(only(tmp_path)) == ["time-order"]


def test_a_data_set_that_was_not_copied_is_told(run: Path, tmp_path: Path) -> None:
    link = run / "inputs" / "9a" / "meta.yaml"
    link.parent.mkdir(parents=True)
    link.write_text("source_id: ../../secrets\nsource_type: DATASET\ntags: {}\n")
    recording = only(tmp_path)
    assert recording.datasets == ()
    assert codes(recording) == ["dataset-missing"]


def test_a_file_past_the_limit_is_told_and_the_others_are_read(run: Path, tmp_path: Path) -> None:
    (run / "params" / "essay").write_text("x" * 2000)
    (claim,) = (c for c in claims_below(tmp_path) if c.path.endswith(RUN_ID))
    (recording,) = parse(tmp_path, claim, Budget(text_bytes=1000)).recordings
    assert [p.key for p in recording.params] == ["lr"]
    assert "2,000 bytes" in recording.problems[0].message
