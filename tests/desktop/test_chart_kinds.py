"""What a chart can be set to, used as a person uses it: axes, smoothing, derived series, groups, notes, the legend."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QListView, QMenu, QPushButton, QSlider, QWidget

from runfolio.analysis.axis import XKind
from runfolio.analysis.panel_series import prepare_run
from runfolio.analysis.prepared import PreparedSeries
from runfolio.analysis.scales import YKind
from runfolio.desktop import plot_fetch
from runfolio.desktop.legend import Legend
from runfolio.desktop.plot_reading import Reading
from runfolio.desktop.readout import ReadOut
from runfolio.desktop.widgets import ElidedLabel
from runfolio.model.run import RunKey
from support.charts import Charts
from support.driver import Driver

# Three seeds of one configuration, and one run of another; losses by step.
LOSS = {
    "adam-1": [4.0, 2.0, 1.0],
    "adam-2": [6.0, 4.0, 1.0],
    "adam-3": [8.0, 3.0, 4.0],
    "sgd-1": [16.0, 16.0, 8.0],
}
# The t quantile for 95 % with two degrees of freedom, from a table.
T_TWO = 4.302652729911275


def write(root: Path, name: str, params: Mapping[str, object], points: list[dict[str, object]]) -> None:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "params.json").write_text(json.dumps(params), encoding="utf-8")
    (folder / "metrics.jsonl").write_text("".join(json.dumps(p) + "\n" for p in points), encoding="utf-8")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("kinds")
    for name, losses in LOSS.items():
        optimizer, seed = name.split("-")
        points: list[dict[str, object]] = [
            {"step": 10 * i, "loss": loss, "samples": 2.0 * (i + 1), "epoch": i // 2} for i, loss in enumerate(losses)
        ]
        write(root, name, {"optimizer": optimizer, "seed": int(seed)}, points)
    return root


@pytest.fixture
def charts(driver: Driver, seeds: Path, library: Callable[[Path], None]) -> Charts:
    library(seeds)
    return Charts(driver.start().click_header("Run"), *LOSS)


def y_of(charts: Charts, metric: str, run: str) -> list[float]:
    return [float(v) for v in next(curve for curve in charts.panel(metric).curves if curve.name == run).y]


def choose(charts: Charts, menu: str, *titles: str) -> None:
    """An entry of a menu over the charts, or of one that it opens."""
    found = charts.driver.find(QMenu, menu)
    found.aboutToShow.emit()
    for title in titles:
        action = next(action for action in found.actions() if action.text() == title)
        below = action.menu()
        found = below if isinstance(below, QMenu) else found
    action.trigger()
    charts.driver.settle()


# --- axes -------------------------------------------------------------------------------------------------------------


def test_epochs_and_other_metrics_are_x_axes_joined_by_step(charts: Charts) -> None:
    choose(charts, "x-menu", "epoch")
    assert charts.panel("loss").x_kind is XKind.EPOCH
    assert charts.panel("loss").curves[0].x.tolist() == [0.0, 0.0, 1.0]
    choose(charts, "x-menu", "Another metric", "samples")
    assert charts.driver.find(QPushButton, "x-axis").text() == "x: samples"
    assert charts.panel("loss").curves[0].x.tolist() == [2.0, 4.0, 6.0]
    charts.point("loss", 4.0, 2.0)
    assert charts.driver.text("read-out-title") == "READ-OUT · loss · samples 4"
    choose(charts, "x-menu", "relative time")
    assert charts.says("loss", "note") == "12 points have no time"
    assert charts.view.badge.text().startswith("0 of "), "what has no place is not said to be shown"
    charts.driver.do("edit.undo").do("edit.undo").do("edit.undo")
    assert charts.panel("loss").x_kind is XKind.STEP
    assert charts.view.badge.text().startswith("every point shown")


def test_a_symmetric_log_axis_says_where_it_is_linear(charts: Charts) -> None:
    charts.menu("loss", "Symmetric log y axis")
    assert charts.panel("loss").head.title == "loss · symlog"
    # Nearly all sizes lie above 1, the power of ten below the 5 % quantile of 1, 1, 2...
    assert charts.says("loss", "note") == "linear up to ±1, logarithmic beyond"
    assert charts.panel("loss").drawing.y is YKind.SYMLOG


def test_fixed_ends_of_the_axes_hold_and_say_what_lies_outside(charts: Charts) -> None:
    charts.menu("loss", "Ends of the axes…")
    form = charts.driver.find(QWidget, "range-form")
    for name, text in (("x-from", "0"), ("x-to", "15"), ("y-from", "5"), ("y-to", "1")):
        QTest.keyClicks(charts.driver.find(QLineEdit, f"range-{name}"), text)
    last = charts.driver.find(QLineEdit, "range-y-to")
    QTest.keyClick(last, Qt.Key.Key_Return)
    wrong = form.findChild(QWidget, "range-wrong")
    assert wrong is not None
    assert wrong.isVisible(), "from lies above to"
    last.clear()
    QTest.keyClicks(last, "10")
    QTest.keyClick(last, Qt.Key.Key_Return)
    charts.driver.settle()
    view = charts.panel("loss").plot.getViewBox().viewRange()
    assert view[0] == pytest.approx([0, 15])
    assert view[1] == pytest.approx([5, 10])
    # 4, 2, 1, 4, 1, 3, 4 lie below and both 16 above; 6, 8 and the last 8 are inside.
    assert charts.says("loss", "note") == "9 of 12 points outside the view"
    charts.driver.restart()
    charts.driver.do("view.charts")
    again = Charts(charts.driver, *LOSS)
    assert again.panel("loss").plot.getViewBox().viewRange()[1] == pytest.approx([5, 10])
    again.menu("loss", "Free the ends of the axes")
    assert again.says("loss", "note") == ""


def test_outliers_are_left_out_of_view_and_never_of_the_curve(driver: Driver, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(1.0, 0.1, 1000)
    values[[200, 700]] = 1e6
    points: list[dict[str, object]] = [{"step": i, "loss": float(v)} for i, v in enumerate(values)]
    write(tmp_path / "wild", "one", {"lr": 1}, points)
    charts = Charts(driver.start(tmp_path / "wild").click_header("Run"), "one")
    charts.menu("loss", "Leave outliers out of view")
    assert charts.says("loss", "note") == "2 of 1\u2009000 points outside the view"
    low, high = charts.panel("loss").plot.getViewBox().viewRange()[1]
    assert low < 0.8
    assert 1.2 < high < 2.5
    assert charts.panel("loss").point_count == 1000
    assert max(y_of(charts, "loss", "one")) == 1e6


# --- smoothing and derived series -------------------------------------------------------------------------------------


def test_kinds_of_smoothing_are_chosen_and_undone(charts: Charts) -> None:
    choose(charts, "smoother-menu", "running median")
    assert charts.driver.find(QSlider, "smoothing").value() == 50
    assert charts.driver.find(QPushButton, "smoother").text() == "median 101 points"
    smooth = next(c for c in charts.panel("loss").curves if c.name == "adam-3").smooth
    assert smooth is not None
    # A window of 101 points over three sees all of them: 8, 3 and 4.
    assert smooth.tolist() == [4.0, 4.0, 4.0]
    charts.driver.do("edit.undo")
    assert charts.panel("loss").curves[0].smooth is None


def test_derived_series_come_by_the_menu_and_name_themselves(charts: Charts) -> None:
    charts.menu("loss", "Draw", "Ratio to another metric", "samples")
    assert charts.panel("loss").head.title == "loss / samples"
    assert y_of(charts, "loss", "adam-1") == [2.0, 0.5, pytest.approx(1 / 6)]
    charts.menu("loss", "Draw", "Change per step")
    assert y_of(charts, "loss", "adam-1")[1:] == pytest.approx([-0.2, -0.1])
    assert not len(charts.panel("loss").curves[0].series.nan_x), "that the first has no change is no NaN logged"
    charts.menu("loss", "Draw", "Running sum")
    assert y_of(charts, "loss", "adam-2") == [6.0, 10.0, 11.0]
    charts.menu("loss", "Draw", "Difference to the baseline run")
    assert charts.says("loss", "message") == "No run is the baseline: press B on a run in the table"
    state = charts.driver.window.context.state
    state.set_baseline(next(key for key in state.selection if state.name_of(key) == "adam-1"))
    charts.driver.settle()
    assert charts.panel("loss").head.title == "loss − adam-1"
    assert y_of(charts, "loss", "sgd-1") == [12.0, 14.0, 7.0]
    charts.driver.do("edit.undo")
    charts.menu("loss", "Draw", "The metric itself")
    assert y_of(charts, "loss", "adam-1") == [4.0, 2.0, 1.0]


# --- groups -----------------------------------------------------------------------------------------------------------


def test_replicates_are_one_curve_with_a_band_that_says_how_many_there_are(charts: Charts) -> None:
    choose(charts, "group-menu", "Replicates: all equal but the seed")
    curves = {len(curve.members): curve for curve in charts.panel("loss").curves}
    assert sorted(curves) == [1, 3]
    assert curves[3].y.tolist() == [6.0, 3.0, 2.0]
    band = curves[3].band
    assert band is not None
    # 4, 6 and 8 have a standard deviation of 2.
    assert band.low.y[0] == pytest.approx(6 - T_TWO * 2 / math.sqrt(3))
    assert band.high.y[0] == pytest.approx(6 + T_TWO * 2 / math.sqrt(3))
    assert curves[1].band is None, "one run spreads around nothing"
    assert charts.says("loss", "note") == "mean, t interval 95%"
    charts.point("loss", 10.0, 3.0)
    lines = charts.driver.find(ReadOut, "read-out").lines
    assert [value for _, value in lines] == ["16", "3"]
    assert lines[1][0].endswith("· n = 3")
    assert [text for _, text, _ in charts.panel("loss").counts.texts()] == ["n=3"]
    legend = charts.view.side.legend
    assert [line.rpartition(" · ")[2] for line in legend.lines] == ["3 runs", "sgd-1"], "the legend has what is drawn"
    legend.toggle(str(curves[3].members[1]))
    charts.driver.settle()
    assert [curve.name for curve in charts.panel("loss").curves] == ["sgd-1"]
    assert legend.lines[0].startswith("(")


def test_groups_by_a_param_take_the_centre_and_the_band_one_chooses(charts: Charts) -> None:
    choose(charts, "group-menu", "By a param", "optimizer")
    choose(charts, "group-menu", "Centre", "median")
    choose(charts, "group-menu", "Band", "minimum to maximum")
    curves = {curve.name: curve for curve in charts.panel("loss").curves}
    assert curves["adam"].y.tolist() == [6.0, 3.0, 1.0]
    band = curves["adam"].band
    assert band is not None
    assert (band.low.y.tolist(), band.high.y.tolist()) == ([4.0, 2.0, 1.0], [8.0, 4.0, 4.0])
    assert charts.says("loss", "note") == "median, minimum to maximum"
    charts.driver.restart()
    charts.driver.do("view.charts")
    again = Charts(charts.driver, *LOSS)
    assert {curve.name for curve in again.panel("loss").curves} == {"adam", "sgd-1"}


# --- notes ------------------------------------------------------------------------------------------------------------


def test_a_note_is_written_at_the_cursor_edited_removed_and_undone(charts: Charts) -> None:
    panel = charts.panel("loss")
    charts.point("loss", 10.0, 3.0)
    panel.plot.setFocus()
    QTest.keyClick(panel.plot, Qt.Key.Key_N)
    editor = charts.driver.find(QLineEdit, "note-editor")
    QTest.keyClicks(editor, "lr halved")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    charts.driver.settle()
    assert [(note.x, note.text) for note in panel.notes.notes] == [(10.0, "lr halved")]
    charts.driver.do("edit.undo")
    assert panel.notes.notes == ()
    charts.driver.do("edit.redo")
    charts.driver.restart()
    charts.driver.do("view.charts")
    again = Charts(charts.driver, *LOSS)
    assert [note.text for note in again.panel("loss").notes.notes] == ["lr halved"]


# --- legend, box and lasso --------------------------------------------------------------------------------------------


def click_legend(charts: Charts, name: str, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    listing = charts.driver.find(QListView, "legend")
    model = listing.model()
    row = next(r for r in range(model.rowCount()) if model.index(r, 0).data() == name)
    at = listing.visualRect(model.index(row, 0)).center()
    QTest.mouseClick(listing.viewport(), Qt.MouseButton.LeftButton, keys, at)
    charts.driver.settle()


def test_the_legend_switches_runs_off_and_isolates_one(charts: Charts) -> None:
    legend = charts.view.side.legend
    assert isinstance(legend, Legend)
    click_legend(charts, "adam-2")
    assert charts.runs_in("loss") == ["adam-1", "adam-3", "sgd-1"]
    assert "(adam-2)" in legend.lines
    assert len(charts.driver.selected()) == 4, "it is still selected"
    click_legend(charts, "sgd-1", Qt.KeyboardModifier.AltModifier)
    assert charts.runs_in("loss") == ["sgd-1"]
    click_legend(charts, "sgd-1", Qt.KeyboardModifier.AltModifier)
    assert len(charts.runs_in("loss")) == 4
    charts.driver.do("edit.undo")
    assert charts.runs_in("loss") == ["sgd-1"]


def test_the_legend_is_searched_and_used_by_keys(charts: Charts) -> None:
    legend = charts.view.side.legend
    QTest.keyClicks(legend.search, "ADAM")
    assert legend.lines == ["adam-1", "adam-2", "adam-3"]
    legend.listing.setFocus()
    legend.listing.setCurrentIndex(legend.listing.model().index(0, 0))
    QTest.keyClick(legend.listing, Qt.Key.Key_Space)
    charts.driver.settle()
    assert charts.runs_in("loss") == ["adam-2", "adam-3", "sgd-1"]
    QTest.keyClick(legend.listing, Qt.Key.Key_Return)
    charts.driver.settle()
    assert charts.runs_in("loss") == ["adam-1"]


def drag(charts: Charts, corners: list[tuple[float, float]], keys: Qt.KeyboardModifier) -> None:
    """Draw from value to value with a key held."""
    panel = charts.panel("loss")
    panel.settle()
    view, viewport = panel.plot.getViewBox(), panel.plot.viewport()
    places: list[QPoint] = []
    for x, y in corners:
        at = view.mapViewToScene(QPointF(x, y))
        places.append(panel.plot.mapFromScene(at))
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, keys, places[0])
    for place in places[1:]:
        QTest.mouseMove(viewport, place)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, keys, places[-1])
    charts.driver.settle()


def test_a_box_keeps_the_runs_whose_curves_come_through_it(charts: Charts) -> None:
    panel = charts.panel("loss")
    panel.plot.grab()
    before = panel.plot.getViewBox().viewRange()
    # At step 10 the curves are at 2, 4, 3 and 16.
    drag(charts, [(9.0, 2.6), (11.0, 4.4)], Qt.KeyboardModifier.ShiftModifier)
    assert sorted(charts.driver.selected()) == ["adam-2", "adam-3"]
    charts.driver.do("edit.undo")
    assert len(charts.driver.selected()) == 4
    assert panel.plot.getViewBox().viewRange()[0] == pytest.approx(before[0]), "the view has not moved"


def test_a_lasso_keeps_what_it_goes_around(charts: Charts) -> None:
    charts.panel("loss").plot.grab()
    drag(charts, [(8.0, 15.0), (12.0, 15.0), (12.0, 16.4), (8.0, 16.4)], Qt.KeyboardModifier.AltModifier)
    assert charts.driver.selected() == ["sgd-1"]


def test_alt_and_a_click_on_a_curve_shows_it_alone(charts: Charts) -> None:
    panel = charts.panel("loss")
    panel.settle()
    panel.plot.grab()
    at = panel.plot.mapFromScene(panel.plot.getViewBox().mapViewToScene(QPointF(5.0, 16.0)))
    QTest.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier, at)
    charts.driver.settle()
    assert charts.runs_in("loss") == ["sgd-1"]


def test_line_width_and_edges_are_chosen_in_the_layout_menu(charts: Charts) -> None:
    choose(charts, "layout-menu", "Thick lines")
    choose(charts, "layout-menu", "Smooth edges of lines")
    look = charts.panel("loss").items.look
    assert (look.width, look.antialias) == (4.0, False)


# --- long series ------------------------------------------------------------------------------------------------------


@pytest.fixture
def long_charts(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Charts, list[float]]:
    """One run of 600,000 points, of which one is a spike and one NaN; so few count as many here."""
    monkeypatch.setattr(plot_fetch, "WHOLE_POINTS", 100_000)
    values = np.random.default_rng(4).standard_normal(600_000).round(4)
    values[150_123] = 50.0
    folder = tmp_path / "long" / "one"
    folder.mkdir(parents=True)
    (folder / "params.json").write_text('{"lr": 1}', encoding="utf-8")
    lines = [f"{i},{'nan' if i == 60_001 else v}" for i, v in enumerate(values.tolist())]
    (folder / "metrics.csv").write_text("step,loss\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return Charts(driver.start(tmp_path / "long").click_header("Run"), "one"), values.tolist()


def test_a_long_series_is_drawn_from_blocks_and_read_closer_where_one_zooms_in(
    long_charts: tuple[Charts, list[float]],
) -> None:
    charts, values = long_charts
    panel = charts.panel("loss")
    assert panel.point_count == 600_000
    assert charts.view.badge.text() == "every point shown · 600 k"
    series = panel.curves[0].series
    assert len(series.y) < 100_000, "only blocks are held"
    assert series.raw.y_bounds == (min(values), 50.0)
    zoom_in(charts, 150_123.0, 9)
    charts.driver.until(lambda: 150_123.0 in panel.curves[0].x).settle()
    near = panel.curves[0].series
    start, end = panel.plot.getViewBox().viewRange()[0]
    low, high = math.ceil(start), math.floor(end)
    assert high - low < 200
    inside = (near.x >= low) & (near.x <= high)
    assert near.y[inside].tolist() == values[low : high + 1]
    charts.point("loss", 150_123.0, sum(panel.plot.getViewBox().viewRange()[1]) / 2)
    assert charts.driver.find(ReadOut, "read-out").lines == [("one", "50")]
    panel.show_all()
    charts.driver.settle()
    zoom_in(charts, 60_001.0, 9)
    charts.driver.until(lambda: 60_001.0 in panel.curves[0].series.nan_x)


def zoom_in(charts: Charts, x: float, turns: int) -> None:
    """Turn the wheel over a step, some notches at a time."""
    panel = charts.panel("loss")
    view, viewport = panel.plot.getViewBox(), panel.plot.viewport()
    for _ in range(turns):
        middle = sum(view.viewRange()[1]) / 2
        at = panel.plot.mapFromScene(view.mapViewToScene(QPointF(x, middle)))
        event = QWheelEvent(
            QPointF(at), QPointF(viewport.mapToGlobal(at)), QPoint(0, 0), QPoint(0, 480),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(viewport, event)
        charts.driver.settle()


def test_what_needs_every_point_reads_them_all(long_charts: tuple[Charts, list[float]]) -> None:
    charts, values = long_charts
    choose(charts, "smoother-menu", "running mean")
    curve = charts.panel("loss").curves[0]
    assert curve.smooth is not None
    assert len(curve.y) == 600_000
    assert curve.smooth[100_000] == pytest.approx(np.mean(values[99_950:100_051]))
    choose(charts, "smoother-menu", "No smoothing")
    charts.menu("loss", "Draw", "Running sum")
    assert len(charts.panel("loss").curves[0].y) == 600_000
    charts.menu("loss", "Draw", "The metric itself")
    assert len(charts.panel("loss").curves[0].y) < 100_000, "blocks do again"


# --- commands ---------------------------------------------------------------------------------------------------------


def test_everything_is_in_the_palette_too(charts: Charts) -> None:
    driver = charts.driver
    driver.do("charts.log")
    assert {p.drawing.y for p in charts.view.panels} == {YKind.LOG}
    driver.do("charts.log").do("charts.x-epoch").do("charts.smooth-median").do("charts.group-replicates")
    drawing = charts.panel("loss").drawing
    assert (drawing.y, drawing.x, drawing.smoother.value, drawing.groups.by) == (
        YKind.LINEAR, XKind.EPOCH, "median", "replicates",
    )  # fmt: skip
    driver.do("charts.draw-cumulative")
    assert charts.view.panels[0].head.title == f"sum of {charts.metrics[0]}"
    for _ in range(5):
        driver.do("edit.undo")
    assert charts.panel("loss").drawing.x is XKind.STEP
    driver.do("charts.note")
    QTest.keyClicks(driver.find(QLineEdit, "note-editor"), "here")
    QTest.keyClick(driver.find(QLineEdit, "note-editor"), Qt.Key.Key_Return)
    driver.settle()
    assert [note.text for note in charts.view.panels[0].notes.notes] == ["here"]
    driver.do("charts.legend")
    assert charts.view.side.legend.search.hasFocus()
    driver.do("view.runs")
    assert not driver.window.context.commands.get("charts.log").enabled()


# --- zoom -------------------------------------------------------------------------------------------------------------


def view(charts: Charts, metric: str) -> list[list[float]]:
    return [[*map(float, ends)] for ends in charts.panel(metric).plot.getViewBox().viewRange()]


def test_zoom_is_undone_redone_and_comes_back_with_the_session(charts: Charts) -> None:
    plot = charts.panel("loss").plot
    whole = view(charts, "loss")
    plot.setFocus()
    QTest.keyClick(plot, Qt.Key.Key_Plus)
    QTest.keyClick(plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    charts.driver.until(lambda: charts.view.settings.panel("loss").zoom is not None)
    near = view(charts, "loss")
    assert near[0][1] - near[0][0] == pytest.approx((whole[0][1] - whole[0][0]) / 1.4)
    charts.driver.do("edit.undo")
    assert view(charts, "loss") == whole
    charts.driver.do("edit.redo")
    assert view(charts, "loss") == near
    charts.menu("loss", "Logarithmic y axis")
    assert view(charts, "loss")[1] != near[1], "a place on one axis means nothing on another"
    charts.driver.do("edit.undo")
    assert view(charts, "loss") == near
    charts.driver.restart()
    again = Charts(charts.driver, *LOSS)
    assert view(again, "loss") == near
    plot = again.panel("loss").plot
    plot.setFocus()
    QTest.keyClick(plot, Qt.Key.Key_0)
    again.driver.settle()
    assert view(again, "loss") == whole
    assert again.view.settings.panel("loss").zoom is None


def test_in_a_small_window_panels_stay_wide_enough_and_the_read_out_legible(charts: Charts) -> None:
    window = charts.driver.window
    for metric in ("loss", "samples", "epoch"):
        if metric not in charts.metrics:
            charts.tick(metric)
    window.resize(800, 600)
    charts.driver.settle()
    assert window.width() == 800
    assert all(panel.width() >= 180 for panel in charts.view.panels)
    read_out = charts.driver.find(ReadOut, "read-out")
    many = [Reading(RunKey(f"k:{place}"), f"run {place}", 1.0, float(place)) for place in range(40)]
    read_out.show_readings(many)
    charts.driver.settle()
    assert 4 <= len(read_out.lines) < 24
    lines = [label for label in read_out.findChildren(ElidedLabel) if label.isVisible()]
    assert len(lines) == len(read_out.lines)
    assert all(label.height() >= label.fontMetrics().height() for label in lines)


def test_a_chart_that_takes_long_says_how_far_it_is_and_can_be_stopped(
    charts: Charts, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def slowly(*arguments: Any) -> PreparedSeries:
        gate.wait(60)
        return prepare_run(*arguments)

    monkeypatch.setattr(plot_fetch, "prepare_run", slowly)
    panel = charts.panel("loss")
    charts.driver.find(QSlider, "smoothing").setValue(50)
    try:
        charts.driver.until(lambda: bool(panel.waiting.text))
        assert panel.waiting.text == "1 of 4 curves"
        panel.plot.setFocus()
        QTest.keyClick(panel.plot, Qt.Key.Key_Escape)
        assert charts.says("loss", "message") == "Stopped. Ctrl+Z takes back what was asked for."
    finally:
        gate.set()
    charts.driver.settle()
    assert not panel.waiting.text
    assert all(curve.smooth is None for curve in panel.curves), "what was drawn before is still there"
    charts.driver.do("edit.undo")
    assert charts.says("loss", "message") == ""
    charts.driver.do("edit.redo")
    assert all(curve.smooth is not None for curve in charts.panel("loss").curves)
