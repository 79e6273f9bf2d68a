"""A quiet tree on the panel: icon, title and count a row; the library and the saved views are such trees."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem, QTreeView, QWidget

from runfolio.desktop import fonts, icons
from runfolio.desktop.cell_state import is_pointed, is_selected
from runfolio.desktop.context import Context
from runfolio.desktop.fills import fill
from runfolio.desktop.saved_views import SavedView
from runfolio.desktop.widgets import tooltip
from runfolio.model.answers import Source
from runfolio.model.display import count, counted, plain

ROW = 24
_ENTRY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the library: a place (source and experiment) or a view."""

    title: str
    icon: str
    runs: int | None
    source: Source | None = None
    experiment: str | None = None
    view: SavedView | None = None
    missing: bool = False


class SideTree(QTreeView):
    """A quiet tree on the panel. `chosen` carries the Entry, `menu_asked` the Entry and a global position."""

    chosen = Signal(object)
    menu_asked = Signal(object, QPoint)
    delete_asked = Signal(object)

    def __init__(self, context: Context, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name.lower().replace(" ", "-"))
        self.setAccessibleName(name)
        self.setProperty("surface", "panel")
        self.rows = QStandardItemModel(self)
        self.setModel(self.rows)
        self.setItemDelegate(_EntryDelegate(context, self))
        self.setHeaderHidden(True)
        self.setIndentation(14)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu)
        self.clicked.connect(self._on_chosen)
        self.activated.connect(self._on_chosen)

    def entry(self, index: QModelIndex) -> Entry | None:
        """What a row stands for."""
        found = index.data(_ENTRY)
        return found if isinstance(found, Entry) else None

    def item(self, entry: Entry) -> QStandardItem:
        """A row for an entry."""
        made = QStandardItem(plain(entry.title))
        made.setData(entry, _ENTRY)
        made.setSizeHint(QSize(60, ROW))
        runs = "" if entry.runs is None else f", {counted(entry.runs, 'run')}"
        made.setAccessibleText(f"{plain(entry.title)}{runs}")
        where = entry.source.path if entry.source is not None and entry.experiment is None else entry.title
        lost = "\nThe folder was not there at the last look." if entry.missing else ""
        made.setToolTip(tooltip((entry.view.where if entry.view is not None else where) + lost))
        return made

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete asks to remove the row."""
        entry = self.entry(self.currentIndex())
        if event.key() == Qt.Key.Key_Delete and entry is not None:
            self.delete_asked.emit(entry)
            return
        super().keyPressEvent(event)

    def _on_chosen(self, index: QModelIndex) -> None:
        entry = self.entry(index)
        if entry is not None:
            self.chosen.emit(entry)

    def _on_menu(self, at: QPoint) -> None:
        entry = self.entry(self.indexAt(at))
        if entry is not None:
            self.menu_asked.emit(entry, self.viewport().mapToGlobal(at))


class _EntryDelegate(QStyledItemDelegate):
    """Icon, title, and the count right behind it."""

    def __init__(self, context: Context, tree: SideTree) -> None:
        super().__init__(tree)
        self._context = context
        self._tree = tree
        self._font = fonts.ui(13)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        entry = index.data(_ENTRY)
        if not isinstance(entry, Entry):
            return
        theme = self._context.theme
        painter.save()
        area = option.rect
        chosen, hovered = is_selected(option, index), is_pointed(option)
        if chosen or hovered:
            fill(painter, area, theme.color("accent_soft" if chosen else "hover"))
        left = area.left() + (10 if entry.view is not None else 3)
        token = "accent" if chosen else "warn" if entry.missing else "muted"
        picture = icons.pixmap(entry.icon, theme, token, size=16, ratio=self._tree.devicePixelRatioF())
        painter.drawPixmap(left, area.center().y() - 7, picture)
        painter.setFont(self._font)
        metrics = painter.fontMetrics()
        number = "" if entry.runs is None else count(entry.runs)
        room = area.right() - left - 24 - 8 - (metrics.horizontalAdvance(number) + 10 if number else 0)
        title = metrics.elidedText(plain(entry.title), Qt.TextElideMode.ElideMiddle, room)
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(theme.color("placeholder" if entry.missing else "text"))
        painter.drawText(area.adjusted(left - area.left() + 22, 0, 0, 0), flags, title)
        painter.setPen(theme.color("muted"))
        behind = left - area.left() + 22 + metrics.horizontalAdvance(title) + 10
        painter.drawText(area.adjusted(behind, 0, 0, 0), flags, number)
        painter.restore()
