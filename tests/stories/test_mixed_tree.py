"""The folders of every tracker as one tree: one table, whose tags survive moving, copying and renaming it."""

from __future__ import annotations

import shutil
from pathlib import Path

from runfolio.api import Workspace
from runfolio.model.run import RunKey
from support.inspected import CORPUS


def marked(workspace: Workspace) -> set[RunKey]:
    return {run.key for run in workspace.find_runs("tag = keep")}


def test_a_tree_of_all_trackers_keeps_its_tags_and_rows_when_it_is_moved_copied_and_renamed(tmp_path: Path) -> None:
    tree = tmp_path / "cluster"
    for runs in sorted(CORPUS.glob("*/runs")):
        shutil.copytree(runs, tree / runs.parent.name, symlinks=True)
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as workspace:
        workspace.index([tree])
        before = set(workspace.run_keys())
        formats = {run.format for run in workspace.find_runs()}
        assert len(formats) >= 25
        chosen = sorted(before)[::7]
        workspace.tag(chosen, add=["keep"])
        assert marked(workspace) == set(chosen)

        moved = tmp_path / "another disk" / "renamed"
        moved.parent.mkdir()
        tree.rename(moved)
        workspace.index([moved])
        workspace.remove_source(next(s.id for s in workspace.sources() if s.path == str(tree)))
        assert set(workspace.run_keys()) == before
        assert marked(workspace) == set(chosen)

        shutil.copytree(moved, tmp_path / "copy", symlinks=True)
        workspace.index([tmp_path / "copy"])
        assert set(workspace.run_keys()) == before
        assert marked(workspace) == set(chosen)
