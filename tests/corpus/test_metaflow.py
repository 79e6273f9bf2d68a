"""Metaflow's local datastore: plain values without unpickling, and what is told of a store that is damaged."""

from __future__ import annotations

import gzip
import json
import pickle
import shutil
from pathlib import Path

import pytest

from runfolio.model.run import Recording
from support.inspected import CORPUS, claims_on, recordings_of

RUNS = CORPUS / "metaflow" / "runs"
FINISHED = ".metaflow/TabFlow/1795410590715134"
FAILED = ".metaflow/TabFlow/1795410595104008"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    shutil.copytree(RUNS, tmp_path / "runs")
    return tmp_path / "runs"


def kept_at_end(store: Path) -> Path:
    (file,) = (store / FINISHED / "end").glob("*/0.data.json")
    return file


def keep(store: Path, name: str, content: bytes) -> None:
    """Let the flow keep one more artifact."""
    digest = "ab" + "0" * (38 - len(name)) + name.encode().hex()[: len(name)]
    digest = (digest + "0" * 40)[:40]
    (store / ".metaflow/TabFlow/data/ab").mkdir(exist_ok=True)
    (store / ".metaflow/TabFlow/data/ab" / digest).write_bytes(content)
    file = kept_at_end(store)
    document = json.loads(file.read_text())
    document["objects"][name] = digest
    file.write_text(json.dumps(document))


def finished(store: Path) -> Recording:
    return recordings_of(store, "metaflow")[0][FINISHED]


class Harmful:
    """What would write a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return (open, (str(self.target), "w"))


def test_the_folders_of_steps_and_content_are_part_of_their_run() -> None:
    assert [claim.path for claim in claims_on(RUNS)] == [FINISHED, FAILED]


def test_a_step_that_failed_is_told_and_its_run_is_of_unknown_status() -> None:
    recordings, problems = recordings_of(RUNS, "metaflow")
    assert recordings[FAILED].status_raw == "finished=False successful=False"
    assert [(p.code, p.message) for p in problems] == [("step-failed", "The step 'train' ended with an exception")]


def test_what_a_pickle_would_run_is_not_run_and_only_named(store: Path, tmp_path: Path) -> None:
    target = tmp_path / "sentinel"
    keep(store, "model", gzip.compress(pickle.dumps(Harmful(target))))
    run = finished(store)
    assert not target.exists()
    assert "model" in str(run.extra["kept"])
    assert {m.name for m in run.metrics} == {"acc", "final_acc", "loss"}


def test_numbers_and_rows_that_the_flow_kept_are_metrics(store: Path) -> None:
    keep(store, "auc", gzip.compress(pickle.dumps(float("nan"))))
    keep(store, "curve", gzip.compress(pickle.dumps([{"step": 10, "f1": 0.5}, {"step": 20, "f1": 0.75}])))
    keep(store, "rows", gzip.compress(pickle.dumps([1, {"f2": 2.0}])))
    found = {m.name: m for m in finished(store).metrics}
    assert repr(found["auc"].value.tolist()) == "[nan]"
    assert (found["f1"].step.tolist(), found["f1"].value.tolist()) == ([10, 20], [0.5, 0.75])
    assert "f2" not in found


def test_a_bomb_and_a_damaged_artifact_cost_themselves_only(store: Path) -> None:
    keep(store, "bomb", gzip.compress(b"\0" * 50_000_000))
    keep(store, "torn", gzip.compress(pickle.dumps([0.5] * 1000))[:-30] + b"\xff" * 30)
    keep(store, "text", b"no pickle at all")
    run = finished(store)
    assert len(run.params) == 6
    assert {m.name for m in run.metrics} == {"acc", "final_acc", "loss"}


def test_a_run_copied_without_its_content_keeps_its_names_and_says_so(store: Path) -> None:
    shutil.rmtree(store / ".metaflow/TabFlow/data")
    recordings, problems = recordings_of(store, "metaflow")
    run = recordings[FINISHED]
    assert (run.id, run.name, run.params, run.metrics) == ("1795410590715134", "TabFlow", (), ())
    assert {p.code for p in problems} == {"content-missing"}
    assert all("the whole folder" in p.hint for p in problems)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"tags": 3, "ts_epoch": "x", "system_tags": {"a": 1}}'])
def test_odd_run_files_give_the_rest_of_the_run(store: Path, text: str) -> None:
    (store / FINISHED / "_meta/_self.json").write_text(text)
    run = finished(store)
    assert run.id == "1795410590715134"
    assert len(run.params) == 6


@pytest.mark.parametrize("text", ["", "{", '{"objects": [1]}', '{"objects": {"lr": 3}, "info": 4}'])
def test_odd_tables_of_artifacts_give_the_rest_of_the_run(store: Path, text: str) -> None:
    kept_at_end(store).write_text(text)
    run = finished(store)
    assert run.status_raw == "finished=False successful=False"
    assert len(run.params) == 6
