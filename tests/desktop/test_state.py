"""Scope, selection and baseline: one state that all views share, and its undo."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from runfolio.desktop.run_style import RunStyle
from runfolio.desktop.state import WindowState, merged
from runfolio.desktop.theme import UNPICKED
from runfolio.desktop.undo import Stretch, UndoStack
from runfolio.desktop.view_steps import ViewSteps
from runfolio.model.answers import Change, Touched
from runfolio.model.key_order import KeyOrder
from runfolio.model.query import FieldKind, FieldRef, RunQuery, SortKey
from runfolio.model.run import RunKey

A, B, C = RunKey("run-a"), RunKey("run-b"), RunKey("run-c")


@pytest.fixture
def state(qapp: object) -> WindowState:
    return WindowState()


def test_a_run_keeps_its_colour_while_others_come_and_go(state: WindowState) -> None:
    state.select([A, B, C])
    assert [state.style_of(key).color_index for key in (A, B, C)] == [0, 1, 2]
    state.toggle(B)
    assert state.style_of(C) == RunStyle(2)
    assert state.style_of(B) == RunStyle(UNPICKED)
    new = RunKey("run-d")
    state.toggle(new)
    assert state.style_of(new) == RunStyle(1)
    assert state.selection == (A, C, new)


def test_past_ten_runs_the_dash_and_the_marker_differ(state: WindowState) -> None:
    keys = [RunKey(f"run-{number}") for number in range(25)]
    state.select(keys)
    assert state.style_of(keys[9]) == RunStyle(9, 0, 0)
    assert state.style_of(keys[10]) == RunStyle(0, 1, 1)
    assert state.style_of(keys[24]) == RunStyle(4, 2, 2)
    assert len({state.style_of(key) for key in keys}) == 25


def test_each_change_is_heard_once_and_no_change_is_not_heard(state: WindowState) -> None:
    heard: list[str] = []
    state.query_changed.connect(lambda: heard.append("query"))
    state.selection_changed.connect(lambda: heard.append("selection"))
    state.baseline_changed.connect(lambda: heard.append("baseline"))
    state.current_changed.connect(lambda: heard.append("current"))
    state.cursor_changed.connect(lambda: heard.append("cursor"))
    for _ in range(2):
        state.set_where("lr < 1")
        state.select([A])
        state.set_baseline(A)
        state.set_current(A)
        state.set_cursor(3.0)
    assert heard == ["query", "selection", "baseline", "current", "cursor"]


def test_undo_takes_back_one_view_change_after_the_other_and_redo_brings_them_again(state: WindowState) -> None:
    by_lr = SortKey(FieldRef(FieldKind.PARAM, "lr"), descending=True)
    state.set_where("failed")
    state.set_sort((by_lr,))
    state.select([A, B])
    state.toggle(A)
    state.set_baseline(B)
    assert state.undo.undo() == "Baseline"
    assert state.baseline is None
    assert state.undo.undo() == "Selection"
    assert state.selection == (A, B)
    assert state.style_of(B).color_index == 1
    assert [state.undo.undo() for _ in range(4)] == ["Selection", "Sort", "Filter", None]
    assert state.scope == RunQuery()
    assert [state.undo.redo() for _ in range(3)] == ["Filter", "Sort", "Selection"]
    assert state.scope == RunQuery("failed", (by_lr,))
    state.toggle(C)
    assert state.undo.redo() is None


def test_the_scope_keeps_its_runs_until_the_new_answer_is_there(state: WindowState) -> None:
    heard: list[int] = []
    state.scope_changed.connect(lambda: heard.append(len(state.scope_keys)))
    state.set_scope_keys(KeyOrder.of((A, B)))
    state.set_where("lr < 1")
    assert state.scope_keys == (A, B)
    state.set_scope_keys(KeyOrder.of((A,)))
    assert heard == [2, 1]


def test_names_are_learned_and_until_then_a_run_goes_by_its_key(state: WindowState) -> None:
    key = RunKey("mlflow:0123456789abcdef")
    assert state.name_of(key) == "01234567"
    heard: list[bool] = []
    state.names_changed.connect(lambda: heard.append(True))
    state.learn_names({key: "amber-heron"})
    state.learn_names({key: "amber-heron"})
    assert state.name_of(key) == "amber-heron"
    assert heard == [True]


def test_commits_in_quick_succession_are_announced_together(state: WindowState, qtbot: QtBot) -> None:
    heard: list[Change] = []
    state.library_changed.connect(heard.append)
    first = Change(Touched.RUNS, frozenset({A}))
    state.announce(first)
    assert heard == [first]
    state.announce(Change(Touched.RUNS, frozenset({B})))
    state.announce(Change(Touched.MARKS, frozenset({C})))
    assert heard == [first]
    qtbot.waitUntil(lambda: len(heard) == 2)
    assert heard[1] == Change(Touched.RUNS | Touched.MARKS, frozenset({B, C}))


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Change(Touched.RUNS, frozenset({A})), Change(Touched.RUNS), Change(Touched.RUNS)),
        (
            Change(Touched.PROBLEMS),
            Change(Touched.MARKS, frozenset({A})),
            Change(Touched.PROBLEMS | Touched.MARKS, frozenset({A})),
        ),
        (Change(Touched.SOURCES), Change(Touched.PROBLEMS), Change(Touched.SOURCES | Touched.PROBLEMS)),
    ],
)
def test_merged_changes_name_runs_only_where_both_do(one: Change, other: Change, both: Change) -> None:
    assert merged(one, other) == both
    assert merged(other, one) == both


def test_small_changes_are_one_step_until_there_is_a_rest() -> None:
    stack, eager, patient = UndoStack(), Stretch(rest_s=0.0), Stretch(rest_s=600.0)
    stack.push("Filter", lambda: None)
    for stretch in (eager, patient):
        assert not stretch.goes_on(stack.last)
        stretch.keep(stack.last)
    assert (eager.goes_on(stack.last), patient.goes_on(stack.last)) == (False, True)
    stack.push("Sort", lambda: None)
    assert not patient.goes_on(stack.last), "something else was done meanwhile"


def test_walks_are_one_step_of_undo_and_take_no_redo_away() -> None:
    undo, shown, ready = UndoStack(), {"workspace": "runs", "inspector": "hidden"}, [False]
    parent = QObject()
    steps = ViewSteps(undo, lambda: ready[0], parent)

    def go(what: str, to: str) -> None:
        before, shown[what] = shown[what], to
        steps.changed(what, f"Show {to}", before, to, lambda value: shown.update({what: value}))

    go("workspace", "files")
    assert undo.last is None, "a session that is brought back is no step"
    ready[0] = True
    undo.push("Filter", lambda: None, lambda: None)
    undo.undo()
    # Three workspaces in a row are one step; a dock is another; to where it began is none.
    for to in ("charts", "compare", "data"):
        go("workspace", to)
    go("inspector", "shown")
    assert undo.undo() == "Show shown"
    go("inspector", "shown")
    go("inspector", "hidden")
    assert undo.undo() == "Show data"
    assert shown == {"workspace": "files", "inspector": "hidden"}
    assert undo.redo() == "Show data"
    assert shown["workspace"] == "data"
    assert undo.redo() == "Show shown"
    assert undo.redo() == "Filter", "looking elsewhere takes no redo away"
    go("workspace", "audit")
    with steps.quietly():
        go("workspace", "runs")
    assert undo.undo() == "Show audit"
    assert shown["workspace"] == "data"
