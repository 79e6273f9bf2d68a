"""Saved views with all that was shown, as files that others open, renamed, moved and removed with undo."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from runfolio.desktop.kinds.settings import (
    SETTINGS,
    ClassifierSettings,
    GridSettings,
    GroupsSettings,
    HistogramSettings,
    ImportanceSettings,
    KindSettings,
    ParallelSettings,
    RecordedSettings,
    ScatterSettings,
    kind_of,
)
from runfolio.desktop.panel_kinds import with_new_chart
from runfolio.desktop.panel_pages import FOLLOWING
from runfolio.desktop.table_look import columns_of
from runfolio.desktop.view_file import SUFFIX
from runfolio.desktop.views.charts import ChartsView
from runfolio.model.grouping import GroupBy
from runfolio.model.query import FieldRef
from support.driver import Driver
from support.sweep import NAMES


@pytest.fixture
def runs(driver: Driver, indexed: Path) -> Driver:
    return driver.start().click_header("Run")


def save(runs: Driver, name: str) -> Driver:
    return runs.do("views.save").type(name).press("Return")


def own(runs: Driver) -> list[str]:
    return [view.title for view in runs.window.folders.saved]


def test_a_view_brings_filter_order_columns_groups_and_charts_back(runs: Driver) -> None:
    runs.do("view.charts").do("view.runs")
    charts = runs.window.views.widget_of("charts")
    charts.slider.setValue(40)  # type: ignore[attr-defined]  # the view's own control
    runs.settle().filter("seed > 0").click_header("val/acc · best")
    columns = runs.window.runs_view().columns
    columns.put(columns_of(("builtin:name", "param:lr")))
    columns.group(GroupBy((FieldRef.from_id("param:optimizer"),)))
    save(runs.settle(), "Mine")
    columns.group(GroupBy())
    columns.put(columns_of(("builtin:name", "param:seed")))
    charts.slider.setValue(0)  # type: ignore[attr-defined]
    runs.settle().filter("").click_header("Run")
    before = runs.window.context.state.scope
    runs.choose_in("saved-views", "Mine")
    state = runs.window.context.state
    assert state.scope.where == "seed > 0"
    assert state.scope.sort[0].field.id == "metric:val/acc:best"
    assert runs.titles() == ["Run", "lr"]
    assert columns.look.group.fields == (FieldRef.from_id("param:optimizer"),)
    assert charts.slider.value() == 40  # type: ignore[attr-defined]
    runs.do("edit.undo")
    assert state.scope == before
    assert runs.titles() == ["Run", "seed"]
    assert charts.slider.value() == 0  # type: ignore[attr-defined]


CHARTS: tuple[KindSettings, ...] = (
    ScatterSettings(x="param:lr", y="metric:loss:last", color="param:optimizer", log_x=True, margins=False, front=True),
    ParallelSettings(("param:lr", "metric:loss:min"), ("param:lr",), "param:seed"),
    ImportanceSettings("metric:loss:last", ("param:lr", "param:seed"), "param:lr"),
    GroupsSettings("metric:loss:last", "param:optimizer", "violin", True),
    GridSettings("param:lr", "param:seed", "metric:loss:last", "param:optimizer", "coverage", True),
    HistogramSettings("metric:loss:last", "time", True),
    ClassifierSettings("/somewhere/p.csv", "y", "guess", "score", "roc"),
    RecordedSettings("weights", "step", "12"),
)


def test_panels_of_every_kind_are_kept_by_a_view_and_by_its_file(runs: Driver, tmp_path: Path) -> None:
    assert {kind_of(chart) for chart in CHARTS} == {*SETTINGS}, "every kind there is"
    charts = runs.window.views.widget_of("charts")
    assert isinstance(charts, ChartsView)
    nothing = charts.settings
    kept = nothing
    for chart in CHARTS:
        kept, _ = with_new_chart(kept, chart)
    charts.restore(kept.saved())
    save(runs.settle(), "Kinds")
    charts.restore(nothing.saved())
    runs.choose_in("saved-views", "Kinds")
    assert charts.settings == kept
    runs.do("edit.undo")
    assert charts.settings.panels == ()
    # A colleague opens the file, and has all of it but what lies on this disk.
    file = tmp_path / f"kinds{SUFFIX}"
    runs.window.folders.own_views.export(runs.window.folders.saved[0], file)
    runs.settle()
    assert runs.notice().endswith("Left out, as it is on this machine alone: the table of a classifier.")
    runs.window.folders.open_paths([str(file)])
    runs.settle()
    opened = [charts.settings.panel(key).chart for key in charts.settings.metrics or () if key != FOLLOWING]
    without = ClassifierSettings("", "y", "guess", "score", "roc")
    assert opened == [without if isinstance(chart, ClassifierSettings) else chart for chart in CHARTS]


def test_a_file_is_written_and_opened_by_dropping_it_on_the_window(runs: Driver, tmp_path: Path) -> None:
    runs.filter("seed > 3")
    save(runs, "Late")
    file = tmp_path / f"late{SUFFIX}"
    runs.window.folders.own_views.export(runs.window.folders.saved[0], file)
    runs.settle().do("edit.undo").filter("")
    assert own(runs) == []
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    runs.window.dropEvent(QDropEvent(QPointF(300, 300), copy, data, left, none))
    runs.settle().until(lambda: own(runs) == ["Late"]).settle().sees_runs(*NAMES[4:])
    assert runs.notice() == "The view Late is kept under saved views."
    assert len(runs.window.folders.recent) == 0, "a view is no folder"


def test_what_no_run_has_is_said_and_the_rest_is_shown(runs: Driver, tmp_path: Path) -> None:
    look = {"columns": ["builtin:name", "param:warmup", "param:lr"]}
    file = tmp_path / f"foreign{SUFFIX}"
    view = {"runfolio_view": 1, "title": "Foreign", "look": look, "where": "warmup > 3", "heat": 1}
    file.write_text(json.dumps(view), encoding="utf-8")
    runs.window.folders.open_paths([str(file)])
    runs.settle()
    assert runs.titles() == ["Run", "warmup", "lr"]
    assert "No run here has warmup. Its filter finds nothing here: No run has a field 'warmup'." in runs.notice()
    assert "does not know its heat" in runs.notice()


def test_a_file_that_is_no_view_changes_nothing(runs: Driver, tmp_path: Path) -> None:
    file = tmp_path / f"bad{SUFFIX}"
    file.write_text("{}", encoding="utf-8")
    before = runs.titles()
    runs.window.folders.open_paths([str(file)])
    runs.settle()
    assert "no saved view of Runfolio" in runs.notice()
    assert (own(runs), runs.titles()) == ([], before)


def test_views_are_renamed_moved_and_removed_with_undo(runs: Driver) -> None:
    for name in ("A", "B", "C"):
        save(runs.filter(f"name = {NAMES[0]} or seed = {ord(name) - 64}"), name)
    views = runs.window.folders.own_views
    views.move(runs.window.folders.saved[2], -1)
    assert own(runs) == ["A", "C", "B"]
    views.ask_to_rename(runs.window.folders.saved[0])
    runs.settle().type("Z").press("Return")
    assert own(runs) == ["Z", "C", "B"]
    views.rename(runs.window.folders.saved[1], "B")
    assert own(runs) == ["Z", "C", "B"], "two views never have one name"
    views.remove(runs.window.folders.saved[1])
    assert own(runs) == ["Z", "B"]
    runs.do("edit.undo").do("edit.undo").do("edit.undo")
    assert own(runs) == ["A", "B", "C"]
    runs.restart()
    assert own(runs) == ["A", "B", "C"]
