"""Runs that begin alike have one identity: what was said of each stays with its place, whatever the others do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runfolio.api import Workspace
from runfolio.index.watch import Watcher

PARAMS = "lr: 0.1\n"
BEGIN = "step,loss\n0,0.9\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two runs with equal params and an equal first point."""
    for name in ("a", "b"):
        put(tmp_path / "runs" / name, name)
    return tmp_path / "runs"


@pytest.fixture
def ws(tmp_path: Path, root: Path) -> Iterator[Workspace]:
    with opened(tmp_path) as workspace:
        workspace.index([root])
        for run in workspace.find_runs():
            workspace.tag([run.key], add=[run.path])
        yield workspace


def opened(place: Path) -> Workspace:
    return Workspace.open(place / "index.duckdb", place / "ledger", actor="kim")


def put(run: Path, name: str, case: str = "") -> None:
    run.mkdir(parents=True)
    (run / "params.yaml").write_text(f"{PARAMS}case: {case or run.parent.name}\n")
    # What comes after the first point is its own.
    (run / "metrics.csv").write_text(f"{BEGIN}1,0.{sum(name.encode())}\n")


def told(ws: Workspace) -> dict[str, tuple[str, ...]]:
    """The tags of the runs, by their folders; keys are those of as many runs."""
    return {run.path: run.marks.tags for run in ws.find_runs()}


def change(run: Path) -> None:
    with (run / "params.yaml").open("a") as params:
        params.write(f"seed: {run.name}\n")


def both_change(root: Path) -> None:
    change(root / "a")
    change(root / "b")


def one_comes_and_one_changes(root: Path) -> None:
    put(root / "0", "0")
    change(root / "a")


STAY: dict[str, tuple[str, ...]] = {"a": ("a",), "b": ("b",)}


CASES: dict[str, tuple[Callable[[Path], object], dict[str, tuple[str, ...]]]] = {
    "first changes": (lambda root: change(root / "a"), STAY),
    "second changes": (lambda root: change(root / "b"), STAY),
    "both change": (both_change, STAY),
    "one comes first": (lambda root: put(root / "0", "0"), {"0": (), **STAY}),
    "one comes between": (lambda root: put(root / "aa", "aa"), {"aa": (), **STAY}),
    "one comes, one changes": (one_comes_and_one_changes, {"0": (), **STAY}),
    "first goes": (lambda root: shutil.rmtree(root / "a"), {"b": ("b",)}),
    "second goes": (lambda root: shutil.rmtree(root / "b"), {"a": ("a",)}),
    "first moves": (lambda root: (root / "a").rename(root / "x"), {"b": ("b",), "x": ("a",)}),
    "second moves": (lambda root: (root / "b").rename(root / "0"), {"0": ("b",), "a": ("a",)}),
    "second is copied": (lambda root: shutil.copytree(root / "b", root / "0"), {"0": ("b",), "a": ("a",)}),
}
"""What becomes of two runs, and what is said then of which folder."""


def test_what_was_said_stays_with_the_place(tmp_path: Path) -> None:
    """All cases in one library, each with params of its own."""
    root = tmp_path / "runs"
    for case in CASES:
        for name in ("a", "b"):
            put(root / case / name, name, case)
    expected = {f"{case}/{name}": tags for case, (_, left) in CASES.items() for name, tags in left.items()}
    with opened(tmp_path) as ws:
        ws.index([root])
        for run in ws.find_runs():
            ws.tag([run.key], add=[Path(run.path).name])
        for case, (act, _) in CASES.items():
            act(root / case)
        ws.index()
        assert told(ws) == expected
        said = len(ws.history())
        ws.index(deep=True)
        assert told(ws) == expected
    # The index is made of the folders alone: without it all is the same.
    (tmp_path / "index.duckdb").unlink()
    with opened(tmp_path) as again:
        again.index([root])
        assert told(again) == expected
        assert len(again.history()) == said


def test_it_waits_for_a_run_that_is_away(ws: Workspace, root: Path, tmp_path: Path) -> None:
    (root / "a").rename(tmp_path / "away")
    ws.index()
    (entry, *_) = ws.history()
    assert (entry.action, entry.actor, entry.reason) == (
        "known-as", "runfolio", "a run that begins alike came, went or changed",
    )  # fmt: skip
    assert told(ws) == {"b": ("b",)}
    ws.tag(ws.run_keys(), add=["late"])
    (tmp_path / "away").rename(root / "a")
    ws.index()
    assert told(ws) == {"a": ("a",), "b": ("b", "late")}
    ws.undo()
    assert told(ws) == STAY


def test_a_folder_that_leaves_the_library_takes_it_along(ws: Workspace, root: Path, tmp_path: Path) -> None:
    put(tmp_path / "other" / "c", "c", "runs")
    ws.index([tmp_path / "other"])
    ws.tag([run.key for run in ws.find_runs() if run.path == "c"], add=["c"])
    (source,) = [s.id for s in ws.sources() if s.path == str(root)]
    ws.remove_source(source)
    assert told(ws) == {"c": ("c",)}
    ws.index([root])
    assert told(ws) == {"c": ("c",), **STAY}


def test_a_watched_run_that_changes_takes_it_along(ws: Workspace, root: Path) -> None:
    watcher = Watcher(ws._db, ws._stores.indexer(), lambda: [(s.id, Path(s.path)) for s in ws.sources()])
    change(root / "a")
    with ws._stores.indexing:
        assert watcher.round().changed
        ws._stores.follow_new_keys()
    ws._stores.runs_changed()
    assert told(ws) == STAY


def test_one_id_with_other_content_is_no_other_case(tmp_path: Path) -> None:
    root = tmp_path / "stores"
    for name in ("a", "b"):
        folder = root / name / ("c" * 32)
        (folder / "metrics").mkdir(parents=True)
        (folder / "meta.yaml").write_text(
            f"run_id: {'c' * 32}\nstatus: 3\nstart_time: 1700000000000\nend_time: 1700000009000\n"
        )
        (folder / "metrics" / "loss").write_text(f"1700000000000 0.{sum(name.encode())} 0\n")
    with opened(tmp_path) as ws:
        ws.index([root])
        for run in ws.find_runs():
            ws.tag([run.key], add=[run.path[:1]])
        shutil.move(root / "a", tmp_path / "away")
        ws.index()
        assert {path[:1]: tags for path, tags in told(ws).items()} == {"b": ("b",)}
        shutil.move(tmp_path / "away", root / "a")
        ws.index()
        assert {path[:1]: tags for path, tags in told(ws).items()} == STAY
