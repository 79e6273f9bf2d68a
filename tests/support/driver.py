"""Does with the window what a user does, and sees what a user sees."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QEventLoop, QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from runfolio.desktop import app
from runfolio.desktop.notice_bar import NoticeBar
from runfolio.desktop.run_list import RunList
from runfolio.desktop.side_tree import SideTree
from runfolio.desktop.theme import Theme, ThemeMode
from runfolio.desktop.widgets import PlainLabel
from runfolio.desktop.window import MainWindow
from runfolio.settings import Settings

W = TypeVar("W", bound=QWidget)

WAIT_S = 30
"""For things that take as long as they take; a test that passes never waits that long."""

LOOK_MS = 2
"""How often is looked whether something is so."""

PAUSE_MS = 500
"""The longest time after which the window does something because a hand rested; what takes longer is a notice."""

REST_TURNS = 4
"""Turns of the event loop without anything to do, after which nothing comes any more."""


class Driver:
    """A window with its threads, and the hands and eyes of its user."""

    def __init__(self) -> None:
        self._window: MainWindow | None = None
        self._theme: Theme | None = None

    # --- the window --------------------------------------------------------------------------------------------

    def start(self, *paths: str | Path, look: bool = False, watch: bool = False) -> Driver:
        """Open Runfolio on folders.

        look    whether it looks for new runs in the library by itself at the start; `watch` all the time.
        """
        return self.start_without_waiting(*paths, look=look, watch=watch).settle()

    def start_without_waiting(self, *paths: str | Path, look: bool = False, watch: bool = False) -> Driver:
        """The same, for a start that does not get that far."""
        app.make_application()
        settings = Settings.load()
        settings.set("library.look_at_start", look)
        settings.set("library.watch", watch)
        self._theme = Theme(ThemeMode(settings.text("window.theme")))
        self._theme.apply()
        self._window = app.make_window(self._theme, settings)
        self._window.show()
        app.begin(self._window, [str(path) for path in paths])
        return self

    def close(self) -> None:
        """Close the window; everything that was asked for is carried out."""
        if self._window is not None:
            self._window.close()
            app.end(self._window)
            self._window.deleteLater()
            self._window = None
            QApplication.sendPostedEvents()
            # At once: the style sheet of the next window would be worked out for this one as well.
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def restart(self) -> Driver:
        """Close it and open it again."""
        self.close()
        return self.start()

    @property
    def window(self) -> MainWindow:
        """The open window."""
        assert self._window is not None, "The window is not open"
        return self._window

    @property
    def table(self) -> RunList:
        """The runs table."""
        return self.find(RunList, "runs-table")

    def find(self, kind: type[W], name: str) -> W:
        """The widget of that object name, in the window or a popup of it."""
        for place in (self.window, *QApplication.topLevelWidgets()):
            if place.objectName() == name and isinstance(place, kind):
                return place
            found = place.findChild(kind, name)
            if found is not None:
                return found
        raise AssertionError(f"There is no {kind.__name__} called {name}")

    # --- waiting -----------------------------------------------------------------------------------------------

    def until(self, holds: Callable[[], bool]) -> Driver:
        """Wait until something is so; what cannot be looked at yet (an AssertionError) is not so yet."""
        end = time.monotonic() + WAIT_S
        while True:
            try:
                if holds():
                    return self
                last: AssertionError | None = None
            except AssertionError as error:
                last = error
            if time.monotonic() > end:
                raise AssertionError(f"Not so within {WAIT_S} s") from last
            _turn(LOOK_MS)

    def settle(self) -> Driver:
        """Wait until the window has nothing more to do."""
        quiet = 0
        # Answers start questions of their own, some after a turn of the event loop: rest has to last.
        while quiet < REST_TURNS:
            self.until(lambda: not self._busy())
            quiet += 1
            _turn(0)
            if self._busy():
                quiet = 0
        active = QApplication.activeWindow()
        if active is None or not active.isVisible():
            # The screenless platform leaves a popup active after it was hidden; a real desktop does not.
            self.window.activateWindow()
        return self

    def _busy(self) -> bool:
        """Whether something runs, or waits for the user's hand to rest."""
        window = self.window
        jobs, state = window.context.jobs, window.context.state
        if not window.ready or window.indexing.busy or not jobs.idle or not state.announced:
            return True
        timers = (t for top in QApplication.topLevelWidgets() for t in top.findChildren(QTimer))
        return any(t.isActive() and t.isSingleShot() and t.interval() <= PAUSE_MS for t in timers)

    # --- hands -------------------------------------------------------------------------------------------------

    def press(self, keys: str) -> Driver:
        """Press keys such as `Ctrl+K` where the focus is."""
        target = QApplication.focusWidget() or QApplication.activePopupWidget() or self.window
        QTest.keySequence(target, QKeySequence(keys))
        return self.settle()

    def type(self, text: str) -> Driver:
        """Type text where the focus is."""
        QTest.keyClicks(QApplication.focusWidget() or self.window, text)
        return self

    def click(self, name: str) -> Driver:
        """Press the button of that object name."""
        QTest.mouseClick(self.find(QWidget, name), Qt.MouseButton.LeftButton)
        return self.settle()

    def do(self, command: str) -> Driver:
        """Give a command by its id."""
        self.window.context.commands.run(command)
        return self.settle()

    def filter(self, text: str) -> Driver:
        """Type a filter in place of the one that stands there, and wait for its effect."""
        self.window.filter_bar.focus()
        field = self.window.filter_bar.field
        QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(field, Qt.Key.Key_Delete)
        QTest.keyClicks(field, text)
        self.until(lambda: not self.window.filter_bar.waiting)
        return self.settle()

    def highlight(self, *names: str) -> Driver:
        """Highlight the rows of runs and give the table the focus; the last one is the current row."""
        table = self.table
        table.setFocus()
        table.clearSelection()
        rows = self.column("Run")
        for name in names:
            index = table.model().index(rows.index(name), 0)
            flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
            table.selectionModel().setCurrentIndex(index, flags)
        return self.settle()

    def click_dot(self, name: str) -> Driver:
        """Click the dot before a run's name."""
        table = self.table
        index = table.model().index(self.column("Run").index(name), self.titles().index("Run"))
        at = table.visualRect(index).center()
        at.setX(table.visualRect(index).left() + 14)
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
        return self.settle()

    def click_header(self, title: str, *, shift: bool = False) -> Driver:
        """Click a header of the table."""
        head = self.table.horizontalHeader()
        section = self.titles().index(title)
        at = QPoint(head.sectionViewportPosition(section) + 12, head.height() // 2)
        keys = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
        QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, keys, at)
        return self.settle()

    def choose_in(self, tree: str, title: str) -> Driver:
        """Click a row of a tree at the left, "library" or "saved-views"."""
        side = self.find(SideTree, tree)
        index = next(i for i in _rows(side) if i.data() == title)
        side.scrollTo(index)
        at = side.visualRect(index).center()
        QTest.mouseClick(side.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
        return self.settle()

    # --- eyes --------------------------------------------------------------------------------------------------

    def titles(self) -> list[str]:
        """The headers, without arrows, in the model's order."""
        return [column.title for column in self.table.runs.columns]

    def header(self, title: str) -> str:
        """What stands in a header, arrow and all."""
        section = self.titles().index(title)
        return str(self.table.model().headerData(section, Qt.Orientation.Horizontal))

    def column(self, title: str) -> list[str]:
        """The cells of a column from top to bottom."""
        model = self.table.model()
        place = self.titles().index(title)
        return [str(model.index(row, place).data()) for row in range(model.rowCount())]

    def sees_runs(self, *names: str) -> Driver:
        """Exactly these runs stand in the table, in this order."""
        assert self.column("Run") == [*names]
        return self

    def selected(self) -> list[str]:
        """Names of the selected runs in picking order."""
        state = self.window.context.state
        return [state.name_of(key) for key in state.selection]

    def text(self, name: str) -> str:
        """What a label says; "" when it is hidden."""
        label = self.find(PlainLabel, name)
        return label.text() if label.isVisible() else ""

    def notice(self) -> str:
        """What the notice says; "" when there is none."""
        return self.find(NoticeBar, "notice").text

    def rows_of(self, tree: str) -> list[str]:
        """The rows of a tree at the left, with their counts."""
        side = self.find(SideTree, tree)
        found: list[str] = []
        for index in _rows(side):
            entry = side.entry(index)
            assert entry is not None
            found.append(entry.title if entry.runs is None else f"{entry.title} {entry.runs}")
        return found


def _turn(ms: int) -> None:
    """Let the window's thread work for that long, or for one turn. A loop of its own: what was given up is deleted."""
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def _rows(side: SideTree) -> list[QModelIndex]:
    found: list[QModelIndex] = []
    for row in range(side.rows.rowCount()):
        top = side.rows.index(row, 0)
        found.append(top)
        found.extend(side.rows.index(below, 0, top) for below in range(side.rows.rowCount(top)))
    return found
