"""Hydra job folders: the config is an overlay on the run that lies there, and says nothing the run did not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from runfolio.model.params import Json, Param
from runfolio.model.run import Recording, content_identity
from runfolio.readers.interpolation import resolved
from support.expected import param_differences
from support.inspected import CORPUS, claims_on, expected_runs, inspected_runs, recordings_of, run_differences

RUNS = CORPUS / "hydra" / "runs"
EXPECTED = expected_runs("hydra")
UNMARKED = "outputs/nosubdir"  # written with hydra.output_subdir=null
WITH_EVENTS = {path for path, run in EXPECTED.items() if run["extra"]["tensorboard"]}


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    return recordings_of(RUNS, "hydra")[0]


@pytest.fixture(scope="module")
def runs() -> dict[str, dict[str, Any]]:
    return inspected_runs(RUNS)


@pytest.fixture
def job(tmp_path: Path) -> Path:
    folder = tmp_path / "outputs" / "wine"
    shutil.copytree(RUNS / "outputs" / "wine", folder)
    return folder


def only(root: Path) -> Recording:
    (recording,) = recordings_of(root, "hydra")[0].values()
    return recording


# --- what Hydra wrote ------------------------------------------------------------------------------------------------


def test_every_job_is_a_run_and_nothing_else_is(runs: dict[str, dict[str, Any]]) -> None:
    # Neither the project's conf/ with its config.yaml, nor multirun.yaml of a sweep.
    assert runs.keys() == EXPECTED.keys()


@pytest.mark.parametrize("path", sorted(EXPECTED))
def test_every_run_is_as_expected(runs: dict[str, dict[str, Any]], path: str) -> None:
    # Hydra writes no times; event files beside the CSV do.
    ignored = ("started_at", "ended_at") if path in WITH_EVENTS else ()
    assert run_differences(EXPECTED[path], runs[path], ignored) == []


def test_a_job_without_its_config_folder_is_a_plain_run(recordings: dict[str, Recording]) -> None:
    assert recordings.keys() == EXPECTED.keys() - {UNMARKED}
    assert [c.reader for c in claims_on(RUNS / UNMARKED)] == ["generic"]


@pytest.mark.parametrize("path", sorted(EXPECTED.keys() - {UNMARKED}))
def test_overrides_choices_mode_and_version_are_kept(recordings: dict[str, Recording], path: str) -> None:
    wanted = EXPECTED[path]["extra"]
    extra = recordings[path].extra
    assert {k: extra[k] for k in ("overrides", "choices", "mode", "hydra_version", "sweep_job_num")} == {
        k: wanted[k] for k in ("overrides", "choices", "mode", "hydra_version", "sweep_job_num")
    }
    assert recordings[path].facts["hydra.version"] == wanted["hydra_version"]
    assert recordings[path].overlay


@pytest.mark.parametrize("path", sorted(EXPECTED.keys() - {UNMARKED}))
def test_references_come_to_what_omegaconf_makes_of_them(recordings: dict[str, Recording], path: str) -> None:
    recording = recordings[path]
    told = recording.extra["resolved_params"]
    assert isinstance(told, dict)
    shown = [Param(p.path, p.text, told.get(p.key, p.value)) for p in recording.params]
    # OmegaConf was asked on a machine without the variable and took the default; the run may have had it.
    assert param_differences(EXPECTED[path]["extra"]["resolved_params"], shown) == [
        "param ('secret_token',): expected 'none', got '${oc.env:RUN_TOKEN,none}' (${oc.env:RUN_TOKEN,none})"
    ]


def test_the_environment_of_the_reader_is_never_looked_into(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUN_TOKEN", "of-the-reader")
    recording = only(job)
    assert "of-the-reader" not in repr(recording)
    assert {p.key: p.text for p in recording.params}["secret_token"] == "${oc.env:RUN_TOKEN,none}"


def test_a_sweep_that_was_run_again_with_the_same_config_has_runs_of_its_own(tmp_path: Path) -> None:
    first, again, copy = (tmp_path / f"{name}/0" for name in ("sweep/04-31-20", "sweep/05-00-00", "usb/04-31-20"))
    for folder in (first, again, copy):
        shutil.copytree(RUNS / "multirun/2026-11-23/04-31-20/0", folder)
    for name, old, new in (
        (".hydra/hydra.yaml", "/04-31-20/0", "/05-00-00/0"),
        ("metrics.csv", "0.6584383676739503", "0.7"),
    ):
        text = (again / name).read_text(encoding="utf-8")
        assert old in text
        (again / name).write_text(text.replace(old, new), encoding="utf-8")
    runs = inspected_runs(tmp_path)
    assert {path: run["metrics"]["train/loss"]["first"][1] for path, run in runs.items()} == {
        "sweep/04-31-20/0": 0.6584383676739503,
        "sweep/05-00-00/0": 0.7,
    }
    (again / "metrics.csv").unlink()
    (first / "metrics.csv").unlink()
    # The folder that Hydra made tells them apart where nothing was logged; where it was moved to does not.
    named = {r.path: content_identity(r) for r in recordings_of(tmp_path, "hydra")[0].values()}
    assert named["sweep/04-31-20/0"] == named["usb/04-31-20/0"] != named["sweep/05-00-00/0"]


def test_sound_folders_give_no_problem() -> None:
    assert recordings_of(RUNS, "hydra")[1] == []


# --- references ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "key", "value"),
    [
        ({"a": "${b}", "b": 1.5}, "a", 1.5),
        ({"a": "${b.c}", "b": {"c": [1, 2]}}, "a", [1, 2]),
        ({"a": "${b[1].c}", "b": [0, {"c": True}]}, "a", True),
        ({"a": "x_${b}_${c}", "b": None, "c": True}, "a", "x_None_True"),
        ({"a": "${m.b}", "m": {"b": "${.c}", "c": "end"}}, "a", "end"),
        ({"m": {"a": "${.b}", "b": 3}}, "m.a", 3),
        ({"m": {"n": {"a": "${..b}"}, "b": 4}}, "m.n.a", 4),
        ({"a": "${m.${which}}", "which": "x", "m": {"x": 7}}, "a", 7),
        ({"a": "\\${b} ${b}", "b": 1}, "a", "${b} 1"),
        ({"a": ["${b}", 2], "b": 1}, "a", [1, 2]),
    ],
)
def test_references_inside_the_config_are_followed(config: dict[str, Json], key: str, value: Json) -> None:
    assert resolved(config)[key] == value


@pytest.mark.parametrize(
    "config",
    [
        {"a": "${oc.env:HOME}"},
        {"a": "${hydra:runtime.cwd}/data"},
        {"a": "${now:%Y}"},
        {"a": "${x:b}", "x:b": 1},
        {"a": "${b}", "b": "???"},
        {"a": "${nowhere}"},
        {"a": "${b", "b": 1},
        {"a": "${.......b}", "b": 1},
        {"a": "${b}", "b": "${a}"},
        {"a": "${a}"},
        {"a": "${b}", "b": {"c": 1}},
        {"a": "${b[9]}", "b": [1]},
        {"a": "${}"},
        {"a": "${b}${b}${b}", "b": "x" * 5000},
    ],
)
def test_what_the_config_alone_does_not_say_stays_as_written(config: dict[str, Json]) -> None:
    assert "a" not in resolved(config)


def test_references_that_double_at_each_level_end_soon() -> None:
    config: dict[str, Json] = {f"a{i}": f"${{a{i + 1}}}${{a{i + 1}}}" for i in range(30)}
    config["a30"] = ""
    assert resolved(config)["a0"] == ""
    config["a30"] = "xx"
    told = resolved(config)
    assert "a0" not in told
    assert told["a27"] == "xx" * 8


# --- what is and is not claimed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "defaults:\n  - model: mlp\n  - _self_\nseed: 1\n",
        "defaults: [model: mlp]\nlr: 1\n",
        "# @package _global_\nlr: 1\n",
    ],
)
def test_sources_of_a_hydra_project_are_no_runs(tmp_path: Path, source: str) -> None:
    (tmp_path / "exp").mkdir()
    (tmp_path / "exp" / "config.yaml").write_text(source)
    assert claims_on(tmp_path) == []


def test_a_folder_of_many_folders_is_no_job(tmp_path: Path) -> None:
    for number in range(17):
        (tmp_path / f"{number}").mkdir()
    for name in ("hydra.yaml", "config.yaml", "overrides.yaml"):
        (tmp_path / "0" / name).write_text("a: 1\n")
    assert [c.path for c in claims_on(tmp_path) if c.reader == "hydra"] == []


# --- damage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["config.yaml", "hydra.yaml", "overrides.yaml"])
def test_a_lost_file_of_the_config_folder_is_told_and_the_others_are_read(job: Path, lost: str) -> None:
    (job / ".hydra" / lost).unlink()
    recording = only(job)
    assert [(p.code, p.path) for p in recording.problems] == [("hydra-incomplete", f".hydra/{lost}")]
    assert bool(recording.params) == (lost != "config.yaml")
    assert recording.name == (None if lost == "hydra.yaml" else "wine_job")


@pytest.mark.parametrize("file", ["config.yaml", "hydra.yaml", "overrides.yaml"])
def test_a_file_cut_anywhere_still_gives_the_run(job: Path, file: str) -> None:
    path = job / ".hydra" / file
    data = path.read_bytes()
    for length in range(0, len(data), max(1, len(data) // 40)):
        path.write_bytes(data[:length])
        recording = only(job)
        assert [a.path for a in recording.artifacts] == ["metrics.csv", "wine_job.log"]


def test_odd_documents_are_no_config(job: Path) -> None:
    (job / ".hydra" / "config.yaml").write_text("- 1\n- 2\n")
    (job / ".hydra" / "hydra.yaml").write_text("hydra: 7\n")
    (job / ".hydra" / "overrides.yaml").write_text("lr: 1\n")
    recording = only(job)
    assert recording.params == ()
    assert recording.extra["overrides"] == []
