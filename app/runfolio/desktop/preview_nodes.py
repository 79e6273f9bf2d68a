"""A tree of texts that is built on another thread and shown without an item per row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFocusEvent, QFont, QIcon, QKeyEvent, QKeySequence, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QTreeView, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.widgets import tooltip
from runfolio.export.table import as_tsv
from runfolio.model.display import plain

Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_EXPANDED = 400
"""A tree of so many rows is opened as a whole."""


class Branch:
    """A row: its texts by column, what it stands for, and the rows below it."""

    __slots__ = ("below", "data", "icon", "parent", "place", "texts", "tip")

    def __init__(self, texts: tuple[str, ...], data: object = None, *, tip: str = "", icon: str = "") -> None:
        self.texts, self.data, self.tip, self.icon = texts, data, tip, icon
        self.below: list[Branch] = []
        self.parent: Branch | None = None
        self.place = 0

    def add(self, below: Branch) -> Branch:
        """Put a row below this one, as the last."""
        below.parent, below.place = self, len(self.below)
        self.below.append(below)
        return below

    def rows(self) -> Iterator[Branch]:
        """All rows below, from top to bottom."""
        stack = self.below[::-1]
        while stack:
            branch = stack.pop()
            yield branch
            stack += branch.below[::-1]


def branches(
    items: Iterable[tuple[Sequence[str], Callable[[str], Branch]]], folder: Callable[[str, tuple[str, ...]], Branch]
) -> Branch:
    """A tree of what lies at paths; `folder` makes the row of a part that only holds others."""
    root = Branch(())
    made: dict[tuple[str, ...], Branch] = {(): root}
    for path, make in items:
        above = root
        for depth in range(1, len(path)):
            key = tuple(path[:depth])
            found = made.get(key)
            if found is None:
                found = made[key] = above.add(folder(path[depth - 1], key))
            above = found
        leaf = above.add(make(path[-1]))
        made.setdefault(tuple(path), leaf)
    return root


class BranchModel(QStandardItemModel):
    """Answers from the tree that it was given.

    Which rows there are is kept by Qt: a view asks that of every row at once, and of ten thousand it takes a tenth of
    a second to answer in Python. What cells say is asked of the rows in view alone, and answered from the branches.
    """

    def __init__(self, header: tuple[str, ...], *, mono: frozenset[int], right: frozenset[int]) -> None:
        super().__init__(0, len(header))
        self._header, self._mono, self._right = header, mono, right
        self._face: QFont = fonts.mono(12)
        self.root = Branch(())
        self.icon_of: Callable[[str], QIcon] | None = None

    def put(self, root: Branch) -> None:
        """Show another tree."""
        self.beginResetModel()
        # Views hear of the whole, and not of each row.
        self.blockSignals(True)
        self.root = root
        top = self.invisibleRootItem()
        top.setRowCount(0)
        top.setRowCount(len(root.below))
        open_ones = [(top, root)]
        while open_ones:
            item, branch = open_ones.pop()
            for place, below in enumerate(branch.below):
                if below.below:
                    inner = QStandardItem(len(below.below), len(self._header))
                    item.setChild(place, 0, inner)
                    open_ones.append((inner, below))
        self.blockSignals(False)
        self.endResetModel()

    def branch(self, index: Index) -> Branch:
        """The row at an index; the root for none."""
        rows: list[int] = []
        while index.isValid():
            rows.append(index.row())
            index = index.parent()
        found = self.root
        for row in reversed(rows):
            found = found.below[row]
        return found

    def index_of(self, branch: Branch) -> QModelIndex:
        """Where a row is."""
        rows: list[int] = []
        while branch.parent is not None:
            rows.append(branch.place)
            branch = branch.parent
        found = QModelIndex()
        for row in reversed(rows):
            found = self.index(row, 0, found)
        return found

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, face and tooltip of a cell."""
        branch, column = self.branch(index), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return plain(branch.texts[column], 400) if column < len(branch.texts) else ""
        if role == Qt.ItemDataRole.FontRole and column in self._mono:
            return self._face
        if role == Qt.ItemDataRole.TextAlignmentRole and column in self._right:
            return _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(branch.tip or (branch.texts[column] if column < len(branch.texts) else ""))
        if role == Qt.ItemDataRole.DecorationRole and column == 0 and branch.icon and self.icon_of is not None:
            return self.icon_of(branch.icon)
        if role == Qt.ItemDataRole.UserRole:
            return branch.data
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Titles."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._header[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and orientation == Qt.Orientation.Horizontal:
            return _RIGHT if section in self._right else _LEFT
        return None


class BranchTree(QTreeView):
    """Shows branches. `on_chosen` hears of Enter and double clicks, `on_current` of the row that is walked to."""

    def __init__(
        self,
        header: tuple[str, ...],
        name: str,
        title: str,
        *,
        mono: frozenset[int] = frozenset(),
        right: frozenset[int] = frozenset(),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.rows = BranchModel(header, mono=mono, right=right)
        self.setModel(self.rows)
        self.setProperty("roomy", True)
        self.setUniformRowHeights(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAllColumnsShowFocus(True)
        self.setIndentation(15)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.on_chosen: Callable[[object], None] | None = None
        self.on_current: Callable[[object], None] | None = None
        self._quiet = False
        self.activated.connect(lambda index: self._tell(self.on_chosen, index))
        self.selectionModel().currentChanged.connect(lambda now, _before: self._tell(self.on_current, now))

    def put(self, root: Branch) -> None:
        """Show another tree; what was open stays open, a small one is opened as a whole."""
        opened = {
            self._path(branch)
            for branch in self.rows.root.rows()
            if branch.below and self.isExpanded(self.rows.index_of(branch))
        }
        had = bool(self.rows.root.below)
        self.rows.put(root)
        size = 0
        for size, _branch in enumerate(root.rows(), 1):
            if size > _EXPANDED:
                break
        if size <= _EXPANDED and not had:
            self.expandAll()
            return
        for count, branch in enumerate(root.rows()):
            if count > 20 * _EXPANDED:
                break
            if branch.below and ((size <= _EXPANDED and not opened) or self._path(branch) in opened):
                self.expand(self.rows.index_of(branch))

    def texts(self) -> list[tuple[str, ...]]:
        """All rows from top to bottom; for tests and copying."""
        return [branch.texts for branch in self.rows.root.rows()]

    def go_to(self, path: Sequence[str]) -> bool:
        """Make the row at a path the current one; whether there is one."""
        here = self.rows.root
        for part in path:
            found = next((below for below in here.below if below.texts[0] == part), None)
            if found is None:
                return False
            here = found
        self.setCurrentIndex(self.rows.index_of(here))
        return True

    def chosen(self) -> list[object]:
        """What the selected rows stand for."""
        return [index.data(Qt.ItemDataRole.UserRole) for index in self.selectionModel().selectedRows()]

    def copy(self) -> None:
        """Put the selected rows (all when none is) on the clipboard as TSV."""
        chosen = [self.rows.branch(index).texts for index in self.selectionModel().selectedRows()]
        header = [str(self.rows.headerData(c, Qt.Orientation.Horizontal)) for c in range(self.rows.columnCount())]
        QApplication.clipboard().setText(as_tsv(header, [[*row] for row in chosen or self.texts()]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            event.accept()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Qt makes the first row the current one where there is none; nobody has walked to it."""
        self._quiet = True
        super().focusInEvent(event)
        self._quiet = False

    def _path(self, branch: Branch) -> tuple[str, ...]:
        parts: list[str] = []
        here: Branch | None = branch
        while here is not None and here.texts:
            parts.append(here.texts[0])
            here = here.parent
        return tuple(reversed(parts))

    def _tell(self, call: Callable[[object], None] | None, index: QModelIndex) -> None:
        data = index.data(Qt.ItemDataRole.UserRole) if index.isValid() else None
        if call is not None and data is not None and not self._quiet:
            call(data)
