"""A library that was looked through once says after a second look what a new one says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from runfolio import processes
from runfolio.api import CancelToken, Workspace
from runfolio.model.promotion import RunMarks
from runfolio.readers import looks
from runfolio.readers.layout_files import parse_layout
from support.inspected import CORPUS
from support.lab import LAYOUT, write_lab, write_run
from support.repeats import write_repeats
from support.repeats import write_run as write_repeat

FORMATS = ("mlflow_registry", "dvclive", "metaflow", "sb3", "keras", "mmengine", "mlflow_sqlite")
DATA_SETS = "mlflow_file/runs/v3_17/mlruns"
RESUMED = CORPUS / "wandb_offline/runs/v0_31/wandb"
LEGS = ("offline-run-20261123_043453-resume01", "offline-run-20261123_043703-resume01")


@pytest.fixture(autouse=True)
def no_wait() -> Iterator[None]:
    """Files are looked at right after they were written, by a clock that does not miss a change."""
    with patch.object(looks, "_TICK_NS", 0):
        yield


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "runs"
    for name in FORMATS:
        shutil.copytree(CORPUS / name / "runs", root / name, symlinks=True)
    shutil.copytree(CORPUS / DATA_SETS, root / "mlruns")
    return root


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as workspace:
        yield workspace


def told(ws: Workspace) -> list[str]:
    """All that is shown of the runs, but for what the user put on them."""
    return sorted(repr(replace(run, marks=RunMarks())) for run in ws.runs(ws.run_keys()))


def told_anew(root: Path, home: Path) -> list[str]:
    with Workspace.open(home / "index.duckdb", home / "ledger") as fresh:
        fresh.index([root])
        return told(fresh)


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def changed(root: Path) -> None:
    """Something that runs of each format hang on, and that lies in none of their own files."""
    registry = root / "mlflow_registry/v3_17_files/mlruns/models/Reg Model"
    version = registry / "version-1/meta.yaml"
    version.write_text(version.read_text().replace("current_stage: ", "current_stage: Other"))
    put(registry / "aliases/late", "1")
    put(next((root / "mlruns").glob("9*")) / "tags/late", "yes")
    for meta in (root / "mlruns").glob("9*/datasets/*/meta.yaml"):
        meta.write_text(meta.read_text().replace("digest: ", "digest: f"))
    lock = root / "dvclive/dvcrepo/dvc.lock"
    lock.write_text(lock.read_text().replace("md5: ", "md5: 0"))
    for content in (root / "metaflow").glob(".metaflow/*/data/1*/*"):
        content.unlink()
    put(root / "sb3/ppo_cartpole_1/best/later.zip", "x")
    put(root / "keras/logs/lr 0.1/tb/late.txt", "x")
    put(root / "mmengine/work_dirs/iris_a/epoch_3.pth", "x")
    put(next((root / "mlflow_sqlite/v2_22/mlartifacts").glob("263*")) / "artifacts/late.txt", "x")


def test_a_second_look_says_what_a_new_library_says(ws: Workspace, tree: Path, tmp_path: Path) -> None:
    ws.index([tree])
    before = told(ws)
    assert ws.index().read == 0
    changed(tree)
    assert 10 < ws.index().read < len(before)
    after = told(ws)
    assert len({*after} - {*before}) > 10
    assert after == told_anew(tree, tmp_path / "fresh")
    assert ws.index().read == 0


def test_what_was_decided_between_two_looks_stays(ws: Workspace, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    for leg in LEGS:
        shutil.copytree(RESUMED / leg, root / "wandb" / leg)
    shutil.copytree(CORPUS / "sb3/runs", root / "sb3")
    ws.index([root])
    whole = next(run for run in ws.find_runs() if len(run.recordings) == 2)
    ws.split(whole.key, [0])
    others = [run.key for run in ws.find_runs() if run.format == "sb3"]
    ws.tag(others[:1], add=["kept"])
    ws.join(others[-2:])
    decided = {run.key: (len(run.recordings), run.marks.tags) for run in ws.find_runs()}
    for folder in sorted((root / "sb3").iterdir()):
        put(folder / "best/later.zip", "x")
    assert ws.index().read > 0
    assert {run.key: (len(run.recordings), run.marks.tags) for run in ws.find_runs()} == decided
    assert all("best/later.zip" in [a.path for a in ws.run(key).artifacts] for key in others[:1])
    assert ws.index().read == 0


def test_layouts_that_come_change_and_go_between_looks(ws: Workspace, tmp_path: Path) -> None:
    root = write_lab(tmp_path / "lab")
    layout = parse_layout(LAYOUT.encode(), "lab.toml")
    ws.index([root])
    plain = told(ws)
    for taught in (layout, replace(layout, name="other", path=""), None, layout):
        for saved in ws.layouts():
            if saved.layout is not None:
                ws.remove_layout(saved.layout.name)
        if taught is not None:
            ws.save_layout(taught)
        ws.index()
        assert told(ws) == told_anew(root, tmp_path / f"fresh-{taught.name if taught else 'none'}")
        assert (told(ws) == plain) == (taught is None)
        assert ws.index().read == 0
    write_run(root / "depth" / "late_seed9", lr=0.5, losses=[0.4])
    (root / "width" / "wide_net_seed1" / "more").mkdir()
    put(root / "width" / "wide_net_seed1" / "more" / "late.txt", "x")
    ws.index()
    assert told(ws) == told_anew(root, tmp_path / "fresh-late")


def test_worker_processes_start_when_there_is_something_to_read(tmp_path: Path) -> None:
    root, places = write_repeats(tmp_path / "runs"), (tmp_path / "index.duckdb", tmp_path / "ledger")
    with Workspace.open(*places) as first:
        first.index([root])
    token = CancelToken()
    with (
        Workspace.open(*places) as ws,
        patch.object(processes, "start_server", wraps=processes.start_server) as started,
    ):
        assert ws.index().read == 0
        assert ws.index([root]).read == 0
        ws.watch(token, on_round=lambda _: token.cancel())
        assert not started.called
        write_repeat(root / "study" / "late", "adam", 7, 0.5)
        assert ws.index().read == 1
        assert started.called
