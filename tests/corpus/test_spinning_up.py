"""Spinning Up: what its logger wrote, whole and damaged, and tables that only look alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from runfolio.model.run import Recording
from support.inspected import CORPUS, claims_on, expected_runs, inspected_runs, recordings_of, run_differences

RUNS = CORPUS / "spinning_up" / "runs"
HEAD = "Epoch\tAverageEpRet\tTotalEnvInteracts\tTime\n"
CONFIG = '{"exp_name":\t"ppo",\n"seed":\t3, "pi_lr":\t3e-4}'


def only(root: Path) -> Recording:
    (recording,) = recordings_of(root, "spinning_up")[0].values()
    return recording


def make(root: Path, progress: str | bytes, config: str | None = CONFIG) -> Recording:
    (root / "progress.txt").write_bytes(progress.encode() if isinstance(progress, str) else progress)
    if config is not None:
        (root / "config.json").write_text(config)
    return only(root)


def points(run: Recording, name: str) -> list[tuple[int, str]]:
    (metric,) = (m for m in run.metrics if m.name == name)
    return [(s, str(v)) for s, v in zip(metric.step.tolist(), metric.value.tolist(), strict=True)]


def codes(run: Recording) -> list[str]:
    return [p.code for p in run.problems]


def test_runs_come_out_as_its_own_plots_read_them() -> None:
    runs = inspected_runs(RUNS)
    expected = expected_runs("spinning_up")
    assert runs.keys() == expected.keys()
    assert {path: run_differences(expected[path], run) for path, run in runs.items()} == {path: [] for path in expected}


def test_seeds_of_one_experiment_share_its_name() -> None:
    seeds = recordings_of(RUNS / "vpg corridor", "spinning_up")[0].values()
    assert [run.experiment for run in seeds] == ["vpg corridor", "vpg corridor"]


def test_the_state_of_the_logger_is_no_param() -> None:
    run = recordings_of(RUNS, "spinning_up")[0]["killed/killed_s0"]
    assert {"seed", "pi_lr", "logger_kwargs.exp_name"} <= {p.key for p in run.params}
    assert not any("object at 0x" in p.key for p in run.params)


def test_a_run_that_died_before_its_first_epoch_is_shown_and_says_so(tmp_path: Path) -> None:
    run = make(tmp_path, "")
    assert (run.metrics, codes(run), run.experiment) == ((), ["no-rows"], "ppo")


def test_without_interactions_the_epoch_is_the_step(tmp_path: Path) -> None:
    run = make(tmp_path, "Epoch\tEpRet\n1\t0.5\n2\tnan\n2\tinf\n", None)
    assert points(run, "EpRet") == [(1, "0.5"), (2, "nan"), (2, "inf")]


def test_a_cut_row_keeps_the_rows_before_it(tmp_path: Path) -> None:
    run = make(tmp_path, HEAD + "0\t1.5\t4000\t3.2\n1\t2.5\t8000\t6.4\n2\t3.")
    assert points(run, "AverageEpRet") == [(4000, "1.5"), (8000, "2.5")]
    assert "no-step" in codes(run)


def test_garbage_in_the_middle_costs_its_own_rows(tmp_path: Path) -> None:
    rows = b"0\t1.5\t4000\t1\n\xff\xfe\x00garbage\n1\ttensor(2.)\t8000\t2\n2\t3.5\t12000\t3\n"
    run = make(tmp_path, HEAD.encode() + rows)
    assert points(run, "AverageEpRet") == [(4000, "1.5"), (12000, "3.5")]
    assert {"nul-bytes", "not-utf8", "not-a-number", "no-step"} <= {*codes(run)}


@pytest.mark.parametrize("config", ["", "[1, 2]", '{"seed": 1, "exp', "[" * 100_000, "\0"])
def test_a_damaged_config_costs_the_params_only(tmp_path: Path, config: str) -> None:
    run = make(tmp_path, HEAD + "0\t1.5\t4000\t3.2\n", config)
    assert points(run, "AverageEpRet") == [(4000, "1.5")]
    assert codes(run) or not config


def test_saved_models_are_listed_and_never_opened(tmp_path: Path) -> None:
    (tmp_path / "pyt_save").mkdir()
    (tmp_path / "pyt_save" / "model.pt").write_bytes(b"\x80\x04cos\nsystem\n")
    run = make(tmp_path, HEAD + "0\t1.5\t4000\t3.2\n")
    assert [a.path for a in run.artifacts] == ["pyt_save/model.pt"]


@pytest.mark.parametrize("text", ["", "Epoch 1 done\n", "day\thour\n1\t2\n", "Epoch,EpRet\n1,2\n", "10%\n20%\n"])
def test_other_progress_files_are_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "progress.txt").write_text(text)
    assert claims_on(tmp_path) == []


def test_a_config_beside_an_empty_progress_file_must_be_of_the_logger(tmp_path: Path) -> None:
    (tmp_path / "progress.txt").write_text("")
    (tmp_path / "config.json").write_text('{"lr": 0.1}')
    assert [c.reader for c in claims_on(tmp_path)] == ["generic"]
