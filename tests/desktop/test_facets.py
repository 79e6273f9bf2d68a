"""Facets and filters from cells, as a user has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from runfolio.desktop.facets import FacetBox, FacetPanel
from runfolio.desktop.quick_filter import added, quick_filters
from runfolio.model.answers import CellKind
from runfolio.model.query import FieldKind, FieldRef
from support.driver import Driver
from support.sweep import NAMES

OPTIMIZER = FieldRef(FieldKind.PARAM, "optimizer")


@pytest.fixture
def runs(driver: Driver, indexed: Path) -> Driver:
    return driver.start().click_header("Run")


def panel(runs: Driver) -> FacetPanel:
    found = runs.window.facets.panel
    runs.until(lambda: bool(found.shown)).settle()
    return found


def box(runs: Driver, name: str) -> FacetBox:
    found = panel(runs)
    field = next(f for f in found.shown if f.name == name)
    runs.until(lambda: found.box(field).told.text() != "…").settle()
    return found.box(field)


def rows(of: FacetBox) -> list[str]:
    return [of.values.rows.index(row, 0).data() for row in range(of.values.rows.rowCount())]


def click_row(runs: Driver, of: FacetBox, text: str) -> None:
    index = of.values.rows.index(rows(of).index(text), 0)
    at = of.values.visualRect(index).center()
    QTest.mouseClick(of.values.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    runs.settle().until(lambda: not panel(runs)._pause.isActive()).settle()


def test_a_value_is_chosen_and_given_up_by_clicks_and_each_can_be_undone(runs: Driver) -> None:
    runs.click("facets-button")
    assert panel(runs).isVisible()
    click_row(runs, box(runs, "optimizer"), "adam")
    assert runs.window.filter_bar.field.text() == "optimizer = 'adam'"
    adam = runs.column("Run")
    assert 0 < len(adam) < len(NAMES)
    click_row(runs, box(runs, "optimizer"), "sgd")
    assert runs.window.filter_bar.field.text() == "optimizer in ('adam', 'sgd')"
    runs.do("edit.undo").sees_runs(*adam)
    click_row(runs, box(runs, "optimizer"), "adam")
    runs.sees_runs(*NAMES)


def test_the_counts_are_those_of_the_scope(runs: Driver) -> None:
    runs.do("window.facets").filter("optimizer = sgd")
    found = box(runs, "optimizer")
    runs.until(lambda: not panel(runs)._pause.isActive()).settle()
    shown = [found.values.rows.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(2)]
    assert sum(int(text.split(", ")[1].split()[0]) for text in shown) == len(NAMES)
    assert any(text.endswith("chosen") and text.startswith("sgd") for text in shown)


def test_the_keyboard_opens_searches_and_chooses(runs: Driver) -> None:
    runs.highlight("amber-heron").press("Ctrl+Shift+F")
    found = panel(runs)
    assert found.search.hasFocus()
    runs.type("optimiz")
    runs.until(lambda: found.shown == (OPTIMIZER,)).settle()
    values = box(runs, "optimizer").values
    values.setFocus()
    QTest.keyClick(values, Qt.Key.Key_Down)
    QTest.keyClick(values, Qt.Key.Key_Space)
    runs.settle()
    assert runs.window.filter_bar.field.text().startswith("optimizer = ")
    found.search.setText("nothing like it")
    runs.until(lambda: not found.shown).settle()
    assert found.empty.isVisible()
    runs.press("Ctrl+Shift+F")
    assert not found.isVisible()


def test_hidden_facets_give_their_room_and_the_focus_back(runs: Driver) -> None:
    runs.highlight("amber-heron")
    library, table = runs.window.library_dock, runs.find(QWidget, "runs-table")
    before = library.width(), table.width()
    runs.press("Ctrl+Shift+F")
    runs.until(lambda: table.width() < before[1]).settle()
    runs.press("Ctrl+Shift+F")
    runs.until(lambda: (library.width(), table.width()) == before).settle()
    assert table.hasFocus()


def test_a_range_is_brushed_with_the_mouse_and_with_keys(runs: Driver) -> None:
    runs.do("window.facets")
    histogram = box(runs, "val/acc").histogram
    assert histogram.isVisible()
    left, right = QPoint(histogram.width() // 2, 30), QPoint(histogram.width() - 15, 30)
    QTest.mousePress(histogram, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, left)
    QTest.mouseMove(histogram, right)
    QTest.mouseRelease(histogram, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, right)
    runs.settle()
    where = runs.window.filter_bar.field.text()
    assert where.startswith("best(val/acc) >= ")
    limit = float(where.rpartition(" ")[2])
    best = [float(text) for text in runs.column("val/acc · best")]
    assert best
    assert min(best) >= limit
    QTest.keyClick(histogram, Qt.Key.Key_Delete)
    runs.settle().sees_runs(*NAMES)
    QTest.keyClick(histogram, Qt.Key.Key_Right)
    QTest.keyClick(histogram, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(histogram, Qt.Key.Key_Return)
    runs.settle()
    assert runs.window.filter_bar.field.text().startswith("best(val/acc) <= ")


def test_facets_are_shown_again_after_a_restart(runs: Driver, tmp_path: Path) -> None:
    store = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    runs.do("window.facets")
    runs.window.save_layout(store)
    runs.close()
    runs.start_without_waiting()
    runs.window.restore_layout(store)
    runs.settle()
    assert runs.window.facets.dock.isVisible()
    assert runs.window.facets.button.isChecked()


def test_a_cell_filters_by_key_and_by_menu(runs: Driver) -> None:
    table = runs.table
    runs.highlight("amber-heron")
    section = runs.titles().index("optimizer")
    row = runs.column("Run").index("amber-heron")
    table.setCurrentIndex(table.model().index(row, section))
    value = runs.column("optimizer")[row]
    runs.press("=")
    assert runs.window.filter_bar.field.text() == f"optimizer = '{value}'"
    assert set(runs.column("optimizer")) == {value}
    runs.do("edit.undo").sees_runs(*NAMES)
    table.setCurrentIndex(table.model().index(row, section))
    table.menu_asked.emit(table.viewport().mapToGlobal(table.visualRect(table.currentIndex()).center()))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    titles = {action.text(): action for action in menu.actions()}
    titles[f"Not {value}"].trigger()
    menu.close()
    runs.settle()
    assert runs.window.filter_bar.field.text() == f"optimizer != '{value}'"
    assert value not in runs.column("optimizer")


BIG = [f"{relation} 9007199254740993" for relation in ("=", "!=", ">=", "<=")]


@pytest.mark.parametrize(
    ("kind", "value", "text", "behind"),
    [
        (CellKind.TEXT, "it's", None, ["= 'it''s'", "!= 'it''s'", "is null", "is not null"]),
        (CellKind.TEXT, None, None, ["is null", "is not null"]),
        (CellKind.NUMBER, 0.001, "1e-3", ["= 0.001", "!= 0.001", ">= 0.001", "<= 0.001", "is null", "is not null"]),
        (CellKind.NUMBER, 2.0**53, "9007199254740993", [*BIG, "is null", "is not null"]),
        (CellKind.NUMBER, float("nan"), None, ["= nan", "!= nan", "is null", "is not null"]),
        (CellKind.TAGS, ("a", "b"), None, ["in ('a', 'b')", "in ('a', 'b')", "is null", "is not null"]),
        (CellKind.TAGS, ("a",), None, ["= 'a'", "!= 'a'", "is null", "is not null"]),
    ],
)  # fmt: skip
def test_what_a_cell_offers(kind: CellKind, value: object, text: str | None, behind: list[str]) -> None:
    assert [offered.behind for offered in quick_filters(kind, value, text)] == behind


def test_a_time_is_offered_to_the_microsecond() -> None:
    only = quick_filters(CellKind.TIME, 1_767_268_800_000_001)[0]
    assert only.condition("started") == "started = '2026-01-01 12:00:00.000001'"


def test_a_condition_is_added_to_what_was_typed() -> None:
    assert added("", "a = 1") == "a = 1"
    assert added("x  y", "a = 1") == "x  y and a = 1"
    assert added("x or y", "a = 1") == "(x or y) and a = 1"
    assert quick_filters(CellKind.TAGS, ("a", "b"))[1].condition("tag") == "not (tag in ('a', 'b'))"
