"""What a window does from its start until everything in it is at work, in the order that shows rows first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject

from runfolio.desktop.first_look import FirstLook, import_all
from runfolio.desktop.qt_classes import QtClasses
from runfolio.errors import RunfolioError
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.desktop.bar_buttons import BarButtons
    from runfolio.desktop.context import Context
    from runfolio.desktop.filter_bar import FilterBar
    from runfolio.desktop.indexing import Indexing
    from runfolio.desktop.library import LibraryPanel
    from runfolio.desktop.library_control import LibraryControl
    from runfolio.desktop.mark_loader import MarkLoader
    from runfolio.desktop.scope import ScopeLoader
    from runfolio.desktop.session import Session
    from runfolio.desktop.status_bar import StatusBar
    from runfolio.desktop.view_host import ViewHost
    from runfolio.desktop.views.runs import RunsView
    from runfolio.desktop.watching import Watching


class Parts(Protocol):
    """What of a window is put to work."""

    context: Context
    indexing: Indexing
    watching: Watching
    scope: ScopeLoader
    marks: MarkLoader
    views: ViewHost
    library: LibraryPanel
    folders: LibraryControl
    filter_bar: FilterBar
    bar: BarButtons
    status: StatusBar

    def runs_view(self) -> RunsView:
        """The Runs workspace."""
        ...

    def put_view(self, id: str) -> None:
        """Show a workspace."""
        ...

    def show_trouble(self, error: RunfolioError, again: Callable[[], None]) -> None:
        """Say that the workspace could not be opened; `again` tries once more."""
        ...


class WindowStart:
    """Takes over a session, opens the workspace, and lets what can wait wait."""

    def __init__(self, window: Parts, parent: QObject) -> None:
        self._window = window
        self.first_look = FirstLook(parent)
        self._classes = QtClasses(parent)
        self.started = False
        """Whether a session was taken over; before that there is nothing worth keeping."""
        self.is_open = False
        """Whether the workspace is open."""
        self._wanted = "runs"
        self._shown_last: RunKey | None = None

    @property
    def ready(self) -> bool:
        """Whether the session was taken over and the workspace is open, and nothing else of the start holds it up."""
        return self.started and self.is_open and not self._classes.busy

    def begin(self, session: Session, paths: Sequence[str]) -> None:
        """Show what the session kept, open the workspace, and read `paths` or what is new in the library."""
        window = self._window
        self.started = True
        self._shown_last = session.current
        self._wanted = session.view if window.views.knows(session.view) else "runs"
        window.folders.take(session.recent, session.saved)
        if not session.fresh:
            window.scope.pick_none()
            window.context.state.start_from(session.query, session.slots, session.baseline)
        for complaint in window.context.settings.complaints:
            window.context.say.warning(complaint)
        window.views.restore(session.views)
        self.open_workspace(paths)

    def open_workspace(self, paths: Sequence[str] = ()) -> None:
        """Open index and ledger; when that fails the welcome page says why."""
        window = self._window

        def opened() -> None:
            self.is_open = True
            window.scope.ask()
            window.put_view(self._wanted)
            self.first_look.begin(lambda: self._go_on(paths))

        def failed(error: RunfolioError) -> None:
            window.show_trouble(error, lambda: self.open_workspace(paths))

        window.context.jobs.open(opened, failed, window.context.state.announce)

    def _go_on(self, paths: Sequence[str]) -> None:
        window = self._window
        window.library.show_places()
        window.scope.learn_names()
        # Imported one after the other before several threads want them.
        self._classes.make_known(
            lambda: window.context.jobs.query("first-imports", import_all, lambda _done: self._work(paths))
        )

    def _work(self, paths: Sequence[str]) -> None:
        window = self._window
        window.library.count_views()
        window.filter_bar.activate()
        window.marks.activate()
        window.bar.hidden.activate()
        window.status.activate()
        window.views.activate_all()
        window.runs_view().add_charts()
        if self._shown_last is not None:
            window.runs_view().go_to_last(self._shown_last)
            window.context.state.set_current(self._shown_last)
        if paths:
            window.folders.open_paths(paths)
        elif window.context.settings.flag("library.look_at_start"):
            window.indexing.look()
        window.watching.set_on(on=window.context.settings.flag("library.watch"))
