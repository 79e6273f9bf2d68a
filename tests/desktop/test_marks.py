"""Star, colour, hide, archive, note and edit runs in the window: by keys, with undo, and seen where they matter."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QMenu, QPlainTextEdit, QWidget

from runfolio.desktop.mark_notice import HiddenNotice
from runfolio.desktop.note_editor import MarkdownPreview
from runfolio.model.marks import MarkBoard
from runfolio.model.promotion import RunMarks
from support.driver import Driver
from support.sweep import NAMES


@pytest.fixture
def runs(driver: Driver, indexed: Path) -> Driver:
    return driver.start().click_header("Run")


def board(runs: Driver) -> MarkBoard:
    return runs.window.context.state.board


def marks(runs: Driver, name: str) -> RunMarks:
    key = runs.table.runs.keys[runs.column("Run").index(name)]
    found: list[RunMarks] = []
    runs.window.context.jobs.query("test-marks", lambda workspace: workspace.marks(key), found.append)
    runs.settle()
    return found[0]


def test_s_stars_and_ctrl_z_takes_the_star_away(runs: Driver) -> None:
    runs.highlight("amber-heron", "calm-ibis").press("S")
    assert "2 runs are starred." in runs.notice()
    assert len(board(runs).starred) == 2
    runs.filter("starred").sees_runs("amber-heron", "calm-ibis")
    runs.filter("").highlight("amber-heron", "calm-ibis", "dusky-lynx").press("S")
    assert len(board(runs).starred) == 3, "where one has no star all get one"
    runs.press("Ctrl+Z").press("Ctrl+Shift+Z")
    runs.until(lambda: len(board(runs).starred) == 3)
    runs.press("Ctrl+Z").press("Ctrl+Z")
    runs.until(lambda: len(board(runs).starred) in (0, 2))
    # A click at the right end of a name does the same.
    before, table = board(runs).starred, runs.table
    index = table.model().index(runs.column("Run").index("eager-finch"), runs.titles().index("Run"))
    star = QPoint(table.visualRect(index).right() - 16, table.visualRect(index).center().y())
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=star)
    runs.settle()
    assert board(runs).starred == before | {str(table.runs.keys[index.row()])}
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=star)
    runs.settle()
    assert board(runs).starred == before


def test_a_chosen_colour_stays_whatever_is_selected(runs: Driver) -> None:
    runs.do("runs.clear").highlight("dusky-lynx").press("C")
    menu = runs.find(QMenu, "color-menu")
    QTest.keyClick(menu, Qt.Key.Key_3)
    runs.settle()
    state = runs.window.context.state
    key = runs.table.runs.keys[runs.column("Run").index("dusky-lynx")]
    assert state.chosen_color(key) == 2
    runs.click_dot("amber-heron").click_dot("brisk-otter").click_dot("calm-ibis").click_dot("dusky-lynx")
    styles = [state.style_of(k) for k in state.selection]
    # The third place has that colour too: shape and dash tell the two apart.
    assert [s.color_index for s in styles] == [0, 1, 2, 2]
    assert [s.marker for s in styles] == [0, 0, 0, 1]
    runs.click_dot("amber-heron").click_dot("calm-ibis")
    assert (state.style_of(key).color_index, state.style_of(key).marker) == (2, 0)
    runs.filter("color = 3").sees_runs("dusky-lynx")


def test_h_hides_until_asked_for_and_one_undo_brings_everything_back(runs: Driver) -> None:
    state = runs.window.context.state
    runs.do("runs.clear").click_dot("amber-heron").click_dot("fleet-marten")
    notice = runs.find(HiddenNotice, "hidden-runs")
    assert not notice.isVisible()
    runs.highlight("amber-heron", "brisk-otter").press("H").sees_runs(*NAMES[2:])
    assert runs.selected() == ["fleet-marten"], "no chart draws what no table shows"
    assert (notice.isVisible(), notice.text()) == (True, "2 hidden")
    runs.click("hidden-runs").sees_runs(*NAMES)
    assert notice.text() == "2 hidden shown"
    runs.press("Ctrl+Z").sees_runs(*NAMES[2:])
    runs.filter("hidden").sees_runs("amber-heron", "brisk-otter")
    # What was typed is one step of undo, and the hiding is the one before it.
    runs.filter("").sees_runs(*NAMES[2:]).do("edit.undo").do("edit.undo").sees_runs(*NAMES)
    assert runs.selected() == ["amber-heron", "fleet-marten"]
    assert not notice.isVisible()
    assert state.board == MarkBoard()


def test_where_all_runs_are_hidden_the_table_says_so(runs: Driver) -> None:
    runs.table.setFocus()
    runs.press("Ctrl+A").press("A")
    assert runs.window.runs_view().answer.empty.accessibleName() == "All runs here are hidden or archived"
    runs.do("runs.show-hidden").sees_runs(*NAMES)


def test_many_runs_are_edited_as_one_step(runs: Driver) -> None:
    runs.highlight("amber-heron", "brisk-otter", "calm-ibis").press("E")
    apply = runs.find(QWidget, "bulk-apply")
    assert not apply.isEnabled()
    QTest.keyClicks(runs.find(QLineEdit, "bulk-add"), "sweep, second look")
    runs.find(QComboBox, "bulk-starred").setCurrentIndex(1)
    runs.find(QComboBox, "bulk-color").setCurrentIndex(3)
    QTest.keyClicks(runs.find(QPlainTextEdit, "bulk-note"), "seen by mira")
    assert apply.isEnabled()
    runs.click("bulk-apply")
    assert marks(runs, "brisk-otter") == RunMarks(("sweep", "second look"), "seen by mira", (), True, 2)
    runs.filter("tag = sweep and note ~ mira").sees_runs(*NAMES[:3]).filter("")
    runs.do("edit.undo").do("edit.undo").do("edit.undo")
    assert marks(runs, "brisk-otter") == RunMarks()


def test_a_note_is_written_looked_at_and_kept(runs: Driver) -> None:
    runs.highlight("calm-ibis").press("N")
    field = runs.find(QPlainTextEdit, "note-text")
    QTest.keyClicks(field, "**Best** of all <b>raw</b> ![x](file:///etc/passwd) [more](http://example.org)")
    runs.click("note-look")
    preview = runs.find(MarkdownPreview, "note-preview")
    shown = preview.toPlainText()
    assert shown.startswith("Best of all <b>raw</b>")
    assert "passwd" not in shown
    runs.click("note-look")
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    runs.settle()
    assert marks(runs, "calm-ibis").note.startswith("**Best** of all")
    runs.do("edit.undo")
    assert marks(runs, "calm-ibis").note == ""


def test_the_keys_are_in_the_menu_and_the_cheat_sheet(runs: Driver) -> None:
    commands = runs.window.context.commands
    keys = {id: commands.get(f"runs.{id}").shortcut for id in ("star", "color", "hide", "archive", "note", "edit")}
    assert keys == {"star": "S", "color": "C", "hide": "H", "archive": "A", "note": "N", "edit": "E"}
    taken = [command.shortcut for command in commands.all() if command.local and command.keys]
    assert len(taken) == len(set(taken))


def test_hidden_runs_stay_shown_after_a_restart(runs: Driver) -> None:
    runs.highlight("amber-heron").press("H").press("Ctrl+H").sees_runs(*NAMES)
    runs.restart()
    assert runs.window.context.state.scope.with_hidden
    runs.sees_runs(*NAMES)
