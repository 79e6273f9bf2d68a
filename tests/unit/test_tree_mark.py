"""A tree that has not changed is told by one hash; whatever may hang on anything else is not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from runfolio.api import CancelToken, Workspace
from runfolio.index import walk
from runfolio.model.layout import Layout
from runfolio.readers import looks
from runfolio.readers.layout_files import save_layout
from runfolio.readers.scanner import scan
from runfolio.readers.tree_mark import tree_mark

METRICS = "step,loss\n0,0.5\n1,0.4\n"


@pytest.fixture(autouse=True)
def no_wait() -> Iterator[None]:
    """Files are looked at right after they were written, by a clock that does not miss a change."""
    with patch.object(looks, "_TICK_NS", -(10**18)):
        yield


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    root = tmp_path / "lab"
    for name in ("run-1", "run-2"):
        (root / name / "plots").mkdir(parents=True)
        (root / name / "config.json").write_text(f'{{"lr": 0.1, "name": "{name}"}}')
        (root / name / "metrics.csv").write_text(METRICS)
    return root


@pytest.fixture
def ws(tmp_path: Path, lab: Path) -> Iterator[Workspace]:
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as workspace:
        workspace.index([lab])
        yield workspace


def is_walked(ws: Workspace, *, deep: bool = False) -> bool:
    """Whether the next look asks about each folder; it finds as many as there are in either case."""
    with patch.object(walk, "scan", wraps=scan) as asked:
        report = ws.index(deep=deep)
    assert report.read + report.unchanged == 2
    return asked.called


def test_what_has_not_changed_is_not_walked(ws: Workspace) -> None:
    before = ws.sources()[0].scanned_us
    assert not is_walked(ws)
    after = ws.sources()[0].scanned_us
    assert before is not None
    assert after is not None
    assert after > before
    assert is_walked(ws, deep=True)
    assert not is_walked(ws)


@pytest.mark.parametrize(
    "change",
    [
        lambda run: (run / "metrics.csv").write_text(METRICS + "2,0.3\n"),
        lambda run: (run / "metrics.csv").chmod(0o600),
        lambda run: (run / "plots" / "inner").mkdir(),
        lambda run: (run / "plots" / "loss.png").write_bytes(b"x"),
        lambda run: (run / "plots").rmdir(),
        lambda run: (run / "link").symlink_to("config.json"),
        lambda run: (run / "plots").rename(run / "__pycache__"),
        lambda run: os.utime(run / "metrics.csv", (1, 1)),
    ],
)
def test_every_change_of_a_tree_shows(lab: Path, change: Callable[[Path], object]) -> None:
    before = tree_mark(lab)
    assert before == tree_mark(lab) != ""
    change(lab / "run-2")
    assert tree_mark(lab) not in ("", before)


def test_a_change_is_read_and_the_tree_told_by_another_hash(ws: Workspace, lab: Path) -> None:
    (lab / "run-2" / "metrics.csv").write_text(METRICS + "2,0.3\n")
    report = ws.index()
    assert (report.read, report.unchanged, report.points) == (1, 1, 5)
    assert not is_walked(ws)


def test_layouts_are_a_part_of_it(ws: Workspace, lab: Path) -> None:
    before = tree_mark(lab)
    save_layout(Layout("lab", params=("hp.conf",), metrics=("log.tsv",)))
    assert tree_mark(lab) != before
    assert is_walked(ws)


def test_what_may_change_without_a_trace_is_not_kept(tmp_path: Path, lab: Path) -> None:
    with (
        patch.object(looks, "_TICK_NS", 3_000_000_000),
        Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as ws,
    ):
        ws.index([lab])  # written less than three seconds ago
        assert is_walked(ws)


def test_what_lies_where_nobody_searches_is_no_part_of_it(ws: Workspace, lab: Path) -> None:
    (lab / "node_modules").mkdir()
    assert is_walked(ws)
    (lab / "node_modules" / "config.json").write_text("{}")
    assert not is_walked(ws)


def test_runs_that_have_ended_are_told_by_their_folders(tmp_path: Path, lab: Path) -> None:
    """Of two runs and as many others; were there more of them, each would be looked at by itself."""
    store = lab / "mlruns" / "1"
    for number, run in enumerate(("a" * 32, "b" * 32)):
        (store / run / "metrics").mkdir(parents=True)
        (store / run / "metrics" / "loss").write_text("1700000000000 0.5 0\n")
        (store / run / "meta.yaml").write_text(
            f"run_id: {run}\nstatus: 3\nstart_time: {1_700_000_000_000 + number}\nend_time: 1700000009000\n"
        )
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as ws:
        assert ws.index([lab]).runs == 4
        with patch.object(walk, "scan", wraps=scan) as asked:
            assert ws.index().unchanged == 4
            assert not asked.called
            (store / ("a" * 32) / "metrics" / "acc").write_text("1700000000000 0.5 0\n")
            assert ws.index().read == 1


def test_a_look_at_it_can_be_stopped(ws: Workspace, lab: Path) -> None:
    token = CancelToken()
    token.cancel()
    assert ws.index(cancel=token).cancelled
    assert not is_walked(ws)


def test_a_folder_that_is_away_is_told_and_so_is_that_it_is_back(ws: Workspace, lab: Path, tmp_path: Path) -> None:
    lab.rename(tmp_path / "away")
    ws.index()
    assert not ws.sources()[0].present
    assert "source-missing" in {placed.problem.code for placed in ws.problems()}
    (tmp_path / "away").rename(lab)
    assert is_walked(ws)
    assert ws.sources()[0].present
    assert "source-missing" not in {placed.problem.code for placed in ws.problems()}
    assert not is_walked(ws)
