"""The runs table as its user works with it: sort, filter, select, compare against, tag, copy, choose columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from runfolio.desktop.column_chooser import ColumnChooser
from runfolio.desktop.columns import TableColumn
from support.driver import Driver
from support.sweep import NAMES

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def runs(driver: Driver, indexed: Path) -> Driver:
    return driver.start().click_header("Run")


def test_the_first_columns_are_useful_without_a_click(runs: Driver) -> None:
    assert runs.titles()[:2] == ["Run", "Status"]
    assert {"val/acc · best", "val/acc curve", "lr", "seed"} <= set(runs.titles())
    assert runs.column("val/acc · best") == ["0.7000", "0.7200", "0.7400", "0.7600", "0.7800", "0.8000"]


def test_params_show_as_they_were_written(runs: Driver) -> None:
    assert runs.column("lr") == ["1.0", "0.1", "0.01", "0.001", "0.0001", "1e-05"]


def test_a_click_on_a_metric_puts_the_best_first_and_the_next_click_the_worst(runs: Driver) -> None:
    runs.click_header("val/acc · best").sees_runs(*reversed(NAMES))
    assert runs.header("val/acc · best") == "val/acc · best ↓"
    runs.click_header("val/acc · best").sees_runs(*NAMES)
    assert runs.header("val/acc · best") == "val/acc · best ↑"
    runs.click_header("loss · best")
    # A loss is better when it is lower; NaN, in the last run's last point, never wins.
    runs.sees_runs(*NAMES)
    assert runs.header("loss · best") == "loss · best ↑"


def test_shift_click_adds_a_second_key(runs: Driver) -> None:
    runs.window.runs_view().columns.put(_columns("name", "param:optimizer", "param:lr"))
    runs.click_header("optimizer").click_header("lr", shift=True)
    assert (runs.header("optimizer"), runs.header("lr")) == ("optimizer ↑1", "lr ↑2")
    runs.sees_runs("fleet-marten", "dusky-lynx", "brisk-otter", "eager-finch", "calm-ibis", "amber-heron")


def test_space_picks_the_highlighted_runs_and_drops_them_again(runs: Driver) -> None:
    runs.do("runs.clear")
    runs.highlight("brisk-otter", "calm-ibis").press("Space")
    assert runs.selected() == ["brisk-otter", "calm-ibis"]
    runs.press("Space")
    assert runs.selected() == []


def test_a_click_on_a_dot_picks_a_run_and_leaves_the_highlight_alone(runs: Driver) -> None:
    runs.do("runs.clear").highlight("amber-heron")
    runs.click_dot("dusky-lynx").click_dot("calm-ibis")
    assert runs.selected() == ["dusky-lynx", "calm-ibis"]
    assert [runs.window.context.state.name_of(key) for key in runs.table.highlighted()] == ["amber-heron"]
    runs.click_dot("dusky-lynx")
    assert runs.selected() == ["calm-ibis"]


def test_a_first_look_picks_the_five_best_runs(runs: Driver) -> None:
    assert runs.selected() == [*reversed(NAMES[1:])]


def test_b_sets_the_baseline_and_frees_it(runs: Driver) -> None:
    state = runs.window.context.state
    runs.highlight("calm-ibis").press("B")
    assert state.baseline is not None
    assert state.name_of(state.baseline) == "calm-ibis"
    runs.press("B")
    assert state.baseline is None


def test_t_tags_the_highlighted_runs_and_undo_takes_the_tag_off(runs: Driver) -> None:
    runs.highlight("amber-heron", "brisk-otter").press("T").type("seed-study").press("Return")
    assert runs.column("Tags")[:3] == ["seed-study", "seed-study", ""]
    assert runs.notice() == "“seed-study” on 2 runs."
    assert "seed-study 2" in runs.rows_of("saved-views")
    runs.press("Ctrl+Z")
    assert runs.column("Tags") == [""] * 6


def test_ctrl_c_copies_the_highlighted_rows_in_full_precision(runs: Driver) -> None:
    runs.window.runs_view().columns.put(_columns("name", "metric:val/acc:best", "param:lr"))
    runs.settle().highlight("amber-heron", "brisk-otter").press("Ctrl+C")
    assert QApplication.clipboard().text() == "Run\tval/acc · best\tlr\namber-heron\t0.7\t1.0\nbrisk-otter\t0.72\t0.1"
    runs.do("runs.copy-markdown")
    assert QApplication.clipboard().text().splitlines() == [
        "| Run | val/acc · best | lr |",
        "| --- | --- | --- |",
        "| amber-heron | 0.7 | 1.0 |",
        "| brisk-otter | 0.72 | 0.1 |",
    ]


def test_columns_are_chosen_in_the_popup_and_the_choice_can_be_undone(runs: Driver) -> None:
    before = runs.titles()
    runs.click("columns-button")
    runs.type("depth")
    chooser = runs.find(ColumnChooser, "column-chooser")
    box = chooser.list.visualRect(chooser.rows.index(chooser.rows.row_of("depth")))
    QTest.mouseClick(chooser.list.viewport(), LEFT, pos=box.center() - QPoint(box.width() // 2 - 12, 0))
    runs.settle()
    assert runs.titles() == [*before, "depth"]
    assert runs.column("depth") == ["18"] * 6
    runs.press("Escape").do("edit.undo")
    assert runs.titles() == before


def test_constant_columns_are_hidden_in_one_click(runs: Driver) -> None:
    runs.window.runs_view().columns.put(_columns("name", "param:depth", "param:lr", "experiment"))
    runs.settle().do("columns.constant")
    assert runs.titles() == ["Run", "lr"]
    assert runs.notice() == "2 constant columns hidden: Experiment, depth"
    runs.click("notice-action")
    assert runs.titles() == ["Run", "depth", "lr", "Experiment"]


def test_the_highlight_follows_its_run_when_the_order_changes(runs: Driver) -> None:
    runs.highlight("brisk-otter").click_header("val/acc · best")
    assert runs.table.currentIndex().row() == 4
    assert [runs.window.context.state.name_of(key) for key in runs.table.highlighted()] == ["brisk-otter"]


def _columns(*names: str) -> tuple[TableColumn, ...]:
    return tuple(TableColumn.from_id(name if ":" in name else f"builtin:{name}") for name in names)
