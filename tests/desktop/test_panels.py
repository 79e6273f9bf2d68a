"""Panels arranged by hand: sizes, keys, pages, windows of their own, sections, and figures of what is seen."""

from __future__ import annotations

import json
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QSlider,
    QTabBar,
    QToolButton,
    QWidget,
)

from runfolio.api import Workspace
from runfolio.desktop.export_dialog import FORMATS
from runfolio.desktop.views.charts import ChartsView
from runfolio.export.recipe_file import read_recipe
from runfolio.model.metrics import Floats
from support.charts import Charts
from support.driver import Driver
from support.explore import Explore


def write_run(root: Path, name: str, points: list[dict[str, object]]) -> None:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "params.json").write_text(json.dumps({"seed": len(name)}), encoding="utf-8")
    (folder / "metrics.jsonl").write_text("".join(json.dumps(point) + "\n" for point in points), encoding="utf-8")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("panels")
    for name, slope in (("slow", 1.0), ("fast", 3.0)):
        points: list[dict[str, object]] = [
            {"step": s, "a/loss": 50 - slope * s, "a/acc": slope * s / 60, "b/lr": 0.1 / (s + 1), "b/norm": s % 7}
            for s in range(20)
        ]
        write_run(root, name, points)
    return root


@pytest.fixture
def charts(driver: Driver, pair: Path, library: Callable[[Path], None]) -> Charts:
    library(pair)
    return Charts(driver.start().click_header("Run"), "slow", "fast")


def key(charts: Charts, metric: str, keys: str) -> None:
    """Press keys with the focus in a chart."""
    plot = charts.panel(metric).plot
    plot.setFocus()
    QTest.keySequence(plot, QKeySequence(keys))
    charts.driver.settle()


def drag(widget: QWidget, to: QPoint) -> None:
    """Drag from the middle of a widget to a place of the screen."""
    start = widget.rect().center()
    none = Qt.KeyboardModifier.NoModifier
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, none, start)
    QTest.mouseMove(widget, start + QPoint(30, 0))
    QTest.mouseMove(widget, widget.mapFromGlobal(to))
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, none, start)


def grip(charts: Charts, metric: str, name: str) -> QWidget:
    found = charts.panel(metric).findChild(QWidget, name)
    assert found is not None
    return found


def tabs(charts: Charts) -> list[str]:
    return charts.view.pages.names if charts.view.pages.isVisible() else []


def torn(charts: Charts) -> list[list[str]]:
    """The metrics in each window of its own."""
    return [[p.metric_name for p in w.grid.panels] for w in charts.view.torn.windows.values() if w.isVisible()]


# --- sizes, places and keys -------------------------------------------------------------------------------------------


def test_a_panel_is_made_larger_by_its_corner_and_smaller_by_an_edge(charts: Charts) -> None:
    first, last = charts.metrics[0], charts.metrics[-1]
    before = charts.panel(first).geometry()
    beside = charts.panel(charts.metrics[1]).geometry()
    below = charts.panel(last).geometry()
    target = charts.panel(first).parentWidget()
    assert target is not None
    drag(grip(charts, first, "grip-corner"), target.mapToGlobal(QPoint(beside.right(), below.bottom())))
    charts.driver.settle()
    assert charts.view.settings.panel(first).size == (2, 2)
    assert charts.panel(first).geometry().right() == beside.right()
    assert charts.panel(first).height() > 1.8 * charts.panel(last).height()
    edge = charts.panel(first).geometry()
    drag(grip(charts, first, "grip-right"), target.mapToGlobal(QPoint(before.right(), edge.center().y())))
    charts.driver.settle()
    assert charts.view.settings.panel(first).size == (1, 2)
    charts.driver.do("edit.undo").do("edit.undo")
    assert charts.panel(first).geometry() == before


def test_every_place_and_size_is_reached_by_keys(charts: Charts) -> None:
    order = charts.metrics
    assert len(order) == 4
    key(charts, order[0], "Ctrl+Right")
    assert charts.metrics == [order[1], order[0], *order[2:]]
    key(charts, order[0], "Ctrl+Left")
    assert charts.metrics == order
    key(charts, order[0], "Alt+Shift+Right")
    assert charts.view.settings.panel(order[0]).size == (2, 1)
    key(charts, order[0], "Alt+Shift+Left")
    key(charts, order[0], "Alt+Right")
    assert charts.panel(order[1]).plot.hasFocus()
    key(charts, order[1], "F")
    assert charts.metrics == [order[1]]
    key(charts, order[1], "F")
    key(charts, order[1], "Del")
    assert charts.metrics == [order[0], *order[2:]]


def test_a_copy_stands_behind_its_panel_and_is_set_by_itself(charts: Charts) -> None:
    key(charts, "a/loss", "Ctrl+D")
    place = charts.metrics.index("a/loss")
    assert charts.metrics[place : place + 2] == ["a/loss", "a/loss"]
    first, second = (p for p in charts.view.panels if p.metric_name == "a/loss")
    charts.menu("a/loss", "Logarithmic y axis")
    assert (first.head.title, second.head.title) == ("a/loss · log", "a/loss")
    charts.driver.do("edit.undo").do("edit.undo")
    assert charts.metrics.count("a/loss") == 1


def test_several_metrics_share_a_panel_each_with_its_dash(charts: Charts) -> None:
    charts.menu("a/loss", "Metrics in this panel", "b/norm")
    panel = charts.panel("a/loss")
    assert panel.head.title == "a/loss, b/norm"
    found = {(curve.name, curve.dash) for curve in panel.curves}
    assert found == {("slow · a/loss", 0), ("fast · a/loss", 0), ("slow · b/norm", 1), ("fast · b/norm", 1)}
    charts.menu("a/loss", "Metrics in this panel", "a/loss")
    assert charts.panel("b/norm").head.title == "b/norm"
    charts.driver.do("edit.undo").do("edit.undo")
    assert charts.panel("a/loss").head.title == "a/loss"


def test_a_title_of_ones_own_stands_over_a_panel(charts: Charts) -> None:
    key(charts, "a/loss", "F2")
    field = charts.driver.find(QLineEdit, "name-field")
    QTest.keyClicks(field, "Training loss")
    QTest.keyClick(field, Qt.Key.Key_Return)
    charts.driver.settle()
    assert charts.panel("a/loss").head.title == "Training loss"


# --- pages ------------------------------------------------------------------------------------------------------------


def test_pages_are_made_named_filled_turned_and_closed(charts: Charts) -> None:
    every = charts.metrics
    assert tabs(charts) == [], "one page needs no tabs"
    charts.driver.do("charts.new-page")
    assert (tabs(charts), charts.metrics) == (["Charts", "Page 2"], [])
    bar = charts.driver.find(QTabBar, "pages")
    QTest.mouseDClick(bar, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, bar.tabRect(1).center())
    editor = charts.driver.find(QLineEdit, "page-name")
    editor.selectAll()
    QTest.keyClicks(editor, "Rates & norms")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    charts.tick("b/lr")
    assert (tabs(charts), charts.metrics) == (["Charts", "Rates & norms"], ["b/lr"])
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, bar.tabRect(0).center())
    charts.driver.settle()
    assert charts.metrics == every
    charts.menu("b/norm", "Move to page", "Rates && norms")
    assert charts.metrics == [m for m in every if m != "b/norm"]
    charts.driver.do("charts.next-page")
    assert charts.metrics == ["b/lr", "b/norm"]
    charts.driver.do("charts.close-page")
    assert tabs(charts) == []
    charts.driver.do("edit.undo")
    assert (tabs(charts), charts.metrics) == (["Charts", "Rates & norms"], ["b/lr", "b/norm"])


def test_a_panel_is_dropped_on_the_tab_of_another_page(charts: Charts) -> None:
    charts.driver.do("charts.new-page").do("charts.previous-page")
    bar = charts.driver.find(QTabBar, "pages")
    drag(charts.panel("a/acc").head, bar.mapToGlobal(bar.tabRect(1).center()))
    charts.driver.settle()
    assert "a/acc" not in charts.metrics
    charts.driver.do("charts.next-page")
    assert charts.metrics == ["a/acc"]


# --- windows of their own ---------------------------------------------------------------------------------------------


def test_a_panel_is_torn_off_and_comes_back_to_its_place_when_its_window_is_closed(charts: Charts) -> None:
    every = charts.metrics
    charts.menu(every[1], "Tear off into a window")
    assert torn(charts) == [[every[1]]]
    assert charts.metrics == [every[0], *every[2:]]
    (window,) = charts.view.torn.windows.values()
    assert window.isWindow()
    assert window.grid.panels[0].curves, "it works there as well"
    window.close()
    charts.driver.settle()
    assert (torn(charts), charts.metrics) == ([], every)
    charts.driver.do("edit.undo")
    assert torn(charts) == [[every[1]]]
    charts.driver.do("edit.redo")
    assert (torn(charts), charts.metrics) == ([], every)


def test_a_whole_page_is_torn_off(charts: Charts) -> None:
    every = charts.metrics
    charts.driver.do("charts.tear-page")
    assert torn(charts) == [every]
    assert charts.view.no_panels.accessibleName() == "All panels of this page are in windows of their own"


def test_pages_sizes_and_windows_come_back_with_the_session(charts: Charts) -> None:
    every = charts.metrics
    key(charts, every[0], "Alt+Shift+Down")
    charts.menu(every[2], "Metrics in this panel", every[0])
    charts.menu(every[1], "Tear off into a window")
    (window,) = charts.view.torn.windows.values()
    window.setGeometry(40, 50, 600, 400)
    charts.driver.do("charts.new-page").do("charts.previous-page")
    charts.driver.restart()
    charts.driver.do("view.charts")
    charts.view = charts.driver.find(ChartsView, "charts")
    assert tabs(charts) == ["Charts", "Page 2"]
    assert charts.metrics == [every[0], f"{every[2]}, {every[0]}", every[3]]
    assert charts.view.settings.panel(every[0]).size == (1, 2)
    assert torn(charts) == [[every[1]]]
    (window,) = charts.view.torn.windows.values()
    assert window.place == (40, 50, 600, 400)


# --- many panels ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("many")
    points: list[dict[str, object]] = [
        {"step": s} | {f"layer{i // 30}/norm{i:03}": float(i + s) for i in range(300)} for s in range(20)
    ]
    write_run(root, "wide", points)
    return root


@pytest.fixture
def many(driver: Driver, wide: Path, library: Callable[[Path], None]) -> Charts:
    library(wide)
    return Charts(driver.start(), "wide")


def test_of_three_hundred_panels_only_those_in_sight_are_made_and_scrolling_stays_quick(many: Charts) -> None:
    many.driver.do("charts.all")
    assert len(many.metrics) == 300
    made = many.view.panels
    sight = many.view.grid.viewport().rect()
    inner = many.view.grid.widget()
    assert inner is not None
    assert 3 <= len(made) <= 15
    assert all(sight.intersects(panel.geometry().translated(inner.pos())) for panel in made)
    assert all(panel.curves for panel in made)
    bar = many.view.grid.verticalScrollBar()
    longest = 0.0
    for place in range(0, bar.maximum(), bar.maximum() // 12):
        start = time.thread_time()
        bar.setValue(place)
        QApplication.processEvents()
        longest = max(longest, time.thread_time() - start)
        many.driver.settle()
    assert longest < 0.25, f"one turn of the event loop took {longest * 1000:.0f} ms of the processor"
    bar.setValue(bar.maximum())
    many.driver.settle()
    assert many.panel("layer9/norm299").curves
    assert len(many.view.panels) <= 75, "those far away are given up"


def test_sections_are_folded_away_and_opened(many: Charts) -> None:
    many.driver.do("charts.all")
    heading = many.driver.find(QToolButton, "section-layer0")
    assert heading.text() == "layer0  ·  30 panels"
    QTest.mouseClick(heading, Qt.MouseButton.LeftButton)
    many.driver.settle()
    assert heading.accessibleName() == "layer0, 30 panels, folded"
    assert many.panel("layer1/norm030").isVisible()
    many.driver.do("edit.undo")
    assert many.panel("layer0/norm000").isVisible()
    many.choose("layout-menu", "Sections by name")
    assert not many.view.grid.findChildren(QToolButton, "section-layer0") or not heading.isVisible()


# --- figures of what is seen ------------------------------------------------------------------------------------------


def save(charts: Charts, target: Path) -> None:
    """Press the dialog's button and choose a file."""
    charts.driver.click("export-save")
    dialog = charts.driver.find(QFileDialog, "export-chart")
    dialog.fileSelected.emit(str(target))
    dialog.close()
    charts.driver.until(target.exists).settle()


def test_the_dialog_shows_the_figure_and_writes_what_was_set(charts: Charts, tmp_path: Path) -> None:
    charts.driver.do("charts.export")
    picture = charts.driver.find(QLabel, "export-picture")
    charts.driver.until(lambda: not picture.pixmap().isNull())
    listing = charts.driver.find(QListWidget, "export-panels")
    assert [listing.item(row).text() for row in range(listing.count())] == charts.metrics
    for row in range(2, listing.count()):
        listing.item(row).setCheckState(Qt.CheckState.Unchecked)
    formats = charts.driver.find(QComboBox, "export-format")
    formats.setCurrentText("SVG")
    charts.driver.find(QCheckBox, "export-markers").click()
    title = charts.driver.find(QLineEdit, "export-title")
    title.setFocus()
    QTest.keyClicks(title, "Two panels")
    save(charts, tmp_path / "two.svg")
    recipe = read_recipe(tmp_path / "two.svg")
    assert [panel.metric for panel in recipe.panels] == charts.metrics[:2]
    assert (recipe.title, [run.marker for run in recipe.runs]) == ("Two panels", [1, 2])
    again = tmp_path / "again.svg"

    def render(workspace: Workspace) -> Path:
        return workspace.render(recipe, again)

    charts.driver.window.context.jobs.action(render, lambda _: None)
    charts.driver.until(again.exists).settle()
    assert again.read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_the_lines_of_a_figure_go_through_what_the_window_draws(charts: Charts, tmp_path: Path) -> None:
    charts.choose("smoother-menu", "running mean")
    charts.driver.find(QSlider, "smoothing").setValue(20)
    charts.driver.settle()
    charts.menu("a/loss", "Draw", "Running sum")
    panel = charts.panel("a/loss")
    charts.menu("a/loss", "Export…")
    charts.driver.find(QComboBox, "export-format").setCurrentText("SVG")
    save(charts, tmp_path / "one.svg")
    drawn = [path for path in polylines(tmp_path / "one.svg") if len(path) == 20]
    assert len(drawn) == 4, "raw and smoothed for each of two runs"
    seen = [line for curve in panel.curves for line in (curve.y, curve.series.shown)]
    for own, path in zip(seen, drawn, strict=True):
        np.testing.assert_allclose(np.corrcoef(own, path[:, 1])[0, 1], -1, atol=1e-9)
    slope, offset = np.polyfit(np.concatenate(seen), np.concatenate([path[:, 1] for path in drawn]), 1)
    for own, path in zip(seen, drawn, strict=True):
        np.testing.assert_allclose(slope * own + offset, path[:, 1], atol=0.01)


def polylines(path: Path) -> list[Floats]:
    found: list[Floats] = []
    for element in ET.fromstring(path.read_bytes()).iter("{http://www.w3.org/2000/svg}path"):
        words = element.get("d", "").replace("M", " ").replace("L", " ").split()
        if element.get("clip-path") and not {"C", "Q", "z", "Z"} & set(words):
            found.append(np.array([float(word) for word in words]).reshape(-1, 2))
    return found


def test_a_chart_of_many_runs_is_written_as_a_figure_and_drawn_again(
    driver: Driver, indexed: Path, tmp_path: Path
) -> None:
    explore = Explore(driver.start(), "groups")
    menu = explore.view.panel.findChild(QMenu, "kind-save-menu")
    assert menu is not None
    next(action for action in menu.actions() if action.text() == "Export for print…").trigger()
    driver.settle()
    picture = driver.find(QLabel, "export-picture")
    driver.until(lambda: not picture.pixmap().isNull())
    formats = driver.find(QComboBox, "export-format")
    assert [formats.itemText(row) for row in range(formats.count())] == [*FORMATS]
    formats.setCurrentText("SVG")
    driver.click("export-save")
    dialog = driver.find(QFileDialog, "export-chart")
    target, again = tmp_path / "groups.svg", tmp_path / "again.svg"
    dialog.fileSelected.emit(str(target))
    dialog.close()
    driver.until(target.exists).settle()
    recipe = read_recipe(target)
    filled = explore.view.panel.filled.saved()
    assert {name: value for name, value in recipe.panels[0].options if isinstance(value, str)} == {
        name: value for name, value in filled.items() if isinstance(value, str)
    }
    assert len(recipe.runs) == len(driver.window.context.state.scope_keys)
    driver.window.context.jobs.action(lambda workspace: workspace.render(recipe, again), lambda _: None)
    driver.until(again.exists).settle()
    assert again.read_bytes() == target.read_bytes()
    assert b"<!-- n = 3 -->" in target.read_bytes()
