"""The main window: puts rail, library, filter bar, workspaces, inspector and status bar together; holds no logic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMainWindow,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop.bar_buttons import BarButtons
from runfolio.desktop.commands import Commands
from runfolio.desktop.context import Context
from runfolio.desktop.exports import Exports
from runfolio.desktop.facet_dock import FacetDock
from runfolio.desktop.filter_bar import FilterBar
from runfolio.desktop.indexing import Indexing
from runfolio.desktop.jobs import Jobs
from runfolio.desktop.library import LibraryPanel
from runfolio.desktop.library_control import LibraryControl
from runfolio.desktop.mark_loader import MarkLoader
from runfolio.desktop.notice_bar import NoticeBar
from runfolio.desktop.notices import Notices
from runfolio.desktop.rail import Rail
from runfolio.desktop.scope import ScopeLoader
from runfolio.desktop.session import Session
from runfolio.desktop.state import WindowState
from runfolio.desktop.status_bar import HEIGHT as STATUS_HEIGHT
from runfolio.desktop.status_bar import StatusBar
from runfolio.desktop.theme import Theme
from runfolio.desktop.view_host import ViewHost
from runfolio.desktop.view_state import ViewState
from runfolio.desktop.view_steps import ViewSteps
from runfolio.desktop.views.registry import INSPECTOR
from runfolio.desktop.views.runs import RunsView
from runfolio.desktop.watching import Watching
from runfolio.desktop.widgets import DockTitle, Rule
from runfolio.desktop.window_docks import add_dock
from runfolio.desktop.window_start import WindowStart
from runfolio.errors import RunfolioError
from runfolio.model.answers import Change, Progress, Touched
from runfolio.settings import Settings

if TYPE_CHECKING:
    from runfolio.desktop.views.welcome import WelcomeView

SIZE = (1440, 900)
LAYOUT_VERSION = 1


class MainWindow(QMainWindow):
    """One window on one workspace."""

    def __init__(self, jobs: Jobs, theme: Theme, say: Notices, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("main-window")
        self.setWindowTitle("Runfolio")
        self.setAcceptDrops(True)
        self.resize(*SIZE)
        state = WindowState(self)
        self.context = Context(jobs, state, theme, say, Commands(self), settings)
        self.indexing = Indexing(jobs, say, self)
        self.watching = Watching(jobs, state, say, self)
        self.scope = ScopeLoader(self.context, lambda: self.indexing.busy, self)
        self._start = WindowStart(self, self)
        self.first_look = self._start.first_look
        self.marks = MarkLoader(self.context, self)
        self._current = ""
        self._has_folders = True
        """Whether there is anything to look at, as far as is known; without, the Runs workspace is the welcome page."""
        self._welcome: WelcomeView | None = None
        self._library_wanted = True
        """Whether the user wants to see the library; the welcome page hides it in any case."""
        self.steps = ViewSteps(state.undo, lambda: self.ready, self)
        self._build()
        NoticeBar(self, say, theme, STATUS_HEIGHT)
        state.library_changed.connect(self._on_library_changed)
        self.indexing.progressed.connect(self._on_indexing)
        self.exports = Exports(
            self.context,
            lambda: self.runs_view().table.shown_columns(),
            lambda: self.runs_view().columns.look.group,
            self,
        )
        self.status.addWidget(self.exports.progress)
        self.scope.answered.connect(self._on_scope_answered)
        self.bar.follow(self.runs_view(), self.exports)
        self.put_view("runs")
        self.runs_view().table.setFocus()
        self.runs_view().table.runs.arrived.connect(self.first_look.seen)
        self.runs_view().table.runs.modelReset.connect(self.facets.refresh)

    # --- building ----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        context = self.context
        self.rail = Rail(context.theme, self.show_view, self)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self.rail)
        self.views = ViewHost(context)
        self.library = LibraryPanel(context)
        self.library.counted.connect(self._on_counted)
        self.folders = LibraryControl(
            self,
            context,
            self.indexing,
            self.library,
            ViewState(context, lambda: self.runs_view().columns, self.views, lambda: self.library.sources),
        )
        self.library.view_chosen.connect(self.folders.apply_view)
        self.library_dock = add_dock(
            self, "Library", "library-dock", self.library, Qt.DockWidgetArea.LeftDockWidgetArea
        )
        self.inspector_dock = add_dock(self, "Inspector", "inspector-dock", None, Qt.DockWidgetArea.RightDockWidgetArea)
        self.library_dock.setTitleBarWidget(self.library.head)
        self.inspector_dock.setTitleBarWidget(DockTitle("Inspector", context.theme, self.inspector_dock))
        self.inspector_dock.hide()
        self.inspector_dock.visibilityChanged.connect(self._on_inspector_visible)
        self.filter_bar = FilterBar(context)
        self.filter_bar.field.left.connect(self._leave_filter)
        facets_dock = add_dock(self, "Facets", "facets-dock", None, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.facets = FacetDock(
            self,
            context,
            facets_dock,
            self.library_dock,
            lambda: [c.field for c in self.runs_view().table.shown_columns() if not c.curve],
            self._leave_filter,
        )
        self.steps.watch(self.inspector_dock, "inspector", self.inspector_dock.setVisible)
        self.steps.watch(facets_dock, "facets", lambda shown: self.facets.put(shown=shown))
        self.bar: BarButtons = BarButtons(context, self.filter_bar, self._runs_in_front)
        for button in (self.bar.hidden, self.facets.button, self.bar.columns, self.bar.group, self.bar.export):
            self.filter_bar.add_button(button)
        self.folders.folders_asked.connect(lambda: self._set_has_folders(there=True))
        centre = QWidget()
        across = QHBoxLayout(centre)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(self.filter_bar)
        column.addWidget(self.views, 1)
        self._line = Rule(vertical=True)
        across.addWidget(self._line)
        across.addLayout(column, 1)
        self.setCentralWidget(centre)
        self.status: StatusBar = StatusBar(context, self.indexing, self.watching)
        self.status.attention_asked.connect(lambda: self.show_view("problems"))
        self.setStatusBar(self.status)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)

    @property
    def welcome(self) -> WelcomeView:
        """The first page of an empty library, made when it is first needed."""
        if self._welcome is None:
            self._welcome = made = self.folders.welcome_page()
            self.views.addWidget(made)
        return self._welcome

    # --- start and end -----------------------------------------------------------------------------------------

    def start(self, session: Session, paths: Sequence[str]) -> None:
        """Show what the session kept, open the workspace, and read `paths` or what is new in the library."""
        self._start.begin(session, paths)

    @property
    def started(self) -> bool:
        """Whether a session was taken over; before that there is nothing worth keeping."""
        return self._start.started

    @property
    def ready(self) -> bool:
        """Whether the session was taken over and the workspace is open, and nothing else of the start holds it up."""
        return self._start.ready

    def show_trouble(self, error: RunfolioError, again: Callable[[], None]) -> None:
        """The workspace could not be opened: the welcome page says why."""
        self._has_folders = False
        self.put_view("runs")
        self.welcome.show_trouble(error.message, error.hint, again)

    def session(self) -> Session:
        """What the next start shows again."""
        state = self.context.state
        return Session(
            state.scope,
            state.slots,
            state.baseline,
            self._current,
            self.views.saved(),
            self.folders.recent,
            self.folders.saved,
            current=state.current,
        )

    def save_layout(self, store: QSettings) -> None:
        """Keep geometry and docks."""
        store.setValue("window/geometry", self.saveGeometry())
        store.setValue("window/docks", self.saveState(LAYOUT_VERSION))
        store.setValue("window/library", int(self._library_wanted))
        store.setValue("window/folders", int(self._has_folders))

    def restore_layout(self, store: QSettings) -> None:
        """Bring geometry and docks back as they were left."""
        geometry, docks = store.value("window/geometry"), store.value("window/docks")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        if isinstance(docks, QByteArray):
            self.restoreState(docks, LAYOUT_VERSION)
        self._library_wanted = store.value("window/library", 1, int) != 0
        # Until the library is counted it is taken to be what it was: no welcome flashes up at each start.
        self._has_folders = store.value("window/folders", 0, int) != 0
        self.put_view(self._current)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing to ask: all that can be lost is kept."""
        self.inspector_dock.visibilityChanged.disconnect(self._on_inspector_visible)
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Folders and files from the file manager may be dropped anywhere."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        # After the drop has ended: the program it came from waits for that.
        QTimer.singleShot(0, lambda: self.folders.open_paths(paths))

    # --- views -------------------------------------------------------------------------------------------------

    def show_view(self, id: str) -> None:
        """The user goes to a workspace."""
        before = self._current
        self.put_view(id)
        self.steps.changed("workspace", f"Show {self.views.title(id)}", before, id, self.put_view)

    def put_view(self, id: str) -> None:
        """Show a workspace, made when it is first shown."""
        widget = self.views.widget_of(id)
        self._current = id
        welcoming = id == "runs" and not self._has_folders
        self.views.setCurrentWidget(self.welcome if welcoming else widget)
        self._show_library_parts(shown=not welcoming)
        self.rail.show_current(id)
        self.setWindowTitle(f"{self.views.title(id)} – Runfolio")
        if self._start.is_open:
            self.views.activate(id)

    def show_current_run(self) -> None:
        """Go to the current run in the table and show it in the inspector."""
        self.show_view("runs")
        if self.context.state.current is not None:
            self.runs_view().table.go_to(self.context.state.current)
        self.inspector_dock.show()

    def toggle_library(self) -> None:
        """Show or hide the library."""
        shown = self.library_dock.isVisible()
        self._put_library(shown=not shown)
        self.steps.changed(
            "library",
            f"{'Hide' if shown else 'Show'} the library",
            shown,
            not shown,
            lambda on: self._put_library(shown=on),
        )

    def _put_library(self, *, shown: bool) -> None:
        self._library_wanted = shown
        self.library_dock.setVisible(shown)

    def toggle_inspector(self) -> None:
        """Show or hide the inspector of the current run."""
        self.inspector_dock.setVisible(not self.inspector_dock.isVisible())

    def _on_inspector_visible(self, visible: bool) -> None:
        if visible:
            self.inspector_dock.setWidget(self.views.widget_of(INSPECTOR.id))
            if self._start.is_open:
                self.views.activate(INSPECTOR.id)

    def runs_view(self) -> RunsView:
        """The Runs workspace, which the bar's buttons are about."""
        widget = self.views.widget_of("runs")
        if not isinstance(widget, RunsView):
            raise TypeError("The view called runs is another one")
        return widget

    def _runs_in_front(self) -> RunsView:
        self.show_view("runs")
        return self.runs_view()

    def update_times(self) -> None:
        """Times are shown in another zone."""
        self._on_library_changed(Change(Touched.MARKS))

    def _leave_filter(self) -> None:
        self.views.widget_of(self._current).setFocus()

    # --- what arrives ------------------------------------------------------------------------------------------

    def _on_library_changed(self, change: Change) -> None:
        self.library.changed(change)
        self.filter_bar.changed(change)
        self.status.changed(change)
        self.views.changed(change)

    def _on_indexing(self, progress: Progress | None) -> None:
        if progress is not None:
            self.runs_view().answer.show_reading()
        elif self._start.is_open:
            # At the end: nothing may have been read, and then no commit says so.
            self.library.activate()
            self.scope.ask()

    def _on_counted(self, sources: int) -> None:
        self._set_has_folders(there=sources > 0 or self.indexing.busy)

    def _set_has_folders(self, *, there: bool) -> None:
        if there != self._has_folders:
            self._has_folders = there
            if self._current == "runs":
                self.put_view("runs")
                self.runs_view().table.setFocus()

    def _show_library_parts(self, *, shown: bool) -> None:
        self.filter_bar.setVisible(shown)
        self.library_dock.setVisible(shown and self._library_wanted)
        with self.steps.quietly():
            self.facets.allow(shown=shown)
        self._line.setVisible(shown)

    def _on_scope_answered(self) -> None:
        if self.context.state.scope_keys:
            # Whatever the last start left: there are runs to look at.
            self._set_has_folders(there=True)
        if not self.context.state.scope_keys or self._current != "runs":
            self.first_look.seen()
        self.filter_bar.refuse(self.scope.refused)
        self.runs_view().answer.show_scope(busy=self.indexing.busy, refused=self.scope.refused)
