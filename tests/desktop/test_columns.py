"""Columns as their user works with them: figures, formats, colours, direction, pins, widths, presets, derived ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QMenu, QSpinBox, QWidget

from runfolio.desktop.column_figures import fill_figure_menu
from runfolio.desktop.column_format import Colouring, ColumnFormat, Notation
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.field_rows import FieldRows, searchable
from runfolio.desktop.table_look import TableLook, columns_of
from runfolio.model.answers import FieldInfo
from runfolio.model.query import FieldKind, FieldRef
from support.driver import Driver

LEFT = Qt.MouseButton.LeftButton
COLUMNS = ("builtin:name", "metric:val/acc:last", "metric:loss:best", "param:lr", "param:depth", "param:optimizer")


@pytest.fixture
def runs(driver: Driver, indexed: Path) -> Driver:
    started = driver.start()
    started.window.runs_view().columns.put(columns_of(COLUMNS))
    return started.settle()


def _choose(runs: Driver, title: str, *path: str) -> Driver:
    """Choose an entry in the menu of a column's header."""
    head = runs.table.horizontalHeader()
    at = QPoint(head.sectionViewportPosition(runs.titles().index(title)) + 12, 8)
    head.customContextMenuRequested.emit(at)
    menu = runs.find(QMenu, "column-menu")
    for words in path:
        action = next(action for action in menu.actions() if action.text() == words)
        menu.setActiveAction(action)
        QTest.keyClick(menu, Qt.Key.Key_Return)
        if words != path[-1]:
            below = action.menu()
            assert isinstance(below, QMenu)
            menu = below
    # The screenless platform leaves no window active after a menu; a real desktop does.
    runs.window.activateWindow()
    runs.table.setFocus()
    return runs.settle()


def _ask_for(runs: Driver, title: str, figure: str, typed: str) -> Driver:
    """Choose a figure that wants a number, and type that."""
    menu = QMenu(runs.window)
    column = runs.table.runs.columns[runs.titles().index(title)]
    fill_figure_menu(menu, runs.window.runs_view().columns, column)
    next(action for action in menu.actions() if action.text() == figure).trigger()
    return runs.settle().type(typed).press("Return")


def _shown(runs: Driver) -> list[str]:
    return [column.title for column in runs.table.shown_columns()]


def test_the_figure_of_a_metric_is_chosen_in_its_header(runs: Driver) -> None:
    _choose(runs, "val/acc", "Figure", "First")
    # val/acc starts at 0.51 + 0.02 i and rises by 0.01 for 19 steps.
    assert runs.column("val/acc · first") == ["0.5100", "0.5300", "0.5500", "0.5700", "0.5900", "0.6100"]
    runs.press("Ctrl+Z")
    assert runs.column("val/acc")[0] == "0.7000"


def test_figures_that_want_a_number_ask_for_it(runs: Driver) -> None:
    _ask_for(runs, "val/acc", "Mean of the last…", "3")
    # 0.70, 0.69, 0.68
    assert runs.column("val/acc · mean of last 3")[0] == "0.6900"
    _ask_for(runs, "val/acc · mean of last 3", "At a step…", "10")
    assert runs.column("val/acc · at step 10")[0] == "0.6100"
    _ask_for(runs, "val/acc · at step 10", "Steps to reach…", "0.65")
    assert runs.column("val/acc · step to reach 0.65")[:2] == ["14", "12"]
    _ask_for(runs, "val/acc · step to reach 0.65", "Mean of the last…", "half")
    assert "half" in runs.notice()


def test_a_direction_is_set_by_hand_used_by_best_and_undone(runs: Driver) -> None:
    runs.window.runs_view().columns.put(columns_of(("builtin:name", "metric:val/acc:best")))
    runs.settle()
    assert runs.column("val/acc · best")[0] == "0.7000"
    _choose(runs, "val/acc · best", "Better is", "Lower")
    assert runs.column("val/acc · best")[0] == "0.5100"
    runs.click_header("val/acc · best")
    assert runs.header("val/acc · best") == "val/acc · best ↑"
    runs.restart().settle()
    assert runs.column("val/acc · best")[0] == "0.5100"
    _choose(runs, "val/acc · best", "Better is", "As guessed from the name (higher)")
    assert sorted(runs.column("val/acc · best"))[0] == "0.7000"


def test_numbers_are_written_as_the_user_says(runs: Driver) -> None:
    runs.table.setFocus()
    runs.table.setCurrentIndex(runs.table.model().index(0, runs.titles().index("val/acc")))
    runs.press("Alt+N")
    runs.find(QComboBox, "format-notation").setCurrentText("Percent")
    runs.find(QSpinBox, "format-digits").setValue(1)
    runs.settle().press("Escape")
    assert runs.column("val/acc")[:2] == ["70.0\u2009%", "72.0\u2009%"]
    runs.press("Ctrl+Z").press("Ctrl+Z")
    assert runs.column("val/acc")[0] == "0.7000"


def test_a_coloured_column_keeps_its_numbers_and_differs_in_its_ground(runs: Driver) -> None:
    _choose(runs, "val/acc", "Colour", "Heat by value")
    model = runs.table.runs
    column = model.columns[runs.titles().index("val/acc")]
    worst, best = (model.colours.ground(column, Colouring.HEAT, value) for value in (0.70, 0.80))
    assert worst is not None
    assert best is not None
    assert best.alphaF() > worst.alphaF()
    assert runs.column("val/acc")[0] == "0.7000"
    runs.highlight("calm-ibis").press("B")
    model.colours.outdate()
    _choose(runs, "val/acc", "Colour", "Difference to the baseline")
    above, below = (model.colours.ground(column, Colouring.BASELINE, value) for value in (0.80, 0.70))
    assert above is not None
    assert below is not None
    theme = runs.window.context.theme
    assert (above.rgb(), below.rgb()) == (theme.color("good").rgb(), theme.color("bad").rgb())
    assert model.colours.ground(column, Colouring.BASELINE, 0.74) is None


def test_only_params_that_vary_are_shown_in_one_click(runs: Driver) -> None:
    runs.click("columns-button").click("column-varying")
    assert _shown(runs) == ["Run", "val/acc", "loss · best", "lr", "optimizer", "seed"]
    assert runs.notice() == "3 params vary among the 6 runs in view."
    runs.press("Ctrl+Z")
    assert _shown(runs)[3:] == ["lr", "depth", "optimizer"]


def test_the_metrics_preset_and_presets_of_the_users_own(runs: Driver) -> None:
    runs.do("columns.save-preset").type("mine").press("Return")
    runs.do("columns.metrics")
    assert _shown(runs) == ["Run", "Status", "loss · best", "loss curve", "val/acc · best"]
    runs.click("columns-button").click("column-presets")
    menu = runs.find(QMenu, "preset-menu")
    next(action for action in menu.actions() if action.text() == "mine").trigger()
    menu.close()
    runs.settle()
    assert _shown(runs) == [TableColumn.from_id(id).title for id in COLUMNS]
    runs.restart().settle()
    assert [*runs.window.runs_view().columns.presets] == ["mine"]


def test_pinned_columns_stay_when_the_table_is_scrolled(runs: Driver) -> None:
    _choose(runs, "lr", "Pin at the left")
    assert _shown(runs)[:2] == ["Run", "lr"]
    for column in range(6):
        runs.table.setColumnWidth(column, 180)
    runs.window.resize(900, 600)
    runs.settle()
    runs.table.horizontalScrollBar().setValue(300)
    pins = runs.table.pins
    assert pins.isVisible()
    assert [not pins.isColumnHidden(place) for place in range(6)].count(True) == 2
    # A click on a dot there is one on the table's.
    runs.do("runs.clear")
    QTest.mouseClick(pins.viewport(), LEFT, pos=QPoint(14, 40))
    runs.settle()
    assert runs.selected() == ["brisk-otter"]
    runs.table.horizontalScrollBar().setValue(0)
    assert not pins.isVisible()
    runs.press("Ctrl+Z")


def test_a_width_set_by_hand_is_kept_and_undone(runs: Driver) -> None:
    place = runs.titles().index("lr")
    before = runs.table.columnWidth(place)
    runs.table.setFocus()
    runs.table.setCurrentIndex(runs.table.model().index(0, place))
    runs.press("Alt+Shift+Right")
    assert runs.table.columnWidth(place) == before + 24
    runs.until(lambda: runs.window.context.state.undo.last is not None)
    runs.restart().settle()
    assert runs.table.columnWidth(runs.titles().index("lr")) == before + 24


def test_the_current_column_moves_and_is_pinned_with_keys(runs: Driver) -> None:
    runs.table.setFocus()
    runs.table.setCurrentIndex(runs.table.model().index(0, runs.titles().index("depth")))
    runs.press("Alt+Left")
    assert _shown(runs)[3:5] == ["depth", "lr"]
    runs.press("Alt+P")
    assert _shown(runs)[:2] == ["Run", "depth"]


def test_a_double_click_on_a_border_fits_the_column_to_the_rows_in_view(runs: Driver) -> None:
    place = runs.titles().index("optimizer")
    runs.table.setColumnWidth(place, 260)
    runs.table.horizontalHeader().sectionHandleDoubleClicked.emit(place)
    assert runs.table.columnWidth(place) < 130


def test_a_derived_column_is_made_by_an_expression(runs: Driver) -> None:
    runs.do("columns.derive").type("1 - val/acc").press("Return")
    assert runs.column("1 - val/acc")[:2] == ["0.3000", "0.2800"]
    runs.click_header("1 - val/acc")
    assert runs.column("1 - val/acc")[0] in ("0.2000", "0.3000")


def test_a_wrong_expression_says_where_and_what_is_meant(runs: Driver) -> None:
    runs.do("columns.derive").type("2 * val/akk").press("Return")
    assert "val/akk" in runs.text("derived-error")
    assert "val/acc" in runs.text("derived-error")
    runs.press("Escape")


def test_the_menu_of_a_column_opens_with_a_key(runs: Driver) -> None:
    runs.table.setFocus()
    runs.table.setCurrentIndex(runs.table.model().index(0, 1))
    runs.press("Alt+Down")
    assert runs.find(QMenu, "column-menu").isVisible()
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, QWidget)
    popup.close()


def test_ten_thousand_fields_are_searched_by_all_words() -> None:
    fields = [FieldInfo(FieldRef(FieldKind.PARAM, f"layer.{n}.weight_decay"), 3) for n in range(10_000)]
    rows = FieldRows()
    rows.fill(searchable([*fields, FieldInfo(FieldRef(FieldKind.METRIC, "decay/rate"), 1)]))
    assert (rows.found, rows.rowCount()) == (10_001, 10_003)
    rows.search("DECAY 77.")
    # 77, 177, ... 9977: one in a hundred.
    assert rows.found == 100
    rows.search("decay")
    assert rows.info(1) == FieldInfo(FieldRef(FieldKind.METRIC, "decay/rate"), 1)
    rows.search("nothing like it")
    assert (rows.found, rows.rowCount(), rows.first_field()) == (0, 0, -1)


def test_a_look_is_the_same_after_a_session() -> None:
    look = TableLook(
        columns_of(COLUMNS),
        ("builtin:name", "param:lr"),
        {"param:lr": ColumnFormat(Notation.SI, 3, "B", Colouring.HEAT)},
        {"param:lr": 120},
    )
    assert TableLook.from_json(look.to_json()) == look
    assert TableLook.from_json({"formats": {"x": 3}, "widths": {"y": 1e9}, "pinned": "all"}) == TableLook()
    assert replace(look, columns=()) != look


@pytest.mark.parametrize(
    ("chosen", "value", "written"),
    [
        (ColumnFormat(Notation.FIXED, 2), 1234.567, "1\u2009234.57"),
        (ColumnFormat(Notation.FIXED, 0, "s"), -3.0, "−3\u2009s"),
        (ColumnFormat(Notation.PERCENT, 1), 0.9433, "94.3\u2009%"),
        (ColumnFormat(Notation.SCIENTIFIC, 2), 0.000123456, "1.23e−4"),
        (ColumnFormat(Notation.SI, 3, "B"), 25_600_000.0, "25.6\u2009MB"),
        (ColumnFormat(Notation.SI, 3), 999_950.0, "1\u2009M"),
        (ColumnFormat(Notation.SI, 3, "s"), 0.00042, "420\u2009µs"),
        (ColumnFormat(Notation.SI, 3), 0.0, "0"),
        (ColumnFormat(unit="ms"), 3.0, "auto\u2009ms"),
        (ColumnFormat(Notation.PERCENT), float("nan"), "auto"),
    ],
)
def test_notations(chosen: ColumnFormat, value: float, written: str) -> None:
    assert chosen.write(value, "auto") == written
