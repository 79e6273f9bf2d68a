"""Charts, Compare, Data, Models, Audit and the inspector, used as a person uses them."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QListWidget, QPlainTextEdit, QSlider, QWidget

from runfolio import locate
from runfolio.analysis.scales import YKind
from runfolio.desktop.file_comparison import FileComparison
from runfolio.desktop.metric_panel import MetricPanel
from runfolio.desktop.panel_settings import PanelSettings
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.readout import ReadOut
from runfolio.desktop.views.charts import ChartsView
from runfolio.desktop.views.models import ModelsView
from runfolio.desktop.widgets import Pill, PlainLabel, TextButton
from runfolio.ledger.events import Witness
from runfolio.ledger.names import NewName, known_as
from runfolio.ledger.store import Ledger
from runfolio.model.run import RunKey
from support.driver import Driver
from support.inspected import CORPUS

pytestmark = pytest.mark.usefixtures("indexed")


def cells(driver: Driver, table: str) -> list[list[str]]:
    found = driver.find(PlainTable, table)
    return found.rows_as_text(range(found.rowCount()))


def titles(driver: Driver, table: str) -> list[str]:
    found = driver.find(PlainTable, table)
    items = [found.horizontalHeaderItem(i) for i in range(found.columnCount())]
    return ["" if item is None else item.text() for item in items]


def panel(driver: Driver, metric: str) -> MetricPanel:
    view = driver.find(ChartsView, "charts")
    return next(p for p in view.panels if p.metric_name == metric)


def place_of(chart: MetricPanel, x: float, y: float) -> QPoint:
    """Where a point of the data lies on the plot's viewport."""
    scene = chart.plot.getViewBox().mapViewToScene(QPointF(x, y))
    point: QPoint = chart.plot.mapFromScene(scene)
    return point


def pixels_like(widget: QWidget, color: QColor) -> int:
    image = widget.grab().toImage()
    near = 0
    for x in range(image.width()):
        for y in range(image.height()):
            pixel = image.pixelColor(x, y)
            near += (
                abs(pixel.red() - color.red()) + abs(pixel.green() - color.green()) + abs(pixel.blue() - color.blue())
                < 60
            )
    return near


def start_with(driver: Driver, *names: str) -> Driver:
    """The window with exactly these runs selected, by their dots."""
    driver.start()
    for name in [n for n in driver.selected() if n not in names]:
        driver.click_dot(name)
    for name in [n for n in names if n not in driver.selected()]:
        driver.click_dot(name)
    assert sorted(driver.selected()) == sorted(names)
    return driver


# --- charts -------------------------------------------------------------------------------------------------------


def test_selected_runs_are_drawn_in_their_colours_and_no_point_is_left_out(driver: Driver) -> None:
    start_with(driver, "brisk-otter", "calm-ibis").do("view.charts")
    chart = panel(driver, "val/acc")
    assert sorted(c.name for c in chart.curves) == ["brisk-otter", "calm-ibis"]
    view = driver.find(ChartsView, "charts")
    points = sum(len(c.y) for p in view.panels for c in p.curves)
    assert view.badge.text() == f"every point shown · {points}"
    for curve in chart.curves:
        assert pixels_like(chart.plot, curve.color) > 30


def test_the_pointer_reads_out_every_run_at_its_step(driver: Driver) -> None:
    start_with(driver, "amber-heron", "calm-ibis").do("view.charts")
    chart = panel(driver, "val/acc")
    # amber-heron has 0.51 + 0.01 step; calm-ibis lies 0.04 above it.
    at = place_of(chart, 10, 0.61)
    QTest.mouseMove(chart.plot.viewport(), at)
    driver.until(lambda: "amber-heron" in chart.pointed_at)
    assert "step 10: 0.61" in chart.pointed_at
    driver.settle()
    assert driver.find(ReadOut, "read-out").lines == [("calm-ibis", "0.65"), ("amber-heron", "0.61")]


def test_clicking_a_curve_makes_its_run_the_current_one(driver: Driver) -> None:
    start_with(driver, "calm-ibis").do("view.charts")
    chart = panel(driver, "val/acc")
    QTest.mouseClick(
        chart.plot.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place_of(chart, 10, 0.65)
    )
    driver.settle()
    state = driver.window.context.state
    assert state.current is not None
    assert state.name_of(state.current) == "calm-ibis"


def test_a_nan_is_marked_at_its_step_in_the_colour_of_warning(driver: Driver) -> None:
    start_with(driver, "fleet-marten").do("view.charts")
    chart = panel(driver, "loss")
    top = place_of(chart, 19, 0.9)
    image = chart.plot.grab().toImage()
    bad = driver.window.context.theme.color("bad")
    near = [
        image.pixelColor(x, y) for x in range(max(0, top.x() - 4), min(image.width(), top.x() + 5)) for y in range(20)
    ]
    assert any(abs(p.red() - bad.red()) + abs(p.green() - bad.green()) + abs(p.blue() - bad.blue()) < 60 for p in near)


def test_smoothing_draws_over_the_raw_curve_which_stays(driver: Driver) -> None:
    start_with(driver, "calm-ibis").do("view.charts")
    driver.find(QSlider, "smoothing").setValue(80)
    driver.settle()
    for curve in panel(driver, "loss").curves:
        assert curve.smooth is not None
        assert len(curve.smooth) == len(curve.y) == 20
        assert curve.smooth[1] > curve.y[1], "a falling curve's mean lags above it"


def test_panels_are_found_by_a_glob_and_taken_away(driver: Driver) -> None:
    start_with(driver, "calm-ibis").do("view.charts")
    search = driver.find(QLineEdit, "panel-search")
    search.setFocus()
    QTest.keyClicks(search, "val/*")
    listing = driver.find(QListWidget, "panel-list")
    shown = [listing.item(i).text() for i in range(listing.count()) if not listing.item(i).isHidden()]
    assert shown == ["val/acc"]
    listing.item(0).setCheckState(Qt.CheckState.Unchecked)
    driver.settle()
    charts = driver.find(ChartsView, "charts")
    assert [p.metric_name for p in charts.panels] == ["loss"]
    assert driver.find(TextButton, "panels-show").text() == "Show 1", "of those that match"
    assert not driver.find(TextButton, "panels-hide").isVisible()
    driver.click("panels-show")
    assert [p.metric_name for p in charts.panels] == ["loss", "val/acc"]
    search.clear()
    assert driver.find(TextButton, "panels-hide").text() == "Hide 2"
    driver.click("panels-hide")
    assert not charts.panels
    driver.do("edit.undo")
    assert [p.metric_name for p in charts.panels] == ["loss", "val/acc"]


def test_a_logarithmic_axis_is_named_in_the_title_and_keeps_every_point(driver: Driver) -> None:
    start_with(driver, "calm-ibis").do("view.charts")
    chart = panel(driver, "loss")
    chart.ask_for("Scale", PanelSettings(y=YKind.LOG))
    driver.settle()
    assert "loss · log" in [label.text() for label in chart.findChildren(PlainLabel)]
    assert len(chart.curves[0].y) == 20


# --- compare ------------------------------------------------------------------------------------------------------


def test_compare_shows_what_differs_and_which_run_is_better(driver: Driver) -> None:
    start_with(driver, "amber-heron", "calm-ibis").highlight("amber-heron").do("runs.baseline")
    driver.do("view.compare")
    header = titles(driver, "compare-table")
    baseline, other = header.index("amber-heron  (baseline)"), header.index("calm-ibis")
    rows = {row[0]: row for row in cells(driver, "compare-table")}
    assert (rows["lr"][baseline], rows["lr"][other]) == ("1.0", "0.01")
    assert "depth" not in rows, "what is the same in both is hidden"
    assert rows["val/acc"][baseline] == "0.7"
    assert rows["val/acc"][other] == "0.74  +0.04 (+5.7 %) ▲"
    driver.click("only-differences")
    assert "depth" in {row[0] for row in cells(driver, "compare-table")}
    driver.press("Ctrl+Z")
    assert "depth" not in {row[0] for row in cells(driver, "compare-table")}


def test_the_comparison_is_copied_as_tsv(driver: Driver) -> None:
    start_with(driver, "amber-heron", "calm-ibis").do("view.compare")
    table = driver.find(PlainTable, "compare-table")
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = [line.split("\t") for line in QApplication.clipboard().text().splitlines()]
    assert lines[0][0] == ""
    assert sorted(next(line for line in lines if line[0] == "lr")[1:]) == ["0.01", "1.0"]


# --- data ---------------------------------------------------------------------------------------------------------


def write_rows(path: Path, rows: list[tuple[int, str, float]]) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "label", "size"), *rows])
    return str(path)


def test_two_data_files_are_compared_by_row(driver: Driver, tmp_path: Path) -> None:
    old = write_rows(tmp_path / "old.csv", [(1, "cat", 1.0), (2, "dog", 2.0), (3, "cat", 3.0)])
    new = write_rows(tmp_path / "new.csv", [(1, "cat", 1.0), (2, "cat", 2.0), (4, "dog", 4.0), (5, "dog", 5.0)])
    driver.start().do("view.data")
    comparison = driver.find(FileComparison, "file-comparison")
    for name, path in (("path-before", old), ("path-after", new)):
        field = driver.find(QLineEdit, name)
        field.clear()
        QTest.keyClicks(field, path)
    driver.click("compare-files")
    driver.until(lambda: comparison.stack.currentIndex() == 1)
    assert [card._value.text() for card in comparison._cards[:3]] == ["2", "1", "1"]
    assert ["2", "dog → cat", "2.0", "changed"] in cells(driver, "data-rows")


def test_a_data_file_that_is_not_there_is_said_where_one_looks(driver: Driver, tmp_path: Path) -> None:
    driver.start().do("view.data")
    comparison = driver.find(FileComparison, "file-comparison")
    comparison.set_files(str(tmp_path / "gone.csv"), str(tmp_path / "also-gone.csv"))
    driver.click("compare-files")
    driver.until(lambda: "gone.csv" in comparison.empty._text.text())
    assert comparison.stack.currentIndex() == 0


# --- models, audit, inspector -------------------------------------------------------------------------------------


def test_a_run_is_promoted_only_with_a_reason_and_when_its_gates_pass(driver: Driver, indexed: Path) -> None:
    (indexed / "data").mkdir(exist_ok=True)
    gates = indexed / "data" / "gates.yaml"
    gates.write_text("gates:\n  - {metric: val/acc, at_least: 0.75}\n")
    driver.start().highlight("calm-ibis").do("view.models")
    view = driver.find(ModelsView, "models")
    driver.until(lambda: view.panel.force.isVisibleTo(view.panel))
    driver.do("window.inspector")
    driver.window.resize(1024, 700)
    driver.settle()
    panel = view.panel
    parts = [panel.model, panel.stage, panel.force, panel.reason, panel.button]
    assert all(part.width() >= part.minimumSizeHint().width() for part in parts), "nothing is cut"
    assert not any(a.geometry().intersects(b.geometry()) for a, b in itertools.combinations(parts, 2))
    reason = driver.find(QLineEdit, "reason")
    QTest.keyClicks(reason, "best of the sweep")
    assert not view.panel.button.isEnabled(), "0.74 is less than 0.75"
    gates.write_text("gates:\n  - {metric: val/acc, at_least: 0.7}\n")
    stage = driver.find(QComboBox, "stage")
    stage.setCurrentIndex(stage.findText("staging"))
    driver.settle()
    driver.until(view.panel.button.isEnabled)
    driver.click("promote")
    assert [row[1:] for row in cells(driver, "model-versions")] == [["1", "staging", "calm-ibis"]]
    driver.do("view.audit").settle()
    (entry,) = cells(driver, "audit-table")
    assert entry[4] == "best of the sweep"
    driver.until(lambda: driver.find(Pill, "chain").text() == "chain verified ✓ 1 entry")


def test_the_audit_trail_says_that_a_run_has_a_new_key(driver: Driver, indexed: Path) -> None:
    ledger = Ledger(locate.data_folder(), locate.mirror_folder())
    name = NewName("content:a", "content:b", "its first points have come", Witness(RunKey("content:b"), "odd <b>run"))
    ledger.append(lambda _: known_as([name], time_us=1_767_268_800_000_000))
    driver.start().do("view.audit").settle()
    driver.until(lambda: bool(cells(driver, "audit-table")))
    (entry,) = cells(driver, "audit-table")
    assert entry[2:5] == [
        "runfolio",
        "run odd <b>run: goes on under a new key, with all that was said of it (content:a → content:b)",
        "its first points have come",
    ]


def test_a_gate_that_waits_for_a_second_person_offers_to_sign_off(driver: Driver, indexed: Path) -> None:
    (indexed / "data").mkdir(exist_ok=True)
    (indexed / "data" / "gates.yaml").write_text("gates:\n  - {sign_off: 1}\n")
    driver.start().highlight("calm-ibis").do("view.models")
    view = driver.find(ModelsView, "models")
    driver.until(lambda: view.panel.sign.isVisibleTo(view.panel))
    assert not view.panel.sign.isEnabled(), "a reason comes first"
    QTest.keyClicks(driver.find(QLineEdit, "reason"), "looked at the curves")
    driver.click("sign-off")
    (entry,) = cells(driver, "run-trail")
    assert entry[3] == "looked at the curves"
    assert "candidate approved by" in entry[2]
    assert view.panel.sign.isVisibleTo(view.panel), "who promotes cannot be the second person"


def test_what_a_tracker_registered_is_listed_and_leads_to_its_run(driver: Driver, indexed: Path) -> None:
    driver.start(CORPUS / "mlflow_registry" / "runs" / "v3_17").do("view.models")
    view = driver.find(ModelsView, "models")
    driver.until(lambda: view.table.rowCount() > 0)
    assert cells(driver, "model-versions")[1:] == [
        ["Reg Model", "2", "@champion", "model run"],
        ["Reg Model", "1", "Production, @challenger", "model run"],
    ]
    view.table.selectRow(2)
    driver.settle()
    assert view.panel.isVisibleTo(view), "the run can be registered and promoted here"
    driver.do("view.runs").highlight("model run").do("window.inspector").settle()
    shown = [label.text() for label in driver.window.findChildren(PlainLabel)]
    assert "In a registry" in shown


def test_a_note_is_kept_and_survives_the_loss_of_the_index(driver: Driver, indexed: Path, sweep: Path) -> None:
    driver.start().highlight("calm-ibis").do("inspector.notes")
    note = driver.find(QPlainTextEdit, "note")
    driver.until(note.isVisible)
    QTest.keyClicks(note, "relabelled images")
    driver.click("save-note")
    driver.close()
    (indexed / "cache" / "index.duckdb").unlink()
    driver.start(sweep).filter("note ~ relabelled").sees_runs("calm-ibis")
