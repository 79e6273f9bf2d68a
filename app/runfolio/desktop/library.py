"""The library at the left: folders with their experiments, saved views, tags."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from runfolio.desktop.context import Context
from runfolio.desktop.saved_views import CountedView, SavedView, count_views
from runfolio.desktop.side_tree import ROW, Entry, SideTree
from runfolio.desktop.widgets import IconButton, SectionTitle
from runfolio.model.answers import Change, LibraryNode, Source, Touched

WIDTH = 235


class LibraryPanel(QWidget):
    """Sources and experiments over saved views and tags.

    add_asked       the "+" was pressed.
    remove_asked    a Source is to leave the library.
    menu_asked      an Entry was right-clicked, at a global position.
    view_chosen     a SavedView is wanted.
    forget_asked    a saved view of the user's own is to be removed.
    counted         sources are known: how many there are.
    """

    add_asked = Signal()
    remove_asked = Signal(object)
    menu_asked = Signal(object, QPoint)
    view_chosen = Signal(object)
    forget_asked = Signal(object)
    counted = Signal(int)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._own: tuple[SavedView, ...] = ()
        self._sources: tuple[Source, ...] | None = None
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.places = SideTree(context, "Library")
        self.views = SideTree(context, "Saved views")
        self.views.setRootIsDecorated(False)
        self.views.setIndentation(0)
        self.views.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.add = IconButton("plus", "Add a folder", context.theme, size=15)
        self.add.setObjectName("add-folder")
        self.add.clicked.connect(self.add_asked)
        self.head = QWidget()
        """The title bar of the dock: what is dragged to move the library."""
        self.head.setProperty("surface", "panel")
        self.head.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        head = QHBoxLayout(self.head)
        head.setContentsMargins(12, 10, 6, 2)
        head.addWidget(SectionTitle("Library"))
        head.addStretch()
        head.addWidget(self.add)
        self._views_title = SectionTitle("Saved views")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 12)
        column.setSpacing(0)
        for tree in (self.places, self.views):
            tree.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.places, 1)
        under = QHBoxLayout()
        under.setContentsMargins(12, 10, 12, 4)
        under.addWidget(self._views_title)
        column.addLayout(under)
        column.addWidget(self.views)
        self.places.chosen.connect(self._go_to)
        self.views.chosen.connect(self._go_to)
        self.places.delete_asked.connect(self._delete)
        self.views.delete_asked.connect(self._delete)
        self.places.menu_asked.connect(self.menu_asked)
        self.views.menu_asked.connect(self.menu_asked)
        context.state.query_changed.connect(self._follow)
        context.theme.changed.connect(self._repaint)

    def sizeHint(self) -> QSize:
        """The width it starts with."""
        return QSize(WIDTH, 400)

    # --- asking ------------------------------------------------------------------------------------------------

    def activate(self) -> None:
        """Ask what the library holds, and how many runs the saved views have."""
        self.show_places()
        self.count_views()

    def show_places(self) -> None:
        """Ask for folders and experiments."""
        self._context.jobs.query(
            "library", lambda workspace: (workspace.sources(), workspace.library()), lambda found: self._show(*found)
        )

    def count_views(self) -> None:
        """Ask how many runs each saved view and tag has."""
        own = self._own
        self._context.jobs.query(
            "saved-views", lambda workspace: count_views(workspace, own), lambda found: self._show_views(*found)
        )

    def changed(self, change: Change) -> None:
        """Runs, sources or tags came or went."""
        if change.touched & (Touched.RUNS | Touched.SOURCES | Touched.MARKS):
            self.activate()

    def set_own_views(self, views: tuple[SavedView, ...]) -> None:
        """The user's saved views."""
        self._own = views

    @property
    def sources(self) -> tuple[Source, ...]:
        """The folders that are listed."""
        return self._sources or ()

    # --- showing -----------------------------------------------------------------------------------------------

    def _show(self, sources: tuple[Source, ...], nodes: tuple[LibraryNode, ...]) -> None:
        closed = {
            entry.source.id
            for row in range(self.places.rows.rowCount())
            if (entry := self.places.entry(self.places.rows.index(row, 0))) is not None
            and entry.source is not None
            and self.places.rows.rowCount(self.places.rows.index(row, 0))
            and not self.places.isExpanded(self.places.rows.index(row, 0))
        }
        self._sources = sources
        top = self.places.verticalScrollBar().value()
        self.places.rows.clear()
        root = self.places.rows.invisibleRootItem()
        if len(sources) > 1:
            runs = sum(source.runs for source in sources)
            root.appendRow(self.places.item(Entry("All runs", "square-stack", runs)))
        for source in sources:
            entry = Entry(source.name, "folder", source.runs, source, missing=not source.present)
            item = self.places.item(entry)
            root.appendRow(item)
            below = [node for node in nodes if node.source == source.id and node.experiment is not None]
            for node in below:
                item.appendRow(self.places.item(Entry(node.title, "flask-conical", node.runs, source, node.experiment)))
            if source.id not in closed:
                self.places.expand(item.index())
        self.places.verticalScrollBar().setValue(top)
        self._follow()
        self.counted.emit(len(sources))

    def _show_views(self, views: tuple[CountedView, ...], tags: tuple[CountedView, ...]) -> None:
        self.views.rows.clear()
        root = self.views.rows.invisibleRootItem()
        for counted in (*views, *tags):
            view = counted.view
            root.appendRow(self.views.item(Entry(view.title, view.icon, counted.runs, view=view)))
        self.views.setFixedHeight(min(11, self.views.rows.rowCount()) * ROW + 4)
        self._follow()

    def _follow(self) -> None:
        scope = self._context.state.scope
        for tree in (self.places, self.views):
            tree.selectionModel().clearSelection()
            tree.setCurrentIndex(QModelIndex())
        for row in range(self.places.rows.rowCount()):
            top = self.places.rows.index(row, 0)
            for index in (top, *(self.places.rows.index(r, 0, top) for r in range(self.places.rows.rowCount(top)))):
                entry = self.places.entry(index)
                if entry is not None and (
                    (entry.source.id if entry.source is not None else None) == scope.source
                    and entry.experiment == scope.experiment
                    and (entry.source is not None or scope.source is None)
                ):
                    self.places.setCurrentIndex(index)
        for row in range(self.views.rows.rowCount()):
            entry = self.views.entry(self.views.rows.index(row, 0))
            if entry is not None and entry.view is not None and scope.where and entry.view.where == scope.where:
                self.views.setCurrentIndex(self.views.rows.index(row, 0))

    def _go_to(self, entry: Entry) -> None:
        if entry.view is not None:
            self.view_chosen.emit(entry.view)
            return
        state = self._context.state
        place = (entry.source.id if entry.source is not None else None, entry.experiment)
        # A second click on the only folder gives all runs again.
        if place == (state.scope.source, state.scope.experiment):
            place = (None, None)
        state.set_place(*place)

    def _delete(self, entry: Entry) -> None:
        if entry.view is not None:
            if entry.view.own:
                self.forget_asked.emit(entry.view)
        elif entry.source is not None and entry.experiment is None:
            self.remove_asked.emit(entry.source)

    def _repaint(self) -> None:
        for tree in (self.places, self.views):
            tree.viewport().update()
