"""The Charts workspace, used as a person uses it: panels, their order, the list, the controls, the read-out."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QSlider

from runfolio.analysis.axis import XKind
from runfolio.desktop.readout import ReadOut
from runfolio.desktop.views.charts import ChartsView
from support.charts import Charts
from support.driver import Driver


def write_run(folder: Path, points: Sequence[dict[str, object]]) -> None:
    """A run as a script without a tracker writes it."""
    folder.mkdir(parents=True)
    (folder / "params.json").write_text(json.dumps({"seed": len(points)}), encoding="utf-8")
    if points:
        lines = "\n".join(json.dumps(point) for point in points)
        (folder / "metrics.jsonl").write_text(lines + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def odd_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs that log at different steps and different metrics."""
    root = tmp_path_factory.mktemp("odd")
    write_run(root / "each-step", [{"step": s, "train/loss": 100.0 - s, "val/acc": s / 100} for s in range(100)])
    write_run(root / "every-ten", [{"step": s, "train/loss": 200.0 - s, "lr": 0.1} for s in range(0, 100, 10)])
    write_run(root / "negative", [{"step": s, "reward": float(s - 5)} for s in range(10)])
    write_run(root / "nothing", [])
    write_run(root / "wide", [{"step": s} | {f"layer{i:02}/norm": float(i + s) for i in range(40)} for s in range(5)])
    return root


@pytest.fixture
def odd(odd_runs: Path, library: Callable[[Path], None]) -> Path:
    """The user's library holds the odd runs."""
    library(odd_runs)
    return odd_runs


@pytest.fixture
def charts(driver: Driver, odd: Path) -> Charts:
    """`each-step` and `every-ten` are selected."""
    return Charts(driver.start().click_header("Run"), "each-step", "every-ten")


# --- panels by themselves -------------------------------------------------------------------------------------------


def test_panels_come_by_themselves_most_shared_first_and_grouped_by_name(charts: Charts) -> None:
    assert charts.metrics == ["train/loss", "val/acc", "lr"]
    assert charts.runs_in("train/loss") == ["each-step", "every-ten"]
    assert charts.runs_in("lr") == ["every-ten"]


def test_they_follow_the_selection_until_one_says_otherwise(charts: Charts) -> None:
    state = charts.driver.window.context.state
    both = state.selection
    wide = next(k for k in state.scope_keys if state.name_of(k) == "wide")
    state.select([wide])
    charts.driver.settle()
    assert charts.metrics == [f"layer{i:02}/norm" for i in range(6)]
    state.select(both)
    charts.driver.settle()
    charts.press("lr", "panel-close")
    assert charts.metrics == ["train/loss", "val/acc"]
    state.select([wide])
    charts.driver.settle()
    assert charts.metrics == []
    assert charts.view.no_panels.isVisible()
    state.select(both)
    charts.driver.settle()
    assert charts.metrics == ["train/loss", "val/acc"], "what was chosen is still chosen"


def test_without_a_selection_the_five_best_of_the_scope_are_a_click_away(driver: Driver, indexed: Path) -> None:
    charts = Charts(driver.start())
    empty = charts.view.empty
    assert empty.isVisible()
    assert empty.accessibleName() == "No run is selected"
    button = next(b for b in empty.findChildren(QPushButton) if b.isVisible())
    assert button.text() == "Chart the 5 best runs in scope"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    driver.settle()
    assert driver.selected() == ["fleet-marten", "eager-finch", "dusky-lynx", "calm-ibis", "brisk-otter"]
    assert charts.metrics == ["val/acc", "loss"]


def test_runs_without_metrics_are_said_to_have_none(driver: Driver, odd: Path) -> None:
    charts = Charts(driver.start(), "nothing")
    assert charts.view.empty.isVisible()
    assert charts.view.empty.accessibleName() == "The selected runs have no metrics"


# --- panels by hand -------------------------------------------------------------------------------------------------


def test_a_panel_is_removed_and_brought_back_by_undo_and_by_its_box(charts: Charts) -> None:
    charts.press("val/acc", "panel-close")
    assert charts.metrics == ["train/loss", "lr"]
    charts.driver.do("edit.undo")
    assert charts.metrics == ["train/loss", "val/acc", "lr"]
    charts.driver.do("edit.redo")
    assert charts.listed() == ["*train/loss", "val/acc", "*lr"]
    charts.tick("val/acc")
    assert charts.metrics == ["train/loss", "lr", "val/acc"]
    assert charts.runs_in("val/acc") == ["each-step"]


def test_the_plus_menu_offers_what_has_no_panel_yet(charts: Charts) -> None:
    charts.press("lr", "panel-close").choose("add-panel", "lr")
    assert charts.metrics == ["train/loss", "val/acc", "lr"]
    menu = charts.driver.find(QMenu, "add-panel")
    menu.aboutToShow.emit()
    first = menu.actions()[0]
    assert (first.text(), first.isEnabled()) == ("Every metric has a panel", False)


def test_a_glob_narrows_the_list_and_enter_shows_all_that_match(driver: Driver, odd: Path) -> None:
    charts = Charts(driver.start(), "wide")
    assert len(charts.metrics) == 6
    charts.type_glob("layer1?/*")
    assert charts.listed() == [f"layer{i}/norm" for i in range(10, 20)]
    assert len(charts.metrics) == 6, "looking is not choosing"
    charts.type_glob("layer1?/*", enter=True)
    assert charts.metrics == [f"layer{i:02}/norm" for i in [*range(6), *range(10, 20)]]
    charts.type_glob("no-such-*")
    assert charts.listed() == []


def test_only_panels_in_sight_fetch_anything_until_one_scrolls_to_them(driver: Driver, odd: Path) -> None:
    charts = Charts(driver.start(), "wide").type_glob("*", enter=True)
    assert len(charts.metrics) == 40
    drawn = [panel.metric_name for panel in charts.view.panels if panel.curves]
    assert 6 <= len(drawn) <= 15
    assert drawn == charts.metrics[: len(drawn)]
    assert len(charts.view.panels) == len(drawn), "the others are not even made"
    bar = charts.view.grid.verticalScrollBar()
    bar.setValue(bar.maximum())
    driver.settle()
    assert charts.runs_in("layer39/norm") == ["wide"]


def test_a_panel_is_dragged_to_another_place_by_its_title(charts: Charts) -> None:
    head = charts.panel("lr").head
    target = charts.panel("train/loss")
    start = head.rect().center()
    QTest.mousePress(head, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(head, start + QPoint(30, 0))
    QTest.mouseMove(head, head.mapFromGlobal(target.mapToGlobal(target.rect().center())))
    QTest.mouseRelease(head, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    charts.driver.settle()
    assert charts.metrics == ["lr", "train/loss", "val/acc"]
    charts.driver.do("edit.undo")
    assert charts.metrics == ["train/loss", "val/acc", "lr"]


def test_a_panel_is_moved_by_its_menu(charts: Charts) -> None:
    charts.panel("lr").moved.emit(-1)
    charts.driver.settle()
    assert charts.metrics == ["train/loss", "lr", "val/acc"]
    charts.panel("train/loss").moved.emit(-1)
    charts.driver.settle()
    assert charts.metrics == ["train/loss", "lr", "val/acc"], "the first has nowhere to go"


def test_one_panel_takes_the_whole_room_and_gives_it_back(charts: Charts) -> None:
    before = charts.panel("val/acc").width()
    charts.press("val/acc", "panel-maximise")
    assert charts.metrics == ["val/acc"]
    assert charts.panel("val/acc").width() > 2 * before
    charts.press("val/acc", "panel-maximise")
    assert charts.metrics == ["train/loss", "val/acc", "lr"]
    assert charts.panel("val/acc").width() == before


@pytest.mark.parametrize(("columns", "title"), [(1, "1 column"), (2, "2 columns"), (3, "3 columns")])
def test_the_layout_has_as_many_columns_as_one_wishes(charts: Charts, columns: int, title: str) -> None:
    charts.choose("layout-menu", title)
    lefts = {panel.x() for panel in charts.view.panels}
    assert len(lefts) == columns


# --- controls -------------------------------------------------------------------------------------------------------


def test_the_x_axis_of_all_panels_is_changed_at_once(charts: Charts) -> None:
    charts.choose("x-menu", "relative time")
    assert {panel.x_kind for panel in charts.view.panels} == {XKind.RELATIVE}
    assert charts.driver.find(QPushButton, "x-axis").text() == "x: relative time"
    assert charts.says("lr", "message") == "The points have no times: choose the step as x axis"
    charts.choose("x-menu", "step")
    assert charts.says("lr", "message") == ""


def test_smoothing_by_the_keyboard_smooths_every_panel_and_is_one_step_of_undo(charts: Charts) -> None:
    slider = charts.driver.find(QSlider, "smoothing")
    slider.setFocus()
    for _ in range(3):
        QTest.keyClick(slider, Qt.Key.Key_PageUp)
    charts.driver.settle()
    assert charts.driver.find(QPushButton, "smoother").text() == "average 0.3"
    assert all(curve.smooth is not None for panel in charts.view.panels for curve in panel.curves)
    charts.driver.do("edit.undo")
    assert slider.value() == 0
    assert all(curve.smooth is None for panel in charts.view.panels for curve in panel.curves)


def test_the_log_button_scales_all_panels_and_says_what_has_no_place(driver: Driver, odd: Path) -> None:
    charts = Charts(driver.start(), "negative")
    driver.click("log-y")
    panel = charts.panel("reward")
    assert panel.head.title == "reward · log"
    # -5 to 0 have no logarithm.
    assert charts.says("reward", "note") == "6 values ≤ 0 not on a log axis"
    assert driver.find(QPushButton, "log-y").isChecked()
    driver.click("log-y")
    assert panel.head.title == "reward"


def test_one_panel_alone_is_logarithmic_by_its_menu(charts: Charts) -> None:
    charts.menu("train/loss", "Logarithmic y axis")
    assert [panel.head.title for panel in charts.view.panels] == ["train/loss · log", "val/acc", "lr"]
    assert not charts.driver.find(QPushButton, "log-y").isChecked()


def test_the_badge_counts_the_points_of_the_panels_on_show(charts: Charts) -> None:
    assert charts.view.badge.text() == f"every point shown · {100 + 10 + 100 + 10}"
    charts.press("lr", "panel-close")
    assert charts.view.badge.text() == "every point shown · 210"


def test_the_controls_fit_into_a_narrow_window(charts: Charts) -> None:
    charts.view.bar.resize(420, charts.view.bar.height())
    ends = [c.geometry().right() for c in charts.view.bar.findChildren(QPushButton) if c.isVisible()]
    assert max(ends) <= 420
    assert charts.driver.find(QPushButton, "export-figure").accessibleName() == "Export figure…"


# --- read-out -------------------------------------------------------------------------------------------------------


def test_the_read_out_says_the_last_value_at_or_before_the_cursor_and_its_step(charts: Charts) -> None:
    charts.point("train/loss", 47.2, 150.0)
    read_out = charts.driver.find(ReadOut, "read-out")
    assert charts.driver.text("read-out-title") == "READ-OUT · train/loss · step 47"
    assert read_out.lines == [("every-ten", "160"), ("each-step", "53")]
    assert read_out.places == ["@ 40", ""], "the one that logs every ten steps says which it was"


def test_a_run_without_a_value_there_is_listed_without_one(charts: Charts) -> None:
    charts.point("val/acc", 50.0, 0.2)
    read_out = charts.driver.find(ReadOut, "read-out")
    assert read_out.lines == [("each-step", "0.5"), ("every-ten", "–")]


def test_the_read_out_follows_the_panel_under_the_pointer_and_the_keys(charts: Charts) -> None:
    charts.point("val/acc", 20.0, 0.9)
    assert charts.driver.text("read-out-title") == "READ-OUT · val/acc · step 20"
    charts.point("train/loss", 30.0, 190.0)
    assert charts.driver.text("read-out-title") == "READ-OUT · train/loss · step 30"
    plot = charts.panel("val/acc").plot
    plot.setFocus()
    QTest.keyClick(plot, Qt.Key.Key_End)
    assert charts.driver.text("read-out-title") == "READ-OUT · val/acc · step 99"
    assert charts.driver.find(ReadOut, "read-out").lines[0] == ("each-step", "0.99")


def test_without_a_cursor_the_last_values_are_read_out(charts: Charts) -> None:
    charts.driver.window.context.state.set_cursor(None)
    assert charts.driver.text("read-out-title") == "READ-OUT · train/loss · last"
    assert charts.driver.find(ReadOut, "read-out").lines == [("every-ten", "110"), ("each-step", "1")]


# --- the index and the session --------------------------------------------------------------------------------------


def test_points_that_were_logged_meanwhile_are_drawn(driver: Driver, odd_runs: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd"
    shutil.copytree(odd_runs, odd)
    charts = Charts(driver.start(odd).click_header("Run"), "each-step", "every-ten")
    with (odd / "every-ten" / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"step": 100, "train/loss": 3.0, "lr": 0.1}) + "\n")
    charts.driver.do("library.look")
    charts.driver.until(lambda: charts.panel("train/loss").point_count == 111)


def test_panels_and_their_settings_come_back_with_the_session(charts: Charts) -> None:
    charts.press("lr", "panel-close").choose("layout-menu", "1 column")
    charts.driver.find(QSlider, "smoothing").setValue(40)
    charts.driver.settle()
    charts.menu("train/loss", "Logarithmic y axis")
    charts.driver.restart()
    charts.driver.do("view.charts")
    charts.view = charts.driver.find(ChartsView, "charts")
    assert charts.metrics == ["train/loss", "val/acc"]
    assert charts.panel("train/loss").head.title == "train/loss · log"
    assert len({panel.x() for panel in charts.view.panels}) == 1
    assert charts.driver.find(QSlider, "smoothing").value() == 40
    assert charts.panel("train/loss").curves[0].smooth is not None


def test_a_panel_is_exported_with_every_point(charts: Charts, tmp_path: Path) -> None:
    charts.panel("train/loss").export_asked.emit("csv")
    dialog = charts.driver.find(QFileDialog, "export-chart")
    target = tmp_path / "loss.csv"
    dialog.selectFile(str(target))
    dialog.fileSelected.emit(str(target))
    dialog.close()
    charts.driver.until(target.exists).settle()
    with target.open(newline="", encoding="utf-8") as file:
        rows = [*csv.DictReader(file)]
    assert len(rows) == 110
    assert {row["metric"] for row in rows} == {"train/loss"}
    assert charts.driver.notice() == f"Exported {target}"
