"""A JSON, YAML or TOML document as a tree whose nodes are asked for when they are opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QFont, QKeyEvent, QKeySequence, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QHeaderView, QTreeView, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.preview_looker import Looker
from runfolio.desktop.widgets import PlainLabel, tooltip
from runfolio.errors import RunfolioError
from runfolio.model.display import count, plain, storable
from runfolio.model.previews import Ask, FileKind, FilePlace, Node, Preview, TreePage

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

_PATH = Qt.ItemDataRole.UserRole
_FIRST = Qt.ItemDataRole.UserRole + 1
"""Of a row that stands for children which are not here yet: the first of them."""


class TreePane(QWidget):
    """The tree. What is not open is not here: a document of a million values costs what is looked at."""

    def __init__(self, context: Context, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._place: FilePlace | None = None
        self._looker = Looker(context, "Read a document")
        self._waiting: list[tuple[QStandardItem, tuple[str | int, ...], int]] = []
        self.rows = QStandardItemModel(self)
        self.tree = _Tree()
        self.tree.setObjectName(f"{name}-tree")
        self.tree.setModel(self.rows)
        self.tree.expanded.connect(self._on_expanded)
        self.tree.activated.connect(self._on_activated)
        self.told = PlainLabel("", role="muted", font=fonts.ui(12))
        self.told.setContentsMargins(12, 4, 12, 5)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tree, 1)
        column.addWidget(self.told)

    def show_page(self, place: FilePlace, page: TreePage) -> None:
        """Show the top of a document."""
        self._looker.forget()
        self._waiting.clear()
        self._place = place
        self.rows.clear()
        self.rows.setHorizontalHeaderLabels(["Key", "Value", "Type"])
        self._fill(self.rows.invisibleRootItem(), page)
        self.told.setText(f"{count(page.total)} {'entry' if page.total == 1 else 'entries'} at the top")
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate((260, 380)):
            self.tree.setColumnWidth(column, width)
        if page.total <= 6:
            for row in range(min(page.total, len(page.nodes))):
                if page.nodes[row].children and page.nodes[row].children <= 40:
                    self.tree.expand(self.rows.index(row, 0))

    def forget(self) -> None:
        """Nothing is shown."""
        self._looker.forget()
        self._waiting.clear()
        self.rows.clear()
        self._place = None

    def _fill(self, above: QStandardItem, page: TreePage) -> None:
        mono = fonts.mono(12)
        for node in page.nodes:
            above.appendRow(self._items(node, (*page.inside, node.key), mono))
        left = page.total - page.first - len(page.nodes)
        if left > 0:
            more = QStandardItem(f"… {count(left)} more")
            more.setData(page.inside, _PATH)
            more.setData(page.first + len(page.nodes), _FIRST)
            more.setForeground(self._context.theme.color("accent"))
            more.setToolTip(tooltip("Press Enter or click twice to see more"))
            above.appendRow([more, QStandardItem(""), QStandardItem("")])

    def _items(self, node: Node, path: tuple[str | int, ...], mono: QFont) -> list[QStandardItem]:
        key = QStandardItem(plain(storable(node.key), 200) if isinstance(node.key, str) else f"[{node.key}]")
        key.setData(path, _PATH)
        key.setToolTip(tooltip(".".join(storable(str(part)) for part in path)))
        text = node.text or (f"{count(node.children)} {'items' if node.kind == 'list' else 'keys'}")
        value = QStandardItem(text)
        value.setFont(mono)
        value.setToolTip(tooltip(text))
        kind = QStandardItem(node.kind)
        muted = self._context.theme.color("muted")
        kind.setForeground(muted)
        if node.children:
            if not node.text:
                value.setForeground(muted)
            key.appendRow(QStandardItem("…"))
        return [key, value, kind]

    def _on_expanded(self, index: QModelIndex) -> None:
        item = self.rows.itemFromIndex(index)
        first = item.child(0) if item is not None and item.rowCount() == 1 else None
        if first is not None and first.data(_PATH) is None:
            self._want(item, item.data(_PATH), 0)

    def _on_activated(self, index: QModelIndex) -> None:
        item = self.rows.itemFromIndex(index.siblingAtColumn(0))
        if item is not None and item.data(_FIRST) is not None:
            path, first = item.data(_PATH), int(item.data(_FIRST))
            above = item.parent() or self.rows.invisibleRootItem()
            above.removeRow(item.row())
            self._want(above, path, first)

    def _want(self, item: QStandardItem, path: tuple[str | int, ...], first: int) -> None:
        self._waiting.append((item, tuple(path), first))
        if not self._looker.busy:
            self._next()

    def _next(self) -> None:
        place = self._place
        if place is None or not self._waiting:
            return
        item, path, first = self._waiting[0]
        ask = Ask(FileKind.TREE, at=first, inside=path)

        def call(workspace: Workspace, token: CancelToken) -> Preview:
            return workspace.preview(place, ask, cancel=token)

        def arrived(preview: Preview) -> None:
            if self._waiting:
                self._waiting.pop(0)
            if isinstance(preview.content, TreePage):
                if first == 0:
                    item.removeRows(0, item.rowCount())
                self._fill(item, preview.content)
            self._next()

        def failed(error: RunfolioError) -> None:
            self._waiting.clear()
            self.told.setText(error.message)

        self._looker.ask(call, arrived, failed)


class _Tree(QTreeView):
    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Document")
        self.setUniformRowHeights(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAllColumnsShowFocus(True)
        self.setIndentation(16)
        self.setExpandsOnDoubleClick(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies key and value."""
        if event.matches(QKeySequence.StandardKey.Copy) and self.currentIndex().isValid():
            here = self.currentIndex()
            QApplication.clipboard().setText(f"{here.siblingAtColumn(0).data()}\t{here.siblingAtColumn(1).data()}")
            event.accept()
            return
        super().keyPressEvent(event)
