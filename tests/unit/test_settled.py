"""What a second look at a tree notices: of a run that has ended by the times of its folders, else file by file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runfolio.api import Workspace
from runfolio.readers.fingerprint import settled_mark

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
