"""What a run's reader reads beside the run's folder is looked at again, too, when it changes."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from runfolio.api import Workspace
from runfolio.errors import FolderUnreadable
from runfolio.readers.fingerprint import is_settled, settled_mark
from runfolio.readers.folder import Folder

CORPUS = Path(__file__).parents[1] / "corpus"


def aged(root: Path) -> None:
    """As if all had been written long ago, so that nothing is looked at again for being new."""
    for file in [root, *root.rglob("*")]:
        os.utime(file, (1_700_000_000, 1_700_000_000))


def statuses(ws: Workspace) -> dict[str, tuple[str, str | None]]:
    runs = ws.runs(ws.run_keys())
    return {run.name: (run.status.value, run.experiment) for run in runs}


def mlflow_run(experiment: Path, run: str, more: str) -> None:
    (experiment / run / "params").mkdir(parents=True)
    (experiment / run / "meta.yaml").write_text(f"run_id: {run}\nrun_name: {run[0]}\nstart_time: 1788336000000\n{more}")


def named(name: str) -> str:
    return f"artifact_location: ''\nexperiment_id: '7'\nlifecycle_stage: active\nname: {name}\n"


def test_the_runs_of_an_experiment_that_was_renamed_have_its_new_name(tmp_path: Path) -> None:
    experiment = tmp_path / "mlruns" / "7"
    mlflow_run(experiment, "a" * 32, "status: 3\nend_time: 1788336050000\n")
    mlflow_run(experiment, "b" * 32, "status: 1\n")
    (experiment / "meta.yaml").write_text(named("beans"))
    aged(tmp_path / "mlruns")
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as ws:
        assert ws.index([tmp_path / "mlruns"]).read == 3
        assert ws.index().read == 0
        (experiment / "meta.yaml").write_text(named("iris"))
        assert ws.index().read == 3
        assert {run.experiment for run in ws.runs(ws.run_keys())} == {"iris"}
        assert ws.index().read == 0


def test_a_mark_knows_the_files_that_count_beside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "beside [1]").write_text("a")
    aged(tmp_path)
    mark = settled_mark(tmp_path, "run", ["beside [1]", "not there"])
    assert is_settled(tmp_path, "run", mark)
    assert is_settled(tmp_path, "run", settled_mark(tmp_path, "run"))
    (tmp_path / "beside [1]").write_text("b")
    assert not is_settled(tmp_path, "run", mark)
    assert is_settled(tmp_path, "run", settled_mark(tmp_path, "run"))
    assert not is_settled(tmp_path, "run", "")


def test_a_trial_of_ray_ends_when_the_state_of_its_experiment_says_so(tmp_path: Path) -> None:
    root = tmp_path / "tune"
    shutil.copytree(CORPUS / "ray_tune" / "runs" / "tab_exp", root)
    (state,) = root.glob("experiment_state-*.json")
    later = state.read_text()
    assert "TERMINATED" in later
    state.write_text(later.replace("TERMINATED", "RUNNING"))
    aged(root)
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as ws:
        trials = ws.index([root]).read
        before = {run.status.value for run in ws.runs(ws.run_keys())}
        assert "finished" not in before
        assert ws.index().read == 0
        state.with_name(state.name.replace("experiment_state-2", "experiment_state-3")).write_text(later)
        assert ws.index().read == trials
        assert {run.status.value for run in ws.runs(ws.run_keys())} - before == {"finished"}


def test_a_run_of_swanlab_is_read_again_when_its_dashboard_writes(tmp_path: Path) -> None:
    root = tmp_path / "swanlog"
    shutil.copytree(CORPUS / "swanlab" / "runs" / "v0_8_local", root)
    aged(root)
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as ws:
        runs = ws.index([root]).read
        assert runs > 1
        assert ws.index().read == 0
        with sqlite3.connect(root / "runs.swanlab") as database:
            database.execute("update experiment set name = name || ' again'")
        database.close()
        assert ws.index().read == runs
        with Workspace.open(tmp_path / "fresh.duckdb", tmp_path / "other") as fresh:
            fresh.index([root])
            assert statuses(ws) == statuses(fresh)


@pytest.mark.parametrize("path", ["..", "a/../..", "a\0b"])
def test_no_path_leads_out_of_the_root(tmp_path: Path, path: str) -> None:
    with pytest.raises(FolderUnreadable):
        Folder(tmp_path).at(path)


def test_a_part_of_a_run_that_is_read_again_is_not_asked_later_for_it(tmp_path: Path) -> None:
    root = tmp_path / "lab"
    shutil.copytree(CORPUS / "dvclive" / "runs" / "dvcrepo", root / "dvcrepo")
    (root / "dvcrepo" / "params.yaml").unlink()
    aged(root)
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as ws:
        assert ws.index([root]).read == 2
        before = [(run.key, [r.format for r in run.recordings]) for run in ws.runs(ws.run_keys())]
        os.utime(root / "dvcrepo" / "dvc.yaml")
        assert ws.index().read == 1
        assert [(run.key, [r.format for r in run.recordings]) for run in ws.runs(ws.run_keys())] == before
