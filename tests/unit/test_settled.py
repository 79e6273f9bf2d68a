"""What a second look at a tree notices: of a run that has ended by the times of its folders, else file by file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from runfolio.api import Workspace
from runfolio.readers.contract import Budget
from runfolio.readers.fingerprint import fingerprint, settled_mark
from runfolio.readers.folder import Folder
from runfolio.readers.mlflow import MlflowFiles
from runfolio.readers.parse import parse

RUN = "a" * 32


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return made(tmp_path / "mlruns" / "1" / RUN, "status: 3\nend_time: 1788336050000\n")


def made(place: Path, more: str) -> Path:
    for part in ("params", "metrics/train"):
        (place / part).mkdir(parents=True)
    meta = f"run_id: {place.name}\nartifact_location: ''\nstart_time: 1788336000000\n{more}"
    (place / "meta.yaml").write_text(meta)
    (place / "params" / "lr").write_text("0.1")
    (place / "metrics" / "train" / "loss").write_text("1788336000000 0.5 0\n")
    return place


def looked(tmp_path: Path, change: Callable[[], object], *, deep: bool = False) -> int:
    """Folders that were read again after a change."""
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as ws:
        assert ws.index([tmp_path / "mlruns"]).read == 1
        change()
        return ws.index(deep=deep).read


def test_nothing_changed_and_nothing_is_read(tmp_path: Path, run: Path) -> None:
    assert looked(tmp_path, lambda: None) == 0


def test_a_new_file_of_an_ended_run_is_noticed(tmp_path: Path, run: Path) -> None:
    assert looked(tmp_path, lambda: (run / "metrics" / "train" / "late").write_text("1 2 3\n")) == 1


def test_another_meta_file_of_an_ended_run_is_noticed(tmp_path: Path, run: Path) -> None:
    assert looked(tmp_path, lambda: (run / "meta.yaml").write_text("run_id: " + RUN)) == 1


@pytest.mark.parametrize(("deep", "read"), [(False, 0), (True, 1)])
def test_an_old_file_of_an_ended_run_is_looked_at_when_asked(tmp_path: Path, run: Path, deep: bool, read: int) -> None:
    def grow() -> None:
        with (run / "metrics" / "train" / "loss").open("a") as file:
            file.write("1788336001000 0.4 1\n")

    assert looked(tmp_path, grow, deep=deep) == read


def test_a_run_that_goes_on_is_looked_at_file_by_file(tmp_path: Path) -> None:
    run = made(tmp_path / "mlruns" / "1" / RUN, "status: 1\n")
    assert looked(tmp_path, lambda: (run / "metrics" / "train" / "loss").write_text("1 2 3\n4 5 6\n")) == 1


def test_a_folder_replaced_by_a_link_is_another_one(tmp_path: Path, run: Path) -> None:
    before = settled_mark(tmp_path, f"mlruns/1/{RUN}")
    run.rename(tmp_path / "elsewhere")
    run.symlink_to(tmp_path / "elsewhere")
    assert before
    assert settled_mark(tmp_path, f"mlruns/1/{RUN}") == ""


def test_a_file_that_grew_while_it_was_read_is_read_again(tmp_path: Path) -> None:
    # Of a run that goes on, what is noted is how its files were when they were opened.
    going_on = made(tmp_path / "mlruns" / "1" / RUN, "status: 1\n")
    claim = MlflowFiles().claim(Folder(tmp_path / "mlruns", f"1/{RUN}"), frozenset())
    assert claim is not None
    before = fingerprint(Folder(tmp_path / "mlruns", claim.path), claim)
    assert parse(tmp_path / "mlruns", claim, Budget()).fingerprint == before
    (going_on / "metrics" / "train" / "loss").write_text("1788336000000 0.5 0\n1788336001000 0.4 1\n")
    assert parse(tmp_path / "mlruns", claim, Budget()).fingerprint != before


def test_an_ended_run_that_could_not_be_read_to_the_end_is_read_again(tmp_path: Path, run: Path) -> None:
    # How its files looked was not noted while they were read, so what they look like now may be another state.
    claim = MlflowFiles().claim(Folder(tmp_path / "mlruns", f"1/{RUN}"), frozenset())
    assert claim is not None
    stopped = parse(tmp_path / "mlruns", claim, Budget(seconds=-1))
    assert [p.code for p in stopped.problems] == ["folder-unreadable"]
    assert (stopped.failed, stopped.fingerprint, stopped.settled) == (True, "", "")


def test_an_ended_run_that_was_copied_elsewhere_is_read_once_more(tmp_path: Path, run: Path) -> None:
    # Its folders have new times then; what is in it is the same run.
    assert looked(tmp_path, lambda: os.utime(run / "metrics", ns=(1, 1))) == 1


def test_runs_stay_while_the_disk_that_holds_them_is_not_mounted(tmp_path: Path, run: Path) -> None:
    root = tmp_path / "mlruns"
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as ws:
        ws.index([root])
        before = ws.run_keys()
        assert len(before) == 1
        root.rename(tmp_path / "elsewhere")
        for there in (False, True):
            if there:
                root.mkdir()  # where the disk is mounted when it is there, and has been since long
                os.utime(root, (1_700_000_000, 1_700_000_000))
            ws.index()
            assert ws.run_keys() == before
            (problem,) = (p for p in ws.problems() if p.problem.code == "source-missing")
            assert ("empty" in problem.problem.message) == there
        root.rmdir()
        (tmp_path / "elsewhere").rename(root)
        assert ws.index().read == 0
        assert [p for p in ws.problems() if p.problem.code == "source-missing"] == []
        shutil.rmtree(root / "1")
        assert ws.index().gone == 1
        assert ws.run_keys() == ()
