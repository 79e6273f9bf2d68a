"""Boosted trees: folders of CatBoost, models, results and logs of XGBoost and LightGBM, whole and damaged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from runfolio.model.run import Recording
from support.inspected import CORPUS, claims_on, inspected_runs, recordings_of

RUNS = CORPUS / "gbm" / "runs"
RESULTS = {"train": {"logloss": [0.6, 0.5]}, "eval": {"logloss": [0.7, float("nan")]}}
PRINTED = "start\n[0]\ttrain-logloss:0.6\teval-logloss:nan\n[10]\ttrain-logloss:0.5\teval-logloss:0.6\n[11]\ttrain-lo"


def only(root: Path, reader: str = "gbm") -> Recording:
    (recording,) = recordings_of(root, reader)[0].values()
    return recording


def points(run: Recording, name: str) -> list[tuple[int, str]]:
    (metric,) = (m for m in run.metrics if m.name == name)
    return [(s, str(v)) for s, v in zip(metric.step.tolist(), metric.value.tolist(), strict=True)]


def codes(run: Recording) -> list[str]:
    return [p.code for p in run.problems]


def test_each_training_is_one_run_under_the_name_of_its_library() -> None:
    runs = inspected_runs(RUNS)
    assert {path: run["format"] for path, run in runs.items()} == {
        "cat/cv": "catboost", "cat/multi eval": "catboost", "cat/overfit": "catboost", "cat/plain": "catboost",
        "cat/snap": "catboost", "lgb/dart λ=1": "lightgbm", "lgb/leaves15": "lightgbm", "xgb/depth3": "xgboost",
        "xgb/depth6 eta0.5": "xgboost", "xgb/sklearn_cv": "xgboost",
    }  # fmt: skip


def test_params_of_catboost_come_from_the_binary_model_too(tmp_path: Path) -> None:
    plain = RUNS / "cat" / "plain"
    (tmp_path / "catboost_info").mkdir()
    for name in ("learn_error.tsv", "catboost_training.json"):
        (tmp_path / "catboost_info" / name).write_bytes((plain / "catboost_info" / name).read_bytes())
    (tmp_path / "model.cbm").write_bytes((plain / "model.cbm").read_bytes())
    from_binary = {p.key: p.value for p in only(tmp_path, "catboost").params}
    (tmp_path / "model.cbm").unlink()
    (tmp_path / "model.json").write_bytes((plain / "model.json").read_bytes())
    from_json = {p.key: p.value for p in only(tmp_path, "catboost").params}
    assert from_binary["depth"] == 4
    assert from_binary == from_json


def test_a_log_of_catboost_that_is_cut_costs_the_names_of_the_sets_only(tmp_path: Path) -> None:
    info = tmp_path / "catboost_info"
    info.mkdir()
    (info / "catboost_training.json").write_text('{\n"meta":{"name":"x","test_sets":["te')
    (info / "test_error.tsv").write_text("iter\tLogloss\n0\t0.5\n5\t0.25\n6\t")
    run = only(tmp_path, "catboost")
    assert points(run, "test/Logloss")[:2] == [(0, "0.5"), (5, "0.25")]
    assert "json-cut" in codes(run)


def test_what_was_printed_is_shown_where_nothing_exacter_is(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text(PRINTED)
    run = only(tmp_path)
    assert (run.format, codes(run)) == ("xgboost", ["rounded"])
    assert points(run, "eval/logloss") == [(0, "nan"), (10, "0.6")]
    (tmp_path / "evals_result.json").write_text(json.dumps(RESULTS))
    exact = only(tmp_path)
    assert points(exact, "eval/logloss") == [(0, "0.7"), (1, "nan")]


def test_lightgbm_prints_its_iterations_from_one(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("[LightGBM] [Info] x\n[1]\ttraining's auc: 0.9\tvalid set's l2: 0.5\n")
    run = only(tmp_path)
    assert (run.format, points(run, "training/auc"), points(run, "valid set/l2")) == (
        "lightgbm",
        [(0, "0.9")],
        [(0, "0.5")],
    )


def test_a_model_that_is_cut_keeps_its_results(tmp_path: Path) -> None:
    (tmp_path / "model.txt").write_text("tree\nversion=v4\nfeature_names=a b\n\nTree=0\nnum_le")
    (tmp_path / "evals_result.json").write_text('{"train": {"l2": [0.5, 0.4')
    run = only(tmp_path)
    assert run.format == "lightgbm"
    assert points(run, "train/l2")[0] == (0, "0.5")
    assert codes(run) == ["no-params", "json-cut"]


@pytest.mark.parametrize(
    "text", ['{"a": {"b": "c"}}', '{"a": [1, "x"]}', '{"a": [true]}', '{"a": {"b": [[1]]}}', '{"a": 3}']
)
def test_results_of_another_shape_are_told_and_left_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "evals_result.json").write_text(text)
    run = only(tmp_path)
    assert (run.metrics, codes(run)) == ((), ["odd-history"])


@pytest.mark.parametrize("name", ["notes.txt", "app.log", "requirements.txt"])
def test_other_texts_are_no_logs_of_a_training(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("[1] see below\nsome text\n[0]\tno numbers here\n")
    assert claims_on(tmp_path) == []


@pytest.mark.parametrize("run", ["plain", "multi eval", "cv", "overfit", "snap"])
def test_the_log_of_catboost_stands_in_for_its_tables(tmp_path: Path, run: str) -> None:
    shutil.copytree(RUNS / "cat" / run, tmp_path / "run")
    by_table = only(tmp_path, "catboost")
    for table in tmp_path.rglob("*_error.tsv"):
        table.unlink()
    by_log = only(tmp_path, "catboost")
    assert [m.name for m in by_log.metrics] == [m.name for m in by_table.metrics]
    for metric, same in zip(by_log.metrics, by_table.metrics, strict=True):
        assert metric.step.tolist() == same.step.tolist()
        assert metric.value.tolist() == pytest.approx(same.value.tolist(), rel=1e-8)


def test_a_cut_log_of_catboost_without_tables_gives_its_whole_iterations(tmp_path: Path) -> None:
    (tmp_path / "catboost_info").mkdir()
    (tmp_path / "catboost_info" / "catboost_training.json").write_text(
        '{"meta":{"learn_metrics":[{"name":"L"}],"learn_sets":["learn"]},\n"iterations":[\n'
        '{"learn":[0.5],"iteration":0},\n{"learn":[NaN],"iteration":1},\n{"lear'
    )
    run = only(tmp_path, "catboost")
    assert [(m.name, m.step.tolist(), [str(v) for v in m.value.tolist()]) for m in run.metrics] == [
        ("learn/L", [0, 1], ["0.5", "nan"])
    ]
    assert codes(run) == ["json-cut"]


def test_results_of_the_hf_trainer_are_no_boosting(tmp_path: Path) -> None:
    (tmp_path / "eval_results.json").write_text('{\n    "epoch": 10.0,\n    "eval_f1": 0.66\n}')
    assert [c.reader for c in claims_on(tmp_path) if c.reader == "gbm"] == []


@pytest.mark.parametrize("name", ["evals_result.csv", "eval_results.tsv"])
def test_evaluation_results_in_a_table_are_read(tmp_path: Path, name: str) -> None:
    separator = "," if name.endswith("csv") else "\t"
    rows = (("iteration", "train-logloss", "eval-auc"), ("0", "0.6", "nan"), ("1", "0.5", "0.9"))
    (tmp_path / name).write_text("".join(separator.join(row) + "\n" for row in rows))
    (tmp_path / "model.txt").write_text("tree\nversion=v3\n\nparameters:\n[max_depth: 3]\nend of parameters\n")
    run = only(tmp_path)
    assert [(m.name, m.step.tolist(), str(m.value[0])) for m in run.metrics] == [
        ("train-logloss", [0, 1], "0.6"),
        ("eval-auc", [0, 1], "nan"),
    ]
    assert {p.key: p.value for p in run.params} == {"max_depth": 3}


def test_the_log_of_lightgbms_own_program_is_read(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text(
        "[LightGBM] [Info] Finished loading parameters\n[LightGBM] [Info] Iteration:1, training auc : 0.95\n"
        "[LightGBM] [Info] Iteration:1, valid_1 auc : 0.91\n[LightGBM] [Info] Iteration:2, valid_1 auc : nan\n"
        "[LightGBM] [Info] Early stopping at iteration 2, the best iteration round is 1\n"
        "Output of best iteration round:\nIteration:1, training auc : 0.95\nIteration:1, valid_1 auc : 0.91\n"
        "[LightGBM] [Info] 0.1 seconds elapsed, finished iteration 1\n[LightGBM] [Info] Iteration:3, training a"
    )
    run = only(tmp_path)
    assert [(m.name, m.step.tolist(), [str(v) for v in m.value.tolist()]) for m in run.metrics] == [
        ("training/auc", [0], ["0.95"]),
        ("valid_1/auc", [0, 1], ["0.91", "nan"]),
    ]
