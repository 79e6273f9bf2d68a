"""What is done with the library: folders come and go, views are saved and forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from runfolio import locate
from runfolio.desktop.context import Context
from runfolio.desktop.indexing import Indexing
from runfolio.desktop.library import LibraryPanel
from runfolio.desktop.own_views import OwnViews
from runfolio.desktop.saved_views import SavedView
from runfolio.desktop.session import with_recent
from runfolio.desktop.side_tree import Entry
from runfolio.desktop.view_file import is_view_file
from runfolio.desktop.view_state import ViewState
from runfolio.model.answers import Source

if TYPE_CHECKING:
    from runfolio.desktop.views.welcome import WelcomeView


class LibraryControl(QObject):
    """The folders and saved views of a window.

    folders_asked   folders are about to be read: the runs should be in view.
    recent_changed  `recent` holds other folders.
    """

    folders_asked = Signal()
    recent_changed = Signal()

    def __init__(
        self, window: QWidget, context: Context, indexing: Indexing, panel: LibraryPanel, views: ViewState
    ) -> None:
        """`views` takes what the window shows, and shows saved views."""
        super().__init__(window)
        self._window = window
        self._context = context
        self._indexing = indexing
        self._panel = panel
        self.views = views
        self.own_views = OwnViews(window, context, self)
        self.recent: tuple[str, ...] = ()
        self.saved: tuple[SavedView, ...] = ()
        panel.add_asked.connect(self.ask_for_folder)
        panel.remove_asked.connect(self.remove_source)
        panel.forget_asked.connect(self.own_views.remove)
        panel.menu_asked.connect(self._open_menu)

    def take(self, recent: tuple[str, ...], saved: tuple[SavedView, ...]) -> None:
        """What a session kept."""
        self.recent, self.saved = recent, saved
        self._panel.set_own_views(saved)
        self.recent_changed.emit()

    # --- folders -----------------------------------------------------------------------------------------------

    def ask_for_folder(self) -> None:
        """Let the user choose a folder; the window goes on meanwhile."""
        from PySide6.QtWidgets import QFileDialog

        dialog = QFileDialog(self._window, "Open a folder of runs")
        dialog.setObjectName("open-folder")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self.open_paths)
        dialog.open()

    def open_paths(self, paths: Sequence[str]) -> None:
        """Put folders into the library and read them, one after the other: a wrong one does not stop the rest."""
        whole = tuple(str(Path(path).expanduser().absolute()) for path in paths)
        self.own_views.open_files([path for path in whole if is_view_file(path)])
        whole = tuple(path for path in whole if not is_view_file(path))
        if not whole:
            return
        self.recent = with_recent(self.recent, whole)
        self.recent_changed.emit()
        self.folders_asked.emit()
        for path in whole:
            self._indexing.look([path])

    def sample_folders(self) -> list[str]:
        """The runs that come with the product; [] when they were left out of an installation."""
        samples = locate.resources() / "samples" / "runs"
        return [str(samples)] if samples.is_dir() else []

    def open_sample(self) -> None:
        """Read the runs that come with the product."""
        self.folders_asked.emit()
        self._indexing.look(self.sample_folders())

    def remove_source(self, source: Source) -> None:
        """Take a folder out of the library; the folder itself is not touched."""
        state = self._context.state
        if state.scope.source == source.id:
            state.set_place(None, None)
        path = source.path
        # The index is busy while it reads: stop, remove, and read the other folders afterwards.
        again = self._indexing.busy
        self._indexing.cancel()

        def removed(_nothing: None) -> None:
            state.undo.push(f"Remove {source.name}", lambda: self._indexing.look([path]))
            self._context.say.info(
                f"{source.name} was taken out of the library. The folder is as it was.",
                action="Undo",
                call=lambda: self._context.commands.run("edit.undo"),
            )
            if again:
                self._indexing.look()

        self._context.jobs.action(lambda workspace: workspace.remove_source(source.id), removed)

    def welcome_page(self) -> WelcomeView:
        """What stands in the place of the runs while there are none."""
        from runfolio.desktop.views.welcome import WelcomeView

        page = WelcomeView(
            self._context.theme,
            self.ask_for_folder,
            self.open_sample if self.sample_folders() else None,
            lambda path: self.open_paths([path]),
        )
        page.set_recent(self.recent)
        self.recent_changed.connect(lambda: page.set_recent(self.recent))
        return page

    # --- saved views -------------------------------------------------------------------------------------------

    def apply_view(self, view: SavedView) -> None:
        """Show a saved view. A second time one that is a filter gives all runs again."""
        state = self._context.state
        if view.own:
            self.views.show(view)
        elif view.where and state.scope.where == view.where:
            state.set_where("")
        else:
            state.set_saved_view(view.where, view.sort)

    def put_views(self, views: tuple[SavedView, ...], label: str) -> None:
        """Other saved views; can be undone."""
        before = self.saved
        self._put_views(views)
        self._context.state.undo.push(label, lambda: self._put_views(before), lambda: self._put_views(views))

    def _put_views(self, views: tuple[SavedView, ...]) -> None:
        self.saved = views
        self._panel.set_own_views(views)
        self._panel.activate()

    # --- menus -------------------------------------------------------------------------------------------------

    def _open_menu(self, entry: Entry, at: QPoint) -> None:
        menu = QMenu(self._window)
        menu.setObjectName("library-menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if entry.view is not None:
            view = entry.view
            menu.addAction("Show its runs", lambda: self.apply_view(view))
            if view.own:
                self.own_views.add_actions(menu, view)
        elif entry.source is not None:
            self._add_folder_actions(menu, entry.source)
        else:
            menu.addAction(self._context.commands.action("library.look"))
        menu.popup(at)

    def _add_folder_actions(self, menu: QMenu, source: Source) -> None:
        from PySide6.QtCore import QUrl
        from PySide6.QtGui import QDesktopServices

        path = source.path
        menu.addAction("Look for new runs here", lambda: self._indexing.look([path]))
        menu.addAction("Read it all again", lambda: self._indexing.look([path], deep=True))
        menu.addSeparator()
        menu.addAction("Show in the file manager", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(path)))
        menu.addAction("Copy its path", lambda: QApplication.clipboard().setText(path))
        menu.addSeparator()
        menu.addAction("Remove from the library\tDel", lambda: self.remove_source(source))
