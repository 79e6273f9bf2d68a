"""Charts of all runs in scope as panels of the Charts workspace: added, set, arranged, kept, and exported."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget

from runfolio.api import Workspace
from runfolio.desktop.export_dialog import ExportDialog
from runfolio.desktop.kinds.names import KIND_TITLES
from runfolio.desktop.kinds.settings import ClassifierSettings, ScatterSettings
from runfolio.desktop.panel_chart import ChartPanel
from runfolio.desktop.views.charts import ChartsView
from runfolio.export.recipe import ChartRecipe
from runfolio.export.recipe_file import read_recipe
from support.charts import Charts
from support.driver import Driver
from support.explore import Explore
from support.menus import choose_by_right_click, type_field


def chart(charts: Charts, kind: str) -> ChartPanel:
    found = [panel for grid in charts.view.grids for panel in grid.charts if panel.kind == kind]
    return found[0]


def kinds(charts: Charts) -> list[str]:
    """What stands on the page: metrics, and kinds of charts."""
    settings = charts.view.settings
    return [settings.panel(key).kind or ", ".join(settings.metrics_of(key)) for key in charts.view.grid.all_keys]


def press(charts: Charts, kind: str, keys: str) -> None:
    canvas = chart(charts, kind).plot
    canvas.setFocus()
    QTest.keySequence(canvas, QKeySequence(keys))
    charts.driver.settle()


def menu(charts: Charts, kind: str, *titles: str) -> None:
    canvas = chart(charts, kind).plot
    choose_by_right_click(charts.driver, canvas, "panel-menu", titles)


def choose(charts: Charts, part: str, title: str) -> None:
    """Type a field's name in the popup that has the controls of a chart."""
    popup = charts.driver.find(QWidget, "panel-choices-popup")
    type_field(charts.driver, popup, part, title)


def test_a_chart_is_added_set_arranged_and_brought_back_like_a_panel_of_curves(driver: Driver, indexed: Path) -> None:
    charts = Charts(driver.start(), "amber-heron", "calm-ibis")
    lines = charts.metrics
    driver.find(QMenu, "add-panel").aboutToShow.emit()
    entries = driver.find(QMenu, "add-chart").actions()
    assert [entry.text() for entry in entries] == [*KIND_TITLES.values()]
    entries[0].trigger()
    driver.settle()
    assert kinds(charts) == [*lines, "scatter"]
    panel = chart(charts, "scatter")
    assert "6 of 6 runs" in panel.said.toolTip(), "of all runs in scope, not of the two selected ones"
    # What it shows is chosen in a popup, and is one step of undo.
    QTest.mouseClick(driver.find(QWidget, "panel-choices"), Qt.MouseButton.LeftButton)
    choose(charts, "x", "seed")
    driver.find(QWidget, "panel-choices-popup").close()
    assert panel.head.title == "val/acc · best over seed"
    driver.do("edit.undo")
    assert panel.head.title != "val/acc · best over seed"
    driver.do("edit.redo")
    # It is moved, resized, enlarged, copied and torn off by the same keys and menus.
    press(charts, "scatter", "Ctrl+Left")
    assert kinds(charts).index("scatter") == len(lines) - 1
    press(charts, "scatter", "Alt+Shift+Down")
    assert chart(charts, "scatter").settings.size == (1, 2)
    press(charts, "scatter", "F")
    assert kinds(charts)
    assert charts.view.keys == (charts.view.settings.large,)
    assert chart(charts, "scatter").body.controls.isVisible(), "with the whole room there is room for the controls"
    press(charts, "scatter", "F")
    press(charts, "scatter", "Ctrl+D")
    assert kinds(charts).count("scatter") == 2
    driver.do("edit.undo")
    menu(charts, "scatter", "Tear off into a window")
    (window,) = charts.view.torn.windows.values()
    assert [p.kind for p in window.grid.charts] == ["scatter"]
    assert "scatter" not in kinds(charts)
    window.close()
    driver.settle()
    # All of it is there again tomorrow, also when no run is selected.
    driver.window.context.state.select(())
    driver.restart()
    driver.do("view.charts")
    charts.view = driver.find(ChartsView, "charts")
    assert kinds(charts) == ["scatter"]
    again = chart(charts, "scatter")
    assert (again.head.title, again.settings.size) == ("val/acc · best over seed", (1, 2))
    press(charts, "scatter", "Del")
    assert kinds(charts) == []


def test_curves_follow_the_selected_runs_beside_a_chart_sent_from_explore(driver: Driver, indexed: Path) -> None:
    driver.start().window.context.state.select(())
    explore = Explore(driver, "groups").choose("group", "optimizer")
    driver.click("explore-send")
    charts = Charts.__new__(Charts)
    charts.driver, charts.view = driver, driver.find(ChartsView, "charts")
    assert charts.view.isVisible()
    assert kinds(charts) == ["groups"]
    assert chart(charts, "groups").head.title == "val/acc · best by optimizer"
    driver.do("view.runs").click_dot("brisk-otter").do("view.charts")
    lines = kinds(charts)[:-1]
    assert set(lines) == {"val/acc", "loss"}
    assert kinds(charts)[-1] == "groups"
    # Its keys select the runs of a group in all views; a filter lets it be drawn anew.
    press(charts, "groups", "Right")
    press(charts, "groups", "Return")
    assert sorted(driver.selected()) == ["brisk-otter", "dusky-lynx", "fleet-marten"]
    driver.filter("seed < 4")
    assert "2 groups, 4 runs" in chart(charts, "groups").said.toolTip()
    # Without the charts' workspace on show nothing is asked.
    driver.do("view.runs").filter("seed < 3")
    assert "4 runs" in chart(charts, "groups").said.toolTip()
    driver.do("view.charts")
    assert "3 runs" in chart(charts, "groups").said.toolTip()
    assert explore.view.panel.kind == "groups"


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    path = tmp_path / "somewhere" / "predictions.csv"
    path.parent.mkdir()
    rows = [(1, 0.9), (1, 0.8), (0, 0.7), (1, 0.6), (0, 0.3), (0, 0.2), (0, 0.1)]
    path.write_text("y_true,y_score\n" + "".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8")
    return path


def test_a_page_of_curves_and_charts_is_exported_and_rendered_byte_for_byte(
    driver: Driver, indexed: Path, predictions: Path, tmp_path: Path
) -> None:
    charts = Charts(driver.start(), "amber-heron", "calm-ibis")
    driver.do("charts.add-scatter")
    charts.view.hand.add_chart("classifier", ClassifierSettings(path=str(predictions), look="roc"))
    driver.settle()
    driver.do("charts.export")
    dialog = driver.find(ExportDialog, "export-dialog")
    recipe = dialog.recipe
    assert recipe is not None
    assert [panel.kind for panel in recipe.panels] == ["line", "line", "scatter", "classifier"]
    assert [len(runs) for runs in (recipe.for_lines.runs, recipe.chart_runs)] == [2, 6]
    assert str(predictions.parent) not in recipe.to_json(), "a figure tells nothing of the disk it was made on"
    dialog.close()
    window_rows = [*csv.reader(io.StringIO(chart(charts, "scatter").body.csv().decode()))]
    driver.close()
    predictions.unlink()
    with Workspace.open(indexed / "cache" / "index.duckdb", tmp_path / "ledger") as workspace:
        for suffix in ("svg", "csv", "parquet"):
            first = workspace.export_chart(recipe, tmp_path / f"first.{suffix}")
            again = workspace.render(read_recipe(first), tmp_path / f"again.{suffix}")
            assert again.read_bytes() == first.read_bytes(), suffix
        alone = ChartRecipe(recipe.chart_runs, tuple(p for p in recipe.panels if p.kind == "scatter"))
        workspace.export_chart(alone, tmp_path / "scatter.csv")
    page = pl.read_parquet(tmp_path / "first.parquet")
    assert set(page.filter(pl.col("metric") == "val/acc")["run"]) == {"amber-heron", "calm-ibis"}
    roc = page.filter(pl.col("true positive rate").is_not_null())
    # Of the twelve pairs of a positive and a negative one is in the wrong order: the area is 11/12.
    x, y = roc["false positive rate"].to_list(), roc["true positive rate"].to_list()
    area = sum((b - a) * (c + d) / 2 for a, b, c, d in zip(x, x[1:], y, y[1:], strict=False))
    assert area == pytest.approx(11 / 12)
    rows = [*csv.reader(io.StringIO((tmp_path / "scatter.csv").read_text(encoding="utf-8")))]
    assert rows[0] == window_rows[0]
    assert sorted(rows[1:]) == sorted(window_rows[1:])


def test_a_chart_without_runs_says_so_and_is_kept(driver: Driver, indexed: Path) -> None:
    driver.start().window.context.state.select(())
    driver.do("charts.add-scatter")
    charts = Charts.__new__(Charts)
    charts.driver, charts.view = driver, driver.find(ChartsView, "charts")
    driver.filter("seed > 99")
    panel = chart(charts, "scatter")
    assert panel.body.empty.accessibleName() == "No runs in scope"
    assert not panel.said.isVisible()
    assert panel.settings.chart == ScatterSettings()
    panel.open_choices()
    assert driver.find(QWidget, "panel-choices-popup").isVisible()
    # The panel goes while its controls are in the popup.
    charts.view.grid.remove(charts.view.grid.all_keys[0])
    driver.settle()
    assert charts.view.grid.charts == ()
