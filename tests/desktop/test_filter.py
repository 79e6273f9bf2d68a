"""The filter bar: typed, completed, complained about, cleared, undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView

from runfolio.desktop.widgets import EmptyState
from support.driver import Driver
from support.sweep import NAMES


@pytest.fixture
def runs(driver: Driver, indexed: Path) -> Driver:
    return driver.start().click_header("Run")


def test_a_filter_leaves_the_runs_that_fit(runs: Driver) -> None:
    runs.filter("best(val/acc) > 0.75 and optimizer = 'adam'").sees_runs("dusky-lynx", "fleet-marten")
    runs.filter("").sees_runs(*NAMES)


def test_free_text_finds_names(runs: Driver) -> None:
    runs.filter("heron").sees_runs("amber-heron")


def test_an_unknown_name_is_pointed_at_and_the_runs_stay(runs: Driver) -> None:
    runs.filter("best(val/acc) > 0.75").sees_runs("dusky-lynx", "eager-finch", "fleet-marten")
    runs.filter("learning = 3")
    assert runs.text("filter-error").startswith("No run has a field 'learning'")
    assert runs.window.filter_bar.field.property("invalid") is True
    runs.sees_runs("dusky-lynx", "eager-finch", "fleet-marten")
    runs.filter("lr < 0.01")
    assert runs.text("filter-error") == ""
    runs.sees_runs("dusky-lynx", "eager-finch", "fleet-marten")


def test_a_filter_that_nothing_fits_says_so_and_offers_to_clear_it(runs: Driver) -> None:
    runs.filter("lr > 100")
    empty = runs.window.runs_view().answer.empty
    assert isinstance(empty, EmptyState)
    assert empty.isVisible()
    assert empty.accessibleName() == "No run matches the filter"
    assert empty.accessibleDescription() == "Change the filter above, or clear it to see every run again."
    runs.filter("lr = fast")
    assert empty.accessibleDescription().startswith("No run has lr = 'fast': lr is a number in 6 runs. Change")
    runs.press("Tab").do("filter.clear").sees_runs(*NAMES)
    assert runs.table.isVisible()


def test_slash_goes_to_the_filter_and_escape_clears_it_and_goes_back(runs: Driver) -> None:
    runs.highlight("amber-heron").press("/")
    field = runs.window.filter_bar.field
    assert field.hasFocus()
    runs.type("heron").settle()
    runs.until(lambda: not runs.window.filter_bar.waiting).settle().sees_runs("amber-heron")
    runs.press("Escape").until(lambda: not runs.window.filter_bar.waiting).settle().sees_runs(*NAMES)
    runs.press("Escape")
    assert not field.hasFocus()


def test_a_slash_typed_in_the_filter_is_a_slash(runs: Driver) -> None:
    runs.press("/").type("val/acc > 0.7")
    assert runs.window.filter_bar.field.text() == "val/acc > 0.7"


def test_names_are_completed_and_tab_takes_the_first(runs: Driver) -> None:
    field = runs.window.filter_bar.field
    runs.press("/").type("opt")
    assert [s.label for s in field.suggestions] == ["optimizer"]
    QTest.keyClick(field, Qt.Key.Key_Tab)
    assert field.text() == "optimizer "
    runs.type("= ").settle()
    runs.until(lambda: len(field.suggestions) == 2)
    assert {s.label for s in field.suggestions} == {"adam", "sgd"}
    QTest.keyClick(runs.find(QListView, "filter-suggestions"), Qt.Key.Key_Down)
    QTest.keyClick(runs.find(QListView, "filter-suggestions"), Qt.Key.Key_Return)
    assert field.text() in ("optimizer = 'adam' ", "optimizer = 'sgd' ")


def test_a_typed_filter_is_one_step_of_undo(runs: Driver) -> None:
    runs.press("/")
    for letter in "heron":
        runs.type(letter).until(lambda: not runs.window.filter_bar.waiting).settle()
    runs.sees_runs("amber-heron")
    runs.do("edit.undo").sees_runs(*NAMES)
    assert runs.window.filter_bar.field.text() == ""
    runs.do("edit.redo").sees_runs("amber-heron")
    assert runs.window.filter_bar.field.text() == "heron"
