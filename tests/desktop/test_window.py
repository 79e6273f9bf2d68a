"""The window as a whole: the first minute, the library, sessions, palette, help, settings, closing."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QListView, QWidget

from runfolio import locate
from runfolio.api import Workspace
from runfolio.desktop import app
from runfolio.desktop.palette import Palette
from runfolio.desktop.rail import Rail
from runfolio.desktop.theme import ThemeMode
from runfolio.desktop.views.inspector import InspectorView
from runfolio.desktop.views.registry import VIEWS
from runfolio.desktop.widgets import PlainLabel
from runfolio.settings import Settings
from support.driver import Driver
from support.sweep import NAMES, write_sweep


def fingerprint(folder: Path) -> str:
    """Content, names and time stamps of everything below a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        facts = path.stat()
        digest.update(f"{path.relative_to(folder)} {facts.st_mtime_ns} {facts.st_mode}".encode())
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def test_an_empty_library_welcomes_and_a_dropped_folder_opens(driver: Driver, sweep: Path) -> None:
    driver.start()
    assert driver.find(QWidget, "welcome").isVisible()
    assert not driver.window.filter_bar.isVisible()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(sweep))])
    drop = QDropEvent(
        QPointF(40, 40),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    driver.window.dropEvent(drop)
    driver.until(lambda: len(driver.table.runs.keys) == len(NAMES)).settle()
    assert not driver.find(QWidget, "welcome").isVisible()
    assert driver.rows_of("library") == [f"{sweep.name} 6", "sweep 6"]
    assert driver.text("index-facts").startswith("6 runs · 240 points · index ")


def test_a_folder_on_the_command_line_is_read_and_never_touched(driver: Driver, tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "copied")
    before = fingerprint(folder)
    driver.start(folder).do("library.deep")
    assert sorted(driver.column("Run")) == sorted(NAMES)
    driver.close()
    assert fingerprint(folder) == before


def test_nobody_is_told_that_there_are_no_runs_while_folders_are_read(
    driver: Driver, sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_read, index = Event(), Workspace.index

    def held(workspace: Workspace, *args: Any, **more: Any) -> Any:
        assert may_read.wait(60)
        return index(workspace, *args, **more)

    monkeypatch.setattr(Workspace, "index", held)
    driver.start_without_waiting(sweep)
    driver.until(lambda: driver.window.indexing.busy)
    driver.until(lambda: "Reading folders…" in shown_texts(driver))
    for _ in range(20):
        QApplication.processEvents()
        assert "No runs found" not in shown_texts(driver)
    may_read.set()
    driver.until(lambda: len(driver.table.runs.keys) == len(NAMES)).settle()


def shown_texts(driver: Driver) -> list[str]:
    """What labels of the window say that are to be seen."""
    return [label.text() for label in driver.window.findChildren(PlainLabel) if label.isVisible()]


def test_new_runs_appear_when_the_folder_is_looked_at_again(driver: Driver, tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "growing", NAMES[:2])
    driver.start(folder)
    assert sorted(driver.column("Run")) == sorted(NAMES[:2])
    write_sweep(tmp_path / "more")
    shutil.copytree(tmp_path / "more" / "sweep" / NAMES[2], folder / "sweep" / NAMES[2])
    driver.press("F5")
    assert sorted(driver.column("Run")) == sorted(NAMES[:3])


def test_an_experiment_narrows_the_runs_and_a_second_click_shows_all(driver: Driver, indexed: Path) -> None:
    driver.start().choose_in("library", "sweep")
    assert driver.window.context.state.scope.experiment == "sweep"
    assert len(driver.table.runs.keys) == len(NAMES)
    driver.choose_in("library", "sweep")
    assert driver.window.context.state.scope.experiment is None


def test_a_saved_view_filters_and_says_how_many(driver: Driver, indexed: Path) -> None:
    driver.start()
    assert "Diverged (NaN) 1" in driver.rows_of("saved-views")
    driver.choose_in("saved-views", "Diverged (NaN)").sees_runs("fleet-marten")
    assert driver.window.filter_bar.field.text() == "loss = nan"


def test_what_is_shown_can_be_saved_under_a_name_and_comes_back(driver: Driver, indexed: Path) -> None:
    driver.start().click_header("val/acc · best").filter("lr < 0.05")
    driver.window.runs_view().columns.put(driver.table.shown_columns()[:4])
    driver.settle().highlight("calm-ibis").press("Ctrl+S").type("Small steps").press("Return")
    assert "Small steps 4" in driver.rows_of("saved-views")
    titles = driver.titles()
    driver.restart().do("filter.clear").do("columns.reset").click_header("Run")
    assert driver.column("Run") == [*NAMES]
    driver.choose_in("saved-views", "Small steps")
    driver.sees_runs("fleet-marten", "eager-finch", "dusky-lynx", "calm-ibis")
    assert driver.titles() == titles
    driver.press("Delete")
    assert "Small steps 4" not in driver.rows_of("saved-views")
    driver.click("notice-action")
    assert "Small steps 4" in driver.rows_of("saved-views")


def test_a_wrong_path_is_said_and_does_not_stop_the_others(driver: Driver, sweep: Path, tmp_path: Path) -> None:
    driver.start(tmp_path / "nowhere", sweep)
    assert driver.rows_of("library") == [f"{sweep.name} 6", "sweep 6"]
    said = [notice.text for notice in driver.window.context.say.history]
    assert any("nowhere" in text and "does not exist" in text for text in said)


def test_a_folder_without_runs_says_what_to_do(driver: Driver, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.txt").write_text("meow", encoding="utf-8")
    driver.start(tmp_path / "photos")
    assert driver.window.runs_view().answer.empty.isVisible()
    assert driver.window.runs_view().answer.empty.accessibleName() == "No runs found"


def test_the_table_and_a_report_are_saved_as_files(driver: Driver, indexed: Path, tmp_path: Path) -> None:
    driver.start().click_header("Run")
    driver.window.exports.write_table(tmp_path / "runs.csv")
    driver.settle()
    with (tmp_path / "runs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["Run"] for row in rows] == [*NAMES]
    assert [row["val/acc · best"] for row in rows] == ["0.7", "0.72", "0.74", "0.76", "0.78", "0.8"]
    driver.window.exports.write_report(tmp_path / "runs.html")
    driver.settle()
    assert "fleet-marten" in (tmp_path / "runs.html").read_text(encoding="utf-8")
    # Stopped before it is done: no file, not even a part, and a word on it.
    exports = driver.window.exports
    (tmp_path / "stopped").mkdir()
    exports.write_report(tmp_path / "stopped" / "runs.html")
    assert exports.progress.busy
    exports.progress.cancel()
    driver.settle()
    assert [*(tmp_path / "stopped").iterdir()] == []
    assert driver.notice() == "Stopped: runs.html was not written."
    assert not exports.progress.busy
    driver.window.exports.write_table(tmp_path / "runs.csv" / "in-a-file.csv")
    driver.settle()
    assert "cannot be written" in driver.notice()


def test_removing_a_folder_keeps_it_on_disk_and_can_be_undone(driver: Driver, tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "kept")
    before = fingerprint(folder)
    driver.start(folder).choose_in("library", "kept").press("Delete")
    assert driver.rows_of("library") == []
    assert driver.find(QWidget, "welcome").isVisible()
    assert "The folder is as it was" in driver.notice()
    driver.do("edit.undo")
    assert driver.rows_of("library") == ["kept 6", "sweep 6"]
    assert fingerprint(folder) == before


def test_the_next_start_shows_what_the_last_one_showed(driver: Driver, indexed: Path) -> None:
    driver.start().click_header("val/acc · best").filter("lr < 0.05").do("runs.clear")
    driver.highlight("eager-finch", "calm-ibis").press("Space").press("B")
    driver.window.runs_view().columns.put(driver.table.shown_columns()[:5])
    driver.settle()
    titles, selected = driver.titles(), driver.selected()
    driver.restart()
    driver.sees_runs("fleet-marten", "eager-finch", "dusky-lynx", "calm-ibis")
    assert driver.window.filter_bar.field.text() == "lr < 0.05"
    assert driver.titles() == titles
    assert driver.selected() == selected
    state = driver.window.context.state
    assert state.baseline is not None
    assert state.name_of(state.baseline) == "calm-ibis"
    assert [state.style_of(key).color_index for key in state.selection] == [0, 1]
    assert state.current is not None
    assert state.name_of(state.current) == "calm-ibis", "what the inspector shows"


def test_decisions_survive_the_loss_of_the_index(driver: Driver, indexed: Path, sweep: Path) -> None:
    driver.start().click_header("Run").highlight("calm-ibis").press("T").type("keeper").press("Return")
    before = [driver.column(title) for title in driver.titles()]
    driver.close()
    (indexed / "cache" / "index.duckdb").unlink()
    driver.start(sweep)
    assert [driver.column(title) for title in driver.titles()] == before
    assert driver.column("Tags") == ["", "", "keeper", "", "", ""]


def test_docks_come_back_as_they_were_left(driver: Driver, indexed: Path, tmp_path: Path) -> None:
    store = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    window = driver.start().do("view.problems").do("view.audit").do("window.inspector").do("window.library").window
    # Each is a step of undo, a walk through workspaces one.
    driver.do("window.facets").click("close-facets").do("edit.undo")
    assert window.library_dock.isVisible(), "facets that were opened and closed left no step"
    driver.do("edit.undo").do("edit.undo")
    assert (window.session().view, window.inspector_dock.isVisible()) == ("runs", False)
    driver.do("edit.redo").do("edit.redo").do("edit.redo")
    assert (window.session().view, window.inspector_dock.isVisible()) == ("audit", True)
    driver.do("view.runs")
    driver.window.resize(790, 640)
    driver.window.save_layout(store)
    driver.close()
    driver.start_without_waiting()
    driver.window.restore_layout(store)
    driver.settle()
    assert driver.find(QWidget, "runs-table").isVisible()
    assert not driver.window.library_dock.isVisible()
    assert driver.window.inspector_dock.isVisible()
    assert (driver.window.width(), driver.window.height()) == (790, 640)
    driver.do("window.library").do("view.charts")
    driver.window.resize(800, 600)
    driver.settle()
    assert (driver.window.width(), driver.window.height()) == (800, 600), "with both docks and the charts"
    assert driver.find(QWidget, "inspector").width() < 330
    driver.do("view.runs")
    driver.table.setFocus()
    driver.press("Down").settle()
    recordings = driver.find(InspectorView, "inspector").pages.overview.body.recordings
    assert recordings.rowCount() == 1
    assert recordings.horizontalScrollBar().maximum() == 0


def test_the_palette_finds_commands_and_runs_by_a_few_letters(driver: Driver, indexed: Path) -> None:
    driver.start().press("Ctrl+K").type("drk")
    palette = driver.find(Palette, "palette")
    assert palette.titles()[0] == "Dark theme"
    driver.press("Return")
    assert driver.window.context.theme.name == "dark"
    assert driver.window.context.settings.text("window.theme") == "dark"
    driver.press("Ctrl+K").type("calmibis").settle()
    assert driver.find(Palette, "palette").titles()[0] == "calm-ibis"
    driver.press("Return")
    state = driver.window.context.state
    assert state.current is not None
    assert state.name_of(state.current) == "calm-ibis"
    assert driver.window.inspector_dock.isVisible()


def test_f1_lists_every_shortcut_there_is(driver: Driver, indexed: Path) -> None:
    driver.start().press("F1")
    sheet = driver.find(QDialog, "cheat-sheet")
    shown = {label.text() for label in sheet.findChildren(PlainLabel)}
    for command in driver.window.context.commands.all():
        if command.keys:
            assert command.title.rstrip("…") in shown, command.id


def test_every_icon_that_a_command_or_a_workspace_names_is_shipped(driver: Driver, indexed: Path) -> None:
    driver.start()
    named = {command.icon for command in driver.window.context.commands.all()} | {row.icon for row in VIEWS}
    shipped = {path.stem for path in (locate.resources() / "icons").glob("*.svg")}
    assert named - {""} <= shipped


def test_a_setting_is_in_force_at_once_and_kept(driver: Driver, indexed: Path) -> None:
    driver.start().press("Ctrl+,")
    box = driver.find(QComboBox, "setting-window.theme")
    box.setCurrentIndex(box.findData("dark"))
    box.activated.emit(box.currentIndex())
    driver.settle()
    assert driver.window.context.theme.mode is ThemeMode.DARK
    driver.close()
    assert Settings.load().text("window.theme") == "dark"


def test_every_workspace_opens_and_the_rail_says_which(driver: Driver, indexed: Path) -> None:
    driver.start()
    rail = driver.find(Rail, "rail")
    for row in VIEWS:
        driver.do(f"view.{row.id}")
        assert driver.window.windowTitle() == f"{row.title} – Runfolio"
        checked = [button.objectName() for button in rail.findChildren(QWidget) if button.property("checked")]
        assert checked == ([f"rail-{row.id}"] if row.on_rail else [])


def test_an_index_held_by_another_process_is_said_and_can_be_tried_again(driver: Driver, indexed: Path) -> None:
    hold = "from runfolio.api import Workspace\nwith Workspace.open():\n    print('open', flush=True)\n    input()\n"
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": paths}
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        driver.start_without_waiting()
        driver.until(lambda: driver.find(QWidget, "welcome-trouble").isVisible())
        assert str(other.pid) in _texts(driver.find(QWidget, "welcome-trouble"))
        other.communicate("\n")
    driver.click("try-again")
    assert len(driver.table.runs.keys) == len(NAMES)


def test_the_table_is_drawn_in_the_colours_of_the_theme(driver: Driver, indexed: Path) -> None:
    driver.start()
    for theme in ("light", "dark"):
        driver.do(f"theme.{theme}")
        picture = driver.table.viewport().grab().toImage()
        assert picture.pixelColor(2, 2) == driver.window.context.theme.color("surface")


def test_every_control_of_the_window_has_a_name_for_screen_readers(driver: Driver, indexed: Path) -> None:
    driver.start()
    nameless = [
        widget
        for widget in driver.window.findChildren(QWidget)
        if widget.isVisible()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not widget.accessibleName()
        and not widget.property("text")
        and type(widget).__module__.startswith("runfolio")
    ]
    assert nameless == []


def _texts(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(PlainLabel))


def test_the_layout_store_lies_beside_the_settings(user_folders_of_its_own: Path) -> None:
    assert Path(app.layout_store().fileName()).parent == user_folders_of_its_own / "config"


def test_the_workspace_that_was_open_is_open_again_with_everything_around_it(driver: Driver, indexed: Path) -> None:
    driver.start().do("view.compare").restart()
    assert driver.window.windowTitle() == "Compare – Runfolio"
    assert driver.window.filter_bar.isVisible()
    assert driver.window.library_dock.isVisible()
    driver.do("view.runs")
    assert driver.table.isVisible()


def test_no_welcome_flashes_up_where_there_are_folders(driver: Driver, indexed: Path, tmp_path: Path) -> None:
    store = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    driver.start().window.save_layout(store)
    driver.close()
    driver.start_without_waiting()
    driver.window.restore_layout(store)
    assert driver.window.findChild(QWidget, "welcome") is None
    driver.settle()
    assert driver.table.isVisible()


def test_no_shortcut_of_the_whole_window_has_two_meanings(driver: Driver, indexed: Path) -> None:
    driver.start()
    for row in VIEWS:
        driver.window.show_view(row.id)
    driver.settle()
    meanings: dict[str, list[str]] = {}
    for command in driver.window.context.commands.all():
        for key in command.keys:
            if not command.local:
                meanings.setdefault(key, []).append(command.id)
    assert len(meanings) > 20
    assert {key: ids for key, ids in meanings.items() if len(ids) > 1} == {}


def test_selected_runs_have_their_names_after_a_start_that_shows_no_row_of_them(driver: Driver, indexed: Path) -> None:
    driver.start().do("runs.clear").highlight("calm-ibis").press("Space").choose_in("saved-views", "Diverged (NaN)")
    driver.sees_runs("fleet-marten").restart().sees_runs("fleet-marten").press("Ctrl+2")
    legend = driver.find(QListView, "legend")
    assert [str(legend.model().index(row, 0).data()) for row in range(legend.model().rowCount())] == ["calm-ibis"]
