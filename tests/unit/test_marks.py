"""Stars, colours, hiding, archiving and bulk edits: kept in the ledger, taken back as one, asked for in filters."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runfolio.api import Workspace
from runfolio.errors import NotFound, UsageError
from runfolio.model.marks import MarkBoard, MarkChange
from runfolio.model.promotion import RunMarks
from runfolio.model.query import FieldKind, FieldRef, RunQuery, SortKey
from runfolio.model.run import RunKey
from support.sweep import NAMES, write_sweep


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("marked")
    with Workspace.open(home / "index.duckdb", home / "ledger") as workspace:
        workspace.index([write_sweep(home / "runs")])
    return home


@pytest.fixture
def workspace(made: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copy(made / "index.duckdb", tmp_path / "index.duckdb")
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger", actor="mira") as opened:
        yield opened


def named(workspace: Workspace, *names: str) -> list[RunKey]:
    return [workspace.resolve_run(name) for name in names]


def found(workspace: Workspace, where: str = "", *, with_hidden: bool = False) -> list[str]:
    keys = workspace.run_keys(RunQuery(where, (SortKey(FieldRef(FieldKind.BUILTIN, "name")),), with_hidden=with_hidden))
    return [str(v) for v in workspace.column(FieldRef(FieldKind.BUILTIN, "name"), keys).values]


def test_marks_are_fields_that_filter_and_sort(workspace: Workspace) -> None:
    first, second = named(workspace, "amber-heron", "calm-ibis")
    workspace.mark([first, second], MarkChange(starred=True))
    workspace.mark([second], MarkChange(color=3))
    assert found(workspace, "starred") == ["amber-heron", "calm-ibis"]
    assert found(workspace, "starred = true and color = 3") == ["calm-ibis"]
    assert found(workspace, "not starred and seed < 2") == ["brisk-otter"]
    assert found(workspace, "color is null") == [n for n in NAMES if n != "calm-ibis"]
    order = workspace.run_keys(RunQuery("", (SortKey(FieldRef(FieldKind.BUILTIN, "color")),)))
    assert order[0] == second


def test_hidden_and_archived_runs_are_left_out_until_they_are_asked_for(workspace: Workspace) -> None:
    hidden, archived = named(workspace, "amber-heron", "brisk-otter")
    workspace.mark([hidden], MarkChange(hidden=True))
    workspace.mark([archived], MarkChange(archived=True))
    assert found(workspace) == [*NAMES[2:]]
    assert workspace.left_out() == 2
    assert workspace.left_out(RunQuery("seed = 0")) == 1
    assert found(workspace, with_hidden=True) == [*NAMES]
    assert found(workspace, "hidden") == ["amber-heron"]
    assert found(workspace, "archived") == ["brisk-otter"]
    assert found(workspace, "hidden or seed = 3") == ["amber-heron", "dusky-lynx"]
    assert found(workspace, "seed < 3") == ["calm-ibis"]
    facet = workspace.facet(FieldRef(FieldKind.PARAM, "optimizer"))
    assert sum(value.runs for value in facet.values) == 4
    # Nothing is lost: each is still there by name, and comes back.
    assert workspace.run(hidden).marks.hidden
    workspace.mark([hidden, archived], MarkChange(hidden=False, archived=False))
    assert found(workspace) == [*NAMES]
    assert workspace.left_out() == 0


def test_a_bulk_edit_is_one_entry_and_one_undo(workspace: Workspace) -> None:
    first, second, third = named(workspace, *NAMES[:3])
    workspace.tag([first], add=["kept"])
    workspace.note(second, "seen")
    before = [workspace.marks(key) for key in (first, second, third)]
    change = MarkChange(("kept", "new"), (), True, 2, None, True, append_note="checked")
    entry = workspace.mark([first, second, third], change)
    assert workspace.marks(first) == RunMarks(("kept", "new"), "checked", (), True, 2, archived=True)
    assert workspace.marks(second).note == "seen\n\nchecked"
    assert len(workspace.history()) == 3
    assert entry.summary == "3 runs: tagged kept; tagged new; starred; archived; colour 2; note changed"
    workspace.undo(entry.number)
    assert [workspace.marks(key) for key in (first, second, third)] == before
    assert [e.action for e in workspace.history()][:2] == ["undo", "mark"]
    assert workspace.verify_ledger() == 4


def test_marks_come_back_with_the_ledger(workspace: Workspace, made: Path, tmp_path: Path) -> None:
    first, second = named(workspace, *NAMES[:2])
    workspace.mark([first], MarkChange(starred=True, color=10))
    workspace.mark([second], MarkChange(hidden=True))
    workspace.close()
    shutil.copy(made / "index.duckdb", tmp_path / "another.duckdb")
    with Workspace.open(tmp_path / "another.duckdb", tmp_path / "ledger") as again:
        assert again.mark_board() == MarkBoard(frozenset({first}), frozenset({second}), frozenset(), ((first, 10),))
        assert found(again, "starred") == ["amber-heron"]
        assert found(again) == [n for n in NAMES if n != "brisk-otter"]


def test_what_cannot_be_done_is_said(workspace: Workspace) -> None:
    (first,) = named(workspace, "amber-heron")
    with pytest.raises(UsageError, match="marked so already"):
        workspace.mark([first], MarkChange(starred=False))
    with pytest.raises(UsageError, match="no colour 11"):
        workspace.mark([first], MarkChange(color=11))
    with pytest.raises(UsageError, match="both added and removed"):
        workspace.mark([first], MarkChange(("a",), ("a",)))
    with pytest.raises(NotFound, match="not in the index"):
        workspace.mark([RunKey("gone")], MarkChange(starred=True))
    assert workspace.history() == ()


def test_a_param_called_hidden_is_still_a_param(tmp_path: Path) -> None:
    for number in range(2):
        folder = tmp_path / "runs" / f"run-{number}"
        folder.mkdir(parents=True)
        (folder / "params.json").write_text(f'{{"hidden": {64 << number}, "lr": 0.1}}', encoding="utf-8")
        (folder / "metrics.jsonl").write_text('{"step": 0, "loss": 1.0}\n{"step": 1, "loss": 0.5}\n', encoding="utf-8")
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as workspace:
        workspace.index([tmp_path / "runs"])
        assert found(workspace, "hidden > 100") == ["run-1"]
        workspace.mark(named(workspace, "run-1"), MarkChange(hidden=True))
        assert found(workspace, "hidden > 100") == []
        assert found(workspace, "run.hidden = true") == found(workspace, "hidden") == ["run-1"]
        assert workspace.filter_name(FieldRef(FieldKind.BUILTIN, "hidden")) == "run.hidden"
        assert workspace.filter_name(FieldRef(FieldKind.BUILTIN, "starred")) == "starred"
