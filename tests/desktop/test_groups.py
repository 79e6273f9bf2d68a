"""Groups in the runs table as their user works with them: by fields, as replicates, opened, sorted, picked, undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit, QListView, QPushButton

from runfolio.desktop.group_popup import GroupPopup
from runfolio.desktop.run_list import RunList
from runfolio.desktop.table_look import columns_of
from support.driver import Driver

LEFT = Qt.MouseButton.LeftButton
COLUMNS = ("builtin:name", "param:optimizer", "param:depth", "param:lr", "metric:val/acc:last", "builtin:status")


@pytest.fixture
def runs(driver: Driver, indexed: Path) -> Driver:
    started = driver.start()
    started.window.runs_view().columns.put(columns_of(COLUMNS))
    return started.settle()


def _group_by(runs: Driver, name: str) -> Driver:
    """Choose a field in the popup of the button, with the mouse."""
    runs.click("group-button").type(name)
    popup = runs.find(GroupPopup, "group-popup")
    fields = runs.find(QListView, "group-fields")
    at = fields.visualRect(popup.rows.index(popup.rows.row_of(name))).center()
    QTest.mouseClick(fields.viewport(), LEFT, pos=at)
    return runs.settle().press("Escape")


def _press(runs: Driver, row: int, x: int) -> Driver:
    table = runs.table
    rect = table.visualRect(table.model().index(row, 0))
    QTest.mouseClick(table.viewport(), LEFT, pos=QPoint(rect.left() + x, rect.center().y()))
    return runs.settle()


def test_groups_show_mean_and_interval_and_what_their_runs_have_in_common(runs: Driver) -> None:
    _group_by(runs, "optimizer")
    assert runs.find(QPushButton, "group-button").text() == "Group: optimizer"
    assert runs.column("Run") == ["adam", "sgd"]
    assert runs.column("optimizer") == ["adam", "sgd"]
    assert runs.column("depth") == ["18", "18"]
    assert runs.column("lr") == ["3 values", "3 values"]
    # 0.72, 0.76, 0.80 for adam: mean 0.76, std 0.04, t(0.975, 2) = 4.3027, half 4.3027 * 0.04 / sqrt(3) = 0.0994.
    assert runs.column("val/acc") == ["0.7600 ± 0.0994", "0.7400 ± 0.0994"]


def test_the_tooltip_of_a_group_has_all_figures(runs: Driver) -> None:
    _group_by(runs, "optimizer")
    index = runs.table.model().index(0, runs.titles().index("val/acc"))
    told = str(index.data(Qt.ItemDataRole.ToolTipRole)).splitlines()
    assert told[0] == "n = 3"
    assert told[-2:] == ["best 0.8", "worst 0.72"]
    assert told[3].startswith("95 % CI 0.6606")
    lr = runs.table.model().index(0, runs.titles().index("lr"))
    assert lr.data(Qt.ItemDataRole.ToolTipRole) == "3 different values, from 1e-05 to 0.1"
    columns = runs.window.runs_view().columns
    columns.put(columns_of((*COLUMNS, "param:seed")))
    runs.settle()
    seed = runs.table.model().index(0, runs.titles().index("seed"))
    assert seed.data(Qt.ItemDataRole.ToolTipRole) == "3 different values, from 1 to 5"


def test_a_group_is_opened_with_the_mouse_and_with_the_keys(runs: Driver) -> None:
    _group_by(runs, "optimizer")
    _press(runs, 0, 16)
    assert runs.column("Run") == ["adam", "brisk-otter", "dusky-lynx", "fleet-marten", "sgd"]
    _press(runs, 0, 16)
    assert runs.column("Run") == ["adam", "sgd"]
    runs.table.setFocus()
    runs.table.selectRow(1)
    runs.press("Right")
    assert runs.column("Run") == ["adam", "sgd", "amber-heron", "calm-ibis", "eager-finch"]
    runs.press("Right")
    assert runs.table.currentIndex().row() == 2
    runs.press("Left")
    assert runs.table.currentIndex().row() == 1
    runs.press("Left")
    assert runs.column("Run") == ["adam", "sgd"]
    runs.press("Return")
    assert len(runs.column("Run")) == 5


def test_space_picks_all_runs_of_a_group(runs: Driver) -> None:
    _group_by(runs, "optimizer")
    runs.do("runs.clear")
    runs.table.setFocus()
    runs.table.selectRow(0)
    runs.press("Space")
    assert runs.selected() == ["brisk-otter", "dusky-lynx", "fleet-marten"]
    _press(runs, 0, 34)
    assert runs.selected() == []


def test_levels_lie_inside_each_other_and_are_undone_one_by_one(runs: Driver) -> None:
    _group_by(runs, "optimizer")
    _group_by(runs, "lr")
    runs.do("groups.open")
    assert runs.column("Run") == [
        *("adam", "1e-05", "fleet-marten", "0.001", "dusky-lynx", "0.1", "brisk-otter"),
        *("sgd", "0.0001", "eager-finch", "0.01", "calm-ibis", "1.0", "amber-heron"),
    ]
    runs.do("groups.close")
    assert runs.column("Run") == ["adam", "sgd"]
    runs.press("Ctrl+Z")
    assert runs.find(QPushButton, "group-button").text() == "Group: optimizer"
    runs.press("Ctrl+Z").sees_runs(
        "amber-heron", "brisk-otter", "calm-ibis", "dusky-lynx", "eager-finch", "fleet-marten"
    )
    runs.press("Ctrl+Shift+Z")
    assert runs.column("Run") == ["adam", "sgd"]


def test_groups_sort_by_what_they_show(runs: Driver) -> None:
    _group_by(runs, "optimizer")
    runs.click_header("val/acc")
    assert runs.column("val/acc") == ["0.7600 ± 0.0994", "0.7400 ± 0.0994"]
    runs.click_header("val/acc")
    assert runs.column("Run") == ["sgd", "adam"]
    runs.do("groups.open")
    assert runs.column("Run")[1:4] == ["amber-heron", "calm-ibis", "eager-finch"]


def test_replicates_are_found_by_one_command_and_their_rule_can_be_edited(runs: Driver) -> None:
    runs.press("Ctrl+Shift+R")
    assert len(runs.column("Run")) == 6
    # One run has no interval.
    assert set(runs.column("val/acc")) == {"0.7000", "0.7200", "0.7400", "0.7600", "0.7800", "0.8000"}
    runs.press("Ctrl+G")
    assert runs.find(QCheckBox, "group-replicates").isChecked()
    assert runs.text("group-rule") == "Same experiment, data and params (fractions to 12 digits), but for seed."
    line = runs.find(QLineEdit, "group-ignored")
    line.setFocus()
    line.selectAll()
    runs.type("seed, lr").press("Return")
    assert runs.text("group-rule") == "Same experiment, data and params (fractions to 12 digits), but for lr, seed."
    runs.press("Escape")
    assert sorted(runs.column("val/acc")) == ["0.7400 ± 0.0994", "0.7600 ± 0.0994"]


def test_another_figure_is_shown_when_it_is_chosen(runs: Driver) -> None:
    _group_by(runs, "optimizer")
    runs.click("group-button")
    figure = runs.find(QComboBox, "group-figure")
    for words, shown in (("best", "0.8000"), ("worst", "0.7200"), ("std", "0.0400"), ("mean ± std", "0.7600 ± 0.0400")):
        figure.setCurrentText(words)
        runs.settle()
        assert runs.column("val/acc")[0] == shown
    runs.press("Escape")


def test_what_has_no_finite_value_is_counted_not_hidden(runs: Driver) -> None:
    # The last run's loss ends at NaN.
    runs.window.runs_view().columns.put(columns_of(("builtin:name", "metric:loss:last")))
    _group_by(runs, "optimizer")
    assert runs.column("loss")[0].endswith("(2)")
    index = runs.table.model().index(0, runs.titles().index("loss"))
    assert str(index.data(Qt.ItemDataRole.ToolTipRole)).startswith("n = 2 of 3 runs; the others have no finite value")


def test_a_filter_keeps_the_grouping_and_the_open_groups(runs: Driver) -> None:
    _group_by(runs, "optimizer")
    _press(runs, 0, 16)
    runs.filter("lr < 0.05")
    assert runs.column("Run") == ["adam", "dusky-lynx", "fleet-marten", "sgd"]


def test_a_session_brings_open_groups_the_current_run_and_the_place_back(runs: Driver) -> None:
    _group_by(runs, "optimizer")
    runs.table.setFocus()
    runs.table.selectRow(1)
    runs.press("Right").press("Down")
    opened = runs.column("Run")
    assert opened == ["adam", "sgd", "amber-heron", "calm-ibis", "eager-finch"]
    runs.window.runs_view().splitter.setSizes([130, 700])
    runs.table.verticalScrollBar().setValue(2)
    runs.settle()
    assert runs.table.rowAt(0) == 2
    runs.restart()
    assert runs.table.rowAt(0) == 2, "the row at the top is the same"
    state = runs.window.context.state
    assert runs.column("Run") == opened
    assert (runs.table.currentIndex().row(), state.current and state.name_of(state.current)) == (2, "amber-heron")


def test_a_session_and_a_saved_view_keep_the_grouping(runs: Driver) -> None:
    _group_by(runs, "optimizer")
    runs.press("Ctrl+S").type("by optimizer").press("Return")
    runs.do("groups.none")
    assert len(runs.column("Run")) == 6
    runs.choose_in("saved-views", "by optimizer")
    assert runs.column("Run") == ["adam", "sgd"]
    runs.restart().settle()
    assert runs.column("Run") == ["adam", "sgd"]
    assert runs.find(QPushButton, "group-button").text() == "Group: optimizer"


def test_the_current_column_is_grouped_by_with_a_key(runs: Driver) -> None:
    runs.table.setFocus()
    runs.table.setCurrentIndex(runs.table.model().index(0, runs.titles().index("optimizer")))
    runs.press("G")
    assert runs.column("Run") == ["adam", "sgd"]
    runs.press("G")
    assert len(runs.column("Run")) == 6


def test_showing_a_run_opens_the_group_it_is_in(runs: Driver) -> None:
    _group_by(runs, "optimizer")
    state = runs.window.context.state
    key = state.scope_keys[0]
    runs.find(RunList, "runs-table").go_to(key)
    runs.settle()
    row = runs.table.currentIndex().row()
    assert runs.column("Run")[row] == state.name_of(key)


def test_runs_without_a_value_are_a_group_that_says_so(runs: Driver) -> None:
    _group_by(runs, "tag")
    assert runs.column("Run") == ["no Tags"]


def test_a_group_shows_the_mean_of_its_curves(runs: Driver) -> None:
    runs.window.runs_view().columns.put(columns_of((*COLUMNS, "metric:val/acc:last~curve")))
    _group_by(runs, "optimizer")
    table, column = runs.table, runs.titles().index("val/acc curve")
    told = table.model().index(0, column).data(Qt.ItemDataRole.ToolTipRole)
    assert "Mean of the curves of 3 runs, with its 95 % t interval" in str(told)
    table.scrollTo(table.model().index(0, column))
    runs.settle()
    rect = table.visualRect(table.model().index(0, column))
    painted = table.viewport().grab(rect).toImage()
    # The mean of adam's runs climbs in a straight line from the lower left to the upper right, in its band.
    ground = painted.pixelColor(rect.width() // 2, 3)
    ends = [
        [y for y in range(6, rect.height() - 6) if painted.pixelColor(x, y) != ground] for x in (24, rect.width() - 24)
    ]
    assert all(ends)
    assert sum(ends[0]) / len(ends[0]) > sum(ends[1]) / len(ends[1])


def test_the_groups_are_copied_as_they_are_shown(runs: Driver) -> None:
    _group_by(runs, "optimizer")
    runs.do("export.copy-groups-markdown")
    assert runs.notice() == "2 groups copied as Markdown."
    # The interval of the figures above: half 0.0994, written with two digits.
    assert QApplication.clipboard().text().splitlines() == [
        "| optimizer | runs | depth | lr | val/acc (mean ± 95 % CI) | Status |",
        "| --- | --- | --- | --- | --- | --- |",
        "| adam | 3 | 18 | 3 values | 0.760 ± 0.099 | unknown |",
        "| sgd | 3 | 18 | 3 values | 0.740 ± 0.099 | unknown |",
    ]
